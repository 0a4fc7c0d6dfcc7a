#include "linalg/csr.h"

#include <string.h>

rb_status rb_csr_init(rb_csr *x, int64_t n_rows, int64_t n_cols, int64_t nnz, rb_error *err)
{
    *x = (rb_csr){ .n_rows = n_rows, .n_cols = n_cols };
    RB_TRY(rb_alloc(&x->row_begin, n_rows + 1, err));
    RB_TRY(rb_alloc(&x->col, nnz, err));
    RB_TRY(rb_alloc(&x->value, nnz, err));
done:
    if (err->status != RB_OK)
        rb_csr_fini(x);
    return err->status;
}

void rb_csr_fini(rb_csr *x)
{
    rb_free(x->row_begin);
    rb_free(x->col);
    rb_free(x->value);
    memset(x, 0, sizeof *x);
}

rb_status rb_csr_transpose(rb_csr *out, const rb_csr *x, rb_error *err)
{
    int64_t nnz = x->row_begin[x->n_rows];
    if (rb_csr_init(out, x->n_cols, x->n_rows, nnz, err) != RB_OK)
        return err->status;
    for (int64_t e = 0; e < nnz; e++)
        out->row_begin[x->col[e] + 1]++;
    for (int64_t c = 0; c < x->n_cols; c++)
        out->row_begin[c + 1] += out->row_begin[c];
    for (int64_t r = 0; r < x->n_rows; r++)
        for (int64_t e = x->row_begin[r]; e < x->row_begin[r + 1]; e++) {
            int64_t at = out->row_begin[x->col[e]]++;
            out->col[at] = (int32_t)r;
            out->value[at] = x->value[e];
        }
    memmove(out->row_begin + 1, out->row_begin, (size_t)x->n_cols * sizeof *out->row_begin);
    out->row_begin[0] = 0;
    return RB_OK;
}

double rb_csr_dot(const rb_csr *x, int64_t a, int64_t b)
{
    double dot = 0;
    int64_t e = x->row_begin[a], f = x->row_begin[b];
    while (e < x->row_begin[a + 1] && f < x->row_begin[b + 1]) {
        if (x->col[e] == x->col[f])
            dot += x->value[e++] * x->value[f++];
        else if (x->col[e] < x->col[f])
            e++;
        else
            f++;
    }
    return dot;
}
