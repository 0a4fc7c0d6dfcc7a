/*
 * Gather-SYRK: the normal equations of one row of a sparse matrix against a dense factor matrix,
 *
 *     G = sum_e w_e b_c(e) b_c(e)'     g = sum_e t_e b_c(e)
 *
 * for the entries e of the row, whose columns are c(e); the kernel that takes most of the time of ALS and iALS. With
 * a border, every b is taken as [b, 1]: the system of a row with a bias of its own.
 */
#ifndef RB_LINALG_GATHER_SYRK_H
#define RB_LINALG_GATHER_SYRK_H

#include <stdbool.h>
#include <stdint.h>

#include "linalg/gemm_simd.h"

#define RB_GATHER_CHUNK 4096 /* entries; longer rows are cut, and the parts summed in the fixed tree */

/* k rounded up to whole vectors: the least row stride of a factor matrix that the kernels take. */
RB_INLINE int64_t rb_padded_f32(int64_t k)
{
    return (k + RB_LANES_F32 - 1) / RB_LANES_F32 * RB_LANES_F32;
}
RB_INLINE int64_t rb_padded_f64(int64_t k)
{
    return (k + RB_LANES_F64 - 1) / RB_LANES_F64 * RB_LANES_F64;
}

/*
 * Layout of a system, "triangle": the rows i of the lower triangle of G one after another, each cut to the vectors
 * that hold columns 0 .. i; then two rows of padded(k) + lanes elements: g, with sum of t at [padded(k)], and the
 * border sum of w b, with sum of w at [padded(k)].
 */
RB_INLINE int64_t rb_triangle_row(int64_t i, int64_t lanes)
{
    int64_t group = i / lanes;
    return lanes * lanes * (group * (group + 1) / 2) + (i - group * lanes) * (group + 1) * lanes;
}
RB_INLINE int64_t rb_triangle_size(int64_t k, int64_t lanes)
{
    int64_t padded = (k + lanes - 1) / lanes * lanes;
    return rb_triangle_row(padded, lanes) + 2 * (padded + lanes);
}

/* Elements of scratch memory that one call needs, for rows of at most `longest` entries. */
int64_t rb_gather_scratch_f32(int64_t k, int64_t longest);
int64_t rb_gather_scratch_f64(int64_t k, int64_t longest);

/**
 * The system of one row.
 *
 * Local, one thread; allocates nothing.
 *
 * @param[out] g       [rb_triangle_size(k, lanes)] as above, aligned to 64; columns from k on are 0, the elements above
 *                     the diagonal inside the last vector of a row are the symmetric ones
 * @param[in]  b       [n_cols x k] row stride ldb >= padded(k), elements from k to padded(k) are 0, aligned to 64
 * @param[in]  col     [n] rows of b; NULL: rows 0 .. n - 1 in order
 * @param[in]  w       [n] weights; NULL: 1
 * @param[in]  t       [n] targets; NULL: g is 0
 * @param[in]  border  whether the border row is computed (else it is left as it is)
 * @param      scratch [rb_gather_scratch(k, n)] aligned to 64
 *
 * Bits: an element is one chain of fused multiply-adds over the entries of a chunk, in order; the chunks are summed in
 * the tree of rb_tree_sum. Cost: k (k + 1) useful flops an entry; measured: tests/bench/bench_gram.c.
 */
void rb_gather_syrk_f32(float *g, const float *b, int64_t ldb, int64_t k, const int32_t *col, const float *w,
                        const float *t, int64_t n, bool border, float *scratch);
void rb_gather_syrk_f64(double *g, const double *b, int64_t ldb, int64_t k, const int32_t *col, const double *w,
                        const double *t, int64_t n, bool border, double *scratch);

#endif
