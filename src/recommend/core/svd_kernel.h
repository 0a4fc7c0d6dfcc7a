/*
 * The ratings of a block in their order, instanced by models/svd.c through REAL, VECTOR, LANES and NAME(x):
 *
 *     e = r - mu - b_u - b_i - p . q,   p = (1 - lr reg) p + lr e q,   q = (1 - lr reg) q + lr e p   (p before)
 *
 * Rows of few vectors have instances of their own,
 * in which p and q stay in registers between the product and the update. A step takes as long as its chain of dependent
 * operations (product, sum of lanes, update: some 60 cycles) where one rating of a user follows another, so that the
 * next item is fetched meanwhile, and two blocks are worked on in turn where two can be had.
 * That takes 1.4 times less for 64 factors in single precision (1.2 where rates fall), 1.2 for 100; nothing for 100 in
 * double, whose rows wait for the caches.
 */
#include "recommend/core/sgd_falling_kernel.h"
#include "recommend/core/sgd_kernel.h"

RB_INLINE void NAME(fetch_item)(const svd_work *w, const rb_grid_block *block, const int64_t at, const int64_t ld)
{
    if (at >= block->n)
        return;
    int64_t item = block->entry[at].item;
    for (int64_t f = 0; f < ld; f += 64 / (int64_t)sizeof(REAL))
        __builtin_prefetch((REAL *)w->items + item * ld + f, 1);
}

RB_INLINE double NAME(rating)(const svd_work *w, const rb_grid_block *block, const int64_t at, const int64_t ld,
                              const bool biased)
{
    const rb_sgd_rates *rate = &w->rate;
    const rb_grid_entry x = block->entry[at];
    NAME(fetch_item)(w, block, at + AHEAD, ld);
    REAL *p = (REAL *)w->users + x.user * ld, *q = (REAL *)w->items + x.item * ld;
    double e = (double)x.rating - (double)NAME(product)(p, q, ld);
    if (biased) {
        double *bu = w->user_bias + x.user, *bi = w->item_bias + x.item;
        e -= w->mean + *bu + *bi;
        *bu += rate->user_bias * (e - rate->reg_user_bias * *bu);
        *bi += rate->item_bias * (e - rate->reg_item_bias * *bi);
    }
    NAME(update)(p, q, e, rate, ld);
    return e * e;
}

/* Returns the square of the gradient. */
RB_INLINE REAL NAME(fall_bias)(double *bias, const double e, const double reg, const REAL step)
{
    double g = reg * *bias - e;
    *bias -= (double)step * g;
    return (REAL)(g * g);
}

/* The same by the schedule ADAGRAD (core/sgd.h). The roots and divisions do not wait for e. */
RB_INLINE double NAME(rating_falling)(const svd_work *w, const rb_grid_block *block, const int64_t at, const int64_t ld,
                                      const bool biased)
{
    const rb_sgd_rates *rate = &w->rate;
    const REAL of_user[RB_SGD_SUMS] = { (REAL)rate->user, (REAL)(rate->user * w->others), (REAL)rate->user_bias },
               of_item[RB_SGD_SUMS] = { (REAL)rate->item, (REAL)(rate->item * w->others), (REAL)rate->item_bias },
               first = (REAL)w->first_share, other = (REAL)(w->other_share * w->others);
    const rb_grid_entry x = block->entry[at];
    NAME(fetch_item)(w, block, at + AHEAD, ld);
    REAL *p = (REAL *)w->users + x.user * ld, *q = (REAL *)w->items + x.item * ld;
    REAL *user_sum = (REAL *)w->user_sums + (int64_t)x.user * RB_SGD_SUMS,
         *item_sum = (REAL *)w->item_sums + (int64_t)x.item * RB_SGD_SUMS, user[RB_SGD_SUMS], item[RB_SGD_SUMS],
         squares[4];
    NAME(fallen)(user, user_sum, of_user);
    NAME(fallen)(item, item_sum, of_item);
    double e = (double)x.rating - (double)NAME(product)(p, q, ld);
    if (biased) {
        e -= w->mean + w->user_bias[x.user] + w->item_bias[x.item];
        user_sum[2] += NAME(fall_bias)(w->user_bias + x.user, e, rate->reg_user_bias, user[2]);
        item_sum[2] += NAME(fall_bias)(w->item_bias + x.item, e, rate->reg_item_bias, item[2]);
    }
    NAME(update_falling)(squares, p, q, e, rate, user, item, ld);
    user_sum[0] += first * squares[0];
    user_sum[1] += other * squares[1];
    item_sum[0] += first * squares[2];
    item_sum[1] += other * squares[3];
    return e * e;
}

/* What the entries of a block from `at` on add to its loss. */
RB_INLINE double NAME(rest)(double loss, const svd_work *w, const rb_grid_block *block, int64_t at, const int64_t ld,
                            const bool biased, const bool falls)
{
    for (; at < block->n; at++)
        loss += falls ? NAME(rating_falling)(w, block, at, ld, biased) : NAME(rating)(w, block, at, ld, biased);
    return loss;
}

RB_INLINE void NAME(in_turn)(double loss[2], const svd_work *w, const rb_grid_block block[2], const int64_t ld,
                             const bool biased, const bool falls)
{
    const int64_t n = block[0].n < block[1].n ? block[0].n : block[1].n;
    double of_one = 0, of_other = 0;
    for (int64_t at = 0; at < n; at++)
        if (falls) {
            of_one += NAME(rating_falling)(w, &block[0], at, ld, biased);
            of_other += NAME(rating_falling)(w, &block[1], at, ld, biased);
        } else {
            of_one += NAME(rating)(w, &block[0], at, ld, biased);
            of_other += NAME(rating)(w, &block[1], at, ld, biased);
        }
    loss[0] = NAME(rest)(of_one, w, &block[0], n, ld, biased, falls);
    loss[1] = NAME(rest)(of_other, w, &block[1], n, ld, biased, falls);
}

/* CALL(ld, biased) with the width of the rows, of which the frequent ones are constants. */
#define CASE(n, CALL)               \
    case n:                         \
        if (w->biased)              \
            CALL((n)*LANES, true);  \
        else                        \
            CALL((n)*LANES, false); \
        break;
#define BY_WIDTH(CALL)          \
    switch (w->ld / LANES) {    \
        CASE(1, CALL)           \
        CASE(2, CALL)           \
        CASE(4, CALL)           \
        CASE(7, CALL)           \
        CASE(8, CALL)           \
        CASE(13, CALL)          \
    default:                    \
        if (w->biased)          \
            CALL(w->ld, true);  \
        else                    \
            CALL(w->ld, false); \
    }
#define ONE(ld, biased) loss = NAME(rest)(0, w, block, 0, ld, biased, false)
#define ONE_FALLING(ld, biased) loss = NAME(rest)(0, w, block, 0, ld, biased, true)
#define TWO(ld, biased) NAME(in_turn)(loss, w, block, ld, biased, false)
#define TWO_FALLING(ld, biased) NAME(in_turn)(loss, w, block, ld, biased, true)

static double NAME(block)(const svd_work *w, const rb_grid_block *block)
{
    double loss;
    BY_WIDTH(ONE)
    return loss;
}

static double NAME(block_falling)(const svd_work *w, const rb_grid_block *block)
{
    double loss;
    BY_WIDTH(ONE_FALLING)
    return loss;
}

static void NAME(two_block)(double loss[2], const svd_work *w, const rb_grid_block block[2])
{
    BY_WIDTH(TWO)
}

static void NAME(two_block_falling)(double loss[2], const svd_work *w, const rb_grid_block block[2])
{
    BY_WIDTH(TWO_FALLING)
}
#undef BY_WIDTH
#undef CASE
#undef ONE
#undef ONE_FALLING
#undef TWO
#undef TWO_FALLING
