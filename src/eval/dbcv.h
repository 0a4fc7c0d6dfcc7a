/*
 * DBCV: how dense clusters are inside, against the sparseness between them (Moulavi et al. 2014,
 * doi:10.1137/1.9781611973440.96).
 */
#ifndef RB_EVAL_DBCV_H
#define RB_EVAL_DBCV_H

#include "eval/clustering.h"

/**
 * With a(x) = (sum over the other points y of its cluster of d(x, y)^-D / (n_C - 1))^(-1/D), D the dimensions, and the
 * mutual reachability m(x, y) = max(a(x), a(y), d(x, y)), a shortest spanning tree of each cluster by m:
 *
 *     DSC_C  the longest edge of the tree between two inner points (all edges where none is; inner: two edges or more)
 *     SEP_C  the least m from an inner point of C to one of another cluster (all points where none is inner)
 *     DBCV = sum over clusters of n_C / n (SEP_C - DSC_C) / max(SEP_C, DSC_C)
 *
 * Euclidean. a(x) is 0 where another point lies in the same place. Clusters of one point are skipped and their points
 * left out of n; so is noise, unless treated otherwise (`scaled` is the paper's, whose n counts noise). Not applicable
 * below two clusters. Of several spanning trees the one that grows from the lowest point counts, each time by the
 * lowest point among equals.
 *
 * Collective over ctx.
 *
 * @param[out] n_skipped  points in clusters of one point
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT (labels out of range), the same on every rank
 * Bits: the same for any ranks and threads. Cost: about 5 n_C^2 d flops a cluster for its tree, by one thread, and as
 * much by all for the rest of all pairs; sparse points: a row is compared with all others by its non-zeros.
 */
rb_status rb_dbcv(rb_metric_value *value, int64_t *n_skipped, const rb_points *points, const rb_labelling *labelling,
                  const rb_ctx *ctx, rb_error *err);

/** Flops of rb_dbcv, at most: where all points are in one cluster. nnz: of sparse points, else 0. Local. */
double rb_dbcv_flops(int64_t n, int64_t d, int64_t nnz);

#endif
