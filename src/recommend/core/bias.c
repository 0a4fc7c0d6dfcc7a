#include "recommend/core/bias.h"

#include "base/alloc.h"
#include "recommend/core/side.h"
#include "recommend/core/sums.h"

/*
 * One side of the alternation: own[row] from the other side's biases, each row one sum in ascending column order. Rows
 * without ratings only where asked for. range: [n_ranks + 1] first row of each rank.
 */
static void update_rows(rb_shared *own, const double *other, double mean, double reg, rb_side side, bool empty,
                        const int64_t *range, const rb_ctx *ctx)
{
    double *bias = own->data;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 256)
    for (int64_t row = range[ctx->rank]; row < range[ctx->rank + 1]; row++) {
        double sum = 0.0, weight = reg + (double)(side.begin[row + 1] - side.begin[row]);
        for (int64_t e = side.begin[row]; e < side.begin[row + 1]; e++)
            sum += (double)side.rating[e] - mean - other[side.col[e]];
        if (empty || side.begin[row + 1] > side.begin[row])
            bias[row] = weight > 0.0 ? sum / weight : 0.0;
    }
    rb_shared_publish(own, range, sizeof(double), ctx);
}

rb_status rb_bias_fit(rb_biases *b, const rb_ratings *train, const rb_bias_config *config, const rb_ctx *ctx,
                      rb_error *err)
{
    int64_t *users = NULL; /* [n_ranks + 1] first row of each rank */
    int64_t *items = NULL;

    b->n_users = train->n_users;
    b->n_items = train->n_items;
    RB_TRY(rb_shared_alloc(&b->user_memory, (int64_t)sizeof(double) * train->n_users, ctx, err));
    RB_TRY(rb_shared_alloc(&b->item_memory, (int64_t)sizeof(double) * train->n_items, ctx, err));
    b->user = b->user_memory.data;
    b->item = b->item_memory.data;
    (void)rb_alloc(&users, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&items, ctx->n_ranks + 1, err));
    rb_blocks_offsets(users, &train->users, ctx);
    rb_blocks_offsets(items, &train->items, ctx);
    RB_TRY(rb_ratings_mean(&b->mean, train, ctx, err));

    for (int64_t k = 0; k < config->iterations; k++) {
        update_rows(&b->item_memory, b->user, b->mean, config->reg_item, rb_side_items(train), true, items, ctx);
        update_rows(&b->user_memory, b->item, b->mean, config->reg_user, rb_side_users(train), true, users, ctx);
    }
done:
    rb_free(users);
    rb_free(items);
    return err->status;
}

rb_status rb_bias_reveal(rb_biases *b, const rb_ratings *revealed, double reg_user, const rb_ctx *ctx, rb_error *err)
{
    int64_t *users = NULL;

    RB_TRY_ALL(ctx, rb_alloc(&users, ctx->n_ranks + 1, err));
    rb_blocks_offsets(users, &revealed->users, ctx);
    update_rows(&b->user_memory, b->item, b->mean, reg_user, rb_side_users(revealed), false, users, ctx);
done:
    rb_free(users);
    return err->status;
}

void rb_bias_arrays(rb_biases *b, rb_visitor *v)
{
    v->scalar(v, "bias_mean", RB_FLOAT64, &b->mean);
    rb_visit_doubles(v, "bias_user", &b->user, &b->n_users, &b->user_memory);
    rb_visit_doubles(v, "bias_item", &b->item, &b->n_items, &b->item_memory);
}

void rb_bias_fini(rb_biases *b)
{
    rb_shared_fini(&b->user_memory);
    rb_shared_fini(&b->item_memory);
    *b = (rb_biases){ 0 };
}
