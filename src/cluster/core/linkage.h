/*
 * Hierarchical clustering: the matrix of distances, the ways to find the merges, and the tree they make.
 *
 * Distances of the matrix: core/linkage_distances.h, with d2 / 2 = 1 - cos for cosine. Ward, centroid and median keep
 * squares. Single linkage needs no matrix.
 *
 * A cluster is a slot of the matrix; slots ascend in the lowest points of their clusters. Of equal distances the
 * lowest slot counts, in the chain the cluster before.
 */
#ifndef RB_CLUSTER_CORE_LINKAGE_H
#define RB_CLUSTER_CORE_LINKAGE_H

#include "data/points.h"

typedef enum {
    RB_LINKAGE_SINGLE,
    RB_LINKAGE_COMPLETE,
    RB_LINKAGE_AVERAGE,
    RB_LINKAGE_WEIGHTED,
    RB_LINKAGE_WARD,
    RB_LINKAGE_CENTROID,
    RB_LINKAGE_MEDIAN,
} rb_linkage;

/* Rows [begin, end) of all distances, both halves: a row lies together, so that a search reads memory in order. REAL
 * is float or double. */
typedef struct rb_linkage_matrix {
    int64_t n, stride, begin, end;
    bool is_single;
    void *value; /* REAL [(end - begin) x stride], private to the rank; infinite on the diagonal */
} rb_linkage_matrix;

/* Two points of the clusters that merge, and how far these are apart. */
typedef struct rb_linkage_merge {
    int32_t a, b;
    double height;
} rb_linkage_merge;

/* ---- linkage_matrix.c ---- */

/* Numbers searched at once, and the multiple of which strides are. */
#define RB_LINKAGE_LANES 16

/** n numbers in whole lanes. */
int64_t rb_linkage_stride(int64_t n);

/** Whether a linkage works with squared euclidean distances. */
bool rb_linkage_squares(rb_linkage linkage);

/** First row of a rank: runs of about equal length. */
int64_t rb_linkage_first_row(int64_t n, int rank, int n_ranks);

/** Most bytes of a rank's rows of the matrix of n points. */
double rb_linkage_matrix_bytes(int64_t n, int n_ranks, bool is_single);

/**
 * The distances of all points, rows cut over ranks, strips of rows over threads. Collective over ctx.
 *
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: a value is not finite, or a distance too large for the precision
 *
 * Bits: an element depends on its two points alone. Cost: between 3 n^2 d / 2 flops on one rank and twice that on many.
 */
rb_status rb_linkage_matrix_init(rb_linkage_matrix *m, const rb_points *points, bool is_cosine, bool is_squared,
                                 bool is_single, const rb_ctx *ctx, rb_error *err);
void rb_linkage_matrix_fini(rb_linkage_matrix *m); /* local */

/* ---- linkage_chain.c, linkage_generic.c, linkage_single.c ---- */

/*
 * The n - 1 merges in the order in which they are found, the same on every rank. Collective over ctx; the matrix is
 * destroyed. Heights are distances, not squares. Each returns RB_OK or RB_NO_MEMORY. Bits: the same for any ranks and
 * threads.
 */

/** Rounds of reciprocal nearest neighbours (core/linkage_rounds.c), then the nearest-neighbour chain, for complete,
 *  average, weighted and Ward. Time O(n^2), of which the rounds' is divided by ranks and threads. */
rb_status rb_linkage_chain(rb_linkage_merge *merges, rb_linkage_matrix *m, rb_linkage linkage, const rb_ctx *ctx,
                           rb_error *err);
/** Muellner's generic algorithm, for centroid and median, whose heights may fall. Time O(n^2) for most data, O(n^3) at
 *  worst; searches and updates are divided by ranks. */
rb_status rb_linkage_generic(rb_linkage_merge *merges, rb_linkage_matrix *m, rb_linkage linkage, const rb_ctx *ctx,
                             rb_error *err);
/** Single linkage out of the spanning tree of core/spanning.h. Also RB_BAD_INPUT: a value is not finite, or too large
 *  for its square. */
rb_status rb_linkage_single(rb_linkage_merge *merges, const rb_points *points, bool is_cosine, const rb_ctx *ctx,
                            rb_error *err);

/** Bytes that it takes a rank, and a node, for n points of d dimensions (nnz: of sparse ones). */
double rb_linkage_single_bytes(double n, double d, double nnz, int n_threads);
double rb_linkage_single_node_bytes(double n, double d, double nnz);

/* ---- linkage_tree.c ---- */

/**
 * The merge tree as SciPy's linkage has it: a row (lower id, higher id, height, points) each merge, ids below n are
 * points, n + t is the cluster of row t.
 *
 * @param[out]    tree    [n - 1 x 4]
 * @param[in,out] merges  [n - 1]
 * @param[in]     sorts   rows by ascending height, in the order given among equals; false: in the order given
 */
rb_status rb_linkage_tree(double *tree, rb_linkage_merge *merges, int64_t n, bool sorts, rb_error *err);

/** Labels after the first n - k merges: exactly k clusters, numbered by their lowest points. Local. */
rb_status rb_linkage_cut_count(int32_t *labels, const double *tree, int64_t n, int64_t k, rb_error *err);
/** Labels where every merge below a cluster is at most at `height`. Local. */
rb_status rb_linkage_cut_height(int32_t *labels, const double *tree, int64_t n, double height, rb_error *err);

/* ---- linkage_cophenetic.c ---- */

/**
 * Correlation over all pairs of points of the height of the merge that joins them and their distance (Sokal, Rohlf
 * 1962, doi:10.2307/1217208). Collective over ctx.
 *
 * @param[out] correlation  NAN below three points, or where the heights or the distances are all equal
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: a value is not finite, or too large for its square
 *
 * Bits: sums over fixed blocks, the same for any ranks and threads. Cost: n^2 / 2 distances, none of which is kept.
 */
rb_status rb_linkage_cophenetic(double *correlation, const double *tree, const rb_points *points, bool is_cosine,
                                const rb_ctx *ctx, rb_error *err);

#endif
