/*
 * Factors and biases of ratings by stochastic gradient descent. For each training rating, in the order of the block
 * grid,
 *
 *     e = r_ui - mu - b_u - b_i - p_u . q_i
 *     b_u += lr (e - reg b_u),  b_i += lr (e - reg b_i),  p_u += lr (e q_i - reg p_u),  q_i += lr (e p_u - reg q_i)
 *
 * with all right-hand sides from before. `biased: false` leaves mu and the biases out (probabilistic matrix
 * factorisation). `schedule: adagrad` lets the rates of a row fall with the gradients that it met (core/sgd.h), from a
 * `learning_rate` of some 0.1: a lower error than any one rate reaches in as many epochs. `grid: 1, order: given`
 * visits the ratings user by user as they are numbered, which is the order of Surprise's SVD on a file sorted by users:
 * the same model from the same start.
 *
 * Funk (2006), https://sifter.org/simon/journal/20061211.html; Koren, Bell, Volinsky (2009), doi:10.1109/MC.2009.263;
 * the grid: recommend/core/grid.h. Surprise 1.1.5 has the same defaults but 100 factors.
 *
 * A user or item without training ratings has factors and bias 0, so that its ratings are predicted as mu + b; without
 * biases as the mean of the training ratings. A user who comes later gets `iterations` passes over the own ratings,
 * which ascend by item, from 0, with the items as they stand.
 * The objective of an iteration is the sum of the squared errors that it met. Time O(nnz k) an iteration. Memory
 * 2 (m + n) k numbers a node and 12 bytes a rating. Bits: the same for any ranks and threads, unless `mode:
 * fast`.
 */
#include <math.h>
#include <string.h>

#include "linalg/gemm_simd.h"
#include "recommend/core/sgd_state.h"
#include "recommend/recommend.h"

#define AHEAD 8 /* ratings whose items are fetched beforehand */

typedef struct {
    int64_t factors, iterations;
    double learning_rate, regularization;
    rb_sgd_rates rate; /* below 0: the common one */
    int schedule;
    bool biased;
    rb_sgd_start begin;
    int precision;
    rb_grid_options layout;
} config;

typedef struct {
    rb_sgd_state model;
    double fallback; /* mean of the training ratings */
} state;

static const rb_param params[] = {
    RB_FACTORS_PARAM(config),
    RB_INT(config, iterations, 20, 1, 10000, "", "epochs over all ratings"),
    RB_DOUBLE(config, learning_rate, 0.005, 0.0, 1e3, "", "of all parts"),
    RB_DOUBLE(config, regularization, 0.02, 0.0, 1e3, "", "of all parts"),
    RB_SGD_RATE_PARAMS(config),
    RB_CHOICE(config, schedule, RB_SCHEDULE_CONSTANT, RB_SGD_SCHEDULES,
              "of the learning rates; adagrad: falling with the gradients of a row"),
    RB_BOOL(config, biased, true, "with the mean and biases; else factors alone"),
    RB_SGD_START_PARAMS(config, 0.1),
    RB_CHOICE(config, precision, RB_SINGLE, RB_PRECISIONS, "of the factors"),
    RB_GRID_PARAMS(config),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    return rb_sgd_check(&c->begin, shape, c->factors, err);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    rb_cost cost =
        rb_sgd_cost(shape, shape->nnz, c->factors, (rb_precision)c->precision, true, (rb_sgd_schedule)c->schedule);
    cost.flops = 8.0 * (double)c->factors * (double)shape->nnz * (double)c->iterations;
    return cost;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    (void)prepared;

    RB_TRY(rb_sgd_state_begin(&m->model, view->ratings, c->factors, (rb_precision)c->precision, &c->begin, c->biased,
                              (rb_sgd_schedule)c->schedule, ctx, err));
    m->fallback = m->model.bias.mean;
    if (!c->biased)
        m->model.bias.mean = 0;
    RB_TRY(rb_sgd_state_deal(&m->model, view->ratings, &c->layout, 0, ctx, err));
done:
    return err->status;
}

/* What the steps see; all by position. */
typedef struct {
    void *users, *items;
    double *user_bias, *item_bias;
    void *user_sums, *item_sums;             /* schedule: adagrad only, with: */
    double first_share, other_share, others; /* 1 / number of factors of each kind; others: 0 where they rest */
    int64_t ld;
    double mean;
    bool biased;
    rb_sgd_rates rate;
} svd_work;

#define REAL float
#define VECTOR rb_vf32
#define LANES RB_LANES_F32
#define NAME(x) x##_f32
#include "recommend/core/svd_kernel.h"
#undef REAL
#undef VECTOR
#undef LANES
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define LANES RB_LANES_F64
#define NAME(x) x##_f64
#include "recommend/core/svd_kernel.h"

#define STEP(name, block)                                                               \
    static double name##_one(const void *work, const rb_grid_block *at)                 \
    {                                                                                   \
        return block(work, at);                                                         \
    }                                                                                   \
    static void name##_two(double loss[2], const void *work, const rb_grid_block at[2]) \
    {                                                                                   \
        two_##block(loss, work, at);                                                    \
    }
STEP(single, block_f32)
STEP(single_falling, block_falling_f32)
STEP(in_double, block_f64)
STEP(in_double_falling, block_falling_f64)

/* By precision and schedule. */
static const rb_grid_step steps[2][2] = {
    { { single_one, single_two }, { single_falling_one, single_falling_two } },
    { { in_double_one, in_double_two }, { in_double_falling_one, in_double_falling_two } },
};

static double share_of(int64_t n)
{
    return n > 0 ? 1.0 / (double)n : 0;
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    rb_sgd_state *m = self;
    const config *c = cfg;
    const svd_work work = { .users = m->sgd.users.data,
                            .items = m->sgd.items.data,
                            .user_bias = m->sgd.user_bias.data,
                            .item_bias = m->sgd.item_bias.data,
                            .user_sums = m->sgd.sums.users.data,
                            .item_sums = m->sgd.sums.items.data,
                            .first_share = share_of(c->factors < RB_SGD_FIRST ? c->factors : RB_SGD_FIRST),
                            .other_share = share_of(c->factors - RB_SGD_FIRST),
                            .others = iteration > 0 ? 1 : 0,
                            .ld = m->sgd.users.ld,
                            .mean = m->bias.mean,
                            .biased = c->biased,
                            .rate = rb_sgd_rates_of(&c->rate, c->learning_rate, c->regularization) };
    (void)view, (void)prepared;

    RB_TRY(rb_sgd_state_run(objective, m, &steps[c->precision][c->schedule], &work, ctx, err));
    *done = iteration + 1 >= c->iterations;
done:
    return err->status;
}

/* Factors [from, to) by their gradients, and their sum of squares where they fall. */
static void fold_part(double *x, double *sum, double e, const rb_factors *q, int32_t item, int64_t from, int64_t to,
                      const rb_sgd_rates *rate, bool falls)
{
    double step = rate->user / sqrt(*sum), squares = 0;
    for (int64_t f = from; f < to; f++) {
        double g = rate->reg_user * x[f] - e * rb_factors_at(q, item, f);
        x[f] -= step * g;
        squares += g * g;
    }
    *sum += falls ? squares * share_of(to - from) : 0;
}

/* The user half of the steps above, in double, from 0. */
static void fold_user(double *x, double *bias, const void *self, const void *cfg, const int32_t *items,
                      const float *ratings, int64_t n)
{
    const rb_sgd_state *m = self;
    const config *c = cfg;
    const rb_factors *q = &m->factor.items;
    const rb_sgd_rates rate = rb_sgd_rates_of(&c->rate, c->learning_rate, c->regularization);
    const bool falls = c->schedule == RB_SCHEDULE_ADAGRAD;
    int64_t k = c->factors, first = k < RB_SGD_FIRST ? k : RB_SGD_FIRST;
    double sum[RB_SGD_SUMS] = { 1, 1, 1, 1 };
    memset(x, 0, (size_t)k * sizeof *x);
    *bias = 0;
    for (int64_t at = 0; at < n * c->iterations; at++) {
        int32_t i = items[at % n];
        double e = (double)ratings[at % n] - m->bias.mean - *bias - m->bias.item[i];
        for (int64_t f = 0; f < k; f++)
            e -= x[f] * rb_factors_at(q, i, f);
        if (c->biased) {
            double g = rate.reg_user_bias * *bias - e;
            *bias -= rate.user_bias / sqrt(sum[2]) * g;
            sum[2] += falls ? g * g : 0;
        }
        fold_part(x, sum, e, q, i, 0, first, &rate, falls);
        if (at >= n || !falls)
            fold_part(x, sum + 1, e, q, i, first, k, &rate, falls);
    }
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    (void)prepared;
    return rb_sgd_state_reveal(self, view->revealed, fold_user, cfg, ctx, err);
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    (void)prepared, (void)cfg;
    return rb_sgd_state_end(self, view->ratings, ctx, err);
}

static rb_precision precision(const void *cfg)
{
    return (rb_precision)((const config *)cfg)->precision;
}

/* Without biases only what nobody rated, or who rated nothing, is predicted as exactly 0. */
static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const state *m = self;
    rb_factor_bias_predict(out, &m->model.factor, &m->model.bias, pairs);
    for (int64_t p = 0; p < pairs->n; p++)
        if (out[p] == 0)
            out[p] = m->fallback;
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    return rb_sgd_state_fold_in(scores, self, fold_user, cfg, items, ratings, n, err);
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    rb_sgd_state_arrays(&m->model, v);
    v->scalar(v, "fallback", RB_FLOAT64, &m->fallback);
}

static void checkpoint(void *self, rb_visitor *v)
{
    state *m = self;
    rb_sgd_state_checkpoint(&m->model, v);
    v->scalar(v, "fallback", RB_FLOAT64, &m->fallback);
}

const rb_recommender rb_svd = {
    .name = "svd",
    .summary = "factors and biases of ratings by stochastic gradient descent",
    .reference = "Funk 2006, https://sifter.org/simon/journal/20061211.html; Koren, Bell, Volinsky 2009, "
                 "doi:10.1109/MC.2009.263",
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
    .precision = precision,
    .score = rb_sgd_state_score,
    .predict = predict,
    .fold_in = fold_in,
    .checkpoint = checkpoint,
    .arrays = arrays,
    .fini = rb_sgd_state_fini,
};
