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

#endif
