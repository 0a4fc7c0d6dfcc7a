/*
 * Randomised truncated singular value decomposition of a sparse matrix.
 *
 * Halko, Martinsson, Tropp (2011), doi:10.1137/090771806, algorithm 4.4 with the orthogonalisation by the
 * eigenvectors of the small Gram matrix, which blocks and their tree sum make the same for any shape of the machine.
 */
#ifndef RB_LINALG_RSVD_H
#define RB_LINALG_RSVD_H

#include "linalg/csr.h"
#include "parallel/ctx.h"

typedef struct {
    int64_t n_components;
    int64_t oversampling;     /* columns of the test matrix beyond n_components */
    int64_t power_iterations; /* passes over A A' beyond the first */
} rb_rsvd_options;

typedef struct {
    int64_t k, n;     /* k <= n_components: the numerical rank where that is less */
    double *singular; /* [k] descending */
    double *v;        /* [k x n] right singular vectors in rows */
} rb_rsvd;

/**
 * The first singular values and right singular vectors of A. Collective over ctx.
 *
 * Sign: in each right singular vector the entry of largest absolute value is positive (the lowest index where equal).
 * Random numbers: the test matrix is standard normal, Philox of ctx->seed, a column of A and a column of the matrix.
 *
 * @param[out] out  the same on every rank; zeroed before, owned by the caller
 * @param[in]  a    [n_rows x n_cols], the same on every rank
 * @return RB_OK; RB_NO_MEMORY; RB_BAD_INPUT (no component wanted, or more than min(n_rows, n_cols));
 *         RB_FAILED (LAPACK's eigensolver)
 *
 * Singular values below 1e-7 of the first are not resolved and dropped (the Gram matrix squares them).
 *
 * Bits: the same for any ranks and threads. Time O((q + 1) (4 nnz l + 3 (m + n) l^2) / (P T) + q l^3), l = n_components
 * + oversampling; memory 8 l (m + 2 n) bytes a node, the transpose of A a rank.
 */
rb_status rb_rsvd_init(rb_rsvd *out, const rb_csr *a, const rb_rsvd_options *options, const rb_ctx *ctx, rb_error *err);
void rb_rsvd_fini(rb_rsvd *svd); /* local */

#endif
