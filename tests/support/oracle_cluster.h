/*
 * Clustering written the plain way, dense, sequential and in long double: what the fast code must agree with.
 */
#ifndef RB_SUPPORT_ORACLE_CLUSTER_H
#define RB_SUPPORT_ORACLE_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

/** Lloyd's algorithm from given centres [k x d], in place; empty clusters take the farthest point. Stops when no label
 *  changes. Returns the inertia; labels [n] are those of the final centres. */
double rb_oracle_kmeans(int32_t *labels, double *centres, const double *x, int64_t n, int64_t d, int64_t k,
                        int64_t iterations);

/**
 * Greedy k-means++: seeds[0] is given; step s draws `trials` points by the uniform numbers draw[s trials + t] and takes
 * the one that leaves the least sum of squared distances, the lowest index among equals.
 */
void rb_oracle_greedy_seeds(int64_t *seeds, const double *x, int64_t n, int64_t d, int64_t k, int64_t trials,
                            const double *draw);

/** All distances [n x n]: squared euclidean ones, sums over dimensions ascending; cosine: half of that between unit
 * rows, 1 where a row is zero. */
void rb_oracle_distances(double *out, const double *x, int64_t n, int64_t d, bool cosine);

/** DBSCAN by the matrix of all distances and a walk from each core point, lowest first; is_core [n]. */
void rb_oracle_dbscan(int32_t *labels, uint8_t *is_core, const double *x, int64_t n, int64_t d, double eps,
                      int64_t min_samples, bool cosine);

/** Silhouette of every point, NAN where the label is -1; returns their mean. */
double rb_oracle_silhouette(double *per_point, const double *x, int64_t n, int64_t d, const int32_t *labels,
                            bool cosine);

/** Davies-Bouldin, Calinski-Harabasz and inertia of labels 0 .. k - 1 (-1 left out). */
void rb_oracle_compactness(double out[3], const double *x, int64_t n, int64_t d, const int32_t *labels, int32_t k);

/** Adjusted Rand index by counting all pairs. */
double rb_oracle_ari(const int32_t *a, const int32_t *b, int64_t n);

/** Mutual information, its expectation (by factorials) and the entropies of a and b. */
void rb_oracle_information(double out[4], const int32_t *a, const int32_t *b, int64_t n);

/** Index of the row of x [n x d] nearest to y, the lowest among equals. */
int64_t rb_oracle_nearest(const double *y, const double *x, int64_t n, int64_t d, bool cosine);

#endif
