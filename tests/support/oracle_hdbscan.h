/*
 * HDBSCAN by the matrix of all distances, from the root down: a set of points falls apart at the least distance that
 * holds it together, into all components of shorter edges at once.
 */
#ifndef RB_SUPPORT_ORACLE_HDBSCAN_H
#define RB_SUPPORT_ORACLE_HDBSCAN_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t min_cluster_size, min_samples;
    double epsilon;
    bool cosine, leaf, allow_single;
} rb_oracle_hdbscan_setting;

typedef struct {
    int32_t *label;                /* [n] by lowest points, -1 noise */
    double *probability, *outlier; /* [n] */
    const double *fresh;           /* [n_fresh x d] new points; NULL: none */
    int64_t n_fresh;
    int32_t *assigned; /* [n_fresh] */
} rb_oracle_hdbscan_result;

/**
 * Clusters dense points [n x d] and predicts new ones: of the 2 min_samples nearest points, equal distances by index,
 * the one that is nearest by mutual reachability, the core distance of a new point being that to the point behind its
 * min_samples nearest; then the cluster in which that one was left, or the one above that began before. O(n^3) at
 * worst.
 */
void rb_oracle_hdbscan(rb_oracle_hdbscan_result *out, const double *x, int64_t n, int64_t d,
                       const rb_oracle_hdbscan_setting *s);

#endif
