/*
 * Biases of users and items by alternating regularised means.
 *
 *     b_i = sum_{u in U(i)} (r_ui - mu - b_u) / (reg_item + |U(i)|)
 *     b_u = sum_{i in I(u)} (r_ui - mu - b_i) / (reg_user + |I(u)|)
 *
 * from zero, items first. mu is the mean of the training ratings. Koren (2010), doi:10.1145/1644873.1644874.
 */
#ifndef RB_RECOMMEND_CORE_BIAS_H
#define RB_RECOMMEND_CORE_BIAS_H

#include "data/algorithm.h"

typedef struct {
    double reg_user, reg_item; /* ratings; >= 0 */
    int64_t iterations;        /* of both halves; 0 leaves all biases at zero */
} rb_bias_config;

typedef struct {
    double mean;
    double *user; /* [n_users] in user_memory; 0 where a user has no rating */
    double *item; /* [n_items] in item_memory; 0 where an item has no rating */
    int32_t n_users, n_items;
    rb_shared user_memory, item_memory;
} rb_biases; /* rb_bias is the table of the model */

/**
 * Fit biases to ratings.
 *
 * Collective over ctx. Each rank computes the rows of its own blocks (train->users, train->items).
 *
 * @param[out] b  zeroed before; the same on every rank, node-shared, owned by the caller (rb_bias_fini)
 * @return RB_OK, RB_NO_MEMORY (the same on every rank; b can be released)
 *
 * Bits: the same for any ranks and threads: a row is one sum in ascending order of its columns.
 * Time O(iterations nnz / (P T)), memory 8 (n_users + n_items) bytes a node.
 */
rb_status rb_bias_fit(rb_biases *b, const rb_ratings *train, const rb_bias_config *config, const rb_ctx *ctx,
                      rb_error *err);

/**
 * Biases of users who were revealed, by the user half for the items' biases as they are; all others stay.
 *
 * Collective over the ctx that fitted b. Bits and time as above, of one half.
 */
rb_status rb_bias_reveal(rb_biases *b, const rb_ratings *revealed, double reg_user, const rb_ctx *ctx, rb_error *err);

/** Collective over the ctx that fitted it. Zeroed is allowed. */
void rb_bias_fini(rb_biases *b);

/** Names the arrays of the state: bias_mean, bias_user, bias_item. */
void rb_bias_arrays(rb_biases *b, rb_visitor *v);

/** mu + b_u + b_i; a negative number stands for an unknown user or item, whose bias is 0. */
static inline double rb_bias_at(const rb_biases *b, int32_t user, int32_t item)
{
    return b->mean + (user >= 0 ? b->user[user] : 0.0) + (item >= 0 ? b->item[item] : 0.0);
}

#endif
