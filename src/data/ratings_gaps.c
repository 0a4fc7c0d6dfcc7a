#include "data/ratings_gaps.h"

#include <string.h>

/* Which rows of this rank stay, and where they go. */
typedef struct {
    const int32_t *user; /* of all rows as they are; -1: goes */
    int64_t begin, end;  /* this rank's rows */
    int64_t *place;      /* [n_chunks + 1] new row of the first that stays in each chunk */
    int n_chunks;
    int64_t *new_begin; /* [n_ranks + 1] */
    const rb_ctx *ctx;
} gaps;

static int64_t chunk_begin(const gaps *g, int c)
{
    return g->begin + (int64_t)((__int128)(g->end - g->begin) * c / g->n_chunks);
}

static void count_chunks(gaps *g)
{
#pragma omp parallel for num_threads(g->ctx->n_threads) schedule(static, 1)
    for (int c = 0; c < g->n_chunks; c++) {
        int64_t n = 0;
        for (int64_t row = chunk_begin(g, c); row < chunk_begin(g, c + 1); row++)
            n += g->user[row] >= 0;
        g->place[c + 1] = n;
    }
    for (int c = 0; c < g->n_chunks; c++)
        g->place[c + 1] += g->place[c];
}

/* New rows of all ranks; the chunks' places become global. Collective. */
static void place_ranks(gaps *g)
{
    const rb_ctx *ctx = g->ctx;
    g->new_begin[ctx->rank + 1] = g->place[g->n_chunks];
    rb_sum_int64(ctx, g->new_begin, ctx->n_ranks + 1);
    for (int r = 0; r < ctx->n_ranks; r++)
        g->new_begin[r + 1] += g->new_begin[r];
    for (int c = 0; c <= g->n_chunks; c++)
        g->place[c] += g->new_begin[ctx->rank];
}

/* One column of 4 or 8 bytes an element moves into memory of its new size. Collective. */
static rb_status move_column(rb_shared *column, size_t size, const gaps *g, rb_error *err)
{
    rb_shared moved = { 0 };
    RB_TRY(rb_shared_alloc(&moved, g->new_begin[g->ctx->n_ranks] * (int64_t)size, g->ctx, err));
#pragma omp parallel for num_threads(g->ctx->n_threads) schedule(static, 1)
    for (int c = 0; c < g->n_chunks; c++) {
        int64_t to = g->place[c];
        for (int64_t row = chunk_begin(g, c); row < chunk_begin(g, c + 1); row++) {
            if (g->user[row] < 0)
                continue;
            if (size == sizeof(int64_t))
                ((int64_t *)moved.data)[to++] = ((const int64_t *)column->data)[row];
            else
                ((int32_t *)moved.data)[to++] = ((const int32_t *)column->data)[row];
        }
    }
    rb_shared_publish(&moved, g->new_begin, (int64_t)size, g->ctx);
    rb_shared_fini(column);
    *column = moved;
done:
    return err->status;
}

/* The users come last: they say which rows stay. */
static rb_status move_columns(rb_interactions *x, const gaps *g, rb_error *err)
{
    RB_TRY(move_column(&x->item_memory, sizeof *x->item, g, err));
    x->item = x->item_memory.data;
    if (x->rating)
        RB_TRY(move_column(&x->rating_memory, sizeof *x->rating, g, err));
    x->rating = x->rating_memory.data;
    if (x->time)
        RB_TRY(move_column(&x->time_memory, sizeof *x->time, g, err));
    x->time = x->time_memory.data;
    RB_TRY(move_column(&x->user_memory, sizeof *x->user, g, err));
    x->user = x->user_memory.data;
    x->n = g->new_begin[g->ctx->n_ranks];
done:
    return err->status;
}

rb_status rb_interactions_close_gaps(rb_interactions *x, const int64_t *begin, const rb_ctx *ctx, rb_error *err)
{
    gaps g = {
        .user = x->user, .begin = begin[ctx->rank], .end = begin[ctx->rank + 1], .n_chunks = ctx->n_threads, .ctx = ctx
    };
    rb_alloc(&g.place, g.n_chunks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&g.new_begin, ctx->n_ranks + 1, err));
    count_chunks(&g);
    place_ranks(&g);
    if (g.new_begin[ctx->n_ranks] < x->n)
        RB_TRY(move_columns(x, &g, err));
done:
    rb_free(g.place);
    rb_free(g.new_begin);
    return err->status;
}

/* Singles in the order of integers, so that the reduction is exact in any order. */
static int32_t ordered(float value)
{
    int32_t bits;
    value += 0.0f; /* -0 is 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >= 0 ? bits : bits ^ INT32_MAX;
}

static float from_ordered(int32_t key)
{
    float value;
    int32_t bits = key >= 0 ? key : key ^ INT32_MAX;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void rb_interactions_find_scale(rb_interactions *x, const rb_ctx *ctx)
{
    x->min_rating = x->max_rating = 1.0f;
    if (!x->rating || x->n == 0)
        return;
    int32_t low = INT32_MAX, high = INT32_MIN;
    int64_t begin = x->n * ctx->rank / ctx->n_ranks, end = x->n * (ctx->rank + 1) / ctx->n_ranks;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static) reduction(min : low) reduction(max : high)
    for (int64_t row = begin; row < end; row++) {
        int32_t key = ordered(x->rating[row]);
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    int64_t least = low, most = high;
    rb_min_int64(ctx, &least, 1);
    rb_max_int64(ctx, &most, 1);
    x->min_rating = from_ordered((int32_t)least);
    x->max_rating = from_ordered((int32_t)most);
}
