/*
 * Item mean with damping.
 *
 *     r_ui = (sum_{v in U(i)} r_vi + d mu) / (|U(i)| + d)
 *
 * An item nobody rated has the global mean mu.
 * Funk (2006), https://sifter.org/simon/journal/20061211.html
 * Time O(nnz / (P T)), memory 8 n_items bytes a node. Bits: the same for any ranks and threads.
 */
#include "recommend/core/sums.h"
#include "recommend/recommend.h"

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    (void)cfg;
    return (rb_cost){ .bytes_per_node = (double)sizeof(double) * (double)shape->n_items, .flops = (double)shape->nnz };
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    const rb_means_config *c = cfg;
    (void)prepared;
    return rb_means_fit(self, view->ratings, rb_side_items(view->ratings), c->damping, ctx, err);
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const rb_means *m = self;
    (void)users;
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = item_begin; i < item_end; i++)
            ((double *)tile->data)[u * tile->ld + i - item_begin] = m->row[i];
}

static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const rb_means *m = self;
    for (int64_t p = 0; p < pairs->n; p++)
        out[p] = m->row[pairs->item[p]];
}

/* The mean of an item is the same for everybody. */
static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const rb_means *m = self;
    (void)items;
    (void)ratings;
    (void)n;
    (void)cfg;
    for (int32_t i = 0; i < m->n; i++)
        scores[i] = m->row[i];
    return err->status;
}

const rb_recommender rb_item_mean = {
    .name = "item_mean",
    .summary = "mean rating of the item, damped towards the global mean",
    .reference = "Funk 2006",
    .needs = RB_NEEDS_RATINGS,
    .can = RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_COLD_USER,
    .config_size = sizeof(rb_means_config),
    .state_size = sizeof(rb_means),
    .params = rb_means_params,
    .cost = cost,
    .fit = fit,
    .score = score,
    .predict = predict,
    .fold_in = fold_in,
    .arrays = rb_means_arrays,
    .fini = rb_means_fini,
};
