/*
 * Which group runs which trial, and how rank 0 learns what is done.
 *
 * Trials are dealt out by predicted flops, the largest first, each to the group with the least work so far: the
 * assignment is a function of the plan alone and needs no messages. Trials that share what their algorithm prepares
 * go to one group, one after the other, unless together they are more than a group's even part of the work. Trials that
 * other trials refer to come first, level by level. Refits of what was selected are a second pass. Every group reports
 * each finished trial to rank 0 of the world, which shows the progress.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "harness/state.h"

/* ---- levels: children before parents ---- */

static int32_t level_of(const rb_plan *plan, const rb_configuration *c)
{
    int32_t level = 0;
    for (int32_t i = 0; i < c->n_children; i++) {
        int32_t below = level_of(plan, &plan->configuration[c->children[i]]) + 1;
        level = below > level ? below : level;
    }
    return level;
}

/* ---- dealing out ---- */

typedef struct {
    int64_t trial;
    double flops;
    int64_t first;       /* place in the plan's order of the first that shares what is prepared: itself where none */
    double shared_flops; /* of all of them */
    int32_t group;       /* that runs it */
} load;

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_shared_flops(const void *a, const void *b)
{
    const load *x = a, *y = b;
    if (x->shared_flops != y->shared_flops)
        return x->shared_flops < y->shared_flops ? 1 : -1;
    return x->first != y->first ? compare(x->first, y->first) : compare(x->trial, y->trial);
}

static int by_group(const void *a, const void *b)
{
    const load *x = a, *y = b;
    if (x->group != y->group)
        return compare(x->group, y->group);
    return x->first != y->first ? compare(x->first, y->first) : compare(x->trial, y->trial);
}

/* Place of the first that shares with all[i], itself where none does. `all` is in the order of the plan. */
static int64_t first_of(const rb_run_state *run, const load *all, int64_t i)
{
    const rb_work *w = &run->work[all[i].trial];
    if (run->options->no_share || !rb_run_configuration(run, all[i].trial)->entry->algorithm->prepare)
        return i;
    for (int64_t k = 0; k < i; k++)
        if (memcmp(&run->work[all[k].trial].prepares, &w->prepares, sizeof w->prepares) == 0)
            return k;
    return i;
}

/* Who shares with whom; returns the flops of all. `all` is in the order of the plan. */
static double find_shared(load *all, const rb_run_state *run, int64_t n)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        all[i].first = first_of(run, all, i);
        all[i].shared_flops = 0;
        all[all[i].first].shared_flops += all[i].flops;
        total += all[i].flops;
    }
    for (int64_t i = 0; i < n; i++)
        all[i].shared_flops = all[all[i].first].shared_flops;
    return total;
}

static int32_t least_of(const double *group_flops, int32_t n_groups)
{
    int32_t least = 0;
    for (int32_t g = 1; g < n_groups; g++)
        if (group_flops[g] < group_flops[least])
            least = g;
    return least;
}

/*
 * Trials of this rank's group into mine, those that share one after the other, else in the order of the plan; returns
 * how many. `all` is scratch.
 */
static int64_t deal(int64_t *mine, const rb_run_state *run, load *all, int64_t n, double *group_flops)
{
    memset(group_flops, 0, (size_t)run->n_groups * sizeof *group_flops);
    double even = find_shared(all, run, n) / run->n_groups, piece = 0;
    qsort(all, (size_t)n, sizeof *all, by_shared_flops);
    for (int64_t i = 0; i < n; i++) {
        bool is_next = i > 0 && all[i].first == all[i - 1].first;
        bool stays = is_next && (all[i].shared_flops <= even || piece + all[i].flops / 2 <= even);
        all[i].group = stays ? all[i - 1].group : least_of(group_flops, run->n_groups);
        piece = all[i].flops + (stays ? piece : 0);
        group_flops[all[i].group] += all[i].flops + 1e6; /* a trial is never free */
    }
    qsort(all, (size_t)n, sizeof *all, by_group);
    int64_t taken = 0;
    for (int64_t i = 0; i < n; i++)
        if (all[i].group == run->group_number)
            mine[taken++] = all[i].trial;
    return taken;
}

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

/* Rank 0 of the group decides for the group whether it was asked to stop. */
static bool asked_to_stop(const rb_run_state *run)
{
    int64_t stop = run->world->stop && *run->world->stop;
    rb_max_int64(&run->group, &stop, 1);
    return stop != 0;
}

/* ---- rounds ---- */

typedef struct {
    load *all;
    int64_t *mine;
    double *group_flops;
} scratch;

/* The unfinished trials, or refits, of a fold and level. */
static int64_t pick(load *all, const rb_run_state *run, bool refits, int32_t fold, int32_t level)
{
    int64_t n = 0, first = refits ? run->plan.n_trials : 0;
    for (int64_t t = first; t < run->n_work && t < first + run->plan.n_trials; t++)
        if (rb_run_trial(run, t)->fold == fold && rb_run_is_to_run(run, t) &&
            level_of(&run->plan, rb_run_configuration(run, t)) == level)
            all[n++] = (load){ .trial = t, .flops = run->work[t].cost.flops };
    return n;
}

/* What each group found out about its trials, on every rank. */
static void share_work(rb_run_state *run, const load *all, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        rb_work *w = &run->work[all[i].trial];
        int64_t facts[5] = { w->fitted, w->evaluated, w->outcome, w->has_model, w->has_lists };
        rb_max_int64(run->world, facts, 5);
        w->fitted = facts[0];
        w->evaluated = facts[1];
        w->outcome = (rb_fit_outcome)facts[2];
        w->has_model = facts[3];
        w->has_lists = facts[4];
        w->again = false;
        if (w->evaluated)
            rb_run_note_evaluated(run, all[i].trial);
    }
}

static rb_status run_round(rb_run_state *run, const rb_fold *fold, int32_t level, scratch *s, board *b, bool *stopped,
                           rb_error *err)
{
    int64_t n = pick(s->all, run, fold->refit, fold->number, level);
    int64_t n_mine = deal(s->mine, run, s->all, n, s->group_flops);
    for (int64_t i = 0; i < n; i++) /* until its group says so */
        run->work[s->all[i].trial].evaluated = false;
    run->prepared = (rb_prepared){ .order = s->mine, .n_order = n_mine };
    for (int64_t i = 0; i < n_mine && !*stopped && err->status == RB_OK; i++) {
        *stopped = asked_to_stop(run);
        if (!*stopped && rb_trial_run(run, fold, s->mine[i], err) == RB_OK)
            report(b, s->mine[i]);
    }
    rb_prepared_release(&run->prepared);
    rb_made_space_release(&run->made);
    gather_round(b);
    int64_t stop = *stopped;
    rb_max_int64(run->world, &stop, 1);
    *stopped = stop != 0;
    RB_TRY_ALL(run->world, err->status);
    share_work(run, s->all, n);
    rb_run_say_outside(run);
done:
    return err->status;
}

static int32_t n_levels(const rb_plan *plan)
{
    int32_t most = 0;
    for (int32_t i = 0; i < plan->n_configurations; i++) {
        int32_t level = level_of(plan, &plan->configuration[i]);
        most = level > most ? level : most;
    }
    return most + 1;
}

rb_status rb_run_trials(rb_run_state *run, bool *stopped, rb_error *err)
{
    scratch s = { 0 };
    board b = { .run = run, .request = MPI_REQUEST_NULL };
    rb_fold fold = { 0 };
    *stopped = false;
    rb_alloc(&s.all, run->plan.n_trials, err);
    rb_alloc(&s.mine, run->plan.n_trials, err);
    RB_TRY_ALL(run->world, rb_alloc(&s.group_flops, run->n_groups, err));
    int64_t n = 0;
    for (int64_t w = 0; w < run->n_work; w++) {
        n += run->work[w].want != RB_WANT_NOTHING;
        b.n_done += run->work[w].want != RB_WANT_NOTHING && run->work[w].evaluated && !run->work[w].again;
    }
    rb_progress_begin(&b.progress, &run->log, "trials", b.n_done, n);
    for (int32_t f = 0; f < 2 * run->plan.n_folds && !*stopped; f++) {
        bool any = false, refits = f >= run->plan.n_folds;
        int32_t number = f % run->plan.n_folds;
        for (int32_t level = 0; level < n_levels(&run->plan); level++)
            any = any || pick(s.all, run, refits, number, level) > 0;
        if (!any)
            continue;
        RB_TRY(rb_fold_build(&fold, run, number, refits, run->world, err));
        for (int32_t level = 0; level < n_levels(&run->plan) && !*stopped; level++)
            RB_TRY(run_round(run, &fold, level, &s, &b, stopped, err));
        rb_barrier(run->world);
        rb_fold_fini(&fold);
    }
done:
    rb_progress_end(&b.progress);
    rb_fold_fini(&fold);
    rb_free(s.all);
    rb_free(s.mine);
    rb_free(s.group_flops);
    return err->status;
}
