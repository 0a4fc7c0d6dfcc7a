/*
 * Next items of sessions: the items of a held-out session are revealed one at a time, and the next one is predicted.
 *
 *     hit_rate:session@K = share of the positions whose next item is among the K best
 *     mrr:session@K = mean over the positions of 1 / its rank, 0 behind K
 *
 * A session of n events has n - 1 positions. Items that the model does not list are behind no rank: they are missed.
 * Items of the session so far are no candidates, and a position whose next item is one of them is left out and
 * counted; with `repeats` they are candidates like the others (as in session-rec). Protocol: Ludewig and Jannach
 * (2018), doi:10.1007/s11257-018-9209-6.
 */
#ifndef RB_EVAL_SESSION_H
#define RB_EVAL_SESSION_H

#include "eval/ranking.h"

/* A fitted model. One that ranks by `fold_in` alone, and predicts no ratings, sees a session as a new user. */
typedef struct {
    const rb_algorithm *algorithm;
    const void *state, *config;
} rb_session_model;

typedef struct {
    int32_t n_users, n_items;
    bool repeats; /* evaluation.repeats */
    rb_ties ties; /* equal scores: by a hash of (seed, user, item), as in eval/ranking.h */
    uint64_t tie_seed;
} rb_session_rules;

typedef struct {
    rb_metric_value mean;        /* over positions; NOT_APPLICABLE where there is none */
    rb_metric_value best, worst; /* over tie orders; UNAVAILABLE unless ties are bounds */
} rb_session_value;

typedef struct {
    int64_t n_positions; /* judged */
    int64_t n_repeated;  /* left out: the next item is of the session so far */
    int32_t n_users;     /* users with a position */
    int32_t *user;       /* [n_users] ascending; owned */
    int32_t n_metrics;
    rb_session_value *value; /* [n_metrics], in the order asked for; owned */
    const double *per_user;  /* [n_users x n_metrics] mean over a user's positions; node-shared */
    double score_s;          /* seconds in the model: of this rank, the mean of its threads */
    rb_shared memory;
} rb_session_result;

/** Whether a model can be judged on sessions. Local. */
bool rb_session_applies(const rb_algorithm *algorithm);

/**
 * All session metrics of a model in one pass.
 *
 * Collective over ctx. Bits: the same for any number of ranks and threads.
 *
 * @param[in] sessions  held out, pruned (data/session_parts.h)
 * @param[in] metrics   [n_metrics] of the family session
 * @return RB_OK, RB_NO_MEMORY, RB_NOT_FINITE naming the user and item of the first flaw
 *
 * Cost: one call of `next` a position, and what it lists; memory 8 n_users n_metrics a node, 12 n_items a thread and
 * what `next_scratch` says.
 */
rb_status rb_judge_sessions(rb_session_result *out, const rb_session_model *model, const rb_session_rules *rules,
                            const rb_sessions *sessions, const rb_metric *metrics, int32_t n_metrics, const rb_ctx *ctx,
                            rb_error *err);
/** Collective over the ctx that made it. Zeroed is allowed. */
void rb_session_result_fini(rb_session_result *result);

/** Room for the answers of a model to a thread's calls. Local. @return RB_OK, RB_NO_MEMORY (release it all the same) */
rb_status rb_next_alloc(rb_next *next, float **ones, const rb_session_model *model, int32_t n_items, int64_t n_longest,
                        rb_error *err);
void rb_next_free(rb_next *next, float *ones);

/**
 * Ask for what follows items[0 .. n); rb_next_clear before it is asked again. Local.
 *
 * @param[in] ones  [n] of rb_next_alloc
 * @return RB_OK, or what `fold_in` returned
 */
rb_status rb_next_ask(rb_next *next, const rb_session_model *model, const float *ones, const int32_t *items, int64_t n,
                      int32_t n_items, rb_error *err);
void rb_next_clear(rb_next *next);

#endif
