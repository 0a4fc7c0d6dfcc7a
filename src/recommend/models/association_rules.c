/*
 * Association rules of size two: an item is scored by how many training sessions hold it beside the session's last one.
 *
 *     s_j(i) = number of training sessions that hold both i and j
 *
 * for the last item i of the session, over the k items j of largest count. Agrawal, Imielinski, Swami (1993),
 * doi:10.1145/170035.170072; as in Ludewig, Jannach (2018), doi:10.1007/s11257-018-9209-6 (AR), but that an item which
 * a session repeats counts once. Time O(sum of squared session lengths / (P T)), memory 12 bytes a rule a node. Bits:
 * whole numbers. Stored: rules_begin, rules_item, rules_weight.
 */
#include "recommend/core/item_rules.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t k;
} config;

static const rb_param params[] = {
    RB_INT(config, k, 20, 1, 1000000000, "items", "most consequents kept for an item"),
    RB_PARAM_END,
};

static rb_rules_config rules_of(const config *c)
{
    return (rb_rules_config){ .beside = true, .k = c->k };
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const rb_rules_config rules = rules_of(cfg);
    return rb_item_rules_cost(&rules, shape);
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    const rb_rules_config rules = rules_of(cfg);
    (void)prepared;
    return rb_item_rules_fit(self, &rules, view, ctx, err);
}

const rb_recommender rb_association_rules = {
    .name = "association_rules",
    .summary = "items that occur in a session with its last item",
    .reference = "Agrawal, Imielinski, Swami 1993, doi:10.1145/170035.170072",
    .config_size = sizeof(config),
    .params = params,
    .cost = cost,
    .fit = fit,
    RB_ITEM_RULES_MODEL,
};
