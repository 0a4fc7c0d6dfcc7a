/*
 * All pairs of points within a distance, each once: the neighbours of DBSCAN, for one distance or for several.
 *
 * Points lie in leaves (core/leaves.h); boxes that are too far apart are left out, and a pair of leaves is one product
 * in single precision. Sparse points have their products with the later rows. Either is a filter: what lies within its
 * error bound is decided by core/metric.h, so the pairs are those of the definition.
 *
 * Pairs of leaves are cut over ranks and threads. Pairs of a leaf are kept for the next pass while there is room
 * (about RB_RADIUS_KEPT a point), and found again where not. Those kept are all of the largest limit, the nearer ones
 * first, so that a pass within a smaller one takes a part of them: one graph serves every eps of a sweep.
 */
#ifndef RB_CLUSTER_CORE_RADIUS_H
#define RB_CLUSTER_CORE_RADIUS_H

#include "cluster/core/leaves.h"

#define RB_RADIUS_KEPT 64      /* pairs a point that are kept */
#define RB_RADIUS_BUFFER 16384 /* pairs of a thread that are on their way */
#define RB_RADIUS_LEVELS 32    /* limits by which pairs are sorted */

typedef struct {
    int32_t a, b;
} rb_radius_pair;

typedef struct {
    rb_leaves leaves;
    int n_levels;
    double level[RB_RADIUS_LEVELS]; /* [n_levels] limits of rb_metric_distance, ascending */
    rb_radius_pair *kept;           /* [n_room] */
    int64_t n_room, n_kept;         /* n_kept: claimed */
    int64_t *kept_at;               /* [n_leaves] RB_RADIUS_NEW before the first pass, RB_RADIUS_LOST: not kept */
    int32_t *kept_count;            /* [n_leaves x n_levels] pairs within each limit */
    char *scratch;                  /* [n_threads x scratch_bytes] */
    int64_t scratch_bytes;
} rb_radius;

enum { RB_RADIUS_NEW = -1, RB_RADIUS_LOST = -2 };

/* Of a buffer: the pair, and its level behind all pairs. */
#define RB_RADIUS_PAIR_BYTES ((int64_t)sizeof(rb_radius_pair) + 1)

/** Takes n pairs of points, from any thread; `thread` is its number. */
typedef void (*rb_radius_visit)(void *self, int thread, const rb_radius_pair *pairs, int64_t n);

/**
 * Collective over ctx. Borrows the points: they outlive it.
 *
 * @param[in] limits    [n_limits] of rb_metric_distance, ascending, above 0: those of the passes to come
 * @param[in] n_limits  at least 1; of more than RB_RADIUS_LEVELS some do not sort the pairs, which costs time alone
 * @param[in] room      pairs that this rank keeps for the passes to come: rb_radius_room; 0 where one pass is all
 * @return RB_OK, RB_NO_MEMORY
 * Cost: O(n d log n) on every rank and its threads; 8 n d bytes a node while it runs, 4 n d after it.
 */
rb_status rb_radius_init(rb_radius *r, const rb_metric_points *points, const double *limits, int64_t n_limits,
                         int64_t room, const rb_ctx *ctx, rb_error *err);
void rb_radius_fini(rb_radius *r); /* collective over the same ctx */

/** Pairs that a rank keeps of n points. */
int64_t rb_radius_room(int64_t n, int n_ranks);
/** Bytes that it takes, with that room, for n points of d dimensions (nnz: of sparse ones), beside the shared rows. */
double rb_radius_bytes(double n, double d, double nnz, int n_ranks, int n_threads);

/**
 * Hands this rank's share of the pairs {a, b}, a != b, within the limit to visit, in no particular order. Over all
 * ranks every pair comes once. Local, with the ctx of init; allocates nothing.
 *
 * @param[in] limit  at most the largest of init
 */
void rb_radius_each_pair(rb_radius *r, double limit, rb_radius_visit visit, void *self, const rb_ctx *ctx);

#endif
