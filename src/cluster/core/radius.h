/*
 * All pairs of points within a distance, each once: the neighbours of DBSCAN.
 *
 * Dense points lie in the leaves of a balanced k-d tree; boxes that are too far apart are left out, and a pair of
 * leaves is one product in single precision (linalg/gemm.h). Sparse points have their products with the later rows
 * from the transpose. Either is a filter: what lies within its error bound is decided by core/metric.h, so the pairs
 * are those of the definition.
 *
 * Pairs of leaves are cut over ranks and threads. Pairs of a leaf are kept for the next pass while there is room
 * (about RB_RADIUS_KEPT a point), and found again where not.
 */
#ifndef RB_CLUSTER_CORE_RADIUS_H
#define RB_CLUSTER_CORE_RADIUS_H

#include "cluster/core/metric.h"

#define RB_RADIUS_KEPT 16     /* pairs a point that are kept */
#define RB_RADIUS_LEAF 128    /* most points of a leaf */
#define RB_RADIUS_CELLS 8     /* cells of a leaf, each with a box of its own */
#define RB_RADIUS_BUFFER 8192 /* pairs of a thread that are on their way */

typedef struct {
    int32_t a, b;
} rb_radius_pair;

typedef struct {
    const rb_metric_points *points;
    double limit;         /* of rb_metric_distance */
    double limit_half;    /* the same for half the squared distance of the scaled rows */
    double unit, tiny;    /* error of half a squared distance: unit times both squared lengths, and underflow */
    int64_t n_leaves;     /* dense: a power of two */
    int64_t *begin;       /* [n_leaves + 1] positions of the leaves */
    int32_t *order;       /* [n] the point at a position */
    float *half;          /* [n] half the squared length of the scaled row at a position */
    float *leaf_half;     /* [n_leaves] the largest of a leaf */
    double most_half;     /* the largest of all */
    double *shift;        /* dense: [d] scaled row = (row - shift) scale */
    double scale;         /* a power of two */
    rb_shared rows;       /* dense: float [n x d] by position */
    float *box;           /* dense: [2 n_leaves cells x 2 d] low and high corners of nodes; the root is 1, the children
                             of v are 2 v and 2 v + 1 */
    rb_csr by_column;     /* sparse: the transpose */
    float *column_value;  /* sparse: its scaled values */
    rb_radius_pair *kept; /* [n_room] */
    int64_t n_room, n_kept; /* n_kept: claimed */
    int64_t *kept_at;       /* [n_leaves] */
    int64_t *kept_count;    /* [n_leaves] -1: not kept */
    char *scratch;          /* [n_threads x scratch_bytes] */
    int64_t scratch_bytes;
} rb_radius;

/** Takes n pairs of points, from any thread; `thread` is its number. */
typedef void (*rb_radius_visit)(void *self, int thread, const rb_radius_pair *pairs, int64_t n);

/**
 * Collective over ctx. Borrows the points: they outlive it.
 *
 * @param[in] limit  of rb_metric_distance, above 0
 * @return RB_OK, RB_NO_MEMORY
 * Cost: O(n d log n) on every rank and its threads; 8 n d bytes a node while it runs, 4 n d after it.
 */
rb_status rb_radius_init(rb_radius *r, const rb_metric_points *points, double limit, const rb_ctx *ctx, rb_error *err);
void rb_radius_fini(rb_radius *r); /* collective over the same ctx */

/** Bytes that it takes for n points of d dimensions (nnz: of sparse ones), beside the shared rows. */
double rb_radius_bytes(double n, double d, double nnz, int n_ranks, int n_threads);

/**
 * Hands this rank's share of the pairs {a, b}, a != b, within the limit to visit, in no particular order. Over all
 * ranks every pair comes once. Local, with the ctx of init; allocates nothing.
 */
void rb_radius_each_pair(rb_radius *r, rb_radius_visit visit, void *self, const rb_ctx *ctx);

/* ---- radius_tree.c ---- */

/**
 * Orders points into the leaves, and their cells, of a balanced k-d tree: a node is halved at the median of its widest
 * dimension, points of equal coordinates by index. Fills order and the nodes' boxes. Local, with the threads of ctx.
 *
 * @param[in] rows  [n x d] by point
 */
void rb_radius_plant(rb_radius *r, const float *rows, const rb_ctx *ctx);

/** Number of leaves for n points. */
int64_t rb_radius_n_leaves(int64_t n);

/** Position where a cell begins; the cells of leaf l are RB_RADIUS_CELLS l and those that follow. */
int64_t rb_radius_cell_begin(const rb_radius *r, int64_t cell);

/** Squared distance of the boxes of two nodes. */
double rb_radius_gap2(const rb_radius *r, int64_t u, int64_t v);

#endif
