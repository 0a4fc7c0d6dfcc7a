/*
 * One step of the schedule ADAGRAD (core/sgd.h) on two rows, instanced as core/sgd_kernel.h.
 */
/* lr / sqrt(G) of the parts of a row. */
RB_INLINE void NAME(fallen)(REAL step[RB_SGD_SUMS], const REAL *sum, const REAL rate[RB_SGD_SUMS])
{
    for (int c = 0; c < RB_SGD_SUMS; c++)
        step[c] = rate[c] / (REAL)sqrt((double)sum[c]);
}

/* 1 in the lanes of the first factors, for a vector that begins with factor f. */
RB_INLINE VECTOR NAME(among_first)(const int64_t f)
{
    VECTOR v = { 0 };
    for (int i = 0; i < LANES; i++)
        v[i] = f + i < RB_SGD_FIRST ? 1 : 0;
    return v;
}

/* The update by the schedule ADAGRAD with steps lr / sqrt(G); into squares: |g|^2 of the user's first and other
 * factors, then of the item's. */
RB_INLINE void NAME(update_falling)(REAL squares[4], REAL *p, REAL *q, const double e, const rb_sgd_rates *rate,
                                    const REAL *user, const REAL *item, const int64_t ld)
{
    const VECTOR error = NAME(rb_splat)((REAL)e), reg_u = NAME(rb_splat)((REAL)rate->reg_user),
                 reg_i = NAME(rb_splat)((REAL)rate->reg_item);
    VECTOR sum[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
    int64_t f = 0;
#pragma GCC unroll 4
    for (; f < RB_SGD_FIRST && f < ld; f += LANES) { /* a wide vector has both kinds */
        const VECTOR first = NAME(among_first)(f), other = 1 - first;
        VECTOR a = NAME(rb_load)(p + f), b = NAME(rb_load)(q + f);
        VECTOR gu = NAME(rb_fnma)(error, b, reg_u * a), gi = NAME(rb_fnma)(error, a, reg_i * b);
        NAME(rb_store)(p + f, NAME(rb_fnma)(first * user[0] + other * user[1], gu, a));
        NAME(rb_store)(q + f, NAME(rb_fnma)(first * item[0] + other * item[1], gi, b));
        sum[0] = NAME(rb_fma)(first * gu, gu, sum[0]);
        sum[1] = NAME(rb_fma)(other * gu, gu, sum[1]);
        sum[2] = NAME(rb_fma)(first * gi, gi, sum[2]);
        sum[3] = NAME(rb_fma)(other * gi, gi, sum[3]);
    }
    const VECTOR step_u = NAME(rb_splat)(user[1]), step_i = NAME(rb_splat)(item[1]);
#pragma GCC unroll 8
    for (; f < ld; f += LANES) {
        VECTOR a = NAME(rb_load)(p + f), b = NAME(rb_load)(q + f);
        VECTOR gu = NAME(rb_fnma)(error, b, reg_u * a), gi = NAME(rb_fnma)(error, a, reg_i * b);
        NAME(rb_store)(p + f, NAME(rb_fnma)(step_u, gu, a));
        NAME(rb_store)(q + f, NAME(rb_fnma)(step_i, gi, b));
        sum[1] = NAME(rb_fma)(gu, gu, sum[1]);
        sum[3] = NAME(rb_fma)(gi, gi, sum[3]);
    }
    NAME(rb_sum4)(squares, sum);
}
