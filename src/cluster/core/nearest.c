#include "cluster/core/nearest.h"

#include <math.h>

#include "linalg/distance.h"

#define TOGETHER 256 /* candidates whose distances are computed in one call */

static int32_t nearest_by_rows(const double *x, const rb_metric_points *candidates, double limit)
{
    const int64_t d = candidates->d;
    const double *rows[TOGETHER];
    double distance[TOGETHER], least = INFINITY;
    int32_t nearest = -1;
    for (int64_t first = 0; first < candidates->n; first += TOGETHER) {
        int64_t n = candidates->n - first < TOGETHER ? candidates->n - first : TOGETHER;
        for (int64_t c = 0; c < n; c++)
            rows[c] = candidates->dense + (first + c) * d;
        rb_distance2_rows_f64(distance, rows, n, x, d);
        for (int64_t c = 0; c < n; c++)
            if (distance[c] <= limit && distance[c] < least) {
                least = distance[c];
                nearest = (int32_t)(first + c);
            }
    }
    return nearest;
}

static int32_t nearest_by_pairs(const rb_metric_points *points, int64_t i, const rb_metric_points *candidates,
                                double limit)
{
    double least = INFINITY;
    int32_t nearest = -1;
    for (int64_t c = 0; c < candidates->n; c++) {
        double distance = rb_metric_distance(points, i, candidates, c);
        if (distance <= limit && distance < least) {
            least = distance;
            nearest = (int32_t)c;
        }
    }
    return nearest;
}

rb_status rb_nearest_within(int32_t *nearest, const rb_points *points, const rb_points *candidates, double eps,
                            bool is_cosine, const rb_ctx *ctx, rb_error *err)
{
    rb_metric_points x = { 0 }, y = { 0 };
    int64_t *offsets = NULL;
    const double limit = rb_metric_limit(eps, is_cosine);
    const bool by_rows = points->dense && !is_cosine;
    rb_alloc(&offsets, ctx->n_ranks + 1, err);
    rb_metric_points_init(&x, points, is_cosine, ctx, err);
    RB_TRY_ALL(ctx, rb_metric_points_init(&y, candidates, is_cosine, ctx, err));
    for (int k = 0; k <= ctx->n_ranks; k++)
        offsets[k] = x.n / ctx->n_ranks * k + x.n % ctx->n_ranks * k / ctx->n_ranks;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++)
        nearest[i] = by_rows ? nearest_by_rows(x.dense + i * x.d, &y, limit) : nearest_by_pairs(&x, i, &y, limit);
    for (int k = 0; k <= ctx->n_ranks; k++)
        offsets[k] *= (int64_t)sizeof *nearest;
    rb_allgather_bytes(ctx, nearest, (char *)nearest + offsets[ctx->rank], offsets);
done:
    rb_metric_points_fini(&x);
    rb_metric_points_fini(&y);
    rb_free(offsets);
    return err->status;
}
