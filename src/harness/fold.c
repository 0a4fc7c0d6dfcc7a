/* What the trials of one fold read: its parts, by user and by item. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/state.h"

const rb_ratings *rb_fold_seen(const rb_fold *fold)
{
    return fold->has_revealed ? &fold->seen : &fold->train;
}

const rb_ratings *rb_fold_relevant(const rb_fold *fold, rb_part part)
{
    return fold->all_relevant ? &fold->held[part] : &fold->relevant[part];
}

const rb_ratings *rb_fold_validation(const rb_fold *fold)
{
    return fold->learns ? &fold->validation : &fold->held[RB_PART_VALIDATION];
}

static unsigned bit(rb_part part)
{
    return 1u << part;
}

/* The parts where validation belongs to training, and what is revealed of its users with it; owned by the caller. */
static rb_status join_validation(uint8_t **out, const rb_parts *parts, const rb_interactions *x, rb_error *err)
{
    uint8_t *user_validates = NULL;
    RB_TRY(rb_alloc(out, parts->n_rows, err));
    RB_TRY(rb_alloc(&user_validates, x->n_users, err));
    for (int64_t row = 0; row < parts->n_rows; row++)
        if (parts->row[row] == RB_PART_VALIDATION)
            user_validates[x->user[row]] = 1;
    for (int64_t row = 0; row < parts->n_rows; row++) {
        uint8_t part = parts->row[row];
        bool joins = part == RB_PART_VALIDATION || (part == RB_PART_REVEALED && user_validates[x->user[row]]);
        (*out)[row] = joins ? RB_PART_TRAIN : part;
    }
done:
    rb_free(user_validates);
    return err->status;
}

/* Sessions of a part and their events; without parts all are training. */
static void count_sessions(rb_fold_size *size, const rb_dataset *d, const rb_parts *parts, rb_part part)
{
    const rb_sessions *s = &d->sessions;
    for (int64_t k = 0; d->has_sessions && k < s->n; k++)
        if ((parts->session ? parts->session[k] : RB_PART_TRAIN) == part) {
            size->n_sessions++;
            size->n_events += s->begin[k + 1] - s->begin[k];
        }
}

/* Rows that are fitted on: every rank counts all. */
static int64_t count_rows(const uint8_t *part, int64_t n)
{
    int64_t n_train = 0;
    for (int64_t row = 0; row < n; row++)
        n_train += part[row] == RB_PART_TRAIN;
    return n_train;
}

rb_status rb_fold_count(rb_fold_size size[2], const rb_run_state *run, int32_t number, rb_ctx *ctx, rb_error *err)
{
    const rb_dataset *d = &run->data;
    const rb_experiment *e = &run->experiment;
    int64_t n_rows[RB_N_PARTS];
    rb_parts parts = { 0 };
    uint8_t *joined = NULL;
    size[0] = size[1] = (rb_fold_size){ 0 };
    if (d->has_interactions && rb_split_sizes(n_rows, &e->split, d->interactions.n, number)) {
        size[0].n_ratings = n_rows[RB_PART_TRAIN];
        size[1].n_ratings = n_rows[RB_PART_TRAIN] + n_rows[RB_PART_VALIDATION];
    } else if (d->has_interactions || (d->has_sessions && e->split.kind == RB_SPLIT_SESSIONS)) {
        RB_TRY(rb_split_fold(&parts, &e->split, d, number, e->seed, ctx, err));
        RB_TRY_ALL(ctx, join_validation(&joined, &parts, &d->interactions, err));
        size[0].n_ratings = count_rows(parts.row, parts.n_rows);
        size[1].n_ratings = count_rows(joined, parts.n_rows);
    }
    count_sessions(&size[0], d, &parts, RB_PART_TRAIN);
    size[1].n_sessions = size[0].n_sessions;
    size[1].n_events = size[0].n_events;
    count_sessions(&size[1], d, &parts, RB_PART_VALIDATION);
done:
    rb_free(joined);
    rb_parts_fini(&parts);
    return err->status;
}

/* Only then does a part remember its rows. */
static bool wants_times(const rb_experiment *e)
{
    bool any = false;
    for (int32_t i = 0; i < e->n_entries; i++)
        any = any || (e->entry[i].algorithm->needs & RB_NEEDS_TIMES);
    return any;
}

/*
 * Validation in halves by a hash of seed and user: even users are learned from; *judging, owned by the caller, are the
 * parts without them.
 */
static rb_status halve_validation(rb_fold *f, uint8_t **judging, const rb_run_state *run, const uint8_t *part,
                                  rb_ctx *ctx, rb_error *err)
{
    const rb_interactions *x = &run->data.interactions;
    const uint64_t seed = rb_seed_named(run->experiment.seed, "validation users");
    uint8_t *learned = NULL;
    (void)rb_alloc(judging, x->n, err);
    RB_TRY_ALL(ctx, rb_alloc(&learned, x->n, err));
    for (int64_t row = 0; row < x->n; row++) {
        const bool even = part[row] == RB_PART_VALIDATION && rb_mix(seed, (uint64_t)x->user[row]) % 2 == 0;
        learned[row] = even ? RB_PART_VALIDATION : RB_PART_NONE;
        (*judging)[row] = even ? RB_PART_NONE : part[row];
    }
    RB_TRY(rb_ratings_build(&f->validation, x, part, bit(RB_PART_VALIDATION), -INFINITY, ctx, err));
    RB_TRY(rb_ratings_build(&f->learned, x, learned, bit(RB_PART_VALIDATION), -INFINITY, ctx, err));
    if (!f->all_relevant)
        RB_TRY(rb_ratings_build(&f->learned_positives, x, learned, bit(RB_PART_VALIDATION), run->experiment.relevance,
                                ctx, err));
done:
    rb_free(learned);
    return err->status;
}

static rb_status build_ratings(rb_fold *f, const rb_run_state *run, const uint8_t *part, rb_ctx *ctx, rb_error *err)
{
    const rb_interactions *x = &run->data.interactions;
    unsigned train = bit(RB_PART_TRAIN), rows = wants_times(&run->experiment) ? RB_WITH_ROWS : 0;
    double relevance = run->experiment.relevance;
    uint8_t *judging = NULL;
    f->all_relevant = relevance == -INFINITY;
    f->has_revealed = run->experiment.split.kind == RB_SPLIT_STRONG;
    f->has_validation = !f->refit && rb_split_has_validation(&run->experiment.split);
    f->learns = f->has_validation && rb_experiment_learns(&run->experiment);
    if (f->learns)
        RB_TRY(halve_validation(f, &judging, run, part, ctx, err));
    RB_TRY(rb_ratings_build(&f->train, x, part, train | rows, -INFINITY, ctx, err));
    if (f->has_revealed) {
        RB_TRY(rb_ratings_build(&f->seen, x, part, train | bit(RB_PART_REVEALED), -INFINITY, ctx, err));
        RB_TRY(rb_ratings_build(&f->revealed, x, part, bit(RB_PART_REVEALED) | rows, -INFINITY, ctx, err));
    }
    if (f->has_revealed && !f->all_relevant)
        RB_TRY(rb_ratings_build(&f->relevant[RB_PART_REVEALED], x, part, bit(RB_PART_REVEALED) | rows, relevance, ctx,
                                err));
    if (!f->all_relevant)
        RB_TRY(rb_ratings_build(&f->positives, x, part, train | rows, relevance, ctx, err));
    for (rb_part p = RB_PART_VALIDATION; p <= RB_PART_TEST; p++) {
        if (p == RB_PART_VALIDATION && !f->has_validation)
            continue;
        RB_TRY(rb_ratings_build(&f->held[p], x, f->learns ? judging : part, bit(p), -INFINITY, ctx, err));
        if (!f->all_relevant)
            RB_TRY(rb_ratings_build(&f->relevant[p], x, f->learns ? judging : part, bit(p), relevance, ctx, err));
    }
done:
    rb_free(judging);
    return err->status;
}

/* Items of a sorted list joined with a sorted list, ascending; returns how many. */
static int64_t merge(int32_t *out, const int32_t *a, int64_t n_a, const int32_t *b, int64_t n_b)
{
    int64_t n = 0, i = 0, k = 0;
    while (i < n_a || k < n_b)
        out[n++] = k == n_b || (i < n_a && a[i] < b[k]) ? a[i++] : b[k++];
    return n;
}

/* loo_sampled ranks the held-out item among sampled ones that the user has never met. */
static rb_status sample_candidates(rb_fold *f, const rb_run_state *run, rb_ctx *ctx, rb_error *err)
{
    const int64_t negatives = run->experiment.split.negatives;
    const int32_t n_users = run->data.interactions.n_users;
    const rb_ratings *test = &f->held[RB_PART_TEST];
    rb_ratings all = { 0 };
    int32_t *sampled = NULL;
    RB_TRY(rb_ratings_build(&all, &run->data.interactions, NULL, ~0u, -INFINITY, ctx, err));
    rb_alloc(&sampled, negatives, err);
    rb_alloc(&f->candidate_begin, n_users + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&f->candidate_item, n_users * negatives + test->n, err));
    for (int32_t u = 0; u < n_users; u++) {
        int64_t held = test->user_begin[u + 1] - test->user_begin[u];
        int64_t n = held > 0 ? rb_split_negatives(sampled, negatives, u, &all, run->experiment.seed) : 0;
        int64_t at = f->candidate_begin[u];
        f->candidate_begin[u + 1] =
            at + merge(f->candidate_item + at, sampled, n, test->user_item + test->user_begin[u], held);
    }
done:
    rb_free(sampled);
    rb_ratings_fini(&all);
    return err->status;
}

rb_status rb_fold_build(rb_fold *f, const rb_run_state *run, int32_t number, bool refit, rb_ctx *ctx, rb_error *err)
{
    const rb_dataset *d = &run->data;
    const rb_experiment *e = &run->experiment;
    uint8_t *joined = NULL;
    *f = (rb_fold){ .number = number, .refit = refit };
    f->view.items = d->has_catalogue ? &d->catalogue : NULL;
    if (!d->has_interactions)
        return RB_OK;
    RB_TRY(rb_split_fold(&f->parts, &e->split, d, number, e->seed, ctx, err));
    if (refit)
        RB_TRY_ALL(ctx, join_validation(&joined, &f->parts, &d->interactions, err));
    RB_TRY(build_ratings(f, run, refit ? joined : f->parts.row, ctx, err));
    if (f->parts.session) {
        RB_TRY(rb_session_parts_build(&f->sessions, &d->sessions, f->parts.session, d->items.n, refit, ctx, err));
        f->view.sessions = &f->sessions.part[RB_PART_TRAIN].left;
    }
    if (e->split.kind == RB_SPLIT_LOO_SAMPLED)
        RB_TRY(sample_candidates(f, run, ctx, err));
    const rb_points *tfidf = rb_run_wants_tfidf(e) && d->has_catalogue ? rb_run_find_space(run, "tfidf") : NULL;
    const rb_multi *genre = d->has_catalogue && d->catalogue.has[RB_COLUMN_GENRES] ? &d->catalogue.genre : NULL;
    RB_TRY_ALL(ctx, rb_item_facts_init(&f->facts, &f->train, genre, tfidf ? tfidf->sparse : NULL, err));
    f->view.ratings = &f->train;
    f->view.times = d->interactions.time;
    f->view.user_segment = d->user_segment;
    f->view.positives = f->all_relevant ? &f->train : &f->positives;
    f->view.revealed = f->has_revealed ? &f->revealed : NULL;
    f->view.revealed_positives =
        f->has_revealed && !f->all_relevant ? &f->relevant[RB_PART_REVEALED] : f->view.revealed;
    if (f->has_validation) {
        f->view.validation = f->learns ? &f->learned : &f->held[RB_PART_VALIDATION];
        f->view.validation_positives = f->all_relevant ? f->view.validation
                                       : f->learns     ? &f->learned_positives
                                                       : &f->relevant[RB_PART_VALIDATION];
    }
done:
    rb_free(joined);
    return err->status;
}

void rb_fold_fini(rb_fold *f)
{
    rb_item_facts_fini(&f->facts);
    rb_free(f->candidate_begin);
    rb_free(f->candidate_item);
    for (rb_part p = 0; p < RB_N_PARTS; p++) {
        rb_ratings_fini(&f->relevant[p]);
        rb_ratings_fini(&f->held[p]);
    }
    rb_ratings_fini(&f->validation);
    rb_ratings_fini(&f->learned);
    rb_ratings_fini(&f->learned_positives);
    rb_ratings_fini(&f->positives);
    rb_ratings_fini(&f->revealed);
    rb_ratings_fini(&f->seen);
    rb_ratings_fini(&f->train);
    rb_session_parts_fini(&f->sessions);
    rb_parts_fini(&f->parts);
    memset(f, 0, sizeof *f);
}
