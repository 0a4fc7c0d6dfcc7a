/*
 * A sketch of dense points in a byte a coordinate: it tells, without reading a point, that it lies farther from
 * another than a limit. What it cannot tell is left to the distance itself, so that no bit depends on it.
 *
 *     q(x)_f = middle_f + step c_f,  c_f in [-127, 127],      |x - y| >= step |c(x) - c(y)| - |x - q(x)| - |y - q(y)|
 *
 * |c(x) - c(y)|^2 is an integer, and |x - q(x)| is kept for each point, rounded up. Ranges are those of a sample of
 * the rows, with room beyond; a coordinate outside is cut, which only makes |x - q(x)| larger. Quantisation as in VA
 * files: Weber, Schek and Blott (1998), VLDB, 194-205.
 */
#ifndef RB_CLUSTER_CORE_KMEANS_SKETCH_H
#define RB_CLUSTER_CORE_KMEANS_SKETCH_H

#include "cluster/core/kmeans.h"

typedef struct rb_kmeans_sketch {
    const rb_kmeans_data *data;
    int64_t stride; /* bytes of a code */
    double step;    /* 0: there is no sketch */
    double *middle; /* [d] */
    uint8_t
        *code; /* [own rows x stride] c_f + 127, 0 beyond the dimensions: a product of both kinds is one instruction */
    int32_t *norm2;  /* [own rows] |c|^2 */
    float *away;     /* [own rows] at least |x - q(x)| */
    float *limit;    /* [own rows] a point whose sketch is farther than this, and than its own error, is out of reach */
    int8_t *target;  /* [stride] c_f of the point that comes near, 0 beyond the dimensions */
    int32_t offset;  /* its |c|^2 + 2 * 127 * sum of c_f */
    double error;    /* at least its |y - q(y)| */
    double *scratch; /* [(n_threads + 1) x d] a row in double */
} rb_kmeans_sketch;

/**
 * Sketch this rank's rows, with limits that nothing is out of. Local.
 *
 * Sparse points, those of few dimensions, of extreme scale, or all the same get none (step 0).
 * @return RB_OK, RB_NO_MEMORY
 * Cost: one pass over the points; d + 12 bytes a point.
 */
rb_status rb_kmeans_sketch_init(rb_kmeans_sketch *s, const rb_kmeans_data *data, const rb_ctx *ctx, rb_error *err);
void rb_kmeans_sketch_fini(rb_kmeans_sketch *s);

/** Points whose squared distance to own row `own` is at least `distance2` are out of its reach from now on. Local,
 *  for different rows at once. */
void rb_kmeans_sketch_limit(rb_kmeans_sketch *s, int64_t own, double distance2);

/** This point comes near. Local. */
void rb_kmeans_sketch_aim(rb_kmeans_sketch *s, int64_t point);

/** Keep of n rows, in their order, those that it may be in reach of; returns how many. Local. */
int rb_kmeans_sketch_keep(int64_t *rows, int n, const rb_kmeans_sketch *s);

/** Bytes of a rank with `rows` own rows of d dimensions. */
double rb_kmeans_sketch_bytes(double rows, double d);

#endif
