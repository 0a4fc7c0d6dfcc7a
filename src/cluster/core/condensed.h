/*
 * The condensed tree of HDBSCAN: the merge tree with all branches of fewer than min_cluster_size points removed, and
 * the clusters chosen in it (Campello et al. 2013, doi:10.1007/978-3-642-37456-2_14; 2015, doi:10.1145/2733381).
 *
 * Seen from the root, lambda = 1 / distance grows. At a merge with two or more branches of at least min_cluster_size
 * points the cluster ends and each of these begins one; with one such branch the cluster goes on in it; points of other
 * branches leave the cluster at that lambda. Stability of a cluster:
 *
 *     S = sum over its merges, from the root on, of (lambda - lambda_birth) n_leaving,
 *
 * n_leaving points or points of clusters that begin there; sums over clusters are taken in ascending order. So nothing
 * depends on the order of the points.
 */
#ifndef RB_CLUSTER_CORE_CONDENSED_H
#define RB_CLUSTER_CORE_CONDENSED_H

#include <stdbool.h>

#include "cluster/core/merge_tree.h"

/* Cluster 0 is the root; a cluster's number is above its parent's. */
typedef struct rb_condensed {
    int64_t n, n_clusters;
    int32_t *point_cluster; /* [n] the last cluster a point belongs to */
    double *point_lambda;   /* [n] where it leaves it */
    int32_t *parent;        /* [n_clusters] -1: the root */
    int32_t *size;          /* [n_clusters] points at birth */
    double *birth;          /* [n_clusters] lambda; 0: the root */
    double *death;          /* [n_clusters] lambda of its last merge */
    double *stability;      /* [n_clusters] */
} rb_condensed;

typedef enum { RB_EXCESS_OF_MASS, RB_LEAF } rb_condensed_method;

/** Local. @return RB_OK, RB_NO_MEMORY. Cost: O(n). */
rb_status rb_condensed_init(rb_condensed *c, const rb_merge_tree *tree, int64_t min_cluster_size, rb_error *err);
void rb_condensed_fini(rb_condensed *c);

/**
 * Which clusters are chosen. Local; O(clusters log clusters).
 *
 * Excess of mass: a cluster unless the clusters below it are more stable in sum. Leaf: those without clusters below. A
 * chosen one that begins at a distance below epsilon gives way to the lowest above it that begins beyond epsilon, else
 * to the highest below the root (with allow_single: to the root). The root only where allow_single.
 *
 * @param[out] chosen  [n_clusters] the chosen cluster that a cluster is or lies in, -1: none
 */
rb_status rb_condensed_choose(int32_t *chosen, const rb_condensed *c, rb_condensed_method method, double epsilon,
                              bool allow_single, rb_error *err);

/** GLOSH: (L - lambda_p) / L, L the largest lambda in the last cluster of p and all below it; 0 where lambda_p is
 *  infinite, 1 where L alone is. Local. @param[out] score [n] */
rb_status rb_condensed_outliers(double *score, const rb_condensed *c, rb_error *err);

#endif
