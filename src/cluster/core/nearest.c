#include "cluster/core/nearest.h"

#include <math.h>

#include "linalg/distance.h"

#define TOGETHER 256      /* candidates whose distances are computed in one call */
#define BY_PAIRS_FROM 256 /* points and candidates */

/* Distances of point i to the candidates [first, first + n), n at most TOGETHER. */
static void distances(double *out, const rb_metric_points *points, int64_t i, const rb_metric_points *candidates,
                      int64_t first, int64_t n)
{
    const int64_t d = candidates->d;
    const double *rows[TOGETHER];
    if (!points->dense || points->is_cosine) {
        for (int64_t c = 0; c < n; c++)
            out[c] = rb_metric_distance(points, i, candidates, first + c);
        return;
    }
    for (int64_t c = 0; c < n; c++)
        rows[c] = candidates->dense + (first + c) * d;
    rb_distance2_rows_f64(out, rows, n, points->dense + i * d, d);
}

/* Ascending; of equal distances the lower index comes first, as candidates come in that order. */
static int64_t insert(int32_t *nearest, double *least, int64_t n, int64_t k, int32_t index, double distance)
{
    int64_t at = n < k ? n : k - 1;
    for (; at > 0 && least[at - 1] > distance; at--) {
        least[at] = least[at - 1];
        nearest[at] = nearest[at - 1];
    }
    least[at] = distance;
    nearest[at] = index;
    return n < k ? n + 1 : k;
}

/* The k nearest within the limit; returns how many there are. */
static int64_t search(int32_t *nearest, double *least, int64_t k, const rb_metric_points *points, int64_t i,
                      const rb_metric_points *candidates, double limit)
{
    double distance[TOGETHER];
    int64_t n_found = 0;
    for (int64_t first = 0; first < candidates->n; first += TOGETHER) {
        int64_t n = candidates->n - first < TOGETHER ? candidates->n - first : TOGETHER;
        distances(distance, points, i, candidates, first, n);
        for (int64_t c = 0; c < n; c++)
            if (distance[c] <= limit && (n_found < k || distance[c] < least[k - 1]))
                n_found = insert(nearest, least, n_found, k, (int32_t)(first + c), distance[c]);
    }
    return n_found;
}

/* Cuts the points over the ranks. */
static void offsets_of(int64_t *offsets, int64_t n, const rb_ctx *ctx)
{
    for (int k = 0; k <= ctx->n_ranks; k++)
        offsets[k] = n / ctx->n_ranks * k + n % ctx->n_ranks * k / ctx->n_ranks;
}

/* Brings what every rank found for its points, `bytes` each, to all. */
static void gather(void *all, const int64_t *offsets, int64_t bytes, int64_t *scratch, const rb_ctx *ctx)
{
    for (int k = 0; k <= ctx->n_ranks; k++)
        scratch[k] = offsets[k] * bytes;
    rb_allgather_bytes(ctx, all, (char *)all + scratch[ctx->rank], scratch);
}

/* Pairs together come by products, about 16 in the time of one distance, at worst all of them; boxes leave out most. */
static bool is_faster_by_pairs(const rb_points *points, const rb_points *candidates, double eps)
{
    const double n = (double)points->n, m = (double)candidates->n;
    return isfinite(eps) && eps > 0 && n >= BY_PAIRS_FROM && m >= BY_PAIRS_FROM && 16 * n * m > (n + m) * (n + m) &&
           n + m < INT32_MAX && points->unit_rows == candidates->unit_rows;
}

rb_status rb_nearest_within(int32_t *nearest, const rb_points *points, const rb_points *candidates, double eps,
                            bool is_cosine, const rb_ctx *ctx, rb_error *err)
{
    rb_metric_points x = { 0 }, y = { 0 };
    int64_t *offsets = NULL;
    const double limit = rb_metric_limit(eps, is_cosine);
    if (is_faster_by_pairs(points, candidates, eps))
        return rb_nearest_by_pairs(nearest, points, candidates, eps, is_cosine, ctx, err);
    rb_alloc(&offsets, 2 * (ctx->n_ranks + 1), err);
    rb_metric_points_init(&x, points, is_cosine, ctx, err);
    RB_TRY_ALL(ctx, rb_metric_points_init(&y, candidates, is_cosine, ctx, err));
    offsets_of(offsets, x.n, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++) {
        double least;
        if (search(&nearest[i], &least, 1, &x, i, &y, limit) == 0)
            nearest[i] = -1;
    }
    gather(nearest, offsets, (int64_t)sizeof *nearest, offsets + ctx->n_ranks + 1, ctx);
done:
    rb_metric_points_fini(&x);
    rb_metric_points_fini(&y);
    rb_free(offsets);
    return err->status;
}

rb_status rb_nearest_several(int32_t *nearest, double *distance, int64_t k, const rb_points *points,
                             const rb_points *candidates, bool is_cosine, const rb_ctx *ctx, rb_error *err)
{
    rb_metric_points x = { 0 }, y = { 0 };
    int64_t *offsets = NULL;
    rb_alloc(&offsets, 2 * (ctx->n_ranks + 1), err);
    rb_metric_points_init(&x, points, is_cosine, ctx, err);
    RB_TRY_ALL(ctx, rb_metric_points_init(&y, candidates, is_cosine, ctx, err));
    offsets_of(offsets, x.n, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++)
        search(nearest + i * k, distance + i * k, k, &x, i, &y, INFINITY);
    gather(nearest, offsets, k * (int64_t)sizeof *nearest, offsets + ctx->n_ranks + 1, ctx);
    gather(distance, offsets, k * (int64_t)sizeof *distance, offsets + ctx->n_ranks + 1, ctx);
done:
    rb_metric_points_fini(&x);
    rb_metric_points_fini(&y);
    rb_free(offsets);
    return err->status;
}
