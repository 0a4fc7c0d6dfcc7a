/* Distances, instanced by distance.c for float and double through REAL, VECTOR, LANES, FMA and NAME(x). */

REAL NAME(rb_distance2)(const REAL *x, const REAL *y, int64_t d)
{
    REAL sum = 0;
    for (int64_t f = 0; f < d; f++) {
        REAL t = x[f] - y[f];
        sum = FMA(t, t, sum);
    }
    return sum;
}

/* Two vectors of rows at once: two chains hide each other's latency. */
static void NAME(two_vectors)(REAL out[2 * LANES], const REAL *const rows[2 * LANES], const REAL *y, int64_t d)
{
    VECTOR sum[2] = { { 0 }, { 0 } };
    int64_t f = 0;
    for (; f + LANES <= d; f += LANES)
        for (int v = 0; v < 2; v++) {
            VECTOR square[LANES];
#pragma GCC unroll 16
            for (int r = 0; r < LANES; r++)
                square[r] = NAME(rb_load)(rows[v * LANES + r] + f);
            NAME(rb_transpose)(square);
#pragma GCC unroll 16
            for (int r = 0; r < LANES; r++) {
                VECTOR t = square[r] - NAME(rb_splat)(y[f + r]);
                sum[v] = NAME(rb_fma)(t, t, sum[v]);
            }
        }
    NAME(rb_store)(out, sum[0]);
    NAME(rb_store)(out + LANES, sum[1]);
    for (; f < d; f++)
        for (int r = 0; r < 2 * LANES; r++) {
            REAL t = rows[r][f] - y[f];
            out[r] = FMA(t, t, out[r]);
        }
}

/* Rows may lie anywhere, and are read once: fetch those of the next step while these are computed. */
static void NAME(fetch)(const REAL *const *rows, int64_t n, int64_t d)
{
    for (int64_t r = 0; r < n && r < 2 * LANES; r++)
        for (int64_t f = 0; f < d; f += 64 / (int64_t)sizeof(REAL))
            __builtin_prefetch(rows[r] + f);
}

void NAME(rb_distance2_rows)(REAL *out, const REAL *const *rows, int64_t n, const REAL *y, int64_t d)
{
    int64_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        NAME(fetch)(rows + i + 2 * LANES, n - i - 2 * LANES, d);
        NAME(two_vectors)(out + i, rows + i, y, d);
    }
    if (i == n)
        return;
    const REAL *few[2 * LANES];
    REAL last[2 * LANES];
    for (int r = 0; r < 2 * LANES; r++)
        few[r] = rows[i + r < n ? i + r : n - 1];
    NAME(two_vectors)(last, few, y, d);
    for (int r = 0; i + r < n; r++)
        out[i + r] = last[r];
}

/* Eight chains at once, over as many rows as that takes: they hide the latency of a multiply-add. */
#define VECTORS (64 / RB_SIMD_BYTES)
#define TOGETHER (VECTORS * LANES)
#define ROWS (8 / VECTORS)

/* d2 of ROWS rows to the points of the table. */
RB_INLINE void NAME(rows_together)(REAL *out, const REAL *const rows[ROWS], const REAL *table, int64_t d)
{
    VECTOR sum[ROWS][VECTORS];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            sum[r][v] = (VECTOR){ 0 };
    for (int64_t f = 0; f < d; f++) {
        VECTOR y[VECTORS];
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            y[v] = NAME(rb_load)(table + f * TOGETHER + v * LANES);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++) {
            VECTOR x = NAME(rb_splat)(rows[r][f]);
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) {
                VECTOR t = x - y[v];
                sum[r][v] = NAME(rb_fma)(t, t, sum[r][v]);
            }
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            NAME(rb_store)(out + r * TOGETHER + v * LANES, sum[r][v]);
}

void NAME(rb_distance2_together)(REAL *out, const REAL *const *rows, int64_t n, const REAL *table, int64_t d)
{
    int64_t i = 0;
    for (; i + ROWS <= n; i += ROWS) {
        NAME(fetch)(rows + i + ROWS, n - i - ROWS, d);
        NAME(rows_together)(out + i * TOGETHER, rows + i, table, d);
    }
    if (i == n)
        return;
    const REAL *few[ROWS];
    REAL last[ROWS * TOGETHER];
    for (int r = 0; r < ROWS; r++)
        few[r] = rows[i + r < n ? i + r : n - 1];
    NAME(rows_together)(last, few, table, d);
    memcpy(out + i * TOGETHER, last, (size_t)((n - i) * TOGETHER) * sizeof *out);
}

#undef VECTORS
#undef TOGETHER
#undef ROWS
