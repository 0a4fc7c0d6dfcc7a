/*
 * DBSCAN: clusters are what dense points reach.
 *
 * A point is core where at least `min_samples` points, itself among them, lie within `eps` of it. Core points within
 * eps of each other share a cluster; clusters are numbered by their lowest core point. Another point within eps of a
 * core point joins the lowest-numbered cluster it can, as in scikit-learn; the rest is noise, -1.
 *
 * A distance of exactly eps is within. Distances are those of core/metric.h (a squared distance is compared with
 * eps * eps); cosine is 1 - cos, 1 from a row of zeros to any other.
 *
 * eps 0: that at the knee of the sorted distances to the nearest min_samples - 1 others (core/k_distances.h), which is
 * `suggested_eps`, too. With `k_distances` that curve is stored beside a given eps.
 *
 * New points (assign): the cluster of the nearest core point within eps, the one of lowest index among equals, else
 * -1. So a border point of the fit may get another label as a new point.
 *
 * Trials of one space and metric share the graph of pairs within the largest eps, nearer ones first, as far as it is
 * kept: each takes those within its own.
 *
 * Ester, Kriegel, Sander and Xu (1996), KDD, 226-231; Schubert et al. (2017), doi:10.1145/3068335.
 * Time: that of all pairs within eps (core/radius.h), at worst n^2 d flops; pairs beyond those kept are found three
 * times; with the curve also neighbour lists, at worst 2 n^2 d flops. Bits: integers, the same for any ranks and
 * threads.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#include "cluster/core/distinct.h"
#include "cluster/core/forest.h"
#include "cluster/core/k_distances.h"
#include "cluster/core/kept_points.h"
#include "cluster/core/nearest.h"
#include "cluster/core/radius.h"

#define LEAST_EPS 1e-150 /* its square is no 0 */

enum { METRIC_EUCLIDEAN, METRIC_COSINE };

typedef struct {
    const char *space;
    double eps;
    int64_t min_samples;
    int metric;
    bool k_distances;
} config;

typedef struct {
    int64_t n, n_core, n_clusters;
    rb_shared label_memory;
    int32_t *label;      /* [n] */
    uint8_t *is_core;    /* [n] */
    int32_t *core_label; /* [n_core] */
    rb_kept_points core; /* core points as they came */
    double eps, suggested;
    int64_t n_curve;    /* n, or 0: not asked for */
    double *k_distance; /* [n_curve] descending */
} state;

/* What trials share. */
typedef struct {
    rb_metric_points metric;
    rb_radius graph; /* keeps pairs as passes find them */
    rb_k_distances curves;
} shared;

/* What a fit works with. */
typedef struct {
    int64_t n;
    rb_radius *graph;
    double limit;
    uint8_t *is_core;
    int32_t *work;  /* [n_threads x n] counts, then parents, then best roots */
    int32_t *root;  /* [n] lowest core point of a core point's cluster */
    int64_t *total; /* [n] neighbours; lowest root in reach */
} run;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-100", "the points"),
    RB_DOUBLE(config, eps, 0.5, 0, 1e150, "",
              "distance within which points are neighbours; cosine: at most 2; 0: at the knee of the k-distances"),
    RB_INT(config, min_samples, 5, 1, 2147483647, "points", "neighbours that make a point core, itself among them"),
    RB_CHOICE(config, metric, METRIC_EUCLIDEAN, "euclidean|cosine", "distance; cosine: 1 - cos",
              .flags = RB_PARAM_PREPARES),
    RB_BOOL(config, k_distances, false,
            "whether the sorted distances to the min_samples-th point are stored, with suggested_eps at their knee"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (c->metric == METRIC_COSINE && c->eps > 2)
        return RB_FAIL(err, RB_BAD_INPUT, "'dbscan.eps' is %g, expected at most 2, the largest cosine distance",
                       c->eps);
    if (c->eps > 0 && c->eps < LEAST_EPS)
        return RB_FAIL(err, RB_BAD_INPUT, "'dbscan.eps' is %g, expected 0 or at least %g", c->eps, LEAST_EPS);
    if (shape && shape->n_points > INT32_MAX)
        return RB_FAIL(err, RB_BAD_INPUT, "dbscan takes at most %d points, but there are %lld", INT32_MAX,
                       (long long)shape->n_points);
    return RB_OK;
}

static bool wants_curve(const config *c)
{
    return c->k_distances || !(c->eps > 0);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double n = (double)shape->n_points, d = (double)shape->n_dims, nnz = (double)shape->n_points_nnz;
    double entries = nnz > 0 ? nnz : n * d;
    rb_cost out = { .bytes_per_rank = rb_radius_bytes(n, d, nnz, shape->n_ranks, shape->n_threads) +
                                      (4.0 * shape->n_threads + 18) * n + (c->metric == METRIC_COSINE ? 8 * n : 0),
                    .bytes_per_node = 4 * n + 8 * entries,
                    .flops = n * entries };
    if (nnz > 0)
        out.bytes_per_rank += 4 * nnz + 8 * (n + 1);
    else
        out.bytes_per_node += 8 * entries;
    if (wants_curve(c)) {
        const int64_t k = rb_k_distances_list(c->min_samples, shape->n_points);
        out.bytes_per_rank += rb_neighbour_lists_bytes(n, d, nnz, k, shape->n_threads) + 16 * n;
        out.bytes_per_node += 12 * (double)k * n;
        out.flops += 2 * n * entries;
    }
    out.prepare_flops = out.flops;
    return out;
}

/* ---- what trials share ---- */

static rb_status check_points(const config *c, const rb_points *points, rb_error *err)
{
    if (points->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "dbscan needs points, but the space is empty");
    return check(c, &(rb_shape){ .n_points = points->n }, err);
}

static void unprepare(void *prepared)
{
    shared *s = prepared;
    if (!s)
        return;
    rb_radius_fini(&s->graph);
    rb_metric_points_fini(&s->metric);
    rb_k_distances_fini(&s->curves);
    rb_free(s);
}

/* NAN: the curve has no knee. */
static double eps_of(const config *c, const rb_k_distances *curves)
{
    return c->eps > 0 ? c->eps : curves->knee[rb_k_distances_find(curves, c->min_samples)];
}

/* A curve for each min_samples that wants one. */
static rb_status draw_curves(shared *s, const config *const *configs, int n_configs, const rb_points *points,
                             const rb_ctx *ctx, rb_error *err)
{
    int64_t *samples = NULL;
    int n = 0;
    RB_TRY_ALL(ctx, rb_alloc(&samples, n_configs, err));
    for (int i = 0; i < n_configs; i++)
        if (wants_curve(configs[i]))
            samples[n++] = configs[i]->min_samples;
    n = rb_distinct_int64(samples, n);
    RB_TRY(rb_k_distances_init(&s->curves, points, configs[0]->metric == METRIC_COSINE, samples, n, ctx, err));
done:
    rb_free(samples);
    return err->status;
}

/* Room for the pairs within every eps; they are found by the first pass. */
static rb_status begin_graph(shared *s, const config *const *configs, int n_configs, const rb_ctx *ctx, rb_error *err)
{
    double *limit = NULL;
    int n = 0;
    RB_TRY_ALL(ctx, rb_alloc(&limit, n_configs, err));
    for (int i = 0; i < n_configs; i++) {
        const double eps = eps_of(configs[i], &s->curves);
        if (eps > 0)
            limit[n++] = rb_metric_limit(eps, s->metric.is_cosine);
    }
    n = rb_distinct_double(limit, n);
    if (n > 0)
        RB_TRY(rb_radius_init(&s->graph, &s->metric, limit, n, rb_radius_room(s->metric.n, ctx->n_ranks), ctx, err));
done:
    rb_free(limit);
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
    RB_TRY_ALL(ctx, rb_metric_points_init(&s->metric, view->space, all[0]->metric == METRIC_COSINE, ctx, err));
    RB_TRY(draw_curves(s, all, n_configs, view->space, ctx, err));
    RB_TRY(begin_graph(s, all, n_configs, ctx, err));
    *prepared = s;
done:
    if (!*prepared)
        unprepare(s);
    return err->status;
}

/* ---- passes over all pairs of neighbours ---- */

static void count_pairs(void *self, int thread, const rb_radius_pair *pairs, int64_t n)
{
    const run *r = self;
    int32_t *count = r->work + thread * r->n;
    for (int64_t p = 0; p < n; p++) {
        count[pairs[p].a]++;
        count[pairs[p].b]++;
    }
}

static void unite_core(void *self, int thread, const rb_radius_pair *pairs, int64_t n)
{
    const run *r = self;
    int32_t *parent = r->work + thread * r->n;
    for (int64_t p = 0; p < n; p++)
        if (r->is_core[pairs[p].a] && r->is_core[pairs[p].b])
            rb_forest_unite(parent, pairs[p].a, pairs[p].b);
}

static void reach_border(void *self, int thread, const rb_radius_pair *pairs, int64_t n)
{
    const run *r = self;
    int32_t *best = r->work + thread * r->n;
    for (int64_t p = 0; p < n; p++) {
        int32_t a = pairs[p].a, b = pairs[p].b;
        if (r->is_core[a] == r->is_core[b])
            continue;
        int32_t border = r->is_core[a] ? b : a, root = r->root[r->is_core[a] ? a : b];
        best[border] = root < best[border] ? root : best[border];
    }
}

static void find_core(run *r, int64_t min_samples, const rb_ctx *ctx)
{
    memset(r->work, 0, (size_t)(ctx->n_threads * r->n) * sizeof *r->work);
    rb_radius_each_pair(r->graph, r->limit, count_pairs, r, ctx);
    for (int64_t i = 0; i < r->n; i++)
        for (int t = 0; t < ctx->n_threads; t++)
            r->total[i] += r->work[t * r->n + i];
    rb_sum_int64(ctx, r->total, r->n);
    for (int64_t i = 0; i < r->n; i++)
        r->is_core[i] = r->total[i] + 1 >= min_samples;
}

static void find_clusters(run *r, const rb_ctx *ctx)
{
    for (int t = 0; t < ctx->n_threads; t++)
        rb_forest_init(r->work + t * r->n, r->n);
    rb_radius_each_pair(r->graph, r->limit, unite_core, r, ctx);
    rb_forest_merge(r->work, r->n, ctx, r->root);
    memcpy(r->root, r->work, (size_t)r->n * sizeof *r->root);
}

static void find_border(run *r, const rb_ctx *ctx)
{
    for (int64_t i = 0; i < ctx->n_threads * r->n; i++)
        r->work[i] = INT32_MAX;
    rb_radius_each_pair(r->graph, r->limit, reach_border, r, ctx);
    for (int64_t i = 0; i < r->n; i++) {
        r->total[i] = INT32_MAX;
        for (int t = 0; t < ctx->n_threads; t++)
            r->total[i] = r->work[t * r->n + i] < r->total[i] ? r->work[t * r->n + i] : r->total[i];
    }
    rb_min_int64(ctx, r->total, r->n);
    for (int64_t i = 0; i < r->n; i++)
        if (!r->is_core[i])
            r->root[i] = (int32_t)r->total[i];
}

/* Roots become numbers, ascending: the numbers of the clusters. Noise has none. */
static void number_clusters(state *s, run *r, const rb_ctx *ctx)
{
    int32_t *number = r->work;
    for (int64_t i = 0; i < r->n; i++) {
        if (s->is_core[i] && r->root[i] == (int32_t)i)
            number[i] = (int32_t)s->n_clusters++;
        s->n_core += s->is_core[i];
    }
    for (int64_t i = 0; i < r->n && ctx->rank == 0; i++)
        s->label[i] = r->root[i] == INT32_MAX ? -1 : number[r->root[i]];
    rb_shared_publish_from(&s->label_memory, 0, ctx);
}

static rb_status keep_core(state *s, const rb_points *points, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY_ALL(ctx, rb_alloc(&s->core_label, s->n_core, err));
    for (int64_t i = 0, core = 0; i < s->n; i++)
        if (s->is_core[i])
            s->core_label[core++] = s->label[i];
    RB_TRY(rb_kept_points_init(&s->core, points, s->is_core, ctx, err));
done:
    return err->status;
}

/* The eps to take, and the curve where it is asked for. Local. */
static rb_status take_eps(state *s, const config *c, const rb_k_distances *curves, rb_error *err)
{
    s->eps = eps_of(c, curves);
    s->suggested = NAN;
    if (wants_curve(c)) {
        const int set = rb_k_distances_find(curves, c->min_samples);
        s->n_curve = s->n;
        s->suggested = curves->knee[set];
        RB_TRY(rb_alloc(&s->k_distance, s->n, err));
        memcpy(s->k_distance, curves->curve + set * s->n, (size_t)s->n * sizeof *s->k_distance);
    }
    if (!(s->eps > 0))
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "the k-distances of these points have no knee: give 'dbscan.eps' a number"));
done:
    return err->status;
}

/* The data may lie elsewhere by now. */
static void look_at(rb_metric_points *metric, const rb_points *points)
{
    metric->dense = points->dense;
    metric->sparse = points->sparse;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *s = self;
    const config *c = cfg;
    shared *all = (shared *)prepared; /* its pairs are found by whoever passes first */
    run r = { .n = view->space->n, .graph = &all->graph };

    s->n = r.n;
    rb_alloc(&s->is_core, s->n, err);
    rb_alloc(&r.work, ctx->n_threads * s->n, err);
    rb_alloc(&r.root, s->n, err);
    RB_TRY_ALL(ctx, rb_alloc(&r.total, s->n, err));
    RB_TRY_ALL(ctx, take_eps(s, c, &all->curves, err));
    RB_TRY(rb_shared_alloc(&s->label_memory, s->n * (int64_t)sizeof *s->label, ctx, err));
    s->label = s->label_memory.data;

    look_at(&all->metric, view->space);
    r.is_core = s->is_core;
    r.limit = rb_metric_limit(s->eps, all->metric.is_cosine);
    find_core(&r, c->min_samples, ctx);
    find_clusters(&r, ctx);
    find_border(&r, ctx);
    number_clusters(s, &r, ctx);
    RB_TRY(keep_core(s, view->space, ctx, err));
done:
    rb_free(r.work);
    rb_free(r.root);
    rb_free(r.total);
    return err->status;
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

static rb_status assign(int32_t *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const state *s = self;
    const config *c = cfg;
    rb_csr rows;
    rb_points core;
    rb_kept_points_view(&core, &rows, &s->core, s->n_core);
    RB_TRY(rb_kept_points_match(&s->core, points, "the core points", err));
    RB_TRY(rb_nearest_within(out, points, &core, s->eps, c->metric == METRIC_COSINE, ctx, err));
    for (int64_t i = 0; i < points->n; i++)
        out[i] = out[i] < 0 ? -1 : s->core_label[out[i]];
done:
    return err->status;
}

static const char *const measures[] = { "suggested_eps", NULL };

static void measure(double *values, const void *self, const void *cfg)
{
    (void)cfg;
    values[0] = ((const state *)self)->suggested;
}

static void arrays(void *self, rb_visitor *v)
{
    state *s = self;
    int64_t one = 1;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, &s->label_memory);
    v->array(v, "is_core", RB_UINT8, (void **)&s->is_core, &s->n, &one, NULL);
    v->array(v, "core_labels", RB_INT32, (void **)&s->core_label, &s->n_core, &one, NULL);
    rb_kept_points_arrays(&s->core, v, (const char *const[]){ "core_values", "core_begin", "core_columns" });
    v->array(v, "k_distances", RB_FLOAT64, (void **)&s->k_distance, &s->n_curve, &one, NULL);
    v->scalar(v, "clusters", RB_INT64, &s->n_clusters);
    v->scalar(v, "eps", RB_FLOAT64, &s->eps);
    v->scalar(v, "suggested_eps", RB_FLOAT64, &s->suggested);
}

static void fini(void *self)
{
    state *s = self;
    rb_shared_fini(&s->label_memory);
    rb_free(s->is_core);
    rb_free(s->core_label);
    rb_free(s->k_distance);
    rb_kept_points_fini(&s->core);
    memset(s, 0, sizeof *s);
}

const rb_clusterer rb_dbscan = {
    .name = "dbscan",
    .summary = "clusters of dense points and what they reach, the rest is noise",
    .reference = "Ester et al. 1996, KDD 226-231; Schubert et al. 2017, doi:10.1145/3068335",
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
    .distance = distance,
    .labels = labels,
    .assign = assign,
    .measures = measures,
    .measure = measure,
    .arrays = arrays,
    .fini = fini,
};
