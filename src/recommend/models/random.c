/*
 * Random: a uniform score for every pair of user and item.
 *
 *     s_ui = U(seed, u, i) in [0, 1),   r_ui = r_min + (r_max - r_min) s_ui
 *
 * One Philox number of (seed of the trial, user, item): no state but the seed, so the same for any order of scoring.
 * Salmon et al. (2011), doi:10.1145/2063384.2063405. Time O(1) a pair. Bits: the same for any ranks and threads.
 */
#include "recommend/recommend.h"

typedef struct {
    int64_t key;     /* seed of the trial */
    double min, max; /* the rating scale */
} state;

static const rb_param params[] = { RB_PARAM_END };

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    (void)cfg;
    (void)shape;
    return (rb_cost){ 0 };
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    (void)prepared;
    (void)cfg;
    m->key = (int64_t)ctx->seed;
    m->min = (double)view->ratings->min_rating;
    m->max = (double)view->ratings->max_rating;
    return err->status;
}

static double uniform(const state *m, int32_t user, int32_t item)
{
    rb_rng rng = { .key = (uint64_t)m->key, .stream = rb_stream("random.score"), .entity = (uint64_t)user };
    return rb_rng_uniform(&rng, (uint32_t)item);
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = item_begin; i < item_end; i++)
            ((double *)tile->data)[u * tile->ld + i - item_begin] = uniform(self, users[u], i);
}

static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const state *m = self;
    for (int64_t p = 0; p < pairs->n; p++)
        out[p] = m->min + (m->max - m->min) * uniform(m, pairs->user[p], pairs->item[p]);
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    v->scalar(v, "key", RB_INT64, &m->key);
    v->scalar(v, "min", RB_FLOAT64, &m->min);
    v->scalar(v, "max", RB_FLOAT64, &m->max);
}

/* Nothing is owned. */
static void fini(void *self)
{
    (void)self;
}

const rb_recommender rb_random = {
    .name = "random",
    .summary = "uniform random scores and ratings",
    .reference = "Salmon et al. 2011, doi:10.1145/2063384.2063405",
    .needs = RB_NEEDS_RATINGS,
    .can = RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_COLD_USER | RB_CAN_COLD_ITEM,
    .config_size = 0,
    .state_size = sizeof(state),
    .params = params,
    .cost = cost,
    .fit = fit,
    .score = score,
    .predict = predict,
    .arrays = arrays,
    .fini = fini,
};
