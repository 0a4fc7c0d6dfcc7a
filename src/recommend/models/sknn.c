/*
 * Session-based k-NN: items of the training sessions that are most like the session of the present.
 *
 *     s_j(c) = sum over the k nearest sessions n that hold j of sim(c, n)
 *     sim = |c and n| / sqrt(|c| |n|) (cosine), / |c or n| (jaccard), 2 |c and n| / (|c| + |n|) (dice)
 *
 * with sessions as sets of items; neighbours are sought among the `sample` most recent sessions that share an item with
 * c, ties in similarity go to the more recent one. Jannach, Ludewig (2017), doi:10.1145/3109859.3109872; Ludewig,
 * Jannach (2018), doi:10.1007/s11257-018-9209-6. A prediction takes O(sample log |c| + items of k sessions). Bits: the
 * same for any ranks and threads. Stored: session_begin, session_item, item_begin, item_session (the most recent
 * session is 0).
 */
#include <math.h>

#include "recommend/core/session_index.h"
#include "recommend/recommend.h"

enum { COSINE, JACCARD, DICE };

typedef struct {
    int64_t k, sample;
    int similarity;
} config;

static const rb_param params[] = {
    RB_SESSION_NEIGHBOURS_PARAMS(config),
    RB_CHOICE(config, similarity, COSINE, "cosine|jaccard|dice", "of sessions as sets of items"),
    RB_PARAM_END,
};

static double similarity_of(double shared, int64_t size, int64_t other, const void *cfg)
{
    switch (((const config *)cfg)->similarity) {
    case JACCARD:
        return shared / ((double)(size + other) - shared);
    case DICE:
        return 2 * shared / (double)(size + other);
    default:
        return sqrt(shared * shared / ((double)size * (double)other)); /* equal ones have equal bits: ties are ties */
    }
}

static int64_t next_scratch(const void *self, const void *cfg)
{
    return rb_session_query_bytes(self, ((const config *)cfg)->k);
}

static void next(rb_next *out, const void *self, const int32_t *items, int64_t n, const void *cfg)
{
    const rb_session_index *x = self;
    const config *c = cfg;
    rb_session_query q;
    rb_session_query_begin(&q, out->scratch, x, items, n);
    for (int64_t d = 0; d < q.n_distinct; d++)
        q.weight[d] = 1;
    int32_t n_near = rb_session_neighbours(&q, x, c->sample, c->k, similarity_of, c);
    for (int32_t s = 0; s < n_near; s++)
        for (int64_t e = x->session_begin[q.entry[s].item]; e < x->session_begin[q.entry[s].item + 1]; e++)
            rb_next_add(out, x->session_item[e], q.entry[s].score);
    rb_session_query_end(&q);
}

const rb_recommender rb_sknn = {
    .name = "sknn",
    .summary = "items of the most similar recent sessions",
    .reference = "Jannach, Ludewig 2017, doi:10.1145/3109859.3109872",
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
