/*
 * The Gram matrix of items, X'X for the ones of implicit feedback: how many users two items share.
 */
#ifndef RB_RECOMMEND_CORE_ITEM_GRAM_H
#define RB_RECOMMEND_CORE_ITEM_GRAM_H

#include "data/algorithm.h"

/**
 * Count the lower triangle with its diagonal; what is above stays as it was. Collective over ctx.
 *
 * @param[in,out] gram  [n_items x n_items] row-major float or double, node-shared, zero on and below the diagonal
 * @return RB_OK, RB_NO_MEMORY (agreed); the matrix is published
 *
 * Bits: whole numbers, exact in single precision below 2^24. Time O(sum_u |I(u)|^2 / (2 P T)), each rank its own rows.
 */
rb_status rb_item_gram(rb_shared *gram, rb_precision precision, const rb_ratings *train, const rb_ctx *ctx,
                       rb_error *err);

#endif
