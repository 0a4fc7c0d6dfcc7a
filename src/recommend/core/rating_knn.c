#include "recommend/core/rating_knn.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/topk.h"
#include "recommend/core/side.h"
#include "recommend/core/sums.h"

const rb_param rb_rating_knn_params[] = {
    RB_INT(rb_rating_knn_config, k, 40, 1, RB_RATING_MOST_K, "neighbours", "most neighbours of a prediction"),
    RB_INT(rb_rating_knn_config, min_k, 1, 1, RB_RATING_MOST_K, "neighbours",
           "fewest; with fewer the prediction is that without neighbours"),
    RB_CHOICE(rb_rating_knn_config, centring, RB_CENTRE_NONE, "none|mean|z_score|baseline",
              "what is taken off the ratings of the neighbours and added to their mean"),
    RB_CHOICE(rb_rating_knn_config, similarity, RB_RATING_MSD, "msd|cosine|pearson|pearson_baseline",
              "of two rows, over the columns that both have", .flags = RB_PARAM_PREPARES),
    RB_INT(rb_rating_knn_config, min_support, 1, 1, 1000000000, "ratings", "fewest columns that similar rows share",
           .flags = RB_PARAM_PREPARES),
    RB_DOUBLE(rb_rating_knn_config, shrinkage, 100.0, 0.0, 1e9, "ratings",
              "pulls similarities of few shared columns to 0, pearson_baseline only", .flags = RB_PARAM_PREPARES),
    RB_INT(rb_rating_knn_config, candidates, 0, 0, 1000000000, "neighbours",
           "most similar rows kept of each row, which bounds memory; 0: all, as Surprise does",
           .flags = RB_PARAM_PREPARES),
    RB_DOUBLE(rb_rating_knn_config, reg_user, 15.0, 0.0, 1e9, "ratings", "weight of a user bias of zero",
              .flags = RB_PARAM_PREPARES),
    RB_DOUBLE(rb_rating_knn_config, reg_item, 10.0, 0.0, 1e9, "ratings", "weight of an item bias of zero",
              .flags = RB_PARAM_PREPARES),
    RB_INT(rb_rating_knn_config, bias_iterations, 10, 1, 10000, "", "alternations of the biases of items and users",
           .flags = RB_PARAM_PREPARES),
    RB_PARAM_END,
};

rb_status rb_rating_knn_check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const rb_rating_knn_config *c = cfg;
    (void)shape;
    if (c->min_k > c->k)
        return RB_FAIL(err, RB_BAD_INPUT, "'min_k' is %lld, expected at most k, %lld", (long long)c->min_k,
                       (long long)c->k);
    if (c->candidates > 0 && c->candidates < c->k)
        return RB_FAIL(err, RB_BAD_INPUT, "'candidates' is %lld, expected 0 or at least k, %lld",
                       (long long)c->candidates, (long long)c->k);
    return RB_OK;
}

static bool uses_biases(const rb_rating_knn_config *c)
{
    return c->similarity == RB_RATING_PEARSON_BASELINE || c->centring == RB_CENTRE_BASELINE;
}

/* Rows share columns unevenly: 4 times as many pairs as if they did not. */
rb_cost rb_rating_knn_cost(const rb_rating_knn_config *config, const rb_shape *shape, bool by_user)
{
    double nnz = (double)shape->nnz, n_rows = (double)(by_user ? shape->n_users : shape->n_items);
    double n_cols = (double)(by_user ? shape->n_items : shape->n_users);
    double near = fmin(n_rows, 4 * nnz / (n_rows + 1) * nnz / (n_cols + 1));
    if (config->candidates > 0)
        near = fmin(near, (double)config->candidates);
    double lists = 12 * n_rows * near;
    return (rb_cost){ .bytes_per_rank = lists / shape->n_ranks + 24 * n_rows + 78 * n_rows * shape->n_threads,
                      .bytes_per_node = 2 * (lists + 8 * n_rows) + rb_history_bytes((int64_t)n_cols, shape->nnz, true) +
                                        24 * n_rows + 8 * n_cols + 64,
                      .flops = 24 * nnz * nnz / (n_cols + 1) };
}

/* ---- preparing: the similarities ---- */

/* by_user decides which side the rows are; without biases where `bias` is NULL. */
static rb_rating_rows rows_of(const rb_side *side, const rb_side *others, const rb_biases *bias, bool by_user)
{
    rb_rating_rows rows = { .n_rows = side->blocks->n,
                            .n_cols = others->blocks->n,
                            .row_begin = side->begin,
                            .col_begin = others->begin,
                            .row_col = side->col,
                            .col_row = others->col,
                            .row_rating = side->rating,
                            .col_rating = others->rating };
    if (bias) {
        rows.mean = bias->mean;
        rows.row_bias = by_user ? bias->user : bias->item;
        rows.col_bias = by_user ? bias->item : bias->user;
    }
    return rows;
}

static rb_bias_config bias_config(const rb_rating_knn_config *c)
{
    return (rb_bias_config){ .reg_user = c->reg_user, .reg_item = c->reg_item, .iterations = c->bias_iterations };
}

rb_status rb_rating_knn_prepare(void **prepared, const rb_train_view *view, const rb_rating_knn_config *config,
                                bool by_user, const rb_ctx *ctx, rb_error *err)
{
    const rb_side users = rb_side_users(view->ratings), items = rb_side_items(view->ratings);
    const rb_bias_config how = bias_config(config);
    const bool centred = config->similarity == RB_RATING_PEARSON_BASELINE;
    rb_knn_lists *lists = NULL;
    rb_biases bias = { 0 };
    RB_TRY_ALL(ctx, rb_alloc(&lists, 1, err));
    if (centred)
        RB_TRY(rb_bias_fit(&bias, view->ratings, &how, ctx, err));
    const rb_rating_rows rows =
        rows_of(by_user ? &users : &items, by_user ? &items : &users, centred ? &bias : NULL, by_user);
    RB_TRY(rb_rating_find(lists, &rows, by_user ? users.blocks : items.blocks, config, ctx, err));
done:
    rb_bias_fini(&bias);
    if (err->status == RB_OK)
        *prepared = lists;
    else
        rb_knn_unprepare(lists);
    return err->status;
}

/* ---- fit ---- */

/* Population standard deviation around a mean. */
static double deviation(const float *rating, int64_t n, double mean)
{
    double sum = 0;
    for (int64_t e = 0; e < n; e++)
        sum += ((double)rating[e] - mean) * ((double)rating[e] - mean);
    return n > 0 ? sqrt(sum / (double)n) : 0;
}

static double mean_of(const float *rating, int64_t n)
{
    double sum = 0;
    for (int64_t e = 0; e < n; e++)
        sum += (double)rating[e];
    return sum / (double)n;
}

void rb_rating_centre_row(double *centre, double *spread, const rb_rating_knn *m, const float *rating, int64_t n,
                          double bias)
{
    *centre = 0;
    *spread = 1;
    if (m->centring == RB_CENTRE_BASELINE)
        *centre = m->mean + bias;
    if (m->centring == RB_CENTRE_MEAN || m->centring == RB_CENTRE_Z_SCORE)
        *centre = n > 0 ? mean_of(rating, n) : m->mean;
    if (m->centring == RB_CENTRE_Z_SCORE) {
        double own = deviation(rating, n, *centre);
        *spread = own > 0 ? own : m->mean_spread > 0 ? m->mean_spread : 1;
    }
}

static const double *row_biases(const rb_rating_knn *m)
{
    return m->by_user ? m->bias.user : m->bias.item;
}

/* The rows of this rank's blocks; those without ratings only where asked for. */
static rb_status centre_rows(rb_rating_knn *m, const rb_side *side, bool empty, const rb_ctx *ctx, rb_error *err)
{
    int64_t *range = NULL; /* [n_ranks + 1] first row of each rank */
    const double *bias = m->centring == RB_CENTRE_BASELINE ? row_biases(m) : NULL;
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    rb_blocks_offsets(range, side->blocks, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 256)
    for (int64_t x = range[ctx->rank]; x < range[ctx->rank + 1]; x++) {
        int64_t n = side->begin[x + 1] - side->begin[x];
        if (n > 0 || empty)
            rb_rating_centre_row(&m->centre[x], &m->spread[x], m, side->rating + side->begin[x], n, bias ? bias[x] : 0);
    }
    rb_shared_publish(&m->centre_memory, range, sizeof(double), ctx);
    rb_shared_publish(&m->spread_memory, range, sizeof(double), ctx);
done:
    rb_free(range);
    return err->status;
}

/* The whole of each list, behind one another: a state outlives what was prepared. */
static rb_status copy_lists(rb_knn_lists *out, const rb_knn_lists *lists, const rb_knn_lists *more, const rb_ctx *ctx,
                            rb_error *err)
{
    int64_t *range = NULL; /* [n_ranks + 1] first row of each rank */
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    RB_TRY(rb_knn_reserve(out, lists->n_rows, lists->n + (more ? more->n : 0), ctx, err));
    for (int r = 0; r <= ctx->n_ranks; r++)
        range[r] = lists->n_rows * r / ctx->n_ranks;
    for (int64_t x = range[ctx->rank]; x < range[ctx->rank + 1]; x++) {
        const rb_knn_lists *from = more && more->begin[x + 1] > more->begin[x] ? more : lists;
        const int64_t at = lists->begin[x] + (more ? more->begin[x] : 0), n = from->begin[x + 1] - from->begin[x];
        out->begin[x] = at;
        if (n == 0) /* then without arrays, maybe */
            continue;
        memcpy(out->id + at, from->id + from->begin[x], (size_t)n * sizeof *out->id);
        memcpy(out->weight + at, from->weight + from->begin[x], (size_t)n * sizeof *out->weight);
    }
    rb_knn_publish(out, range, ctx);
done:
    rb_free(range);
    return err->status;
}

rb_status rb_rating_knn_fit(rb_rating_knn *m, const rb_train_view *view, const void *prepared,
                            const rb_rating_knn_config *config, bool by_user, const rb_ctx *ctx, rb_error *err)
{
    const rb_ratings *train = view->ratings;
    const rb_side side = by_user ? rb_side_users(train) : rb_side_items(train);
    const rb_bias_config how = bias_config(config);
    m->k = config->k;
    m->min_k = config->min_k;
    m->centring = config->centring;
    m->by_user = by_user;
    m->n_x = m->n_x_spread = (int32_t)side.blocks->n;
    RB_TRY(rb_shared_alloc(&m->centre_memory, (int64_t)sizeof(double) * m->n_x, ctx, err));
    RB_TRY(rb_shared_alloc(&m->spread_memory, (int64_t)sizeof(double) * m->n_x, ctx, err));
    m->centre = m->centre_memory.data;
    m->spread = m->spread_memory.data;
    RB_TRY(rb_ratings_mean(&m->mean, train, ctx, err));
    m->mean_spread = deviation(train->user_rating, train->n, m->mean);
    if (uses_biases(config))
        RB_TRY(rb_bias_fit(&m->bias, train, &how, ctx, err));
    RB_TRY(centre_rows(m, &side, true, ctx, err));
    RB_TRY(copy_lists(&m->near, prepared, NULL, ctx, err));
    if (by_user)
        RB_TRY(rb_history_keep_items(&m->raters, train, true, ctx, err));
    else
        RB_TRY(rb_history_keep(&m->raters, train, NULL, true, ctx, err));
done:
    return err->status;
}

/* ---- users who are revealed ---- */

/* Their nearest among the users who were there before; nobody has a new user as a neighbour. */
static rb_status reveal_rows(rb_rating_knn *m, const rb_train_view *view, const void *prepared,
                             const rb_rating_knn_config *config, const rb_ctx *ctx, rb_error *err)
{
    const rb_side users = rb_side_users(view->revealed), items = rb_side_items(view->ratings);
    const bool centred = config->similarity == RB_RATING_PEARSON_BASELINE;
    const rb_rating_rows rows = rows_of(&users, &items, centred ? &m->bias : NULL, true);
    rb_knn_lists found = { 0 };
    rb_knn_fini(&m->near);
    RB_TRY(centre_rows(m, &users, false, ctx, err));
    RB_TRY(rb_rating_find(&found, &rows, users.blocks, config, ctx, err));
    RB_TRY(copy_lists(&m->near, prepared, &found, ctx, err));
done:
    rb_knn_fini(&found);
    return err->status;
}

rb_status rb_rating_knn_reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg,
                               rb_ctx *ctx, rb_error *err)
{
    rb_rating_knn *m = self;
    const rb_rating_knn_config *c = cfg;
    if (uses_biases(c))
        RB_TRY(rb_bias_reveal(&m->bias, view->revealed, c->reg_user, ctx, err));
    if (m->by_user) {
        RB_TRY(reveal_rows(m, view, prepared, c, ctx, err));
    } else {
        RB_TRY(rb_history_keep(&m->raters, view->ratings, view->revealed, true, ctx, err));
    }
done:
    return err->status;
}

/* ---- what is stored ---- */

void rb_rating_knn_arrays(void *self, rb_visitor *v)
{
    static const char *const names[] = { "near_begin", "near_row", "near_similarity" };
    rb_rating_knn *m = self;
    v->scalar(v, "k", RB_INT64, &m->k);
    v->scalar(v, "min_k", RB_INT64, &m->min_k);
    v->scalar(v, "centring", RB_INT32, &m->centring);
    v->scalar(v, "by_user", RB_INT32, &m->by_user);
    v->scalar(v, "mean", RB_FLOAT64, &m->mean);
    v->scalar(v, "mean_spread", RB_FLOAT64, &m->mean_spread);
    rb_visit_doubles(v, "centre", &m->centre, &m->n_x, &m->centre_memory);
    rb_visit_doubles(v, "spread", &m->spread, &m->n_x_spread, &m->spread_memory);
    rb_bias_arrays(&m->bias, v);
    rb_knn_visit(&m->near, names, v);
    rb_history_visit(&m->raters, true, v);
}

void rb_rating_knn_fini(void *self)
{
    rb_rating_knn *m = self;
    rb_knn_fini(&m->near);
    rb_history_fini(&m->raters);
    rb_bias_fini(&m->bias);
    rb_shared_fini(&m->centre_memory);
    rb_shared_fini(&m->spread_memory);
    m->centre = m->spread = NULL;
    m->n_x = m->n_x_spread = 0;
}
