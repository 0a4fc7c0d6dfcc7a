/*
 * iALS++: implicit alternating least squares for many factors, by block coordinate descent. The objectives are those of
 * ials (recommend/core/implicit.h); a row does not solve for all its factors at once but for one block of them after
 * the other (recommend/core/block_descent.h), so that an iteration costs O(nnz k block) in place of O(nnz k^2 + (m + n)
 * k^3). With `block` of at least `factors` it is ials with its Cholesky solver.
 *
 * Rendle, Krichene, Zhang, Koren (2021), arXiv:2110.14044. Both sides start from N(0, (init_scale / sqrt(k))^2). A user
 * or item outside the positives has factors 0 and scores 0. A user who comes later is solved exactly, with the items as
 * they stand. Memory (m + n) k numbers a node. Bits: the same for any ranks and threads.
 */
#include <math.h>

#include "base/alloc.h"
#include "recommend/core/block_descent.h"
#include "recommend/core/implicit_model.h"
#include "recommend/core/sgd.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t factors, iterations, block;
    double regularization, nu, unobserved, alpha;
    int objective;
    int init;
    double init_scale;
    rb_array start;
    int precision;
} config;

static const rb_param params[] = {
    RB_INT(config, factors, 128, 1, 4096, "", "latent factors"),
    RB_IMPLICIT_PARAMS(config),
    RB_INT(config, iterations, 16, 1, 10000, "", "alternations over users and items"),
    RB_INT(config, block, 32, 1, 4096, "factors", "that a row solves for at once"),
    RB_START_PARAMS(config, 0.1),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    const rb_factor_start start = rb_item_start((rb_start)c->init, c->init_scale, &c->start, c->factors);
    return rb_start_check(&start, shape ? shape->n_items : -1, c->factors, err);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double k = (double)c->factors, rows = (double)(shape->n_users + shape->n_items), n = (double)shape->n_positives;
    double d = (double)(c->block < c->factors ? c->block : c->factors), size = c->precision == RB_SINGLE ? 4 : 8;
    double grams = 128.0 / shape->n_ranks + 26.0 * shape->n_ranks;
    return (rb_cost){ .bytes_per_rank =
                          rb_block_descent_bytes(shape, c->factors, c->block, (rb_precision)c->precision) +
                          4 * k * k * (grams + 6),
                      .bytes_per_node = size * 2 * rows * (k + 16),
                      .flops = (double)c->iterations * (2 * n * k * (d + 5) + rows * (3 * k * k + k * d * d / 3)) };
}

static rb_implicit objective_of(const config *c)
{
    return (rb_implicit){ (rb_objective)c->objective, c->regularization, c->nu, c->unobserved, c->alpha };
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    rb_implicit_model *m = self;
    const config *c = cfg;
    const rb_sgd_start start = { .init = c->init,
                                 .init_std = c->init_scale / sqrt((double)c->factors),
                                 .start = c->start };
    (void)prepared;

    m->k = c->factors;
    RB_TRY_ALL(ctx, rb_alloc(&m->gram, c->factors * c->factors, err));
    RB_TRY(rb_sgd_model_begin(&m->factor, view->positives, c->factors, (rb_precision)c->precision, &start, ctx, err));
done:
    return err->status;
}

static rb_status descend_side(double *loss, double *penalty, rb_implicit_model *m, rb_side side, bool users,
                              const config *c, const rb_ctx *ctx, rb_error *err)
{
    rb_factors *own = users ? &m->factor.users : &m->factor.items, *other = users ? &m->factor.items : &m->factor.users;
    const rb_block_descent how = {
        .side = side, .own = own, .other = other, .gram = m->gram, .objective = objective_of(c), .block = c->block
    };
    RB_TRY(rb_implicit_gram(m->gram, other, &how.objective, ctx, err));
    RB_TRY(rb_block_descend(loss, penalty, &how, ctx, err));
done:
    return err->status;
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    rb_implicit_model *m = self;
    const config *c = cfg;
    double loss = 0, users = 0, items = 0;
    (void)prepared;

    RB_TRY(descend_side(&loss, &users, m, rb_side_users(view->positives), true, c, ctx, err));
    RB_TRY(descend_side(&loss, &items, m, rb_side_items(view->positives), false, c, ctx, err));
    *objective = loss + users;
    *done = iteration + 1 >= c->iterations;
done:
    return err->status;
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const rb_implicit objective = objective_of(cfg);
    (void)prepared;
    return rb_implicit_reveal(self, view->revealed_positives, &objective, ctx, err);
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    (void)prepared, (void)cfg;
    return rb_implicit_end(self, view->positives, ctx, err);
}

static rb_precision precision(const void *cfg)
{
    return (rb_precision)((const config *)cfg)->precision;
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const rb_implicit objective = objective_of(cfg);
    return rb_implicit_fold_in(scores, self, &objective, items, ratings, n, err);
}

static rb_status explain_given(int32_t *items, double *weights, int *found, int n, const void *self, const int32_t *own,
                               const float *ratings, int64_t n_own, int32_t item, const void *cfg, rb_error *err)
{
    const rb_implicit objective = objective_of(cfg);
    return rb_implicit_explain(items, weights, found, n, self, &objective, own, ratings, n_own, item, err);
}

const rb_recommender rb_ialspp = {
    .name = "ialspp",
    .summary = "implicit alternating least squares by blocks of factors, for many factors",
    .reference = "Rendle, Krichene, Zhang, Koren 2021, arXiv:2110.14044",
    .needs = RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,
    .config_size = sizeof(config),
    .state_size = sizeof(rb_implicit_model),
    .params = params,
    .check = check,
    .cost = cost,
    .begin = begin,
    .iterate = iterate,
    .end = end,
    .reveal = reveal,
    .precision = precision,
    .score = rb_implicit_score,
    .fold_in = fold_in,
    .explain_given = explain_given,
    .checkpoint = rb_implicit_arrays,
    .arrays = rb_implicit_arrays,
    .fini = rb_implicit_fini,
};
