/*
 * Products of tall row-major matrices, C = A B': scores of users against items, points against centres.
 *
 * Our own kernel: an element is one chain of fused multiply-adds over k ascending, started at 0,
 *
 *     c_ij = fma(a_i,k-1, b_j,k-1, ... fma(a_i1, b_j1, fma(a_i0, b_j0, 0)))
 *
 * so its bits depend on its two rows and on k alone: not on m, n, its place, the tile, the thread or the machine.
 * Measured (tests/bench/bench_gemm.c, one thread with AVX-512, m 64 and 256, n 1024 and 10000, k 16 to 512): 1.03 to
 * 1.43 times OpenBLAS 0.3.21 (Cooperlake) in single, 1.09 to 1.42 in double; so there is no OpenBLAS behind it.
 */
#ifndef RB_LINALG_GEMM_H
#define RB_LINALG_GEMM_H

#include <stdint.h>

/**
 * C = A B', single and double precision.
 *
 * Local, one thread, callable inside a parallel region; allocates nothing (32 KiB of stack).
 *
 * @param[out] c  [m x n] row-major with row stride ldc >= n; may overlap neither a nor b; any alignment
 * @param[in]  a  [m x k] row-major with row stride lda >= k
 * @param[in]  b  [n x k] row-major with row stride ldb >= k
 *
 * m, n or k may be 0; with k = 0, C is 0. Infinities and NaN propagate as in the formula above.
 * Cost: 2 m n k flops; B is packed once a call, so let m be 32 or more where speed matters.
 */
void rb_gemm_nt_f32(float *c, int64_t ldc, const float *a, int64_t lda, int64_t m, const float *b, int64_t ldb,
                    int64_t n, int64_t k);
void rb_gemm_nt_f64(double *c, int64_t ldc, const double *a, int64_t lda, int64_t m, const double *b, int64_t ldb,
                    int64_t n, int64_t k);

#endif
