/*
 * The largest eigenvalues of a sparse symmetric matrix S whose eigenvalues lie in [-1, 1], as those of a normalised
 * graph D^-1/2 A D^-1/2 do: 1 less them are the smallest of its Laplacian.
 *
 *     X = Omega;  repeat:  X = orth(p(I - S) X);  X'S X = V diag(s) V';  X = X V,  until |S x_j - s_j x_j| is small
 *
 * p is a Chebyshev polynomial that is small on [a, 2], a being the last Ritz value of the block, and grows below: Zhou
 * and Saad (2007), doi:10.1137/050630404. orth is Stathopoulos and Wu (2002), doi:10.1137/S1064827500370883: columns
 * of length 1, then eigenvectors of the Gram matrix over the roots of its eigenvalues, until that is well conditioned.
 * Multiple eigenvalues (a graph of several parts) need nothing else. Small matrices are solved by LAPACK, dense.
 */
#ifndef RB_LINALG_SPECTRUM_H
#define RB_LINALG_SPECTRUM_H

#include <stdbool.h>

#include "linalg/csr.h"
#include "parallel/ctx.h"

typedef struct {
    int64_t k;          /* eigenpairs */
    int64_t iterations; /* at most */
    double tolerance;   /* length of a residual S x - s x, of each pair, that ends it */
    uint64_t seed;      /* key of Omega */
} rb_spectrum_options;

typedef struct {
    int64_t n, k;
    bool converged;
    double *value;  /* [k] descending */
    double *vector; /* [n x k] row-major: orthonormal columns, of either sign */
} rb_spectrum;

/**
 * Collective over ctx.
 *
 * @param[out] out  the same on every rank; zeroed before, owned by the caller
 * @param[in]  s    [n x n] symmetric, the same on every rank
 * @return RB_OK; RB_NO_MEMORY; RB_BAD_INPUT (k is not in 1 .. n); RB_NOT_FINITE; RB_FAILED (LAPACK)
 *
 * Bits: the same for any ranks and threads. Eigenvalues are exact to the square of the residual over the gap behind
 * them. Cost of an iteration: 2 nnz l flops for each degree of p (2 to 100) and about 10 n l^2, with l = 1.5 k + 8.
 */
rb_status rb_spectrum_init(rb_spectrum *out, const rb_csr *s, const rb_spectrum_options *options, const rb_ctx *ctx,
                           rb_error *err);
void rb_spectrum_fini(rb_spectrum *s); /* local */

/** Bytes it takes on a rank (beside the result) and, shared, on a node. */
void rb_spectrum_bytes(double *rank, double *node, int64_t n, int64_t k, int n_threads);

#endif
