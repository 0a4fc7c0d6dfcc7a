/*
 * The Gram matrix B'B of a factor matrix that all ranks see.
 */
#ifndef RB_LINALG_GRAM_H
#define RB_LINALG_GRAM_H

#include "parallel/ctx.h"

/**
 * gram = B'B.
 *
 * Collective over ctx.
 *
 * @param[out] gram  [k x k] row-major, both triangles, the same on every rank
 * @param[in]  b     [n x k] row stride ldb >= padded(k) of gather_syrk.h, elements from k to padded(k) are 0, aligned
 *                   to 64; the same on every rank
 * @return RB_OK, RB_NO_MEMORY (agreed)
 *
 * Bits: fixed blocks of rows (at most 128, of 256 rows or more), in B's precision inside a block, in double between
 * blocks, in the fixed tree: the same for any ranks and threads.
 * Cost: n k (k + 1) flops over all ranks and threads; 4 k^2 bytes for each own block.
 */
rb_status rb_gram_f32(double *gram, const float *b, int64_t ldb, int64_t n, int64_t k, const rb_ctx *ctx,
                      rb_error *err);
rb_status rb_gram_f64(double *gram, const double *b, int64_t ldb, int64_t n, int64_t k, const rb_ctx *ctx,
                      rb_error *err);

#endif
