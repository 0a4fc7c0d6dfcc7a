/*
 * A run: from an experiment file to a folder with results.h5.
 *
 * The order of events: read and check the experiment; load (or generate) and filter the data; expand the
 * trials and refuse what memory does not allow; make or reopen the run folder; fit and evaluate what the
 * folder does not hold yet; evaluate what trials share; select on validation; refit what was selected, where
 * asked to; merge everything into results.h5. A kill at any instant loses at most the trials that were running
 * (harness/unit.h).
 */
#ifndef RB_HARNESS_RUN_H
#define RB_HARNESS_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "base/digest.h"
#include "data/algorithm.h"
#include "data/hdf.h"
#include "harness/environment.h"
#include "parallel/ctx.h"

#define RB_RESULTS_SCHEMA 1 /* of results.h5 (results/README.md) */

typedef struct rb_run_options {
    const char *file;        /* experiment file, or NULL where `resume` is given */
    const char *resume;      /* folder of a run whose kept experiment goes on, or NULL */
    const char *const *sets; /* "key=value" overrides */
    int n_sets;
    const uint64_t *seed;    /* override of the experiment's seed, or NULL */
    const char *output_root; /* NULL: the experiment's `output`, else "results" */
    const char *data_dir;    /* NULL: none */
    const char *cache_dir;   /* NULL: <output root>/.cache; "none": no cache */
    int group_size;          /* ranks a group; 0: chosen */
    bool dry_run;            /* print the trials with their cost, start nothing */
    bool no_share;           /* compute shared work for every trial again (same bits) */
    FILE *out;               /* what the user reads; NULL on ranks that are silent */
    FILE *errors;            /* messages about the input; NULL on ranks that are silent */
    const rb_environment *environment;
    const rb_algorithm *const *algorithms; /* ended by NULL; NULL: both registries */
} rb_run_options;

typedef struct rb_run_outcome {
    int64_t n_trials, n_kept, n_done; /* trials; kept: finished before this start */
    int64_t n_failed, n_left;         /* trials and refits */
    int64_t n_replays, n_replays_left;
    bool stopped; /* asked to stop before the end */
    double wall_s;
    char folder[4096];
    bool has_digest;  /* something finished that has one */
    rb_digest digest; /* of the results */
} rb_run_outcome;

/**
 * Run (or go on with) an experiment.
 *
 * Collective over world; every rank gives the same options but for out and errors.
 *
 * @return RB_OK also where trials failed (outcome->n_failed), replays had no arms or no room (outcome->n_replays_left)
 *         or something was left (outcome->stopped);
 *         RB_BAD_INPUT (all messages were printed to options->errors), RB_IO, RB_ENVIRONMENT, RB_NO_MEMORY
 */
rb_status rb_run(rb_run_outcome *outcome, const rb_run_options *options, rb_ctx *world, rb_error *err);

/**
 * The class in which a folder's results have the same bits: OpenBLAS core and instruction class of the run that made
 * it;
 * "" and "" where it has none yet. Local. @return RB_OK, RB_IO
 */
rb_status rb_run_folder_class(char core[64], char instructions[64], const char *folder, rb_error *err);

/** The command that goes on with a run: "mpirun -n 4 reelbench resume DIR". Local. */
void rb_run_resume_command(char out[4400], const char *folder, int n_ranks);

/** Whether a folder is one that a run made. Local. @return RB_OK, RB_BAD_INPUT */
rb_status rb_run_folder_check(const char *folder, rb_error *err);

/** The same, and that it holds results. Local. @return RB_OK, RB_BAD_INPUT (the message says what to do) */
rb_status rb_run_results_check(const char *folder, rb_error *err);

/** Open the results of a folder for reading, and check that they are ours. Local. @return RB_OK, RB_BAD_INPUT, RB_IO */
rb_status rb_run_results_open(rb_hdf *file, const char *folder, rb_error *err);

#endif
