#include <float.h>
#include <math.h>
#include <string.h>

#include "cluster/core/kmeans.h"
#include "linalg/distance.h"

/* Rows of a block: enough that its sums of k centres weigh little beside its points, 128 at least. */
static int64_t block_rows(int64_t k)
{
    return 4 * k > 128 ? 4 * k : 128;
}

static const rb_kmeans_kernels *kernels_of(bool is_sparse, bool is_single)
{
    if (is_sparse)
        return is_single ? &rb_kmeans_sparse_f32 : &rb_kmeans_sparse_f64;
    return is_single ? &rb_kmeans_dense_f32 : &rb_kmeans_dense_f64;
}

static double inverse_length(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t f = 0; f < n; f++)
        sum = fma(x[f], x[f], sum);
    return sum > 0 ? 1 / sqrt(sum) : 0;
}

static void copy_row(void *to, const double *from, int64_t d, int64_t row, double scale, bool is_single)
{
    if (is_single)
        for (int64_t f = 0; f < d; f++)
            ((float *)to)[row * d + f] = (float)(from[row * d + f] * scale);
    else
        for (int64_t f = 0; f < d; f++)
            ((double *)to)[row * d + f] = from[row * d + f] * scale;
}

static rb_status take_dense(rb_kmeans_data *data, const rb_points *points, const rb_ctx *ctx, rb_error *err)
{
    int64_t *offsets = NULL;
    bool must_scale = data->is_spherical && !points->unit_rows;
    data->x = points->dense;
    if (!data->is_single && !must_scale)
        return RB_OK;
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    int64_t row_bytes = data->d * (int64_t)(data->is_single ? sizeof(float) : sizeof(double));
    RB_TRY(rb_shared_alloc(&data->copy, data->n * row_bytes, ctx, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = data->begin; i < data->end; i++)
        copy_row(data->copy.data, points->dense, data->d, i,
                 must_scale ? inverse_length(points->dense + i * data->d, data->d) : 1, data->is_single);
    rb_blocks_offsets(offsets, &data->blocks, ctx);
    rb_shared_publish(&data->copy, offsets, row_bytes, ctx);
    data->x = data->copy.data;
done:
    rb_free(offsets);
    return err->status;
}

/* The values of all rows, on every rank: as REAL for the passes, and the transpose of the same for the sums. */
static rb_status take_sparse(rb_kmeans_data *data, const rb_csr *x, bool must_scale, bool with_columns, rb_error *err)
{
    rb_csr seen = *x;
    int64_t nnz = x->row_begin[x->n_rows];
    data->row_begin = x->row_begin;
    data->col = x->col;
    data->value = x->value;
    if (data->is_single || must_scale) {
        RB_TRY(rb_alloc(&data->scaled, nnz, err));
        for (int64_t i = 0; i < x->n_rows; i++) {
            int64_t first = x->row_begin[i], n = x->row_begin[i + 1] - first;
            double scale = must_scale ? inverse_length(x->value + first, n) : 1;
            for (int64_t e = first; e < first + n; e++) {
                double v = x->value[e] * scale;
                data->scaled[e] = data->is_single ? (double)(float)v : v;
            }
        }
        data->value = seen.value = data->scaled;
        if (data->is_single) {
            RB_TRY(rb_alloc(&data->narrow, nnz, err));
            for (int64_t e = 0; e < nnz; e++)
                data->narrow[e] = (float)data->scaled[e];
            data->value = data->narrow;
        }
    }
    if (with_columns) {
        RB_TRY(rb_csr_transpose(&data->by_column, &seen, err));
        RB_TRY(rb_blocks_init(&data->columns, data->d, data->by_column.row_begin, 1024, err));
    }
done:
    return err->status;
}

/* Squares are compared after sums of a few of them: leave room below the largest number. */
static rb_status check_norms(const rb_kmeans_data *data, const rb_points *points, rb_error *err)
{
    double most = (data->is_single ? (double)FLT_MAX : DBL_MAX) / 64;
    for (int64_t i = data->begin; i < data->end; i++)
        if (!(data->norm2[i - data->begin] <= most)) {
            if (rb_points_check(points, err) != RB_OK)
                return err->status;
            return RB_FAIL(err, RB_BAD_INPUT, "the squared length of point %lld is too large for %s precision",
                           (long long)i, data->is_single ? "single" : "double");
        }
    return RB_OK;
}

static rb_status sum_norms(rb_kmeans_data *data, const rb_ctx *ctx, rb_error *err)
{
    double *partial = NULL;
    int32_t n = data->block_end - data->block_begin;
    RB_TRY_ALL(ctx, rb_alloc(&partial, n, err));
    for (int32_t b = 0; b < n; b++)
        for (int64_t i = data->blocks.begin[data->block_begin + b]; i < data->blocks.begin[data->block_begin + b + 1];
             i++)
            partial[b] += data->norm2[i - data->begin];
    RB_TRY(rb_blocks_sum(&data->total_norm2, partial, 1, &data->blocks, ctx, err));
done:
    rb_free(partial);
    return err->status;
}

/* Products in the longest sum. */
static int64_t most_terms(const rb_points *points)
{
    int64_t most = points->sparse ? 0 : points->d;
    for (int64_t i = 0; points->sparse && i < points->n; i++) {
        int64_t n = points->sparse->row_begin[i + 1] - points->sparse->row_begin[i];
        most = n > most ? n : most;
    }
    return most;
}

rb_status rb_kmeans_data_init(rb_kmeans_data *data, const rb_points *points, int64_t k, bool is_single,
                              bool is_spherical, bool with_columns, const rb_ctx *ctx, rb_error *err)
{
    *data = (rb_kmeans_data){ .n = points->n,
                              .d = points->d,
                              .k = k,
                              .is_single = is_single,
                              .is_spherical = is_spherical,
                              .is_sparse = points->sparse != NULL,
                              .kernels = kernels_of(points->sparse != NULL, is_single) };
    int64_t terms = most_terms(points);
    data->unit = RB_DISTANCE_MARGIN(terms) * (is_single ? (double)FLT_EPSILON : DBL_EPSILON) / 2;
    data->tiny = (double)(terms + 8) * (is_single ? (double)FLT_MIN : DBL_MIN);
    RB_TRY_ALL(ctx, rb_blocks_init(&data->blocks, data->n, NULL, block_rows(k), err));
    data->block_begin = rb_blocks_of(&data->blocks, ctx->rank, ctx->n_ranks);
    data->block_end = rb_blocks_of(&data->blocks, ctx->rank + 1, ctx->n_ranks);
    data->begin = data->blocks.begin[data->block_begin];
    data->end = data->blocks.begin[data->block_end];
    if (points->sparse)
        RB_TRY_ALL(ctx, take_sparse(data, points->sparse, is_spherical && !points->unit_rows, with_columns, err));
    else
        RB_TRY(take_dense(data, points, ctx, err));
    RB_TRY_ALL(ctx, rb_alloc(&data->norm2, data->end - data->begin, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = data->block_begin; b < data->block_end; b++)
        data->kernels->norms(data->norm2 + data->blocks.begin[b] - data->begin, data, data->blocks.begin[b],
                             data->blocks.begin[b + 1]);
    RB_TRY_ALL(ctx, check_norms(data, points, err));
    RB_TRY(sum_norms(data, ctx, err));
done:
    return err->status;
}

void rb_kmeans_data_fini(rb_kmeans_data *data)
{
    rb_shared_fini(&data->copy);
    rb_blocks_fini(&data->blocks);
    rb_blocks_fini(&data->columns);
    rb_csr_fini(&data->by_column);
    rb_free(data->scaled);
    rb_free(data->narrow);
    rb_free(data->norm2);
    memset(data, 0, sizeof *data);
}

/* Sums of each dimension over the rows of this rank's blocks, [own blocks x d]. */
static void column_sums(double *partial, const rb_kmeans_data *data, const rb_ctx *ctx)
{
    const int64_t d = data->d;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = data->block_begin; b < data->block_end; b++) {
        double *restrict sum = partial + (b - data->block_begin) * d;
        for (int64_t i = data->blocks.begin[b]; i < data->blocks.begin[b + 1]; i++)
            for (int64_t f = 0; f < d; f++)
                sum[f] += data->is_single ? (double)((const float *)data->x)[i * d + f]
                                          : ((const double *)data->x)[i * d + f];
    }
}

rb_status rb_kmeans_mean_variance(double *variance, const rb_kmeans_data *data, const rb_ctx *ctx, rb_error *err)
{
    double *partial = NULL, *sum = NULL, mean2 = 0;
    rb_alloc(&sum, data->d, err);
    RB_TRY_ALL(ctx, rb_alloc(&partial, data->is_sparse ? 1 : (data->block_end - data->block_begin) * data->d, err));
    if (data->is_sparse) {
        for (int64_t f = 0; f < data->d; f++)
            for (int64_t e = data->by_column.row_begin[f]; e < data->by_column.row_begin[f + 1]; e++)
                sum[f] += data->by_column.value[e];
    } else {
        column_sums(partial, data, ctx);
        RB_TRY(rb_blocks_sum(sum, partial, data->d, &data->blocks, ctx, err));
    }
    for (int64_t f = 0; f < data->d; f++)
        mean2 += sum[f] / (double)data->n * (sum[f] / (double)data->n);
    *variance = data->d > 0 ? fmax(data->total_norm2 / (double)data->n - mean2, 0) / (double)data->d : 0;
done:
    rb_free(partial);
    rb_free(sum);
    return err->status;
}
