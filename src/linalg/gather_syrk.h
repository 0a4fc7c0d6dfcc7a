/*
 * Gather-SYRK: the normal equations of one row of a sparse matrix against a dense factor matrix,
 *
 *     G = sum_e w_e b_c(e) b_c(e)'     g = sum_e t_e b_c(e)
 *
 * for the entries e of the row, whose columns are c(e); the kernel that takes most of the time of ALS and iALS. With
 * a border, every b is taken as [b, 1]: the system of a row that has a bias of its own.
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
 * Layout "triangle": the rows of a lower triangle one after another, row i cut to the whole vectors that hold columns
 * 0 .. i; what stands right of the diagonal is undefined. A system of k factors is the triangle of order k + 1 of
 * [b, t] (k + 2 of [b, 1, t] with a border): its last row is g', and so Cholesky solves the lower system on the way.
 */
RB_INLINE int64_t rb_triangle_row(int64_t i, int64_t lanes)
{
    int64_t group = i / lanes;
    return lanes * lanes * (group * (group + 1) / 2) + (i - group * lanes) * (group + 1) * lanes;
}
RB_INLINE int64_t rb_triangle_size(int64_t order, int64_t lanes)
{
    return rb_triangle_row((order + lanes - 1) / lanes * lanes, lanes);
}

/** Elements of a system of k factors. */
int64_t rb_gather_size_f32(int64_t k, bool border);
int64_t rb_gather_size_f64(int64_t k, bool border);

/** Elements of scratch memory that one call needs, for rows of at most `longest` entries. */
int64_t rb_gather_scratch_f32(int64_t k, bool border, int64_t longest);
int64_t rb_gather_scratch_f64(int64_t k, bool border, int64_t longest);

/**
 * The system of one row.
 *
 * Local, one thread; allocates nothing.
 *
 * @param[out] g       [rb_gather_size(k, border)] triangle, aligned to 64
 * @param[in]  b       [n_cols x k] with row stride ldb >= padded(k); elements from k to padded(k) are finite; aligned
 * @param[in]  col     [n] rows of b; NULL: rows 0 .. n - 1 in order
 * @param[in]  w       [n] weights; NULL: 1
 * @param[in]  t       [n] targets; NULL: 0
 * @param      scratch [rb_gather_scratch(k, border, n)] aligned to 64
 *
 * Bits: an element is one chain of fused multiply-adds over the entries of a chunk, in order; the chunks are summed in
 * the tree of rb_tree_sum. Cost: k (k + 1) useful flops an entry; measured: tests/bench/bench_gram.c.
 */
void rb_gather_syrk_f32(float *g, const float *b, int64_t ldb, int64_t k, const int32_t *col, const float *w,
                        const float *t, int64_t n, bool border, float *scratch);
void rb_gather_syrk_f64(double *g, const double *b, int64_t ldb, int64_t k, const int32_t *col, const double *w,
                        const double *t, int64_t n, bool border, double *scratch);

#endif
