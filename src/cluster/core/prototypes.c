#include "cluster/core/prototypes.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"

#define LANES 8
#define BLOCK_ROWS 512

rb_status rb_prototypes_init(rb_prototypes *c, int64_t k, int64_t p, int64_t m, rb_error *err)
{
    *c = (rb_prototypes){ .k = k, .stride = (k + LANES - 1) / LANES * LANES };
    rb_alloc(&c->number, p * c->stride, err);
    RB_TRY(rb_alloc(&c->mode, m * c->stride, err));
    for (int64_t j = 0; j < m * c->stride; j++)
        c->mode[j] = -1;
done:
    return err->status;
}

void rb_prototypes_fini(rb_prototypes *c)
{
    rb_free(c->number);
    rb_free(c->mode);
    memset(c, 0, sizeof *c);
}

/* What only a fit needs. */
static rb_status update_init(rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    int64_t n_counts = pass->k * pass->first[pass->m];
    rb_alloc(&pass->label, pass->n, err);
    rb_alloc(&pass->count, n_counts, err);
    rb_alloc(&pass->size, pass->k, err);
    return rb_alloc(&pass->threaded, ctx->n_threads * (pass->k + n_counts), err);
}

rb_status rb_prototypes_pass_init(rb_prototypes_pass *pass, const rb_item_table *table, const rb_item_schema *schema,
                                  int64_t k, double gamma, bool updates, const rb_ctx *ctx, rb_error *err)
{
    *pass = (rb_prototypes_pass){ .n = table->n,
                                  .k = k,
                                  .p = schema->n_numbers,
                                  .m = schema->n_categorical,
                                  .x = table->number,
                                  .code = table->code,
                                  .first = schema->first,
                                  .gamma = gamma };
    RB_TRY_ALL(ctx, rb_blocks_init(&pass->blocks, pass->n, NULL, BLOCK_ROWS, err));
    pass->block_begin = rb_blocks_of(&pass->blocks, ctx->rank, ctx->n_ranks);
    pass->block_end = rb_blocks_of(&pass->blocks, ctx->rank + 1, ctx->n_ranks);
    pass->begin = pass->blocks.begin[pass->block_begin];
    pass->end = pass->blocks.begin[pass->block_end];
    int64_t own = pass->end - pass->begin;
    rb_prototypes_init(&pass->centre, k, pass->p, pass->m, err);
    pass->scratch_bytes = pass->centre.stride * (int64_t)(sizeof(double) + sizeof(int32_t));
    pass->scratch_bytes = (pass->scratch_bytes + 127) / 128 * 128;
    rb_alloc(&pass->scratch, ctx->n_threads * pass->scratch_bytes, err);
    rb_alloc(&pass->nearest, own, err);
    rb_alloc(&pass->distance, own, err);
    rb_alloc(&pass->partial, (pass->block_end - pass->block_begin) * (1 + k * pass->p), err);
    rb_alloc(&pass->sum, 1 + k * pass->p, err);
    if (updates)
        update_init(pass, ctx, err);
    RB_TRY_ALL(ctx, err->status);
done:
    return err->status;
}

void rb_prototypes_pass_fini(rb_prototypes_pass *pass)
{
    rb_blocks_fini(&pass->blocks);
    rb_prototypes_fini(&pass->centre);
    rb_free(pass->scratch);
    rb_free(pass->nearest);
    rb_free(pass->distance);
    rb_free(pass->partial);
    rb_free(pass->sum);
    rb_free(pass->label);
    rb_free(pass->count);
    rb_free(pass->size);
    rb_free(pass->threaded);
    memset(pass, 0, sizeof *pass);
}

double rb_prototypes_gamma(const rb_item_table *table, int64_t p)
{
    double total = 0, n = (double)table->n;
    for (int64_t j = 0; j < p; j++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < table->n; i++)
            sum += table->number[i * p + j];
        for (int64_t i = 0; i < table->n; i++) {
            double t = table->number[i * p + j] - sum / n;
            squares = fma(t, t, squares);
        }
        total += sqrt(squares / n);
    }
    return p > 0 ? 0.5 * (total / (double)p) : 0;
}

void rb_prototypes_set_items(rb_prototypes_pass *pass, const int64_t *items)
{
    const int64_t stride = pass->centre.stride;
    for (int64_t c = 0; c < pass->k; c++) {
        for (int64_t j = 0; j < pass->p; j++)
            pass->centre.number[j * stride + c] = pass->x[items[c] * pass->p + j];
        for (int64_t a = 0; a < pass->m; a++)
            pass->centre.mode[a * stride + c] = pass->code[items[c] * pass->m + a];
    }
}

int32_t rb_prototypes_nearest_of(double *least, const rb_prototypes_pass *pass, void *scratch, int64_t row)
{
    const int64_t stride = pass->centre.stride;
    double *restrict d = scratch;
    int32_t *restrict differing = (int32_t *)(d + stride), at = 0;
    memset(scratch, 0, (size_t)stride * (sizeof *d + sizeof *differing));
    for (int64_t j = 0; j < pass->p; j++) {
        const double x = pass->x[row * pass->p + j], *restrict q = pass->centre.number + j * stride;
        for (int64_t c = 0; c < stride; c++)
            d[c] = __builtin_fma(x - q[c], x - q[c], d[c]);
    }
    for (int64_t a = 0; a < pass->m; a++) {
        const int32_t code = pass->code[row * pass->m + a], *restrict q = pass->centre.mode + a * stride;
        for (int64_t c = 0; c < stride; c++)
            differing[c] += (q[c] != code) | (code < 0);
    }
    for (int64_t c = 0; c < stride; c++)
        d[c] = __builtin_fma(pass->gamma, (double)differing[c], d[c]);
    for (int32_t c = 1; c < pass->k; c++)
        at = d[c] < d[at] ? c : at;
    *least = d[at];
    return at;
}

rb_status rb_prototypes_nearest(double *cost, rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err)
{
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = pass->block_begin; b < pass->block_end; b++) {
        void *scratch = pass->scratch + omp_get_thread_num() * pass->scratch_bytes;
        double total = 0;
        for (int64_t i = pass->blocks.begin[b]; i < pass->blocks.begin[b + 1]; i++) {
            double *distance = &pass->distance[i - pass->begin];
            pass->nearest[i - pass->begin] = rb_prototypes_nearest_of(distance, pass, scratch, i);
            total += *distance;
        }
        pass->partial[b - pass->block_begin] = total;
    }
    return rb_blocks_sum(cost, pass->partial, 1, &pass->blocks, ctx, err);
}
