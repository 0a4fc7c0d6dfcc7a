/*
 * Points under a metric, with one definition of their distances, dense or sparse:
 *
 *     euclidean   d2(x, y) of linalg/distance.h, the squared distance
 *     cosine      d2(x / |x|, y / |y|) / 2, which is 1 - cos; 1 where a row is zero, to whatever row
 *
 * Sparse points walk over the dimensions that one of the two has: the others add nothing, so the bits are those of the
 * dense rows. Symmetric, 0 between equal rows, a function of the two rows alone.
 */
#ifndef RB_CLUSTER_CORE_METRIC_H
#define RB_CLUSTER_CORE_METRIC_H

#include "data/points.h"

typedef struct {
    int64_t n, d;
    const double *dense;  /* [n x d] borrowed; NULL where sparse */
    const rb_csr *sparse; /* borrowed; NULL where dense */
    bool is_cosine;
    double *inverse; /* cosine: [n] 1 / length; 1 where the rows have unit length already, 0 for a row of zeros */
} rb_metric_points;

/**
 * Borrows the points: they outlive it. Local, ctx gives the threads; the same on every rank.
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: a value is not finite, or too large for its square
 */
rb_status rb_metric_points_init(rb_metric_points *m, const rb_points *points, bool is_cosine, const rb_ctx *ctx,
                                rb_error *err);
void rb_metric_points_fini(rb_metric_points *m);

/** Squared distance (euclidean) or distance (cosine) of point i of a and point j of b, which agree in metric, storage
 *  and dimensions. */
double rb_metric_distance(const rb_metric_points *a, int64_t i, const rb_metric_points *b, int64_t j);

/** What rb_metric_distance is compared with, so that it means a distance of at most eps. */
double rb_metric_limit(double eps, bool is_cosine);

#endif
