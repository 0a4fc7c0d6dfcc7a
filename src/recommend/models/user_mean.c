/*
 * User mean with damping.
 *
 *     r_ui = (sum_{j in I(u)} r_uj + d mu) / (|I(u)| + d)
 *
 * A user without ratings has the global mean mu. It tells nothing about items, so it ranks nothing.
 * Funk (2006), https://sifter.org/simon/journal/20061211.html
 * Time O(nnz / (P T)), memory 8 n_users bytes a node. Bits: the same for any ranks and threads.
 */
#include "recommend/core/sums.h"
#include "recommend/recommend.h"

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    (void)cfg;
    return (rb_cost){ .bytes_per_node = (double)sizeof(double) * (double)shape->n_users, .flops = (double)shape->nnz };
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    const rb_means_config *c = cfg;
    (void)prepared;
    return rb_means_fit(self, view->ratings, rb_side_users(view->ratings), c->damping, ctx, err);
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const rb_means_config *c = cfg;
    (void)prepared;
    return rb_means_reveal(self, view->revealed, c->damping, ctx, err);
}

static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const rb_means *m = self;
    for (int64_t p = 0; p < pairs->n; p++)
        out[p] = m->row[pairs->user[p]];
}

const rb_recommender rb_user_mean = {
    .name = "user_mean",
    .summary = "mean rating of the user, damped towards the global mean",
    .reference = "Funk 2006",
    .needs = RB_NEEDS_RATINGS,
    .can = RB_CAN_PREDICT | RB_CAN_COLD_USER,
    .config_size = sizeof(rb_means_config),
    .state_size = sizeof(rb_means),
    .params = rb_means_params,
    .cost = cost,
    .fit = fit,
    .reveal = reveal,
    .predict = predict,
    .arrays = rb_means_arrays,
    .fini = rb_means_fini,
};
