/*
 * Embarrassingly shallow autoencoder: item weights in closed form.
 *
 *     G = X'X,  P = (G + regularization I)^-1,  B_ij = -P_ij / P_jj, B_jj = 0;  s_ui = sum_{j in I(u)} B_ji
 *
 * X: the training interactions that reach `relevance`, as ones. Steck (2019), doi:10.1145/3308558.3313710, equation 8.
 * Time O(sum_u |I(u)|^2 + n_items^3), n_items^3 flops in the inverse; memory n_items^2 numbers a node. G is counted in
 * whole numbers, exact in single precision below 2^24. Bits: the same for any ranks and threads.
 */
#include <string.h>

#include "base/alloc.h"
#include "linalg/spd_inverse.h"
#include "recommend/core/factor.h"
#include "recommend/core/history.h"
#include "recommend/core/item_gram.h"
#include "recommend/recommend.h"

typedef struct {
    double regularization;
    int precision;
} config;

typedef struct {
    void *weight; /* [n x n] float or double: B, row j is what item j adds to the scores */
    int64_t n;
    int32_t precision;
    rb_shared memory;
    rb_history history;
} state;

static const rb_param params[] = {
    RB_DOUBLE(config, regularization, 250.0, 0.0, 1e12, "", "lambda, added to the diagonal of the item Gram matrix"),
    RB_CHOICE(config, precision, RB_DOUBLE_PRECISION, RB_PRECISIONS, "of the matrix and its inverse"),
    RB_PARAM_END,
};

static int64_t element_size(int32_t precision)
{
    return precision == RB_SINGLE ? (int64_t)sizeof(float) : (int64_t)sizeof(double);
}

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (c->precision == RB_SINGLE && shape && shape->n_users > 1 << 24) /* what single precision counts to */
        return RB_FAIL(err, RB_BAD_INPUT, "'precision' is single with %lld users, expected double above %d",
                       (long long)shape->n_users, 1 << 24);
    return RB_OK;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double n = (double)shape->n_items, mean = (double)shape->n_positives / (double)(shape->n_users + 1);
    size_t size = (size_t)element_size(c->precision);
    return (rb_cost){ .bytes_per_rank = rb_spd_inverse_rank_bytes(shape->n_items, shape->n_threads, size),
                      .bytes_per_node = n * n * (double)size + rb_spd_inverse_node_bytes(shape->n_items, size) +
                                        rb_history_bytes(shape->n_users, shape->n_positives, false),
                      .flops = n * n * n + (double)shape->n_positives * mean };
}

/* Each node for itself. */
static void add_to_diagonal(state *m, double regularization, const rb_ctx *ctx)
{
    for (int64_t i = ctx->node_rank; i < m->n; i += ctx->n_node_ranks)
        if (m->precision == RB_SINGLE)
            ((float *)m->weight)[i * (m->n + 1)] += (float)regularization;
        else
            ((double *)m->weight)[i * (m->n + 1)] += regularization;
    rb_shared_sync(&m->memory, ctx);
}

/* P becomes B, each node for itself. */
#define TO_WEIGHTS(type)                                                                                             \
    static void to_weights_##type(type *p, const type *diagonal, int64_t n, const rb_ctx *ctx)                       \
    {                                                                                                                \
        _Pragma("omp parallel for num_threads(ctx->n_threads) schedule(static)") for (int64_t i = ctx->node_rank;    \
                                                                                      i < n; i += ctx->n_node_ranks) \
        {                                                                                                            \
            for (int64_t j = 0; j < n; j++)                                                                          \
                p[i * n + j] /= -diagonal[j];                                                                        \
            p[i * n + i] = 0;                                                                                        \
        }                                                                                                            \
    }
TO_WEIGHTS(float)
TO_WEIGHTS(double)

static rb_status divide_by_diagonal(state *m, const rb_ctx *ctx, rb_error *err)
{
    int64_t size = element_size(m->precision);
    char *diagonal = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&diagonal, m->n * size, err));
    for (int64_t i = 0; i < m->n; i++)
        memcpy(diagonal + i * size, (char *)m->weight + i * (m->n + 1) * size, (size_t)size);
    rb_barrier(ctx); /* all have read before anybody writes */
    if (m->precision == RB_SINGLE)
        to_weights_float(m->weight, (float *)diagonal, m->n, ctx);
    else
        to_weights_double(m->weight, (double *)diagonal, m->n, ctx);
    rb_shared_sync(&m->memory, ctx);
done:
    rb_free(diagonal);
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    const rb_ratings *train = view->positives;
    (void)prepared;

    m->n = train->n_items;
    m->precision = c->precision;
    RB_TRY(rb_shared_alloc(&m->memory, m->n * m->n * element_size(m->precision), ctx, err));
    m->weight = m->memory.data;
    RB_TRY(rb_item_gram(&m->memory, (rb_precision)m->precision, train, ctx, err));
    add_to_diagonal(m, c->regularization, ctx);
    rb_status status = m->precision == RB_SINGLE ? rb_spd_inverse_f32(&m->memory, m->n, ctx, err)
                                                 : rb_spd_inverse_f64(&m->memory, m->n, ctx, err);
    if (status == RB_NOT_FINITE)
        rb_error_prefix(err, "the item Gram matrix with 'regularization' %g", c->regularization);
    RB_TRY(status);
    RB_TRY(divide_by_diagonal(m, ctx, err));
    RB_TRY(rb_history_keep(&m->history, train, NULL, false, ctx, err));
done:
    return err->status;
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    (void)prepared, (void)cfg;
    return rb_history_keep(&m->history, view->positives, view->revealed_positives, false, ctx, err);
}

static rb_precision precision(const void *cfg)
{
    return (rb_precision)((const config *)cfg)->precision;
}

/* out[0 .. end - begin) = sum over the items of their rows of B. */
#define ADD_ROWS(type)                                                                                                 \
    static void add_rows_##type(type *restrict out, const state *m, const int32_t *item, int64_t n_own, int64_t begin, \
                                int64_t end)                                                                           \
    {                                                                                                                  \
        memset(out, 0, (size_t)(end - begin) * sizeof *out);                                                           \
        for (int64_t e = 0; e < n_own; e++) {                                                                          \
            const type *row = (const type *)m->weight + item[e] * m->n + begin;                                        \
            for (int64_t i = 0; i < end - begin; i++)                                                                  \
                out[i] += row[i];                                                                                      \
        }                                                                                                              \
    }
ADD_ROWS(float)
ADD_ROWS(double)

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    for (int64_t u = 0; u < n_users; u++) {
        const int64_t *begin = m->history.begin + users[u];
        const int32_t *item = m->history.item + begin[0];
        if (m->precision == RB_SINGLE)
            add_rows_float((float *)tile->data + u * tile->ld, m, item, begin[1] - begin[0], item_begin, item_end);
        else
            add_rows_double((double *)tile->data + u * tile->ld, m, item, begin[1] - begin[0], item_begin, item_end);
    }
}

static double weight_at(const void *self, int64_t from, int64_t to)
{
    const state *m = self;
    int64_t at = from * m->n + to;
    return m->precision == RB_SINGLE ? (double)((const float *)m->weight)[at] : ((const double *)m->weight)[at];
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    (void)ratings;
    (void)cfg;
    memset(scores, 0, (size_t)m->n * sizeof *scores);
    for (int64_t e = 0; e < n; e++)
        for (int64_t i = 0; i < m->n; i++)
            scores[i] += weight_at(m, items[e], i);
    return err->status;
}

/* The user's items by what each adds to the score. */
static int explain(int32_t *items, double *weights, int n, const void *self, int32_t user, int32_t item)
{
    const state *m = self;
    return rb_history_contributions(items, weights, n, &m->history, user, weight_at, m, item);
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    v->scalar(v, "precision", RB_INT32, &m->precision);
    v->array(v, "item_weights", m->precision == RB_SINGLE ? RB_FLOAT32 : RB_FLOAT64, &m->weight, &m->n, &m->n,
             &m->memory);
    rb_history_visit(&m->history, false, v);
}

static void fini(void *self)
{
    state *m = self;
    rb_shared_fini(&m->memory);
    rb_history_fini(&m->history);
    *m = (state){ 0 };
}

const rb_recommender rb_ease = {
    .name = "ease",
    .summary = "linear item weights in closed form (EASE^R)",
    .reference = "Steck 2019, doi:10.1145/3308558.3313710",
    .needs = RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .fit = fit,
    .reveal = reveal,
    .precision = precision,
    .score = score,
    .fold_in = fold_in,
    .explain = explain,
    .arrays = arrays,
    .fini = fini,
};
