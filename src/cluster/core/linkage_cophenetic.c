/*
 * The leaves are laid out in the order of the tree, so that a cluster is a run of places and each gap between two
 * places belongs to one merge. What joins two places is the latest merge in the gaps between them: found for all pairs
 * by one pass to the right of each place.
 */
#include <math.h>

#include "cluster/core/linkage.h"

#define LEAST 64 /* places of a block */

enum { SUM_C, SUM_D, SUM_CC, SUM_DD, SUM_CD, N_SUMS };

typedef struct {
    const rb_linkage_matrix *m;
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

/* All pairs of a place with those to its right. */
static void add_pairs(double *sum, const layout *l, int64_t place)
{
    const rb_linkage_matrix *m = l->m;
    const int64_t row = l->leaf[place] * m->stride;
    double part[N_SUMS] = { 0 };
    int32_t top = -1;
    for (int64_t p = place + 1; p < m->n; p++) {
        top = l->gap[p - 1] > top ? l->gap[p - 1] : top;
        int64_t at = row + l->leaf[p];
        double c = l->tree[4 * (int64_t)top + 2] - l->mean;
        double d = (m->is_single ? (double)((const float *)m->value)[at] : ((const double *)m->value)[at]) - l->mean;
        part[SUM_C] += c;
        part[SUM_D] += d;
        part[SUM_CC] += c * c;
        part[SUM_DD] += d * d;
        part[SUM_CD] += c * d;
    }
    for (int s = 0; s < N_SUMS; s++)
        sum[s] += part[s];
}

static double correlation_of(const double *sum, double n_pairs)
{
    double cc = sum[SUM_CC] - sum[SUM_C] * sum[SUM_C] / n_pairs, dd = sum[SUM_DD] - sum[SUM_D] * sum[SUM_D] / n_pairs;
    /* What rounding leaves of equal numbers is no spread. */
    if (!(cc > 1e-14 * sum[SUM_CC]) || !(dd > 1e-14 * sum[SUM_DD]))
        return NAN;
    return fmax(-1, fmin(1, (sum[SUM_CD] - sum[SUM_C] * sum[SUM_D] / n_pairs) / (sqrt(cc) * sqrt(dd))));
}

rb_status rb_linkage_cophenetic(double *correlation, const double *tree, const rb_linkage_matrix *m, const rb_ctx *ctx,
                                rb_error *err)
{
    const int64_t n = m->n;
    layout l = { .m = m, .tree = tree };
    rb_blocks blocks = { 0 };
    double *partial = NULL, sum[N_SUMS];
    *correlation = NAN;
    if (n < 3)
        return RB_OK;
    lay_out(&l, n, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? rb_blocks_init(&blocks, n, NULL, LEAST, err) : err->status);
    const int32_t begin = rb_blocks_of(&blocks, ctx->rank, ctx->n_ranks);
    const int32_t end = rb_blocks_of(&blocks, ctx->rank + 1, ctx->n_ranks);
    RB_TRY_ALL(ctx, rb_alloc(&partial, (end - begin) * N_SUMS, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = begin; b < end; b++)
        /* From both ends, as the first places have most pairs. */
        for (int64_t e = blocks.begin[b]; e < blocks.begin[b + 1]; e++)
            add_pairs(partial + (int64_t)(b - begin) * N_SUMS, &l, e % 2 == 0 ? e / 2 : n - 1 - e / 2);
    RB_TRY(rb_blocks_sum(sum, partial, N_SUMS, &blocks, ctx, err));
    *correlation = correlation_of(sum, (double)n * (double)(n - 1) / 2);
done:
    rb_blocks_fini(&blocks);
    rb_free(l.leaf);
    rb_free(l.gap);
    rb_free(partial);
    return err->status;
}
