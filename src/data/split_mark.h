/*
 * Exact selection: the k-th smallest of distinct 128-bit places of n things, found by digits over all ranks; and the
 * marks that splits make with it. A place is a key (random, or a time) above a tie breaker.
 */
#ifndef RB_DATA_SPLIT_MARK_H
#define RB_DATA_SPLIT_MARK_H

#include "base/rng.h"
#include "data/split.h"

typedef unsigned __int128 rb_place;
#define RB_PLACE_LAST (~(rb_place)0) /* of what takes no part in the order */

/* An order of things 0 .. n - 1: every thing has its own place, below RB_PLACE_LAST. */
typedef struct {
    rb_place (*place)(const void *self, int64_t thing);
    const void *self;
    int64_t n;
} rb_order;

/** What a random order needs: the place of a thing is (Philox bits, thing). */
rb_place rb_place_random(const void *rng, int64_t thing);

/* The later the time, the smaller the place; of equal times the later thing. */
typedef struct {
    const int64_t *time; /* of thing t at [first ? first[t] : t] */
    const int64_t *first;
} rb_by_time;
rb_place rb_place_latest(const void *by_time, int64_t thing);
/** The thing back from its place by rb_place_random (which = false) or rb_place_latest (true). */
int64_t rb_place_thing(rb_place place, bool latest);

/**
 * Give `value` to the things number [from, to) of the order among those that are RB_PART_TRAIN so far.
 *
 * Collective over ctx.
 *
 * @param[in,out] part  [order->n] node-shared, the same on every rank; on return too
 * @param[in]     memory  that of part
 * @return RB_OK, RB_NO_MEMORY (the same on every rank)
 *
 * Time O(n / (P T)) a digit; random keys need two or three digits of 16 bits, times up to eight.
 */
rb_status rb_split_mark(uint8_t *part, rb_shared *memory, uint8_t value, int64_t from, int64_t to,
                        const rb_order *order, const rb_ctx *ctx, rb_error *err);

/** What the ranks of this node wrote to node-shared memory becomes visible to them; nothing travels. Collective. */
void rb_split_seen(const rb_shared *memory, const rb_ctx *ctx);

/** floor(share n + 1/2). */
int64_t rb_split_count(double share, int64_t n);

/* What a kind of split works on. */
typedef struct {
    const rb_split *split;
    const rb_dataset *data;
    int64_t fold;
    rb_rng rng;       /* key and stream of the split, epoch 0 */
    uint8_t *row;     /* [n rows], all RB_PART_TRAIN at first */
    uint8_t *session; /* [n sessions], or NULL */
    rb_shared *memory;
} rb_split_job;

/**
 * Parts of users or titles that are held out whole: the smallest keys of a stream are test, the next ones validation.
 *
 * Collective over ctx.
 *
 * @param[out] role  [n] bytes of rb_part, the same on every rank; rb_shared_fini
 */
rb_status rb_split_choose(rb_shared *role, const rb_split_job *job, const char *stream, int32_t n, rb_ctx *ctx,
                          rb_error *err);

/* The kinds that have files of their own. Collective; the result is the same on every rank. */
rb_status rb_split_by_user(rb_split_job *job, rb_ctx *ctx, rb_error *err);     /* split_user.c */
rb_status rb_split_by_sessions(rb_split_job *job, rb_ctx *ctx, rb_error *err); /* split_sessions.c */
rb_status rb_split_by_titles(rb_split_job *job, rb_ctx *ctx, rb_error *err);   /* split_titles.c */
rb_status rb_split_by_files(rb_split_job *job, rb_ctx *ctx, rb_error *err);    /* split_files.c */

#endif
