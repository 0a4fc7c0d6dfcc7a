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

/*
 * FAST: blocks of the ranks of a node wait for nothing but the block before them in their row, so that threads update
 * the same items at the same time: some updates are lost, and no two runs have the same bits (Niu, Recht, Re, Wright
 * 2011, arXiv:1106.5730). A side has at least two blocks a thread there, up to RB_GRID_MOST, unless `grid` says
 * otherwise. Where ranks lie on several nodes, a column still leaves a rank only when all of the rank's rows have met
 * it. The rows of items are read and written by plain moves of whole vectors, as in the exact order: in the words of C
 * a race, which a tool that seeks races will name, on purpose. What is counted and waited for is atomic in either mode.
 */
typedef enum { RB_MODE_EXACT, RB_MODE_FAST } rb_grid_mode;

/* What the rows of a table by RB_GRID_PARAMS set. */
typedef struct {
    int64_t grid;
    int order, mode;
} rb_grid_options;

/* Rows of the table of a model whose config has the field `layout`, an rb_grid_options. */
#define RB_GRID_PARAMS(config)                                                                             \
    { .name = "grid",                                                                                      \
      .kind = RB_PARAM_INT,                                                                                \
      .offset = offsetof(config, layout.grid),                                                             \
      .max = RB_GRID_MOST,                                                                                 \
      .unit = "blocks",                                                                                    \
      .help = "a side of the grid; 0: from the data" },                                                    \
        { .name = "order",                                                                                 \
          .kind = RB_PARAM_CHOICE,                                                                         \
          .offset = offsetof(config, layout.order),                                                        \
          .default_number = RB_ORDER_SHUFFLED,                                                             \
          .choices = "shuffled|given",                                                                     \
          .unit = "",                                                                                      \
          .help = "of users and items; given, with grid: 1: as the data have them, one after the other" }, \
    {                                                                                                      \
        .name = "mode", .kind = RB_PARAM_CHOICE, .offset = offsetof(config, layout.mode),                  \
        .default_number = RB_MODE_EXACT, .choices = "exact|fast", .unit = "",                              \
        .help = "fast: threads race on items, with other bits in every run", .flags = RB_PARAM_FAST        \
    }

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
    int32_t n_blocks; /* B */
    bool is_fast;
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

/* How blocks update users and items. Local; called from several threads. */
typedef struct {
    /** By the entries of a block, in their order. Returns what they add to the loss. */
    double (*one)(const void *model, const rb_grid_block *block);
    /** Optional: of two blocks that share no users and, unless FAST, no items, an entry of each in turn, so that one
     * does not wait for what the other computes; the same bits. */
    void (*two)(double loss[2], const void *model, const rb_grid_block block[2]);
} rb_grid_step;

typedef struct {
    rb_grid_part users[RB_GRID_PARTS], items[RB_GRID_PARTS];
    rb_grid_step step;
    const void *model;
} rb_grid_work;

/** B of n interactions; `wanted` where it is not 0. */
int32_t rb_grid_size(int64_t n, int64_t wanted);

/** As above, but of at least two blocks for each thread of all ranks, up to RB_GRID_MOST. Collective. */
int32_t rb_grid_size_fast(int64_t n, int64_t wanted, const rb_ctx *ctx);

/** Bytes a rank that rb_grid_deal allocates. */
double rb_grid_bytes(const rb_shape *shape, int64_t n);

/**
 * Permute and cut both sides and deal out the interactions.
 *
 * Collective over ctx. A second call, for another epoch, permutes and cuts the items anew, and only them.
 *
 * @param[in,out] g  zeroed before the first call; the caller's (rb_grid_fini)
 * @return RB_OK, RB_NO_MEMORY (agreed; g can be released)
 *
 * Bits: a function of the data, ctx->seed and epoch (FAST: and of ranks and threads). Time O(n / (P T) + n_users +
 * n_items), memory 12 n / P bytes.
 */
rb_status rb_grid_deal(rb_grid *g, const rb_ratings *train, const rb_grid_options *options, int64_t epoch,
                       const rb_ctx *ctx, rb_error *err);

/**
 * One epoch over all blocks; on return all ranks see all users and items.
 *
 * Collective over ctx.
 *
 * @param[out] loss  sum of what the steps returned, the same on every rank
 *
 * Bits: the same for any ranks and threads, but not with FAST. Memory: two columns of items where ranks lie on several
 * nodes.
 * @return RB_OK, RB_NO_MEMORY (agreed, nothing was updated)
 */
rb_status rb_grid_run(double *loss, rb_grid *g, const rb_grid_work *work, const rb_ctx *ctx, rb_error *err);

/** Collective over the ctx that dealt it. Zeroed is allowed. */
void rb_grid_fini(rb_grid *g);

#endif
