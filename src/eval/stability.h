/*
 * Stability of a clustering: how far labellings of the same points agree, over seeds or over resampled points.
 *
 *     stability = mean over all pairs of labellings of their adjusted Rand index on the points that both hold
 *
 * seeds: the labellings of all repeats of a configuration. bootstrap: those of RB_STABILITY_SAMPLES samples, each the
 * distinct points among n draws with replacement (about 63 %), clustered anew from the trial's seed; a pair has about
 * 40 % of the points in common. Noise is held by neither.
 *
 * Ben-Hur, Elisseeff and Guyon (2002), PSB 7:6-17; Hennig (2007), doi:10.1016/j.csda.2006.11.025, whose duplicates are
 * left out here: densities would count them.
 */
#ifndef RB_EVAL_STABILITY_H
#define RB_EVAL_STABILITY_H

#include "eval/clustering.h"

#define RB_STABILITY_SAMPLES 10

/**
 * Rows of sample b of n points, ascending, each once; returns how many. A function of n and b alone, so that all
 * clusterings of as many points see the same samples. Local. O(n).
 *
 * @param[out] row  [n] room
 */
int64_t rb_stability_draw(int64_t *row, int64_t n, int b);

/**
 * Mean adjusted Rand index over all pairs of labellings of the same points, each on the points that both hold (-1: not
 * held, as noise). Not applicable with fewer than two, or where a pair holds no point in common. Local.
 *
 * @param[in] labels  [n_labellings] of [n]
 * @return as rb_clustering_agreement, whose cost each pair has
 */
rb_status rb_clustering_stability(rb_metric_value *out, const int32_t *const *labels, int64_t n_labellings, int64_t n,
                                  rb_error *err);

#endif
