/*
 * Randomised truncated singular value decomposition of a sparse matrix.
 *
 *     Z = Omega;  repeat q + 1 times: Y = orth(A Z), Z = A'Y (orthonormalised before its next use)
 *     Z'Z = W diag(s^2) W'  =>  the singular values of A are about s, its right singular vectors Z W diag(1/s)
 *
 * Halko, Martinsson, Tropp (2011), doi:10.1137/090771806, algorithm 4.4. In place of QR, orth(Y) is Y times the
 * eigenvectors of Y'Y over the roots of its eigenvalues: that needs one sum over fixed blocks, whose bits do not depend
 * on the machine's shape. Omega is uniform in [-1, 1) (Philox), as cheap as a test matrix can be.
 */
#ifndef RB_LINALG_RSVD_H
#define RB_LINALG_RSVD_H

#include <stdbool.h>

#include "linalg/csr.h"
#include "parallel/ctx.h"

typedef struct {
    int64_t n_components;
    int64_t oversampling;     /* columns of Omega beyond n_components */
    int64_t power_iterations; /* q, at most */
    uint64_t seed;            /* key of Omega */
    double tolerance;         /* no further power iteration where none of the n_components singular values has changed
                                 by a larger share of itself in the last one; 0: all q */
} rb_rsvd_options;

typedef struct {
    int64_t n, k;     /* k <= n_components: less where the numerical rank is less */
    bool settled;     /* the power iterations ended by `tolerance` */
    double *singular; /* [k] descending */
    double *v;        /* [n x k] row-major: right singular vectors in columns */
} rb_rsvd;

/**
 * The first singular values and right singular vectors of A. Collective over ctx.
 *
 * Sign: in each right singular vector the entry of largest absolute value is positive (the lowest index where equal).
 * Singular values below 1e-7 of the first are not resolved, as the Gram matrix squares them, and left out.
 *
 * @param[out] out  the same on every rank; zeroed before, owned by the caller
 * @param[in]  a    [m x n], the same on every rank
 * @return RB_OK; RB_NO_MEMORY; RB_BAD_INPUT (n_components is not in 1 .. min(m, n)); RB_NOT_FINITE; RB_FAILED (LAPACK)
 *
 * Bits: the same for any ranks and threads. Time O(q (4 nnz l + 3 (m + n) l^2) / (P T) + q l^3) with l = n_components +
 * oversampling; memory 8 l (m + 2 n) bytes a node, and a transpose of A a rank.
 */
rb_status rb_rsvd_init(rb_rsvd *out, const rb_csr *a, const rb_rsvd_options *options, const rb_ctx *ctx, rb_error *err);
void rb_rsvd_fini(rb_rsvd *svd); /* local */

/**
 * Rows [first, last) of A B for a dense B [n_cols x k] row-major, into out [(last - first) x k]. Local, one thread:
 * each row is summed in ascending order of its columns.
 */
void rb_csr_times_dense(double *out, const rb_csr *a, int64_t first, int64_t last, const double *b, int64_t k);

/** Makes the entry of largest absolute value of every column of v [n x k] positive, the lowest index among equals.
 * Local. */
void rb_fix_signs(double *v, int64_t n, int64_t k);

#endif
