/*
 * Conjugate gradient on one row, instanced by factor_solve.c through REAL, VECTOR, LANES and NAME(x). The matrix is
 * never formed: a product with it is one with the base and a pass over the entries. Takacs, Pilaszy, Tikk (2011),
 * doi:10.1145/2043932.2043987.
 *
 * Vectors are [ld], a whole number of SIMD vectors, with zeros behind k. Rows of 1, 2 and 4 SIMD vectors have instances
 * of their own, in which every loop over them is unrolled: small models are bound by what stands around the arithmetic.
 */

static REAL NAME(inner)(const REAL *a, const REAL *b, int64_t ld)
{
    VECTOR sum[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
    REAL part[4];
    for (int64_t f = 0; f < ld; f += LANES)
        sum[0] = NAME(rb_fma)(NAME(rb_load)(a + f), NAME(rb_load)(b + f), sum[0]);
    NAME(rb_sum4)(part, sum);
    return part[0];
}

/* y += s x */
RB_INLINE void NAME(add_scaled)(REAL *y, REAL s, const REAL *x, const int64_t ld)
{
    for (int64_t f = 0; f < ld; f += LANES)
        NAME(rb_store)(y + f, NAME(rb_fma)(NAME(rb_splat)(s), NAME(rb_load)(x + f), NAME(rb_load)(y + f)));
}

/* y += sum over four entries of w_e (b_e . p) b_e and, where t is given, g += sum of t_e b_e */
RB_INLINE void NAME(add_entries)(REAL *y, REAL *g, const REAL *const *b, const REAL *p, const REAL *w, const REAL *t,
                                 const int64_t ld)
{
    VECTOR sum[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
    REAL s[4];
    for (int64_t f = 0; f < ld; f += LANES) {
        VECTOR v = NAME(rb_load)(p + f);
#pragma GCC unroll 4
        for (int e = 0; e < 4; e++)
            sum[e] = NAME(rb_fma)(NAME(rb_load)(b[e] + f), v, sum[e]);
    }
    NAME(rb_sum4)(s, sum);
    for (int e = 0; e < 4; e++)
        s[e] *= w[e];
    for (int64_t f = 0; f < ld; f += LANES) {
        VECTOR u = NAME(rb_load)(y + f), v = t ? NAME(rb_load)(g + f) : u;
#pragma GCC unroll 4
        for (int e = 0; e < 4; e++) {
            VECTOR x = NAME(rb_load)(b[e] + f);
            u = NAME(rb_fma)(NAME(rb_splat)(s[e]), x, u);
            if (t)
                v = NAME(rb_fma)(NAME(rb_splat)(t[e]), x, v);
        }
        NAME(rb_store)(y + f, u);
        if (t)
            NAME(rb_store)(g + f, v);
    }
}

/*
 * The same over all entries of a row, four at a time, so that the four sums of a dot product are independent; the last
 * four are filled up with entries of weight 0. w NULL: ones. g is not touched where t is NULL.
 */
RB_INLINE void NAME(pass)(REAL *y, REAL *g, const REAL *other, const int32_t *col, const REAL *p, const REAL *w,
                          const REAL *t, int64_t n, const int64_t ld)
{
    static const REAL ones[4] = { 1, 1, 1, 1 };
    const REAL *b[4];
    int64_t e = 0;
    for (; e + 4 <= n; e += 4) {
        for (int i = 0; i < 4; i++)
            b[i] = other + col[e + i] * ld;
        for (int64_t i = e + AHEAD; i < n && i < e + AHEAD + 4; i++)
            for (int64_t f = 0; f < ld; f += 64 / (int64_t)sizeof(REAL))
                __builtin_prefetch(other + col[i] * ld + f);
        NAME(add_entries)(y, g, b, p, w ? w + e : ones, t ? t + e : NULL, ld);
    }
    if (e == n)
        return;
    REAL last_w[4] = { 0 }, last_t[4] = { 0 };
    for (int i = 0; i < 4; i++) {
        b[i] = other + col[e + i < n ? e + i : e] * ld;
        last_w[i] = e + i >= n ? 0 : w ? w[e + i] : 1;
        last_t[i] = t && e + i < n ? t[e + i] : 0;
    }
    NAME(add_entries)(y, g, b, p, last_w, t ? last_t : NULL, ld);
}

/* `n` vectors of y, from f on, += base p; the rows of the base go into several sums, so that additions overlap. */
RB_INLINE void NAME(add_columns)(REAL *y, const REAL *base, const REAL *p, int64_t f, const int64_t ld, const int n)
{
    enum { WAYS = LANES < 4 ? LANES : 4 }; /* divides ld */
    VECTOR sum[4][4] = { 0 };
    for (int64_t j = 0; j < ld; j += WAYS)
#pragma GCC unroll 4
        for (int i = 0; i < WAYS; i++)
#pragma GCC unroll 4
            for (int c = 0; c < n; c++)
                sum[i][c] = NAME(rb_fma)(NAME(rb_splat)(p[j + i]), NAME(rb_load)(base + (j + i) * ld + f + c * LANES),
                                         sum[i][c]);
#pragma GCC unroll 4
    for (int c = 0; c < n; c++)
        NAME(rb_store)
    (y + f + c * LANES, NAME(rb_load)(y + f + c * LANES) + ((sum[0][c] + sum[1][c]) + (sum[2][c] + sum[3][c])));
}

/* y += (base + lambda I) p, base [ld x ld] symmetric, zeros behind k, or NULL */
RB_INLINE void NAME(add_base)(REAL *y, const REAL *base, REAL lambda, const REAL *p, const int64_t ld)
{
    int64_t f = 0;
    NAME(add_scaled)(y, lambda, p, ld);
    for (; base && f + 4 * LANES <= ld; f += 4 * LANES)
        NAME(add_columns)(y, base, p, f, ld, 4);
    for (; base && f < ld; f += LANES)
        NAME(add_columns)(y, base, p, f, ld, 1);
}

/* Up to `steps` steps from x. memory: [4 ld]. Returns x . (g + r), g: right-hand side, r: residual. */
RB_INLINE double NAME(descend)(REAL *x, const rb_normal *a, const REAL *base, const int32_t *col, const REAL *w,
                               const REAL *t, int64_t n, REAL lambda, REAL *memory, const int64_t ld)
{
    int64_t k = a->own->k;
    const REAL *other = a->other->data;
    REAL *g = memory, *r = g + ld, *p = r + ld, *q = p + ld;
    memset(memory, 0, (size_t)(4 * ld) * sizeof(REAL));
    NAME(pass)(q, g, other, col, x, w, t, n, ld);
    NAME(add_base)(q, base, lambda, x, ld);
    for (int64_t f = 0; f < ld; f++)
        p[f] = r[f] = g[f] - q[f];
    REAL square = NAME(inner)(r, r, ld);
    for (int64_t step = 0; step < a->cg_steps && square > SMALLEST; step++) {
        memset(q, 0, (size_t)ld * sizeof(REAL));
        NAME(pass)(q, g, other, col, p, w, NULL, n, ld);
        NAME(add_base)(q, base, lambda, p, ld);
        REAL alpha = square / NAME(inner)(p, q, ld);
        NAME(add_scaled)(x, alpha, p, ld);
        NAME(add_scaled)(r, -alpha, q, ld);
        REAL next = NAME(inner)(r, r, ld), beta = next / square;
        for (int64_t f = 0; f < ld; f++)
            p[f] = r[f] + beta * p[f];
        square = next;
    }
    return NAME(dot)(x, g, k) + NAME(dot)(x, r, k);
}

/* descend for the width of the rows; what it returns makes the row's objective: constant - x . (g + r). */
static double NAME(conjugate_gradient)(REAL *x, const rb_normal *a, const REAL *base, const int32_t *col, const REAL *w,
                                       const REAL *t, int64_t n, REAL lambda, REAL *memory)
{
    switch (a->other->ld / LANES) {
    case 1:
        return NAME(descend)(x, a, base, col, w, t, n, lambda, memory, LANES);
    case 2:
        return NAME(descend)(x, a, base, col, w, t, n, lambda, memory, 2 * LANES);
    case 4:
        return NAME(descend)(x, a, base, col, w, t, n, lambda, memory, 4 * LANES);
    default:
        return NAME(descend)(x, a, base, col, w, t, n, lambda, memory, a->other->ld);
    }
}
