/*
 * Users in rounds: runs of a few users that follow one another, whose ratings all see the items as the round found
 * them. Inside a round every user is independent of the others, and then every item applies what its users ask of it,
 * one after the other by ascending user. So the bits do not depend on who computes what.
 */
#ifndef RB_RECOMMEND_CORE_ROUNDS_H
#define RB_RECOMMEND_CORE_ROUNDS_H

#include "data/interactions.h"

#define RB_ROUND_ENTRIES 16384 /* a round ends with the user who brings it to this many ratings */

typedef struct {
    int64_t n_rounds;
    int32_t *first;   /* [n_rounds + 1] first user of each round */
    int32_t *by_item; /* [n] ratings of each round, from the round's first on, by item and then by user */
    int64_t n_most;   /* ratings of the longest round */
    int32_t most_users;
} rb_rounds;

/**
 * Cut the users into rounds of at most `n_users` each and order their ratings by item.
 *
 * Local; the same on every rank. Time O(n), memory 4 n bytes.
 * @return RB_OK, RB_NO_MEMORY
 */
rb_status rb_rounds_init(rb_rounds *r, const rb_ratings *train, int64_t n_users, rb_error *err);

/** Zeroed is allowed. */
void rb_rounds_fini(rb_rounds *r);

#endif
