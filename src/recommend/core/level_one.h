/*
 * The level above an ensemble's models: least squares of what users of the validation part did on what the models say
 * of it. Models were fitted without that part (those that learned from it are refused), and it is not test, so nothing
 * leaks. Wolpert (1992), doi:10.1016/S0893-6080(05)80023-1; Breiman (1996), doi:10.1007/BF00117832.
 */
#ifndef RB_RECOMMEND_CORE_LEVEL_ONE_H
#define RB_RECOMMEND_CORE_LEVEL_ONE_H

#include "recommend/core/ensemble.h"

/* Weighted moments of the values x_1 .. x_n of the models and the target y, with x_0 = 1. */
typedef struct {
    int32_t n;                                                     /* models */
    double moment[RB_ENSEMBLE_MODELS + 1][RB_ENSEMBLE_MODELS + 2]; /* sums of x_i x_j; in the last column of x_i y */
} rb_level_one;

/**
 * Of rankings: x the comparable scores of all items that a user has not met (rb_ensemble_met), y = 1 where the item is
 * among the user's `positives`, else 0. A user with positives counts 1: half of it the positives, half the others.
 *
 * Collective over ctx. @return RB_OK, RB_NO_MEMORY (the same on every rank)
 *
 * Bits: the same for any ranks and threads. Cost: one scoring of these users by each model.
 */
rb_status rb_level_one_of_ranking(rb_level_one *l, const rb_ensemble *e, const rb_scale *s, const rb_train_view *view,
                                  const rb_ratings *positives, rb_ctx *ctx, rb_error *err);

/** Of ratings: x the predictions for the pairs of `ratings`, y the rating, each counting 1. As above. */
rb_status rb_level_one_of_rating(rb_level_one *l, const rb_ensemble *e, const rb_ratings *ratings, rb_ctx *ctx,
                                 rb_error *err);

/** Bytes and flops of either. */
rb_cost rb_level_one_cost(int32_t n_models, const rb_shape *shape);

/**
 * Ridge: the minimum of mean (y - w_0 - sum of w_k x_k)^2 + regularization sum of w_k^2, w_0 free. Where nothing was
 * observed, or no model tells anything apart, w_0 = 0 and w_k = 1 / n. Local.
 *
 * @param[out] weight  [n + 1]
 */
void rb_level_one_ridge(double *weight, const rb_level_one *l, double regularization);

/** The same without regularization and with no w_k below 0, then divided by their sum; [n], without w_0. Local. Cost:
 * O(2^n n^3): all sets of models are tried. */
void rb_level_one_shares(double *weight, const rb_level_one *l);

#endif
