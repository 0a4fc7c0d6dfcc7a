#include "data/points.h"

#include <math.h>

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
    rb_blocks_fini(&p->blocks);
    *p = (rb_points){ 0 };
}
