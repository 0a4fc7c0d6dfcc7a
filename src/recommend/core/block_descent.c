#include "recommend/core/block_descent.h"

#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/spd_batch.h"
#include "recommend/core/sgd.h"

/* What the rows of this rank give, by row. */
typedef struct {
    double *loss, *penalty;
    int64_t longest, failed; /* lowest row without a solution; INT64_MAX: none */
} results;

static void note_failure(results *out, int64_t row)
{
#pragma omp critical(rb_block_descent_failure)
    if (row < out->failed)
        out->failed = row;
}

#define REAL float
#define VECTOR rb_vf32
#define LANES RB_LANES_F32
#define NAME(x) x##_f32
#include "recommend/core/block_descent_kernel.h"
#undef REAL
#undef VECTOR
#undef LANES
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define LANES RB_LANES_F64
#define NAME(x) x##_f64
#include "recommend/core/block_descent_kernel.h"

double rb_block_descent_bytes(const rb_shape *shape, int64_t k, int64_t block, rb_precision precision)
{
    int64_t longest = shape->n_users > shape->n_items ? shape->n_users : shape->n_items, d = block < k ? block : k;
    double thread = precision == RB_SINGLE ? (double)sizeof(float) * (double)group_size_f32(whole_f32(d), longest)
                                           : (double)sizeof(double) * (double)group_size_f64(whole_f64(d), longest);
    return thread * shape->n_threads + 3 * sizeof(double) * (double)((k + 16) * (k + 16)) +
           2.0 * sizeof(double) * (double)longest;
}

static rb_status check_rows(const results *out, const rb_side *side, rb_error *err)
{
    if (out->failed == INT64_MAX)
        return RB_OK;
    return RB_FAIL(err, RB_NOT_FINITE,
                   "the system of %s number %lld is singular or not finite; a larger regularization helps", side->name,
                   (long long)out->failed);
}

rb_status rb_block_descend(double *loss, double *penalty, const rb_block_descent *how, const rb_ctx *ctx, rb_error *err)
{
    const rb_side *side = &how->side;
    int64_t n = how->own->n, *rows = NULL;
    results out = { .failed = INT64_MAX };

    for (int64_t row = 0; row < n; row++)
        if (side->begin[row + 1] - side->begin[row] > out.longest)
            out.longest = side->begin[row + 1] - side->begin[row];
    (void)rb_alloc(&rows, ctx->n_ranks + 1, err);
    (void)rb_alloc(&out.loss, n, err);
    RB_TRY_ALL(ctx, rb_alloc(&out.penalty, n, err));
    if (how->own->precision == RB_SINGLE)
        RB_TRY(side_f32(how, &out, ctx, err));
    else
        RB_TRY(side_f64(how, &out, ctx, err));
    RB_TRY_ALL(ctx, check_rows(&out, side, err));
    rb_blocks_offsets(rows, side->blocks, ctx);
    rb_factors_publish(how->own, rows, ctx);
    RB_TRY(rb_sgd_sum(loss, out.loss, side->blocks, ctx, err));
    RB_TRY(rb_sgd_sum(penalty, out.penalty, side->blocks, ctx, err));
done:
    rb_free(out.penalty);
    rb_free(out.loss);
    rb_free(rows);
    return err->status;
}
