/*
 * Co-occurrence: an item is scored by how many users have it together with each of the user's items.
 *
 *     s_ui = sum_{j in I(u)} |U(i) and U(j)|, over the k items that occur with j most often
 *
 * The oldest item-to-item recommender: Linden, Smith, York (2003), doi:10.1109/MIC.2003.1167344, without its
 * normalisation (item_knn has that). Interactions are the training ones that reach `relevance`. Time O(sum_u |I(u)|^2),
 * memory 12 bytes a pair kept. Bits: whole numbers.
 */
#include "recommend/core/item_lists.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t k;
} config;

static const rb_param params[] = {
    RB_INT(config, k, 1000000000, 1, 1000000000, "items", "most items kept for an item, those it occurs with most"),
    RB_PARAM_END,
};

static rb_knn_config neighbours_of(const config *c)
{
    return (rb_knn_config){ .k = c->k, .similarity = RB_KNN_DOT, .weighting = RB_KNN_EQUAL };
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

const rb_recommender rb_co_occurrence = {
    .name = "co_occurrence",
    .summary = "items that occur together with the user's items",
    .reference = "Linden, Smith, York 2003, doi:10.1109/MIC.2003.1167344",
    .config_size = sizeof(config),
    .params = params,
    .cost = cost,
    .fit = fit,
    RB_ITEM_LISTS_MODEL,
};
