/*
 * Points to cluster: the rows of a dense or of a sparse matrix, whole on every rank of a node.
 */
#ifndef RB_DATA_POINTS_H
#define RB_DATA_POINTS_H

#include <stdbool.h>

#include "data/catalogue.h"
#include "linalg/csr.h"
#include "parallel/blocks.h"
#include "parallel/shared.h"

typedef struct rb_points {
    int64_t n, d;
    const double *dense;  /* [n x d] row-major; NULL where sparse */
    const rb_csr *sparse; /* NULL where dense */
    bool unit_rows;       /* every row has length 1 (or is zero) */
    const char *name;     /* canonical name of the space */
    rb_strings terms;     /* names of the dimensions, owned; n = 0 where they have none */
    rb_blocks blocks;     /* of rows; a function of n alone */
    rb_shared memory;     /* of dense, where this struct owns it */
    rb_csr csr;           /* of sparse, where this struct owns it: private to each rank */
} rb_points;

/** Dense points in shared memory, zeroed. Collective. Write your rows, then rb_shared_publish on memory. */
rb_status rb_points_alloc_dense(rb_points *p, int64_t n, int64_t d, const rb_ctx *ctx, rb_error *err);
/** Take over a CSR matrix (moved, the source is zeroed); the same on every rank. p->sparse points into p: do not copy
 * p. Local. */
rb_status rb_points_take_csr(rb_points *p, rb_csr *x, rb_error *err);
/**
 * Some rows of other points, as points of their own; name and unit_rows are taken over. Collective over ctx.
 *
 * @param[in] row  [n] rows of `from`, any order, the same on every rank
 * @return RB_OK, RB_NO_MEMORY; out is to be finished whatever is returned
 * Cost: a copy of the rows.
 */
rb_status rb_points_gather(rb_points *out, const rb_points *from, const int64_t *row, int64_t n, const rb_ctx *ctx,
                           rb_error *err);
/** RB_BAD_INPUT naming row and column where a value is NaN or infinite. */
rb_status rb_points_check(const rb_points *p, rb_error *err);
void rb_points_fini(rb_points *p); /* collective over the ctx that allocated it */

#endif
