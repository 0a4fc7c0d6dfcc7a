/*
 * The k nearest neighbours of every point among the others, exactly: products in single precision choose the
 * candidates, core/metric.h decides.
 */
#ifndef RB_CLUSTER_CORE_NEIGHBOURS_H
#define RB_CLUSTER_CORE_NEIGHBOURS_H

#include "cluster/core/leaf_walk.h"

/* Points are named by their positions in the leaves. */
typedef struct rb_neighbours {
    int64_t n, k;
    int32_t *index;   /* [n x k] nearest first, the lower position among equals */
    double *distance; /* [n x k] of rb_metric_distance */
    rb_shared index_memory, distance_memory;
} rb_neighbours;

/**
 * Collective over ctx; leaves are cut over ranks and threads.
 *
 * @param[in] balls  NULL: no leaf is left out
 * @param[in] k      1 .. n - 1
 * @return RB_OK, RB_NO_MEMORY
 * Bits: of every list a function of the points alone. Cost: at worst 2 n^2 d flops.
 */
rb_status rb_neighbours_init(rb_neighbours *nb, const rb_leaves *l, const rb_leaf_balls *balls, int64_t k,
                             const rb_ctx *ctx, rb_error *err);
void rb_neighbours_fini(rb_neighbours *nb); /* collective over the same ctx */

/** Bytes a thread needs while it searches. */
double rb_neighbours_thread_bytes(int64_t k);

/* Lists of points as they came, with all that they were found by. Lives at one address. */
typedef struct rb_neighbour_lists {
    rb_metric_points metric;
    rb_leaves leaves; /* .order: the point at a position */
    rb_leaf_balls balls;
    rb_neighbours lists; /* by position */
} rb_neighbour_lists;

/* Points from which on leaves out of reach are worth leaving out; a ball costs as much as one of its points, at most
 * 128. */
#define RB_NEIGHBOURS_FROM_BALLS 1024

/** Whether leaves out of reach are worth leaving out: of dense points, and not of few. */
bool rb_neighbour_lists_by_balls(const rb_points *points);

/**
 * Collective over ctx. Borrows the points: they outlive it. Of one point there is the metric alone.
 *
 * @param[in] k          1 .. points->n - 1
 * @param[in] has_balls  leaves out of reach are left out (dense points): the same bits
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT (a value is not finite, or too large for its square)
 */
rb_status rb_neighbour_lists_init(rb_neighbour_lists *out, const rb_points *points, bool is_cosine, int64_t k,
                                  bool has_balls, const rb_ctx *ctx, rb_error *err);
void rb_neighbour_lists_fini(rb_neighbour_lists *l); /* collective over the same ctx */

/** Bytes of a rank while it searches n points of d dimensions (nnz: of sparse ones); beside them a node has the lists,
 * 12 n k, and the scaled rows, 8 a value. */
double rb_neighbour_lists_bytes(double n, double d, double nnz, int64_t k, int n_threads);

#endif
