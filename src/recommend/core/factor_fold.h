/*
 * Fold-in: the factors of a user who was not there when the model was fitted.
 */
#ifndef RB_RECOMMEND_CORE_FACTOR_FOLD_H
#define RB_RECOMMEND_CORE_FACTOR_FOLD_H

#include "recommend/core/factor.h"

/**
 * Solve (base + sum w b b' + lambda I) x = sum t b for the given items, in double.
 *
 * Local.
 *
 * @param[out] x       [k, or k + 1 where bias]; 0 where n = 0
 * @param[in]  base    [k x k] or NULL
 * @param[in]  w, t    [n]; w NULL: 1
 * @param[in]  bias    whether x has one more unknown, the user's bias
 * @return RB_OK, RB_NO_MEMORY, RB_NOT_FINITE where the system is singular
 */
rb_status rb_fold_in(double *x, const rb_factors *items, const double *base, double lambda, const int32_t *item,
                     const double *w, const double *t, int64_t n, bool bias, rb_error *err);

/**
 * What the given items add to the folded-in score of one, x . q_item = sum_e t_e q_e . y with y = (base + sum w b b' +
 * lambda I)^-1 q_item (Hu, Koren, Volinsky 2008, section 5): the largest `most`, ties by the lower item.
 *
 * Local.
 *
 * @param[out] items, weights  [most]
 * @param[in]  base, lambda, own, w, t, n  as of rb_fold_in, without bias
 * @return as rb_fold_in
 */
rb_status rb_fold_explain(int32_t *items, double *weights, int *found, int most, const rb_factors *factors,
                          const double *base, double lambda, const int32_t *own, const double *w, const double *t,
                          int64_t n, int32_t item, rb_error *err);

/** The largest `most` of t_e q_e . y over n items, ties by the lower item; returns how many. Local. */
int rb_fold_largest(int32_t *items, double *weights, int most, const rb_factors *factors, const int32_t *own,
                    const double *t, int64_t n, const double *y, rb_error *err);

/** scores[i] = x . q_i for all items, in double. Local. */
void rb_fold_scores(double *scores, const rb_factors *items, const double *x);

#endif
