#include "data/points.h"

#include <math.h>
#include <string.h>

/* Rows worth a block of their own. */
#define MIN_BLOCK_ROWS 64

rb_status rb_points_alloc_dense(rb_points *p, int64_t n, int64_t d, const rb_ctx *ctx, rb_error *err)
{
    *p = (rb_points){ .n = n, .d = d };
    int64_t bytes = 0;
    rb_status status = RB_OK;
    if (n < 0 || d < 0 || __builtin_mul_overflow(n, d, &bytes) ||
        __builtin_mul_overflow(bytes, (int64_t)sizeof(double), &bytes))
        status =
            RB_FAIL(err, RB_NO_MEMORY, "out of memory: %lld points of %lld dimensions", (long long)n, (long long)d);
    if (status == RB_OK)
        status = rb_blocks_init(&p->blocks, n, NULL, MIN_BLOCK_ROWS, err);
    RB_TRY_ALL(ctx, status);
    RB_TRY(rb_shared_alloc(&p->memory, bytes, ctx, err));
    p->dense = p->memory.data;
    return RB_OK;
done:
    rb_blocks_fini(&p->blocks);
    *p = (rb_points){ 0 };
    return err->status;
}

rb_status rb_points_take_csr(rb_points *p, rb_csr *x, rb_error *err)
{
    *p = (rb_points){ .n = x->n_rows, .d = x->n_cols };
    if (rb_blocks_init(&p->blocks, x->n_rows, NULL, MIN_BLOCK_ROWS, err) != RB_OK)
        return err->status;
    p->csr = *x;
    p->sparse = &p->csr;
    *x = (rb_csr){ 0 };
    return RB_OK;
}

static rb_status gather_dense(rb_points *out, const rb_points *from, const int64_t *row, int64_t n, const rb_ctx *ctx,
                              rb_error *err)
{
    int64_t *begin = NULL, d = from->d;
    RB_TRY(rb_points_alloc_dense(out, n, d, ctx, err));
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    rb_blocks_offsets(begin, &out->blocks, ctx);
    double *x = out->memory.data;
    for (int64_t i = begin[ctx->rank]; d > 0 && i < begin[ctx->rank + 1]; i++)
        memcpy(x + i * d, from->dense + row[i] * d, (size_t)d * sizeof *x);
    rb_shared_publish(&out->memory, begin, d * (int64_t)sizeof *x, ctx);
done:
    rb_free(begin);
    return err->status;
}

static rb_status gather_sparse(rb_points *out, const rb_csr *from, const int64_t *row, int64_t n, rb_error *err)
{
    rb_csr x = { 0 };
    int64_t nnz = 0;
    for (int64_t i = 0; i < n; i++)
        nnz += from->row_begin[row[i] + 1] - from->row_begin[row[i]];
    RB_TRY(rb_csr_init(&x, n, from->n_cols, nnz, err));
    for (int64_t i = 0; i < n; i++) {
        int64_t first = from->row_begin[row[i]], n_row = from->row_begin[row[i] + 1] - first, at = x.row_begin[i];
        for (int64_t e = 0; e < n_row; e++) {
            x.col[at + e] = from->col[first + e];
            x.value[at + e] = from->value[first + e];
        }
        x.row_begin[i + 1] = at + n_row;
    }
    RB_TRY(rb_points_take_csr(out, &x, err));
done:
    rb_csr_fini(&x);
    return err->status;
}

rb_status rb_points_gather(rb_points *out, const rb_points *from, const int64_t *row, int64_t n, const rb_ctx *ctx,
                           rb_error *err)
{
    *out = (rb_points){ 0 };
    if (from->sparse)
        RB_TRY_ALL(ctx, gather_sparse(out, from->sparse, row, n, err));
    else
        RB_TRY(gather_dense(out, from, row, n, ctx, err));
    out->unit_rows = from->unit_rows;
    out->name = from->name;
done:
    return err->status;
}

static rb_status bad_value(int64_t row, int64_t column, double value, rb_error *err)
{
    return RB_FAIL(err, RB_BAD_INPUT, "point %lld has %g in dimension %lld (counted from 0), expected a finite number",
                   (long long)row, value, (long long)column);
}

rb_status rb_points_check(const rb_points *p, rb_error *err)
{
    for (int64_t i = 0; p->dense && i < p->n; i++)
        for (int64_t f = 0; f < p->d; f++)
            if (!isfinite(p->dense[i * p->d + f]))
                return bad_value(i, f, p->dense[i * p->d + f], err);
    for (int64_t i = 0; p->sparse && i < p->n; i++)
        for (int64_t e = p->sparse->row_begin[i]; e < p->sparse->row_begin[i + 1]; e++)
            if (!isfinite(p->sparse->value[e]))
                return bad_value(i, p->sparse->col[e], p->sparse->value[e], err);
    return err->status;
}

void rb_points_fini(rb_points *p)
{
    rb_shared_fini(&p->memory);
    rb_csr_fini(&p->csr);
    rb_strings_fini(&p->terms);
    rb_blocks_fini(&p->blocks);
    *p = (rb_points){ 0 };
}
