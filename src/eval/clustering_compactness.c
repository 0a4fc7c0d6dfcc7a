#include <math.h>
#include <string.h>

#include "eval/clustering_sums.h"
#include "linalg/distance.h"

/* Squared distances below this share of the squared lengths are computed anew without cancellation. */
#define CANCELLED 1e-6
#define CHUNK 64

typedef struct {
    const rb_points *points;
    const rb_compact_labels *labels;
    rb_shared centres;   /* [k x d] means */
    rb_shared distances; /* [n] squared distance of each kept point to its centre */
    double *norm2;       /* [k] of the centres; sparse */
    double *spread;      /* [k] mean distance to the centre */
    double *worst;       /* [k] the largest term of each cluster */
} geometry;

static double sparse_distance2(const geometry *g, int64_t i, int32_t c)
{
    const rb_csr *x = g->points->sparse;
    const double *centre = (const double *)g->centres.data + c * g->points->d;
    double dot = 0, norm2 = 0;
    for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++) {
        dot = fma(x->value[e], centre[x->col[e]], dot);
        norm2 = fma(x->value[e], x->value[e], norm2);
    }
    double distance = norm2 - 2 * dot + g->norm2[c];
    if (distance > CANCELLED * (norm2 + g->norm2[c]))
        return distance;
    distance = 0;
    int64_t e = x->row_begin[i], end = x->row_begin[i + 1];
    for (int64_t f = 0; f < g->points->d; f++) {
        double t = (e < end && x->col[e] == f ? x->value[e++] : 0) - centre[f];
        distance = fma(t, t, distance);
    }
    return distance;
}

/* Means, and the distance of every point to its own. Collective. */
static rb_status measure_points(geometry *g, const rb_ctx *ctx, rb_error *err)
{
    const rb_points *p = g->points;
    const rb_compact_labels *labels = g->labels;
    rb_blocks blocks = { 0 };
    int64_t *offsets = NULL;

    RB_TRY(rb_cluster_sums(&g->centres, p, labels, NULL, ctx, err));
    RB_TRY(rb_shared_alloc(&g->distances, p->n * (int64_t)sizeof(double), ctx, err));
    rb_alloc(&offsets, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_blocks_init(&blocks, p->n, NULL, 64, err));
    double *centre = g->centres.data, *distance = g->distances.data;
    if (ctx->node_rank == 0)
        for (int64_t c = 0; c < labels->k; c++)
            for (int64_t f = 0; f < p->d; f++)
                centre[c * p->d + f] /= (double)labels->size[c];
    rb_shared_publish_from(&g->centres, 0, ctx);
    for (int64_t c = 0; c < labels->k && p->sparse; c++)
        for (int64_t f = 0; f < p->d; f++)
            g->norm2[c] = fma(centre[c * p->d + f], centre[c * p->d + f], g->norm2[c]);
    rb_blocks_offsets(offsets, &blocks, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++) {
        int32_t c = labels->label[i];
        if (c >= 0)
            distance[i] =
                p->sparse ? sparse_distance2(g, i, c) : rb_distance2_f64(p->dense + i * p->d, centre + c * p->d, p->d);
    }
    rb_shared_publish(&g->distances, offsets, sizeof *distance, ctx);
done:
    rb_blocks_fini(&blocks);
    rb_free(offsets);
    return err->status;
}

/* The largest (s_c + s_j) / d(c, j) over the other clusters; equal centres give no term. */
static double worst_term(const geometry *g, int64_t c)
{
    const double *centre = g->centres.data, *rows[CHUNK];
    const int64_t d = g->points->d;
    double distance2[CHUNK], worst = 0;
    for (int64_t first = 0; first < g->labels->k; first += CHUNK) {
        int n = g->labels->k - first < CHUNK ? (int)(g->labels->k - first) : CHUNK;
        for (int j = 0; j < n; j++)
            rows[j] = centre + (first + j) * d;
        rb_distance2_rows_f64(distance2, rows, n, centre + c * d, d);
        for (int j = 0; j < n; j++)
            if (first + j != c && distance2[j] > 0)
                worst = fmax(worst, (g->spread[c] + g->spread[first + j]) / sqrt(distance2[j]));
    }
    return worst;
}

static double davies_bouldin(geometry *g, const rb_ctx *ctx)
{
    const rb_compact_labels *labels = g->labels;
    const double *distance2 = g->distances.data;
    double sum = 0;
    for (int64_t i = 0; i < labels->n; i++)
        if (labels->label[i] >= 0)
            g->spread[labels->label[i]] += sqrt(distance2[i]);
    for (int64_t c = 0; c < labels->k; c++)
        g->spread[c] /= (double)labels->size[c];
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t c = 0; c < labels->k; c++)
        g->worst[c] = worst_term(g, c);
    for (int64_t c = 0; c < labels->k; c++)
        sum += g->worst[c];
    return sum / (double)labels->k;
}

/* Sum over clusters of n_c |m_c - m|^2. */
static double between(const geometry *g)
{
    const rb_compact_labels *labels = g->labels;
    const double *centre = g->centres.data;
    const int64_t d = g->points->d;
    double sum = 0;
    for (int64_t f = 0; f < d; f++) {
        double mean = 0;
        for (int64_t c = 0; c < labels->k; c++)
            mean += (double)labels->size[c] * centre[c * d + f];
        mean /= (double)labels->n_kept;
        for (int64_t c = 0; c < labels->k; c++) {
            double t = centre[c * d + f] - mean;
            sum = fma((double)labels->size[c] * t, t, sum);
        }
    }
    return sum;
}

static void measure(rb_compactness *out, geometry *g, const rb_ctx *ctx)
{
    const rb_compact_labels *labels = g->labels;
    const double *distance2 = g->distances.data;
    double within = 0, n = (double)labels->n_kept, k = (double)labels->k;
    for (int64_t i = 0; i < labels->n; i++)
        within += labels->label[i] >= 0 ? distance2[i] : 0;
    out->inertia = rb_metric_finite(within * labels->scale);
    if (labels->k < 2 || labels->k >= labels->n_kept)
        return;
    double ratio = within > 0 ? between(g) * (n - k) / (within * (k - 1)) : 1;
    out->calinski_harabasz = rb_metric_finite(ratio * labels->scale);
    out->davies_bouldin = rb_metric_finite(davies_bouldin(g, ctx) * labels->scale);
}

rb_status rb_clustering_compactness(rb_compactness *out, const rb_points *points, const rb_labelling *labelling,
                                    const rb_ctx *ctx, rb_error *err)
{
    const rb_metric_value none = { NAN, RB_VALUE_NOT_APPLICABLE };
    rb_compact_labels labels = { 0 };
    geometry g = { .points = points, .labels = &labels };

    *out = (rb_compactness){ none, none, none };
    RB_TRY_ALL(ctx, rb_compact_labels_init(&labels, labelling, points->n, err));
    rb_alloc(&g.norm2, labels.k, err);
    rb_alloc(&g.spread, labels.k, err);
    RB_TRY_ALL(ctx, rb_alloc(&g.worst, labels.k, err));
    if (labels.k > 0) {
        RB_TRY(measure_points(&g, ctx, err));
        measure(out, &g, ctx);
        rb_barrier(ctx);
    }
done:
    rb_shared_fini(&g.centres);
    rb_shared_fini(&g.distances);
    rb_free(g.norm2);
    rb_free(g.spread);
    rb_free(g.worst);
    rb_compact_labels_fini(&labels);
    return err->status;
}
