#include "recommend/core/factor_solve.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/spd_batch.h"

#define HEAVY_SHARE 256       /* of the interactions: rows with more than one of so many shares are shared */
#define MOST_HEAVY_BLOCKS 128 /* that such a row is cut into */
#define AHEAD 12              /* entries between the prefetch of a row of factors and its use in conjugate gradient */

/* What the rows of this rank give. */
typedef struct {
    int64_t first_row, last_row;
    int64_t most_alone;     /* entries of a row that is not shared */
    int64_t longest;        /* entries that a thread has at once */
    double *loss, *penalty; /* [own rows] */
    int64_t failed;         /* lowest row without a solution; INT64_MAX: none */
} results;

/* Blocks of a shared row: large enough that their k^2 / 2 doubles cost little beside the entries that they sum. */
static int64_t heavy_blocks(int64_t n, int64_t k)
{
    int64_t least = RB_GATHER_CHUNK;
    if (least < 4 * k)
        least = 4 * k;
    if (least < n / MOST_HEAVY_BLOCKS)
        least = n / MOST_HEAVY_BLOCKS;
    return n > least ? n / least : 1;
}

static rb_status cut_heavy(rb_blocks *blocks, int64_t n, int64_t k, rb_error *err)
{
    return rb_blocks_init(blocks, n, NULL, n / heavy_blocks(n, k), err);
}

/* Which rows are shared, and the most entries that a thread has at once: functions of the data alone. */
static void measure_rows(results *out, const rb_side *side, int64_t k)
{
    int64_t share = side->begin[side->blocks->n] / HEAVY_SHARE;
    out->most_alone = share > RB_GATHER_CHUNK ? share : RB_GATHER_CHUNK;
    for (int64_t row = 0; row < side->blocks->n; row++) {
        int64_t n = side->begin[row + 1] - side->begin[row];
        int64_t at_once = n > out->most_alone ? n / heavy_blocks(n, k) + 1 : n;
        if (at_once > out->longest)
            out->longest = at_once;
    }
}

static void note_failure(results *out, int64_t row)
{
#pragma omp critical(rb_factor_failure)
    if (row < out->failed)
        out->failed = row;
}

#define REAL float
#define VECTOR rb_vf32
#define LANES RB_LANES_F32
#define SINGLE 1
#define SMALLEST FLT_MIN
#define NAME(x) x##_f32
#include "recommend/core/factor_solve_kernel.h"
#undef REAL
#undef VECTOR
#undef LANES
#undef SINGLE
#undef SMALLEST
#undef NAME

#define REAL double
#define VECTOR rb_vf64
#define LANES RB_LANES_F64
#define SINGLE 0
#define SMALLEST DBL_MIN
#define NAME(x) x##_f64
#include "recommend/core/factor_solve_kernel.h"

rb_cost rb_solve_cost(const rb_shape *shape, int64_t nnz, int64_t k, bool border, rb_precision precision,
                      int64_t iterations, int64_t cg_steps)
{
    bool single = precision == RB_SINGLE;
    double size = single ? sizeof(float) : sizeof(double), order = (double)(k + border);
    double padded = (double)(single ? rb_padded_f32(k) : rb_padded_f64(k));
    int64_t longest = shape->n_users > shape->n_items ? shape->n_users : shape->n_items;
    int64_t thread = single ? thread_size_f32(k, border, longest) : thread_size_f64(k, border, longest);
    double rows = (double)(shape->n_users + shape->n_items), entries = 2 * (double)nnz;
    double exact = entries * order * (order + 1) + rows * (order * order * order / 3 + 2 * order * order);
    double steps = (double)(cg_steps + 1) * (4 * entries * order + 2 * rows * order * order);
    return (rb_cost){ .bytes_per_node = size * (rows * padded + (double)longest * (double)k),
                      .bytes_per_rank = size * (double)thread * shape->n_threads + 16 * rows / shape->n_ranks,
                      .flops = (double)iterations * (cg_steps > 0 ? steps : exact) };
}

/* Rows in order inside a block, blocks in the fixed tree. */
static rb_status add_up(rb_half_step *sums, const results *rows, const rb_side *side, int32_t first, int32_t last,
                        const rb_ctx *ctx, rb_error *err)
{
    double *partial = NULL, sum[2];

    RB_TRY_ALL(ctx, rb_alloc(&partial, 2 * (int64_t)(last - first), err));
    for (int32_t block = first; block < last; block++)
        for (int64_t row = side->blocks->begin[block]; row < side->blocks->begin[block + 1]; row++) {
            partial[2 * (block - first)] += rows->loss[row - rows->first_row];
            partial[2 * (block - first) + 1] += rows->penalty[row - rows->first_row];
        }
    RB_TRY(rb_blocks_sum(sum, partial, 2, side->blocks, ctx, err));
    *sums = (rb_half_step){ .loss = sum[0], .penalty = sum[1] };
done:
    rb_free(partial);
    return err->status;
}

static rb_status check_rows(const results *out, const rb_side *side, rb_error *err)
{
    if (out->failed == INT64_MAX)
        return RB_OK;
    return RB_FAIL(err, RB_NOT_FINITE,
                   "the system of %s number %lld is singular or not finite; a larger regularization helps", side->name,
                   (long long)out->failed);
}

rb_status rb_solve_rows(rb_half_step *sums, const rb_normal *normal, const rb_ctx *ctx, rb_error *err)
{
    const rb_side *side = &normal->side;
    int32_t first = rb_blocks_of(side->blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(side->blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t *rows = NULL;
    results out = { .first_row = side->blocks->begin[first],
                    .last_row = side->blocks->begin[last],
                    .failed = INT64_MAX };
    measure_rows(&out, side, normal->own->k);

    (void)rb_alloc(&rows, ctx->n_ranks + 1, err);
    (void)rb_alloc(&out.loss, out.last_row - out.first_row, err);
    (void)rb_alloc(&out.penalty, out.last_row - out.first_row, err);
    if (normal->own->precision == RB_SINGLE)
        RB_TRY(solve_blocks_f32(normal, first, last, &out, ctx, err));
    else
        RB_TRY(solve_blocks_f64(normal, first, last, &out, ctx, err));
    RB_TRY_ALL(ctx, check_rows(&out, side, err));
    rb_blocks_offsets(rows, side->blocks, ctx);
    if (normal->own_bias)
        rb_shared_publish(normal->own_bias, rows, sizeof(double), ctx);
    rb_factors_publish(normal->own, rows, ctx);
    RB_TRY(add_up(sums, &out, side, first, last, ctx, err));
done:
    rb_free(out.penalty);
    rb_free(out.loss);
    rb_free(rows);
    return err->status;
}
