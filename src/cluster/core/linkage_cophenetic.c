/*
 * The leaves are laid out in the order of the tree, so that a cluster is a run of places and each gap between two
 * places belongs to one merge. What joins two places is the latest merge in the gaps between them: found for all pairs
 * by one pass to the right of each place. Distances come in tiles of places, are added, and forgotten.
 */
#include <math.h>

#include "cluster/core/linkage.h"
#include "cluster/core/linkage_distances.h"

#define TILE RB_LINKAGE_TILE

enum { SUM_C, SUM_D, SUM_CC, SUM_DD, SUM_CD, N_SUMS };

typedef struct {
    rb_linkage_distances distances; /* by place */
    const double *tree;
    double mean;   /* of the cophenetic distances: sums are of what is left above it */
    int32_t *leaf; /* [n] point of a place */
    int32_t *gap;  /* [n - 1] merge between a place and the next */
} layout;

static int64_t size_of(const double *tree, int64_t n, double id)
{
    return id < (double)n ? 1 : (int64_t)tree[4 * ((int64_t)id - n) + 3];
}

static rb_status lay_out(layout *l, int64_t n, rb_error *err)
{
    int32_t *first = NULL; /* [2 n - 1] first place of a cluster */
    double sum = 0;
    rb_alloc(&l->leaf, n, err);
    rb_alloc(&l->gap, n - 1, err);
    RB_TRY(rb_alloc(&first, 2 * n - 1, err));
    for (int64_t t = n - 2; t >= 0; t--) {
        const double *row = l->tree + 4 * t;
        int64_t left = size_of(l->tree, n, row[0]), right = size_of(l->tree, n, row[1]);
        first[(int64_t)row[0]] = first[n + t];
        first[(int64_t)row[1]] = first[n + t] + (int32_t)left;
        l->gap[first[n + t] + left - 1] = (int32_t)t;
        sum += row[2] * ((double)left * (double)right);
    }
    for (int64_t i = 0; i < n; i++)
        l->leaf[first[i]] = (int32_t)i;
    l->mean = sum / ((double)n * (double)(n - 1) / 2);
done:
    rb_free(first);
    return err->status;
}

/* Pairs of one place with those of a tile to its right; *top: the latest merge on the way. */
static void add_row(double *sum, int32_t *top, const layout *l, const double *row, int64_t from, int64_t to)
{
    double part[N_SUMS] = { 0 };
    for (int64_t p = from; p < to; p++) {
        *top = l->gap[p - 1] > *top ? l->gap[p - 1] : *top;
        double c = l->tree[4 * (int64_t)*top + 2] - l->mean;
        double d = row[p - from] - l->mean;
        part[SUM_C] += c;
        part[SUM_D] += d;
        part[SUM_CC] += c * c;
        part[SUM_DD] += d * d;
        part[SUM_CD] += c * d;
    }
    for (int s = 0; s < N_SUMS; s++)
        sum[s] += part[s];
}

/* All pairs of the places of a strip with those to their right. */
static void add_strip(double *sum, const layout *l, int64_t begin)
{
    const int64_t n = l->distances.metric.n, n_rows = n - begin < TILE ? n - begin : TILE;
    int32_t top[TILE];
    for (int64_t i = 0; i < n_rows; i++)
        top[i] = -1;
    for (int64_t column = begin; column < n; column += TILE) {
        const int64_t end = column + TILE < n ? column + TILE : n;
        const double *tile = rb_linkage_tile(&l->distances, begin, n_rows, column, end - column);
        for (int64_t i = 0; i < n_rows; i++) {
            const int64_t from = begin + i < column ? column : begin + i + 1;
            if (from < end)
                add_row(sum, &top[i], l, tile + i * TILE + (from - column), from, end);
        }
    }
}

static double correlation_of(const double *sum, double n_pairs)
{
    double cc = sum[SUM_CC] - sum[SUM_C] * sum[SUM_C] / n_pairs, dd = sum[SUM_DD] - sum[SUM_D] * sum[SUM_D] / n_pairs;
    /* What rounding leaves of equal numbers is no spread. */
    if (!(cc > 1e-14 * sum[SUM_CC]) || !(dd > 1e-14 * sum[SUM_DD]))
        return NAN;
    return fmax(-1, fmin(1, (sum[SUM_CD] - sum[SUM_C] * sum[SUM_D] / n_pairs) / (sqrt(cc) * sqrt(dd))));
}

static rb_status prepare(layout *l, rb_blocks *strips, const rb_points *points, bool is_cosine, const rb_ctx *ctx,
                         rb_error *err)
{
    lay_out(l, points->n, err);
    rb_linkage_distances_init(&l->distances, points, is_cosine, false, ctx, err);
    l->distances.order = l->leaf;
    return rb_blocks_init(strips, (points->n + TILE - 1) / TILE, NULL, 1, err);
}

rb_status rb_linkage_cophenetic(double *correlation, const double *tree, const rb_points *points, bool is_cosine,
                                const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = points->n;
    layout l = { .tree = tree };
    rb_blocks strips = { 0 };
    double *partial = NULL, sum[N_SUMS];
    *correlation = NAN;
    if (n < 3)
        return RB_OK;
    RB_TRY_ALL(ctx, prepare(&l, &strips, points, is_cosine, ctx, err));
    const int32_t begin = rb_blocks_of(&strips, ctx->rank, ctx->n_ranks);
    const int32_t end = rb_blocks_of(&strips, ctx->rank + 1, ctx->n_ranks);
    RB_TRY_ALL(ctx, rb_alloc(&partial, (end - begin) * N_SUMS, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = begin; b < end; b++)
        /* From both ends, as the first strips have most pairs. */
        for (int64_t e = strips.begin[b]; e < strips.begin[b + 1]; e++)
            add_strip(partial + (int64_t)(b - begin) * N_SUMS, &l, TILE * (e % 2 == 0 ? e / 2 : strips.n - 1 - e / 2));
    RB_TRY(rb_blocks_sum(sum, partial, N_SUMS, &strips, ctx, err));
    *correlation = correlation_of(sum, (double)n * (double)(n - 1) / 2);
done:
    rb_blocks_fini(&strips);
    rb_linkage_distances_fini(&l.distances);
    rb_free(l.leaf);
    rb_free(l.gap);
    rb_free(partial);
    return err->status;
}
