/*
 * Which group runs which trial, and how rank 0 learns what is done.
 *
 * Trials that other trials refer to come first, level by level; those of a level are dealt to groups as
 * harness/deal.h says. Refits of what was selected are a second pass. Every group reports each finished trial to rank 0
 * of the world, which shows the progress.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "harness/deal.h"

/* ---- progress ---- */

enum { TAG_DONE = 71 };

/* One report: a trial (or -1: the group has ended this round). */
typedef struct {
    rb_run_state *run;
    rb_progress progress;
    int64_t n_done;
    int32_t n_ended; /* groups that ended the round; on rank 0 */
    int64_t sending; /* must live until the send is complete */
    MPI_Request request;
} board;

static void show(board *b, int64_t trial)
{
    char what[256];
    const rb_configuration *c = rb_run_configuration(b->run, trial);
    snprintf(what, sizeof what, "%s%s %s", rb_run_is_refit(b->run, trial) ? "refit " : "", c->entry->name, c->text);
    rb_progress_step(&b->progress, ++b->n_done, what);
}

static void note(board *b, int64_t trial)
{
    if (trial < 0)
        b->n_ended++;
    else
        show(b, trial);
}

/* Rank 0 takes what other groups have sent. */
static void listen(board *b)
{
    int waiting = 1;
    while (b->run->world->rank == 0 && b->run->world->n_ranks > 1 && waiting) {
        MPI_Status status;
        RB_MPI(MPI_Iprobe(MPI_ANY_SOURCE, TAG_DONE, b->run->world->comm, &waiting, &status));
        if (!waiting)
            break;
        int64_t trial;
        RB_MPI(MPI_Recv(&trial, 1, MPI_INT64_T, status.MPI_SOURCE, TAG_DONE, b->run->world->comm, MPI_STATUS_IGNORE));
        note(b, trial);
    }
}

static void report(board *b, int64_t trial)
{
    const rb_run_state *run = b->run;
    if (run->world->rank == 0) {
        note(b, trial);
        listen(b);
    } else if (run->group.rank == 0) {
        RB_MPI(MPI_Wait(&b->request, MPI_STATUS_IGNORE));
        b->sending = trial;
        RB_MPI(MPI_Isend(&b->sending, 1, MPI_INT64_T, 0, TAG_DONE, run->world->comm, &b->request));
    }
}

/* Wait until every group has ended the round. */
static void gather_round(board *b)
{
    report(b, -1);
    const struct timespec pause = { .tv_nsec = 1000000 };
    while (b->run->world->rank == 0 && b->n_ended < b->run->n_groups) {
        listen(b);
        if (b->n_ended < b->run->n_groups)
            nanosleep(&pause, NULL);
    }
    if (b->run->world->n_ranks > 1)
        RB_MPI(MPI_Wait(&b->request, MPI_STATUS_IGNORE));
    b->n_ended = 0;
}

bool rb_run_asked_to_stop(const rb_run_state *run)
{
    return run->world->stop && *run->world->stop;
}

/* A group stops where any of its ranks was asked to. */
static bool group_asked_to_stop(const rb_run_state *run)
{
    int64_t stop = rb_run_asked_to_stop(run);
    rb_max_int64(&run->group, &stop, 1);
    return stop != 0;
}

/* ---- rounds ---- */

/* The unfinished trials, or refits, of a fold and level. */
static int64_t pick(int64_t *all, const rb_run_state *run, bool refits, int32_t fold, int32_t level)
{
    int64_t n = 0, first = refits ? run->plan.n_trials : 0;
    for (int64_t t = first; t < run->n_work && t < first + run->plan.n_trials; t++)
        if (rb_run_trial(run, t)->fold == fold && rb_run_is_to_run(run, t) && run->work[t].level == level)
            all[n++] = t;
    return n;
}

/* Why the lists of a work were not made, on every rank: only its group knows. Where a rank has no room, it does
 * without the words. */
static void share_reason(rb_work *w, const rb_ctx *world)
{
    rb_error words = { 0 }, none = { 0 };
    int64_t from = w->why ? world->rank : -1;
    rb_max_int64(world, &from, 1);
    if (from < 0)
        return;
    if (w->why)
        snprintf(words.message, sizeof words.message, "%s", w->why);
    rb_bcast(world, words.message, sizeof words.message, (int)from);
    if (!w->why && rb_alloc(&w->why, sizeof words.message, &none) == RB_OK)
        memcpy(w->why, words.message, sizeof words.message);
}

/* What each group found out about its trials, on every rank. */
static void share_work(rb_run_state *run, const int64_t *all, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        rb_work *w = &run->work[all[i]];
        int64_t facts[6] = { w->fitted, w->evaluated, w->outcome, w->has_model, w->has_lists, w->lists };
        rb_max_int64(run->world, facts, 6);
        w->fitted = facts[0];
        w->evaluated = facts[1];
        w->outcome = (rb_fit_outcome)facts[2];
        w->has_model = facts[3];
        w->has_lists = facts[4];
        w->lists = (rb_fit_outcome)facts[5];
        if (w->lists != RB_FIT_DONE)
            share_reason(w, run->world);
        w->again = w->unmeasured = false;
        if (w->evaluated)
            rb_run_note_evaluated(run, all[i]);
    }
    for (int64_t t = 0; t < run->n_work; t++) { /* those that take these fits */
        const rb_work *of = &run->work[run->work[t].fit_of];
        if (of == &run->work[t] || !of->fitted || run->work[t].fitted)
            continue;
        run->work[t].fitted = true;
        run->work[t].outcome = of->outcome;
        run->work[t].has_model = of->has_model;
    }
}

/* One piece of a round. */
static rb_status run_piece(rb_run_state *run, const rb_fold *fold, const int64_t *trials, int64_t n, board *b,
                           bool *stopped, rb_error *err)
{
    run->prepared = (rb_prepared){ .order = trials, .n_order = n };
    for (int64_t i = 0; i < n && !*stopped && err->status == RB_OK; i++) {
        *stopped = group_asked_to_stop(run);
        if (!*stopped && rb_trial_run(run, fold, trials[i], err) == RB_OK)
            report(b, trials[i]);
    }
    rb_prepared_release(&run->prepared);
    return err->status;
}

static rb_status run_round(rb_run_state *run, const rb_fold *fold, int32_t level, int64_t *all, rb_deal *d, board *b,
                           bool *stopped, rb_error *err)
{
    const int64_t *mine;
    int64_t n_mine, n = pick(all, run, fold->refit, fold->number, level);
    for (int64_t i = 0; i < n; i++) { /* until its group says so */
        run->work[all[i]].evaluated = false;
        run->work[all[i]].lists = RB_FIT_DONE;
    }
    rb_deal_round(d, run, all, n);
    while (!*stopped && err->status == RB_OK && (n_mine = rb_deal_next(&mine, d, run)) > 0)
        run_piece(run, fold, mine, n_mine, b, stopped, err);
    rb_made_space_release(&run->made);
    gather_round(b);
    int64_t stop = *stopped;
    rb_max_int64(run->world, &stop, 1);
    *stopped = stop != 0;
    RB_TRY_ALL(run->world, err->status);
    share_work(run, all, n);
    rb_run_say_outside(run);
done:
    return err->status;
}

static int32_t n_levels(const rb_run_state *run)
{
    int32_t most = 0;
    for (int64_t w = 0; w < run->n_work; w++)
        most = run->work[w].level > most ? run->work[w].level : most;
    return most + 1;
}

rb_status rb_run_trials(rb_run_state *run, bool *stopped, rb_error *err)
{
    rb_deal d = { 0 };
    int64_t *all = NULL; /* [n_trials] of a round */
    board b = { .run = run, .request = MPI_REQUEST_NULL };
    rb_fold fold = { 0 };
    *stopped = false;
    RB_TRY_ALL(run->world, rb_alloc(&all, run->plan.n_trials, err));
    RB_TRY(rb_deal_init(&d, run, run->plan.n_trials, err));
    int64_t n = 0;
    for (int64_t w = 0; w < run->n_work; w++) {
        n += run->work[w].want != RB_WANT_NOTHING;
        b.n_done += run->work[w].want != RB_WANT_NOTHING && run->work[w].evaluated && !run->work[w].again;
    }
    rb_progress_begin(&b.progress, &run->log, "trials", b.n_done, n);
    for (int32_t f = 0; f < 2 * run->plan.n_folds && !*stopped; f++) {
        bool any = false, refits = f >= run->plan.n_folds;
        int32_t number = f % run->plan.n_folds;
        for (int32_t level = 0; level < n_levels(run); level++)
            any = any || pick(all, run, refits, number, level) > 0;
        if (!any)
            continue;
        RB_TRY(rb_fold_build(&fold, run, number, refits, run->world, err));
        for (int32_t level = 0; level < n_levels(run) && !*stopped; level++)
            RB_TRY(run_round(run, &fold, level, all, &d, &b, stopped, err));
        rb_barrier(run->world);
        rb_fold_fini(&fold);
    }
done:
    rb_progress_end(&b.progress);
    rb_fold_fini(&fold);
    rb_deal_fini(&d);
    rb_free(all);
    return err->status;
}
