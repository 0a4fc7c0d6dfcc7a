/*
 * The ratings of a block in their order, instanced by models/svd.c through REAL, VECTOR, LANES and NAME(x):
 *
 *     e = r - mu - b_u - b_i - p . q,   p = (1 - lr reg) p + lr e q,   q = (1 - lr reg) q + lr e p   (p before)
 *
 * Rows are whole SIMD vectors with zeros behind k, which stay zeros. Rows of few vectors have instances of their own,
 * in which p and q stay in registers between the product and the update. A step takes as long as its chain of dependent
 * operations (product, sum of lanes, update: some 60 cycles) where one rating of a user follows another, so that the
 * next item is fetched meanwhile.
 */
RB_INLINE REAL NAME(lane_sum)(VECTOR v)
{
    const VECTOR four[4] = { v, { 0 }, { 0 }, { 0 } };
    REAL sum[4];
    NAME(rb_sum4)(sum, four);
    return sum[0];
}

RB_INLINE REAL NAME(product)(const REAL *p, const REAL *q, const int64_t ld)
{
    VECTOR sum[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
    int64_t f = 0;
    for (; f + 4 * LANES <= ld; f += 4 * LANES)
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
            sum[i] = NAME(rb_fma)(NAME(rb_load)(p + f + i * LANES), NAME(rb_load)(q + f + i * LANES), sum[i]);
    for (; f < ld; f += LANES)
        sum[0] = NAME(rb_fma)(NAME(rb_load)(p + f), NAME(rb_load)(q + f), sum[0]);
    return NAME(lane_sum)((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

RB_INLINE void NAME(update)(REAL *p, REAL *q, const double e, const svd_rates *rate, const int64_t ld)
{
    const VECTOR eu = NAME(rb_splat)((REAL)(rate->user * e)), ei = NAME(rb_splat)((REAL)(rate->item * e)),
                 keep_u = NAME(rb_splat)((REAL)(1 - rate->user * rate->reg_user)),
                 keep_i = NAME(rb_splat)((REAL)(1 - rate->item * rate->reg_item));
#pragma GCC unroll 8
    for (int64_t f = 0; f < ld; f += LANES) {
        VECTOR a = NAME(rb_load)(p + f), b = NAME(rb_load)(q + f);
        NAME(rb_store)(p + f, NAME(rb_fma)(eu, b, keep_u * a));
        NAME(rb_store)(q + f, NAME(rb_fma)(ei, a, keep_i * b));
    }
}

RB_INLINE double NAME(ratings)(const svd_work *w, const rb_grid_block *block, const int64_t ld, const bool biased)
{
    const svd_rates *rate = &w->rate;
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
