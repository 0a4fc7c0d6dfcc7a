/*
 * Neighbours of items, implicit feedback: an item is scored by those of the user's items that are among its nearest.
 *
 *     s_uj = sum of s_ji over the user's items i that are among the k nearest of j
 *
 * Deshpande, Karypis (2004), doi:10.1145/963770.963776; the similarities s_ji: recommend/core/knn.h. Rows are the
 * training interactions that reach `relevance`, as ones. Time O(sum_u |I(u)|^2), memory 24 k n_items bytes a node while
 * fitting. All trials that differ in k alone share one search. Bits: the same for any ranks and threads.
 */
#include "recommend/core/item_lists.h"
#include "recommend/recommend.h"

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
    rb_item_lists *m = self;
    const rb_knn_config *c = cfg;
    RB_TRY(rb_knn_transpose(&m->targets, prepared, c->k, ctx, err));
    RB_TRY(rb_history_keep(&m->history, view->positives, NULL, false, ctx, err));
done:
    return err->status;
}

const rb_recommender rb_item_knn = {
    .name = "item_knn",
    .summary = "items near the user's items, implicit feedback",
    .reference = "Deshpande, Karypis 2004, doi:10.1145/963770.963776",
    .config_size = sizeof(rb_knn_config),
    .params = rb_knn_params,
    .check = rb_knn_check,
    .cost = cost,
    .prepare = prepare,
    .unprepare = rb_knn_unprepare,
    .fit = fit,
    RB_ITEM_LISTS_MODEL,
};
