/*
 * The fit that K-Modes and K-Prototypes share: restarts, iterations, the best kept.
 */
#ifndef RB_CLUSTER_CORE_PROTOTYPES_FIT_H
#define RB_CLUSTER_CORE_PROTOTYPES_FIT_H

#include "cluster/core/prototypes.h"

typedef enum { RB_PROTOTYPES_BATCH, RB_PROTOTYPES_ONE_BY_ONE } rb_prototypes_order;

/* What both take. */
typedef struct {
    const char *name;        /* of the algorithm, for messages */
    const char *numeric;     /* columns; NULL: the usual ones; "": none */
    const char *categorical; /* columns; NULL: the usual ones */
    bool standardize;
    double gamma; /* 0: by the usual rule */
    int64_t k, n_init, iterations;
    int init;   /* rb_prototypes_start */
    int update; /* rb_prototypes_order */
    rb_array centres;
} rb_prototypes_options;

/* What lives from begin to end. */
typedef struct {
    rb_item_table table;
    rb_prototypes_pass pass;
    int64_t *seed; /* [k] */
    double last_cost;
    int64_t restart, iteration;
    bool is_open;      /* this restart has iterated and is not finished */
    bool whole_labels; /* every rank has those of all items, which are taken one by one */
} rb_prototypes_run;

typedef struct {
    int64_t n, k;
    rb_item_schema schema;
    rb_shared label_memory;
    int32_t *label; /* [n] */
    double *number; /* [k x p] means, standardised where the schema says so */
    int32_t *mode;  /* [k x m] codes */
    int64_t *size;  /* [k] items of each cluster */
    int64_t *count; /* [k x categories] items of each cluster with each category */
    double cost, gamma;
    int64_t restart; /* that gave the best */
    bool has_result, converged;
    rb_prototypes_run *run; /* NULL outside begin ... end */
} rb_prototypes_state;

rb_status rb_prototypes_fit_check(const rb_prototypes_options *o, const rb_shape *shape, rb_error *err);
rb_cost rb_prototypes_fit_cost(const rb_prototypes_options *o, const rb_shape *shape);

/* As the slots of data/algorithm.h. */
rb_status rb_prototypes_begin(rb_prototypes_state *s, const rb_catalogue *items, const rb_prototypes_options *o,
                              rb_ctx *ctx, rb_error *err);
rb_status rb_prototypes_iterate(rb_prototypes_state *s, double *objective, bool *done, const rb_prototypes_options *o,
                                rb_ctx *ctx, rb_error *err);
rb_status rb_prototypes_end(rb_prototypes_state *s, rb_ctx *ctx, rb_error *err);
const int32_t *rb_prototypes_labels(const void *state, int64_t *n);
rb_status rb_prototypes_assign_items(int32_t *labels, const void *state, const rb_catalogue *items, const void *config,
                                     rb_ctx *ctx, rb_error *err);
/** As the slot: numbers, then for every category 0 or the square root of half of what a mismatch counts. */
rb_status rb_prototypes_place_items(rb_points *out, const void *state, const rb_catalogue *items, const void *config,
                                    rb_error *err);
bool rb_prototypes_converged(const void *state);
extern const char *const rb_prototypes_measures[];
void rb_prototypes_measure(double *values, const void *state, const void *config);
void rb_prototypes_arrays(void *state, rb_visitor *v);
/** As the slot `checkpoint`: the restart under way and the best before it. */
void rb_prototypes_checkpoint(void *state, rb_visitor *v);
void rb_prototypes_state_fini(void *state);

#endif
