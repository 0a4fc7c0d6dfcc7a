/*
 * Popularity: the score of an item is the number of users who have it among their training positives.
 *
 *     s_ui = |U(i)|
 *
 * The floor of every comparison of rankings: Cremonesi, Koren, Turrin (2010), doi:10.1145/1864708.1864721 (TopPop).
 * Time O(n_items), memory 8 n_items bytes a rank. Bits: exact counts.
 */
#include "base/alloc.h"
#include "recommend/recommend.h"

typedef struct {
    double *count; /* [n_items] */
    int64_t n_items;
} state;

static const rb_param params[] = { RB_PARAM_END };

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    (void)cfg;
    return (rb_cost){ .bytes_per_rank = (double)sizeof(double) * (double)shape->n_items,
                      .flops = (double)shape->n_items };
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const rb_ratings *train = view->positives;
    (void)prepared;
    (void)cfg;
    m->n_items = train->n_items;
    RB_TRY_ALL(ctx, rb_alloc(&m->count, m->n_items, err));
    for (int64_t i = 0; i < m->n_items; i++)
        m->count[i] = (double)(train->item_begin[i + 1] - train->item_begin[i]);
done:
    return err->status;
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    (void)users;
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = item_begin; i < item_end; i++)
            ((double *)tile->data)[u * tile->ld + i - item_begin] = m->count[i];
}

/* What is popular is the same for everybody. */
static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    (void)items;
    (void)ratings;
    (void)n;
    (void)cfg;
    for (int64_t i = 0; i < m->n_items; i++)
        scores[i] = m->count[i];
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    void *data = m->count;
    int64_t n_cols = 1;
    v->array(v, "count", RB_FLOAT64, &data, &m->n_items, &n_cols, NULL);
    m->count = data;
}

static void fini(void *self)
{
    rb_free(((state *)self)->count);
    *(state *)self = (state){ 0 };
}

const rb_recommender rb_popularity = {
    .name = "popularity",
    .summary = "number of users who have the item",
    .reference = "Cremonesi, Koren, Turrin 2010, doi:10.1145/1864708.1864721",
    .needs = RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER,
    .config_size = 0,
    .state_size = sizeof(state),
    .params = params,
    .cost = cost,
    .fit = fit,
    .score = score,
    .fold_in = fold_in,
    .arrays = arrays,
    .fini = fini,
};
