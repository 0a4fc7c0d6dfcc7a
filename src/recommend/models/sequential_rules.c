/*
 * Sequential rules: an item is scored by how often, and how soon, it came behind the last item of the session.
 *
 *     s_j(i) = sum over training events of i and of j behind it in the same session, d steps, d <= steps, of w(d)
 *
 * for the last item i of the session, over the k items j of largest sum. Kamehkhosh, Jannach, Ludewig (2017),
 * http://ceur-ws.org/Vol-1922/paper10.pdf; Ludewig, Jannach (2018), doi:10.1007/s11257-018-9209-6 (SR), weights as
 * there but `linear`, which is cut at 0. An item without rules lists nothing. Time O(n_events steps / (P T)), memory
 * 12 bytes a rule a node. Bits: the same for any ranks and threads. Stored: rules_begin, rules_item, rules_weight.
 */
#include "recommend/core/item_rules.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t steps, k;
    int weighting;
} config;

static const rb_param params[] = {
    RB_INT(config, steps, 10, 1, 1000000000, "events", "how far behind an item its consequents are sought"),
    RB_CHOICE(config, weighting, RB_STEP_DIV, RB_STEP_WEIGHTS, "weight of a distance d: 1, 1 - d/10, 1/d, log, 1/d^2"),
    RB_INT(config, k, 20, 1, 1000000000, "items", "most consequents kept for an item"),
    RB_PARAM_END,
};

static rb_rules_config rules_of(const config *c)
{
    return (rb_rules_config){ .steps = c->steps, .weight = (rb_step_weight)c->weighting, .k = c->k };
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

const rb_recommender rb_sequential_rules = {
    .name = "sequential_rules",
    .summary = "items that came soon behind the session's last item",
    .reference = "Kamehkhosh, Jannach, Ludewig 2017; Ludewig, Jannach 2018, doi:10.1007/s11257-018-9209-6",
    .config_size = sizeof(config),
    .params = params,
    .cost = cost,
    .fit = fit,
    RB_ITEM_RULES_MODEL,
};
