/*
 * Known ranking metrics of ml-latest-small, `implicit` (golden/README.md): a model fitted and ranked as they were made.
 */
#ifndef RB_SUPPORT_GOLDEN_RANKING_H
#define RB_SUPPORT_GOLDEN_RANKING_H

#include "recommend/recommend.h"
#include "support/oracle_als.h"
#include "support/support.h"

/**
 * Fit on s->train with 2 threads, rank s->test with ties by index, and compare every metric of the entry `key`.
 *
 * @param values  parameters, as rb_oracle_config
 * @param tolerance  of value / known - 1; where negative, -tolerance of value - known
 */
void rb_golden_ranking(const rb_recommender *algorithm, const char *values, const rb_split_data *s, json_t *golden,
                       const char *key, double tolerance);

/**
 * nDCG at 10 of a model as above, no comparison.
 *
 * @param seed  of the fit
 */
double rb_golden_ndcg(const rb_recommender *algorithm, const char *values, const rb_split_data *s, uint64_t seed);

#endif
