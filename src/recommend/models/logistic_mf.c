/*
 * Logistic matrix factorisation: the chance that user u chooses item i is sigma(x_ui), x_ui = b_u + b_i + p_u . q_i,
 * and with c = alpha r_ui of the positives
 *
 *     sum_{positives} (c x_ui - (1 + c) ln(1 + e^x_ui)) - sum_{others} ln(1 + e^x_ui) - reg (|p|^2 + |q|^2 + b^2) / 2
 *
 * is climbed by stochastic gradient ascent. An iteration visits every positive once, in the order of the block grid,
 * and with each `samples` of the others, which are drawn from its block column (recommend/core/negative.h); the items
 * are permuted and cut anew for every iteration.
 *
 * Johnson (2014), https://web.stanford.edu/~rezab/nips2014workshop/submits/logmat.pdf, which takes full gradients of
 * all others. Here they count by how often they are drawn: `samples` of each user's positives in all. A user without
 * positives has factors 0 and gets the items by their biases. A user who comes later gets `iterations` passes over the
 * own positives, from 0, with others from the whole catalogue and the items as they stand.
 * The objective of an iteration is the sum, negated, over the pairs that it met. Time O(samples nnz k) an iteration,
 * memory 2 (m + n) k numbers a node and 12 bytes a positive. Bits: the same for any ranks and threads, unless
 * `mode: fast`.
 */
#include <math.h>
#include <string.h>

#include "linalg/gemm_simd.h"
#include "recommend/core/negative.h"
#include "recommend/core/sgd_state.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t factors, iterations;
    double learning_rate, regularization, alpha;
    int64_t samples;
    int negatives;
    int64_t negative_tries;
    rb_sgd_start begin;
    int precision;
    rb_grid_options layout;
} config;

static const rb_param params[] = {
    RB_FACTORS_PARAM(config),
    RB_INT(config, iterations, 20, 1, 10000, "", "epochs over all positives"),
    RB_DOUBLE(config, learning_rate, 0.05, 0.0, 1e3, "", "of all parts"),
    RB_DOUBLE(config, regularization, 0.01, 0.0, 1e3, "", "of all parts"),
    RB_DOUBLE(config, alpha, 1.0, 0.0, 1e6, "", "weight of a rating"),
    RB_INT(config, samples, 4, 0, RB_NEGATIVE_ROUNDS, "", "others that are drawn for a positive"),
    RB_NEGATIVES_PARAMS(config),
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
        rb_sgd_cost(shape, shape->n_positives, c->factors, (rb_precision)c->precision, true, RB_SCHEDULE_CONSTANT);
    cost.flops = (8.0 * (double)c->factors + 200) * (double)(1 + c->samples) * (double)shape->n_positives *
                 (double)c->iterations;
    return cost;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    rb_sgd_state *m = self;
    const config *c = cfg;
    (void)prepared;

    RB_TRY(rb_sgd_state_begin(m, view->positives, c->factors, (rb_precision)c->precision, &c->begin, true,
                              RB_SCHEDULE_CONSTANT, ctx, err));
    m->bias.mean = 0;
done:
    return err->status;
}

/* What the steps see; all by position. */
typedef struct {
    void *users, *items;
    double *user_bias, *item_bias;
    int64_t ld;
    double alpha;
    uint32_t samples;
    rb_sgd_rates rate;
    rb_negatives draw;
} logistic_work;

/* (1 + c) ln(1 + e^x) - c x, and minus its slope: c - (1 + c) sigma(x). */
static double log_loss(double *slope, double x, double c)
{
    double e = exp(-fabs(x)), sigma = (x > 0 ? 1 : e) / (1 + e);
    *slope = c - (1 + c) * sigma;
    return (1 + c) * (fmax(x, 0) + log1p(e)) - c * x;
}

#define REAL float
#define VECTOR rb_vf32
#define LANES RB_LANES_F32
#define NAME(x) x##_f32
#include "recommend/core/logistic_kernel.h"
#undef REAL
#undef VECTOR
#undef LANES
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define LANES RB_LANES_F64
#define NAME(x) x##_f64
#include "recommend/core/logistic_kernel.h"

static double step_single(const void *model, const rb_grid_block *block)
{
    return block_f32(model, block);
}

static double step_double(const void *model, const rb_grid_block *block)
{
    return block_f64(model, block);
}

static const rb_grid_step steps[] = { { .one = step_single }, { .one = step_double } }; /* by precision */

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    rb_sgd_state *m = self;
    const config *c = cfg;
    const double rate = c->learning_rate, reg = c->regularization;
    const logistic_work work = { .users = m->sgd.users.data,
                                 .items = m->sgd.items.data,
                                 .user_bias = m->sgd.user_bias.data,
                                 .item_bias = m->sgd.item_bias.data,
                                 .ld = m->sgd.users.ld,
                                 .alpha = c->alpha,
                                 .samples = (uint32_t)c->samples,
                                 .rate = { rate, rate, rate, rate, reg, reg, reg, reg },
                                 .draw = { .grid = &m->sgd.grid,
                                           .train = view->positives,
                                           .key = ctx->seed,
                                           .stream = rb_stream("logistic.negatives"),
                                           .epoch = (uint32_t)iteration & 0xFFFF,
                                           .kind = (rb_negatives_kind)c->negatives,
                                           .tries = (int)c->negative_tries } };
    (void)prepared;

    RB_TRY(rb_sgd_state_deal(m, view->positives, &c->layout, iteration, ctx, err));
    RB_TRY(rb_sgd_state_run(objective, m, &steps[c->precision], &work, ctx, err));
    *done = iteration + 1 >= c->iterations;
done:
    return err->status;
}

/* A gradient step of the user alone. */
static void step_user(double *x, double *bias, const rb_sgd_state *m, const config *c, int32_t item, double weight)
{
    const rb_factors *q = &m->factor.items;
    double score = *bias + m->bias.item[item], slope;
    for (int64_t f = 0; f < q->k; f++)
        score += x[f] * rb_factors_at(q, item, f);
    log_loss(&slope, score, weight);
    for (int64_t f = 0; f < q->k; f++)
        x[f] += c->learning_rate * (slope * rb_factors_at(q, item, f) - c->regularization * x[f]);
    *bias += c->learning_rate * (slope - c->regularization * *bias);
}

static void fold_user(double *x, double *bias, const void *self, const void *cfg, const int32_t *items,
                      const float *ratings, int64_t n)
{
    const rb_sgd_state *m = self;
    const config *c = cfg;
    int64_t n_items = m->factor.items.n;
    memset(x, 0, (size_t)m->factor.items.k * sizeof *x);
    *bias = 0;
    for (int64_t at = 0; at < n * c->iterations; at++) {
        step_user(x, bias, m, c, items[at % n], c->alpha * (double)ratings[at % n]);
        for (int64_t s = 0; s < c->samples && n < n_items; s++)
            step_user(x, bias, m, c, rb_negative_outside(items, n, n_items, at * RB_NEGATIVE_ROUNDS + s), 0);
    }
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    (void)prepared;
    return rb_sgd_state_reveal(self, view->revealed_positives, fold_user, cfg, ctx, err);
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    (void)prepared, (void)cfg;
    return rb_sgd_state_end(self, view->positives, ctx, err);
}

static rb_precision precision(const void *cfg)
{
    return (rb_precision)((const config *)cfg)->precision;
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    return rb_sgd_state_fold_in(scores, self, fold_user, cfg, items, ratings, n, err);
}

const rb_recommender rb_logistic_mf = {
    .name = "logistic_mf",
    .summary = "factors of the chance that a user chooses an item",
    .reference = "Johnson 2014, https://web.stanford.edu/~rezab/nips2014workshop/submits/logmat.pdf",
    .needs = RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER,
    .config_size = sizeof(config),
    .state_size = sizeof(rb_sgd_state),
    .params = params,
    .check = check,
    .cost = cost,
    .begin = begin,
    .iterate = iterate,
    .end = end,
    .reveal = reveal,
    .precision = precision,
    .score = rb_sgd_state_score,
    .fold_in = fold_in,
    .checkpoint = rb_sgd_state_checkpoint,
    .arrays = rb_sgd_state_arrays,
    .fini = rb_sgd_state_fini,
};
