/*
 * Biases of users and items.
 *
 *     r_ui = mu + b_u + b_i
 *
 * fitted by alternating regularised means (recommend/core/bias.h); 0 for the unseen.
 * Koren (2010), doi:10.1145/1644873.1644874, section 2.1.
 * Time O(iterations nnz / (P T)), memory 8 (n_users + n_items) bytes a node. Bits: the same for any ranks and threads.
 */
#include "recommend/core/bias.h"
#include "recommend/recommend.h"

typedef struct {
    double reg_user, reg_item;
    int64_t iterations;
} config;

typedef struct {
    rb_biases bias;
} state;

static const rb_param params[] = {
    RB_DOUBLE(config, reg_user, 15.0, 0.0, 1e9, "ratings", "weight of a user bias of zero"),
    RB_DOUBLE(config, reg_item, 10.0, 0.0, 1e9, "ratings", "weight of an item bias of zero"),
    RB_INT(config, iterations, 10, 1, 10000, "", "alternations over items and users"),
    RB_PARAM_END,
};

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    return (rb_cost){ .bytes_per_node = (double)sizeof(double) * (double)(shape->n_users + shape->n_items),
                      .flops = 6.0 * (double)c->iterations * (double)shape->nnz };
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    (void)prepared;
    rb_bias_config how = { .reg_user = c->reg_user, .reg_item = c->reg_item, .iterations = c->iterations };
    return rb_bias_fit(&m->bias, view->ratings, &how, ctx, err);
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    (void)prepared;
    return rb_bias_reveal(&m->bias, view->revealed, c->reg_user, ctx, err);
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = item_begin; i < item_end; i++)
            ((double *)tile->data)[u * tile->ld + i - item_begin] = rb_bias_at(&m->bias, users[u], i);
}

static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const state *m = self;
    for (int64_t p = 0; p < pairs->n; p++)
        out[p] = rb_bias_at(&m->bias, pairs->user[p], pairs->item[p]);
}

/* A new user's bias by the formula of the user half, from the ratings that are known of that user. */
static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    const config *c = cfg;
    double sum = 0.0;
    for (int64_t e = 0; e < n; e++)
        sum += (double)ratings[e] - m->bias.mean - m->bias.item[items[e]];
    double weight = c->reg_user + (double)n;
    double user = weight > 0.0 ? sum / weight : 0.0;
    for (int32_t i = 0; i < m->bias.n_items; i++)
        scores[i] = m->bias.mean + user + m->bias.item[i];
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    rb_bias_arrays(&((state *)self)->bias, v);
}

static void fini(void *self)
{
    rb_bias_fini(&((state *)self)->bias);
}

const rb_recommender rb_bias = {
    .name = "bias",
    .summary = "global mean plus biases of user and item",
    .reference = "Koren 2010, doi:10.1145/1644873.1644874",
    .needs = RB_NEEDS_RATINGS,
    .can = RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_COLD_USER,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .cost = cost,
    .fit = fit,
    .reveal = reveal,
    .score = score,
    .predict = predict,
    .fold_in = fold_in,
    .arrays = arrays,
    .fini = fini,
};
