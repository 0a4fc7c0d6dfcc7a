/*
 * Half a step of block coordinate descent on an implicit objective: every row of one side takes, for one block of
 * factors after the other, the exact step to its minimum with all other factors of the row fixed,
 *
 *     (a0 (B'B)_BB + sum_e w_e b_B b_B' + lambda I) d = sum_e (t_e - w_e b_e . x) b_B - (a0 B'B x + lambda x)_B,  x_B
 * += d
 *
 * Rendle, Krichene, Zhang, Koren (2021), arXiv:2110.14044 (iALS++).
 */
#ifndef RB_RECOMMEND_CORE_BLOCK_DESCENT_H
#define RB_RECOMMEND_CORE_BLOCK_DESCENT_H

#include "recommend/core/implicit.h"
#include "recommend/core/side.h"

typedef struct {
    rb_side side;
    rb_factors *own;         /* padded */
    const rb_factors *other; /* padded */
    const double *gram;      /* [k x k] a0 B'B */
    rb_implicit objective;
    int64_t block; /* factors solved at once; rounded up to whole vectors */
} rb_block_descent;

/**
 * One step of all rows; a row without entries becomes 0.
 *
 * Collective over ctx. Each rank works on the rows of its own blocks; on return all ranks see all rows.
 *
 * @param[out] loss     the objective but for the other side's penalty, penalty: lambda |x|^2 of these rows alone; the
 *                      same on every rank
 * @return RB_OK, RB_NO_MEMORY, RB_NOT_FINITE naming the row whose system is singular or not finite (all agreed)
 *
 * Bits: the same for any ranks and threads. Time O(nnz k block + rows (k^2 + k block^2)); memory a thread: a vector of
 * systems of block^2 / 2 numbers and of the longest rows.
 */
rb_status rb_block_descend(double *loss, double *penalty, const rb_block_descent *how, const rb_ctx *ctx,
                           rb_error *err);

/** Bytes a rank that a step allocates. Local. */
double rb_block_descent_bytes(const rb_shape *shape, int64_t k, int64_t block, rb_precision precision);

#endif
