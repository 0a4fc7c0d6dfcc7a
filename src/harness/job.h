/*
 * A trial while it runs in a group of ranks; what harness/trial.c and its parts hand on to each other.
 */
#ifndef RB_HARNESS_JOB_H
#define RB_HARNESS_JOB_H

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

#endif
