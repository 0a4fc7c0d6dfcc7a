/*
 * Conjugate gradient on one row, instanced by factor_solve.c through REAL, VECTOR, LANES and NAME(x). The matrix is
 * never formed: a product with it is one with the base and a pass over the entries. Takacs, Pilaszy, Tikk (2011),
 * doi:10.1145/2043932.2043987.
 *
 * Vectors are [ld], a whole number of SIMD vectors, with zeros behind k; where the row has a bias, one more vector
 * begins with it, at ld. Rows of 1, 2 and 4 SIMD vectors have instances of their own, in which every loop over them is
 * unrolled: small models are bound by what stands around the arithmetic.
 */

/* The system of a row but for its targets. */
typedef struct {
    const REAL *base;  /* [ld x ld] or NULL */
    const REAL *other; /* the factors of the other side */
    const int32_t *col;
    const REAL *w; /* NULL: ones */
    int64_t n;
    REAL lambda;
} NAME(row_system);

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

/* y += sum over four entries of w_e (b_e . p) b_e and, where t is given, g += sum of t_e b_e; b_e ends in 1 for a bias
 */
RB_INLINE void NAME(add_entries)(REAL *y, REAL *g, const REAL *const *b, const REAL *p, const REAL *w, const REAL *t,
                                 const int64_t ld, const bool border)
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
        s[e] = (border ? s[e] + p[ld] : s[e]) * w[e];
    if (border)
        y[ld] += (s[0] + s[1]) + (s[2] + s[3]);
    if (border && t)
        g[ld] += (t[0] + t[1]) + (t[2] + t[3]);
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
                          const REAL *t, int64_t n, const int64_t ld, const bool border)
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
        NAME(add_entries)(y, g, b, p, w ? w + e : ones, t ? t + e : NULL, ld, border);
    }
    if (e == n)
        return;
    REAL last_w[4] = { 0 }, last_t[4] = { 0 };
    for (int i = 0; i < 4; i++) {
        b[i] = other + col[e + i < n ? e + i : e] * ld;
        last_w[i] = e + i >= n ? 0 : w ? w[e + i] : 1;
        last_t[i] = t && e + i < n ? t[e + i] : 0;
    }
    NAME(add_entries)(y, g, b, p, last_w, t ? last_t : NULL, ld, border);
}

/* `n` vectors of y, from f on, += base p; the rows of the base go into several sums, so that additions overlap. */
RB_INLINE void NAME(add_columns)(REAL *y, const REAL *base, const REAL *p, int64_t f, const int64_t ld, const int n)
{
    enum { WAYS = LANES < 4 ? LANES : 4 }; /* divides ld */
    VECTOR sum[4][4] = { 0 };
    for (int64_t j = 0; j < ld; j += WAYS) {
#pragma GCC unroll 4
        for (int i = 0; i < WAYS; i++)
#pragma GCC unroll 4
            for (int c = 0; c < n; c++)
                sum[i][c] = NAME(rb_fma)(NAME(rb_splat)(p[j + i]), NAME(rb_load)(base + (j + i) * ld + f + c * LANES),
                                         sum[i][c]);
    }
#pragma GCC unroll 4
    for (int c = 0; c < n; c++) {
        VECTOR products = (sum[0][c] + sum[1][c]) + (sum[2][c] + sum[3][c]);
        NAME(rb_store)(y + f + c * LANES, NAME(rb_load)(y + f + c * LANES) + products);
    }
}

/* y += base p, base [ld x ld] symmetric, zeros behind k, or NULL */
RB_INLINE void NAME(add_base)(REAL *y, const REAL *base, const REAL *p, const int64_t ld)
{
    int64_t f = 0;
    for (; base && f + 4 * LANES <= ld; f += 4 * LANES)
        NAME(add_columns)(y, base, p, f, ld, 4);
    for (; base && f < ld; f += LANES)
        NAME(add_columns)(y, base, p, f, ld, 1);
}

/* q = (base + sum w_e b_e b_e' + lambda I) p and, where t is given, g = sum of t_e b_e; [m], zeros before. */
RB_INLINE void NAME(multiply)(REAL *q, REAL *g, const NAME(row_system) * s, const REAL *p, const REAL *t,
                              const int64_t ld, const bool border)
{
    NAME(pass)(q, g, s->other, s->col, p, s->w, t, s->n, ld, border);
    NAME(add_scaled)(q, s->lambda, p, border ? ld + LANES : ld);
    NAME(add_base)(q, s->base, p, ld);
}

/* Up to `steps` steps from x [m]. memory: [4 m]. Returns x . (g + r), g: right-hand side, r: residual. */
RB_INLINE double NAME(descend)(REAL *x, const NAME(row_system) * s, const REAL *t, int64_t steps, REAL *memory,
                               const int64_t ld, const bool border)
{
    const int64_t m = border ? ld + LANES : ld;
    REAL *g = memory, *r = g + m, *p = r + m, *q = p + m;
    memset(memory, 0, (size_t)(4 * m) * sizeof(REAL));
    NAME(multiply)(q, g, s, x, t, ld, border);
    for (int64_t f = 0; f < m; f++)
        p[f] = r[f] = g[f] - q[f];
    REAL square = NAME(inner)(r, r, m);
    for (int64_t step = 0; step < steps && square > SMALLEST; step++) {
        memset(q, 0, (size_t)m * sizeof(REAL));
        NAME(multiply)(q, g, s, p, NULL, ld, border);
        REAL alpha = square / NAME(inner)(p, q, m);
        NAME(add_scaled)(x, alpha, p, m);
        NAME(add_scaled)(r, -alpha, q, m);
        REAL next = NAME(inner)(r, r, m), beta = next / square;
        for (int64_t f = 0; f < m; f++)
            p[f] = r[f] + beta * p[f];
        square = next;
    }
    return NAME(rb_inner)(x, g, m) + NAME(rb_inner)(x, r, m);
}

/* descend for the width of the rows; what it returns makes the row's objective: constant - x . (g + r). */
static double NAME(conjugate_gradient)(REAL *x, const NAME(row_system) * s, const REAL *t, int64_t steps, REAL *memory,
                                       int64_t ld, bool border)
{
    if (border)
        return NAME(descend)(x, s, t, steps, memory, ld, true);
    switch (ld / LANES) {
    case 1:
        return NAME(descend)(x, s, t, steps, memory, LANES, false);
    case 2:
        return NAME(descend)(x, s, t, steps, memory, 2 * LANES, false);
    case 4:
        return NAME(descend)(x, s, t, steps, memory, 4 * LANES, false);
    default:
        return NAME(descend)(x, s, t, steps, memory, ld, false);
    }
}
