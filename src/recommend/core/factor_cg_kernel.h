/*
 * Conjugate gradient on one row, instanced by factor_solve.c through REAL, VECTOR, LANES and NAME(x). The matrix is
 * never formed: a product with it is one with the base and a pass over the entries. Takacs, Pilaszy, Tikk (2011),
 * doi:10.1145/2043932.2043987.
 *
 * Vectors are [ld], a whole number of SIMD vectors, with zeros behind k. Entries go four at a time, so that the four
 * sums of a dot product are independent; the order is that of the row.
 */

/* The sum of a vector's lanes, pairwise. */
RB_INLINE REAL NAME(lane_sum)(VECTOR v)
{
    REAL x[LANES];
    memcpy(x, &v, sizeof v);
#pragma GCC unroll 4
    for (int half = LANES / 2; half > 0; half /= 2)
#pragma GCC unroll 8
        for (int i = 0; i < half; i++)
            x[i] += x[i + half];
    return x[0];
}

static REAL NAME(inner)(const REAL *a, const REAL *b, int64_t ld)
{
    VECTOR sum = { 0 };
    for (int64_t f = 0; f < ld; f += LANES)
        sum = NAME(rb_fma)(NAME(rb_load)(a + f), NAME(rb_load)(b + f), sum);
    return NAME(lane_sum)(sum);
}

/* y += s x */
RB_INLINE void NAME(add_scaled)(REAL *y, REAL s, const REAL *x, int64_t ld)
{
    for (int64_t f = 0; f < ld; f += LANES)
        NAME(rb_store)(y + f, NAME(rb_fma)(NAME(rb_splat)(s), NAME(rb_load)(x + f), NAME(rb_load)(y + f)));
}

/* y += sum over `count` (1 .. 4) entries of w_e (b_e . p) b_e and, where t is given, g += sum of t_e b_e */
RB_INLINE void NAME(add_entries)(REAL *y, REAL *g, const REAL *const *b, const REAL *p, const REAL *w, const REAL *t,
                                 int64_t ld, const int count)
{
    VECTOR sum[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
    REAL s[4];
    for (int64_t f = 0; f < ld; f += LANES) {
        VECTOR v = NAME(rb_load)(p + f);
#pragma GCC unroll 4
        for (int e = 0; e < count; e++)
            sum[e] = NAME(rb_fma)(NAME(rb_load)(b[e] + f), v, sum[e]);
    }
#pragma GCC unroll 4
    for (int e = 0; e < count; e++)
        s[e] = NAME(lane_sum)(sum[e]) * (w ? w[e] : 1);
    for (int64_t f = 0; f < ld; f += LANES) {
        VECTOR u = NAME(rb_load)(y + f), v = NAME(rb_load)(g + f);
#pragma GCC unroll 4
        for (int e = 0; e < count; e++) {
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

/* The same over all entries of a row; g is not touched where t is NULL. */
static void NAME(pass)(REAL *y, REAL *g, const REAL *other, int64_t ld, const int32_t *col, const REAL *p,
                       const REAL *w, const REAL *t, int64_t n)
{
    for (int64_t e = 0; e < n; e += 4) {
        const REAL *b[4];
        int count = n - e < 4 ? (int)(n - e) : 4;
        for (int i = 0; i < count; i++)
            b[i] = other + col[e + i] * ld;
        for (int64_t i = e + AHEAD; i < n && i < e + AHEAD + 4; i++)
            for (int64_t f = 0; f < ld; f += 64 / (int64_t)sizeof(REAL))
                __builtin_prefetch(other + col[i] * ld + f);
        const REAL *we = w ? w + e : NULL, *te = t ? t + e : NULL;
        if (count == 4)
            NAME(add_entries)(y, g, b, p, we, te, ld, 4);
        else
            for (int i = 0; i < count; i++)
                NAME(add_entries)(y, g, b + i, p, we ? we + i : NULL, te ? te + i : NULL, ld, 1);
    }
}

/* y += scale (base + lambda I) p, base [k x ld] symmetric or NULL */
static void NAME(add_base)(REAL *y, REAL scale, const REAL *base, REAL lambda, const REAL *p, int64_t k, int64_t ld)
{
    NAME(add_scaled)(y, scale * lambda, p, ld);
    for (int64_t j = 0; base && j < k; j++)
        NAME(add_scaled)(y, scale * p[j], base + j * ld, ld);
}

/*
 * Up to `steps` steps from x. memory: [4 ld]. Returns x . (g + r), g being the right-hand side and r the residual,
 * which makes the row's objective: constant - x . (g + r).
 */
static double NAME(conjugate_gradient)(REAL *x, const rb_normal *a, const REAL *base, const int32_t *col, const REAL *w,
                                       const REAL *t, int64_t n, REAL lambda, REAL *memory)
{
    int64_t ld = a->other->ld, k = a->own->k;
    const REAL *other = a->other->data;
    REAL *g = memory, *r = g + ld, *p = r + ld, *q = p + ld;
    memset(memory, 0, (size_t)(4 * ld) * sizeof(REAL));
    NAME(pass)(q, g, other, ld, col, x, w, t, n);
    NAME(add_base)(q, 1, base, lambda, x, k, ld);
    for (int64_t f = 0; f < ld; f++)
        p[f] = r[f] = g[f] - q[f];
    REAL square = NAME(inner)(r, r, ld);
    for (int64_t step = 0; step < a->cg_steps && square > SMALLEST; step++) {
        memset(q, 0, (size_t)ld * sizeof(REAL));
        NAME(pass)(q, g, other, ld, col, p, w, NULL, n);
        NAME(add_base)(q, 1, base, lambda, p, k, ld);
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
