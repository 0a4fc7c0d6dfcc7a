/*
 * The laws of a factor model's fit on several ranks: the same bits as on one rank and thread, and failures agreed.
 */
#ifndef RB_SUPPORT_ORACLE_ALS_IDENTITY_H
#define RB_SUPPORT_ORACLE_ALS_IDENTITY_H

#include "support/oracle_als.h"

/** Every array and scalar of the state after a fit on all ranks with 1, 2 and 3 threads equals, bit for bit, that of a
 * fit on this rank alone. Collective over rb_test_ctx. */
void rb_oracle_same_bits(const rb_algorithm *algorithm, const char *values, const rb_split_data *s);

/** The n-th allocation fails on the last rank only, n = 1 .. `most`: every rank gives RB_NO_MEMORY or RB_OK, the same,
 * and the state can be released; at least `least` of them fail. Collective over rb_test_ctx. */
void rb_oracle_nth_failures(const rb_algorithm *algorithm, const char *values, const rb_split_data *s, int64_t least,
                            int64_t most);

#endif
