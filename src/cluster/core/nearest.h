/*
 * The nearest of many candidates for each of many points.
 */
#ifndef RB_CLUSTER_CORE_NEAREST_H
#define RB_CLUSTER_CORE_NEAREST_H

#include "cluster/core/metric.h"

/**
 * Index of the candidate nearest to each point, the lowest among equals; -1 where none is within eps. Collective over
 * ctx. Distances are those of core/metric.h; points and candidates agree in storage and dimensions.
 *
 * @param[out] nearest  [points->n], the same on every rank
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT (a value is not finite, or too large for its square)
 * Cost: every pair, about 5 d / lanes instructions where dense; where those are more than the pairs of points and
 * candidates together may take, those within eps as rb_nearest_by_pairs finds them.
 */
rb_status rb_nearest_within(int32_t *nearest, const rb_points *points, const rb_points *candidates, double eps,
                            bool is_cosine, const rb_ctx *ctx, rb_error *err);

/**
 * The same for a finite eps from all pairs within it of points and candidates together (core/radius.h). Both have rows
 * of unit length or neither.
 *
 * @return as above; RB_BAD_INPUT names a point by its index, a candidate by its index behind all points
 * Cost: that of core/radius.h for both together, and a copy of them; 12 n bytes a thread.
 */
rb_status rb_nearest_by_pairs(int32_t *nearest, const rb_points *points, const rb_points *candidates, double eps,
                              bool is_cosine, const rb_ctx *ctx, rb_error *err);

/**
 * The k nearest candidates of each point, ascending, the lower index among equals. Collective over ctx.
 *
 * @param[out] nearest   [points->n x k], the same on every rank
 * @param[out] distance  [points->n x k] of rb_metric_distance
 * @param[in]  k         1 .. candidates->n
 * @return as above
 */
rb_status rb_nearest_several(int32_t *nearest, double *distance, int64_t k, const rb_points *points,
                             const rb_points *candidates, bool is_cosine, const rb_ctx *ctx, rb_error *err);

#endif
