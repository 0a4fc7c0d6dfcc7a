/*
 * What the models of the K-Means family share around their fits: given centres, new points.
 */
#ifndef RB_CLUSTER_CORE_KMEANS_MODEL_H
#define RB_CLUSTER_CORE_KMEANS_MODEL_H

#include "cluster/core/kmeans.h"

/**
 * Whether `centres` agree with `is_given`, and have k rows. Local.
 * @param name  of the algorithm, for the message
 */
rb_status rb_kmeans_check_given(const rb_array *centres, bool is_given, int64_t k, const char *name, rb_error *err);

/** Whether given centres are finite and have the points' dimensions. Local. */
rb_status rb_kmeans_check_given_values(const rb_array *centres, int64_t d, const char *name, rb_error *err);

/**
 * The nearest of k centres of every point, the lowest index among equals; the same bits as the labels of a fit.
 * Collective over ctx.
 *
 * @param[out] labels   [points->n], the same on every rank
 * @param[in]  centres  [k x d]
 * @return RB_OK; RB_BAD_INPUT: other dimensions, or values that are not finite; RB_NO_MEMORY
 */
rb_status rb_kmeans_assign_points(int32_t *labels, const double *centres, int64_t k, int64_t d, const rb_points *points,
                                  bool is_single, bool is_spherical, const rb_ctx *ctx, rb_error *err);

#endif
