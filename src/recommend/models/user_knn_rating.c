/*
 * Neighbours of users, ratings: a rating is predicted from those of the nearest users who rated the item.
 *
 *     r_ui = b_ui + s_u sum_v sim(u, v) (r_vi - b_vi) / s_v / sum_v sim(u, v)
 *
 * with the similarities, the centring and what is predicted without neighbours as core/rating_knn.h has them from
 * Surprise. Herlocker, Konstan, Borchers, Riedl (1999), doi:10.1145/312624.312682.
 * All trials that differ in k, min_k and centring alone share one search. Time O(sum over items of (their users)^2)
 * for the similarities, memory 24 bytes a pair of similar users a node; `candidates` bounds it. Bits: the same for any
 * ranks and threads.
 */
#include "recommend/core/rating_knn.h"
#include "recommend/recommend.h"

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    return rb_rating_knn_cost(cfg, shape, true);
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n, rb_ctx *ctx,
                         rb_error *err)
{
    (void)n;
    return rb_rating_knn_prepare(prepared, view, configs[0], true, ctx, err);
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    return rb_rating_knn_fit(self, view, prepared, cfg, true, ctx, err);
}

const rb_recommender rb_user_knn_rating = {
    .name = "user_knn_rating",
    .summary = "ratings of the nearest users",
    .reference = "Herlocker, Konstan, Borchers, Riedl 1999, doi:10.1145/312624.312682",
    .can = RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,
    .cost = cost,
    .prepare = prepare,
    .fit = fit,
    .explain = rb_rating_knn_explain,
    .explains_by_users = true,
    RB_RATING_KNN_MODEL,
};
