/*
 * Markov chain of the first order: the probability of the next item given the last one, smoothed by popularity.
 *
 *     p(j | i) = (c_ij + a p_j) / (c_i + a),  p_j = share of j among the events of the training sessions
 *
 * c_ij counts j directly behind i, c_i all transitions from i; a is `smoothing`, the weight of popularity (Jelinek and
 * Mercer's idea in its Dirichlet form, MacKay, Peto 1995, doi:10.1017/S1351324900000218). With smoothing 0 only what
 * ever followed i is listed; else every item of the training sessions, so that an item which nothing followed falls
 * back on popularity. The chain: Shani, Heckerman, Brafman (2005), JMLR 6, 1265-1295; MC of Ludewig, Jannach (2018),
 * doi:10.1007/s11257-018-9209-6. Fit O(n_events / (P T)); a prediction O(items), without smoothing O(transitions of
 * i). Bits: the same for any ranks and threads. Stored: rules_begin, rules_item, rules_weight (counts), popularity.
 */
#include "base/alloc.h"
#include "recommend/core/item_rules.h"
#include "recommend/recommend.h"

typedef struct {
    double smoothing;
} config;

typedef struct {
    rb_item_rules transitions; /* counts */
    double *popularity;        /* [n_items] */
    int64_t n_items;
} state;

static const rb_param params[] = {
    RB_DOUBLE(config, smoothing, 1.0, 0.0, 1e9, "transitions", "weight of popularity"),
    RB_PARAM_END,
};

/* Every successor. */
static const rb_rules_config transitions = { .steps = 1, .k = INT32_MAX };

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    (void)cfg;
    rb_cost c = rb_item_rules_cost(&transitions, shape);
    c.bytes_per_rank += 8.0 * (double)shape->n_items;
    return c;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const rb_sessions *s = view->sessions;
    (void)prepared;
    (void)cfg;
    m->n_items = view->ratings->n_items;
    RB_TRY_ALL(ctx, rb_alloc(&m->popularity, m->n_items, err));
    for (int64_t e = 0; e < s->n_events; e++)
        m->popularity[s->item[e]] += 1;
    for (int64_t i = 0; i < m->n_items && s->n_events > 0; i++)
        m->popularity[i] /= (double)s->n_events;
    RB_TRY(rb_item_rules_fit(&m->transitions, &transitions, view, ctx, err));
done:
    return err->status;
}

static void next(rb_next *out, const void *self, const int32_t *items, int64_t n, const void *cfg)
{
    const state *m = self;
    const rb_knn_lists *rules = &m->transitions.rules;
    const double a = ((const config *)cfg)->smoothing;
    int32_t last = items[n - 1];
    double total = 0;
    for (int64_t e = rules->begin[last]; e < rules->begin[last + 1]; e++) {
        out->score[rules->id[e]] = rules->weight[e];
        total += rules->weight[e];
        if (a == 0)
            out->item[out->n++] = rules->id[e];
    }
    for (int32_t i = 0; a > 0 && i < m->n_items; i++) {
        if (m->popularity[i] == 0)
            continue;
        out->score[i] += a * m->popularity[i];
        out->item[out->n++] = i;
    }
    for (int64_t k = 0; k < out->n; k++)
        out->score[out->item[k]] /= total + a;
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    void *data = m->popularity;
    int64_t n_cols = 1;
    rb_item_rules_arrays(&m->transitions, v);
    v->array(v, "popularity", RB_FLOAT64, &data, &m->n_items, &n_cols, NULL);
    m->popularity = data;
}

static void fini(void *self)
{
    state *m = self;
    rb_item_rules_fini(&m->transitions);
    rb_free(m->popularity);
    *m = (state){ 0 };
}

const rb_recommender rb_markov = {
    .name = "markov",
    .summary = "first-order Markov chain over items, smoothed by popularity",
    .reference = "Shani, Heckerman, Brafman 2005, JMLR 6:1265; smoothing MacKay, Peto 1995, "
                 "doi:10.1017/S1351324900000218",
    .needs = RB_NEEDS_SESSIONS | RB_NEEDS_RATINGS,
    .can = RB_CAN_NEXT,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .cost = cost,
    .fit = fit,
    .next = next,
    .arrays = arrays,
    .fini = fini,
};
