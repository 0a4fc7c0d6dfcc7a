#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "cluster/core/kmeans.h"

/* Sums of squares carry rounding errors of a few units for every dimension; a bound is taken above them. */
static double above(double square, int64_t d)
{
    return sqrt(square * (1 + (double)(d + 8) * DBL_EPSILON)) * (1 + 4 * DBL_EPSILON);
}

/* No distance to the own centre grew by more than that centre went; no other shrank by more than the farthest went. */
static void move_hamerly(const rb_kmeans_pass *pass, const double *drift, const rb_ctx *ctx)
{
    const rb_kmeans_data *data = pass->data;
    int32_t fastest = 0;
    double first = 0, second = 0;
    for (int32_t c = 0; c < data->k; c++) {
        if (drift[c] > first) {
            second = first;
            first = drift[c];
            fastest = c;
        } else if (drift[c] > second) {
            second = drift[c];
        }
    }
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = data->begin; i < data->end; i++) {
        int32_t c = pass->label[i];
        double *u = pass->upper + (i - data->begin), *l = pass->lower + (i - data->begin);
        double lower = *l - (c == fastest ? second : first);
        *u = (*u + drift[c]) * (1 + 2 * DBL_EPSILON);
        *l = lower > 0 ? lower * (1 - 2 * DBL_EPSILON) : 0;
    }
}

/* As above for every group of centres. */
static void move_groups(const rb_kmeans_pass *pass, const double *drift, const rb_ctx *ctx)
{
    const rb_kmeans_data *data = pass->data;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = data->begin; i < data->end; i++) {
        double *u = pass->upper + (i - data->begin), *l = pass->lower + (i - data->begin) * pass->n_groups;
        *u = (*u + drift[pass->label[i]]) * (1 + 2 * DBL_EPSILON);
        for (int64_t g = 0; g < pass->n_groups; g++) {
            double lower = l[g] - pass->group_drift[g];
            l[g] = lower > 0 ? lower * (1 - 2 * DBL_EPSILON) : 0;
        }
    }
}

static void move_bounds(const rb_kmeans_pass *pass, const double *drift, const rb_ctx *ctx)
{
    if (pass->n_groups == 1) {
        move_hamerly(pass, drift, ctx);
        return;
    }
    memset(pass->group_drift, 0, (size_t)pass->n_groups * sizeof *pass->group_drift);
    for (int32_t c = 0; c < pass->data->k; c++)
        pass->group_drift[c / pass->group_size] = fmax(pass->group_drift[c / pass->group_size], drift[c]);
    move_groups(pass, drift, ctx);
}

/* A centre's new value from the sum of its points: the mean, or the direction; an empty cluster's stays. */
static double weight_of(const double *sum, int64_t stride, int64_t d, int64_t count, bool is_spherical)
{
    if (count == 0)
        return 0;
    if (!is_spherical)
        return 1 / (double)count;
    double length2 = 0;
    for (int64_t f = 0; f < d; f++)
        length2 = fma(sum[f * stride], sum[f * stride], length2);
    return length2 > 0 ? 1 / sqrt(length2) : 0;
}

static double new_value(double sum, int64_t count, double weight, double old, bool is_spherical, bool is_single)
{
    if (weight == 0)
        return old;
    double value = is_spherical ? sum * weight : sum / (double)count;
    return is_single ? (double)(float)value : value;
}

static rb_status move_dense(rb_kmeans_update *out, rb_kmeans_centres *centres, const rb_kmeans_pass *pass,
                            const int64_t *count, const rb_ctx *ctx, rb_error *err)
{
    const rb_kmeans_data *data = pass->data;
    const int64_t d = data->d;
    RB_TRY(rb_blocks_sum(pass->sum, pass->partial, pass->width, &data->blocks, ctx, err));
    const double *cost = pass->sum + data->k * d + data->k;
    out->cost = out->shift2 = 0;
    for (int64_t f = 0; f < d; f++)
        out->cost += cost[f];
    if (data->is_spherical)
        out->cost = (double)data->n - out->cost;
    for (int64_t c = 0; c < data->k; c++) {
        double weight = weight_of(pass->sum + c * d, 1, d, count[c], data->is_spherical), went2 = 0;
        for (int64_t f = 0; f < d; f++) {
            double *at = centres->row + c * d + f;
            double value = new_value(pass->sum[c * d + f], count[c], weight, *at, data->is_spherical, data->is_single);
            double t = value - *at;
            went2 = fma(t, t, went2);
            *at = value;
            if (centres->narrow)
                centres->narrow[c * d + f] = (float)value;
        }
        out->drift[c] = above(went2, d);
        out->shift2 += went2;
    }
done:
    return err->status;
}

/* Factors that turn the sums into centres; where spherical the lengths of the sums must be known first. */
static rb_status weigh(double *weight, const rb_kmeans_pass *pass, const int64_t *count, const rb_ctx *ctx,
                       rb_error *err)
{
    const rb_kmeans_data *data = pass->data;
    for (int64_t c = 0; c < data->k; c++)
        weight[c] = count[c] > 0 ? 1 / (double)count[c] : 0;
    if (!data->is_spherical)
        return RB_OK;
    int32_t first = rb_blocks_of(&data->columns, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&data->columns, ctx->rank + 1, ctx->n_ranks);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = first; b < last; b++)
        data->kernels->column_lengths(pass->partial + (b - first) * pass->width, pass,
                                      pass->scratch + omp_get_thread_num() * pass->scratch_bytes, b);
    RB_TRY(rb_blocks_sum(pass->sum, pass->partial, pass->width, &data->columns, ctx, err));
    for (int64_t c = 0; c < data->k; c++)
        weight[c] = pass->sum[c] > 0 ? 1 / sqrt(pass->sum[c]) : 0;
done:
    return err->status;
}

/* The owner of a column sums its entries by cluster, rows ascending, and makes its new values in all centres. */
static rb_status move_sparse(rb_kmeans_update *out, rb_kmeans_centres *centres, const rb_kmeans_pass *pass,
                             const int64_t *count, const rb_ctx *ctx, rb_error *err)
{
    const rb_kmeans_data *data = pass->data;
    int64_t *offsets = NULL;
    double *weight = NULL;
    rb_alloc(&offsets, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&weight, centres->stride, err));
    RB_TRY(weigh(weight, pass, count, ctx, err));
    int32_t first = rb_blocks_of(&data->columns, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&data->columns, ctx->rank + 1, ctx->n_ranks);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = first; b < last; b++)
        data->kernels->move_columns(pass->partial + (b - first) * pass->width, centres, pass, weight,
                                    pass->scratch + omp_get_thread_num() * pass->scratch_bytes, b);
    rb_blocks_offsets(offsets, &data->columns, ctx);
    rb_shared_publish(&centres->table, offsets,
                      centres->stride * (int64_t)(data->is_single ? sizeof(float) : sizeof(double)), ctx);
    RB_TRY(rb_blocks_sum(pass->sum, pass->partial, pass->width, &data->columns, ctx, err));
    out->shift2 = 0;
    out->cost = data->is_spherical ? (double)data->n : data->total_norm2;
    for (int64_t c = 0; c < data->k; c++) {
        double product = pass->sum[centres->stride + c];
        double half = data->is_single ? (double)((const float *)centres->half)[c] : ((const double *)centres->half)[c];
        out->cost += data->is_spherical ? -product : 2 * ((double)count[c] * half - product);
        out->drift[c] = above(pass->sum[c], data->d);
        out->shift2 += pass->sum[c];
    }
done:
    rb_free(offsets);
    rb_free(weight);
    return err->status;
}

rb_status rb_kmeans_move(rb_kmeans_update *out, rb_kmeans_centres *centres, const rb_kmeans_pass *pass,
                         const int64_t *count, const rb_ctx *ctx, rb_error *err)
{
    rb_status status = pass->data->is_sparse ? move_sparse(out, centres, pass, count, ctx, err)
                                             : move_dense(out, centres, pass, count, ctx, err);
    if (status != RB_OK)
        return status;
    rb_kmeans_centres_measure(centres, pass->data, ctx);
    if (pass->upper)
        move_bounds(pass, out->drift, ctx);
    return RB_OK;
}
