/*
 * Exact silhouettes of any number of clusterings of one space, all pairs, in one pass over the distances.
 *
 *     s_i = (b_i - a_i) / max(a_i, b_i),   a_i = sum_{j in C(i), j != i} d_ij / (|C(i)| - 1),
 *     b_i = min over clusters C other than C(i) of sum_{j in C} d_ij / |C|
 *
 * A singleton scores 0; so does a point with a_i = b_i = 0. The value is the mean over all points that are not left
 * out. Not applicable: fewer than 2 clusters or, where every point is a cluster of its own, n clusters.
 *
 * Rousseeuw (1987), doi:10.1016/0377-0427(87)90125-7.
 */
#ifndef RB_EVAL_SILHOUETTE_H
#define RB_EVAL_SILHOUETTE_H

#include "eval/clustering.h"

typedef enum { RB_SILHOUETTE_EUCLIDEAN, RB_SILHOUETTE_COSINE } rb_silhouette_distance;

/**
 * Silhouettes of n_labellings clusterings of the same points. Collective over ctx.
 *
 * euclidean: |x|^2 + |y|^2 - 2 x.y from products of tiles, recomputed as the sum of (x - y)^2 where it is small against
 * |x|^2 + |y|^2, so that duplicates have distance 0. cosine: 1 - x.y of rows scaled to length 1 (a zero row has
 * distance 1 to all others); the mean distance to a cluster is 1 - x.S_C / n_C, so no pairs are needed, but for
 * `singletons`; a mean below 1e-14 counts as 0.
 *
 * @param[out] values     [n_labellings], the same on every rank
 * @param[out] per_point  NULL, or [n_labellings] pointers (each NULL or [n], NAN where left out; NULL on some ranks
 *                        alone is well). Without the factor of `scaled`
 * @param[in]  labellings [n_labellings], noise treatments may differ
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT (labels out of range), the same on every rank
 *
 * Bits: the same for any ranks and threads, and a labelling's value does not depend on the others.
 * Cost: euclidean O(n^2 (d + n_labellings) / (P T)), sparse n nnz in place of n^2 d; cosine O(n d sum k / (P T)).
 * Memory a thread: 256 bytes for every cluster of every labelling.
 */
rb_status rb_silhouette_many(rb_metric_value *values, double *const *per_point, const rb_points *points,
                             const rb_labelling *labellings, int n_labellings, rb_silhouette_distance distance,
                             const rb_ctx *ctx, rb_error *err);

/**
 * The rows of a sample, ascending: `size` of n without replacement, every such set equally likely; all where size >= n.
 *
 * A function of n and size alone, so that all labellings, runs and seeds are measured on the same points. Local. O(n).
 * Knuth's algorithm S: Fan, Muller and Rezucha (1962), doi:10.1080/01621459.1962.10480667; row i is entity i
 * of Philox stream "silhouette sample", key 0.
 *
 * @param[out] row  [min(size, n)]
 */
void rb_silhouette_draw(int64_t *row, int64_t n, int64_t size);

/**
 * `sample-N`: rb_silhouette_many of `size` points as a data set of their own (sample_size of scikit-learn); the exact
 * value where size >= n. Noise, singletons and coverage are those within the sample. Collective over ctx.
 *
 * @param[out] n_noise  [n_labellings] noise points of the sample, before their treatment
 * Returns, bits and cost as rb_silhouette_many of so many points, and a copy of them.
 */
rb_status rb_silhouette_sampled(rb_metric_value *values, int64_t *n_noise, const rb_points *points,
                                const rb_labelling *labellings, int n_labellings, rb_silhouette_distance distance,
                                int64_t size, const rb_ctx *ctx, rb_error *err);

/** Flops of rb_silhouette_many, for the preflight, from shapes; k_total is the sum of cluster counts. Local. */
double rb_silhouette_flops(int64_t n, int64_t d, int64_t nnz, int64_t k_total, int n_labellings,
                           rb_silhouette_distance distance);

#endif
