/*
 * Hierarchical clustering: the matrix of distances, three ways to find the merges, and the tree they make.
 *
 * Distances in the matrix. Euclidean: by the definition of linalg/distance.h between dense points; of sparse points
 * |x|^2 + |y|^2 - 2 x.y, by the definition where that cancels. Cosine: half the squared euclidean distance of rows of
 * length 1, so that equal rows are at 0; 1 to a row of zeros. Ward, centroid and median keep squares.
 *
 * A cluster is a slot of the matrix: that of its lowest point. Of equal distances the lowest slot counts, in the
 * chain the cluster before.
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

/* All distances, both halves: a row lies together, so that a search reads memory in order. REAL is float or double. */
typedef struct rb_linkage_matrix {
    int64_t n, stride; /* stride: n in whole cache lines */
    bool is_single, is_squared;
    void *value; /* REAL [n x stride]; infinite on the diagonal */
    rb_shared memory;
} rb_linkage_matrix;

/* Two points of the clusters that merge, and how far these are apart. */
typedef struct rb_linkage_merge {
    int32_t a, b;
    double height;
} rb_linkage_merge;

/* ---- linkage_matrix.c ---- */

/** Whether a linkage works with squared euclidean distances. */
bool rb_linkage_squares(rb_linkage linkage);

/** Bytes of the matrix of n points. */
double rb_linkage_matrix_bytes(int64_t n, bool is_single);

/**
 * The distances of all points, one copy a node, built by all ranks and threads. Collective over ctx.
 *
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: a value is not finite, or a distance too large for the precision
 *
 * Bits: an element depends on its two points alone. Cost: 3 n^2 d flops.
 */
rb_status rb_linkage_matrix_init(rb_linkage_matrix *m, const rb_points *points, bool is_cosine, bool is_squared,
                                 bool is_single, const rb_ctx *ctx, rb_error *err);
void rb_linkage_matrix_fini(rb_linkage_matrix *m); /* collective over the same ctx */

/* ---- linkage_chain.c, linkage_generic.c, linkage_prim.c ---- */

/*
 * The n - 1 merges in the order in which they are found. Local, sequential; the matrix is destroyed (Prim: only read).
 * Heights are distances, not squares. Each returns RB_OK or RB_NO_MEMORY.
 */

/** Nearest-neighbour chain, for complete, average, weighted and Ward. Time O(n^2). */
rb_status rb_linkage_chain(rb_linkage_merge *merges, rb_linkage_matrix *m, rb_linkage linkage, rb_error *err);
/** Muellner's generic algorithm, for centroid and median, whose heights may fall. Time O(n^2) for most data, O(n^3) at
 *  worst. */
rb_status rb_linkage_generic(rb_linkage_merge *merges, rb_linkage_matrix *m, rb_linkage linkage, rb_error *err);
/** Prim's minimum spanning tree: single linkage. Time O(n^2). */
rb_status rb_linkage_prim(rb_linkage_merge *merges, const rb_linkage_matrix *m, rb_error *err);

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
 * Correlation over all pairs of points of the height of the merge that joins them and their distance in a matrix, whose
 * halves are equal and which is not squared (Sokal, Rohlf 1962, doi:10.2307/1217208). Collective over ctx.
 *
 * @param[out] correlation  NAN below three points, or where the heights or the distances are all equal
 * @return RB_OK, RB_NO_MEMORY
 *
 * Bits: sums over fixed blocks, the same for any ranks and threads. Cost: n^2 / 2 pairs, 16 n bytes a rank.
 */
rb_status rb_linkage_cophenetic(double *correlation, const double *tree, const rb_linkage_matrix *m, const rb_ctx *ctx,
                                rb_error *err);

#endif
