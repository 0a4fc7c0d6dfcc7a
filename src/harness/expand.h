/*
 * From an experiment to its trials: every configuration on every fold with every repeat.
 *
 * Configurations stand in the order of the file: entries as written; inside an entry the parameters as written, the
 * last one varying fastest; parameters of one `zip` move together at the place of the first. The same experiment
 * gives the same plan anywhere. Local, serial.
 */
#ifndef RB_HARNESS_EXPAND_H
#define RB_HARNESS_EXPAND_H

#include "harness/experiment.h"

/* An algorithm with all its parameters. */
typedef struct rb_configuration {
    const rb_entry *entry;
    int32_t index;          /* in rb_plan.configuration */
    void *config;           /* [algorithm->config_size] filled: defaults and this configuration's values */
    const char *text;       /* "factors=64 regularization=0.0123": what the entry gives, as written; "" where nothing */
    const char *canonical;  /* "factors=64 regularization=0.0123 nu=1 ...": every parameter in the order of its table,
                               references left empty: with the algorithm's id and the children's keys it is unique */
    const char *prepares;   /* those of them that shape what its algorithm prepares for several trials; else "" */
    const char *space;      /* canonical name of its built-in space; NULL: none, or made by a trial (space_child) */
    const char *space_name; /* of either kind: `space`, or the reference, "topics(topics=20)"; NULL: none */
    int32_t *children;      /* [n_children] configurations it refers to: its models by rb_model_ref.index, then the
                               clustering, then the trial that makes its space */
    int32_t n_children;
    int32_t n_models;     /* children that stand in view->models */
    int32_t labels_child; /* configuration that clusters the items; -1 */
    int32_t space_child;  /* configuration that makes its space; -1 */
    bool is_fast; /* the bits of its fit, or of one that it refers to, differ from run to run; its text then ends in
                     "[fast]", so that every table says so, and the digest of the run leaves it out */

    /* Of its lists alone, not of its fit. */
    const rb_rerank_config *rerank; /* NULL: as scored; rerank->space: NULL where it takes clusters */
    const char *rerank_text;        /* canonical, but for the clusters; NULL where nothing is re-ranked */
    int32_t aspects_child;          /* configuration whose clusters it takes; -1 */
} rb_configuration;

typedef struct rb_trial {
    int64_t number;                      /* from 1, as status and report show it */
    int32_t configuration, fold, repeat; /* from 0 */
} rb_trial;

typedef struct rb_plan {
    const rb_experiment *experiment; /* borrowed */
    rb_configuration *configuration; /* [n_configurations] in the order of the file */
    int32_t n_configurations;
    int32_t *order; /* [n_configurations] configurations, children before parents, else in the order of the file */
    int32_t n_folds, n_repeats;
    rb_trial *trial; /* [n_trials] by configuration, then fold, then repeat */
    int64_t n_trials;
    rb_arena arena;
} rb_plan;

/**
 * Expand an experiment that parsed without messages. Local.
 *
 * @param[out] out  zeroed by the caller; rb_plan_fini whatever is returned; borrows e
 * @return RB_OK, RB_NO_MEMORY
 *
 * Cost: O(trials x parameters).
 */
rb_status rb_expand(rb_plan *out, const rb_experiment *e, rb_error *err);
void rb_plan_fini(rb_plan *plan);

/** Whether a fit of c reads the model of its child number `child`; of a clustering it reads the labels alone. */
bool rb_configuration_reads_model(const rb_configuration *c, int32_t child);

/** Whether the points of c are the users: of the space `users`, or of what a trial makes of it. */
bool rb_configuration_is_of_users(const rb_plan *plan, const rb_configuration *c);

/** The trial of a configuration, fold and repeat. */
const rb_trial *rb_plan_trial(const rb_plan *plan, int32_t configuration, int32_t fold, int32_t repeat);

/** Seed of a trial: H(experiment seed, repeat), never its position. */
uint64_t rb_plan_seed(const rb_plan *plan, int32_t repeat);

#endif
