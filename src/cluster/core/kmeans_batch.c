#include "cluster/core/kmeans_batch.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

rb_status rb_kmeans_batch_init(rb_kmeans_batch *b, int64_t size, const rb_ctx *ctx, rb_error *err)
{
    *b = (rb_kmeans_batch){ .size = size };
    rb_alloc(&b->row, size, err);
    rb_alloc(&b->times, size, err);
    rb_alloc(&b->label, size, err);
    rb_alloc(&b->distance, size, err);
    return rb_alloc(&b->share, ctx->n_ranks + 1, err);
}

void rb_kmeans_batch_fini(rb_kmeans_batch *b)
{
    rb_free(b->row);
    rb_free(b->times);
    rb_free(b->label);
    rb_free(b->distance);
    rb_free(b->share);
    memset(b, 0, sizeof *b);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The first `wanted` different points of a sequence of draws, ascending; every rank finds the same. */
rb_status rb_kmeans_sample(int64_t *row, int64_t wanted, int64_t n, const rb_ctx *ctx, rb_error *err)
{
    uint8_t *is_taken = NULL;
    rb_rng rng = { ctx->seed, rb_stream("minibatch sample"), 0, 0 };
    RB_TRY_ALL(ctx, rb_alloc(&is_taken, n, err));
    for (int64_t have = 0; have < wanted; rng.entity++) {
        int64_t i = rb_rng_below(&rng, 0, n);
        if (is_taken[i])
            continue;
        is_taken[i] = 1;
        row[have++] = i;
    }
    qsort(row, (size_t)wanted, sizeof *row, ascending);
done:
    rb_free(is_taken);
    return err->status;
}

void rb_kmeans_batch_draw(rb_kmeans_batch *b, int64_t number, int64_t n, const rb_ctx *ctx)
{
    rb_rng rng = { ctx->seed, rb_stream("minibatch batch"), 0, (uint64_t)number };
    for (int64_t i = 0; i < b->size; i++)
        b->row[i] = rb_rng_below(&rng, (uint32_t)i, n);
    qsort(b->row, (size_t)b->size, sizeof *b->row, ascending);
    b->n_rows = 0;
    for (int64_t i = 0; i < b->size; i++) {
        if (b->n_rows == 0 || b->row[i] != b->row[b->n_rows - 1]) {
            b->row[b->n_rows] = b->row[i];
            b->times[b->n_rows++] = 0;
        }
        b->times[b->n_rows - 1]++;
    }
}

/* The first place of a batch whose row is not below `row`. */
static int64_t place_of(const rb_kmeans_batch *b, int64_t row)
{
    int64_t low = 0, high = b->n_rows;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (b->row[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#define CHUNK 256

/* Brings the ranks' pieces of an array together; share counts elements. */
static void gather(void *values, int64_t size, rb_kmeans_batch *b, const rb_ctx *ctx)
{
    for (int r = 0; r <= ctx->n_ranks; r++)
        b->share[r] *= size;
    rb_allgather_bytes(ctx, values, (char *)values + b->share[ctx->rank], b->share);
    for (int r = 0; r <= ctx->n_ranks; r++)
        b->share[r] /= size;
}

void rb_kmeans_batch_label(rb_kmeans_batch *b, const rb_kmeans_pass *pass, const int64_t *offsets, const rb_ctx *ctx)
{
    const rb_kmeans_kernels *kernels = pass->data->kernels;
    for (int r = 0; r <= ctx->n_ranks; r++)
        b->share[r] = place_of(b, offsets[r]);
    const int64_t first = b->share[ctx->rank], last = b->share[ctx->rank + 1];
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t from = first; from < last; from += CHUNK) {
        int64_t n = last - from < CHUNK ? last - from : CHUNK;
        kernels->settle(pass, pass->scratch + omp_get_thread_num() * pass->scratch_bytes, b->row + from, n);
        for (int64_t i = from; i < from + n; i++) {
            b->label[i] = pass->label[b->row[i]];
            b->distance[i] = kernels->own_distance(pass->data, pass->centres, b->row[i], b->label[i]);
        }
    }
    gather(b->label, sizeof *b->label, b, ctx);
    gather(b->distance, sizeof *b->distance, b, ctx);
}

void rb_kmeans_add_row(double *to, double times, const rb_kmeans_data *data, int64_t row)
{
    const int64_t first = data->is_sparse ? data->row_begin[row] : row * data->d;
    const int64_t last = data->is_sparse ? data->row_begin[row + 1] : first + data->d;
    const void *values = data->is_sparse ? data->value : data->x;
    for (int64_t e = first; e < last; e++) {
        double x = data->is_single ? (double)((const float *)values)[e] : ((const double *)values)[e];
        to[data->is_sparse ? data->col[e] : e - first] += times * x;
    }
}
