/*
 * The gap statistic (Tibshirani, Walther, Hastie 2001, doi:10.1111/1467-9868.00293).
 *
 *     Gap(k) = mean over b of ln W*_kb - ln W_k,    s_k = sd over b of ln W*_kb times sqrt(1 + 1/B)
 *
 * W is the sum of squared distances of the points to the mean of their cluster, W*_kb that of the same clustering of
 * reference set b of B: as many points,
 *
 *     box      dense: uniform in the box that the points span along the axes (the paper's choice a)
 *     columns  sparse: the non-zeros of each column in rows drawn without replacement. A box would be dense, and no
 *              text is like a point of it; here columns keep their values, so that one cluster has W = W*, and lose
 *              what they have to do with each other, which is what clusters are made of
 */
#ifndef RB_EVAL_GAP_H
#define RB_EVAL_GAP_H

#include "data/points.h"
#include "eval/metric.h"

/**
 * Reference set b of points, the same for every clustering of them: Philox (key rb_seed_named(seed, "gap"), stream
 * "gap", epoch b; box: entity = point, draw = dimension; columns: entity = column, draw j takes the row of its j-th
 * non-zero from the rows that are left, by Fisher and Yates). Rows of unit length need not stay so. Collective over
 * ctx.
 *
 * @param[out] out   zeroed before; rb_points_fini
 * @param[in]  seed  the experiment's
 * @return RB_OK, RB_NO_MEMORY. Bits: the same for any ranks and threads. Cost: O(n d), on one rank; columns: O(nnz), on
 * every rank
 */
rb_status rb_gap_reference(rb_points *out, const rb_points *points, int64_t b, uint64_t seed, const rb_ctx *ctx,
                           rb_error *err);

/** Gap and its error from W and the W* of n reference sets; unavailable where one of them is not above 0. Local. */
void rb_gap_statistic(rb_metric_value *gap, rb_metric_value *error, double w, const double *reference, int64_t n);

/**
 * The smallest k with Gap(k) >= Gap(k') - s_k', k' the next of the curve. Local.
 *
 * @param[out] margin  [n] Gap(k) - Gap(k') + s_k'; NAN for the last
 * @return its place; -1 where no k of the curve is large enough
 */
int64_t rb_gap_smallest(double *margin, const double *gap, const double *error, int64_t n);

#endif
