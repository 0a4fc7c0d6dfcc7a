/*
 * The positives of a block in their order, each with its samples of others, instanced by models/logistic_mf.c through
 * REAL, VECTOR, LANES and NAME(x).
 */
#include "recommend/core/sgd_kernel.h"

/* One pair with weight c of what was chosen, 0 where nothing was. */
RB_INLINE double NAME(visit)(const logistic_work *w, int32_t user, int32_t item, double c, const int64_t ld)
{
    REAL *p = (REAL *)w->users + user * ld, *q = (REAL *)w->items + item * ld;
    double *bu = w->user_bias + user, *bi = w->item_bias + item, slope;
    double loss = log_loss(&slope, (double)NAME(product)(p, q, ld) + *bu + *bi, c);
    NAME(update)(p, q, slope, &w->rate, ld);
    *bu += w->rate.user_bias * (slope - w->rate.reg_user_bias * *bu);
    *bi += w->rate.item_bias * (slope - w->rate.reg_item_bias * *bi);
    return loss;
}

RB_INLINE double NAME(positives)(const logistic_work *w, const rb_grid_block *block, const int64_t ld)
{
    double loss = 0;
    for (int64_t at = 0; at < block->n; at++) {
        const rb_grid_entry *x = block->entry + at;
        loss += NAME(visit)(w, x->user, x->item, w->alpha * (double)x->rating, ld);
        for (uint32_t s = 0; s < w->samples; s++) {
            int32_t other = rb_negative_draw(&w->draw, block, x, s);
            if (other >= 0)
                loss += NAME(visit)(w, x->user, other, 0, ld);
        }
    }
    return loss;
}

/* `positives` for the width of the rows. */
static double NAME(block)(const logistic_work *w, const rb_grid_block *block)
{
    return w->ld == 4 * LANES ? NAME(positives)(w, block, 4 * LANES) : NAME(positives)(w, block, w->ld);
}
