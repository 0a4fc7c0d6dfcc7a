/*
 * Minimum spanning tree of the mutual reachability
 *
 *     m(p, q) = max(core_p, core_q, d(p, q)),   core_p the distance to the min_samples-th neighbour, p not counted,
 *
 * by Boruvka's rounds: every component but the largest takes its shortest edge to another one. An edge comes from the
 * lists of neighbours where these decide it, else from a walk over the leaves (core/leaf_walk.h) that looks no farther
 * than the shortest edge known for the component. Lengths are decided by core/metric.h, so the lengths of the tree
 * are a function of the points alone; which of several edges of equal length it holds is not.
 */
#ifndef RB_CLUSTER_CORE_SPANNING_H
#define RB_CLUSTER_CORE_SPANNING_H

#include "cluster/core/neighbours.h"

typedef struct rb_spanning_edge {
    int32_t a, b;  /* points */
    double length; /* a distance, not its square */
} rb_spanning_edge;

/**
 * Collective over ctx; leaves are cut over ranks and threads.
 *
 * @param[out] edges        [n - 1]
 * @param[in]  balls        NULL: no leaf is left out
 * @param[in]  min_samples  1 .. neighbours->k
 * @return RB_OK, RB_NO_MEMORY
 * Cost: at worst 2 n^2 d flops a round, log2 n rounds; far less where lists or balls decide.
 */
rb_status rb_spanning_tree(rb_spanning_edge *edges, const rb_leaves *l, const rb_leaf_balls *balls,
                           const rb_neighbours *neighbours, int64_t min_samples, const rb_ctx *ctx, rb_error *err);

/** Bytes a rank, and a node, needs for it. */
double rb_spanning_bytes(double n);
double rb_spanning_node_bytes(double n);

/** A distance from what rb_metric_distance gives. */
double rb_spanning_length(double distance, bool is_cosine);

#endif
