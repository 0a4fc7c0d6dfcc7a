/*
 * Distances of points, tile by tile: the matrix of core/linkage.h is filled with them, and the cophenetic correlation
 * reads them without one.
 *
 * Dense points: by the definition of core/metric.h. Sparse points: |x|^2 + |y|^2 - 2 x.y, for cosine of rows of length
 * 1, by the definition where that cancels. Symmetric to the last bit; an element depends on its two points alone.
 */
#ifndef RB_CLUSTER_CORE_LINKAGE_DISTANCES_H
#define RB_CLUSTER_CORE_LINKAGE_DISTANCES_H

#include "cluster/core/metric.h"

#define RB_LINKAGE_TILE 64 /* rows and columns of a tile */

typedef struct rb_linkage_distances {
    rb_metric_points metric;
    bool is_squared;      /* euclidean: squares */
    const int32_t *order; /* [n] the points of rows and columns, borrowed; NULL: as they come */
    const double *value;  /* dense [n x d], or of the non-zeros; cosine: of rows of length 1 */
    double *scaled;       /* cosine: those values */
    double *norm2;        /* [n] sparse: squared lengths of such rows */
    bool has_zeros;       /* cosine: a row of zeros */
    double *scratch;      /* [n_threads x per_thread] */
    int64_t per_thread;
} rb_linkage_distances;

/**
 * Borrows the points: they outlive it. Local.
 *
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: a value is not finite, or too large for its square
 */
rb_status rb_linkage_distances_init(rb_linkage_distances *s, const rb_points *points, bool is_cosine, bool is_squared,
                                    const rb_ctx *ctx, rb_error *err);
void rb_linkage_distances_fini(rb_linkage_distances *s);

/** Bytes of a rank for points of that many values (nnz, or n d). */
double rb_linkage_distances_bytes(double n, double d, double n_values, bool is_sparse, bool is_cosine, int n_threads);

/**
 * Distances of at most RB_LINKAGE_TILE rows from `row` on to as many columns from `column` on. Local; threads of one
 * region may call it at once.
 *
 * @return [n_rows x RB_LINKAGE_TILE], until the thread's next call
 * Cost: dense 3 d flops an element, sparse 2 for each non-zero of the columns.
 */
const double *rb_linkage_tile(const rb_linkage_distances *s, int64_t row, int64_t n_rows, int64_t column,
                              int64_t n_columns);

#endif
