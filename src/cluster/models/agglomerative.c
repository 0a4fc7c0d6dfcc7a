/*
 * Agglomerative clustering: every point a cluster; the two nearest clusters merge until one is left.
 *
 * How far clusters A and B are apart, of points i in A and j in B:
 *
 *     single    min d_ij             complete  max d_ij
 *     average   mean d_ij            weighted  mean of the distances of the two parts of A to B
 *     ward      sqrt(2 |A| |B| / (|A| + |B|)) |c_A - c_B|, c the centroids
 *     centroid  |c_A - c_B|          median    |m_A - m_B|, m of a merge is the midpoint of its parts' m
 *
 * all by the update of Lance and Williams (1967), doi:10.1093/comjnl/9.4.373. Complete, average, weighted and ward:
 * rounds of reciprocal nearest neighbours, which are nearest-neighbour chains (Murtagh 1983) begun at every cluster at
 * once, then one chain. Centroid and median: Muellner (2011, arXiv:1109.2378). Single: the shortest spanning tree.
 * The tree is SciPy's linkage: a row (id, id, height, points) a merge, ascending in height except for centroid and
 * median, whose heights may fall. Labels are a cut of it, numbered by their lowest points; `height`: merges at most
 * there, as in SciPy's fcluster.
 *
 * metric cosine: 1 - cosine, computed as half the squared distance of rows of length 1; 1 to a row of zeros.
 *
 * `cophenetic` is the correlation of the heights at which pairs merge and their distances, where it is asked for; it
 * computes the distances once more, tile by tile, as the merges destroy the matrix.
 *
 * New points (assign): the cluster of the nearest point of the fit, by the metric, the one of lowest index among
 * equals. A point of the fit gets its own cluster, or that of an earlier one at the same place.
 *
 * Trials that differ in their cut alone share one tree. Time O(n^2 d): distances and rounds by all ranks and threads,
 * the chain's and Muellner's updates by all ranks. Memory n^2 numbers in all, cut over the ranks by rows: both halves,
 * so that rows lie whole and are searched in the order of memory; single linkage has no matrix, and its heights are in
 * double whatever the precision. Bits: the same for any ranks and threads.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#include "cluster/core/kept_points.h"
#include "cluster/core/linkage_distances.h"
#include "cluster/core/linkage_rounds.h"
#include "cluster/core/nearest.h"

enum { METRIC_EUCLIDEAN, METRIC_COSINE };
enum { CUT_K, CUT_HEIGHT };
enum { PRECISION_SINGLE, PRECISION_DOUBLE };

typedef struct {
    const char *space;
    int64_t k;
    double height;
    int cut, linkage, metric, precision;
} config;

typedef struct {
    int64_t n, n_merges;
    int32_t *label;    /* [n] */
    double *tree;      /* [n_merges x 4] */
    double cophenetic; /* NAN where it was not asked for; no part of the model */
    rb_kept_points points;
} state;

/* What trials share. */
typedef struct {
    int64_t n;
    double *tree; /* [n - 1 x 4] */
    double cophenetic;
} shared;

/* Choices in the order of rb_linkage. */
static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-100", "the points"),
    RB_CHOICE(config, linkage, RB_LINKAGE_WARD, "single|complete|average|weighted|ward|centroid|median",
              "distance between clusters", .flags = RB_PARAM_PREPARES),
    RB_CHOICE(config, metric, METRIC_EUCLIDEAN, "euclidean|cosine",
              "distance between points; ward, centroid and median are euclidean", .flags = RB_PARAM_PREPARES),
    RB_CHOICE(config, cut, CUT_K, "k|height", "what makes the labels: a number of clusters or a height of the tree"),
    RB_INT(config, k, 8, 1, 1e6, "clusters", "number of clusters, for cut k"),
    RB_DOUBLE(config, height, 1, 0, 1e300, "", "largest height of a merge, for cut height"),
    RB_CHOICE(config, precision, PRECISION_DOUBLE, "single|double", "of the matrix of distances",
              .flags = RB_PARAM_PREPARES),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (c->metric == METRIC_COSINE && rb_linkage_squares((rb_linkage)c->linkage))
        return RB_FAIL(err, RB_BAD_INPUT,
                       "'agglomerative.linkage' ward, centroid and median need the metric euclidean, not cosine");
    if (shape && shape->n_points > INT32_MAX / 2)
        return RB_FAIL(err, RB_BAD_INPUT, "agglomerative takes %d points at most, but there are %lld", INT32_MAX / 2,
                       (long long)shape->n_points);
    if (shape && shape->n_points > 0 && c->cut == CUT_K && c->k > shape->n_points)
        return RB_FAIL(err, RB_BAD_INPUT, "'agglomerative.k' is %lld, but there are only %lld points", (long long)c->k,
                       (long long)shape->n_points);
    return RB_OK;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    const double n = (double)shape->n_points, d = (double)shape->n_dims, nnz = (double)shape->n_points_nnz;
    const double entries = nnz > 0 ? nnz : n * d;
    const int n_ranks = shape->n_ranks > 0 ? shape->n_ranks : 1;
    rb_cost out = { .bytes_per_rank =
                        (4 + 32 + 32 + 16 + 80) * n, /* labels, trees, merges, and while they are sorted */
                    .bytes_per_node = 8 * entries /* the points that are kept */,
                    .flops = 2 * (nnz > 0 ? 2 : 3) * n * entries + 17 * n * n };
    if (nnz > 0)
        out.bytes_per_rank += 4 * nnz + 8 * (n + 1);
    if (c->linkage == RB_LINKAGE_SINGLE) {
        out.bytes_per_rank += rb_linkage_single_bytes(n, d, nnz, shape->n_threads);
        out.bytes_per_node += rb_linkage_single_node_bytes(n, d, nnz);
    } else {
        out.bytes_per_rank += rb_linkage_matrix_bytes(shape->n_points, n_ranks, c->precision == PRECISION_SINGLE) +
                              rb_linkage_rounds_bytes(n, n_ranks, shape->n_threads);
    }
    out.bytes_per_rank +=
        rb_linkage_distances_bytes(n, d, entries, nnz > 0, c->metric == METRIC_COSINE, shape->n_threads);
    out.prepare_flops = out.flops;
    return out;
}

static rb_status check_points(const config *c, const rb_points *points, rb_error *err)
{
    config any = *c;
    any.k = 1; /* the cut is a trial's own */
    if (points->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "agglomerative needs points, but the space is empty");
    return check(&any, &(rb_shape){ .n_points = points->n }, err);
}

static rb_status find_merges(rb_linkage_merge *merges, const config *c, const rb_points *points, const rb_ctx *ctx,
                             rb_error *err)
{
    const rb_linkage linkage = (rb_linkage)c->linkage;
    const bool is_cosine = c->metric == METRIC_COSINE;
    rb_linkage_matrix m = { 0 };
    if (linkage == RB_LINKAGE_SINGLE)
        return rb_linkage_single(merges, points, is_cosine, ctx, err);
    RB_TRY(rb_linkage_matrix_init(&m, points, is_cosine, rb_linkage_squares(linkage), c->precision == PRECISION_SINGLE,
                                  ctx, err));
    if (linkage == RB_LINKAGE_CENTROID || linkage == RB_LINKAGE_MEDIAN)
        RB_TRY(rb_linkage_generic(merges, &m, linkage, ctx, err));
    else
        RB_TRY(rb_linkage_chain(merges, &m, linkage, ctx, err));
done:
    rb_linkage_matrix_fini(&m);
    return err->status;
}

/* ---- what trials share ---- */

static void unprepare(void *prepared)
{
    shared *s = prepared;
    if (s)
        rb_free(s->tree);
    rb_free(s);
}

/* is_asked: the cophenetic correlation is wanted. */
static rb_status grow(shared *s, const config *c, const rb_points *points, bool is_asked, rb_ctx *ctx, rb_error *err)
{
    const rb_linkage linkage = (rb_linkage)c->linkage;
    const bool has_reversals = linkage == RB_LINKAGE_CENTROID || linkage == RB_LINKAGE_MEDIAN;
    rb_linkage_merge *merges = NULL;

    s->cophenetic = NAN;
    RB_TRY_ALL(ctx, rb_alloc(&merges, s->n - 1, err));
    RB_TRY(find_merges(merges, c, points, ctx, err));
    RB_TRY_ALL(ctx, rb_linkage_tree(s->tree, merges, s->n, !has_reversals, err));
    if (is_asked)
        RB_TRY(rb_linkage_cophenetic(&s->cophenetic, s->tree, points, c->metric == METRIC_COSINE, ctx, err));
done:
    rb_free(merges);
    return err->status;
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n_configs,
                         rb_ctx *ctx, rb_error *err)
{
    (void)n_configs;
    shared *s = NULL;
    *prepared = NULL;
    RB_TRY_ALL(ctx, check_points(configs[0], view->space, err));
    if (rb_alloc(&s, 1, err) == RB_OK) {
        s->n = view->space->n;
        rb_alloc(&s->tree, 4 * (s->n - 1), err);
    }
    RB_TRY_ALL(ctx, err->status);
    RB_TRY(grow(s, configs[0], view->space, view->asked != 0, ctx, err));
    *prepared = s;
done:
    if (!*prepared)
        unprepare(s);
    return err->status;
}

/* ---- one cut ---- */

static rb_status cut(state *s, const config *c, const shared *all, rb_error *err)
{
    RB_TRY(check(c, &(rb_shape){ .n_points = all->n }, err));
    s->n = all->n;
    s->n_merges = s->n - 1;
    s->cophenetic = all->cophenetic;
    rb_alloc(&s->label, s->n, err);
    RB_TRY(rb_alloc(&s->tree, 4 * s->n_merges, err));
    memcpy(s->tree, all->tree, (size_t)(4 * s->n_merges) * sizeof *s->tree);
    RB_TRY(c->cut == CUT_K ? rb_linkage_cut_count(s->label, s->tree, s->n, c->k, err)
                           : rb_linkage_cut_height(s->label, s->tree, s->n, c->height, err));
done:
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *s = self;
    RB_TRY_ALL(ctx, cut(s, cfg, prepared, err));
    RB_TRY(rb_kept_points_init(&s->points, view->space, NULL, ctx, err));
done:
    return err->status;
}

static const int32_t *labels(const void *self, int64_t *n)
{
    const state *s = self;
    *n = s->n;
    return s->label;
}

static rb_status assign(int32_t *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const state *s = self;
    rb_csr rows;
    rb_points fitted;
    rb_kept_points_view(&fitted, &rows, &s->points, s->n);
    RB_TRY(rb_kept_points_match(&s->points, points, "the fitted points", err));
    RB_TRY(rb_nearest_within(out, points, &fitted, INFINITY, ((const config *)cfg)->metric == METRIC_COSINE, ctx, err));
    for (int64_t i = 0; i < points->n; i++)
        out[i] = s->label[out[i]];
done:
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    state *s = self;
    int64_t one = 1, four = 4;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, NULL);
    v->array(v, "tree", RB_FLOAT64, (void **)&s->tree, &s->n_merges, &four, NULL);
    rb_kept_points_arrays(&s->points, v, (const char *const[]){ "point_values", "point_begin", "point_columns" });
}

static void fini(void *self)
{
    state *s = self;
    rb_free(s->label);
    rb_free(s->tree);
    rb_kept_points_fini(&s->points);
    memset(s, 0, sizeof *s);
}

static const char *distance(const void *cfg)
{
    return ((const config *)cfg)->metric == METRIC_COSINE ? "cosine" : "euclidean";
}

static const char *const measures[] = { "cophenetic", NULL };

static void measure(double *values, const void *self, const void *cfg)
{
    (void)cfg;
    values[0] = ((const state *)self)->cophenetic;
}

const rb_clusterer rb_agglomerative = {
    .name = "agglomerative",
    .summary = "merge tree of the nearest clusters, cut by their number or by height",
    .reference = "Lance and Williams 1967, doi:10.1093/comjnl/9.4.373; Muellner 2011, arXiv:1109.2378",
    .needs = RB_NEEDS_SPACE,
    .can = RB_CAN_ASSIGN | RB_CAN_MERGE,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .prepare = prepare,
    .unprepare = unprepare,
    .fit = fit,
    .distance = distance,
    .labels = labels,
    .assign = assign,
    .measures = measures,
    .dear = 1u << 0,
    .measure = measure,
    .arrays = arrays,
    .fini = fini,
};
