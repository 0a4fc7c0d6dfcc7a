/*
 * The fit of K-Means: restarts of Lloyd's algorithm with any bounds, the best kept. models/kmeans.c says what it does.
 */
#ifndef RB_CLUSTER_CORE_KMEANS_FIT_H
#define RB_CLUSTER_CORE_KMEANS_FIT_H

#include "cluster/core/kmeans_model.h"

enum { RB_KMEANS_INIT_PLUS_PLUS, RB_KMEANS_INIT_PARALLEL, RB_KMEANS_INIT_GIVEN };

typedef struct {
    const char *name; /* of the algorithm, for messages */
    int64_t k, n_init;
    int64_t local_trials; /* 0: rb_kmeans_local_trials */
    int64_t iterations;   /* of a restart */
    int64_t n_groups;     /* lower bounds of a point, as rb_kmeans_pass_init has them */
    int init;
    bool is_single, is_spherical;
    double tolerance; /* way of the centres, in mean variances, that ends a restart */
    rb_array centres; /* for init given */
} rb_kmeans_options;

/* What lives from begin to end. */
typedef struct {
    rb_kmeans_data data;
    rb_kmeans_centres centres;
    rb_kmeans_pass pass;
    rb_shared label_memory;
    int32_t *label;   /* [n] of this restart */
    int64_t *count;   /* [k] */
    int64_t *seed;    /* [k] */
    int64_t *offsets; /* [n_ranks + 1] rows of the ranks */
    double *drift;    /* [k] */
    double least_shift2;
    int64_t restart, iteration;
    bool is_open; /* this restart has iterated and is not finished */
} rb_kmeans_run;

typedef struct {
    int64_t n, k, d;
    rb_shared label_memory;
    int32_t *label;  /* [n] */
    double *centres; /* [k x d] */
    double inertia;
    int64_t restart;            /* that gave the best */
    bool has_result, converged; /* of the best */
    rb_kmeans_run *run;         /* NULL outside begin ... end */
} rb_kmeans_state;

/** Combinations that a table cannot refuse, also against the shape (NULL: not known). Local. */
rb_status rb_kmeans_fit_check(const rb_kmeans_options *o, const rb_shape *shape, rb_error *err);
/** Restarts and candidates of a step of k-means++ that options come to. */
int64_t rb_kmeans_restarts(const rb_kmeans_options *o);
int64_t rb_kmeans_candidates(const rb_kmeans_options *o);

/* As the slots of data/algorithm.h; collective over ctx. The points outlive the fit. */
rb_status rb_kmeans_fit_begin(rb_kmeans_state *s, const rb_points *points, const rb_kmeans_options *o, rb_ctx *ctx,
                              rb_error *err);
rb_status rb_kmeans_fit_iterate(rb_kmeans_state *s, double *objective, bool *done, const rb_kmeans_options *o,
                                rb_ctx *ctx, rb_error *err);
rb_status rb_kmeans_fit_end(rb_kmeans_state *s, rb_ctx *ctx, rb_error *err);
/** The three in one go, as a step of another algorithm. Collective over ctx. */
rb_status rb_kmeans_fit(rb_kmeans_state *s, const rb_points *points, const rb_kmeans_options *o, rb_ctx *ctx,
                        rb_error *err);
/** As the slot `checkpoint`: the restart under way and the best before it. */
void rb_kmeans_fit_checkpoint(rb_kmeans_state *s, rb_visitor *v);
void rb_kmeans_state_fini(rb_kmeans_state *s);

#endif
