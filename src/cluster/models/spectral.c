/*
 * Spectral clustering: K-Means on the first eigenvectors of the normalised Laplacian of a graph of nearest neighbours.
 *
 *     A = (C + C') / 2,  c_ij = 1 where j is one of the n_neighbors - 1 nearest of i (the point itself is the first)
 *     D = diag(row sums),  L = I - D^-1/2 A D^-1/2,  L u_c = l_c u_c,  l_1 <= ... <= l_k
 *     row i = (u_1i, ..., u_ki) / sqrt(d_i),  label_i = K-Means of the rows (k clusters, the best of n_init)
 *
 * As scikit-learn's SpectralClustering with affinity nearest_neighbors, assign_labels kmeans: the point counts among
 * its n_neighbors and its loop counts nowhere; n_neighbors above the number of points are all of them. Neighbours are
 * exact, of equally distant ones an arbitrary but fixed choice. In each column of the embedding the entry of largest
 * absolute value is positive.
 *
 * A graph of p parts has the eigenvalue 0 p times. With p <= k the rows of a part agree in the columns of 0, so that
 * parts are apart; with p > k those are some k directions of the p, drawn from the seed: raise k or n_neighbors.
 *
 * Trials of one space and metric share the neighbours, as many as the largest n_neighbors asks for.
 *
 * Stored: labels, embedding (a space for other trials), eigenvalues (of L, ascending).
 *
 * Shi and Malik (2000), doi:10.1109/34.868688; von Luxburg (2007), doi:10.1007/s11222-007-9033-z. Eigenvectors:
 * linalg/spectrum.h, from Philox start vectors. Cost: at worst 2 n^2 d flops for the neighbours; an iteration of the
 * eigenvectors 2 degree nnz l + 10 n l^2, l = 1.5 k + 8. Bits: the same for any ranks and threads.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "cluster/core/kmeans_fit.h"
#include "cluster/core/neighbours.h"
#include "linalg/rsvd.h"
#include "linalg/spectrum.h"

enum { METRIC_EUCLIDEAN, METRIC_COSINE };

typedef struct {
    const char *space;
    int64_t k, n_neighbors, n_init, iterations;
    int metric;
    double tolerance;
} config;

typedef struct {
    int64_t n, k;
    int32_t *label;     /* [n] */
    double *embedding;  /* [n x k] */
    double *eigenvalue; /* [k] ascending */
    bool converged;
} state;

/* What trials share. */
typedef struct {
    int64_t n, k; /* neighbours of a point */
    rb_shared memory;
    int32_t *neighbour; /* [n x k] nearest first */
} shared;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-50", "the points"),
    RB_INT(config, k, 8, 1, 1e4, "clusters", "number of clusters, and of eigenvectors"),
    RB_INT(config, n_neighbors, 10, 2, 1e6, "points", "neighbours of a point in the graph, itself counted"),
    RB_CHOICE(config, metric, METRIC_EUCLIDEAN, "euclidean|cosine", "distance of the neighbours; cosine: 1 - cos",
              .flags = RB_PARAM_PREPARES),
    RB_INT(config, n_init, 10, 1, 10000, "restarts", "restarts of K-Means of which the best is kept"),
    RB_INT(config, iterations, 100, 1, 1e6, "", "most iterations for the eigenvectors"),
    RB_DOUBLE(config, tolerance, 1e-6, 1e-12, 1, "", "residual of each eigenvector that ends them"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (!shape)
        return RB_OK;
    if (shape->n_points > INT32_MAX / 2)
        return RB_FAIL(err, RB_BAD_INPUT, "spectral takes at most %d points, but there are %lld", INT32_MAX / 2,
                       (long long)shape->n_points);
    if (shape->n_points > 0 && c->k > shape->n_points)
        return RB_FAIL(err, RB_BAD_INPUT, "'spectral.k' is %lld, but there are only %lld points", (long long)c->k,
                       (long long)shape->n_points);
    return RB_OK;
}

/* Neighbours of a point, itself left out. */
static int64_t others(const config *c, int64_t n)
{
    return (c->n_neighbors < n ? c->n_neighbors : n) - 1;
}

/* As many iterations as graphs of groups take, a dozen of degree 12; k-means as a few of its own. */
static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    const int64_t m = others(c, shape->n_points);
    const double n = (double)shape->n_points, d = (double)shape->n_dims, nnz = (double)shape->n_points_nnz;
    const double entries = nnz > 0 ? nnz : n * d, edges = (double)m * n, k = (double)c->k, l = 1.5 * k + 8;
    double rank = 0, node = 0;
    rb_spectrum_bytes(&rank, &node, shape->n_points, c->k, shape->n_threads);
    double search = rb_neighbour_lists_bytes(n, d, nnz, m, shape->n_threads);
    return (rb_cost){ .bytes_per_rank = search + 48 * edges + 32 * n + rank + 8 * k + (8 * k + 4) * n +
                                        (nnz > 0 ? 4 * nnz + 8 * (n + 1) : 0),
                      .bytes_per_node = 16 * edges + 8 * entries + node + 8 * n * (k + 2),
                      .flops = 2 * n * entries + 12 * (12 * 4 * edges * l + 10 * n * l * l) +
                               (double)c->n_init * 20 * 2 * n * k * k };
}

static rb_status check_points(const config *c, const rb_points *points, rb_error *err)
{
    const rb_shape shape = { .n_points = points->n };
    if (points->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "spectral needs points, but the space is empty");
    RB_TRY(check(c, &shape, err));
    RB_TRY(rb_points_check(points, err));
done:
    return err->status;
}

/* ---- what trials share ---- */

static void unprepare(void *prepared)
{
    shared *s = prepared;
    if (s)
        rb_shared_fini(&s->memory);
    rb_free(s);
}

static rb_status find_neighbours(shared *s, const rb_points *points, bool is_cosine, const rb_ctx *ctx, rb_error *err)
{
    rb_neighbour_lists near = { 0 };
    RB_TRY(rb_neighbour_lists_init(&near, points, is_cosine, s->k, rb_neighbour_lists_by_balls(points), ctx, err));
    RB_TRY(rb_shared_alloc(&s->memory, s->n * s->k * (int64_t)sizeof *s->neighbour, ctx, err));
    s->neighbour = s->memory.data;
    const int32_t *order = near.leaves.order;
    for (int64_t p = 0; ctx->rank == 0 && p < s->n; p++)
        for (int64_t e = 0; e < s->k; e++)
            s->neighbour[order[p] * s->k + e] = order[near.lists.index[p * s->k + e]];
    rb_shared_publish_from(&s->memory, 0, ctx);
done:
    rb_neighbour_lists_fini(&near);
    return err->status;
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n_configs,
                         rb_ctx *ctx, rb_error *err)
{
    const config *const *all = (const config *const *)configs;
    shared *s = NULL;
    *prepared = NULL;
    RB_TRY_ALL(ctx, check_points(all[0], view->space, err));
    RB_TRY_ALL(ctx, rb_alloc(&s, 1, err));
    s->n = view->space->n;
    for (int i = 0; i < n_configs; i++) {
        const int64_t k = others(all[i], s->n);
        s->k = k > s->k ? k : s->k;
    }
    if (s->n > 1)
        RB_TRY(find_neighbours(s, view->space, all[0]->metric == METRIC_COSINE, ctx, err));
    *prepared = s;
done:
    if (!*prepared)
        unprepare(s);
    return err->status;
}

/* ---- the graph ---- */

/* C by point, the k nearest, columns ascending. Local. */
static rb_status directed(rb_csr *out, const shared *all, int64_t k, rb_error *err)
{
    const int64_t n = all->n;
    RB_TRY(rb_csr_init(out, n, n, n * k, err));
    for (int64_t i = 0; i <= n; i++)
        out->row_begin[i] = i * k;
    for (int64_t i = 0; i < n; i++) {
        int32_t *col = out->col + i * k;
        for (int64_t e = 0; e < k; e++) {
            const int32_t j = all->neighbour[i * all->k + e];
            int64_t at = e;
            for (; at > 0 && col[at - 1] > j; at--)
                col[at] = col[at - 1];
            col[at] = j;
        }
    }
    for (int64_t e = 0; e < n * k; e++)
        out->value[e] = 1;
done:
    return err->status;
}

/* (C + C') / 2: both have ascending columns. */
static rb_status symmetrise(rb_csr *out, const rb_csr *c, const rb_csr *t, rb_error *err)
{
    int64_t at = 0;
    RB_TRY(rb_csr_init(out, c->n_rows, c->n_cols, 2 * c->row_begin[c->n_rows], err));
    for (int64_t i = 0; i < c->n_rows; i++) {
        int64_t a = c->row_begin[i], b = t->row_begin[i];
        while (a < c->row_begin[i + 1] || b < t->row_begin[i + 1]) {
            const int32_t x = a < c->row_begin[i + 1] ? c->col[a] : INT32_MAX;
            const int32_t y = b < t->row_begin[i + 1] ? t->col[b] : INT32_MAX;
            out->col[at] = x < y ? x : y;
            out->value[at++] = x == y ? 1 : 0.5;
            a += x <= y;
            b += y <= x;
        }
        out->row_begin[i + 1] = at;
    }
done:
    return err->status;
}

/* D^-1/2 A D^-1/2 in place; degree [n]. Every point has a neighbour. */
static void normalise(rb_csr *a, double *degree)
{
    for (int64_t i = 0; i < a->n_rows; i++)
        for (int64_t e = a->row_begin[i]; e < a->row_begin[i + 1]; e++)
            degree[i] += a->value[e];
    for (int64_t i = 0; i < a->n_rows; i++)
        for (int64_t e = a->row_begin[i]; e < a->row_begin[i + 1]; e++)
            a->value[e] /= sqrt(degree[i]) * sqrt(degree[a->col[e]]);
}

static rb_status link_points(rb_csr *graph, double *degree, const shared *all, int64_t k, rb_error *err)
{
    rb_csr forward = { 0 }, backward = { 0 };
    RB_TRY(directed(&forward, all, k, err));
    RB_TRY(rb_csr_transpose(&backward, &forward, err));
    RB_TRY(symmetrise(graph, &forward, &backward, err));
    normalise(graph, degree);
done:
    rb_csr_fini(&forward);
    rb_csr_fini(&backward);
    return err->status;
}

/* ---- the fit ---- */

static rb_status embed_points(state *s, const shared *all, const config *c, const rb_ctx *ctx, rb_error *err)
{
    rb_csr graph = { 0 };
    rb_spectrum spectrum = { 0 };
    double *degree = NULL;
    const rb_spectrum_options how = {
        .k = c->k, .iterations = c->iterations, .tolerance = c->tolerance, .seed = ctx->seed
    };
    RB_TRY_ALL(ctx, rb_alloc(&degree, s->n, err));
    RB_TRY_ALL(ctx, link_points(&graph, degree, all, others(c, s->n), err));
    RB_TRY(rb_spectrum_init(&spectrum, &graph, &how, ctx, err));
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t f = 0; f < s->k; f++)
            s->embedding[i * s->k + f] = spectrum.vector[i * s->k + f] / sqrt(degree[i]);
    rb_fix_signs(s->embedding, s->n, s->k);
    for (int64_t f = 0; f < s->k; f++)
        s->eigenvalue[f] = 1 - spectrum.value[f];
    s->converged = spectrum.converged;
done:
    rb_free(degree);
    rb_csr_fini(&graph);
    rb_spectrum_fini(&spectrum);
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *s = self;
    const config *c = cfg;
    rb_kmeans_state clusters = { 0 };
    const rb_kmeans_options how = {
        .name = "spectral", .k = c->k, .n_init = c->n_init, .iterations = 300, .n_groups = 1, .tolerance = 1e-4
    };
    RB_TRY_ALL(ctx, check_points(c, view->space, err));
    s->n = view->space->n;
    s->k = c->k;
    rb_alloc(&s->label, s->n, err);
    rb_alloc(&s->embedding, s->n * s->k, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->eigenvalue, s->k, err));
    s->converged = true;
    if (s->n > 1)
        RB_TRY(embed_points(s, prepared, c, ctx, err));
    RB_TRY(rb_kmeans_fit(&clusters, &(rb_points){ .n = s->n, .d = s->k, .dense = s->embedding }, &how, ctx, err));
    memcpy(s->label, clusters.label, (size_t)s->n * sizeof *s->label);
done:
    rb_kmeans_state_fini(&clusters);
    return err->status;
}

static bool has_converged(const void *self)
{
    return ((const state *)self)->converged;
}

static const int32_t *labels(const void *self, int64_t *n)
{
    const state *s = self;
    *n = s->n;
    return s->label;
}

static const char *distance(const void *cfg)
{
    return ((const config *)cfg)->metric == METRIC_COSINE ? "cosine" : "euclidean";
}

static const double *embed(const void *self, int64_t *n, int64_t *d)
{
    const state *s = self;
    *n = s->n;
    *d = s->k;
    return s->embedding;
}

static void embed_shape(const void *cfg, const rb_shape *shape, int64_t *n, int64_t *d)
{
    (void)shape, (void)n;
    *d = ((const config *)cfg)->k;
}

static void arrays(void *self, rb_visitor *v)
{
    state *s = self;
    int64_t one = 1;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, NULL);
    v->array(v, "embedding", RB_FLOAT64, (void **)&s->embedding, &s->n, &s->k, NULL);
    v->array(v, "eigenvalues", RB_FLOAT64, (void **)&s->eigenvalue, &s->k, &one, NULL);
}

static void fini(void *self)
{
    state *s = self;
    rb_free(s->label);
    rb_free(s->embedding);
    rb_free(s->eigenvalue);
    memset(s, 0, sizeof *s);
}

const rb_clusterer rb_spectral = {
    .name = "spectral",
    .summary = "K-Means on the eigenvectors of a graph of nearest neighbours",
    .reference = "Shi and Malik 2000, doi:10.1109/34.868688",
    .needs = RB_NEEDS_SPACE,
    .can = RB_CAN_ASSIGN,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .prepare = prepare,
    .unprepare = unprepare,
    .fit = fit,
    .converged = has_converged,
    .labels = labels,
    .distance = distance,
    .embed = embed,
    .embed_shape = embed_shape,
    .arrays = arrays,
    .fini = fini,
};
