/*
 * A trial while it runs in a group of ranks; what harness/trial.c and its parts hand on to each other.
 */
#ifndef RB_HARNESS_JOB_H
#define RB_HARNESS_JOB_H

#include "harness/snapshot.h"
#include "harness/stored_model.h"

typedef struct rb_job {
    rb_run_state *run;
    const rb_fold *fold;
    const rb_trial *trial;
    const rb_configuration *c;
    const rb_algorithm *algorithm;
    int64_t index; /* in run->work */
    rb_work *work;
    rb_ctx ctx; /* the group's, with the trial's seed */
    rb_train_view view;
    rb_model_view *models;    /* [n_models] */
    rb_stored_model *child;   /* [n_models] */
    rb_fit_record clustering; /* whose labels the view holds */
    void *state;
    rb_fit_record fit;
    int64_t history_capacity;
    int64_t n_iterations; /* of a refit whose trial was watched: as many as gave its model; INT64_MAX */
    bool is_again;        /* a fit that is done: fitted once more for what was not kept */
} rb_job;

/* What a fit that iterates knows of its way, beside its state and its record. */
typedef struct rb_course {
    bool watched;     /* by early stopping; then: */
    double best;      /* value of the iteration that is kept */
    double gained;    /* the last value that was a gain of more than min_delta */
    int64_t since;    /* evaluations since then */
    rb_snapshot kept; /* the state at the best iteration, where it is not the present one */
    double begin_s;   /* clock at which it would have begun, had it not been interrupted */
    double saved_s;   /* clock at the last checkpoint */
    bool hurried;     /* a checkpoint was written because the program was asked to stop */
} rb_course;

/* ---- harness/job_children.c ---- */

/** Read the models of the trials it refers to; complete the view with them. Collective over job->ctx. */
rb_status rb_job_load_children(rb_job *j, rb_error *err);
void rb_job_release_children(rb_job *j);

/* ---- harness/job_fit.c ---- */

/**
 * Fit into the zeroed state; fill the record but for key and outcome. Collective over job->ctx.
 *
 * @return RB_OK, RB_TIMEOUT, or what the algorithm returns
 */
rb_status rb_job_fit(rb_job *j, rb_error *err);

/** One more iteration in the record. Local. */
rb_status rb_job_note_iteration(rb_job *j, double objective, double validation, double wall_s, rb_error *err);

/* ---- harness/checkpoint.c ---- */

/**
 * Write the state between two iterations, with the way so far, in place of the last checkpoint of this fit: the file is
 * whole and on disk, or the last one stands. Collective over job->ctx.
 *
 * What fails is said once and ends the periodic checkpoints of this fit, not the fit; at a limit of time or a stop it
 * is tried once more.
 */
void rb_checkpoint_write(rb_job *j, rb_course *course);

/**
 * Go on from the checkpoint of this fit, where there is one that can be read; after `begin`. Collective over job->ctx.
 *
 * @param[out] lost  a damaged one was found, and said: the state is of no use and must begin anew
 * @return RB_OK, RB_NO_MEMORY (agreed)
 */
rb_status rb_checkpoint_read(bool *lost, rb_job *j, rb_course *course, rb_error *err);

/** Remove it. Local; by rank 0. */
void rb_checkpoint_remove(const rb_job *j);

#endif
