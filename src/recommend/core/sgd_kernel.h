/*
 * One step of stochastic gradient descent on two rows, instanced by the models through REAL, VECTOR, LANES and NAME(x).
 * Rows are whole SIMD vectors with zeros behind k, which stay zeros.
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
#pragma GCC unroll 4
    for (; f + 4 * LANES <= ld; f += 4 * LANES)
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
            sum[i] = NAME(rb_fma)(NAME(rb_load)(p + f + i * LANES), NAME(rb_load)(q + f + i * LANES), sum[i]);
    for (; f < ld; f += LANES)
        sum[0] = NAME(rb_fma)(NAME(rb_load)(p + f), NAME(rb_load)(q + f), sum[0]);
    return NAME(lane_sum)((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

RB_INLINE void NAME(update)(REAL *p, REAL *q, const double e, const rb_sgd_rates *rate, const int64_t ld)
{
    const VECTOR eu = NAME(rb_splat)((REAL)(rate->user * e)), ei = NAME(rb_splat)((REAL)(rate->item * e)),
                 keep_u = NAME(rb_splat)((REAL)(1 - rate->user * rate->reg_user)),
                 keep_i = NAME(rb_splat)((REAL)(1 - rate->item * rate->reg_item));
#pragma GCC unroll 16
    for (int64_t f = 0; f < ld; f += LANES) {
        VECTOR a = NAME(rb_load)(p + f), b = NAME(rb_load)(q + f);
        NAME(rb_store)(p + f, NAME(rb_fma)(eu, b, keep_u * a));
        NAME(rb_store)(q + f, NAME(rb_fma)(ei, a, keep_i * b));
    }
}
