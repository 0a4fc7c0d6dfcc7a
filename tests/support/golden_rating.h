/*
 * Predictions of a rating model on the test part of a split, as known answers have them.
 */
#ifndef RB_SUPPORT_GOLDEN_RATING_H
#define RB_SUPPORT_GOLDEN_RATING_H

#include "support/oracle_als.h"

/**
 * Fit on s->train, in 2 threads of one rank, and predict s->test.
 *
 * @param[out] rmse, mae  over all test ratings, clipped to [0.5, 5]; NULL: not wanted
 * @param[in]  pairs      more pairs to predict, not clipped, into out; NULL: none
 */
void rb_golden_rating(double *rmse, double *mae, double *out, const rb_pairs *pairs, const rb_algorithm *algorithm,
                      const char *values, const rb_split_data *s, uint64_t seed);

#endif
