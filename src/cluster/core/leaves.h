/*
 * Points in leaves, with rows in single precision whose products filter distances.
 *
 * Leaves are those of a balanced k-d tree, with boxes; or groups around pivots, cut where they are too large: planes
 * cut through what belongs together in more than a few dimensions, the nearest of many pivots hardly does.
 *
 * Dense rows are shifted to the middle of the points and scaled by a power of two, and lie leaf by leaf, so that a pair
 * of leaves is one product (linalg/gemm.h). Sparse points keep their order, RB_LEAVES_SPARSE_ROWS to a leaf; their
 * products come from the transpose. Half a squared distance of the scaled rows,
 *
 *     h = half_p + half_q - x_p.x_q,
 *
 * is a filter: what lies within rb_leaves_margin of a decision is decided by core/metric.h. A cosine distance is h
 * itself, a squared euclidean one 2 h / scale^2.
 */
#ifndef RB_CLUSTER_CORE_LEAVES_H
#define RB_CLUSTER_CORE_LEAVES_H

#include "cluster/core/metric.h"

#define RB_LEAVES_MOST 128       /* most points of a leaf */
#define RB_LEAVES_CELLS 8        /* cells of a leaf, each with a box of its own */
#define RB_LEAVES_SPARSE_ROWS 32 /* rows of a leaf of sparse points */

typedef enum { RB_LEAVES_TREE, RB_LEAVES_GROUPS } rb_leaves_kind;

typedef struct rb_leaves {
    const rb_metric_points *points;
    double unit, tiny;   /* error of half a squared distance: unit times both squared lengths, and underflow */
    int64_t n_leaves;    /* dense: a power of two */
    int64_t *begin;      /* [n_leaves + 1] positions of the leaves */
    int32_t *order;      /* [n] the point at a position */
    float *half;         /* [n] half the squared length of the scaled row at a position */
    float *leaf_half;    /* [n_leaves] the largest of a leaf */
    double most_half;    /* the largest of all */
    double *shift;       /* dense: [2 d], first d: scaled row = (row - shift) scale */
    double scale;        /* a power of two */
    rb_shared rows;      /* dense: float [n x d] by position */
    float *box;          /* tree: [2 n_leaves cells x 2 d] low and high corners of nodes; the root is 1, the children of
                            v are 2 v and 2 v + 1 */
    rb_csr by_column;    /* sparse: the transpose */
    float *column_value; /* sparse: its scaled values */
} rb_leaves;

/**
 * Collective over ctx. Borrows the points: they outlive it.
 *
 * @param[in] kind  of dense points
 * @return RB_OK, RB_NO_MEMORY
 * Cost: O(n d log n) on every rank and its threads, for groups also 4 d n sqrt(n) flops of all; 8 n d bytes a node
 * while it runs, 4 n d after it.
 */
rb_status rb_leaves_init(rb_leaves *l, const rb_metric_points *points, rb_leaves_kind kind, const rb_ctx *ctx,
                         rb_error *err);
void rb_leaves_fini(rb_leaves *l); /* collective over the same ctx */

/** Bytes that it takes for n points of d dimensions (nnz: of sparse ones), beside the shared rows. */
double rb_leaves_bytes(double n, double d, double nnz);

/** Bound of the error of h between rows of these halves of squared lengths. */
static inline double rb_leaves_margin(const rb_leaves *l, double half_a, double half_b)
{
    return l->unit * 2 * (half_a + half_b) + l->tiny;
}

/** What h is compared with where rb_metric_distance is compared with `limit`. */
static inline double rb_leaves_half(const rb_leaves *l, double limit)
{
    return l->points->is_cosine ? limit : limit / 2 * l->scale * l->scale;
}

/** Sparse: products of scaled row i with the rows [from, n), into product[from ..). Local. */
void rb_leaves_products(float *product, const rb_leaves *l, int64_t i, int64_t from);

/** Position where a cell begins; the cells of leaf l are RB_LEAVES_CELLS l and those that follow. Dense. */
int64_t rb_leaves_cell_begin(const rb_leaves *l, int64_t cell);

/** Squared distance of the boxes of two nodes. Dense. */
double rb_leaves_gap2(const rb_leaves *l, int64_t u, int64_t v);

/* ---- leaves_tree.c ---- */

/**
 * Orders points into the leaves, and their cells, of a balanced k-d tree: a node is halved at the median of its widest
 * dimension, points of equal coordinates by index. Fills order and the nodes' boxes. Local, with the threads of ctx.
 *
 * @param[in] rows  [n x d] by point
 */
void rb_leaves_plant(rb_leaves *l, const float *rows, const rb_ctx *ctx);

/** Number of leaves of the tree of n points. */
int64_t rb_leaves_count(int64_t n);

/** Corners of the box of n points, [2 x d]. */
void rb_leaves_bound(float *box, const float *rows, const int32_t *order, int64_t n, int64_t d);

/** Dimension in which a box is widest. */
int64_t rb_leaves_widest(const float *box, int64_t d);

/** Brings the points that precede the others in a column, by index among equals, to the first `middle` places. */
void rb_leaves_halve(int32_t *order, int64_t n, int64_t middle, const float *column, int64_t d);

/* ---- leaves_groups.c ---- */

/**
 * Orders points into groups, each around the nearest of 2 sqrt(n) points drawn as pivots (the lowest among equals),
 * and a group into leaves by halving as above. Fills order, begin and n_leaves. Collective over ctx.
 */
rb_status rb_leaves_group(rb_leaves *l, const float *rows, const rb_ctx *ctx, rb_error *err);

/** Most leaves that groups of n points make. */
int64_t rb_leaves_most(int64_t n);

#endif
