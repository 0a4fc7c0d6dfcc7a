#include "recommend/core/item_gram.h"

#include "base/alloc.h"

/* Blocks of items of equal counting work: an item's row of G's lower triangle takes one step for each pair of it and
 * an item up to it that a user has. */
static rb_status cut_items(rb_blocks *blocks, const rb_ratings *train, rb_error *err)
{
    int64_t *work = NULL; /* [n_items + 1] prefix sums */
    RB_TRY(rb_alloc(&work, train->n_items + 1, err));
    for (int64_t u = 0; u < train->n_users; u++)
        for (int64_t e = train->user_begin[u]; e < train->user_begin[u + 1]; e++)
            work[train->user_item[e] + 1] += e - train->user_begin[u] + 1;
    for (int64_t i = 0; i < train->n_items; i++)
        work[i + 1] += work[i] + 64; /* and its row is written */
    RB_TRY(rb_blocks_init(blocks, train->n_items, work, 4096, err));
done:
    rb_free(work);
    return err->status;
}

/* Row i of the lower triangle; the row is 0 before. */
#define COUNT_ROW(type)                                                                      \
    static void count_row_##type(type *row, const rb_ratings *train, int32_t i)              \
    {                                                                                        \
        for (int64_t e = train->item_begin[i]; e < train->item_begin[i + 1]; e++) {          \
            const int32_t *item = train->user_item + train->user_begin[train->item_user[e]]; \
            int64_t p = -1;                                                                  \
            do                                                                               \
                row[item[++p]] += 1;                                                         \
            while (item[p] < i);                                                             \
        }                                                                                    \
    }
COUNT_ROW(float)
COUNT_ROW(double)

rb_status rb_item_gram(rb_shared *gram, rb_precision precision, const rb_ratings *train, const rb_ctx *ctx,
                       rb_error *err)
{
    rb_blocks blocks = { 0 };
    int64_t *range = NULL; /* [n_ranks + 1] first item of each rank */
    int64_t n = train->n_items;
    RB_TRY_ALL(ctx, cut_items(&blocks, train, err));
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    rb_blocks_offsets(range, &blocks, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 8)
    for (int64_t i = range[ctx->rank]; i < range[ctx->rank + 1]; i++)
        if (precision == RB_SINGLE)
            count_row_float((float *)gram->data + i * n, train, (int32_t)i);
        else
            count_row_double((double *)gram->data + i * n, train, (int32_t)i);
    rb_shared_publish(gram, range, n * (int64_t)(precision == RB_SINGLE ? sizeof(float) : sizeof(double)), ctx);
done:
    rb_blocks_fini(&blocks);
    rb_free(range);
    return err->status;
}
