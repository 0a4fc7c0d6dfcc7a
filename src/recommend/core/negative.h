/*
 * Items that a user did not choose, drawn for each of the user's positives from the same block column, so that a block
 * updates no other items than its own.
 */
#ifndef RB_RECOMMEND_CORE_NEGATIVE_H
#define RB_RECOMMEND_CORE_NEGATIVE_H

#include "recommend/core/grid.h"

typedef enum { RB_NEGATIVES_UNIFORM, RB_NEGATIVES_POPULAR } rb_negatives_kind;

#define RB_NEGATIVE_TRIES 4

/* Rows of the table of a model whose config has the fields `negatives` and `negative_tries`. */
#define RB_NEGATIVES_PARAMS(config)                                                               \
    RB_CHOICE(config, negatives, RB_NEGATIVES_UNIFORM, "uniform|popular",                         \
              "items that are drawn as not chosen: all alike, or by how often they were chosen"), \
        RB_INT(config, negative_tries, RB_NEGATIVE_TRIES, 1, RB_NEGATIVE_TRIES, "",               \
               "draws for an item that the user did not choose, before it is done without")

typedef struct {
    const rb_grid *grid;
    const rb_ratings *train;
    uint64_t key;
    uint32_t stream, epoch;
    rb_negatives_kind kind;
    int tries; /* at most RB_NEGATIVE_TRIES */
} rb_negatives;

/**
 * The position of an item of the column that the user of a positive has no interaction with; -1: d->tries draws found
 * none.
 *
 * Local. Random numbers: d->stream by (epoch, user, item, round): Philox, entity user, draw item * 16 + round.
 */
int32_t rb_negative_draw(const rb_negatives *d, const rb_grid_block *block, const rb_grid_entry *positive,
                         uint32_t round);

#define RB_NEGATIVE_ROUNDS 16 /* rounds a positive, at most */

/**
 * Draw number `at` of an item that is not among n ascending ones, n < n_items, whoever's they are: for a user who is
 * folded in. Local. Random numbers: stream "negatives.fold" of key 0 by (at, attempt).
 */
int32_t rb_negative_outside(const int32_t *items, int64_t n, int64_t n_items, int64_t at);

#endif
