/*
 * Neighbours of users, implicit feedback: an item is scored by the nearest users who have it.
 *
 *     s_ui = sum of s_uv over the k nearest users v of u who have item i
 *
 * Sarwar, Karypis, Konstan, Riedl (2000), doi:10.1145/352871.352887; the similarities s_uv: recommend/core/knn.h. Rows
 * are the training interactions that reach `relevance`, as ones. Time O(sum_i |U(i)|^2), memory 24 k n_users bytes a
 * node while fitting. Reasons of a score: the user's items, among which the similarity to each neighbour who has the
 * item is shared out equally, as far as the neighbour has them. All trials that differ in k alone share one search.
 * Somebody who is folded in is given the users of training as neighbours.
 * Bits: the same for any ranks and threads.
 */
#include <string.h>

#include "base/alloc.h"
#include "recommend/core/knn_fold.h"
#include "recommend/recommend.h"

typedef struct {
    rb_knn_lists nearest; /* row u: its k nearest users, ascending */
    rb_history history;
    rb_knn_fold fold;
} state;

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const rb_cost fold = rb_knn_fold_cost(shape);
    rb_cost cost = rb_knn_cost(cfg, shape, true);
    cost.bytes_per_rank += fold.bytes_per_rank;
    cost.bytes_per_node += fold.bytes_per_node;
    cost.flops += fold.flops;
    return cost;
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n, rb_ctx *ctx,
                         rb_error *err)
{
    const rb_knn_rows rows = rb_knn_users(view->positives);
    return rb_knn_prepare(prepared, &rows, configs, n, ctx, err);
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const rb_knn_config *c = cfg;
    RB_TRY(rb_knn_first(&m->nearest, prepared, NULL, c->k, ctx, err));
    RB_TRY(rb_history_keep(&m->history, view->positives, NULL, false, ctx, err));
    RB_TRY(rb_knn_fold_keep(&m->fold, view->positives, c, ctx, err));
done:
    return err->status;
}

/* The nearest of the users who were there before; nobody has a new user as a neighbour. */
static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    const rb_knn_config *c = cfg;
    rb_knn_lists found = { 0 };
    rb_knn_fini(&m->nearest);
    RB_TRY(rb_history_keep(&m->history, view->positives, view->revealed_positives, false, ctx, err));
    rb_knn_rows rows = rb_knn_users(view->positives);
    rows.row_begin = m->history.begin;
    rows.row_col = m->history.item;
    rows.done = view->positives->user_begin;
    RB_TRY(rb_knn_find(&found, &rows, c, ctx, err));
    RB_TRY(rb_knn_first(&m->nearest, prepared, &found, c->k, ctx, err));
done:
    rb_knn_fini(&found);
    return err->status;
}

/* One for each of the neighbour's items in [begin, end). */
static void add_items(double *out, const rb_history *h, int32_t user, double weight, int32_t begin, int32_t end)
{
    int64_t from = h->begin[user], to = h->begin[user + 1];
    for (int64_t e = from + rb_knn_lower(h->item + from, to - from, begin); e < to && h->item[e] < end; e++)
        out[h->item[e] - begin] += weight;
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    for (int64_t u = 0; u < n_users; u++) {
        double *out = (double *)tile->data + u * tile->ld;
        memset(out, 0, (size_t)(item_end - item_begin) * sizeof *out);
        for (int64_t e = m->nearest.begin[users[u]]; e < m->nearest.begin[users[u] + 1]; e++)
            add_items(out, &m->history, m->nearest.id[e], m->nearest.weight[e], item_begin, item_end);
    }
}

/* The neighbours of one who has these items, among the users of training, and what they have. */
static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    const int32_t n_items = (int32_t)m->fold.n_cols;
    rb_knn_list near = { 0 };
    (void)ratings;
    RB_TRY(rb_knn_fold_find(&near, &m->fold, items, n, cfg, err));
    memset(scores, 0, (size_t)n_items * sizeof *scores);
    for (int64_t e = 0; e < near.n; e++)
        add_items(scores, &m->history, near.id[e], near.weight[e], 0, n_items);
done:
    rb_free(near.id);
    rb_free(near.weight);
    return err->status;
}

static bool has(const rb_history *h, int32_t user, int32_t item)
{
    const int64_t from = h->begin[user], n = h->begin[user + 1] - from, at = rb_knn_lower(h->item + from, n, item);
    return at < n && h->item[from + at] == item;
}

static int64_t n_common(const rb_history *h, int32_t a, int32_t b)
{
    int64_t n = 0, j = h->begin[b];
    for (int64_t i = h->begin[a]; i < h->begin[a + 1]; i++) {
        while (j < h->begin[b + 1] && h->item[j] < h->item[i])
            j++;
        n += j < h->begin[b + 1] && h->item[j] == h->item[i];
    }
    return n;
}

typedef struct {
    const state *m;
    int32_t user;
} of_user;

static double weight_at(const void *model, int64_t from, int64_t to)
{
    const of_user *p = model;
    const rb_knn_lists *nearest = &p->m->nearest;
    const rb_history *h = &p->m->history;
    double sum = 0;
    for (int64_t e = nearest->begin[p->user]; e < nearest->begin[p->user + 1]; e++)
        if (has(h, nearest->id[e], (int32_t)to) && has(h, nearest->id[e], (int32_t)from))
            sum += nearest->weight[e] / (double)n_common(h, p->user, nearest->id[e]);
    return sum;
}

static int explain(int32_t *items, double *weights, int n, const void *self, int32_t user, int32_t item)
{
    const state *m = self;
    return rb_history_contributions(items, weights, n, &m->history, user, weight_at, &(of_user){ m, user }, item);
}

static void arrays(void *self, rb_visitor *v)
{
    static const char *const names[] = { "nearest_begin", "nearest_user", "nearest_similarity" };
    state *m = self;
    rb_knn_visit(&m->nearest, names, v);
    rb_history_visit(&m->history, false, v);
    rb_knn_fold_visit(&m->fold, v);
}

static void fini(void *self)
{
    state *m = self;
    rb_knn_fini(&m->nearest);
    rb_history_fini(&m->history);
    rb_knn_fold_fini(&m->fold);
}

const rb_recommender rb_user_knn = {
    .name = "user_knn",
    .summary = "items of the nearest users, implicit feedback",
    .reference = "Sarwar, Karypis, Konstan, Riedl 2000, doi:10.1145/352871.352887",
    .needs = RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,
    .config_size = sizeof(rb_knn_config),
    .state_size = sizeof(state),
    .params = rb_knn_params,
    .check = rb_knn_check,
    .cost = cost,
    .prepare = prepare,
    .unprepare = rb_knn_unprepare,
    .fit = fit,
    .reveal = reveal,
    .score = score,
    .fold_in = fold_in,
    .explain = explain,
    .arrays = arrays,
    .fini = fini,
};
