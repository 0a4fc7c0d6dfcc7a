/*
 * Bandit policies: which arm to play next, and what a reward teaches.
 *
 * A policy's table is an rb_algorithm of which only name, summary, reference, sizes and parameters are set; the
 * functions that make it a policy stand beside it. A state belongs to one replay; nothing is collective, nothing is
 * shared, and every random number is a Philox counter of the event.
 */
#ifndef RB_EVAL_BANDIT_H
#define RB_EVAL_BANDIT_H

#include "data/algorithm.h"

typedef struct rb_policy {
    rb_algorithm about; /* first, so that its address is that of the policy */
    bool reads_context;

    /** State for arms 0 .. n_arms - 1 and contexts of d numbers. @return RB_OK, RB_NO_MEMORY; end whatever it returns
     */
    rb_status (*begin)(void *state, int32_t n_arms, int64_t d, const void *config, rb_error *err);
    /**
     * The arm for one event; ties go to the lowest arm. epsilon_greedy (where it is greedy) and ucb1 play each arm once
     * before they compare any.
     *
     * @param[in] context  [d]; NULL where the policy reads none
     * @param[in] rng      of the event: all draws of it may be used
     */
    int32_t (*choose)(const void *state, const double *context, const rb_rng *rng, const void *config);
    /** Learn from the reward, in [0, 1], of an arm that was played. */
    void (*update)(void *state, int32_t arm, const double *context, double reward, const void *config);
    void (*end)(void *state);
} rb_policy;

/** All policies, as their tables, and behind them `ab_test` (eval/sequential.h), ended by NULL. */
extern const rb_algorithm *const rb_policy_registry[];

/** The policy of a table; NULL for `ab_test`. */
const rb_policy *rb_policy_of(const rb_algorithm *about);

/** A number of Beta(a, b), a and b > 0: G(a) / (G(a) + G(b)). *draw: the next draw of rng, moved on. */
double rb_beta_draw(double a, double b, const rb_rng *rng, uint32_t *draw);

extern const rb_policy rb_policy_epsilon_greedy, rb_policy_ucb1, rb_policy_thompson, rb_policy_linucb;

#endif
