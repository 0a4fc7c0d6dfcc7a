/*
 * PureSVD: the training matrix with zeros for what is unknown, projected on its first right singular vectors.
 *
 *     X = U S V';  s_u = x_u V_k V_k'
 *
 * X: the training interactions that reach `relevance`, as ones. Cremonesi, Koren, Turrin (2010),
 * doi:10.1145/1864708.1864721. The vectors come from a randomised decomposition (linalg/rsvd.h) whose power iterations
 * go on until the singular values stand still; the largest entry of each vector is positive. Time O(iterations (nnz l +
 * (m + n) l^2)), l = factors + oversampling; memory 8 l (m + 2 n) bytes a node, 24 nnz a rank. Bits: the same for any
 * ranks and threads.
 */
#include "base/alloc.h"
#include "linalg/rsvd.h"
#include "recommend/core/factor_fold.h"
#include "recommend/recommend.h"

typedef struct {
    int64_t factors, oversampling, iterations;
    double tolerance;
} config;

typedef struct {
    rb_factors users, items; /* x_u V, V */
    bool converged;
} state;

static const rb_param params[] = {
    RB_INT(config, factors, 64, 1, 4096, "", "singular vectors"),
    RB_INT(config, oversampling, 16, 0, 4096, "", "further vectors while they are sought"),
    RB_INT(config, iterations, 100, 0, 100000, "", "most power iterations"),
    RB_DOUBLE(config, tolerance, 1e-6, 0.0, 1.0, "",
              "largest relative change of a singular value that ends them; 0: never"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (!shape)
        return RB_OK;
    int64_t most = shape->n_users < shape->n_items ? shape->n_users : shape->n_items;
    if (c->factors > most)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "'pure_svd.factors' is %lld, expected at most %lld: the matrix is %lld x %lld",
                       (long long)c->factors, (long long)most, (long long)shape->n_users, (long long)shape->n_items);
    return RB_OK;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double l = (double)(c->factors + c->oversampling), m = (double)shape->n_users, n = (double)shape->n_items;
    double nnz = (double)shape->n_positives, rounds = 1 + (double)(c->iterations < 20 ? c->iterations : 20);
    return (rb_cost){ .bytes_per_rank = 24 * nnz + 8 * (m + n) + 8 * l * n + 8 * l * l * (64.0 / shape->n_ranks + 4),
                      .bytes_per_node = 8 * l * (m + n) + 8 * (double)c->factors * (m + n),
                      .flops = rounds * (4 * nnz * l + 4 * (m + n) * l * l) };
}

static rb_status to_csr(rb_csr *x, const rb_ratings *train, rb_error *err)
{
    RB_TRY(rb_csr_init(x, train->n_users, train->n_items, train->n, err));
    for (int64_t u = 0; u <= train->n_users; u++)
        x->row_begin[u] = train->user_begin[u];
    for (int64_t e = 0; e < train->n; e++) {
        x->col[e] = train->user_item[e];
        x->value[e] = 1;
    }
done:
    return err->status;
}

/* Rows x_u V of the users who have interactions in `from`; the others are left as they are. */
static rb_status project(rb_factors *users, const rb_factors *items, const rb_ratings *from, const rb_ctx *ctx,
                         rb_error *err)
{
    int64_t *rows = NULL; /* [n_ranks + 1] first user of each rank */
    const double *v = items->data;
    RB_TRY_ALL(ctx, rb_alloc(&rows, ctx->n_ranks + 1, err));
    rb_blocks_offsets(rows, &from->users, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 64)
    for (int64_t u = rows[ctx->rank]; u < rows[ctx->rank + 1]; u++) {
        double *row = (double *)users->data + u * users->ld;
        for (int64_t e = from->user_begin[u]; e < from->user_begin[u + 1]; e++)
            for (int64_t f = 0; f < users->k; f++)
                row[f] += v[from->user_item[e] * items->ld + f];
    }
    rb_factors_publish(users, rows, ctx);
done:
    rb_free(rows);
    return err->status;
}

static rb_status take_vectors(rb_factors *items, const rb_rsvd *svd, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_factors_alloc(items, svd->n, svd->k, RB_DOUBLE_PRECISION, ctx, err));
    for (int64_t i = ctx->node_rank; i < svd->n; i += ctx->n_node_ranks) /* each node for itself */
        for (int64_t f = 0; f < svd->k; f++)
            ((double *)items->data)[i * items->ld + f] = svd->v[i * svd->k + f];
    rb_shared_sync(&items->memory, ctx);
done:
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    const rb_ratings *train = view->positives;
    const rb_rsvd_options options = { .n_components = c->factors,
                                      .oversampling = c->oversampling,
                                      .power_iterations = c->iterations,
                                      .seed = ctx->seed,
                                      .tolerance = c->tolerance };
    rb_csr x = { 0 };
    rb_rsvd svd = { 0 };
    (void)prepared;

    RB_TRY_ALL(ctx, to_csr(&x, train, err));
    RB_TRY(rb_rsvd_init(&svd, &x, &options, ctx, err));
    rb_csr_fini(&x);
    m->converged = svd.settled;
    RB_TRY(take_vectors(&m->items, &svd, ctx, err));
    RB_TRY(rb_factors_alloc(&m->users, train->n_users, svd.k, RB_DOUBLE_PRECISION, ctx, err));
    RB_TRY(project(&m->users, &m->items, train, ctx, err));
    RB_TRY(rb_factors_finish(&m->users, &train->users, ctx, err));
    RB_TRY(rb_factors_finish(&m->items, &train->items, ctx, err));
done:
    rb_csr_fini(&x);
    rb_rsvd_fini(&svd);
    return err->status;
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    (void)prepared, (void)cfg;
    return project(&m->users, &m->items, view->revealed_positives, ctx, err);
}

static bool has_converged(const void *self)
{
    return ((const state *)self)->converged;
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    rb_factors_score(tile, &m->users, &m->items, users, n_users, item_begin, item_end);
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    double *x = NULL;
    (void)ratings, (void)cfg;
    RB_TRY(rb_alloc(&x, m->items.k, err));
    for (int64_t e = 0; e < n; e++)
        for (int64_t f = 0; f < m->items.k; f++)
            x[f] += rb_factors_at(&m->items, items[e], f);
    rb_fold_scores(scores, &m->items, x);
done:
    rb_free(x);
    return err->status;
}

/* s_uj = sum over the items of q_i . q_j */
static rb_status explain_given(int32_t *items, double *weights, int *found, int n, const void *self, const int32_t *own,
                               const float *ratings, int64_t n_own, int32_t item, const void *cfg, rb_error *err)
{
    const state *m = self;
    double *y = NULL;
    (void)ratings, (void)cfg;
    RB_TRY(rb_alloc(&y, m->items.k, err));
    for (int64_t f = 0; f < m->items.k; f++)
        y[f] = rb_factors_at(&m->items, item, f);
    *found = rb_fold_largest(items, weights, n, &m->items, own, NULL, n_own, y, err);
done:
    rb_free(y);
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    m->users.precision = m->items.precision = RB_DOUBLE_PRECISION;
    rb_factors_visit(&m->users, "user_factors", v);
    rb_factors_visit(&m->items, "item_factors", v);
}

static void fini(void *self)
{
    state *m = self;
    rb_factors_fini(&m->users);
    rb_factors_fini(&m->items);
}

const rb_recommender rb_pure_svd = {
    .name = "pure_svd",
    .summary = "projection on the first singular vectors, unknown as zero",
    .reference = "Cremonesi, Koren, Turrin 2010, doi:10.1145/1864708.1864721",
    .needs = RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .fit = fit,
    .reveal = reveal,
    .converged = has_converged,
    .score = score,
    .fold_in = fold_in,
    .explain_given = explain_given,
    .arrays = arrays,
    .fini = fini,
};
