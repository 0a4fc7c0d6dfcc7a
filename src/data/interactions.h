/*
 * Interactions: what users did with items, as read (coordinates) and as algorithms see them (by user and
 * by item). The arrays lie in memory that the ranks of a node share; every rank sees all of them and works
 * on the blocks that it owns.
 */
#ifndef RB_DATA_INTERACTIONS_H
#define RB_DATA_INTERACTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "data/ids.h"
#include "parallel/blocks.h"
#include "parallel/shared.h"

/* Coordinates in the order of the source's rows. */
typedef struct {
    int32_t n_users, n_items;
    int64_t n;
    const int32_t *user;          /* [n]; -1 while reading: no interaction */
    const int32_t *item;          /* [n] */
    const float *rating;          /* [n]; NULL: no ratings, every interaction counts as 1 */
    const int64_t *time;          /* [n] seconds since 1970; NULL: unknown */
    float min_rating, max_rating; /* the scale: smallest and largest rating of the whole source */
    rb_shared user_memory, item_memory, rating_memory, time_memory;
} rb_interactions;

/** Allocate the arrays (zeroed) for n interactions. Collective. Fill your part, then rb_interactions_publish. */
rb_status rb_interactions_alloc(rb_interactions *x, int64_t n, bool with_rating, bool with_time, const rb_ctx *ctx,
                                rb_error *err);
/** Make visible what the ranks wrote: rank r wrote rows [begin[r], begin[r + 1]). Collective. */
void rb_interactions_publish(rb_interactions *x, const int64_t *begin, const rb_ctx *ctx);
/** Collective over the ctx that allocated it. */
void rb_interactions_fini(rb_interactions *x);

/* Which part of a split an interaction belongs to. */
typedef enum {
    RB_PART_TRAIN,
    RB_PART_VALIDATION,
    RB_PART_TEST,
    RB_PART_NONE,     /* in no part of this fold */
    RB_PART_REVEALED, /* split `strong`: of a held-out user, known when the user is folded in; see data/split.h */
    RB_N_PARTS
} rb_part;

/* In a set of wanted parts: ask for user_row as well. */
#define RB_WITH_ROWS (1u << 31)

/* Interactions of one part, by user and by item. Items ascend within a user, users ascend within an item. */
typedef struct {
    int32_t n_users, n_items;
    int64_t n;
    const int64_t *user_begin; /* [n_users + 1] */
    const int32_t *user_item;  /* [n] */
    const float *user_rating;  /* [n]; 1 where the source has no ratings */
    const int64_t *user_row;   /* [n] row in the source, for times and for files; NULL where not asked for */
    const int64_t *item_begin; /* [n_items + 1] */
    const int32_t *item_user;  /* [n] */
    const float *item_rating;  /* [n] */
    float min_rating, max_rating;
    rb_blocks users; /* blocks of users, weighed by interactions */
    rb_blocks items; /* blocks of items, weighed by interactions */
    rb_shared memory;
} rb_ratings;

/**
 * The interactions of one part with rating >= threshold, by user and by item.
 *
 * Collective over ctx.
 *
 * @param[in] part       [x->n] rb_part of each row, or NULL: all rows
 * @param[in] wanted     bit set of the parts to take: 1u << RB_PART_TRAIN | ...; RB_WITH_ROWS
 * @param[in] threshold  smallest rating taken, compared in single precision; -INFINITY: all
 * @return RB_OK, RB_NO_MEMORY (then *out is zeroed); the same on every rank
 *
 * Bits: the same for any ranks and threads. A pair that occurs twice keeps the order of its rows.
 * Cost: three stable counting sorts, O(n / (P T) + n_users + n_items) with P the ranks of one node: every node builds
 * its own copy, nothing crosses the network. 16 n bytes shared (24 with rows, and 8 more while building).
 */
rb_status rb_ratings_build(rb_ratings *out, const rb_interactions *x, const uint8_t *part, unsigned wanted,
                           double threshold, const rb_ctx *ctx, rb_error *err);
/** Collective over the ctx that built it. */
void rb_ratings_fini(rb_ratings *r);

/** Mean of all ratings (0 where there are none), in the fixed tree. Collective. */
rb_status rb_ratings_mean(double *mean, const rb_ratings *r, const rb_ctx *ctx, rb_error *err);

/** Whether the user interacted with the item; O(log of the user's interactions). */
bool rb_ratings_has(const rb_ratings *r, int32_t user, int32_t item);

/* Pairs to predict. */
typedef struct {
    int64_t n;
    const int32_t *user; /* [n] */
    const int32_t *item; /* [n] */
} rb_pairs;

#endif
