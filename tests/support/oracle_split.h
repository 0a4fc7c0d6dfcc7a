/*
 * Splits by sorting: every kind written as its definition reads, serially, one user after another over all rows.
 */
#ifndef RB_SUPPORT_ORACLE_SPLIT_H
#define RB_SUPPORT_ORACLE_SPLIT_H

#include "data/split.h"

/** Parts of all rows for the kinds random, per_user, leave_last_out, temporal, k_fold, loo_sampled, every_nth,
 *  strong_titles. */
void oracle_split(uint8_t *part, const rb_split *s, const rb_dataset *d, int64_t fold, uint64_t seed);

#endif
