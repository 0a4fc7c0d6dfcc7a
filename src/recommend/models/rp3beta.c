/*
 * RP3beta: random walks of three steps from the user, with popular items held down.
 *
 *     s_ui = sum_{j in I(u)} w_ji,  w_ji = sum_{v in U(i) and U(j)} (1 / |U(j)| 1 / |I(v)|)^alpha / |U(i)|^beta
 *
 * over the k items i of largest w_ji. Paudel, Christoffel, Newell, Bernstein (2017), doi:10.1145/2955101; the first
 * step, from the user to an item, is the same for all of the user's items. Interactions are the training ones that
 * reach `relevance`. Trials of one alpha share the sums over v, from which the lists of up to MOST_BETAS betas are
 * taken. Time O(sum_u |I(u)|^2), memory 24 k n_items bytes a node while fitting, 12 there and 12 among its ranks for
 * each further beta that is shared. Bits: the same for any ranks and threads.
 */
#include <math.h>

#include "recommend/core/item_lists.h"
#include "recommend/recommend.h"

#define MOST_BETAS 4

typedef struct {
    int64_t k;
    double alpha, beta;
} config;

static const rb_param params[] = {
    RB_INT(config, k, 100, 1, 1000000000, "items", "most items that a step from an item can reach"),
    RB_DOUBLE(config, alpha, 1.0, 0.0, 10.0, "", "exponent of the probabilities of a step", .flags = RB_PARAM_PREPARES),
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
    const double n = (double)shape->n_items, lists = 12 * n * fmin((double)neighbours.k, n) * (MOST_BETAS - 1);
    rb_cost cost = rb_knn_cost(&neighbours, shape, false);
    cost.bytes_per_rank += lists / shape->n_ranks; /* of other betas, while they are sought */
    cost.bytes_per_node += lists;
    return cost;
}

/* ---- what trials of one alpha share ---- */

/* Lists of the nearest by each beta, with the longest k. */
typedef struct {
    double beta[MOST_BETAS];
    rb_knn_lists lists[MOST_BETAS];
    int n;
} shared;

static int place_of(const shared *s, double beta)
{
    int b = 0;
    while (b < s->n && s->beta[b] != beta)
        b++;
    return b;
}

static void unprepare(void *prepared)
{
    shared *s = prepared;
    for (int b = 0; s && b < s->n; b++)
        rb_knn_fini(&s->lists[b]);
    rb_free(s);
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n, rb_ctx *ctx,
                         rb_error *err)
{
    const rb_knn_rows rows = rb_knn_items(view->positives);
    rb_knn_config each[MOST_BETAS];
    int64_t longest = 0;
    shared *s = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&s, 1, err));
    for (int c = 0; c < n; c++) {
        const config *one = configs[c];
        const int b = place_of(s, one->beta);
        if (b == s->n && b < MOST_BETAS) {
            each[b] = neighbours_of(one);
            s->beta[s->n++] = one->beta;
        }
        longest = one->k > longest ? one->k : longest;
    }
    each[0].k = longest;
    RB_TRY(rb_knn_find_each(s->lists, &rows, each, s->n, ctx, err));
done:
    if (err->status == RB_OK)
        *prepared = s;
    else
        unprepare(s);
    return err->status;
}

/* One of more betas than are kept searches for itself. */
static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    const shared *s = prepared;
    const rb_knn_config neighbours = neighbours_of(cfg);
    const int b = place_of(s, neighbours.beta);
    rb_item_lists *m = self;
    if (b == s->n)
        return rb_item_lists_fit(m, view, &neighbours, ctx, err);
    RB_TRY(rb_knn_first(&m->targets, &s->lists[b], NULL, neighbours.k, ctx, err));
    RB_TRY(rb_history_keep(&m->history, view->positives, NULL, false, ctx, err));
done:
    return err->status;
}

const rb_recommender rb_rp3beta = {
    .name = "rp3beta",
    .summary = "random walks of three steps, popular items held down",
    .reference = "Paudel, Christoffel, Newell, Bernstein 2017, doi:10.1145/2955101",
    .config_size = sizeof(config),
    .params = params,
    .cost = cost,
    .prepare = prepare,
    .unprepare = unprepare,
    .fit = fit,
    RB_ITEM_LISTS_MODEL,
};
