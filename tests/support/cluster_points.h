/*
 * Points whose values are a function, dense or sparse, for tests of clusterings.
 */
#ifndef RB_SUPPORT_CLUSTER_POINTS_H
#define RB_SUPPORT_CLUSTER_POINTS_H

#include "data/points.h"

/** Value of point i in dimension f. */
typedef double (*rb_test_value)(int64_t i, int64_t f);

/* Few dimensions hold anything; point i * 50 is zero. */
double rb_test_mostly_zero(int64_t i, int64_t f);
/* One place, not a whole number. */
double rb_test_all_the_same(int64_t i, int64_t f);
/* Point i at i of the first dimension. */
double rb_test_line(int64_t i, int64_t f);
/* Point 7 has no number in dimension 2; one whose square is too large. */
double rb_test_with_nan(int64_t i, int64_t f);
double rb_test_with_giant(int64_t i, int64_t f);

/** splitmix64 of i as a number in [0, 1): what tests/golden/golden_points.py has as `mixed`. */
double rb_test_mixed(uint64_t i);
/* Eight boxes of unequal density, and a tenth of the points everywhere, in 4 dimensions: `boxes` of golden_points.py.
 */
double rb_test_boxes(int64_t i, int64_t f);

/** n points of d dimensions; sparse: zeros are left out. Collective over rb_test_ctx. Release with rb_points_fini. */
void rb_test_points(rb_points *p, int64_t n, int64_t d, bool sparse, rb_test_value value);

#endif
