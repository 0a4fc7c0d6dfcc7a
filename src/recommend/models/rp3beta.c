/*
 * RP3beta: random walks of three steps from the user, with popular items held down.
 *
 *     s_ui = sum_{j in I(u)} w_ji,  w_ji = sum_{v in U(i) and U(j)} (1 / |U(j)| 1 / |I(v)|)^alpha / |U(i)|^beta
 *
 * over the k items i of largest w_ji. Paudel, Christoffel, Newell, Bernstein (2017), doi:10.1145/2955101; the first
 * step, from the user to an item, is the same for all of the user's items. Interactions are the training ones that
 * reach `relevance`. Time O(sum_u |I(u)|^2), memory 24 k n_items bytes a node while fitting. Bits: the same for any
 * ranks and threads.
 */
#include "recommend/core/item_lists.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t k;
    double alpha, beta;
} config;

static const rb_param params[] = {
    RB_INT(config, k, 100, 1, 1000000000, "items", "most items that a step from an item can reach"),
    RB_DOUBLE(config, alpha, 1.0, 0.0, 10.0, "", "exponent of the probabilities of a step"),
    RB_DOUBLE(config, beta, 0.6, 0.0, 10.0, "", "exponent of the popularity that is divided by"),
    RB_PARAM_END,
};

static rb_knn_config neighbours_of(const config *c)
{
    return (rb_knn_config){
        .k = c->k, .similarity = RB_KNN_WALK, .weighting = RB_KNN_STEPS, .alpha = c->alpha, .beta = c->beta
    };
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const rb_knn_config neighbours = neighbours_of(cfg);
    return rb_knn_cost(&neighbours, shape, false);
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    const rb_knn_config neighbours = neighbours_of(cfg);
    (void)prepared;
    return rb_item_lists_fit(self, view, &neighbours, ctx, err);
}

const rb_recommender rb_rp3beta = {
    .name = "rp3beta",
    .summary = "random walks of three steps, popular items held down",
    .reference = "Paudel, Christoffel, Newell, Bernstein 2017, doi:10.1145/2955101",
    .config_size = sizeof(config),
    .params = params,
    .cost = cost,
    .fit = fit,
    RB_ITEM_LISTS_MODEL,
};
