/*
 * Global mean: every rating is predicted by the mean of the training ratings.
 *
 * The floor of every comparison of ratings. It ranks nothing.
 * Time O(nnz / (P T)), memory 8 bytes. Bits: the same for any ranks and threads.
 */
#include "recommend/recommend.h"

typedef struct {
    double mean; /* 0 where there are no ratings */
} state;

static const rb_param params[] = { RB_PARAM_END };

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    (void)cfg;
    return (rb_cost){ .flops = (double)shape->nnz };
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    (void)prepared;
    (void)cfg;
    return rb_ratings_mean(&m->mean, view->ratings, ctx, err);
}

static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const state *m = self;
    for (int64_t p = 0; p < pairs->n; p++)
        out[p] = m->mean;
}

static void arrays(void *self, rb_visitor *v)
{
    v->scalar(v, "mean", RB_FLOAT64, &((state *)self)->mean);
}

/* Nothing is owned. */
static void fini(void *self)
{
    (void)self;
}

const rb_recommender rb_global_mean = {
    .name = "global_mean",
    .summary = "mean of all training ratings",
    .reference = "Funk 2006",
    .needs = RB_NEEDS_RATINGS,
    .can = RB_CAN_PREDICT | RB_CAN_COLD_USER,
    .config_size = 0,
    .state_size = sizeof(state),
    .params = params,
    .cost = cost,
    .fit = fit,
    .predict = predict,
    .arrays = arrays,
    .fini = fini,
};
