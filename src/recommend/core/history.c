#include "recommend/core/history.h"

#include <string.h>

#include "base/alloc.h"
#include "recommend/core/side.h"

static rb_status reserve(rb_history *h, bool with_ratings, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_shared_alloc(&h->begin_memory, (h->n_users + 1) * (int64_t)sizeof *h->begin, ctx, err));
    RB_TRY(rb_shared_alloc(&h->item_memory, h->n * (int64_t)sizeof *h->item, ctx, err));
    if (with_ratings)
        RB_TRY(rb_shared_alloc(&h->rating_memory, h->n * (int64_t)sizeof *h->rating, ctx, err));
    h->begin = h->begin_memory.data;
    h->item = h->item_memory.data;
    h->rating = h->rating_memory.data;
done:
    return err->status;
}

/* One row's interactions behind those of the rows before; returns how many. */
static int64_t copy_row(rb_history *h, int64_t at, const rb_side *from, int64_t row)
{
    int64_t first = from->begin[row], n = from->begin[row + 1] - first;
    memcpy(h->item + at, from->col + first, (size_t)n * sizeof *h->item);
    if (h->rating)
        memcpy(h->rating + at, from->rating + first, (size_t)n * sizeof *h->rating);
    return n;
}

/* more: rows of their own behind those of `side`, or NULL. */
static rb_status keep(rb_history *h, const rb_side *side, const rb_side *more, bool with_ratings, const rb_ctx *ctx,
                      rb_error *err)
{
    int64_t *range = NULL; /* [n_ranks + 1] first row of each rank, then first interaction */
    rb_history_fini(h);
    h->n_users = side->blocks->n;
    h->n = side->begin[h->n_users] + (more ? more->begin[h->n_users] : 0);
    RB_TRY(reserve(h, with_ratings, ctx, err));
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));

    rb_blocks_offsets(range, side->blocks, ctx);
    int64_t first = range[ctx->rank], last = range[ctx->rank + 1];
    int64_t at = side->begin[first] + (more ? more->begin[first] : 0);
    for (int64_t r = first; r < last; r++) {
        h->begin[r] = at;
        at += copy_row(h, at, side, r);
        if (more)
            at += copy_row(h, at, more, r);
    }
    if (ctx->node_rank == 0) /* behind the last row: nobody's block, each node for itself */
        h->begin[h->n_users] = h->n;
    rb_shared_publish(&h->begin_memory, range, sizeof *h->begin, ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        range[r] = range[r] < h->n_users ? h->begin[range[r]] : h->n;
    rb_shared_publish(&h->item_memory, range, sizeof *h->item, ctx);
    if (with_ratings)
        rb_shared_publish(&h->rating_memory, range, sizeof *h->rating, ctx);
done:
    rb_free(range);
    return err->status;
}

rb_status rb_history_keep(rb_history *h, const rb_ratings *train, const rb_ratings *revealed, bool with_ratings,
                          const rb_ctx *ctx, rb_error *err)
{
    const rb_side known = rb_side_users(train), more = rb_side_users(revealed ? revealed : train);
    return keep(h, &known, revealed ? &more : NULL, with_ratings, ctx, err);
}

rb_status rb_history_keep_items(rb_history *h, const rb_ratings *train, bool with_ratings, const rb_ctx *ctx,
                                rb_error *err)
{
    const rb_side items = rb_side_items(train);
    return keep(h, &items, NULL, with_ratings, ctx, err);
}

double rb_history_bytes(int64_t n_users, int64_t n, bool with_ratings)
{
    return (with_ratings ? 8.0 : 4.0) * (double)n + 8.0 * (double)n_users;
}

void rb_history_visit(rb_history *h, bool with_ratings, rb_visitor *v)
{
    rb_history_visit_as(
        h, (const char *const[]){ "history_begin", "history_item", with_ratings ? "history_rating" : NULL }, v);
}

void rb_history_visit_as(rb_history *h, const char *const names[3], rb_visitor *v)
{
    int64_t n_begin = h->begin ? h->n_users + 1 : 0, n_cols = 1;
    void *begin = h->begin, *item = h->item, *rating = h->rating;
    v->array(v, names[0], RB_INT64, &begin, &n_begin, &n_cols, &h->begin_memory);
    v->array(v, names[1], RB_INT32, &item, &h->n, &n_cols, &h->item_memory);
    if (names[2])
        v->array(v, names[2], RB_FLOAT32, &rating, &h->n, &n_cols, &h->rating_memory);
    h->begin = begin;
    h->item = item;
    h->rating = rating;
    h->n_users = n_begin > 0 ? n_begin - 1 : 0;
}

int rb_history_contributions(int32_t *items, double *contributions, int n, const rb_history *h, int32_t user,
                             double (*weight)(const void *model, int64_t from, int64_t to), const void *model,
                             int32_t to)
{
    int held = 0;
    for (int64_t e = h->begin[user]; n > 0 && e < h->begin[user + 1]; e++) {
        double w = weight(model, h->item[e], to);
        if (w == 0 || (held == n && w <= contributions[n - 1]))
            continue;
        int at = held < n ? held++ : n - 1;
        for (; at > 0 && contributions[at - 1] < w; at--) {
            contributions[at] = contributions[at - 1];
            items[at] = items[at - 1];
        }
        contributions[at] = w;
        items[at] = h->item[e];
    }
    return held;
}

void rb_history_fini(rb_history *h)
{
    rb_shared_fini(&h->begin_memory);
    rb_shared_fini(&h->item_memory);
    rb_shared_fini(&h->rating_memory);
    *h = (rb_history){ 0 };
}
