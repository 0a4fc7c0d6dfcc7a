/*
 * One row x of non-negative factors against the fixed rows b of the other side, as models/nmf.c states the steps. All
 * Local, in double.
 */
#ifndef RB_RECOMMEND_CORE_NON_NEGATIVE_H
#define RB_RECOMMEND_CORE_NON_NEGATIVE_H

#include "recommend/core/factor.h"

/* The ratings of a row. */
typedef struct {
    const int32_t *col;
    const float *rating;
    const double *estimate; /* NULL: x . b */
    int64_t n;
} rb_non_negative_row;

/** Add a rating, and what it is estimated as, to sums [2 k]: of rating b, and of estimate b. */
void rb_non_negative_add(double *sums, const double *b, double rating, double estimate, int64_t k);

/** out_f = x_f sum rating b_f / (sum estimate b_f + penalty x_f); out may be x. */
void rb_non_negative_rescale(double *out, const double *x, const double *sums, double penalty, int64_t k);

/** A multiplicative step of x [k] into out, which may be x. sums: room, [2 k].
 * @return the squared errors that x meets. Time O(n k) */
double rb_non_negative_multiply(double *out, const double *x, const rb_factors *other, const rb_non_negative_row *r,
                                double regularization, double *sums);

/** Coordinate descent (HALS), one coordinate after the other; estimates are not used. residual: room, [n].
 * @return the squared errors that x met. Time O(n k) */
double rb_non_negative_descend(double *x, const rb_factors *other, const rb_non_negative_row *r, double regularization,
                               double *residual);

#endif
