#include "recommend/core/grid.h"

#include <string.h>

#include "base/alloc.h"

#define WEIGHT 4096 /* interactions worth a block */

int32_t rb_grid_size(int64_t n, int64_t wanted)
{
    int32_t blocks = 1;
    if (wanted > 0)
        return (int32_t)wanted;
    while (blocks < RB_GRID_MOST && n / WEIGHT >= (int64_t)4 * blocks * blocks)
        blocks *= 2;
    return blocks;
}

int32_t rb_grid_size_fast(int64_t n, int64_t wanted, const rb_ctx *ctx)
{
    int64_t busy = ctx->n_threads, blocks = rb_grid_size(n, wanted);
    rb_max_int64(ctx, &busy, 1);
    if (wanted == 0 && blocks < 2 * busy * ctx->n_ranks)
        blocks = 2 * busy * ctx->n_ranks;
    return (int32_t)(blocks < RB_GRID_MOST ? blocks : RB_GRID_MOST);
}

double rb_grid_bytes(const rb_shape *shape, int64_t n)
{
    double rows = (double)(shape->n_users + shape->n_items), side = RB_GRID_MOST + 1;
    double share = (double)n / (double)shape->n_ranks + (double)n / side; /* rows are never cut */
    return 2 * sizeof(int32_t) * rows + sizeof(rb_grid_entry) * share + 2 * sizeof(int64_t) * (side * side + 64) +
           2 * sizeof(int64_t) * (double)(shape->n_ranks + 1);
}

/* Fisher and Yates, by one number a place. */
static void permute(rb_grid_side *side, rb_grid_order order, const char *stream, int64_t epoch, uint64_t seed)
{
    const rb_rng rng = { .key = seed, .stream = rb_stream(stream), .epoch = (uint32_t)epoch & 0xFFFF };
    for (int32_t p = 0; p < side->n; p++)
        side->at[p] = p;
    for (int32_t p = side->n - 1; p > 0 && order == RB_ORDER_SHUFFLED; p--) {
        int32_t other = (int32_t)rb_rng_below(&rng, (uint32_t)p, (int64_t)p + 1), swapped = side->at[p];
        side->at[p] = side->at[other];
        side->at[other] = swapped;
    }
    for (int32_t p = 0; p < side->n; p++)
        side->place[side->at[p]] = p;
}

/* Blocks of about equally many interactions. */
static void cut(rb_grid_side *side, int32_t n_blocks, const int64_t *begin)
{
    int64_t total = begin[side->n], before = 0;
    int32_t p = 0;
    for (int32_t b = 0; b < n_blocks; b++) {
        for (; p < side->n && (__int128)before * n_blocks < (__int128)total * b; p++)
            before += begin[side->at[p] + 1] - begin[side->at[p]];
        side->cut[b] = p;
    }
    side->cut[0] = 0;
    side->cut[n_blocks] = side->n;
}

static void share_out(rb_grid_side *side, int32_t n_blocks, const rb_ctx *ctx)
{
    for (int r = 0; r <= ctx->n_ranks; r++)
        side->rows[r] = side->cut[(int64_t)n_blocks * r / ctx->n_ranks];
}

static rb_status make_side(rb_grid_side *side, int32_t n, const rb_ctx *ctx, rb_error *err)
{
    side->n = n;
    RB_TRY(rb_alloc(&side->at, n, err));
    RB_TRY(rb_alloc(&side->place, n, err));
    RB_TRY(rb_alloc(&side->rows, ctx->n_ranks + 1, err));
done:
    return err->status;
}

static rb_status make(rb_grid *g, const rb_ratings *train, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(make_side(&g->users, train->n_users, ctx, err));
    RB_TRY(make_side(&g->items, train->n_items, ctx, err));
    RB_TRY(rb_alloc(&g->begin, (int64_t)(g->row_end - g->row_begin) * (g->n_blocks + 1), err));
done:
    return err->status;
}

/* Entries of one block row: counted, then put into their columns; users ascend within a block by position. */
static void deal_row(rb_grid *g, int32_t row, int64_t first, const uint8_t *column, const rb_ratings *train)
{
    int64_t count[RB_GRID_MOST + 1] = { 0 };
    int64_t *begin = g->begin + (int64_t)(row - g->row_begin) * (g->n_blocks + 1);
    for (int64_t p = g->users.cut[row]; p < g->users.cut[row + 1]; p++)
        for (int64_t e = train->user_begin[g->users.at[p]]; e < train->user_begin[g->users.at[p] + 1]; e++)
            count[column[train->user_item[e]]]++;
    begin[0] = first;
    for (int32_t b = 0; b < g->n_blocks; b++) {
        begin[b + 1] = begin[b] + count[b];
        count[b] = begin[b];
    }
    for (int64_t p = g->users.cut[row]; p < g->users.cut[row + 1]; p++)
        for (int64_t e = train->user_begin[g->users.at[p]]; e < train->user_begin[g->users.at[p] + 1]; e++) {
            int32_t item = train->user_item[e];
            g->entry[count[column[item]]++] =
                (rb_grid_entry){ (int32_t)p, g->items.place[item], train->user_rating[e] };
        }
}

/* The first entry of each of this rank's rows, [rows + 1]. */
static void place_rows(int64_t first[RB_GRID_MOST + 1], const rb_grid *g, const int64_t *user_begin)
{
    int64_t at = 0;
    for (int32_t row = g->row_begin; row < g->row_end; row++) {
        first[row - g->row_begin] = at;
        for (int64_t p = g->users.cut[row]; p < g->users.cut[row + 1]; p++)
            at += user_begin[g->users.at[p] + 1] - user_begin[g->users.at[p]];
    }
    first[g->row_end - g->row_begin] = at;
}

static rb_status begin_grid(rb_grid *g, const rb_ratings *train, const rb_grid_options *options, const rb_ctx *ctx,
                            rb_error *err)
{
    g->is_fast = options->mode == RB_MODE_FAST;
    g->n_blocks = g->is_fast ? rb_grid_size_fast(train->n, options->grid, ctx) : rb_grid_size(train->n, options->grid);
    g->row_begin = (int32_t)((int64_t)g->n_blocks * ctx->rank / ctx->n_ranks);
    g->row_end = (int32_t)((int64_t)g->n_blocks * (ctx->rank + 1) / ctx->n_ranks);
    RB_TRY_ALL(ctx, make(g, train, ctx, err));
    RB_TRY(rb_shared_alloc(&g->done, (int64_t)g->n_blocks * 64, ctx, err));
    RB_TRY(rb_shared_alloc(&g->loss, (int64_t)g->n_blocks * (int64_t)sizeof(double), ctx, err));
    permute(&g->users, (rb_grid_order)options->order, "grid.users", 0, ctx->seed);
    cut(&g->users, g->n_blocks, train->user_begin);
    share_out(&g->users, g->n_blocks, ctx);
done:
    return err->status;
}

rb_status rb_grid_deal(rb_grid *g, const rb_ratings *train, const rb_grid_options *options, int64_t epoch,
                       const rb_ctx *ctx, rb_error *err)
{
    uint8_t *column = NULL; /* of each item */
    int64_t first[RB_GRID_MOST + 1];

    if (!g->begin)
        RB_TRY(begin_grid(g, train, options, ctx, err));
    place_rows(first, g, train->user_begin);
    int32_t n_rows = g->row_end - g->row_begin;
    (void)rb_alloc(&column, train->n_items, err);
    if (!g->entry)
        (void)rb_alloc(&g->entry, first[n_rows], err);
    RB_TRY_ALL(ctx, err->status);

    permute(&g->items, (rb_grid_order)options->order, "grid.items", epoch, ctx->seed);
    cut(&g->items, g->n_blocks, train->item_begin);
    share_out(&g->items, g->n_blocks, ctx);
    for (int32_t b = 0; b < g->n_blocks; b++)
        for (int64_t p = g->items.cut[b]; p < g->items.cut[b + 1]; p++)
            column[g->items.at[p]] = (uint8_t)b;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t row = 0; row < n_rows; row++)
        deal_row(g, g->row_begin + row, first[row], column, train);
done:
    rb_free(column);
    return err->status;
}

static void side_fini(rb_grid_side *side)
{
    rb_free(side->at);
    rb_free(side->place);
    rb_free(side->rows);
}

void rb_grid_fini(rb_grid *g)
{
    side_fini(&g->users);
    side_fini(&g->items);
    rb_free(g->begin);
    rb_free(g->entry);
    rb_shared_fini(&g->done);
    rb_shared_fini(&g->loss);
    memset(g, 0, sizeof *g);
}
