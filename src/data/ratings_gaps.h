/*
 * Closing gaps: rows whose user is -1 leave the interactions, the others move up in order.
 */
#ifndef RB_DATA_RATINGS_GAPS_H
#define RB_DATA_RATINGS_GAPS_H

#include "data/interactions.h"

/**
 * Collective. Rank r looks after the rows [begin[r], begin[r + 1]), begin is [n_ranks + 1], the same on every rank.
 * Nothing is copied where there is no gap. @return RB_OK, RB_NO_MEMORY (x is still whole or has lost columns: give up)
 *
 * Cost: O(n / (P T)); one column at a time is held twice.
 */
rb_status rb_interactions_close_gaps(rb_interactions *x, const int64_t *begin, const rb_ctx *ctx, rb_error *err);

/** Set min_rating and max_rating from the rows (1 and 1 where there are no ratings). Collective. */
void rb_interactions_find_scale(rb_interactions *x, const rb_ctx *ctx);

#endif
