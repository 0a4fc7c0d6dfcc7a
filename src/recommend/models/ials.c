/*
 * Implicit alternating least squares: each user, then each item, minimises for fixed factors of the other side
 *
 *     rendle:  sum_{(u,i) in S} (1 - p_u.q_i)^2 + a0 sum_{u,i} (p_u.q_i)^2 + sum_u lambda_u |p_u|^2 + sum_i lambda_i
 * |q_i|^2 lambda_u = regularization (|I(u)| + a0 n_items)^nu, likewise for items; a0 = unobserved hu:      sum_{u,i}
 * c_ui ([(u,i) in S] - p_u.q_i)^2 + regularization (sum_u |p_u|^2 + sum_i |q_i|^2) c_ui = 1 + alpha r_ui in S, 1
 * elsewhere
 *
 * Rendle, Krichene, Zhang, Koren (2021), arXiv:2110.14037; Hu, Koren, Volinsky (2008), doi:10.1109/ICDM.2008.22.
 * S: the training interactions that reach `relevance`. A user or item outside S has factors 0 and scores 0.
 * Cholesky: time O(nnz k^2 + (m + n) k^3) an iteration; cg: O(cg_steps (nnz k + (m + n) k^2)), from the factors of the
 * iteration before. Memory (m + n) k numbers a node. Bits: the same for any ranks and threads.
 */

#include "base/alloc.h"
#include "recommend/core/implicit_model.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t factors;
    double regularization, nu, unobserved;
    int64_t iterations;
    int objective;
    double alpha;
    int solver;
    int64_t cg_steps;
    int init;
    double init_scale;
    rb_array start;
    int precision;
} config;

static const rb_param params[] = {
    RB_FACTORS_PARAM(config),
    RB_IMPLICIT_PARAMS(config),
    RB_INT(config, iterations, 16, 1, 10000, "", "alternations over users and items"),
    RB_SOLVER_PARAMS(config),
    RB_START_PARAMS(config, 0.1),
    RB_PARAM_END,
};

static rb_factor_start item_start(const config *c)
{
    return rb_item_start((rb_start)c->init, c->init_scale, &c->start, c->factors);
}

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    const rb_factor_start start = item_start(c);
    return rb_start_check(&start, shape ? shape->n_items : -1, c->factors, err);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double k = (double)c->factors, rows = (double)(shape->n_users + shape->n_items);
    double grams = 128.0 / shape->n_ranks + 26.0 * shape->n_ranks; /* triangles: own blocks, and the tree of sums */
    rb_cost cost = rb_solve_cost(shape, shape->n_positives, c->factors, false, (rb_precision)c->precision,
                                 c->iterations, c->solver == RB_SOLVER_CG ? c->cg_steps : 0);
    cost.bytes_per_rank += 4 * k * k * (grams + 6);
    cost.flops += (double)c->iterations * rows * k * (k + 1);
    return cost;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    rb_implicit_model *m = self;
    const config *c = cfg;
    const rb_ratings *train = view->positives;
    const rb_factor_start start = item_start(c);
    (void)prepared;

    m->k = c->factors;
    RB_TRY_ALL(ctx, rb_alloc(&m->gram, c->factors * c->factors, err));
    RB_TRY(rb_factor_model_begin(&m->factor, train, c->factors, (rb_precision)c->precision, &start, ctx, err));
done:
    return err->status;
}

static rb_implicit objective_of(const config *c)
{
    return (rb_implicit){ (rb_objective)c->objective, c->regularization, c->nu, c->unobserved, c->alpha };
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    rb_implicit_model *m = self;
    const config *c = cfg;
    const rb_implicit o = objective_of(c);
    const int64_t cg_steps = c->solver == RB_SOLVER_CG ? c->cg_steps : 0;
    rb_half_step users = { 0 }, items = { 0 };
    (void)prepared;

    RB_TRY(rb_implicit_solve(&users, m, rb_side_users(view->positives), true, false, cg_steps, &o, ctx, err));
    RB_TRY(rb_implicit_solve(&items, m, rb_side_items(view->positives), false, false, cg_steps, &o, ctx, err));
    *objective = items.loss + users.penalty;
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

const rb_recommender rb_ials = {
    .name = "ials",
    .summary = "implicit alternating least squares",
    .reference = "Hu, Koren, Volinsky 2008, doi:10.1109/ICDM.2008.22; Rendle et al. 2021, arXiv:2110.14037",
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
