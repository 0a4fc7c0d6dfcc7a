/*
 * Points that a fitted clustering keeps for later ones: dense rows, or sparse ones as they came.
 */
#ifndef RB_CLUSTER_CORE_KEPT_POINTS_H
#define RB_CLUSTER_CORE_KEPT_POINTS_H

#include "data/algorithm.h"

typedef struct rb_kept_points {
    int64_t d, is_unit;
    int64_t n_rows, n_cols; /* of value */
    rb_shared memory;
    double *value;              /* dense: [n x d]; sparse: [nnz x 1] */
    int64_t n_begin, n_entries; /* 0 where dense */
    int64_t *begin;             /* [n + 1] */
    int32_t *col;               /* [nnz] */
} rb_kept_points;

/**
 * Copies points. Collective over ctx.
 *
 * @param[in] is_kept  [points->n]; NULL: all
 * @return RB_OK, RB_NO_MEMORY
 */
rb_status rb_kept_points_init(rb_kept_points *k, const rb_points *points, const uint8_t *is_kept, const rb_ctx *ctx,
                              rb_error *err);
void rb_kept_points_fini(rb_kept_points *k); /* collective over the same ctx */

/** The n points as they were; borrows k and rows. */
void rb_kept_points_view(rb_points *out, rb_csr *rows, const rb_kept_points *k, int64_t n);

/** RB_BAD_INPUT unless new points have their dimensions and storage; `what` they are, for the message. */
rb_status rb_kept_points_match(const rb_kept_points *k, const rb_points *points, const char *what, rb_error *err);

/** Visits the arrays; names of the values, the beginnings of rows and the columns. */
void rb_kept_points_arrays(rb_kept_points *k, rb_visitor *v, const char *const names[3]);

#endif
