/* What replays read: candidates, what each arm shows each user, the log. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "eval/ranking_row.h"
#include "harness/replay.h"
#include "harness/stored_model.h"
#include "linalg/topk.h"

#define MIN_P 1e-3 /* of the test of uniform logging */

void rb_replay_input_fini(rb_replay_input *in)
{
    rb_free(in->candidate);
    rb_free(in->shown);
    rb_free(in->user);
    rb_free(in->item);
    rb_free(in->clicked);
    rb_free(in->click);
    rb_free(in->x);
    *in = (rb_replay_input){ 0 };
}

/* ---- candidates ---- */

/* The most popular items of training that are not marked yet, the lowest of equals; at most n of them. */
static rb_status mark_popular(bool *marked, const rb_ratings *train, int64_t n, rb_error *err)
{
    rb_topk top = { .k = n < train->n_items ? (int32_t)n : train->n_items };
    RB_TRY(rb_alloc(&top.entry, top.k, err));
    for (int32_t i = 0; i < train->n_items; i++)
        if (!marked[i])
            rb_topk_offer(&top, (double)(train->item_begin[i + 1] - train->item_begin[i]), 0, i);
    for (int32_t i = 0; i < top.n; i++)
        marked[top.entry[i].item] = true;
done:
    rb_free(top.entry);
    return err->status;
}

/* The titles that are arms, and, unless all arms are titles, the most popular ones. */
static rb_status find_candidates(rb_replay_input *in, const rb_run_state *run, const rb_fold *fold, rb_error *err)
{
    const rb_replay *replay = &run->experiment.replay;
    const int32_t n_items = run->data.items.n;
    bool *marked = NULL, any_model = replay->n_arms == 0;
    RB_TRY(rb_alloc(&marked, n_items, err));
    for (int32_t a = 0; a < replay->n_arms; a++) {
        if (replay->arm[a].entry < 0)
            marked[rb_ids_find(&run->data.items, replay->arm[a].name)] = true;
        any_model = any_model || replay->arm[a].entry >= 0;
    }
    if (any_model)
        RB_TRY(mark_popular(marked, &fold->train, replay->titles, err));
    RB_TRY(rb_alloc(&in->candidate, n_items, err));
    for (int32_t i = 0; i < n_items; i++)
        if (marked[i])
            in->candidate[in->log.n_items++] = i;
done:
    rb_free(marked);
    return err->status;
}

/* Among the candidates; -1: not one of them. */
static int32_t number_of(const rb_replay_input *in, int32_t item)
{
    return (int32_t)rb_find_item(in->candidate, 0, in->log.n_items, item);
}

/* ---- arms ---- */

static double score_at(const rb_tile *tile, bool single, int32_t item)
{
    return single ? (double)((const float *)tile->data)[item] : ((const double *)tile->data)[item];
}

/* The candidate of the largest score that the user has not met in training, the lowest of equals; of all candidates
 * where the user has met every one. */
static int32_t best_of(const rb_tile *tile, bool single, const rb_replay_input *in, const rb_ratings *seen, int32_t u)
{
    int32_t best = -1, best_of_all = 0;
    double most = -INFINITY, most_of_all = -INFINITY;
    for (int32_t c = 0; c < in->log.n_items; c++) {
        double score = score_at(tile, single, in->candidate[c]);
        if (score > most_of_all) {
            most_of_all = score;
            best_of_all = c;
        }
        if ((best >= 0 && !(score > most)) || rb_ratings_has(seen, u, in->candidate[c]))
            continue;
        most = score;
        best = c;
    }
    return best >= 0 ? best : best_of_all;
}

/* What the model of a trial shows each user. Collective: every rank scores its part of the users. */
static rb_status ask_model(int32_t *shown, const rb_replay_input *in, const rb_run_state *run, int64_t work,
                           const rb_ratings *seen, rb_error *err)
{
    const rb_ctx *world = run->world;
    const int32_t n_users = in->log.n_users, n_items = run->data.items.n;
    rb_stored_model m = { 0 };
    double *scores = NULL;
    int64_t *begin = NULL;
    rb_alloc(&begin, world->n_ranks + 1, err);
    rb_alloc(&scores, (int64_t)world->n_threads * n_items, err);
    RB_TRY_ALL(world, err->status == RB_OK ? rb_stored_model_read(&m, run, work, -1, err) : err->status);
    const rb_algorithm *a = m.c->entry->algorithm;
    const bool single = a->precision && a->precision(m.c->config) == RB_SINGLE;
    const int64_t size = sizeof *shown;
    for (int r = 0; r <= world->n_ranks; r++)
        begin[r] = (int64_t)n_users * r / world->n_ranks * size;
#pragma omp parallel for num_threads(world->n_threads) schedule(static)
    for (int64_t t = 0; t < world->n_threads; t++) {
        rb_tile tile = { scores + t * n_items, n_items };
        for (int64_t u = begin[world->rank] / size + t; u < begin[world->rank + 1] / size; u += world->n_threads) {
            const int32_t user = (int32_t)u;
            a->score(&tile, m.state, &user, 1, 0, n_items);
            shown[u] = best_of(&tile, single, in, seen, user);
        }
    }
    rb_allgather_bytes(world, shown, shown + begin[world->rank] / size, begin);
done:
    rb_stored_model_fini(&m);
    rb_free(scores);
    rb_free(begin);
    return err->status;
}

/* Collective. */
static rb_status make_arms(rb_replay_input *in, rb_run_state *run, const rb_fold *fold, rb_error *err)
{
    const rb_replay *replay = &run->experiment.replay;
    const int64_t n_users = in->log.n_users;
    in->arms.n = replay->n_arms > 0 ? replay->n_arms : in->log.n_items;
    RB_TRY_ALL(run->world, rb_alloc(&in->shown, in->arms.n * n_users, err));
    in->arms.item = in->shown;
    for (int32_t a = 0; a < in->arms.n; a++) {
        const int64_t work = rb_run_arm_work(run, a);
        int32_t *shown = in->shown + a * n_users;
        if (work >= 0) {
            RB_TRY(ask_model(shown, in, run, work, rb_fold_seen(fold), err));
            continue;
        }
        const int32_t title =
            replay->n_arms > 0 ? number_of(in, rb_ids_find(&run->data.items, replay->arm[a].name)) : a;
        for (int64_t u = 0; u < n_users; u++)
            shown[u] = title;
    }
done:
    return err->status;
}

/* ---- the log ---- */

/* The planted probabilities; every rank makes all of them. */
static rb_status simulate(rb_replay_input *in, const rb_run_state *run, rb_error *err)
{
    const rb_experiment *e = &run->experiment;
    int64_t *items = NULL;
    RB_TRY(rb_alloc(&items, in->log.n_items, err));
    for (int32_t i = 0; i < in->log.n_items; i++)
        items[i] = run->data.items.number[in->candidate[i]];
    RB_TRY(rb_alloc(&in->click, (int64_t)in->log.n_users * in->log.n_items, err));
    RB_TRY(rb_synth_clicks(in->click, &e->synth, e->seed, run->data.users.number, in->log.n_users, items,
                           in->log.n_items, err));
    in->log.click = in->click;
    in->log.n_events = e->replay.events;
done:
    rb_free(items);
    return err->status;
}

typedef struct {
    int64_t time, row;
} moment;

static int by_time(const void *a, const void *b)
{
    const moment *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Interactions of the test part with candidates, by time where it is known, else as they were read. */
static rb_status collect(rb_replay_input *in, const rb_run_state *run, const rb_fold *fold, rb_error *err)
{
    const rb_interactions *x = &run->data.interactions;
    moment *order = NULL;
    int64_t n = 0;
    RB_TRY(rb_alloc(&order, x->n, err));
    for (int64_t row = 0; row < x->n; row++)
        if (fold->parts.row[row] == RB_PART_TEST && number_of(in, x->item[row]) >= 0)
            order[n++] = (moment){ x->time ? x->time[row] : 0, row };
    if (n > 1)
        qsort(order, (size_t)n, sizeof *order, by_time);
    n = n < run->experiment.replay.events ? n : run->experiment.replay.events;
    RB_TRY(rb_alloc(&in->user, n, err));
    RB_TRY(rb_alloc(&in->item, n, err));
    RB_TRY(rb_alloc(&in->clicked, n, err));
    for (int64_t t = 0; t < n; t++) {
        const int64_t row = order[t].row;
        in->user[t] = x->user[row];
        in->item[t] = number_of(in, x->item[row]);
        in->clicked[t] = !x->rating || x->rating[row] >= run->experiment.relevance;
    }
    in->log.n_events = n;
    in->log.user = in->user;
    in->log.item = in->item;
    in->log.clicked = in->clicked;
done:
    rb_free(order);
    return err->status;
}

/* Replay assumes that titles were shown uniformly: a log whose counts tell otherwise is refused. */
static rb_status check_uniform(const rb_replay_input *in, rb_run_state *run, rb_error *err)
{
    const rb_replay *replay = &run->experiment.replay;
    double p;
    RB_TRY(rb_replay_uniformity(&p, &in->log, err));
    if (p >= MIN_P)
        return RB_OK;
    if (!replay->assume_uniform) {
        RB_FAIL(err, RB_BAD_INPUT,
                "the log did not show its %d titles uniformly (Pearson's test of their counts, p = %.2g), which replay "
                "rests on; assume_uniform: true replays it all the same, with biased values",
                in->log.n_items, p);
        return rb_run_blame(err, &replay->at);
    }
    rb_log_warn(&run->log,
                "replay: the log did not show its %d titles uniformly (p = %.2g): all values of it are biased",
                in->log.n_items, p);
done:
    return err->status;
}

static rb_status make_log(rb_replay_input *in, rb_run_state *run, const rb_fold *fold, rb_error *err)
{
    if (run->experiment.replay.log == RB_REPLAY_SIMULATED)
        return simulate(in, run, err);
    RB_TRY(collect(in, run, fold, err));
    if (in->log.n_events == 0) {
        RB_FAIL(err, RB_BAD_INPUT, "the test part holds no interaction with the %d candidates: nothing can be replayed",
                in->log.n_items);
        return rb_run_blame(err, &run->experiment.replay.at);
    }
    RB_TRY(check_uniform(in, run, err));
done:
    return err->status;
}

/* ---- all ---- */

rb_status rb_replay_input_init(rb_replay_input *in, rb_run_state *run, rb_error *err)
{
    rb_fold fold = { 0 };
    *in = (rb_replay_input){ .log = { .n_users = run->data.users.n } };
    RB_TRY(rb_fold_build(&fold, run, 0, false, run->world, err));
    RB_TRY_ALL(run->world, find_candidates(in, run, &fold, err));
    RB_TRY(make_arms(in, run, &fold, err));
    RB_TRY_ALL(run->world, make_log(in, run, &fold, err));
    if (in->log.click)
        in->arms.best = rb_replay_best_arm(&in->log, &in->arms);
    if (rb_replay_reads_context(run))
        RB_TRY(rb_replay_context_make(in, run, &fold, err));
done:
    rb_fold_fini(&fold);
    return err->status;
}
