#include "recommend/core/factor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/gather_syrk.h"
#include "linalg/gemm.h"
#include "linalg/gram.h"

#define SCORE_BYTES 65536 /* of the stack, for user rows that do not follow one another */

static int64_t size_of(rb_precision precision)
{
    return precision == RB_SINGLE ? (int64_t)sizeof(float) : (int64_t)sizeof(double);
}

static void *row_of(const rb_factors *f, int64_t j)
{
    return (char *)f->data + j * f->ld * size_of(f->precision);
}

double rb_factors_at(const rb_factors *factors, int64_t j, int64_t f)
{
    const void *row = row_of(factors, j);
    return factors->precision == RB_SINGLE ? (double)((const float *)row)[f] : ((const double *)row)[f];
}

void rb_factors_put(rb_factors *factors, int64_t j, int64_t f, double value)
{
    void *row = row_of(factors, j);
    if (factors->precision == RB_SINGLE)
        ((float *)row)[f] = (float)value;
    else
        ((double *)row)[f] = value;
}

rb_status rb_factors_alloc(rb_factors *f, int64_t n, int64_t k, rb_precision precision, const rb_ctx *ctx,
                           rb_error *err)
{
    *f = (rb_factors){ .n = n, .k = k, .precision = precision };
    f->ld = precision == RB_SINGLE ? rb_padded_f32(k) : rb_padded_f64(k);
    RB_TRY(rb_shared_alloc(&f->memory, n * f->ld * size_of(precision), ctx, err));
    f->data = f->memory.data;
done:
    return err->status;
}

void rb_factors_publish(rb_factors *f, const int64_t *rows, const rb_ctx *ctx)
{
    rb_shared_publish(&f->memory, rows, f->ld * size_of(f->precision), ctx);
    if (ctx->elements_received) /* counted in rows above */
        *ctx->elements_received += (rows[ctx->n_ranks] - (rows[ctx->rank + 1] - rows[ctx->rank])) * (f->k - 1);
}

static double start_value(const rb_factor_start *start, uint64_t key, int64_t j, int64_t f, int64_t k)
{
    static const double width = 0.2;
    static const uint64_t golden = 0x9E3779B97F4A7C15u; /* number x of the splitmix64 sequence of seed 0 */
    if (start->kind == RB_START_SPLITMIX) {
        double z = (double)rb_splitmix((uint64_t)((start->first + j) * k + f) * golden) * 0x1p-64;
        return start->uniform ? z : width * (z - 0.5);
    }
    if (start->kind == RB_START_FILE)
        return start->given->value[j * k + f];
    rb_rng rng = { .key = key, .stream = rb_stream(start->stream), .entity = (uint64_t)j };
    return start->mean +
           start->spread * (start->uniform ? rb_rng_uniform(&rng, (uint32_t)f) : rb_rng_normal(&rng, (uint32_t)f));
}

rb_status rb_start_check(const rb_factor_start *start, int64_t n, int64_t k, rb_error *err)
{
    const rb_array *given = start->given;
    if (start->kind != RB_START_FILE)
        return RB_OK;
    char rows[24] = "n"; /* one for each user, or item */
    if (n >= 0)
        snprintf(rows, sizeof rows, "%lld", (long long)n);
    if (!given->value)
        return RB_FAIL(err, RB_BAD_INPUT, "init: file needs the %s factors to start from: '%s', %s x %lld numbers",
                       start->side, start->parameter, rows, (long long)k);
    if ((n >= 0 && given->n_rows != n) || given->n_cols != k)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: the start factors are %lld x %lld, expected %s x %lld",
                       given->source ? given->source : start->parameter, (long long)given->n_rows,
                       (long long)given->n_cols, rows, (long long)k);
    return RB_OK;
}

rb_status rb_factors_start(rb_factors *f, const rb_factor_start *start, const rb_blocks *blocks, const rb_ctx *ctx,
                           rb_error *err)
{
    int64_t *rows = NULL;

    RB_TRY(rb_start_check(start, f->n, f->k, err)); /* the same on every rank */
    RB_TRY_ALL(ctx, rb_alloc(&rows, ctx->n_ranks + 1, err));
    rb_blocks_offsets(rows, blocks, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t j = rows[ctx->rank]; j < rows[ctx->rank + 1]; j++)
        for (int64_t c = 0; c < f->k; c++)
            rb_factors_put(f, j, c, start_value(start, ctx->seed, j, c, f->k));
    rb_factors_publish(f, rows, ctx);
done:
    rb_free(rows);
    return err->status;
}

rb_status rb_factors_finish(rb_factors *f, const rb_blocks *blocks, const rb_ctx *ctx, rb_error *err)
{
    rb_shared memory = { 0 };
    int64_t *rows = NULL, size = size_of(f->precision);

    if (f->ld == f->k)
        return RB_OK;
    RB_TRY_ALL(ctx, rb_alloc(&rows, ctx->n_ranks + 1, err));
    RB_TRY(rb_shared_alloc(&memory, f->n * f->k * size, ctx, err));
    rb_blocks_offsets(rows, blocks, ctx);
    for (int64_t j = rows[ctx->rank]; j < rows[ctx->rank + 1]; j++)
        memcpy((char *)memory.data + j * f->k * size, row_of(f, j), (size_t)(f->k * size));
    rb_shared_publish(&memory, rows, f->k * size, ctx);
    rb_shared_fini(&f->memory);
    f->memory = memory;
    f->data = memory.data;
    f->ld = f->k;
done:
    rb_free(rows);
    return err->status;
}

rb_status rb_factors_gram(double *gram, const rb_factors *f, const rb_ctx *ctx, rb_error *err)
{
    return f->precision == RB_SINGLE ? rb_gram_f32(gram, f->data, f->ld, f->n, f->k, ctx, err)
                                     : rb_gram_f64(gram, f->data, f->ld, f->n, f->k, ctx, err);
}

/* `n` user rows with stride lda against the items. */
static void multiply(rb_tile *tile, int64_t at, const void *rows, int64_t lda, int64_t n, const rb_factors *items,
                     int32_t item_begin, int32_t item_end)
{
    int64_t n_items = item_end - item_begin;
    if (items->precision == RB_SINGLE)
        rb_gemm_nt_f32((float *)tile->data + at * tile->ld, tile->ld, rows, lda, n, row_of(items, item_begin),
                       items->ld, n_items, items->k);
    else
        rb_gemm_nt_f64((double *)tile->data + at * tile->ld, tile->ld, rows, lda, n, row_of(items, item_begin),
                       items->ld, n_items, items->k);
}

void rb_factors_score(rb_tile *tile, const rb_factors *users, const rb_factors *items, const int32_t *ids, int32_t n,
                      int32_t item_begin, int32_t item_end)
{
    _Alignas(64) char copy[SCORE_BYTES]; /* k is at most 4096, so a row fits */
    int64_t bytes = users->k * size_of(users->precision), most = SCORE_BYTES / bytes;
    for (int64_t at = 0, end; at < n; at = end) {
        end = at + 1;
        while (end < n && ids[end] == ids[end - 1] + 1)
            end++;
        if (end - at >= most || end == n) {
            multiply(tile, at, row_of(users, ids[at]), users->ld, end - at, items, item_begin, item_end);
            continue;
        }
        end = n - at < most ? n : at + most;
        for (int64_t i = at; i < end; i++)
            memcpy(copy + (i - at) * bytes, row_of(users, ids[i]), (size_t)bytes);
        multiply(tile, at, copy, users->k, end - at, items, item_begin, item_end);
    }
}

#define INNER(name, type)                                                                                 \
    double name(const type *a, const type *b, int64_t n)                                                  \
    {                                                                                                     \
        double part[8] = { 0 };                                                                           \
        int64_t f = 0;                                                                                    \
        for (; f + 8 <= n; f += 8)                                                                        \
            for (int l = 0; l < 8; l++)                                                                   \
                part[l] += (double)a[f + l] * (double)b[f + l];                                           \
        for (int l = 0; f < n; f++, l++)                                                                  \
            part[l] += (double)a[f] * (double)b[f];                                                       \
        return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7])); \
    }
INNER(rb_inner_f32, float)
INNER(rb_inner_f64, double)

double rb_factors_dot(const rb_factors *users, int64_t user, const rb_factors *items, int64_t item)
{
    const void *a = row_of(users, user), *b = row_of(items, item);
    return users->precision == RB_SINGLE ? rb_inner_f32(a, b, users->k) : rb_inner_f64(a, b, users->k);
}

void rb_factors_visit(rb_factors *f, const char *name, rb_visitor *v)
{
    int64_t n_cols = f->ld > f->k ? f->ld : f->k;
    v->array(v, name, f->precision == RB_SINGLE ? RB_FLOAT32 : RB_FLOAT64, &f->data, &f->n, &n_cols, &f->memory);
    if (f->ld == f->k) /* finished, or zeroed and loaded now */
        f->ld = f->k = n_cols;
}

void rb_factors_fini(rb_factors *f)
{
    rb_shared_fini(&f->memory);
    *f = (rb_factors){ 0 };
}
