/*
 * Neighbours of items, ratings: a rating is predicted from those that the user gave to the nearest items.
 *
 *     r_ui = b_ui + s_i sum_j sim(i, j) (r_uj - b_uj) / s_j / sum_j sim(i, j)
 *
 * with the similarities, the centring and what is predicted without neighbours as core/rating_knn.h has them from
 * Surprise. Sarwar, Karypis, Konstan, Riedl (2001), doi:10.1145/371920.372071; Koren (2010),
 * doi:10.1145/1644873.1644874. All trials that differ in k, min_k and centring alone share one search. Time O(sum over
 * users of (their items)^2) for the similarities, memory 24 bytes a pair of similar items a node; `candidates` bounds
 * it. Bits: the same for any ranks and threads.
 */
#include "recommend/core/rating_knn.h"
#include "recommend/recommend.h"

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    return rb_rating_knn_cost(cfg, shape, false);
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n, rb_ctx *ctx,
                         rb_error *err)
{
    (void)n;
    return rb_rating_knn_prepare(prepared, view, configs[0], false, ctx, err);
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    return rb_rating_knn_fit(self, view, prepared, cfg, false, ctx, err);
}

const rb_recommender rb_item_knn_rating = {
    .name = "item_knn_rating",
    .summary = "ratings that the user gave to the nearest items",
    .reference = "Sarwar, Karypis, Konstan, Riedl 2001, doi:10.1145/371920.372071",
    .can = RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,
    .cost = cost,
    .prepare = prepare,
    .fit = fit,
    .explain = rb_rating_knn_explain,
    RB_RATING_KNN_MODEL,
};
