#include "parallel/blocks.h"

#include <string.h>

#include "base/alloc.h"

rb_status rb_blocks_init(rb_blocks *b, int64_t n, const int64_t *prefix, int64_t min_weight, rb_error *err)
{
    *b = (rb_blocks){ .n = n };
    int64_t base = prefix ? prefix[0] : 0;
    int64_t total = prefix ? prefix[n] - base : n;
    int64_t wanted = total / (min_weight > 0 ? min_weight : 1);
    if (wanted > RB_MAX_BLOCKS)
        wanted = RB_MAX_BLOCKS;
    if (wanted > n)
        wanted = n;
    if (wanted < 1)
        wanted = 1;
    if (rb_alloc(&b->begin, wanted + 1, err) != RB_OK)
        return err->status;
    int64_t at = 0;
    for (int64_t k = 0; k < wanted; k++) {
        int64_t target = base + (int64_t)((__int128)total * k / wanted);
        if (prefix) {
            while (at < n && prefix[at] < target)
                at++;
        } else {
            at = target;
        }
        b->begin[k] = at;
    }
    b->begin[0] = 0;
    b->begin[wanted] = n;
    b->n_blocks = (int32_t)wanted;
    return RB_OK;
}

void rb_blocks_fini(rb_blocks *b)
{
    rb_free(b->begin);
    memset(b, 0, sizeof *b);
}

int32_t rb_blocks_of(const rb_blocks *b, int rank, int n_ranks)
{
    return (int32_t)((int64_t)b->n_blocks * rank / n_ranks);
}

int64_t rb_blocks_element(const rb_blocks *b, int rank, int n_ranks)
{
    return b->begin[rb_blocks_of(b, rank, n_ranks)];
}

void rb_blocks_offsets(int64_t *begin, const rb_blocks *b, const rb_ctx *ctx)
{
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = rb_blocks_element(b, r, ctx->n_ranks);
}

#define STRIP 256  /* columns that a thread adds at a time */
#define WIDE 65536 /* numbers above which threads share the columns */

/*
 * The tree: node (level, i) covers blocks [i 2^level, (i + 1) 2^level) cut at n_blocks; its value is the
 * sum of its two children, or the left child alone where the right one is empty. The tree is complete
 * towards the left, so any run of blocks is a union of a few whole nodes.
 */
typedef struct {
    int level;
    int32_t index;
} node;

/* Maximal whole nodes inside [first, last) in ascending order; a node cut at n_blocks counts as whole. */
static int whole_nodes(node *out, int32_t first, int32_t last, int32_t n_blocks)
{
    int n = 0;
    while (first < last) {
        int level = 0;
        for (;;) {
            int64_t size = (int64_t)2 << level;
            if (first % size != 0)
                break;
            int64_t end = first + size < n_blocks ? first + size : n_blocks;
            if (end > last || size / 2 >= n_blocks)
                break;
            level++;
        }
        out[n++] = (node){ level, first >> level };
        int64_t end = (int64_t)first + ((int64_t)1 << level);
        first = end < n_blocks ? (int32_t)end : n_blocks;
    }
    return n;
}

static void add(double *restrict to, const double *restrict from, int64_t width)
{
    for (int64_t i = 0; i < width; i++)
        to[i] += from[i];
}

/* Threads share the columns. A region costs as much as adding some thousand numbers, even where only one thread works.
 */
static void add_wide(double *to, const double *from, int64_t width, int n_threads)
{
    if (n_threads == 1 || width <= WIDE) {
        add(to, from, width);
        return;
    }
#pragma omp parallel for num_threads(n_threads) schedule(static)
    for (int64_t at = 0; at < width; at += STRIP)
        add(to + at, from + at, width - at < STRIP ? width - at : STRIP);
}

/* `width` columns of the blocks of one whole node, all added to the first; blocks lie `ld` apart. */
static void collapse_columns(double *first, node at, int64_t n_blocks, int64_t width, int64_t ld)
{
    for (int level = 0; level < at.level; level++) {
        int64_t step = (int64_t)1 << level;
        for (int64_t i = 0; i + step < n_blocks; i += 2 * step)
            add(first + i * ld, first + (i + step) * ld, width);
    }
}

/*
 * Sums blocks of one whole node into the place of its first block. partial holds blocks from `origin`. Threads share
 * the columns: each takes STRIP of them up the whole tree.
 */
static void collapse(double *partial, int32_t origin, node at, int64_t width, int32_t n_blocks, int n_threads)
{
    int32_t begin = at.index << at.level;
    int64_t n = n_blocks - begin < (int64_t)1 << at.level ? n_blocks - begin : (int64_t)1 << at.level;
    double *first = partial + (begin - origin) * width;
    if (n_threads == 1 || n * width <= WIDE) {
        collapse_columns(first, at, n, width, width);
        return;
    }
#pragma omp parallel for num_threads(n_threads) schedule(static)
    for (int64_t from = 0; from < width; from += STRIP)
        collapse_columns(first + from, at, n, width - from < STRIP ? width - from : STRIP, width);
}

/* The nodes of all ranks in ascending order of their first block; returns how many. */
static int all_nodes(node *nodes, int *begin, const rb_blocks *b, const rb_ctx *ctx)
{
    int n = 0;
    for (int r = 0; r < ctx->n_ranks; r++) {
        begin[r] = n;
        n +=
            whole_nodes(nodes + n, rb_blocks_of(b, r, ctx->n_ranks), rb_blocks_of(b, r + 1, ctx->n_ranks), b->n_blocks);
    }
    begin[ctx->n_ranks] = n;
    return n;
}

/* Combines whole nodes, ascending and covering [0, n_blocks), up to the root; values[k] belongs to nodes[k]. */
static void combine(double *values, node *nodes, int n, int64_t width, int n_threads)
{
    for (int level = 0; n > 1; level++) {
        int kept = 0;
        for (int k = 0; k < n; k++) {
            node me = nodes[k];
            int is_low = me.level == level;
            int has_right = is_low && me.index % 2 == 0 && k + 1 < n && nodes[k + 1].level == level;
            if (kept != k)
                memcpy(values + kept * width, values + k * width, (size_t)width * sizeof *values);
            if (has_right) {
                add_wide(values + kept * width, values + (k + 1) * width, width, n_threads);
                k++;
            }
            nodes[kept++] = is_low ? (node){ level + 1, me.index / 2 } : me;
        }
        n = kept;
    }
}

static int64_t most_nodes(int n_ranks)
{
    return (int64_t)n_ranks * 2 * 12;
}

rb_status rb_blocks_sum(double *sum, double *partial, int64_t width, const rb_blocks *b, const rb_ctx *ctx,
                        rb_error *err)
{
    node *nodes = NULL;
    int *begin = NULL;
    int64_t *offset = NULL;
    double *values = NULL;

    RB_TRY(rb_alloc(&nodes, most_nodes(ctx->n_ranks), err));
    RB_TRY(rb_alloc(&begin, ctx->n_ranks + 1, err));
    RB_TRY(rb_alloc(&offset, ctx->n_ranks + 1, err));
    int n = all_nodes(nodes, begin, b, ctx);
    RB_TRY(rb_alloc(&values, n * width, err));
    int32_t origin = rb_blocks_of(b, ctx->rank, ctx->n_ranks);
    for (int k = begin[ctx->rank]; k < begin[ctx->rank + 1]; k++) {
        collapse(partial, origin, nodes[k], width, b->n_blocks, ctx->n_threads);
        int32_t first = nodes[k].index << nodes[k].level;
        memcpy(values + k * width, partial + (first - origin) * width, (size_t)width * sizeof *values);
    }
done:
    if (rb_agree(ctx, err->status, err) == RB_OK) {
        for (int r = 0; r <= ctx->n_ranks; r++)
            offset[r] = begin[r] * width * (int64_t)sizeof *values;
        rb_allgather_bytes(ctx, values, (char *)values + offset[ctx->rank], offset);
        combine(values, nodes, begin[ctx->n_ranks], width, ctx->n_threads);
        memcpy(sum, values, (size_t)width * sizeof *sum);
    }
    rb_free(values);
    rb_free(offset);
    rb_free(begin);
    rb_free(nodes);
    return err->status;
}

double rb_tree_sum(double *values, int64_t n)
{
    for (int64_t step = 1; step < n; step *= 2)
        for (int64_t i = 0; i + step < n; i += 2 * step)
            values[i] += values[i + step];
    return n > 0 ? values[0] : 0.0;
}
