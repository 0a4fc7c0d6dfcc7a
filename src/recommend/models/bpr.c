/*
 * Bayesian personalised ranking of factors: over pairs of an item i that the user chose and one j that the user did
 * not,
 *
 *     sum ln sigma(x_ui - x_uj) - reg_user |p_u|^2 / 2 - reg_item |q|^2 / 2 - reg_bias b^2 / 2,   x_ui = b_i + p_u .
 * q_i
 *
 * by stochastic gradient ascent. An iteration visits every positive once, in the order of the block grid; the negative
 * is drawn from the positive's block column (recommend/core/negative.h; up to `negative_tries` draws, else the positive
 * is passed over), and the items are permuted and cut anew for every iteration, so that every pair of items can meet.
 *
 * Rendle, Freudenthaler, Gantner, Schmidt-Thieme (2009), arXiv:1205.2618, which draws the positives too, with
 * replacement. A user without positives has factors 0 and gets the items by their biases; an item without positives is
 * only ever drawn as a negative. A user who comes later gets `iterations` passes over the own positives, from 0, with
 * negatives from the whole catalogue and the items as they stand.
 * The objective of an iteration is the sum of -ln sigma over the pairs that it met. Time O(nnz k) an iteration, memory
 * 2 (m + n) k numbers a node and 12 bytes a positive. Bits: the same for any ranks and threads, unless
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
    double learning_rate, reg_user, reg_item, reg_bias;
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
    RB_DOUBLE(config, reg_user, 0.01, 0.0, 1e3, "", "of user factors"),
    RB_DOUBLE(config, reg_item, 0.01, 0.0, 1e3, "", "of item factors"),
    RB_DOUBLE(config, reg_bias, 0.01, 0.0, 1e3, "", "of item biases"),
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
    cost.flops = (14.0 * (double)c->factors + 200) * (double)shape->n_positives * (double)c->iterations;
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
    double *item_bias;
    int64_t ld;
    double rate, reg_user, reg_item, reg_bias;
    rb_negatives draw;
} bpr_work;

/* -ln sigma(d), and its slope s = sigma(-d). */
static double preference(double *s, double d)
{
    double e = exp(-fabs(d));
    *s = (d > 0 ? e : 1) / (1 + e);
    return fmax(-d, 0) + log1p(e);
}

#define REAL float
#define VECTOR rb_vf32
#define LANES RB_LANES_F32
#define NAME(x) x##_f32
#include "recommend/core/bpr_kernel.h"
#undef REAL
#undef VECTOR
#undef LANES
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define LANES RB_LANES_F64
#define NAME(x) x##_f64
#include "recommend/core/bpr_kernel.h"

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
    const bpr_work work = { .users = m->sgd.users.data,
                            .items = m->sgd.items.data,
                            .item_bias = m->sgd.item_bias.data,
                            .ld = m->sgd.users.ld,
                            .rate = c->learning_rate,
                            .reg_user = c->reg_user,
                            .reg_item = c->reg_item,
                            .reg_bias = c->reg_bias,
                            .draw = { .grid = &m->sgd.grid,
                                      .train = view->positives,
                                      .key = ctx->seed,
                                      .stream = rb_stream("bpr.negatives"),
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

static void fold_user(double *x, double *bias, const void *self, const void *cfg, const int32_t *items,
                      const float *ratings, int64_t n)
{
    const rb_sgd_state *m = self;
    const config *c = cfg;
    const rb_factors *q = &m->factor.items;
    (void)ratings;
    memset(x, 0, (size_t)q->k * sizeof *x);
    *bias = 0;
    for (int64_t at = 0; at < n * c->iterations && n < q->n; at++) {
        int32_t i = items[at % n], j = rb_negative_outside(items, n, q->n, at);
        double d = m->bias.item[i] - m->bias.item[j], s;
        for (int64_t f = 0; f < q->k; f++)
            d += x[f] * (rb_factors_at(q, i, f) - rb_factors_at(q, j, f));
        preference(&s, d);
        for (int64_t f = 0; f < q->k; f++)
            x[f] += c->learning_rate * (s * (rb_factors_at(q, i, f) - rb_factors_at(q, j, f)) - c->reg_user * x[f]);
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

const rb_recommender rb_bpr = {
    .name = "bpr",
    .summary = "factors that rank what was chosen before what was not (BPR-MF)",
    .reference = "Rendle, Freudenthaler, Gantner, Schmidt-Thieme 2009, arXiv:1205.2618",
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
