/*
 * SVD++: factors and biases of ratings, where the items that a user rated count whatever the rating,
 *
 *     r_ui = mu + b_u + b_i + q_i . (p_u + z_u),   z_u = |I(u)|^-1/2 sum_{j in I(u)} y_j
 *
 * by stochastic gradient descent: for each training rating, with e its error and all right-hand sides from before,
 *
 *     b_u += lr (e - reg b_u),  p_u += lr (e q_i - reg p_u),  q_i += lr (e (p_u + z_u) - reg q_i),
 *     b_i += lr (e - reg b_i),  y_j += lr (e |I(u)|^-1/2 q_i - reg y_j)  for all j in I(u)
 *
 * where each of the five may have a learning rate and a regularisation of its own.
 *
 * All y_j of a user take the same affine update, so that a user is one pass over the own ratings with z_u alone, and
 * what it does to every y_j is one factor and one vector: an epoch costs O(nnz k), not O(sum_u |I(u)|^2 k).
 *
 * Users come in rounds of `batch` (recommend/core/rounds.h): they see the items as the round found them, and then every
 * item applies their updates, by ascending user. `batch: 1` is one user after the other, the order of Surprise's SVDpp
 * on a file sorted by users: the same model from the same start. Large batches diverge where users share most items.
 *
 * Koren (2008), doi:10.1145/1401890.1401944. A user or item without training ratings has factors and bias 0. A user who
 * comes later gets `iterations` passes over the own ratings, which ascend by item, from 0, with the items as they
 * stand. In double. The objective of an iteration is the sum of the squared errors that it met. Memory (m + 2 n) k
 * numbers a node and the ratings of a round times k. Bits: the same for any ranks and threads.
 */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "recommend/core/rounds.h"
#include "recommend/core/sgd.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t factors, iterations;
    double learning_rate, regularization;
    rb_sgd_rates rate; /* below 0: the common one */
    double rate_implicit, reg_implicit;
    int64_t batch;
    rb_sgd_start begin;
} config;

typedef struct {
    rb_factor_model factor; /* users: p_u + z_u */
    rb_factors implicit;    /* y */
    rb_biases bias;

    /* while fitting */
    rb_factors p;
    rb_rounds rounds;
    rb_shared seen;   /* [n_most x k] p_u + z_u as each rating of the round saw it, times lr e of items */
    rb_shared asked;  /* [most_users x k] what a user adds to each y_j, */
    rb_shared keep;   /* [most_users] after multiplying it by this */
    rb_shared error;  /* [n_most] lr e of item biases for each rating of the round */
    rb_shared square; /* [n_users] squared errors */
    double *scratch;  /* [n_threads x 3 k] */
} state;

static const rb_param params[] = {
    RB_FACTORS_PARAM(config),
    RB_INT(config, iterations, 20, 1, 10000, "", "epochs over all ratings"),
    RB_DOUBLE(config, learning_rate, 0.007, 0.0, 1.0, "", "of all parts"),
    RB_DOUBLE(config, regularization, 0.02, 0.0, 1e3, "", "of all parts"),
    RB_SGD_RATE_PARAMS(config),
    RB_SGD_RATE(config, rate_implicit, "learning_rate_implicit", "of what was rated at all; -1: learning_rate"),
    RB_SGD_RATE(config, reg_implicit, "regularization_implicit", "of what was rated at all; -1: regularization"),
    RB_INT(config, batch, 16, 1, 4096, "users", "who see the same items; 1: one after the other"),
    RB_SGD_START_PARAMS(config, 0.1),
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
    double k = (double)c->factors, n = (double)shape->nnz, rows = (double)(shape->n_users + shape->n_items);
    double round = fmin(n, (double)RB_ROUND_ENTRIES + (double)shape->n_items);
    return (rb_cost){ .bytes_per_rank = 4 * n + 24 * (double)shape->n_users + 24 * k * shape->n_threads,
                      .bytes_per_node = sizeof(double) * ((3 * rows) * (k + 8) + round * (k + 1) +
                                                          (double)c->batch * k + 2 * rows + (double)shape->n_users),
                      .flops = 16 * k * n * (double)c->iterations };
}

/* y starts like the others, and its splitmix numbers come after those of items and users. */
static rb_status start_implicit(state *m, const rb_ratings *train, const config *c, rb_ctx *ctx, rb_error *err)
{
    const rb_factor_start start = { .kind = c->begin.init == RB_START_FILE ? RB_START_RANDOM : (rb_start)c->begin.init,
                                    .stream = "factors.implicit",
                                    .mean = c->begin.init_mean,
                                    .spread = c->begin.init_std,
                                    .first = (int64_t)train->n_items + train->n_users };
    RB_TRY(rb_factors_alloc(&m->implicit, train->n_items, c->factors, RB_DOUBLE_PRECISION, ctx, err));
    RB_TRY(rb_factors_start(&m->implicit, &start, &train->items, ctx, err));
done:
    return err->status;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    const rb_ratings *train = view->ratings;
    const int64_t k = c->factors, size = sizeof(double);
    (void)prepared;

    RB_TRY(rb_bias_fit(&m->bias, train, &(rb_bias_config){ 0 }, ctx, err));
    RB_TRY(rb_sgd_model_begin(&m->factor, train, k, RB_DOUBLE_PRECISION, &c->begin, ctx, err));
    RB_TRY(start_implicit(m, train, c, ctx, err));
    RB_TRY(rb_factors_alloc(&m->p, train->n_users, k, RB_DOUBLE_PRECISION, ctx, err));
    (void)rb_rounds_init(&m->rounds, train, c->batch, err);
    RB_TRY_ALL(ctx, rb_alloc(&m->scratch, 3 * k * ctx->n_threads, err));
    RB_TRY(rb_shared_alloc(&m->seen, m->rounds.n_most * k * size, ctx, err));
    RB_TRY(rb_shared_alloc(&m->error, m->rounds.n_most * size, ctx, err));
    RB_TRY(rb_shared_alloc(&m->asked, m->rounds.most_users * k * size, ctx, err));
    RB_TRY(rb_shared_alloc(&m->keep, m->rounds.most_users * size, ctx, err));
    RB_TRY(rb_shared_alloc(&m->square, train->n_users * size, ctx, err));
    if (ctx->node_rank == 0)
        memcpy(m->p.data, m->factor.users.data, (size_t)m->p.memory.n_bytes);
    rb_shared_sync(&m->p.memory, ctx);
done:
    return err->status;
}

static void fitting_fini(state *m)
{
    rb_factors_fini(&m->p);
    rb_rounds_fini(&m->rounds);
    rb_shared_fini(&m->seen);
    rb_shared_fini(&m->asked);
    rb_shared_fini(&m->keep);
    rb_shared_fini(&m->error);
    rb_shared_fini(&m->square);
    rb_free(m->scratch);
    m->scratch = NULL;
}

static double *row(const rb_factors *f, int64_t j)
{
    return (double *)f->data + j * f->ld;
}

/* a + s b into a. */
static void add_scaled(double *restrict a, double s, const double *restrict b, int64_t k)
{
    for (int64_t f = 0; f < k; f++)
        a[f] = fma(s, b[f], a[f]);
}

/* z_u */
static void implicit_sum(double *z, const state *m, const rb_ratings *train, int64_t u)
{
    int64_t from = train->user_begin[u], n = train->user_begin[u + 1] - from, k = m->implicit.k;
    memset(z, 0, (size_t)k * sizeof *z);
    for (int64_t e = from; e < from + n; e++)
        add_scaled(z, 1, row(&m->implicit, train->user_item[e]), k);
    for (int64_t f = 0; f < k && n > 0; f++)
        z[f] /= sqrt((double)n);
}

/* Of all parts. */
typedef struct {
    rb_sgd_rates of;
    double implicit, reg_implicit;
} part_rates;

static part_rates rates_of(const config *c)
{
    return (part_rates){ .of = rb_sgd_rates_of(&c->rate, c->learning_rate, c->regularization),
                         .implicit = rb_sgd_rate(c->rate_implicit, c->learning_rate),
                         .reg_implicit = rb_sgd_rate(c->reg_implicit, c->regularization) };
}

/*
 * One user's pass over the own ratings. z takes the steps of the y_j: with a = 1 - lr reg after t of them it is
 * a^t z_0 + g, and every y_j has become a^t y_j + |I|^-1/2 g. Beside it goes w = p + z, so that the product needs one
 * vector, as where all rates are the same.
 */
static double visit_user(state *m, const config *c, const rb_ratings *train, int64_t first, int64_t u, double *scratch)
{
    double *asked = (double *)m->asked.data + (u - first) * c->factors;
    int64_t k = c->factors, first_entry = train->user_begin[first], from = train->user_begin[u],
            n = train->user_begin[u + 1] - from;
    double *z = scratch, *before = z + k, *w = before + k, *p = row(&m->p, u), *bias = m->bias.user + u, squares = 0,
           keep = 1;
    const part_rates r = rates_of(c);
    const double keep_p = 1 - r.of.user * r.of.reg_user, keep_z = 1 - r.implicit * r.reg_implicit;
    implicit_sum(z, m, train, u);
    memcpy(before, z, (size_t)k * sizeof *z);
    memcpy(w, z, (size_t)k * sizeof *z);
    add_scaled(w, 1, p, k);
    for (int64_t e = from; e < from + n; e++) {
        int32_t i = train->user_item[e];
        const double *q = row(&m->factor.items, i);
        double *seen = (double *)m->seen.data + (e - first_entry) * k;
        double error = (double)train->user_rating[e] - m->bias.mean - *bias - m->bias.item[i] - rb_inner_f64(q, w, k);
        const double step_p = r.of.user * error, step_z = r.implicit * error, step_q = r.of.item * error;
        for (int64_t f = 0; f < k; f++) {
            seen[f] = step_q * w[f];
            w[f] = fma(step_p + step_z, q[f], fma(keep_z - keep_p, z[f], keep_p * w[f]));
            z[f] = fma(step_z, q[f], keep_z * z[f]);
        }
        ((double *)m->error.data)[e - first_entry] = r.of.item_bias * error;
        *bias += r.of.user_bias * (error - r.of.reg_user_bias * *bias);
        keep *= keep_z;
        squares += error * error;
    }
    for (int64_t f = 0; f < k; f++) {
        p[f] = w[f] - z[f];
        asked[f] = n > 0 ? (z[f] - keep * before[f]) / sqrt((double)n) : 0;
    }
    ((double *)m->keep.data)[u - first] = keep;
    return squares;
}

/* Every rank of a node takes a share: nodes repeat one another's work, since a round is too short to be sent around. */
static int64_t share(int64_t n, int part, int n_parts)
{
    return n * part / n_parts;
}

static void visit_users(state *m, const config *c, const rb_ratings *train, int64_t round, const rb_ctx *ctx)
{
    int32_t first = m->rounds.first[round], n = m->rounds.first[round + 1] - first;
    int64_t from = first + share(n, ctx->node_rank, ctx->n_node_ranks),
            to = first + share(n, ctx->node_rank + 1, ctx->n_node_ranks), k = c->factors;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int64_t u = from; u < to; u++)
        ((double *)m->square.data)[u] = visit_user(m, c, train, first, u, m->scratch + 3 * k * omp_get_thread_num());
    rb_shared_sync(&m->seen, ctx);
}

/* What the ratings of one item in a round, n of them from by_item[at] on, do to it. */
static void visit_item(state *m, const config *c, const rb_ratings *train, int64_t round, int64_t at, int64_t n)
{
    int32_t first = m->rounds.first[round], u = first;
    int64_t entry = train->user_begin[first], k = c->factors, i = train->user_item[entry + m->rounds.by_item[at]];
    double *q = row(&m->factor.items, i), *y = row(&m->implicit, i), *bias = m->bias.item + i;
    const rb_sgd_rates r = rb_sgd_rates_of(&c->rate, c->learning_rate, c->regularization);
    const double keep_q = 1 - r.item * r.reg_item, keep_bias = 1 - r.item_bias * r.reg_item_bias;
    for (int64_t e = at; e < at + n; e++) {
        int64_t local = m->rounds.by_item[e];
        const double *seen = (double *)m->seen.data + local * k;
        while (train->user_begin[u + 1] <= entry + local)
            u++;
        const double *asked = (double *)m->asked.data + (u - first) * k;
        const double keep = ((double *)m->keep.data)[u - first];
        for (int64_t f = 0; f < k; f++) {
            q[f] = fma(keep_q, q[f], seen[f]);
            y[f] = fma(keep, y[f], asked[f]);
        }
        *bias = keep_bias * *bias + ((double *)m->error.data)[local];
    }
}

static void visit_items(state *m, const config *c, const rb_ratings *train, int64_t round, const rb_ctx *ctx)
{
    int64_t entry = train->user_begin[m->rounds.first[round]],
            n = train->user_begin[m->rounds.first[round + 1]] - entry;
    const int32_t *local = m->rounds.by_item + entry, *item = train->user_item + entry;
    int n_workers = ctx->n_node_ranks * ctx->n_threads;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static, 1)
    for (int t = 0; t < ctx->n_threads; t++) { /* whole items: those that begin in the worker's share */
        int worker = ctx->node_rank * ctx->n_threads + t;
        int64_t at = share(n, worker, n_workers), to = share(n, worker + 1, n_workers), end;
        while (at > 0 && at < to && item[local[at]] == item[local[at - 1]])
            at++;
        for (; at < to; at = end) {
            for (end = at + 1; end < n && item[local[end]] == item[local[at]];)
                end++;
            visit_item(m, c, train, round, entry + at, end - at);
        }
    }
    rb_shared_sync(&m->seen, ctx);
}

/* Users as they are scored: p_u + z_u. */
static void join_users(state *m, const rb_ratings *train, const rb_ctx *ctx)
{
    int64_t from = share(train->n_users, ctx->node_rank, ctx->n_node_ranks),
            to = share(train->n_users, ctx->node_rank + 1, ctx->n_node_ranks);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 64)
    for (int64_t u = from; u < to; u++) {
        implicit_sum(row(&m->factor.users, u), m, train, u);
        add_scaled(row(&m->factor.users, u), 1, row(&m->p, u), m->p.k);
    }
    rb_shared_sync(&m->factor.users.memory, ctx);
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    (void)prepared;

    for (int64_t round = 0; round < m->rounds.n_rounds; round++) {
        visit_users(m, c, view->ratings, round, ctx);
        visit_items(m, c, view->ratings, round, ctx);
    }
    join_users(m, view->ratings, ctx);
    RB_TRY(rb_sgd_sum(objective, m->square.data, &view->ratings->users, ctx, err));
    if (!isfinite(*objective)) /* the same on every rank */
        RB_FAIL(err, RB_NOT_FINITE, "the factors grow without bound: a smaller `learning_rate` or `batch` is needed");
    *done = iteration + 1 >= c->iterations;
done:
    return err->status;
}

/* p_u + z_u and the bias of a user of n ratings, from p_u = 0, with the items as they stand. */
static void fold_user(double *p, double *bias, const void *self, const void *cfg, const int32_t *items,
                      const float *ratings, int64_t n)
{
    const state *m = self;
    const config *c = cfg;
    int64_t k = c->factors;
    const part_rates r = rates_of(c);
    const double keep_p = 1 - r.of.user * r.of.reg_user, keep_z = 1 - r.implicit * r.reg_implicit;
    double z[4096] = { 0 }; /* factors: at most 4096 */
    memset(p, 0, (size_t)k * sizeof *p);
    *bias = 0;
    for (int64_t e = 0; e < n; e++)
        for (int64_t f = 0; f < k; f++)
            z[f] += rb_factors_at(&m->implicit, items[e], f) / sqrt((double)n);
    for (int64_t at = 0; at < n * c->iterations; at++) {
        int32_t i = items[at % n];
        double error = (double)ratings[at % n] - m->bias.mean - *bias - m->bias.item[i];
        for (int64_t f = 0; f < k; f++)
            error -= (p[f] + z[f]) * rb_factors_at(&m->factor.items, i, f);
        *bias += r.of.user_bias * (error - r.of.reg_user_bias * *bias);
        for (int64_t f = 0; f < k; f++) {
            double q = rb_factors_at(&m->factor.items, i, f);
            p[f] = keep_p * p[f] + r.of.user * error * q;
            z[f] = keep_z * z[f] + r.implicit * error * q;
        }
    }
    add_scaled(p, 1, z, k);
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    (void)prepared;
    return rb_sgd_reveal(&m->factor, &m->bias, view->revealed, fold_user, m, cfg, ctx, err);
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    (void)prepared, (void)cfg;
    fitting_fini(m);
    RB_TRY(rb_factors_finish(&m->implicit, &view->ratings->items, ctx, err));
    RB_TRY(rb_factor_model_end(&m->factor, view->ratings, ctx, err));
done:
    return err->status;
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
    m->implicit.precision = RB_DOUBLE_PRECISION;
    rb_factors_visit(&m->implicit, "implicit_factors", v);
    rb_bias_arrays(&m->bias, v);
}

static void checkpoint(void *self, rb_visitor *v)
{
    state *m = self;
    arrays(m, v);
    rb_factors_visit(&m->p, "own_user_factors", v);
}

static void fini(void *self)
{
    state *m = self;
    fitting_fini(m);
    rb_factors_fini(&m->implicit);
    rb_factor_model_fini(&m->factor);
    rb_bias_fini(&m->bias);
    memset(m, 0, sizeof *m);
}

const rb_recommender rb_svdpp = {
    .name = "svdpp",
    .summary = "SVD++: factors of ratings and of what was rated at all, by stochastic gradient descent",
    .reference = "Koren 2008, doi:10.1145/1401890.1401944",
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
    .checkpoint = checkpoint,
    .arrays = arrays,
    .fini = fini,
};
