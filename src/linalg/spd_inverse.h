/*
 * The inverse of a symmetric positive definite matrix, in place, over ranks and threads.
 *
 *     A = L L',  V = L^-T,  A^-1 = V V'
 *
 * by tiles of RB_INVERSE_TILE rows: left-looking Cholesky, then the rows of V, which do not depend on each other, then
 * the tiles of the product (the three steps of LAPACK's potrf and potri: Bientinesi, Gunter, van de Geijn 2008,
 * doi:10.1145/1377603.1377606). All products are rows by rows, so that the kernel is linalg/gemm.h, whose bits depend
 * on neither tile nor thread.
 */
#ifndef RB_LINALG_SPD_INVERSE_H
#define RB_LINALG_SPD_INVERSE_H

#include "parallel/shared.h"

#define RB_INVERSE_TILE 256

/**
 * A becomes its inverse, single and double precision. Collective over ctx.
 *
 * @param[in,out] a  [n x n] row-major, node-shared, published: only its lower triangle is read; on return both
 *                   triangles, the same on every rank
 * @return RB_OK; RB_NO_MEMORY; RB_NOT_FINITE where a pivot is not positive, with the number of the row (agreed; a is
 *         then destroyed)
 *
 * Bits: the same for any ranks and threads. Cost: n^3 flops over all ranks and threads; beside A, n RB_INVERSE_TILE
 * numbers a rank and as many a node.
 */
rb_status rb_spd_inverse_f32(rb_shared *a, int64_t n, const rb_ctx *ctx, rb_error *err);
rb_status rb_spd_inverse_f64(rb_shared *a, int64_t n, const rb_ctx *ctx, rb_error *err);

/** Bytes beside A that rb_spd_inverse allocates on a rank, and on a node. */
double rb_spd_inverse_rank_bytes(int64_t n, int n_threads, size_t element);
double rb_spd_inverse_node_bytes(int64_t n, size_t element);

#endif
