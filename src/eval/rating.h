/*
 * Errors of predicted ratings: RMSE and MAE over all test ratings together, or per user and then the mean.
 */
#ifndef RB_EVAL_RATING_H
#define RB_EVAL_RATING_H

#include "data/interactions.h"
#include "eval/metric.h"

/* What predicts; `predict` is as in rb_algorithm: local, const, called from parallel regions. */
typedef struct {
    void (*predict)(double *out, const void *state, const rb_pairs *pairs);
    const void *state;
} rb_predictor;

typedef struct {
    rb_metric_value value; /* NOT_APPLICABLE where there is no rating to compare with */
    int64_t n_ratings;     /* that entered the value */
    int64_t n_users;       /* with at least one of them */
} rb_rating_value;

typedef struct {
    int64_t n_test;   /* test ratings */
    int64_t n_unseen; /* of them: user or item without training rating, predicted by the model's fallback */
    int64_t n_unseen_users, n_unseen_items; /* of them, by reason; both may hold */
    int32_t n_users;                        /* users with test ratings */
    int32_t *user;                          /* [n_users] ascending; owned */
    int32_t n_metrics;
    rb_rating_value *value; /* [n_metrics], in the order asked for; owned */
    const double *per_user; /* [n_users x n_metrics] a user's own rmse or mae, NAN where it has no rating that
                               counts; node-shared */
    double score_s;         /* seconds in the predictor: of this rank, the mean of its threads */
    rb_shared memory;
} rb_rating;

/**
 * Evaluate predictions of every test rating.
 *
 *     rmse = sqrt(sum (p - r)^2 / n),  mae = sum |p - r| / n
 *
 * Collective over ctx. Bits: the same for any number of ranks and threads.
 *
 * @param[in] train    says who and what was seen
 * @param[in] test     its rating scale [min_rating, max_rating] is what predictions are clipped to
 * @param[in] clip     evaluation.clip
 * @param[in] metrics  [n_metrics] of the family rating; any other is NOT_APPLICABLE
 * @return RB_OK, RB_NO_MEMORY, RB_NOT_FINITE naming user and item
 *
 * `:global` metrics keep per-user values for tests between trials; their own value pools all ratings.
 * Cost: one prediction a test rating; memory 8 n_users n_metrics a node.
 */
rb_status rb_rate(rb_rating *out, const rb_predictor *predictor, const rb_ratings *train, const rb_ratings *test,
                  bool clip, const rb_metric *metrics, int32_t n_metrics, const rb_ctx *ctx, rb_error *err);
/** Collective over the ctx that made it. */
void rb_rating_fini(rb_rating *rating);

#endif
