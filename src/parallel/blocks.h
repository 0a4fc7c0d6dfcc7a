/*
 * Fixed global blocks and the fixed tree of sums: what makes the bits independent of ranks and threads.
 *
 * A sequence of elements (users, items, points) is cut into at most RB_MAX_BLOCKS blocks of about equal
 * weight. The cut is a function of the data alone. Ranks own consecutive runs of blocks. A sum over all
 * elements is: inside a block in ascending order, then over the blocks in one binary tree over block
 * index, whose shape depends on the number of blocks alone.
 */
#ifndef RB_PARALLEL_BLOCKS_H
#define RB_PARALLEL_BLOCKS_H

#include <stdint.h>

#include "parallel/ctx.h"

#define RB_MAX_BLOCKS 1024

typedef struct {
    int32_t n_blocks;
    int64_t n;      /* elements in all */
    int64_t *begin; /* [n_blocks + 1] first element of each block; owned */
} rb_blocks;

/**
 * Cut n elements into blocks of about equal weight.
 *
 * @param[in] prefix  [n + 1] prefix sums of the weights (the row pointer of a CSR matrix), or NULL: equal
 * @param[in] min_weight  smallest weight worth a block of its own (fewer blocks where the data are small)
 */
rb_status rb_blocks_init(rb_blocks *b, int64_t n, const int64_t *prefix, int64_t min_weight, rb_error *err);
void rb_blocks_fini(rb_blocks *b);

/** First block of a rank; a rank r owns [rb_blocks_of(b, r, P), rb_blocks_of(b, r + 1, P)). */
int32_t rb_blocks_of(const rb_blocks *b, int rank, int n_ranks);

/** First element of a rank: b->begin of its first block. */
int64_t rb_blocks_element(const rb_blocks *b, int rank, int n_ranks);

/** Element offsets of all ranks, [n_ranks + 1], for rb_shared_publish. */
void rb_blocks_offsets(int64_t *begin, const rb_blocks *b, const rb_ctx *ctx);

/**
 * Sum partial results of all blocks in the fixed tree. Collective over ctx.
 *
 * @param[out]    sum      [width], the same on every rank; may not overlap partial
 * @param[in,out] partial  [own blocks x width] this rank's blocks in ascending order; destroyed
 * @return RB_OK, RB_NO_MEMORY (agreed)
 *
 * Bits: a function of the blocks' partial values alone, for any number of ranks and threads.
 * Cost: one message of 8 width bytes for each complete subtree a rank owns (at most 2 log2(n_blocks)).
 */
rb_status rb_blocks_sum(double *sum, double *partial, int64_t width, const rb_blocks *b, const rb_ctx *ctx,
                        rb_error *err);

/** Sum of n values in the tree over their indices, in place of a loop; serial. values is destroyed. */
double rb_tree_sum(double *values, int64_t n);

#endif
