/*
 * Replay of bandit policies on logged events, and A/B tests on known click probabilities.
 *
 * A log is a sequence of events (user, title shown, click), in which the titles were chosen uniformly from n_items
 * candidates, independently of all else. A policy sees the user and chooses an arm; the arm names the title that it
 * would show that user. Where that is the title that was shown, the event matches: its click counts, and the policy
 * learns from it; all other events are skipped. Under uniform logging the matched events have the law of the policy's
 * own, so that clicks / matched is an unbiased estimate of what it would earn online.
 *
 * Li, Chu, Langford and Wang 2011, doi:10.1145/1935826.1935878
 *
 * One replay is sequential; many run side by side. Local; the bits depend on seed and input alone.
 */
#ifndef RB_EVAL_REPLAY_H
#define RB_EVAL_REPLAY_H

#include "eval/bandit.h"
#include "eval/sequential.h"

typedef struct {
    int64_t n_events;
    int32_t n_users, n_items; /* n_items: candidates */
    const int32_t *user;      /* [n_events]; NULL: the log is simulated from `click` */
    const int32_t *item;      /* [n_events] candidate that was shown */
    const uint8_t *clicked;   /* [n_events] 0 or 1 */
    const float *click;       /* [n_users x n_items] true probability of a click; NULL: not known */
    uint64_t seed;            /* of a simulated log */
} rb_replay_log;

typedef struct {
    int32_t n;
    const int32_t *item; /* [n x n_users] candidate that arm a shows user u, at [a * n_users + u] */
    int32_t best;        /* rb_replay_best_arm; read where log->click is known */
} rb_replay_arms;

typedef struct {
    const double *x; /* [n_users x d] row-major; NULL: none */
    int64_t d;
} rb_replay_context;

typedef struct {
    /* replay of a policy */
    int64_t n_events, n_matched, n_clicked;
    double expected; /* sum of the true probabilities of what was shown at matches; NAN: not known */
    double regret;   /* the best arm's, likewise, less `expected`; the best arm: of the largest mean over users */
    int64_t *played; /* [n_arms] matches; owned */
    int32_t n_arms;
    /* A/B test */
    int64_t n_pairs, n_control, n_treatment; /* clicks */
    double p, low, high, difference;         /* difference: of the true means over users */
    bool rejected;
} rb_replay_result;

void rb_replay_result_fini(rb_replay_result *r);

/** Event number t of a log. */
void rb_replay_event(int32_t *user, int32_t *item, bool *clicked, const rb_replay_log *log, int64_t t);

/**
 * Replay a policy. Local.
 *
 * @param[out] out   zeroed before; rb_replay_result_fini whatever is returned
 * @param[in]  seed  of the policy's own random numbers
 * @return RB_OK (also where nothing matches: all is 0 then), RB_NO_MEMORY
 * Cost: one `choose` an event, one `update` a match.
 */
rb_status rb_replay_run(rb_replay_result *out, const rb_policy *policy, const void *config, const rb_replay_log *log,
                        const rb_replay_arms *arms, const rb_replay_context *context, uint64_t seed, rb_error *err);

/** An A/B test of two arms on users drawn uniformly; needs log->click. Stops when p <= alpha. Local. */
void rb_ab_run(rb_replay_result *out, const rb_ab_config *config, int32_t control, int32_t treatment,
               const rb_replay_log *log, const rb_replay_arms *arms, uint64_t seed);

/** Mean over users of the true probability of a click on what an arm shows; needs log->click. O(n_users) */
double rb_replay_arm_mean(const rb_replay_log *log, const rb_replay_arms *arms, int32_t arm);

/** The arm of the largest mean, the lowest of equals; needs log->click. O(n x n_users) */
int32_t rb_replay_best_arm(const rb_replay_log *log, const rb_replay_arms *arms);

/** Wilson's score interval of k of n, n > 0. */
void rb_wilson(double *low, double *high, int64_t k, int64_t n, double level);

/** p of Pearson's test that the candidates of a recorded log were shown equally often (by the normal approximation of
 *  Wilson and Hilferty 1931, doi:10.1073/pnas.17.12.684); 1 without events or with one candidate. */
rb_status rb_replay_uniformity(double *p, const rb_replay_log *log, rb_error *err);

#endif
