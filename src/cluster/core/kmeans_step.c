#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "cluster/core/kmeans_bounds.h"

rb_status rb_kmeans_pass_init(rb_kmeans_pass *pass, const rb_kmeans_data *data, const rb_kmeans_centres *centres,
                              int32_t *label, bool updates, int64_t n_groups, const rb_ctx *ctx, rb_error *err)
{
    *pass = (rb_kmeans_pass){ .data = data, .centres = centres };
    pass->label = label;
    int64_t own = data->end - data->begin;
    pass->scratch_bytes = (data->kernels->scratch_bytes(centres->k, data->d) + 127) / 128 * 128;
    RB_TRY(rb_alloc(&pass->scratch, ctx->n_threads * pass->scratch_bytes, err));
    if (n_groups > 0) {
        pass->group_size = (centres->k + n_groups - 1) / n_groups;
        pass->n_groups = (centres->k + pass->group_size - 1) / pass->group_size;
        RB_TRY(rb_alloc(&pass->upper, own, err));
        RB_TRY(rb_alloc(&pass->lower, own * pass->n_groups, err));
        RB_TRY(rb_alloc(&pass->group_drift, pass->n_groups, err));
    }
    if (updates) {
        int32_t n_blocks = data->block_end - data->block_begin;
        pass->width = centres->k * data->d + centres->k + data->d;
        if (data->is_sparse) {
            n_blocks = rb_blocks_of(&data->columns, ctx->rank + 1, ctx->n_ranks) -
                       rb_blocks_of(&data->columns, ctx->rank, ctx->n_ranks);
            pass->width = 2 * centres->stride;
        }
        RB_TRY(rb_alloc(&pass->partial, n_blocks * pass->width, err));
        RB_TRY(rb_alloc(&pass->sum, pass->width, err));
    }
done:
    return err->status;
}

void rb_kmeans_pass_fini(rb_kmeans_pass *pass)
{
    rb_free(pass->upper);
    rb_free(pass->lower);
    rb_free(pass->group_drift);
    rb_free(pass->scratch);
    rb_free(pass->partial);
    rb_free(pass->sum);
    memset(pass, 0, sizeof *pass);
}

void rb_kmeans_pass_reset(rb_kmeans_pass *pass)
{
    for (int64_t i = pass->data->begin; i < pass->data->end; i++)
        pass->label[i] = -1;
    rb_kmeans_pass_forget(pass);
}

void rb_kmeans_pass_forget(rb_kmeans_pass *pass)
{
    for (int64_t i = 0; pass->upper && i < pass->data->end - pass->data->begin; i++)
        rb_kmeans_forget_bounds(pass, i);
}

static double *block_sums(const rb_kmeans_pass *pass, int32_t block)
{
    return pass->partial + (block - pass->data->block_begin) * pass->width;
}

int64_t rb_kmeans_assign(const rb_kmeans_pass *pass, const rb_ctx *ctx)
{
    const rb_kmeans_data *data = pass->data;
    int64_t changed = 0;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic) reduction(+ : changed)
    for (int32_t b = data->block_begin; b < data->block_end; b++) {
        int64_t begin = data->blocks.begin[b], end = data->blocks.begin[b + 1];
        void *scratch = pass->scratch + omp_get_thread_num() * pass->scratch_bytes;
        changed += pass->n_groups > 1 ? rb_kmeans_assign_by_groups(pass, scratch, begin, end)
                                      : data->kernels->assign(pass, scratch, begin, end);
        if (pass->partial && data->kernels->accumulate)
            data->kernels->accumulate(block_sums(pass, b), pass, begin, end);
    }
    rb_sum_int64(ctx, &changed, 1);
    return changed;
}

void rb_kmeans_accumulate(const rb_kmeans_pass *pass, const rb_ctx *ctx)
{
    const rb_kmeans_data *data = pass->data;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = data->block_begin; b < data->block_end; b++)
        data->kernels->accumulate(block_sums(pass, b), pass, data->blocks.begin[b], data->blocks.begin[b + 1]);
}

void rb_kmeans_count(int64_t *count, const rb_kmeans_pass *pass, const rb_ctx *ctx)
{
    memset(count, 0, (size_t)pass->data->k * sizeof *count);
    for (int64_t i = pass->data->begin; i < pass->data->end; i++)
        count[pass->label[i]]++;
    rb_sum_int64(ctx, count, pass->data->k);
}

/* A number's bits ascend with it where it is not negative, so that ranks can compare distances as integers. */
static int64_t ordered_bits(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return x > 0 ? bits : 0;
}

rb_status rb_kmeans_reseed(int64_t *count, const rb_kmeans_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    const rb_kmeans_data *data = pass->data;
    int64_t *distance = NULL, own = data->end - data->begin;

    RB_TRY_ALL(ctx, rb_alloc(&distance, own, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = 0; i < own; i++)
        distance[i] = ordered_bits(
            data->kernels->own_distance(data, pass->centres, data->begin + i, pass->label[data->begin + i]));
    for (int32_t c = 0; c < data->k; c++) {
        if (count[c] > 0)
            continue;
        int64_t farthest = -1, at = INT64_MAX;
        for (int64_t i = 0; i < own; i++)
            if (distance[i] > farthest && count[pass->label[data->begin + i]] > 1) {
                farthest = distance[i];
                at = data->begin + i;
            }
        int64_t best = farthest;
        rb_max_int64(ctx, &best, 1);
        if (farthest != best)
            at = INT64_MAX;
        rb_min_int64(ctx, &at, 1);
        int64_t from = at >= data->begin && at < data->end ? pass->label[at] : -1;
        rb_max_int64(ctx, &from, 1);
        count[from]--;
        count[c]++;
        if (at >= data->begin && at < data->end) {
            pass->label[at] = c;
            if (pass->upper)
                rb_kmeans_forget_bounds(pass, at - data->begin);
        }
    }
done:
    rb_free(distance);
    return err->status;
}

rb_status rb_kmeans_cost(double *cost, const rb_kmeans_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    const rb_kmeans_data *data = pass->data;
    double *partial = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&partial, data->block_end - data->block_begin, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = data->block_begin; b < data->block_end; b++)
        for (int64_t i = data->blocks.begin[b]; i < data->blocks.begin[b + 1]; i++)
            partial[b - data->block_begin] += data->kernels->own_distance(data, pass->centres, i, pass->label[i]);
    RB_TRY(rb_blocks_sum(cost, partial, 1, &data->blocks, ctx, err));
done:
    rb_free(partial);
    return err->status;
}
