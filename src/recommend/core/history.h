/*
 * What users did, as a fitted model keeps it: models that score items by the user's own items (linear item models,
 * neighbourhoods) need it long after the training view is gone.
 */
#ifndef RB_RECOMMEND_CORE_HISTORY_H
#define RB_RECOMMEND_CORE_HISTORY_H

#include "data/algorithm.h"

typedef struct {
    int64_t *begin; /* [n_users + 1] */
    int32_t *item;  /* [n] ascending within a user */
    float *rating;  /* [n]; NULL where not kept */
    int64_t n_users, n;
    rb_shared begin_memory, item_memory, rating_memory;
} rb_history;

/**
 * Copy the interactions by user. Collective over ctx.
 *
 * @param[in]  revealed  interactions of users who have none in train, or NULL
 * @param[out] h  zeroed, or kept before and then released; the same on every rank, node-shared, owned by the caller
 * (rb_history_fini)
 * @return RB_OK, RB_NO_MEMORY (agreed; h can be released)
 *
 * Time O(n / (P T)), memory 4 n (8 n with ratings) + 8 n_users bytes a node.
 */
rb_status rb_history_keep(rb_history *h, const rb_ratings *train, const rb_ratings *revealed, bool with_ratings,
                          const rb_ctx *ctx, rb_error *err);

/** The other way round: row i has the users of item i, where `item` says user. Otherwise as above. */
rb_status rb_history_keep_items(rb_history *h, const rb_ratings *train, bool with_ratings, const rb_ctx *ctx,
                                rb_error *err);

/** Bytes a node that rb_history_keep allocates. */
double rb_history_bytes(int64_t n_users, int64_t n, bool with_ratings);

/** Names the arrays of the state: history_begin, history_item, and history_rating where it is kept. `with_ratings` says
 *  so when loading. */
void rb_history_visit(rb_history *h, bool with_ratings, rb_visitor *v);
/** The same under other names; names[2] NULL: without ratings. */
void rb_history_visit_as(rb_history *h, const char *const names[3], rb_visitor *v);

/**
 * The user's items that contribute to a score, the largest contribution first, ties by item: the `explain` of linear
 * item models. Local, allocates nothing.
 *
 * @param[out] items, contributions  [n]
 * @param[in]  weight  what the item `from` adds to the score of `to`; 0 does not count
 * @return how many were written, at most n
 */
int rb_history_contributions(int32_t *items, double *contributions, int n, const rb_history *h, int32_t user,
                             double (*weight)(const void *model, int64_t from, int64_t to), const void *model,
                             int32_t to);

/** Collective over the ctx that allocated it. Zeroed is allowed. */
void rb_history_fini(rb_history *h);

#endif
