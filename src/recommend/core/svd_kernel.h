/*
 * The ratings of a block in their order, instanced by models/svd.c through REAL, VECTOR, LANES and NAME(x):
 *
 *     e = r - mu - b_u - b_i - p . q,   p = (1 - lr reg) p + lr e q,   q = (1 - lr reg) q + lr e p   (p before)
 *
 * Rows of few vectors have instances of their own,
 * in which p and q stay in registers between the product and the update. A step takes as long as its chain of dependent
 * operations (product, sum of lanes, update: some 60 cycles) where one rating of a user follows another, so that the
 * next item is fetched meanwhile.
 */
#include "recommend/core/sgd_kernel.h"

RB_INLINE double NAME(ratings)(const svd_work *w, const rb_grid_block *block, const int64_t ld, const bool biased)
{
    const rb_sgd_rates *rate = &w->rate;
    REAL *users = w->users, *items = w->items;
    double loss = 0;
    for (int64_t at = 0; at < block->n; at++) {
        const rb_grid_entry x = block->entry[at];
        if (at + AHEAD < block->n)
            for (int64_t f = 0; f < ld; f += 64 / (int64_t)sizeof(REAL))
                __builtin_prefetch(items + block->entry[at + AHEAD].item * ld + f, 1);
        REAL *p = users + x.user * ld, *q = items + x.item * ld;
        double e = (double)x.rating - (double)NAME(product)(p, q, ld);
        if (biased) {
            double *bu = w->user_bias + x.user, *bi = w->item_bias + x.item;
            e -= w->mean + *bu + *bi;
            *bu += rate->user_bias * (e - rate->reg_user_bias * *bu);
            *bi += rate->item_bias * (e - rate->reg_item_bias * *bi);
        }
        NAME(update)(p, q, e, rate, ld);
        loss += e * e;
    }
    return loss;
}

/* `ratings` for the width of the rows. */
static double NAME(block)(const svd_work *w, const rb_grid_block *block)
{
#define WIDTH(n) \
    case n:      \
        return w->biased ? NAME(ratings)(w, block, (n)*LANES, true) : NAME(ratings)(w, block, (n)*LANES, false);
    switch (w->ld / LANES) {
        WIDTH(1)
        WIDTH(2)
        WIDTH(4)
        WIDTH(7)
        WIDTH(8)
    default:
        return w->biased ? NAME(ratings)(w, block, w->ld, true) : NAME(ratings)(w, block, w->ld, false);
    }
#undef WIDTH
}
