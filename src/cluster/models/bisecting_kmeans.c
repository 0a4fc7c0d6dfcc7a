/*
 * Bisecting K-Means: one cluster of all points, cut in two by K-Means until there are k.
 *
 * Each iteration cuts the cluster with the largest inertia (split: size: with the most points), the lowest number among
 * equals, by K-Means with two centres, `n_init` restarts of which the best is kept; the first of the two keeps the
 * number, the second gets the next free one. A cluster whose points are all equal is not cut: where only such are left,
 * there are fewer clusters than k. A new point goes down the cuts, at each to the nearer centre, the first of equals.
 *
 * Stored: labels; `splits`, which cluster each cut divided, and `split_centres`, the two centres of each (rows 2 t and
 * 2 t + 1); centres, sizes and inertias of the clusters in the end (inertia: their sum); rows that are not used are 0.
 *
 * Steinbach, Karypis and Kumar (2000), "A comparison of document clustering techniques". Random numbers of cut t: the
 * trial's seed mixed with t. Bits: the same for any ranks and threads.
 * Time O(n d log k) an iteration of K-Means where cuts are even; memory that of kmeans with k = 2 and a copy of the
 * points of one cluster.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "cluster/core/kmeans_fit.h"

enum { SPLIT_INERTIA, SPLIT_SIZE };
enum { PRECISION_SINGLE, PRECISION_DOUBLE };

typedef struct {
    const char *space;
    int64_t k, n_init, iterations;
    int split, init, precision;
    double tolerance;
} config;

typedef struct {
    int64_t n, k, d;
    int64_t n_clusters, n_splits; /* so far */
    rb_shared label_memory;
    int32_t *label;        /* [n] */
    double *centres;       /* [k x d] */
    int64_t *size;         /* [k] */
    double *inertia;       /* [k] */
    int64_t n_cuts;        /* k - 1 */
    int32_t *split;        /* [k - 1] */
    int64_t n_ends;        /* 2 (k - 1) */
    double *split_centres; /* [2 (k - 1) x d] */
    double total;          /* inertia of all */
    bool converged;
} state;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-100", "the points"),
    RB_INT(config, k, 8, 1, 1e6, "clusters", "number of clusters"),
    RB_CHOICE(config, split, SPLIT_INERTIA, "inertia|size", "which cluster is cut next: the one with the most of it"),
    RB_CHOICE(config, init, RB_KMEANS_INIT_PLUS_PLUS, "plus_plus|parallel", "the two first centres of a cut"),
    RB_INT(config, n_init, 1, 1, 1000, "restarts", "restarts of a cut of which the best is kept"),
    RB_INT(config, iterations, 300, 1, 1e6, "", "most iterations of a restart"),
    RB_DOUBLE(config, tolerance, 1e-4, 0, 1e6, "", "way of the centres, in mean variances, that ends a restart"),
    RB_CHOICE(config, precision, PRECISION_DOUBLE, "single|double", "of points, centres and distances"),
    RB_PARAM_END,
};

static rb_kmeans_options options(const config *c, int64_t k)
{
    return (rb_kmeans_options){ .name = "bisecting_kmeans",
                                .k = k,
                                .n_init = c->n_init,
                                .iterations = c->iterations,
                                .n_groups = 1,
                                .init = c->init,
                                .is_single = c->precision == PRECISION_SINGLE,
                                .tolerance = c->tolerance };
}

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    rb_kmeans_options o = options(cfg, ((const config *)cfg)->k);
    return rb_kmeans_fit_check(&o, shape, err);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double n = (double)shape->n_points, d = (double)shape->n_dims, k = (double)c->k, ranks = fmax(shape->n_ranks, 1);
    bool is_sparse = shape->n_points_nnz > 0;
    double entries = is_sparse ? (double)shape->n_points_nnz : n * d;
    rb_cost out = { .bytes_per_rank = 8 * n + 80 * n / ranks + 28 * k * d + 32 * k + fmin(n / 128 + 1, 1024) * 32 * d,
                    .bytes_per_node = 8 * n,
                    .flops = (double)c->n_init * fmin((double)c->iterations, 30) * 4 * entries * (log2(k) + 1) };
    if (is_sparse)
        out.bytes_per_rank += 44 * entries;
    else
        out.bytes_per_node += (c->precision == PRECISION_SINGLE ? 12 : 8) * entries;
    return out;
}

/* ---- a cut ---- */

/* K-Means with k = 1 or 2 centres to some points. */
static rb_status fit_points(rb_kmeans_state *of, const rb_points *points, int64_t k, uint64_t number, const config *c,
                            const rb_ctx *ctx, rb_error *err)
{
    rb_kmeans_options o = options(c, k);
    rb_ctx own = *ctx;
    own.seed = rb_mix(ctx->seed, number);
    return rb_kmeans_fit(of, points, &o, &own, err);
}

/* Inertia of each of the two halves. */
static rb_status measure_halves(double inertia[2], rb_kmeans_state *of, const rb_points *points, const config *c,
                                const rb_ctx *ctx, rb_error *err)
{
    rb_kmeans_data data = { 0 };
    rb_kmeans_centres centres = { 0 };
    double *partial = NULL;
    RB_TRY(rb_kmeans_data_init(&data, points, 2, c->precision == PRECISION_SINGLE, false, false, ctx, err));
    RB_TRY(rb_kmeans_centres_init(&centres, &data, 2, ctx, err));
    rb_kmeans_centres_set(&centres, &data, of->centres, ctx);
    RB_TRY_ALL(ctx, rb_alloc(&partial, 2 * (data.block_end - data.block_begin), err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = data.block_begin; b < data.block_end; b++)
        for (int64_t i = data.blocks.begin[b]; i < data.blocks.begin[b + 1]; i++)
            partial[2 * (b - data.block_begin) + of->label[i]] +=
                data.kernels->own_distance(&data, &centres, i, of->label[i]);
    RB_TRY(rb_blocks_sum(inertia, partial, 2, &data.blocks, ctx, err));
done:
    rb_free(partial);
    rb_kmeans_centres_fini(&centres);
    rb_kmeans_data_fini(&data);
    return err->status;
}

/* The rows of a cluster, ascending; as many as there are in all at most. */
static int64_t rows_of(int64_t *row, const int32_t *label, int64_t n, int32_t cluster)
{
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        if (label[i] == cluster)
            row[m++] = i;
    return m;
}

/* The points of a cluster that the cut puts in its second half get the next number; each rank writes its own rows. */
static rb_status relabel(state *s, const rb_points *points, const int64_t *row, int64_t m, const int32_t *half,
                         const rb_ctx *ctx, rb_error *err)
{
    int64_t *offsets = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    rb_blocks_offsets(offsets, &points->blocks, ctx);
    rb_barrier(ctx); /* labels may still be read */
    for (int64_t j = 0; j < m; j++)
        if (half[j] == 1 && row[j] >= offsets[ctx->rank] && row[j] < offsets[ctx->rank + 1])
            s->label[row[j]] = (int32_t)s->n_clusters;
    rb_shared_publish(&s->label_memory, offsets, sizeof *s->label, ctx);
done:
    rb_free(offsets);
    return err->status;
}

static void note_halves(state *s, int32_t cluster, const rb_kmeans_state *of, const double inertia[2])
{
    const int64_t numbers[2] = { cluster, s->n_clusters };
    const size_t row_bytes = (size_t)s->d * sizeof(double);
    int64_t second = 0;
    for (int64_t j = 0; j < of->n; j++)
        second += of->label[j];
    const int64_t sizes[2] = { of->n - second, second };
    for (int h = 0; h < 2; h++) {
        memcpy(s->centres + numbers[h] * s->d, of->centres + h * s->d, row_bytes);
        memcpy(s->split_centres + (2 * s->n_splits + h) * s->d, of->centres + h * s->d, row_bytes);
        s->size[numbers[h]] = sizes[h];
        s->inertia[numbers[h]] = inertia[h];
    }
    s->split[s->n_splits++] = cluster;
    s->n_clusters++;
}

static rb_status cut(state *s, const rb_points *points, int32_t cluster, const config *c, const rb_ctx *ctx,
                     rb_error *err)
{
    int64_t *row = NULL;
    double inertia[2] = { 0 };
    rb_points own = { 0 };
    rb_kmeans_state of = { 0 };
    RB_TRY_ALL(ctx, rb_alloc(&row, s->size[cluster], err));
    int64_t m = rows_of(row, s->label, s->n, cluster);
    RB_TRY(rb_points_gather(&own, points, row, m, ctx, err));
    RB_TRY(fit_points(&of, &own, 2, (uint64_t)s->n_splits + 1, c, ctx, err));
    RB_TRY(measure_halves(inertia, &of, &own, c, ctx, err));
    RB_TRY(relabel(s, points, row, m, of.label, ctx, err));
    note_halves(s, cluster, &of, inertia);
done:
    rb_kmeans_state_fini(&of);
    rb_points_fini(&own);
    rb_free(row);
    return err->status;
}

/* ---- the slots ---- */

/* The cluster to cut; -1: all points of every cluster are equal. */
static int32_t next_cluster(const state *s, const config *c)
{
    int32_t best = -1;
    for (int32_t j = 0; j < s->n_clusters; j++) {
        if (!(s->inertia[j] > 0) || s->size[j] < 2)
            continue;
        if (best < 0 || (c->split == SPLIT_SIZE ? s->size[j] > s->size[best] : s->inertia[j] > s->inertia[best]))
            best = j;
    }
    return best;
}

static rb_status check_points(const config *c, const rb_points *points, rb_error *err)
{
    rb_shape shape = { .n_points = points->n };
    if (points->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "bisecting_kmeans needs points, but the space is empty");
    return check(c, &shape, err);
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    (void)prepared;
    state *s = self;
    const config *c = cfg;
    rb_kmeans_state all = { 0 };
    RB_TRY_ALL(ctx, check_points(c, view->space, err));
    *s = (state){ .n = view->space->n, .d = view->space->d, .k = c->k, .n_cuts = c->k - 1, .n_ends = 2 * (c->k - 1) };
    rb_alloc(&s->centres, s->k * s->d, err);
    rb_alloc(&s->size, s->k, err);
    rb_alloc(&s->inertia, s->k, err);
    rb_alloc(&s->split, s->n_cuts, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->split_centres, s->n_ends * s->d, err));
    RB_TRY(rb_shared_alloc(&s->label_memory, s->n * (int64_t)sizeof *s->label, ctx, err));
    s->label = s->label_memory.data;
    RB_TRY(fit_points(&all, view->space, 1, 0, c, ctx, err));
    memcpy(s->centres, all.centres, (size_t)s->d * sizeof *s->centres);
    s->n_clusters = 1;
    s->size[0] = s->n;
    s->inertia[0] = s->total = all.inertia;
done:
    rb_kmeans_state_fini(&all);
    return err->status;
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    (void)iteration, (void)prepared;
    state *s = self;
    int32_t cluster = s->n_clusters < s->k ? next_cluster(s, cfg) : -1;
    if (cluster >= 0)
        RB_TRY(cut(s, view->space, cluster, cfg, ctx, err));
    s->total = 0;
    for (int64_t j = 0; j < s->n_clusters; j++)
        s->total += s->inertia[j];
    *objective = s->total;
    s->converged = cluster < 0 || s->n_clusters == s->k || next_cluster(s, cfg) < 0;
    *done = s->converged;
done:
    return err->status;
}

static const int32_t *labels(const void *self, int64_t *n)
{
    const state *s = self;
    *n = s->n;
    return s->label;
}

/* One cut of new points: those of the cluster that are nearer to its second centre get the number. */
static rb_status assign_cut(int32_t *out, const state *s, int64_t t, const rb_points *points, int64_t *row,
                            const config *c, const rb_ctx *ctx, rb_error *err)
{
    int32_t *half = NULL;
    rb_points own = { 0 };
    int64_t m = rows_of(row, out, points->n, s->split[t]);
    if (m == 0)
        return RB_OK;
    RB_TRY_ALL(ctx, rb_alloc(&half, m, err));
    RB_TRY(rb_points_gather(&own, points, row, m, ctx, err));
    RB_TRY(rb_kmeans_assign_points(half, s->split_centres + 2 * t * s->d, 2, s->d, &own,
                                   c->precision == PRECISION_SINGLE, false, ctx, err));
    for (int64_t j = 0; j < m; j++)
        if (half[j] == 1)
            out[row[j]] = (int32_t)t + 1;
done:
    rb_points_fini(&own);
    rb_free(half);
    return err->status;
}

static rb_status assign(int32_t *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const state *s = self;
    int64_t *row = NULL;
    if (points->d != s->d)
        return RB_FAIL(err, RB_BAD_INPUT, "the points have %lld dimensions, but the centres have %lld",
                       (long long)points->d, (long long)s->d);
    RB_TRY_ALL(ctx, rb_alloc(&row, points->n, err));
    memset(out, 0, (size_t)points->n * sizeof *out);
    for (int64_t t = 0; t < s->n_splits; t++)
        RB_TRY(assign_cut(out, s, t, points, row, cfg, ctx, err));
done:
    rb_free(row);
    return err->status;
}

static bool has_converged(const void *self)
{
    return ((const state *)self)->converged;
}

static void arrays(void *self, rb_visitor *v)
{
    state *s = self;
    int64_t one = 1;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, &s->label_memory);
    v->array(v, "centres", RB_FLOAT64, (void **)&s->centres, &s->k, &s->d, NULL);
    v->array(v, "sizes", RB_INT64, (void **)&s->size, &s->k, &one, NULL);
    v->array(v, "inertias", RB_FLOAT64, (void **)&s->inertia, &s->k, &one, NULL);
    v->array(v, "splits", RB_INT32, (void **)&s->split, &s->n_cuts, &one, NULL);
    v->array(v, "split_centres", RB_FLOAT64, (void **)&s->split_centres, &s->n_ends, &s->d, NULL);
    v->scalar(v, "n_clusters", RB_INT64, &s->n_clusters);
    v->scalar(v, "n_splits", RB_INT64, &s->n_splits);
    v->scalar(v, "inertia", RB_FLOAT64, &s->total);
}

static void fini(void *self)
{
    state *s = self;
    rb_shared_fini(&s->label_memory);
    rb_free(s->centres);
    rb_free(s->size);
    rb_free(s->inertia);
    rb_free(s->split);
    rb_free(s->split_centres);
    memset(s, 0, sizeof *s);
}

const rb_clusterer rb_bisecting_kmeans = {
    .name = "bisecting_kmeans",
    .summary = "the worst cluster cut in two by K-Means, until there are k",
    .reference = "Steinbach, Karypis and Kumar 2000, A comparison of document clustering techniques",
    .needs = RB_NEEDS_SPACE,
    .can = RB_CAN_ASSIGN,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .begin = begin,
    .iterate = iterate,
    .converged = has_converged,
    .labels = labels,
    .assign = assign,
    .checkpoint = arrays,
    .arrays = arrays,
    .fini = fini,
};
