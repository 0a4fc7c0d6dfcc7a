#include "data/interactions.h"

rb_status rb_interactions_alloc(rb_interactions *x, int64_t n, bool with_rating, bool with_time, const rb_ctx *ctx,
                                rb_error *err)
{
    *x = (rb_interactions){ .n = n };
    RB_TRY(rb_shared_alloc(&x->user_memory, n * (int64_t)sizeof *x->user, ctx, err));
    RB_TRY(rb_shared_alloc(&x->item_memory, n * (int64_t)sizeof *x->item, ctx, err));
    if (with_rating)
        RB_TRY(rb_shared_alloc(&x->rating_memory, n * (int64_t)sizeof *x->rating, ctx, err));
    if (with_time)
        RB_TRY(rb_shared_alloc(&x->time_memory, n * (int64_t)sizeof *x->time, ctx, err));
    x->user = x->user_memory.data;
    x->item = x->item_memory.data;
    x->rating = x->rating_memory.data;
    x->time = x->time_memory.data;
done:
    if (err->status != RB_OK)
        rb_interactions_fini(x);
    return err->status;
}

void rb_interactions_publish(rb_interactions *x, const int64_t *begin, const rb_ctx *ctx)
{
    rb_shared_publish(&x->user_memory, begin, sizeof *x->user, ctx);
    rb_shared_publish(&x->item_memory, begin, sizeof *x->item, ctx);
    if (x->rating)
        rb_shared_publish(&x->rating_memory, begin, sizeof *x->rating, ctx);
    if (x->time)
        rb_shared_publish(&x->time_memory, begin, sizeof *x->time, ctx);
}

void rb_interactions_fini(rb_interactions *x)
{
    rb_shared_fini(&x->time_memory);
    rb_shared_fini(&x->rating_memory);
    rb_shared_fini(&x->item_memory);
    rb_shared_fini(&x->user_memory);
    *x = (rb_interactions){ 0 };
}

void rb_ratings_fini(rb_ratings *r)
{
    rb_blocks_fini(&r->users);
    rb_blocks_fini(&r->items);
    rb_shared_fini(&r->memory);
    *r = (rb_ratings){ 0 };
}

rb_status rb_ratings_mean(double *mean, const rb_ratings *r, const rb_ctx *ctx, rb_error *err)
{
    double *partial = NULL, sum = 0;
    int32_t first = rb_blocks_of(&r->users, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&r->users, ctx->rank + 1, ctx->n_ranks);
    RB_TRY_ALL(ctx, rb_alloc(&partial, last - first, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int32_t k = first; k < last; k++) {
        double block = 0;
        for (int64_t e = r->user_begin[r->users.begin[k]]; e < r->user_begin[r->users.begin[k + 1]]; e++)
            block += (double)r->user_rating[e];
        partial[k - first] = block;
    }
    RB_TRY(rb_blocks_sum(&sum, partial, 1, &r->users, ctx, err));
    *mean = r->n > 0 ? sum / (double)r->n : 0.0;
done:
    rb_free(partial);
    return err->status;
}

bool rb_ratings_has(const rb_ratings *r, int32_t user, int32_t item)
{
    int64_t low = r->user_begin[user], high = r->user_begin[user + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (r->user_item[middle] == item)
            return true;
        if (r->user_item[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
