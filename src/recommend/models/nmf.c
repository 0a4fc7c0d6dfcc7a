/*
 * Non-negative factors of ratings: r_ui = p_u . q_i with p, q >= 0, minimising
 *
 *     sum (r_ui - p_u . q_i)^2 + reg_user sum_u |I(u)| |p_u|^2 + reg_item sum_i |U(i)| |q_i|^2
 *
 * over the training ratings. One row of either side at a time, b the rows of the other side and n the ratings of the
 * row:
 *
 *     surprise        x_f *= sum r b_f / (sum (x . b) b_f + n reg x_f), users and items from the same values of before:
 *                     the steps of Surprise's NMF without biases, and from the same start the same model
 *     multiplicative  the same, but items see the users of this iteration; the objective never rises
 *     hals            x_f = max(0, sum (r - x . b + x_f b_f) b_f / (sum b_f^2 + n reg)), f after f, items after users
 *
 * `biased` (surprise alone, as Surprise has it) estimates mu + b_u + b_i + p_u . q_i in place of x . b. With the
 * factors of before the biases take one step of gradient descent for each rating, user by user as they are numbered,
 *
 *     b_u += lr (e - reg b_u),  b_i += lr (e - reg b_i),  e = r - estimate,
 *
 * one rating after the other on one thread of each node, and x sees the estimates that these steps met.
 *
 * Luo, Zhou, Xia, Zhu (2014), doi:10.1109/TII.2014.2308433; Lee, Seung (2001); Cichocki, Zdunek, Amari (2007),
 * doi:10.1007/978-3-540-74494-8_22. Ratings may not be negative. A user or item without training ratings has factors 0;
 * where the estimate is 0 the mean of the training ratings is predicted. A user who comes later gets `iterations`
 * multiplicative steps from 1, with the items as they stand. The objective of an iteration is the sum of the squared
 * errors that the users met. In double; time O(nnz k) an iteration, memory 2 (m + n) k numbers a node, and two a rating
 * where biased. Bits: the same
 * for any ranks and threads.
 */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "recommend/core/non_negative.h"
#include "recommend/core/sgd.h"
#include "recommend/core/side.h"
#include "recommend/recommend.h"

enum { SURPRISE, MULTIPLICATIVE, HALS };

typedef struct {
    int64_t factors, iterations;
    double regularization, regularization_user, regularization_item;
    int method;
    bool biased;
    double learning_rate_user_bias, learning_rate_item_bias, regularization_user_bias, regularization_item_bias;
    int init;
    double init_low, init_high;
    rb_array start, start_users;
} config;

typedef struct {
    rb_factor_model factor;
    rb_biases bias;  /* 0, the mean too, unless biased */
    double fallback; /* mean of the training ratings */

    /* while fitting */
    rb_factors next;    /* of users, method surprise */
    rb_shared square;   /* [n_users] squared errors that the users met */
    rb_shared estimate; /* [2 nnz] by users, then by items; biased only */
    int64_t *cursor;    /* [n_items] */
    double *scratch;    /* [n_threads x n_scratch] */
    int64_t n_scratch;
    int64_t *users, *items; /* [n_ranks + 1] first row of each rank */
} state;

static const rb_param params[] = {
    RB_INT(config, factors, 15, 1, 4096, "", "latent factors"),
    RB_INT(config, iterations, 50, 1, 10000, "", "steps of all users and items"),
    RB_DOUBLE(config, regularization, 0.06, 0.0, 1e6, "", "times the number of ratings of the row"),
    RB_DOUBLE(config, regularization_user, -1.0, -1.0, 1e6, "", "of user factors; -1: regularization"),
    RB_DOUBLE(config, regularization_item, -1.0, -1.0, 1e6, "", "of item factors; -1: regularization"),
    RB_CHOICE(config, method, SURPRISE, "surprise|multiplicative|hals", "how a row is updated"),
    RB_BOOL(config, biased, false, "with the mean and biases, method: surprise only"),
    RB_DOUBLE(config, learning_rate_user_bias, 0.005, 0.0, 1e3, "", "biased only"),
    RB_DOUBLE(config, learning_rate_item_bias, 0.005, 0.0, 1e3, "", "biased only"),
    RB_DOUBLE(config, regularization_user_bias, 0.02, 0.0, 1e3, "", "biased only"),
    RB_DOUBLE(config, regularization_item_bias, 0.02, 0.0, 1e3, "", "biased only"),
    RB_CHOICE(config, init, RB_START_RANDOM, RB_STARTS, "factors to start from"),
    RB_DOUBLE(config, init_low, 0.0, 0.0, 1e6, "", "least start value, init: random only"),
    RB_DOUBLE(config, init_high, 1.0, 0.0, 1e6, "", "largest start value, init: random only"),
    RB_ARRAY(config, start, "item factors, items x factors, init: file only"),
    RB_ARRAY(config, start_users, "user factors, users x factors, init: file only; drawn where absent"),
    RB_PARAM_END,
};

static rb_sgd_start start_of(const config *c)
{
    return (rb_sgd_start){ .init = c->init,
                           .init_mean = c->init_low,
                           .init_std = c->init_high - c->init_low,
                           .start = c->start,
                           .start_users = c->start_users,
                           .uniform = true };
}

static rb_status check_signs(const rb_array *given, rb_error *err)
{
    for (int64_t at = 0; given->value && at < given->n_rows * given->n_cols; at++)
        if (!(given->value[at] >= 0))
            return RB_FAIL(err, RB_BAD_INPUT, "%s: start factor %lld is %g, expected no negative number", given->source,
                           (long long)at + 1, given->value[at]);
    return RB_OK;
}

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    const rb_sgd_start start = start_of(c);
    if (c->biased && c->method != SURPRISE)
        return RB_FAIL(err, RB_BAD_INPUT, "'nmf.biased' goes with 'nmf.method' surprise alone");
    if (c->init_high < c->init_low)
        return RB_FAIL(err, RB_BAD_INPUT, "'nmf.init_high' is %g, expected at least 'nmf.init_low', %g", c->init_high,
                       c->init_low);
    RB_TRY(rb_sgd_check(&start, shape, c->factors, err));
    RB_TRY(check_signs(&c->start, err));
    RB_TRY(check_signs(&c->start_users, err));
done:
    return err->status;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double rows = (double)(shape->n_users + shape->n_items), k = (double)c->factors + 7; /* with padding */
    double longest = (double)(shape->n_users > shape->n_items ? shape->n_users : shape->n_items);
    double biased = c->biased ? 1 : 0;
    return (rb_cost){ .bytes_per_rank =
                          sizeof(double) * ((longest + 2 * k) * shape->n_threads + biased * (double)shape->n_items),
                      .bytes_per_node = sizeof(double) * (3 * rows * k + 2 * rows + 2 * biased * (double)shape->nnz),
                      .flops = (12.0 + 4 * biased) * (double)c->factors * (double)shape->nnz * (double)c->iterations };
}

static int64_t longest_row(const int64_t *begin, int64_t n)
{
    int64_t most = 0;
    for (int64_t j = 0; j < n; j++)
        most = begin[j + 1] - begin[j] > most ? begin[j + 1] - begin[j] : most;
    return most;
}

static rb_status allocate(state *m, const rb_ratings *train, const config *c, const rb_ctx *ctx, rb_error *err)
{
    int64_t users = longest_row(train->user_begin, train->n_users),
            items = longest_row(train->item_begin, train->n_items);
    m->n_scratch = 2 * c->factors;
    if (c->method == HALS)
        m->n_scratch = users > items ? users : items;
    RB_TRY(rb_alloc(&m->users, ctx->n_ranks + 1, err));
    RB_TRY(rb_alloc(&m->items, ctx->n_ranks + 1, err));
    RB_TRY(rb_alloc(&m->scratch, m->n_scratch * ctx->n_threads, err));
    if (c->biased)
        RB_TRY(rb_alloc(&m->cursor, train->n_items, err));
    rb_blocks_offsets(m->users, &train->users, ctx);
    rb_blocks_offsets(m->items, &train->items, ctx);
done:
    return err->status;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    const rb_ratings *train = view->ratings;
    const rb_sgd_start start = start_of(c);
    (void)prepared;

    for (int64_t e = 0; e < train->n; e++) /* the same on every rank */
        if (!(train->user_rating[e] >= 0))
            return RB_FAIL(err, RB_BAD_INPUT, "a rating is %g: nmf takes no negative ratings",
                           (double)train->user_rating[e]);
    RB_TRY_ALL(ctx, allocate(m, train, c, ctx, err));
    RB_TRY(rb_bias_fit(&m->bias, train, &(rb_bias_config){ 0 }, ctx, err));
    m->fallback = m->bias.mean;
    if (c->biased)
        RB_TRY(rb_shared_alloc(&m->estimate, 2 * train->n * (int64_t)sizeof(double), ctx, err));
    else
        m->bias.mean = 0;
    RB_TRY(rb_sgd_model_begin(&m->factor, train, c->factors, RB_DOUBLE_PRECISION, &start, ctx, err));
    RB_TRY(rb_shared_alloc(&m->square, train->n_users * (int64_t)sizeof(double), ctx, err));
    if (c->method == SURPRISE)
        RB_TRY(rb_factors_alloc(&m->next, train->n_users, c->factors, RB_DOUBLE_PRECISION, ctx, err));
done:
    return err->status;
}

static double *row(const rb_factors *f, int64_t j)
{
    return (double *)f->data + j * f->ld;
}

/* This rank's rows of one side, into `out`; squares [n] or NULL. */
static void update_side(rb_factors *out, const rb_factors *own, const rb_factors *other, rb_side side,
                        const int64_t *rows, double *squares, const double *estimate, double regularization,
                        const state *m, const config *c, const rb_ctx *ctx)
{
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 32)
    for (int64_t j = rows[ctx->rank]; j < rows[ctx->rank + 1]; j++) {
        int64_t from = side.begin[j];
        const rb_non_negative_row r = { side.col + from, side.rating + from, estimate ? estimate + from : NULL,
                                        side.begin[j + 1] - from };
        double *scratch = m->scratch + m->n_scratch * omp_get_thread_num(), met;
        if (c->method == HALS)
            met = rb_non_negative_descend(row(out, j), other, &r, regularization, scratch);
        else
            met = rb_non_negative_multiply(row(out, j), row(own, j), other, &r, regularization, scratch);
        if (squares)
            squares[j] = met;
    }
}

/* One step of both biases for each rating in their order, from the products in the estimates by users; what the steps
 * met stands in both. */
static void step_biases(const state *m, const rb_ratings *train, const config *c)
{
    double *by_user = m->estimate.data, *by_item = by_user + train->n, *square = m->square.data;
    memcpy(m->cursor, train->item_begin, (size_t)train->n_items * sizeof *m->cursor);
    for (int32_t u = 0; u < train->n_users; u++) {
        double *bu = m->bias.user + u;
        square[u] = 0;
        for (int64_t e = train->user_begin[u]; e < train->user_begin[u + 1]; e++) {
            int32_t i = train->user_item[e];
            double *bi = m->bias.item + i, estimate = m->bias.mean + *bu + *bi + by_user[e];
            double error = (double)train->user_rating[e] - estimate;
            *bu += c->learning_rate_user_bias * (error - c->regularization_user_bias * *bu);
            *bi += c->learning_rate_item_bias * (error - c->regularization_item_bias * *bi);
            by_user[e] = by_item[m->cursor[i]++] = estimate;
            square[u] += error * error;
        }
    }
}

/* Nodes repeat one another's work: its ranks share the products. */
static void estimate(const state *m, const rb_ratings *train, const config *c, const rb_ctx *ctx)
{
    double *by_user = m->estimate.data;
    int64_t from = (int64_t)train->n_users * ctx->node_rank / ctx->n_node_ranks,
            to = (int64_t)train->n_users * (ctx->node_rank + 1) / ctx->n_node_ranks;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 32)
    for (int64_t u = from; u < to; u++)
        for (int64_t e = train->user_begin[u]; e < train->user_begin[u + 1]; e++)
            by_user[e] = rb_inner_f64(row(&m->factor.users, u), row(&m->factor.items, train->user_item[e]), c->factors);
    rb_shared_sync(&m->estimate, ctx);
    if (ctx->node_rank == 0)
        step_biases(m, train, c);
    rb_shared_sync(&m->estimate, ctx);
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    rb_factors *users = &m->factor.users, *items = &m->factor.items, *next = c->method == SURPRISE ? &m->next : users;
    const double *met = c->biased ? m->estimate.data : NULL;
    (void)prepared;

    if (c->biased)
        estimate(m, view->ratings, c, ctx);
    update_side(next, users, items, rb_side_users(view->ratings), m->users, met ? NULL : m->square.data, met,
                rb_sgd_rate(c->regularization_user, c->regularization), m, c, ctx);
    if (c->method == SURPRISE)
        rb_barrier(ctx); /* the users of other ranks still read the items */
    else
        rb_factors_publish(users, m->users, ctx);
    update_side(items, items, users, rb_side_items(view->ratings), m->items, NULL, met ? met + view->ratings->n : NULL,
                rb_sgd_rate(c->regularization_item, c->regularization), m, c, ctx);
    rb_factors_publish(items, m->items, ctx);
    if (c->method == SURPRISE) {
        int64_t from = m->users[ctx->rank], to = m->users[ctx->rank + 1];
        memcpy(row(users, from), row(next, from), (size_t)((to - from) * users->ld) * sizeof(double));
        rb_factors_publish(users, m->users, ctx);
    }
    RB_TRY(rb_sgd_sum(objective, m->square.data, &view->ratings->users, ctx, err));
    if (!isfinite(*objective)) /* the same on every rank */
        RB_FAIL(err, RB_NOT_FINITE,
                "the biases grow without bound: a smaller `learning_rate_user_bias` or `learning_rate_item_bias` is "
                "needed");
    *done = iteration + 1 >= c->iterations;
done:
    return err->status;
}

static void fold_user(double *x, double *bias, const void *self, const void *cfg, const int32_t *items,
                      const float *ratings, int64_t n)
{
    const state *m = self;
    const config *c = cfg;
    const rb_factors *q = &m->factor.items;
    double sums[2 * 4096]; /* factors: at most 4096 */
    *bias = 0;
    for (int64_t f = 0; f < q->k; f++)
        x[f] = n > 0 ? 1 : 0;
    for (int64_t step = 0; step < c->iterations && n > 0; step++) {
        memset(sums, 0, (size_t)(2 * q->k) * sizeof *sums);
        for (int64_t e = 0; e < n; e++) {
            double estimate = m->bias.mean + *bias + m->bias.item[items[e]];
            for (int64_t f = 0; f < q->k; f++)
                estimate += x[f] * row(q, items[e])[f];
            if (c->biased)
                *bias +=
                    c->learning_rate_user_bias * ((double)ratings[e] - estimate - c->regularization_user_bias * *bias);
            rb_non_negative_add(sums, row(q, items[e]), (double)ratings[e], estimate, q->k);
        }
        rb_non_negative_rescale(x, x, sums, (double)n * rb_sgd_rate(c->regularization_user, c->regularization), q->k);
    }
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    (void)prepared;
    return rb_sgd_reveal(&m->factor, &m->bias, view->revealed, fold_user, m, cfg, ctx, err);
}

static void fitting_fini(state *m)
{
    rb_factors_fini(&m->next);
    rb_shared_fini(&m->square);
    rb_shared_fini(&m->estimate);
    rb_free(m->cursor);
    rb_free(m->scratch);
    rb_free(m->users);
    rb_free(m->items);
    m->scratch = NULL;
    m->users = m->items = m->cursor = NULL;
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    (void)prepared, (void)cfg;
    fitting_fini(m);
    return rb_factor_model_end(&m->factor, view->ratings, ctx, err);
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    rb_factor_bias_score(tile, &m->factor, &m->bias, users, n_users, item_begin, item_end);
}

static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const state *m = self;
    rb_factor_bias_predict(out, &m->factor, &m->bias, pairs);
    for (int64_t p = 0; p < pairs->n; p++)
        if (out[p] == 0)
            out[p] = m->fallback;
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    return rb_sgd_fold_in(scores, &m->factor, &m->bias, fold_user, m, cfg, items, ratings, n, err);
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    rb_factor_model_arrays(&m->factor, v);
    rb_bias_arrays(&m->bias, v);
    v->scalar(v, "fallback", RB_FLOAT64, &m->fallback);
}

static void fini(void *self)
{
    state *m = self;
    fitting_fini(m);
    rb_factor_model_fini(&m->factor);
    rb_bias_fini(&m->bias);
    memset(m, 0, sizeof *m);
}

const rb_recommender rb_nmf = {
    .name = "nmf",
    .summary = "non-negative factors of ratings, by multiplicative steps or coordinate descent",
    .reference = "Luo, Zhou, Xia, Zhu 2014, doi:10.1109/TII.2014.2308433; Cichocki, Zdunek, Amari 2007, "
                 "doi:10.1007/978-3-540-74494-8_22",
    .needs = RB_NEEDS_RATINGS,
    .can = RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_COLD_USER,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .begin = begin,
    .iterate = iterate,
    .end = end,
    .reveal = reveal,
    .score = score,
    .predict = predict,
    .fold_in = fold_in,
    .checkpoint = arrays,
    .arrays = arrays,
    .fini = fini,
};
