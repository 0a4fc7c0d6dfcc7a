/*
 * The generator's two ways to make interactions. Each rank makes the rows of its users.
 */
#ifndef RB_DATA_SYNTH_DRAW_H
#define RB_DATA_SYNTH_DRAW_H

#include "data/synth_world.h"

/* A lot in a drawing without replacement: the smallest keys win. */
typedef struct {
    float key;
    int32_t item;
    float taste;
} rb_synth_lot;

/* Scratch of one thread. */
typedef struct {
    rb_synth_user user;
    uint64_t *taken;   /* bit set of items */
    uint64_t *order;   /* [most] times above positions */
    rb_synth_lot *lot; /* [most] */
} rb_synth_hand;

/** n hands for at most `most` things of a user. Local. */
rb_status rb_synth_hands_alloc(rb_synth_hand **hands, int n, const rb_world *w, int64_t most, rb_error *err);
void rb_synth_hands_fini(rb_synth_hand *hands, int n);

/** Bring the n smallest lots to the front, in no order (ties: the smaller item). */
void rb_synth_smallest(rb_synth_lot *lots, int64_t n_lots, int64_t n);

/** Ascending order of 64-bit words. */
void rb_synth_sort(uint64_t *words, int64_t n);

/** Ratings without sessions. Collective. out is zeroed before. */
rb_status rb_synth_ratings(rb_interactions *out, const rb_world *w, const rb_ctx *ctx, rb_error *err);

/* Who has which sessions, and who makes them. */
typedef struct {
    int64_t *session; /* [n_users + 1] first session of each user */
    int64_t *user;    /* [n_ranks + 1] first user of each rank */
} rb_synth_plan;

void rb_synth_plan_fini(rb_synth_plan *plan);

/** Sessions. Collective. out and plan are zeroed before. */
rb_status rb_synth_sessions(rb_sessions *out, rb_synth_plan *plan, const rb_world *w, const rb_ctx *ctx, rb_error *err);

/** Ratings as a subset of the events of sessions. Collective. RB_BAD_INPUT where there are too few distinct pairs. */
rb_status rb_synth_rated(rb_interactions *out, const rb_sessions *sessions, const rb_synth_plan *plan,
                         const rb_world *w, const rb_ctx *ctx, rb_error *err);

/** Write one rating of an item whose taste is known. Local. */
void rb_synth_put(rb_interactions *out, int64_t row, const rb_synth_user *user, int32_t item, float taste, int64_t time,
                  const rb_world *w);

#endif
