/*
 * Stacked generalisation: a linear model of what other models say, fitted on users of the validation part.
 *
 *     s_ui = sum over models m of a_m f(s^m_ui),    r_ui = b_0 + sum over models m of b_m r^m_ui
 *
 * b: ridge regression of the ratings on the models' predictions. a: of what is relevant on the models' scores, made
 * comparable for each user by f (core/level_one.h, core/ensemble.h). Wolpert (1992), doi:10.1016/S0893-6080(05)80023-1.
 * It learns from the users of even hash; every trial of the file is selected on the odd ones.
 *
 * It ranks where all of its models rank and predicts ratings where all of them do. Time to fit: one scoring of all
 * users by each model, and one more of those it learns from. Memory 16 bytes a user and model a node. Bits: the same
 * for any ranks and threads.
 */
#include <string.h>

#include "base/alloc.h"
#include "recommend/core/level_one.h"

typedef struct {
    RB_ENSEMBLE_FIELDS;
    double regularization;
    int normalization;
    int64_t depth;
} config;

typedef struct {
    rb_ensemble models;
    double *score_weight;  /* [n_models] */
    double *rating_weight; /* [n_models + 1] b_0 first */
    int64_t n_models, n_rating;
    rb_scale scale;
} state;

static const rb_param params[] = {
    RB_ENSEMBLE_PARAMS(config),
    RB_DOUBLE(config, regularization, 1e-3, 0.0, 1e6, "", "of the weights, beside a mean squared error"),
    RB_CHOICE(config, normalization, RB_SCALE_Z_SCORE, RB_SCALE_CHOICES,
              "how a model's scores of a user's items are made comparable"),
    RB_INT(config, depth, 100, 1, 1000000, "items", "with normalization rank: best items of a user that have one"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    (void)shape;
    return rb_ensemble_check("stacking", RB_ENSEMBLE_REFS(c), err);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    const int32_t n = rb_ensemble_size(RB_ENSEMBLE_REFS(c));
    const rb_cost scale = rb_scale_cost(c->normalization, c->depth, n, shape), level = rb_level_one_cost(n, shape);
    return (rb_cost){ .bytes_per_rank = scale.bytes_per_rank + level.bytes_per_rank + 16 * n + 8,
                      .bytes_per_node = scale.bytes_per_node,
                      .flops = scale.flops + level.flops };
}

static rb_status attach(void *self, const rb_train_view *view, const void *cfg, rb_error *err)
{
    const config *c = cfg;
    rb_ensemble_attach(&((state *)self)->models, RB_ENSEMBLE_REFS(c), view);
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    rb_level_one level;
    double weight[RB_ENSEMBLE_MODELS + 1];
    (void)prepared;
    attach(m, view, cfg, err);
    m->n_models = m->models.ranks ? m->models.n : 0;
    m->n_rating = m->models.predicts ? m->models.n + 1 : 0;
    (void)rb_alloc(&m->score_weight, m->n_models, err);
    RB_TRY_ALL(ctx, rb_alloc(&m->rating_weight, m->n_rating, err));
    if (m->models.predicts) {
        RB_TRY(rb_level_one_of_rating(&level, &m->models, view->validation, ctx, err));
        rb_level_one_ridge(m->rating_weight, &level, c->regularization);
    }
    if (m->models.ranks) {
        RB_TRY(rb_scale_fit(&m->scale, &m->models, c->normalization, c->depth, view, ctx, err));
        RB_TRY(rb_level_one_of_ranking(&level, &m->models, &m->scale, view, view->validation_positives, ctx, err));
        rb_level_one_ridge(weight, &level, c->regularization);
        memcpy(m->score_weight, weight + 1, (size_t)m->n_models * sizeof *weight);
    }
done:
    return err->status;
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    rb_scale_score(tile, &m->scale, &m->models, m->score_weight, users, n_users, item_begin, item_end);
}

static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const state *m = self;
    for (int64_t p = 0; p < pairs->n; p++) {
        out[p] = m->rating_weight[0];
        for (int32_t k = 0; k < m->models.n; k++)
            out[p] += m->rating_weight[k + 1] * rb_ensemble_predict(&m->models, k, pairs->user[p], pairs->item[p]);
    }
}

static void share(double *shares, const void *self, int32_t user, int32_t item)
{
    const state *m = self;
    rb_scale_share(shares, &m->scale, &m->models, m->models.ranks ? m->score_weight : m->rating_weight + 1, user, item);
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    int64_t n_cols = 1;
    v->array(v, "score_weight", RB_FLOAT64, (void **)&m->score_weight, &m->n_models, &n_cols, NULL);
    v->array(v, "rating_weight", RB_FLOAT64, (void **)&m->rating_weight, &m->n_rating, &n_cols, NULL);
    rb_scale_arrays(&m->scale, v);
}

static void fini(void *self)
{
    state *m = self;
    rb_free(m->score_weight);
    rb_free(m->rating_weight);
    rb_scale_fini(&m->scale);
    *m = (state){ 0 };
}

const rb_recommender rb_stacking = {
    .name = "stacking",
    .summary = "ridge regression on other models' scores and ratings, fitted on users of the validation part",
    .reference = "Wolpert 1992, doi:10.1016/S0893-6080(05)80023-1",
    .needs = RB_NEEDS_RATINGS | RB_NEEDS_MODELS | RB_NEEDS_VALIDATION,
    .can = RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_COLD_USER | RB_CAN_COLD_ITEM | RB_CAN_EXPLAIN,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .fit = fit,
    .score = score,
    .predict = predict,
    .share = share,
    .attach = attach,
    .arrays = arrays,
    .fini = fini,
};
