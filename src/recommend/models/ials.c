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
#include <string.h>

#include "base/alloc.h"
#include "recommend/core/factor_fold.h"
#include "recommend/core/factor_model.h"
#include "recommend/core/factor_solve.h"
#include "recommend/core/implicit.h"
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

typedef struct {
    rb_factor_model factor;
    double *gram; /* [k x k] Q'Q of the items, for fold-in; while fitting, of the side that is fixed, times a0 */
    int64_t k;
} state;

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
    return rb_start_check(&start, shape->n_items, c->factors, err);
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
    state *m = self;
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

static double entries(const rb_normal *a, double *t, double *w, int64_t row, int64_t from, int64_t n)
{
    const rb_implicit o = objective_of(a->model);
    (void)row;
    return rb_implicit_entries(&o, t, w, a->side.rating + from, n);
}

static double lambda(const rb_normal *a, int64_t n)
{
    const rb_implicit o = objective_of(a->model);
    return rb_implicit_lambda(&o, n, a->other->n);
}

/* Rows of one side without entries become 0, or stay where only the revealed are solved; these exactly. */
static rb_status solve_side(rb_half_step *sums, state *m, rb_side side, bool users, bool revealed, const config *c,
                            rb_ctx *ctx, rb_error *err)
{
    const rb_factors *other = users ? &m->factor.items : &m->factor.users;
    const rb_normal system = {
        .side = side,
        .own = users ? &m->factor.users : &m->factor.items,
        .other = other,
        .base = m->gram,
        .weighted = c->objective == RB_OBJECTIVE_HU,
        .keep_empty = revealed,
        .cg_steps = c->solver == RB_SOLVER_CG && !revealed ? c->cg_steps : 0,
        .entries = entries,
        .lambda = lambda,
        .model = c,
    };
    const rb_implicit objective = objective_of(c);
    RB_TRY(rb_implicit_gram(m->gram, other, &objective, ctx, err));
    RB_TRY(rb_solve_rows(sums, &system, ctx, err));
done:
    return err->status;
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    rb_half_step users = { 0 }, items = { 0 };
    (void)prepared;

    RB_TRY(solve_side(&users, m, rb_side_users(view->positives), true, false, c, ctx, err));
    RB_TRY(solve_side(&items, m, rb_side_items(view->positives), false, false, c, ctx, err));
    *objective = items.loss + users.penalty;
    *done = iteration + 1 >= c->iterations;
done:
    return err->status;
}

/* The user half step for users who were revealed. */
static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    rb_half_step sums;
    (void)prepared;
    return solve_side(&sums, m, rb_side_users(view->revealed_positives), true, true, cfg, ctx, err);
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    (void)prepared, (void)cfg;
    RB_TRY(rb_factors_gram(m->gram, &m->factor.items, ctx, err));
    RB_TRY(rb_factor_model_end(&m->factor, view->positives, ctx, err));
done:
    return err->status;
}

static rb_precision precision(const void *cfg)
{
    return (rb_precision)((const config *)cfg)->precision;
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    rb_factors_score(tile, &m->factor.users, &m->factor.items, users, n_users, item_begin, item_end);
}

/* The user half-step of one more row. */
static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    const rb_implicit objective = objective_of(cfg);
    rb_implicit_row g = { 0 };
    double *x = NULL;
    RB_TRY(rb_alloc(&x, m->factor.items.k, err));
    RB_TRY(rb_implicit_row_init(&g, &m->factor.items, m->gram, &objective, ratings, n, err));
    RB_TRY(rb_fold_in(x, &m->factor.items, g.base, g.lambda, items, g.w, g.t, n, false, err));
    rb_fold_scores(scores, &m->factor.items, x);
done:
    rb_implicit_row_fini(&g);
    rb_free(x);
    return err->status;
}

static rb_status explain_given(int32_t *items, double *weights, int *found, int n, const void *self, const int32_t *own,
                               const float *ratings, int64_t n_own, int32_t item, const void *cfg, rb_error *err)
{
    const state *m = self;
    const rb_implicit objective = objective_of(cfg);
    rb_implicit_row g = { 0 };
    RB_TRY(rb_implicit_row_init(&g, &m->factor.items, m->gram, &objective, ratings, n_own, err));
    RB_TRY(
        rb_fold_explain(items, weights, found, n, &m->factor.items, g.base, g.lambda, own, g.w, g.t, n_own, item, err));
done:
    rb_implicit_row_fini(&g);
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    rb_factor_model_arrays(&m->factor, v);
    v->array(v, "item_gram", RB_FLOAT64, (void **)&m->gram, &m->k, &m->k, NULL);
}

static void fini(void *self)
{
    state *m = self;
    rb_free(m->gram);
    rb_factor_model_fini(&m->factor);
    memset(m, 0, sizeof *m);
}

const rb_recommender rb_ials = {
    .name = "ials",
    .summary = "implicit alternating least squares",
    .reference = "Hu, Koren, Volinsky 2008, doi:10.1109/ICDM.2008.22; Rendle et al. 2021, arXiv:2110.14037",
    .needs = RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,
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
    .score = score,
    .fold_in = fold_in,
    .explain_given = explain_given,
    .arrays = arrays,
    .fini = fini,
};
