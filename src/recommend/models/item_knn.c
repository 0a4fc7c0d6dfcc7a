/*
 * Neighbours of items, implicit feedback: an item is scored by those of the user's items that are among its nearest.
 *
 *     s_uj = sum of s_ji over the user's items i that are among the k nearest of j
 *
 * Deshpande, Karypis (2004), doi:10.1145/963770.963776; the similarities s_ji: recommend/core/knn.h. Rows are the
 * training interactions that reach `relevance`, as ones. Time O(sum_u |I(u)|^2), memory 24 k n_items bytes a node while
 * fitting. All trials that differ in k alone share one search. Bits: the same for any ranks and threads.
 */
#include <string.h>

#include "recommend/core/history.h"
#include "recommend/core/knn.h"
#include "recommend/recommend.h"

typedef struct {
    rb_knn_lists targets; /* row i: the items that have i among their nearest */
    rb_history history;
} state;

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    return rb_knn_cost(cfg, shape, false);
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n, rb_ctx *ctx,
                         rb_error *err)
{
    const rb_knn_rows rows = rb_knn_items(view->positives);
    return rb_knn_prepare(prepared, &rows, configs, n, ctx, err);
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const rb_knn_config *c = cfg;
    RB_TRY(rb_knn_transpose(&m->targets, prepared, c->k, ctx, err));
    RB_TRY(rb_history_keep(&m->history, view->positives, NULL, false, ctx, err));
done:
    return err->status;
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    (void)prepared, (void)cfg;
    rb_history_fini(&m->history);
    return rb_history_keep(&m->history, view->positives, view->revealed_positives, false, ctx, err);
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    for (int64_t u = 0; u < n_users; u++) {
        double *out = (double *)tile->data + u * tile->ld;
        memset(out, 0, (size_t)(item_end - item_begin) * sizeof *out);
        for (int64_t e = m->history.begin[users[u]]; e < m->history.begin[users[u] + 1]; e++)
            rb_knn_add(out, &m->targets, m->history.item[e], 1, item_begin, item_end);
    }
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    (void)ratings, (void)cfg;
    memset(scores, 0, (size_t)m->targets.n_rows * sizeof *scores);
    for (int64_t e = 0; e < n; e++)
        rb_knn_add(scores, &m->targets, items[e], 1, 0, (int32_t)m->targets.n_rows);
    return err->status;
}

static double weight_at(const void *targets, int64_t from, int64_t to)
{
    return rb_knn_at(targets, from, to);
}

static int explain(int32_t *items, double *weights, int n, const void *self, int32_t user, int32_t item)
{
    const state *m = self;
    return rb_history_contributions(items, weights, n, &m->history, user, weight_at, &m->targets, item);
}

static void arrays(void *self, rb_visitor *v)
{
    static const char *const names[] = { "target_begin", "target_item", "target_similarity" };
    state *m = self;
    rb_knn_visit(&m->targets, names, v);
    rb_history_visit(&m->history, false, v);
}

static void fini(void *self)
{
    state *m = self;
    rb_knn_fini(&m->targets);
    rb_history_fini(&m->history);
}

const rb_recommender rb_item_knn = {
    .name = "item_knn",
    .summary = "items near the user's items, implicit feedback",
    .reference = "Deshpande, Karypis 2004, doi:10.1145/963770.963776",
    .needs = RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,
    .config_size = sizeof(rb_knn_config),
    .state_size = sizeof(state),
    .params = rb_knn_params,
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
