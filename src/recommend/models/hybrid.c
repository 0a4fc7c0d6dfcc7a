/*
 * Weighted ensemble of other models: their scores, made comparable for each user, are added; so are their predictions.
 *
 *     s_ui = sum over models m of w_m f(s^m_ui),    r_ui = sum over models m of w_m r^m_ui,    sum of w_m = 1
 *
 * f by `normalization`, over the items that the user has not met (core/ensemble.h). Burke (2002),
 * doi:10.1023/A:1021240730564 (weighted hybrids); Montague, Aslam (2001), doi:10.1145/502585.502657 (normalisations).
 *
 * Weights are given, or `fitted`: those of least squares that are not negative, on what users of even hash did in the
 * validation part (core/level_one.h); every trial of the file is then selected on the odd ones.
 *
 * The models are other trials by their `as` names, fitted before and asked again whenever this one is. It ranks where
 * all of them rank and predicts ratings where all of them do. Time to fit: one scoring of all users by each model.
 * Memory 16 bytes a user and model a node, for rank 8 `depth`. Bits: those of the models; sums in their order.
 */
#include "base/alloc.h"
#include "recommend/core/level_one.h"

typedef struct {
    RB_ENSEMBLE_FIELDS;
    rb_array weights;
    bool fitted;
    int normalization;
    int64_t depth;
} config;

typedef struct {
    rb_ensemble models;
    double *weight; /* [n_models] of sum 1 */
    int64_t n_models;
    rb_scale scale;
} state;

static const rb_param params[] = {
    RB_ENSEMBLE_PARAMS(config),
    RB_ARRAY(config, weights, "weight of each model, of which only the ratios count; equal where none are given"),
    RB_BOOL(config, fitted, false, "fit the weights on users of the validation part, in place of given ones",
            .flags = RB_PARAM_LEARNS),
    RB_CHOICE(config, normalization, RB_SCALE_MIN_MAX, RB_SCALE_CHOICES,
              "how a model's scores of a user's items are made comparable"),
    RB_INT(config, depth, 100, 1, 1000000, "items", "with normalization rank: best items of a user that have one"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    (void)shape;
    double sum = 0;
    RB_TRY(rb_ensemble_check("hybrid", RB_ENSEMBLE_REFS(c), err));
    RB_TRY(rb_ensemble_check_array("hybrid", "weights", &c->weights, rb_ensemble_size(RB_ENSEMBLE_REFS(c)),
                                   "one for each model", err));
    for (int64_t m = 0; m < c->weights.n_rows * c->weights.n_cols; m++)
        sum += c->weights.value[m];
    if (c->weights.value && c->fitted)
        return RB_FAIL(err, RB_BAD_INPUT, "'hybrid.weights' are given and 'hybrid.fitted' is true: choose one");
    if (c->weights.value && !(sum > 0))
        return RB_FAIL(err, RB_BAD_INPUT, "all of 'hybrid.weights' are 0, expected one above it");
done:
    return err->status;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    const int32_t n = rb_ensemble_size(RB_ENSEMBLE_REFS(c));
    rb_cost cost = rb_scale_cost(c->normalization, c->depth, n, shape);
    if (c->fitted) {
        const rb_cost level = rb_level_one_cost(n, shape);
        cost.bytes_per_rank += level.bytes_per_rank;
        cost.flops += level.flops;
    }
    cost.bytes_per_rank += 8 * n + 8 * (shape->n_ranks + 1);
    return cost;
}

static rb_status attach(void *self, const rb_train_view *view, const void *cfg, rb_error *err)
{
    const config *c = cfg;
    rb_ensemble_attach(&((state *)self)->models, RB_ENSEMBLE_REFS(c), view);
    return err->status;
}

/* Of the ranking where all models rank, else of their ratings. */
static rb_status fit_weights(state *m, const rb_train_view *view, rb_ctx *ctx, rb_error *err)
{
    rb_level_one level;
    RB_TRY(m->models.ranks
               ? rb_level_one_of_ranking(&level, &m->models, &m->scale, view, view->validation_positives, ctx, err)
               : rb_level_one_of_rating(&level, &m->models, view->validation, ctx, err));
    rb_level_one_shares(m->weight, &level);
done:
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    double sum = 0;
    (void)prepared;
    attach(m, view, cfg, err);
    m->n_models = m->models.n;
    RB_TRY_ALL(ctx, rb_alloc(&m->weight, m->n_models, err));
    for (int64_t k = 0; k < m->n_models; k++) {
        m->weight[k] = c->weights.value ? c->weights.value[k] : 1;
        sum += m->weight[k];
    }
    for (int64_t k = 0; k < m->n_models; k++)
        m->weight[k] /= sum;
    if (m->models.ranks)
        RB_TRY(rb_scale_fit(&m->scale, &m->models, c->normalization, c->depth, view, ctx, err));
    if (c->fitted)
        RB_TRY(fit_weights(m, view, ctx, err));
done:
    return err->status;
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    rb_scale_score(tile, &m->scale, &m->models, m->weight, users, n_users, item_begin, item_end);
}

static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const state *m = self;
    for (int64_t p = 0; p < pairs->n; p++) {
        out[p] = 0;
        for (int32_t k = 0; k < m->models.n; k++)
            out[p] += m->weight[k] * rb_ensemble_predict(&m->models, k, pairs->user[p], pairs->item[p]);
    }
}

static void share(double *shares, const void *self, int32_t user, int32_t item)
{
    const state *m = self;
    rb_scale_share(shares, &m->scale, &m->models, m->weight, user, item);
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    int64_t n_cols = 1;
    v->array(v, "weight", RB_FLOAT64, (void **)&m->weight, &m->n_models, &n_cols, NULL);
    rb_scale_arrays(&m->scale, v);
}

static void fini(void *self)
{
    state *m = self;
    rb_free(m->weight);
    rb_scale_fini(&m->scale);
    *m = (state){ 0 };
}

const rb_recommender rb_hybrid = {
    .name = "hybrid",
    .summary = "weighted sum of other models' scores, made comparable for each user",
    .reference = "Burke 2002, doi:10.1023/A:1021240730564",
    .needs = RB_NEEDS_RATINGS | RB_NEEDS_MODELS,
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
