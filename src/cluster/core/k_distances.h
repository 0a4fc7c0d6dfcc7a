/*
 * The sorted distances of all points to their k-th nearest ones, and the knee of that curve: an eps for DBSCAN.
 *
 * A point counts itself among its min_samples, so that k = min_samples - 1 others, but at least the nearest, at most
 * all. Distances are lengths, descending, rounded so that each as an eps includes itself. The knee is where Kneedle's
 * difference (linalg/knee.h) is largest, below the line from the first to the last distance, among at most
 * RB_K_DISTANCES_STEPS + 1 of them, evenly spaced: Kneedle's own, the first that stands out, is the end of the plateau
 * where many points have nothing in common.
 *
 * Ester, Kriegel, Sander and Xu (1996), section 4.2; the knee in place of the eye: doi:10.1109/ICDCSW.2011.20.
 */
#ifndef RB_CLUSTER_CORE_K_DISTANCES_H
#define RB_CLUSTER_CORE_K_DISTANCES_H

#include "cluster/core/neighbours.h"

#define RB_K_DISTANCES_STEPS 100

typedef struct rb_k_distances {
    int64_t n; /* points */
    int n_sets;
    int64_t *min_samples; /* [n_sets] ascending */
    double *curve;        /* [n_sets x n] */
    double *knee;         /* [n_sets] the distance at it; NAN where there is none */
} rb_k_distances;

/**
 * Collective over ctx.
 *
 * @param[in] min_samples  [n_sets] ascending, distinct, at least 1; n_sets 0: nothing is computed
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT (a value is not finite, or too large for its square)
 * Bits: of every curve a function of the points and its min_samples alone. Cost: at worst 2 n^2 d flops.
 */
rb_status rb_k_distances_init(rb_k_distances *out, const rb_points *points, bool is_cosine, const int64_t *min_samples,
                              int n_sets, const rb_ctx *ctx, rb_error *err);
void rb_k_distances_fini(rb_k_distances *k);

/** Neighbours that a curve needs of each of n points. */
int64_t rb_k_distances_list(int64_t min_samples, int64_t n);

/** Index of the curve of a min_samples; -1: none. */
int rb_k_distances_find(const rb_k_distances *k, int64_t min_samples);

#endif
