/*
 * The job kind `replay`: bandit policies and A/B tests on a log, each a durable unit of its own.
 *
 * A job is a configuration of a policy with one repeat. Jobs are dealt to ranks and threads by their number; each is
 * sequential, so that its bits are the same anywhere. units/<key>.replay.h5 holds its result; the key is of the policy
 * with its parameters, the repeat, the log, the data, and the models that are arms.
 */
#ifndef RB_HARNESS_REPLAY_H
#define RB_HARNESS_REPLAY_H

#include "eval/replay.h"
#include "harness/state.h"

/* ---- harness/replay.c ---- */

/** Expand the jobs, check their arms against the data, make the keys; after rb_run_keys. Local. */
rb_status rb_run_replay_keys(rb_run_state *run, rb_error *err);
/** Which jobs the folder holds; before rb_run_scan. Collective over the world. */
rb_status rb_run_scan_replays(rb_run_state *run, rb_error *err);
/** Jobs that are not done. Local. */
int64_t rb_run_replays_left(const rb_run_state *run);
/** Whether jobs that are not done read the model of a configuration. Local. */
bool rb_run_is_arm(const rb_run_state *run, int32_t configuration);
/** Mark finished trials that are arms of jobs yet to be done, and whose models were dropped. Local. */
void rb_run_mark_arms(rb_run_state *run);
/** The work whose model is an arm; -1: the arm is a title. Local. */
int64_t rb_run_arm_work(const rb_run_state *run, int32_t arm);
/** Run the jobs that are not done. Where an arm has no model, a node no room, or the log cannot be
 *  replayed, none is run and that is said.
 *  Collective over the world. */
rb_status rb_run_replays(rb_run_state *run, bool *stopped, rb_error *err);

/* ---- harness/footprint.c ---- */

/** What a model takes on a rank that reads it back, with the models that it refers to: at most what its fit took,
 *  scratch with it. Local. */
double rb_run_model_bytes(const rb_run_state *run, int64_t work);
/** What the jobs that are not done hold on a rank beside rb_run_footprint; 0 where there are none. Local. */
double rb_run_replay_bytes(const rb_run_state *run);

/* ---- harness/preflight.c ---- */

/** The sentence for replays that need more memory than is allowed; empty where they fit. Collective over the world. */
void rb_run_replays_over_budget(char out[512], const rb_run_state *run);

/* ---- harness/replay_arms.c: what the jobs read ---- */

typedef struct rb_replay_input {
    rb_replay_log log;
    rb_replay_arms arms;
    rb_replay_context context;
    int32_t *candidate; /* [log.n_items] items, ascending */
    int32_t *shown;     /* of arms */
    int32_t *user, *item;
    uint8_t *clicked;
    float *click;
    double *x;
} rb_replay_input;

/** The log, the arms and, where a job reads it, the context. Collective over the world. @return also RB_BAD_INPUT */
rb_status rb_replay_input_init(rb_replay_input *in, rb_run_state *run, rb_error *err);
void rb_replay_input_fini(rb_replay_input *in);

/* ---- harness/replay_context.c ---- */

/** Whether a policy of the file reads the users' features. Local. */
bool rb_replay_reads_context(const rb_run_state *run);
/**
 * One, then the point of the user in the space `users`: of what training holds where the log is of interactions. Called
 * by rb_replay_input_init. Collective over the world. @return also RB_BAD_INPUT: no feature differs between users
 */
rb_status rb_replay_context_make(rb_replay_input *in, const rb_run_state *run, const rb_fold *fold, rb_error *err);

/* ---- harness/replay_unit.c ---- */

rb_status rb_replay_unit_write(const rb_replay_result *r, const char *folder, const char *key, rb_error *err);
/** RB_IO: damaged. out zeroed before; rb_replay_result_fini whatever is returned. */
rb_status rb_replay_unit_read(rb_replay_result *out, const char *folder, const char *key, rb_error *err);
/** Over everything that a result holds. */
rb_status rb_replay_digest(rb_digest *out, const rb_replay_result *r, rb_error *err);

#endif
