/*
 * Damped means of the rows (users or items) of a rating matrix.
 */
#ifndef RB_RECOMMEND_CORE_SUMS_H
#define RB_RECOMMEND_CORE_SUMS_H

#include "data/algorithm.h"
#include "recommend/core/side.h"

typedef struct {
    double damping; /* ratings; >= 0: weight of the mean of all */
} rb_means_config;

/* The table of such a model: damping. */
extern const rb_param rb_means_params[];

/* The state of such a model. */
typedef struct {
    double mean; /* of all ratings; 0 where there are none */
    double *row; /* [n] in memory */
    int32_t n;
    rb_shared memory;
} rb_means;

/**
 * (sum of the row's ratings + damping mean) / (count + damping); the mean of all where that is 0 / 0.
 *
 * Collective over ctx. Each rank computes the rows of its own blocks.
 *
 * @param[out] m        zeroed before; the same on every rank, node-shared, owned by the caller (rb_means_fini)
 * @param[in]  damping  ratings; >= 0
 * @return RB_OK, RB_NO_MEMORY (the same on every rank; m can be released)
 *
 * Bits: the same for any ranks and threads: a row is one sum in ascending order. Time O(nnz / (P T)).
 */
rb_status rb_means_fit(rb_means *m, const rb_ratings *train, rb_side side, double damping, const rb_ctx *ctx,
                       rb_error *err);

/**
 * The rows of users who were revealed; the mean of all and all other rows stay.
 *
 * Collective over the ctx that fitted m. Bits and time as above.
 */
rb_status rb_means_reveal(rb_means *m, const rb_ratings *revealed, double damping, const rb_ctx *ctx, rb_error *err);

/** Names the arrays of the state, an rb_means: mean, row. */
void rb_means_arrays(void *state, rb_visitor *v);

/** Release the state, an rb_means. Collective over the ctx that fitted it. Zeroed is allowed. */
void rb_means_fini(void *state);

/** Visit a node-shared vector of doubles. */
void rb_visit_doubles(rb_visitor *v, const char *name, double **data, int32_t *n, rb_shared *memory);

#endif
