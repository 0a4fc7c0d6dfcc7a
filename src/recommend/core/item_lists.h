/*
 * Models that score an item by what each of the user's items adds to it, from sparse lists: neighbours of items, random
 * walks, co-occurrence. The state and the functions that they share.
 */
#ifndef RB_RECOMMEND_CORE_ITEM_LISTS_H
#define RB_RECOMMEND_CORE_ITEM_LISTS_H

#include "recommend/core/history.h"
#include "recommend/core/knn.h"

typedef struct {
    rb_knn_lists targets; /* row i: the items to which item i adds, ascending, and how much */
    rb_history history;
    bool converged; /* slim alone */
} rb_item_lists;

/**
 * Fit the lists of the k nearest (rb_knn_find) of every item: what item i adds to j is how near j is to i. Collective.
 *
 * @return RB_OK, RB_NO_MEMORY (agreed; m can be released)
 */
rb_status rb_item_lists_fit(rb_item_lists *m, const rb_train_view *view, const rb_knn_config *config, const rb_ctx *ctx,
                            rb_error *err);

/** Slots of the table of an algorithm whose state is a rb_item_lists; see data/algorithm.h. */
rb_status rb_item_lists_reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg,
                               rb_ctx *ctx, rb_error *err);
void rb_item_lists_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                         int32_t item_end);
rb_status rb_item_lists_fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                                const void *cfg, rb_error *err);
int rb_item_lists_explain(int32_t *items, double *weights, int n, const void *self, int32_t user, int32_t item);
void rb_item_lists_arrays(void *self, rb_visitor *v);
void rb_item_lists_fini(void *self);

/* What the tables of these models have in common. */
#define RB_ITEM_LISTS_MODEL                                                                             \
    .needs = RB_NEEDS_POSITIVES, .can = RB_CAN_RANK | RB_CAN_COLD_USER | RB_CAN_EXPLAIN,                \
    .state_size = sizeof(rb_item_lists), .reveal = rb_item_lists_reveal, .score = rb_item_lists_score,  \
    .fold_in = rb_item_lists_fold_in, .explain = rb_item_lists_explain, .arrays = rb_item_lists_arrays, \
    .fini = rb_item_lists_fini

#endif
