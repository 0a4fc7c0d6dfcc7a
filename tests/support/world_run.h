/*
 * Whole runs of an experiment in a scratch folder, and the values that their results.h5 holds.
 */
#ifndef RB_SUPPORT_WORLD_RUN_H
#define RB_SUPPORT_WORLD_RUN_H

#include "data/hdf.h"
#include "harness/run.h"

/** Make and remove a folder under /tmp that all ranks of rb_test_ctx know. Collective; for groups of tests. */
int rb_test_runs_begin(void **unused);
int rb_test_runs_end(void **unused);
/** That folder. */
const char *rb_test_runs_folder(void);

/** Path of a file in the scratch folder. Local. */
const char *rb_test_scratch(char out[256], const char *name);

/* How an experiment is run; zeroed is well. */
typedef struct {
    const rb_algorithm *const *algorithms; /* NULL: both registries */
    int group_size;
    bool no_share;
    bool alone;    /* by rank 0 alone, without MPI; the other ranks wait */
    rb_ctx *world; /* NULL: rb_test_ctx; else another one of all its ranks */
} rb_test_shape;

/**
 * Run `yaml` with its results below the scratch folder's `root`; going on where an earlier run of this root stood.
 * Fails the test where the run does. Collective over rb_test_ctx.
 */
rb_run_outcome rb_test_run(const char *root, const char *yaml, rb_test_shape shape);

/** As above; returns the status instead, and the error. */
rb_status rb_test_try_run(rb_run_outcome *outcome, const char *root, const char *yaml, rb_test_shape shape,
                          rb_error *err);

/** A value of /metrics; NAN where there is none. `metric` is the definition, "rmse:global". Local. */
double rb_test_metric(const char *folder, int trial, const char *part, const char *metric);

/** Row `row` of a column of a table, as a number. Local. */
double rb_test_cell(const char *folder, const char *table, const char *column, int64_t row);

/** Row `row` of a column of texts into out. Local. */
void rb_test_text(char out[256], const char *folder, const char *table, const char *column, int64_t row);

/** Element `at` of the data set `name` ("models/1/item") as a number. Local. */
double rb_test_element(const char *folder, const char *name, rb_hdf_type type, int64_t at);

#endif
