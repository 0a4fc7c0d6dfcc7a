/*
 * The block grid of stochastic gradient descent: users and items are permuted and cut into B runs of about equally many
 * interactions each, so that the interactions fall into B x B blocks. Blocks of different rows and columns touch
 * different users and items.
 *
 *     B = 2^clamp(floor(log2(n / 4096) / 2), 0, 6)         a function of the data alone
 *
 * An epoch visits block (I, (I + s) mod B) of every row I in turn, s = 0 .. B - 1. A block waits for its predecessor in
 * its row and for that in its column, which is block s - 1 of row I + 1, and for nothing else: no barrier. So the bits
 * are those of one fixed sequence, whatever rank or thread takes a block. A rank owns a run of rows; the items of a
 * column travel down the rows, from rank to rank where nodes share no memory (a ring).
 *
 * Gemulla et al. (2011), doi:10.1145/2020408.2020426; Chin et al. (2015), doi:10.1145/2668133.
 */
#ifndef RB_RECOMMEND_CORE_GRID_H
#define RB_RECOMMEND_CORE_GRID_H

#include "data/algorithm.h"

#define RB_GRID_MOST 64 /* blocks a side */

typedef enum { RB_ORDER_SHUFFLED, RB_ORDER_GIVEN } rb_grid_order;

/* Rows of the table of a model whose config has the fields `grid` and `order`. */
#define RB_GRID_PARAMS(config)                                                                  \
    RB_INT(config, grid, 0, 0, RB_GRID_MOST, "blocks", "a side of the grid; 0: from the data"), \
        RB_CHOICE(config, order, RB_ORDER_SHUFFLED, "shuffled|given",                           \
                  "of users and items; given, with grid: 1: as the data have them, one after the other")

/* Users and items by their positions in the permuted order. */
typedef struct {
    int32_t user, item;
    float rating;
} rb_grid_entry;

/* One side: position p is row at[p]; block b is [cut[b], cut[b + 1]). */
typedef struct {
    int32_t *at;    /* [n] */
    int32_t *place; /* [n] position of a row */
    int64_t cut[RB_GRID_MOST + 1];
    int64_t *rows; /* [n_ranks + 1] first position of each rank */
    int32_t n;
} rb_grid_side;

typedef struct {
    int32_t n_blocks;           /* B */
    int32_t row_begin, row_end; /* block rows of this rank */
    rb_grid_side users, items;
    int64_t *begin;       /* [own rows x (B + 1)] first entry of each block */
    rb_grid_entry *entry; /* of this rank's rows */
    int64_t n_rounds;     /* strata run so far */
    rb_shared done;       /* [B] strata finished of each row, a cache line each, within a node */
    rb_shared loss;       /* [B] doubles */
} rb_grid;

typedef struct {
    const rb_grid_entry *entry;
    int64_t n;
    int64_t item_begin, item_end; /* positions of its column */
    int32_t column;
} rb_grid_block;

/* What is updated: values that lie by position. `items` travel with their columns. */
typedef struct {
    rb_shared *memory;
    int64_t unit; /* bytes a position; 0: no such part */
} rb_grid_part;
#define RB_GRID_PARTS 3

typedef struct {
    rb_grid_part users[RB_GRID_PARTS], items[RB_GRID_PARTS];
    /** Update users and items by the entries of a block, in their order. Returns what they add to the loss. Local;
     * called from several threads. */
    double (*step)(const void *model, const rb_grid_block *block);
    const void *model;
} rb_grid_work;

/** B of n interactions; `wanted` where it is not 0. */
int32_t rb_grid_size(int64_t n, int64_t wanted);

/** Bytes a rank that rb_grid_deal allocates. */
double rb_grid_bytes(const rb_shape *shape, int64_t n);

/**
 * Permute and cut both sides and deal out the interactions.
 *
 * Collective over ctx. A second call, for another epoch, permutes and cuts the items anew, and only them.
 *
 * @param[in,out] g  zeroed before the first call; the caller's (rb_grid_fini)
 * @param[in] wanted  blocks a side, or 0: by n
 * @return RB_OK, RB_NO_MEMORY (agreed; g can be released)
 *
 * Bits: a function of the data, ctx->seed and epoch. Time O(n / (P T) + n_users + n_items), memory 12 n / P bytes.
 */
rb_status rb_grid_deal(rb_grid *g, const rb_ratings *train, int64_t wanted, rb_grid_order order, int64_t epoch,
                       const rb_ctx *ctx, rb_error *err);

/**
 * One epoch over all blocks; on return all ranks see all users and items.
 *
 * Collective over ctx.
 *
 * @param[out] loss  sum of what the steps returned, the same on every rank
 *
 * Bits: the same for any ranks and threads. Memory: two columns of items where ranks lie on several nodes.
 * @return RB_OK, RB_NO_MEMORY (agreed, nothing was updated)
 */
rb_status rb_grid_run(double *loss, rb_grid *g, const rb_grid_work *work, const rb_ctx *ctx, rb_error *err);

/** Collective over the ctx that dealt it. Zeroed is allowed. */
void rb_grid_fini(rb_grid *g);

#endif
