/*
 * Vector multiplication session-based k-NN: S-KNN in which later items of the session count more.
 *
 *     sim(c, n) = sum over i in c and n of w(place of i) / |c|
 *     s_j(c) = sum over the k nearest sessions n that hold j of sim(c, n) v(steps back to the last item shared) (1 +
 *              idf idf_j),  idf_j = ln(sessions / sessions that hold j)
 *
 * w for the place p of L events (an item that comes twice has its later place): same 1, linear max(0, 1 - (L - p) /
 * 10), div p / L, log 1 / log10(L - p + 1.7), quadratic (p / L)^2. v for d steps back, 1 for the session's last item:
 * as the rules' weights of distances. Neighbours are sought as in sknn. Ludewig, Jannach (2018),
 * doi:10.1007/s11257-018-9209-6 (V-SKNN), with the weights of their session-rec; there idf counts events, and `linear`
 * goes below 0. Bits: the same for any ranks and threads. Stored: session_begin, session_item, item_begin,
 * item_session (the most recent session is 0).
 */
#include <math.h>

#include "recommend/core/item_rules.h"
#include "recommend/core/session_index.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t k, sample;
    int weighting, weighting_score;
    double idf;
} config;

static const rb_param params[] = {
    RB_SESSION_NEIGHBOURS_PARAMS(config),
    RB_CHOICE(config, weighting, RB_STEP_QUADRATIC, RB_STEP_WEIGHTS, "of the places of the session's items"),
    RB_CHOICE(config, weighting_score, RB_STEP_QUADRATIC, RB_STEP_WEIGHTS,
              "of the steps back to the last item that a neighbour shares"),
    RB_DOUBLE(config, idf, 5.0, 0.0, 1e6, "", "weight of the inverse document frequency; 0: none"),
    RB_PARAM_END,
};

/* w(p) of L events. */
static double weight_of_place(rb_step_weight weight, int64_t place, int64_t n)
{
    double share = (double)place / (double)n, back = (double)(n - place);
    switch (weight) {
    case RB_STEP_LINEAR:
        return back < 10 ? 1 - back / 10 : 0;
    case RB_STEP_DIV:
        return share;
    case RB_STEP_LOG:
        return 1 / log10(back + 1.7);
    case RB_STEP_QUADRATIC:
        return share * share;
    case RB_STEP_SAME:
        break;
    }
    return 1;
}

static double similarity_of(double shared, int64_t size, int64_t other, const void *cfg)
{
    (void)other;
    (void)cfg;
    return shared / (double)size;
}

static int64_t next_scratch(const void *self, const void *cfg)
{
    return rb_session_query_bytes(self, ((const config *)cfg)->k);
}

/* What a neighbour gives to each of its items. */
static double worth_of(const rb_session_query *q, const rb_session_index *x, const rb_topk_entry *near, const config *c)
{
    int32_t latest = 0;
    for (int64_t e = x->session_begin[near->item]; e < x->session_begin[near->item + 1]; e++) {
        int32_t place = q->place[x->session_item[e]];
        latest = place > latest ? place : latest;
    }
    return near->score * rb_step_weight_of((rb_step_weight)c->weighting_score, q->n - latest + 1);
}

static void next(rb_next *out, const void *self, const int32_t *items, int64_t n, const void *cfg)
{
    const rb_session_index *x = self;
    const config *c = cfg;
    rb_session_query q;
    rb_session_query_begin(&q, out->scratch, x, items, n);
    for (int64_t d = 0; d < q.n_distinct; d++)
        q.weight[d] = weight_of_place((rb_step_weight)c->weighting, q.place[q.item[d]], n);
    int32_t n_near = rb_session_neighbours(&q, x, c->sample, c->k, similarity_of, c);
    for (int32_t s = 0; s < n_near; s++) {
        double worth = worth_of(&q, x, &q.entry[s], c);
        for (int64_t e = x->session_begin[q.entry[s].item]; worth > 0 && e < x->session_begin[q.entry[s].item + 1]; e++)
            rb_next_add(out, x->session_item[e], worth);
    }
    for (int64_t k = 0; c->idf > 0 && k < out->n; k++) {
        int32_t item = out->item[k];
        double holding = (double)(x->item_begin[item + 1] - x->item_begin[item]);
        out->score[item] *= 1 + c->idf * log((double)x->n_sessions / holding);
    }
    rb_session_query_end(&q);
}

const rb_recommender rb_vsknn = {
    .name = "vsknn",
    .summary = "items of the most similar recent sessions, later items counting more",
    .reference = "Ludewig, Jannach 2018, doi:10.1007/s11257-018-9209-6",
    .needs = RB_NEEDS_SESSIONS | RB_NEEDS_RATINGS,
    .can = RB_CAN_NEXT,
    .config_size = sizeof(config),
    .state_size = sizeof(rb_session_index),
    .params = params,
    .cost = rb_session_index_cost,
    .fit = rb_session_index_fit,
    .next = next,
    .next_scratch = next_scratch,
    .arrays = rb_session_index_arrays,
    .fini = rb_session_index_fini,
};
