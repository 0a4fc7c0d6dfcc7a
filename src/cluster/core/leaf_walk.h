/*
 * Some points of one leaf look into the leaves around, the nearest first, each no farther than its own limit.
 *
 * Every leaf has a ball around its mean. A point looks into those whose balls come within its limit (all of them where
 * the walk is not `by_balls`), by one product of the points that look with the rows of the leaf. Sparse points have
 * their products with all rows at once.
 */
#ifndef RB_CLUSTER_CORE_LEAF_WALK_H
#define RB_CLUSTER_CORE_LEAF_WALK_H

#include "cluster/core/leaves.h"

/* Balls of the leaves, in the scaled rows; dense. */
typedef struct rb_leaf_balls {
    float *centre; /* [n_leaves x d] */
    float *half;   /* [n_leaves] half the squared length of the centre */
    float *radius; /* [n_leaves] rounded up */
} rb_leaf_balls;

/* A leaf on the way. */
typedef struct rb_leaf_place {
    float gap;
    int32_t at;
} rb_leaf_place;

typedef struct rb_leaf_walk rb_leaf_walk;

/** Takes the products of a query with the rows at positions [begin, begin + n). May lower w->limit. */
typedef void (*rb_leaf_take)(void *self, rb_leaf_walk *w, int64_t query, int64_t begin, int64_t n,
                             const float *product);
/** Whether a query looks into a leaf within its limit; may lower w->limit. NULL: always. */
typedef bool (*rb_leaf_wants)(void *self, rb_leaf_walk *w, int64_t query, int64_t leaf);

/* One thread's. The caller sets n, position and limit. */
struct rb_leaf_walk {
    const rb_leaves *leaves;
    const rb_leaf_balls *balls; /* NULL: looks everywhere */
    rb_leaf_take take;
    rb_leaf_wants wants;
    void *self;
    int64_t n;                        /* queries, of one leaf */
    int64_t leaf;                     /* theirs */
    int64_t position[RB_LEAVES_MOST]; /* of a query */
    float limit[RB_LEAVES_MOST];      /* h above it is of no interest; below 0: done */
    float *rows, *some;               /* [RB_LEAVES_MOST x d] of the queries; of those that look into a leaf */
    float *centres;                   /* [n_leaves x d] of leaves within reach of the own one */
    float *gap;                       /* [n_leaves x RB_LEAVES_MOST] least h of a query and such a leaf */
    float *nearest;                   /* [n_leaves] least of all queries */
    int32_t *order;                   /* [n_leaves] the leaves */
    rb_leaf_place *places;            /* [n_leaves] by distance */
    float *tile;                      /* [RB_LEAVES_MOST x RB_LEAVES_MOST]; sparse: [n] */
};

/** Local. */
rb_status rb_leaf_balls_init(rb_leaf_balls *b, const rb_leaves *l, const rb_ctx *ctx, rb_error *err);
void rb_leaf_balls_fini(rb_leaf_balls *b);

/** Local; balls NULL: looks everywhere. */
rb_status rb_leaf_walk_init(rb_leaf_walk *w, const rb_leaves *l, const rb_leaf_balls *balls, rb_error *err);
void rb_leaf_walk_fini(rb_leaf_walk *w);

/** Bytes of the balls and of the walks of all threads. */
double rb_leaf_walk_bytes(double n, double d, bool is_sparse, int n_threads);

/** h as a limit, with its margin for a query at a position, rounded up. */
float rb_leaf_limit(const rb_leaves *l, int64_t position, double half);

/** Local; hands the products to `take`. Cost: 2 d flops a pair that is looked at, and a pair of query and leaf. */
void rb_leaf_walk_run(rb_leaf_walk *w);

/** First leaf of each rank, [n_ranks + 1], about equal shares of the weights [n_leaves] (NULL: of the points). */
void rb_leaf_cut(int64_t *first, const rb_leaves *l, const int64_t *weight, int n_ranks);

#endif
