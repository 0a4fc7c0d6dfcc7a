/*
 * The positives of a block in their order, instanced by models/bpr.c through REAL, VECTOR, LANES and NAME(x). For a
 * positive i and a negative j, with d = p . (q_i - q_j) + b_i - b_j and s = 1 / (1 + e^d),
 *
 *     p += lr (s (q_i - q_j) - reg p),  q_i += lr (s p - reg q_i),  q_j += lr (-s p - reg q_j), p from before
 */
#include "recommend/core/sgd_kernel.h"

RB_INLINE void NAME(update_pair)(REAL *p, REAL *qi, REAL *qj, const double s, const bpr_work *w, const int64_t ld)
{
    const VECTOR step = NAME(rb_splat)((REAL)(w->rate * s)), keep_u = NAME(rb_splat)((REAL)(1 - w->rate * w->reg_user)),
                 keep_i = NAME(rb_splat)((REAL)(1 - w->rate * w->reg_item));
    for (int64_t f = 0; f < ld; f += LANES) {
        VECTOR a = NAME(rb_load)(p + f), b = NAME(rb_load)(qi + f), c = NAME(rb_load)(qj + f);
        NAME(rb_store)(p + f, NAME(rb_fma)(step, b - c, keep_u * a));
        NAME(rb_store)(qi + f, NAME(rb_fma)(step, a, keep_i * b));
        NAME(rb_store)(qj + f, NAME(rb_fma)(-step, a, keep_i * c));
    }
}

RB_INLINE double NAME(positives)(const bpr_work *w, const rb_grid_block *block, const int64_t ld)
{
    REAL *users = w->users, *items = w->items;
    double loss = 0;
    for (int64_t at = 0; at < block->n; at++) {
        const rb_grid_entry *x = block->entry + at;
        int32_t other = rb_negative_draw(&w->draw, block, x, 0);
        if (other < 0)
            continue;
        REAL *p = users + x->user * ld, *qi = items + x->item * ld, *qj = items + other * ld;
        double *bi = w->item_bias + x->item, *bj = w->item_bias + other, s;
        double d = (double)NAME(product)(p, qi, ld) - (double)NAME(product)(p, qj, ld) + *bi - *bj;
        loss += preference(&s, d);
        NAME(update_pair)(p, qi, qj, s, w, ld);
        *bi += w->rate * (s - w->reg_bias * *bi);
        *bj += w->rate * (-s - w->reg_bias * *bj);
    }
    return loss;
}

/* `positives` for the width of the rows. */
static double NAME(block)(const bpr_work *w, const rb_grid_block *block)
{
    return w->ld == 4 * LANES ? NAME(positives)(w, block, 4 * LANES) : NAME(positives)(w, block, w->ld);
}
