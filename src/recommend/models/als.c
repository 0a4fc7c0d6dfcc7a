/*
 * Alternating least squares for ratings: each user, then each item, minimises for fixed factors of the other side
 *
 *     sum_{(u,i)} (r_ui - b_ui - p_u.q_i)^2 + sum_u lambda_u |p_u|^2 + sum_i lambda_i |q_i|^2
 *
 *     lambda_u = regularization |I(u)| (ALS-WR; `weighted`), or regularization itself
 *     b_ui = 0 (none), mu (mean), mu + b_u + b_i of the bias model, fitted before (fixed), or with biases of both sides
 *            that are unknowns like the factors, and penalised with them (joint)
 *
 * Zhou, Wilkinson, Schreiber, Pan (2008), doi:10.1007/978-3-540-68880-8_32; Koren, Bell, Volinsky (2009),
 * doi:10.1109/MC.2009.263. A user or item without training ratings has factors and bias 0.
 * Cholesky: time O(nnz k^2 + (m + n) k^3) an iteration; cg: O(cg_steps nnz k), from the factors of the iteration
 * before. Memory (m + n) k numbers a node. Bits: the same for any ranks and threads.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "recommend/core/factor_bias.h"
#include "recommend/core/factor_fold.h"
#include "recommend/core/factor_solve.h"
#include "recommend/recommend.h"

enum { NONE, MEAN, FIXED, JOINT };

typedef struct {
    int64_t factors;
    double regularization;
    bool weighted;
    int biases;
    double bias_reg_user, bias_reg_item;
    int64_t bias_iterations;
    int64_t iterations;
    double tolerance;
    int solver;
    int64_t cg_steps;
    int init;
    double init_scale;
    rb_array start;
    int precision;
} config;

typedef struct {
    rb_factor_model factor;
    rb_biases bias;   /* zero where the kind of biases has none */
    double objective; /* of the iteration before */
} state;

static const rb_param params[] = {
    RB_FACTORS_PARAM(config),
    RB_DOUBLE(config, regularization, 0.1, 0.0, 1e6, "", "lambda"),
    RB_BOOL(config, weighted, true, "lambda times the number of ratings of the row (ALS-WR)"),
    RB_CHOICE(config, biases, FIXED, "none|mean|fixed|joint",
              "what is taken off the ratings, or fitted with the factors"),
    RB_DOUBLE(config, bias_reg_user, 15.0, 0.0, 1e9, "ratings", "weight of a user bias of zero, biases: fixed only"),
    RB_DOUBLE(config, bias_reg_item, 10.0, 0.0, 1e9, "ratings", "weight of an item bias of zero, biases: fixed only"),
    RB_INT(config, bias_iterations, 10, 1, 10000, "", "alternations of the bias model, biases: fixed only"),
    RB_INT(config, iterations, 15, 1, 10000, "", "alternations over users and items"),
    RB_DOUBLE(config, tolerance, 0.0, 0.0, 1.0, "", "stop where the objective falls by a smaller share; 0: never"),
    RB_SOLVER_PARAMS(config),
    RB_START_PARAMS(config, 1.0),
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
    rb_cost cost = rb_solve_cost(shape, shape->nnz, c->factors, c->biases == JOINT, (rb_precision)c->precision,
                                 c->iterations, c->solver == RB_SOLVER_CG ? c->cg_steps : 0);
    cost.bytes_per_node += (double)sizeof(double) * (double)(shape->n_users + shape->n_items);
    if (c->biases == FIXED)
        cost.flops += 6.0 * (double)c->bias_iterations * (double)shape->nnz;
    return cost;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    const rb_ratings *train = view->ratings;
    const rb_bias_config how = { .reg_user = c->bias_reg_user,
                                 .reg_item = c->bias_reg_item,
                                 .iterations = c->biases == FIXED ? c->bias_iterations : 0 };
    const rb_factor_start start = item_start(c);
    (void)prepared;

    m->objective = INFINITY;
    RB_TRY(rb_bias_fit(&m->bias, train, &how, ctx, err));
    if (c->biases == NONE)
        m->bias.mean = 0;
    RB_TRY(rb_factor_model_begin(&m->factor, train, c->factors, (rb_precision)c->precision, &start, ctx, err));
done:
    return err->status;
}

/* One half step, as the callbacks see it. */
typedef struct {
    const config *how;
    double mean;
    const double *own, *other; /* biases; own NULL: unknown */
} half;

/* Ratings without what is known of them. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type of the callback */
static double entries(const rb_normal *a, double *t, double *w, int64_t row, int64_t from, int64_t n)
{
    const half *h = a->model;
    double known = h->mean + (h->own ? h->own[row] : 0.0), constant = 0;
    (void)w;
    for (int64_t e = 0; e < n; e++) {
        t[e] = (double)a->side.rating[from + e] - known - h->other[a->side.col[from + e]];
        constant += t[e] * t[e];
    }
    return constant;
}

static double lambda_of(const config *c, int64_t n)
{
    return c->weighted ? c->regularization * (double)n : c->regularization;
}

static double lambda(const rb_normal *a, int64_t n)
{
    return lambda_of(((const half *)a->model)->how, n);
}

/* Rows of one side without entries become 0, or stay where only the revealed are solved; these exactly. */
static rb_status solve_side(rb_half_step *sums, state *m, rb_side side, bool users, bool revealed, const config *c,
                            rb_ctx *ctx, rb_error *err)
{
    bool joint = c->biases == JOINT;
    const double *own = users ? m->bias.user : m->bias.item;
    const half known = { c, m->bias.mean, joint ? NULL : own, users ? m->bias.item : m->bias.user };
    const rb_normal system = {
        .side = side,
        .own = users ? &m->factor.users : &m->factor.items,
        .other = users ? &m->factor.items : &m->factor.users,
        .own_bias = !joint  ? NULL
                    : users ? &m->bias.user_memory
                            : &m->bias.item_memory,
        .keep_empty = revealed,
        .cg_steps = c->solver == RB_SOLVER_CG && !revealed ? c->cg_steps : 0,
        .entries = entries,
        .lambda = lambda,
        .model = &known,
    };
    return rb_solve_rows(sums, &system, ctx, err);
}

static bool converged(double before, double now, double tolerance)
{
    return tolerance > 0 && before - now < tolerance * before;
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    rb_half_step users = { 0 }, items = { 0 };
    (void)prepared;

    RB_TRY(solve_side(&users, m, rb_side_users(view->ratings), true, false, c, ctx, err));
    RB_TRY(solve_side(&items, m, rb_side_items(view->ratings), false, false, c, ctx, err));
    *objective = items.loss + users.penalty;
    *done = iteration + 1 >= c->iterations || converged(m->objective, *objective, c->tolerance);
    m->objective = *objective;
done:
    return err->status;
}

/* The user half of the bias model, where it was fitted before, and the user half step. */
static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    rb_half_step sums;
    (void)prepared;

    if (c->biases == FIXED)
        RB_TRY(rb_bias_reveal(&m->bias, view->revealed, c->bias_reg_user, ctx, err));
    RB_TRY(solve_side(&sums, m, rb_side_users(view->revealed), true, true, c, ctx, err));
done:
    return err->status;
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    (void)prepared, (void)cfg;
    return rb_factor_model_end(&((state *)self)->factor, view->ratings, ctx, err);
}

static rb_precision precision(const void *cfg)
{
    return (rb_precision)((const config *)cfg)->precision;
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
}

/* What the factors of one more row explain of its ratings, all but a joint bias; *user is the fixed one. */
static rb_status residuals(double **out, double *user, const state *m, const config *c, const int32_t *items,
                           const float *ratings, int64_t n, rb_error *err)
{
    double sum = 0, *t = NULL;
    RB_TRY(rb_alloc(&t, n, err));
    for (int64_t e = 0; e < n; e++) {
        t[e] = (double)ratings[e] - m->bias.mean - m->bias.item[items[e]];
        sum += t[e];
    }
    *user = c->biases == FIXED && n > 0 ? sum / (c->bias_reg_user + (double)n) : 0;
    for (int64_t e = 0; e < n; e++)
        t[e] -= *user;
done:
    *out = t;
    return err->status;
}

/* The user half step of one more row; with fixed biases, after the user half of the bias model. */
static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    const config *c = cfg;
    int64_t k = m->factor.items.k;
    double *x = NULL, *t = NULL, user = 0;

    RB_TRY(rb_alloc(&x, k + 1, err));
    RB_TRY(residuals(&t, &user, m, c, items, ratings, n, err));
    RB_TRY(rb_fold_in(x, &m->factor.items, NULL, lambda_of(c, n), items, NULL, t, n, c->biases == JOINT, err));
    if (c->biases == JOINT)
        user = x[k];
    rb_fold_scores(scores, &m->factor.items, x);
    for (int32_t i = 0; i < m->bias.n_items; i++)
        scores[i] += m->bias.mean + user + m->bias.item[i];
done:
    rb_free(t);
    rb_free(x);
    return err->status;
}

/* Of the product of the factors; biases are nobody's. A joint bias is taken off the ratings as it was solved. */
static rb_status explain_given(int32_t *items, double *weights, int *found, int n, const void *self, const int32_t *own,
                               const float *ratings, int64_t n_own, int32_t item, const void *cfg, rb_error *err)
{
    const state *m = self;
    const config *c = cfg;
    const double lambda = lambda_of(c, n_own);
    double *t = NULL, *x = NULL, user;
    RB_TRY(residuals(&t, &user, m, c, own, ratings, n_own, err));
    if (c->biases == JOINT) {
        RB_TRY(rb_alloc(&x, m->factor.items.k + 1, err));
        RB_TRY(rb_fold_in(x, &m->factor.items, NULL, lambda, own, NULL, t, n_own, true, err));
        for (int64_t e = 0; e < n_own; e++)
            t[e] -= x[m->factor.items.k];
    }
    RB_TRY(rb_fold_explain(items, weights, found, n, &m->factor.items, NULL, lambda, own, NULL, t, n_own, item, err));
done:
    rb_free(t);
    rb_free(x);
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    rb_factor_model_arrays(&m->factor, v);
    rb_bias_arrays(&m->bias, v);
}

static void checkpoint(void *self, rb_visitor *v)
{
    arrays(self, v);
    v->scalar(v, "objective", RB_FLOAT64, &((state *)self)->objective);
}

static void fini(void *self)
{
    state *m = self;
    rb_factor_model_fini(&m->factor);
    rb_bias_fini(&m->bias);
    memset(m, 0, sizeof *m);
}

const rb_recommender rb_als = {
    .name = "als",
    .summary = "alternating least squares for ratings",
    .reference = "Zhou et al. 2008, doi:10.1007/978-3-540-68880-8_32; Koren, Bell, Volinsky 2009, "
                 "doi:10.1109/MC.2009.263",
    .needs = RB_NEEDS_RATINGS,
    .can = RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,
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
    .predict = predict,
    .fold_in = fold_in,
    .explain_given = explain_given,
    .checkpoint = checkpoint,
    .arrays = arrays,
    .fini = fini,
};
