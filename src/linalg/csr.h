/*
 * Sparse and dense matrices as views: rows of a CSR matrix, rows of a row-major dense matrix.
 */
#ifndef RB_LINALG_CSR_H
#define RB_LINALG_CSR_H

#include <stdint.h>

#include "base/alloc.h"

/* Compressed sparse rows; columns ascend within a row. */
typedef struct {
    int64_t n_rows, n_cols;
    int64_t *row_begin; /* [n_rows + 1] */
    int32_t *col;       /* [row_begin[n_rows]] */
    double *value;      /* [row_begin[n_rows]] */
} rb_csr;

rb_status rb_csr_init(rb_csr *x, int64_t n_rows, int64_t n_cols, int64_t nnz, rb_error *err);
void rb_csr_fini(rb_csr *x);

/** Product of two rows, over their common columns ascending. O(entries of both). */
double rb_csr_dot(const rb_csr *x, int64_t a, int64_t b);

/** The transpose, rows and columns exchanged, columns ascending. Serial, O(nnz). */
rb_status rb_csr_transpose(rb_csr *out, const rb_csr *x, rb_error *err);

#endif
