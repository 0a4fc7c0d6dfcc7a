/*
 * Predictions of factors with biases: mu + b_u + b_i + p_u . q_i.
 */
#ifndef RB_RECOMMEND_CORE_FACTOR_BIAS_H
#define RB_RECOMMEND_CORE_FACTOR_BIAS_H

#include "recommend/core/bias.h"
#include "recommend/core/factor_model.h"

/** A tile of scores, in the factors' precision. Local. */
void rb_factor_bias_score(rb_tile *tile, const rb_factor_model *factor, const rb_biases *bias, const int32_t *users,
                          int32_t n_users, int32_t item_begin, int32_t item_end);

/** Ratings of pairs; a negative number stands for an unknown user or item, whose bias and factors are 0. Local. */
void rb_factor_bias_predict(double *out, const rb_factor_model *factor, const rb_biases *bias, const rb_pairs *pairs);

#endif
