/*
 * The tree in which points merge as the distance grows: edges of one length merge all that they connect in one node, so
 * that the tree depends neither on the order of the edges nor on which of several shortest spanning trees they are.
 */
#ifndef RB_CLUSTER_CORE_MERGE_TREE_H
#define RB_CLUSTER_CORE_MERGE_TREE_H

#include "cluster/core/spanning.h"

/* Nodes 0 .. n - 1 are the points, the others merges by ascending height, those of equal height by their lowest point;
 * the root is the last. */
typedef struct rb_merge_tree {
    int64_t n, n_nodes;
    int32_t *parent; /* [n_nodes] -1: the root */
    int32_t *size;   /* [n_nodes] points */
    double *height;  /* [n_nodes - n] distance of a merge */
} rb_merge_tree;

/**
 * Local, sequential; O(n log n).
 *
 * @param[in,out] edges  [n - 1] of a spanning tree; sorted by length
 * @return RB_OK, RB_NO_MEMORY
 */
rb_status rb_merge_tree_init(rb_merge_tree *t, rb_spanning_edge *edges, int64_t n, rb_error *err);
void rb_merge_tree_fini(rb_merge_tree *t);

/** 1 / height of a merge: infinite at height 0, finite above. */
double rb_merge_tree_lambda(const rb_merge_tree *t, int64_t node);

#endif
