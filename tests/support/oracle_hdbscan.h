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

/** Labels (by lowest points, -1 noise), probabilities and outlier scores of dense points [n x d]. O(n^3) at worst. */
void rb_oracle_hdbscan(int32_t *label, double *probability, double *outlier, const double *x, int64_t n, int64_t d,
                       const rb_oracle_hdbscan_setting *s);

#endif
