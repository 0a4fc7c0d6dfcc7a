/*
 * Interactions by user and by item: stable counting sorts of the selected rows
 *
 *     rows -> by user -> by item -> by user
 *
 * After the second the users of an item ascend; after the third, which overwrites the first, the items of a user do.
 * A pass is cut into chunks, one a thread of each rank of the node, in the order of its input. Every chunk counts its
 * keys; what the chunks before it counted tells where its entries go. So the result is the stable order, for any cut.
 */
#include "data/interactions.h"

#include <string.h>

#define ALIGNMENT 64
#define MIN_BLOCK_INTERACTIONS 4096 /* below that a block costs more than it brings */

typedef struct {
    int32_t *key; /* the other side's id */
    float *rating;
    int64_t *row;   /* NULL where not asked for */
    int64_t *begin; /* [n + 1] first entry of each id of this side */
    int32_t n;
} side;

typedef struct {
    const rb_interactions *x;
    const uint8_t *part;
    unsigned wanted;
    float threshold;
    side user, item;
    rb_shared memory, row_memory; /* the region, and the rows by item, which are needed only on the way */
    const rb_ctx *node;           /* the ranks that share memory */
    int n_chunks;                 /* of this rank */
    int64_t *position;            /* [n_chunks x n keys] counts of each chunk, then where its next entry goes */
} builder;

static bool selected(const builder *b, int64_t row)
{
    if (b->x->user[row] < 0 || (b->part && !(b->wanted >> b->part[row] & 1u)))
        return false;
    return (b->x->rating ? b->x->rating[row] : 1.0f) >= b->threshold;
}

/* First of n elements in chunk c of this rank. */
static int64_t chunk_begin(const builder *b, int64_t n, int c)
{
    __int128 chunk = (__int128)b->node->rank * b->n_chunks + c;
    return (int64_t)(n * chunk / ((__int128)b->node->n_ranks * b->n_chunks));
}

/* The id whose entries hold entry number e: the last one that begins at or before it. */
static int32_t id_of_entry(const side *s, int64_t e)
{
    int32_t low = 0, high = s->n;
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (s->begin[middle] <= e)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void count_rows(const builder *b, int c)
{
    int64_t *count = b->position + (int64_t)c * b->user.n;
    int64_t end = chunk_begin(b, b->x->n, c + 1);
    for (int64_t row = chunk_begin(b, b->x->n, c); row < end; row++)
        if (selected(b, row))
            count[b->x->user[row]]++;
}

static void move_rows(const builder *b, int c)
{
    int64_t *position = b->position + (int64_t)c * b->user.n;
    int64_t end = chunk_begin(b, b->x->n, c + 1);
    for (int64_t row = chunk_begin(b, b->x->n, c); row < end; row++) {
        if (!selected(b, row))
            continue;
        int64_t at = position[b->x->user[row]]++;
        b->user.key[at] = b->x->item[row];
        b->user.rating[at] = b->x->rating ? b->x->rating[row] : 1.0f;
        if (b->user.row)
            b->user.row[at] = row;
    }
}

static void count_entries(const builder *b, const side *to, const side *from, int c)
{
    int64_t *count = b->position + (int64_t)c * to->n;
    int64_t end = chunk_begin(b, from->begin[from->n], c + 1);
    for (int64_t e = chunk_begin(b, from->begin[from->n], c); e < end; e++)
        count[from->key[e]]++;
}

static void move_entries(const builder *b, const side *to, const side *from, int c)
{
    int64_t *position = b->position + (int64_t)c * to->n;
    int64_t e = chunk_begin(b, from->begin[from->n], c), end = chunk_begin(b, from->begin[from->n], c + 1);
    for (int32_t id = id_of_entry(from, e); e < end; e++) {
        while (from->begin[id + 1] <= e)
            id++;
        int64_t at = position[from->key[e]]++;
        to->key[at] = id;
        to->rating[at] = from->rating[e];
        if (to->row)
            to->row[at] = from->row[e];
    }
}

/* Room for the counts of n_keys keys, zeroed; fewer chunks than threads where counts would outweigh the entries. */
static rb_status begin_pass(builder *b, int64_t n_entries, int32_t n_keys, rb_error *err)
{
    int64_t useful = 1 + n_entries / b->node->n_ranks / (n_keys > 0 ? n_keys : 1);
    b->n_chunks = useful < b->node->n_threads ? (int)useful : b->node->n_threads;
    rb_free(b->position);
    b->position = NULL;
    return rb_alloc(&b->position, (int64_t)b->n_chunks * n_keys, err);
}

/* Sums over the chunks of this rank, then over the ranks: before[k] in the lower ranks, total[k] in all. */
static void sum_counts(int64_t *before, int64_t *total, const builder *b, int32_t n_keys)
{
#pragma omp parallel for num_threads(b->node->n_threads) schedule(static)
    for (int32_t k = 0; k < n_keys; k++)
        for (int c = 0; c < b->n_chunks; c++)
            total[k] += b->position[(int64_t)c * n_keys + k];
    if (b->node->n_ranks == 1)
        return;
    RB_MPI(MPI_Exscan(total, before, n_keys, MPI_INT64_T, MPI_SUM, b->node->comm));
    if (b->node->rank == 0)
        memset(before, 0, (size_t)n_keys * sizeof *before); /* MPI leaves it undefined there */
    rb_sum_int64(b->node, total, n_keys);
}

/* Turn the counts into positions: begin[k] + the entries of the lower ranks + those of this rank's lower chunks. */
static void counts_to_positions(builder *b, const int64_t *begin, const int64_t *before, int32_t n_keys)
{
#pragma omp parallel for num_threads(b->node->n_threads) schedule(static)
    for (int32_t k = 0; k < n_keys; k++) {
        int64_t at = begin[k] + before[k];
        for (int c = 0; c < b->n_chunks; c++) {
            int64_t *place = &b->position[(int64_t)c * n_keys + k];
            int64_t count = *place;
            *place = at;
            at += count;
        }
    }
}

static int64_t rounded(int64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Lay out the one region: row pointers, rows where asked for, ids and ratings of both sides. */
static rb_status alloc_region(builder *b, int64_t n, rb_error *err)
{
    bool with_rows = (b->wanted & RB_WITH_ROWS) != 0;
    int64_t user_begin = rounded(((int64_t)b->user.n + 1) * (int64_t)sizeof(int64_t));
    int64_t item_begin = rounded(((int64_t)b->item.n + 1) * (int64_t)sizeof(int64_t));
    int64_t rows = with_rows ? rounded(n * (int64_t)sizeof(int64_t)) : 0;
    int64_t column = rounded(n * (int64_t)sizeof(int32_t));
    RB_TRY(rb_shared_alloc(&b->memory, user_begin + item_begin + rows + 4 * column, b->node, err));
    if (with_rows)
        RB_TRY(rb_shared_alloc(&b->row_memory, rows, b->node, err));
    char *at = b->memory.data;
    b->user.begin = (int64_t *)at;
    b->item.begin = (int64_t *)(at += user_begin);
    at += item_begin;
    b->user.row = with_rows ? (int64_t *)at : NULL;
    b->item.row = b->row_memory.data;
    b->user.key = (int32_t *)(at += rows);
    b->user.rating = (float *)(at += column);
    b->item.key = (int32_t *)(at += column);
    b->item.rating = (float *)(at + column);
done:
    return err->status;
}

static int64_t sum_of(const int64_t *values, int32_t n)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += values[i];
    return sum;
}

/* The lowest rank writes the row pointers for its node. */
static void write_begin(const builder *b, int64_t *begin, const int64_t *total, int32_t n)
{
    if (b->node->rank == 0)
        for (int32_t i = 0; i < n; i++)
            begin[i + 1] = begin[i] + total[i];
}

/* What the ranks of a node wrote anywhere in the region becomes visible to all of them. */
static void seen_by_node(builder *b)
{
    rb_shared_publish_from(&b->memory, 0, b->node);
}

static rb_status sort_rows_by_user(builder *b, rb_error *err)
{
    int64_t *before = NULL, *total = NULL;
    rb_alloc(&before, b->user.n, err);
    rb_alloc(&total, b->user.n, err);
    RB_TRY_ALL(b->node, begin_pass(b, b->x->n, b->user.n, err));
#pragma omp parallel for num_threads(b->node->n_threads) schedule(static, 1)
    for (int c = 0; c < b->n_chunks; c++)
        count_rows(b, c);
    sum_counts(before, total, b, b->user.n);
    RB_TRY(alloc_region(b, sum_of(total, b->user.n), err));
    write_begin(b, b->user.begin, total, b->user.n);
    seen_by_node(b);
    counts_to_positions(b, b->user.begin, before, b->user.n);
#pragma omp parallel for num_threads(b->node->n_threads) schedule(static, 1)
    for (int c = 0; c < b->n_chunks; c++)
        move_rows(b, c);
    seen_by_node(b);
done:
    rb_free(before);
    rb_free(total);
    return err->status;
}

static rb_status sort_entries(builder *b, const side *to, const side *from, rb_error *err)
{
    int64_t *before = NULL, *total = NULL;
    rb_alloc(&before, to->n, err);
    rb_alloc(&total, to->n, err);
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): after the first pass the region is there
    RB_TRY_ALL(b->node, begin_pass(b, from->begin[from->n], to->n, err));
#pragma omp parallel for num_threads(b->node->n_threads) schedule(static, 1)
    for (int c = 0; c < b->n_chunks; c++)
        count_entries(b, to, from, c);
    sum_counts(before, total, b, to->n);
    write_begin(b, to->begin, total, to->n); /* the same numbers again where `to` was sorted before */
    seen_by_node(b);
    counts_to_positions(b, to->begin, before, to->n);
#pragma omp parallel for num_threads(b->node->n_threads) schedule(static, 1)
    for (int c = 0; c < b->n_chunks; c++)
        move_entries(b, to, from, c);
    seen_by_node(b);
done:
    rb_free(before);
    rb_free(total);
    return err->status;
}

static void hand_over(rb_ratings *out, const builder *b)
{
    *out = (rb_ratings){
        .n_users = b->user.n,
        .n_items = b->item.n,
        .n = b->user.begin[b->user.n], // NOLINT(clang-analyzer-core.NullDereference): the region is there
        .user_begin = b->user.begin,
        .user_item = b->user.key,
        .user_rating = b->user.rating,
        .user_row = b->user.row,
        .item_begin = b->item.begin,
        .item_user = b->item.key,
        .item_rating = b->item.rating,
        .min_rating = b->x->min_rating,
        .max_rating = b->x->max_rating,
        .memory = b->memory,
    };
}

rb_status rb_ratings_build(rb_ratings *out, const rb_interactions *x, const uint8_t *part, unsigned wanted,
                           double threshold, const rb_ctx *ctx, rb_error *err)
{
    *out = (rb_ratings){ 0 };
    rb_ctx own = { 0 };
    builder b = { .x = x, .part = part, .wanted = wanted, .threshold = (float)threshold, .node = ctx };
    b.user.n = x->n_users;
    b.item.n = x->n_items;
    if (ctx->n_nodes > 1) {
        RB_TRY_ALL(ctx, rb_ctx_split(&own, ctx, ctx->node_of[ctx->rank], err)); /* agreed within a node alone */
        b.node = &own;
    }
    if (sort_rows_by_user(&b, err) == RB_OK && sort_entries(&b, &b.item, &b.user, err) == RB_OK)
        sort_entries(&b, &b.user, &b.item, err);
    RB_TRY_ALL(ctx, err->status); /* nodes may differ */
    hand_over(out, &b);
    b.memory = (rb_shared){ 0 };
    rb_blocks_init(&out->users, out->n_users, out->user_begin, MIN_BLOCK_INTERACTIONS, err);
    RB_TRY_ALL(ctx, rb_blocks_init(&out->items, out->n_items, out->item_begin, MIN_BLOCK_INTERACTIONS, err));
done:
    rb_free(b.position);
    rb_shared_fini(&b.row_memory);
    rb_shared_fini(&b.memory);
    if (err->status != RB_OK)
        rb_ratings_fini(out);
    rb_ctx_fini(&own);
    return err->status;
}
