/*
 * Data of every kind, just large enough for several blocks, and models fitted to them, for laws that hold for any
 * algorithm.
 */
#ifndef RB_SUPPORT_CONTRACT_H
#define RB_SUPPORT_CONTRACT_H

#include "base/digest.h"
#include "data/algorithm.h"

#define RB_CONTRACT_USERS 220
#define RB_CONTRACT_ITEMS 120
#define RB_CONTRACT_PAIRS (RB_CONTRACT_USERS * RB_CONTRACT_ITEMS)
#define RB_CONTRACT_POINTS 700
#define RB_CONTRACT_MODELS 3
#define RB_CONTRACT_MEASURES 8 /* no algorithm has more */

/* An algorithm with a small config and a state of its own. */
typedef struct {
    const rb_algorithm *algorithm;
    void *config, *state;
    bool unrevealed; /* fit without what is revealed */
} rb_contract_model;

/** A recommender or a clustering by its id; fails the test where there is none. */
const rb_algorithm *rb_contract_algorithm(const char *name);

#define RB_CONTRACT_REVEALED (RB_CONTRACT_USERS - 2)

/** The recommenders and the clusterings; each list ends in NULL. */
extern const rb_algorithm *const *const rb_contract_registries[2];

/** What an algorithm may need, with fitted models of RB_CONTRACT_MODELS others that rank and predict; training knows
 * nothing of the last item and of the last two users, of whom the first, RB_CONTRACT_REVEALED, is revealed. */
extern const rb_train_view rb_contract_view;

/** Set-up and release of the data, for a group of tests. Collective over rb_test_ctx. */
int rb_contract_begin(void **unused);
int rb_contract_end(void **unused);

/** The same with the points that an algorithm can read: counts of words for those that need them. */
rb_train_view rb_contract_view_of(const rb_algorithm *algorithm);

/** Sizes of that view on a context. */
rb_shape rb_contract_shape(const rb_algorithm *algorithm, const rb_ctx *ctx);

/** Whether the condition holds on every rank of rb_test_ctx. Collective. */
bool rb_true_everywhere(bool condition);

/** A zeroed state and the defaults, with less to do where a table has `iterations`, `factors`, `k` or `pretrain`;
 * references to models lead to those of the view. */
rb_contract_model rb_contract_model_of(const rb_algorithm *algorithm);
void rb_contract_model_fini(rb_contract_model *m);

/** Fit as the harness does. Collective over ctx. */
rb_status rb_contract_fit(rb_contract_model *m, rb_ctx *ctx, rb_error *err);

/** The same on another view. */
rb_status rb_contract_fit_to(rb_contract_model *m, const rb_train_view *view, rb_ctx *ctx, rb_error *err);

/** What a fit measures, zeros behind the last; whether each is within the range of its metric, or NAN. Local. */
bool rb_contract_measure(double value[RB_CONTRACT_MEASURES], const rb_contract_model *m);

/** Fitted by every rank for itself, and by all ranks of rb_test_ctx; a failure fails the test on every rank. */
rb_contract_model rb_contract_fitted_alone(const rb_algorithm *algorithm);
rb_contract_model rb_contract_fitted_together(const rb_algorithm *algorithm, int n_threads);

rb_digest rb_contract_digest(const rb_contract_model *m);
bool rb_contract_same_digest(const rb_contract_model *m, const rb_digest *expected);

/** Bytes of one score. */
size_t rb_contract_score_size(const rb_contract_model *m);

/** All scores in one tile and all ratings in one batch, user by user; the scores in the model's precision. */
void rb_contract_score(double out[RB_CONTRACT_PAIRS], const rb_contract_model *m);
void rb_contract_predict(double out[RB_CONTRACT_PAIRS], const rb_contract_model *m);

#endif
