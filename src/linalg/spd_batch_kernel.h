/*
 * Batched Cholesky, instanced by spd_batch.c for float and double through REAL, VECTOR, LANES and NAME(x).
 *
 * One system a lane. Rows are kept in panels of 4: element (row 4 I + r, column p) of panel I is vector 4 p + r, so
 * that the 4 x 4 register tile, 16 accumulators, reads two streams, 8 vectors for 16 multiply-adds. Left-looking: the
 * row panel that is being computed (16 KiB at k = 64) stays in the first cache, those above come from the second. The
 * right-hand side is the last row of the system; what Cholesky makes of it is the solution of the lower system. The
 * diagonal of L holds reciprocals.
 */
#define PANEL(i) (8 * (int64_t)(i) * ((i) + 1)) /* first vector of panel i */

/* Lanes of one row of all systems, columns p to p + LANES, become LANES vectors; `base` is the same for all lanes. */
RB_INLINE void NAME(load_square)(VECTOR square[LANES], const REAL *const *g, int64_t offset, const REAL *base)
{
#pragma GCC unroll 16
    for (int s = 0; s < LANES; s++)
        square[s] = NAME(rb_load)(g[s] + offset);
    NAME(rb_transpose)(square);
    if (base) {
#pragma GCC unroll 16
        for (int p = 0; p < LANES; p++)
            square[p] += NAME(rb_splat)(base[offset + p]);
    }
}

/* The systems by lanes: rows 0 .. m - 1, then the right-hand side; what is beyond is 0 with 1 on the diagonal. */
static void NAME(interleave)(VECTOR *l, const REAL *const *g, const REAL *base, VECTOR lambda, int64_t k, int64_t m)
{
    int64_t n_panels = m / 4 + 1;
    for (int64_t i = 0; i < 4 * n_panels; i++) {
        VECTOR *row = l + PANEL(i / 4) + i % 4;
        int64_t n = 4 * (i / 4) + 4;
        for (int64_t p = 0; p < n && i <= m; p += LANES) {
            VECTOR square[LANES];
            NAME(load_square)(square, g, rb_triangle_row(i, LANES) + p, i < k ? base : NULL);
            for (int64_t q = p; q < p + LANES && q < n; q++)
                row[4 * q] = q <= i ? square[q - p] : (VECTOR){ 0 };
        }
        for (int64_t p = 0; p < n && i > m; p++)
            row[4 * p] = (VECTOR){ 0 };
        row[4 * i] = i < m ? row[4 * i] + lambda : NAME(rb_splat)(1);
    }
}

/* x[r][c] -= sum over p < n of row[p][r] column[p][c] */
RB_INLINE void NAME(reduce_tile)(VECTOR x[4][4], const VECTOR *row, const VECTOR *column, int64_t n)
{
    for (int64_t p = 0; p < n; p++) {
        VECTOR b[4];
#pragma GCC unroll 4
        for (int c = 0; c < 4; c++)
            b[c] = column[4 * p + c];
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) {
            VECTOR a = row[4 * p + r];
#pragma GCC unroll 4
            for (int c = 0; c < 4; c++)
                x[r][c] = NAME(rb_fnma)(a, b[c], x[r][c]);
        }
    }
}

/* Columns 4 J .. 4 J + 3 of row panel I > J; column: panel J, whose tile on the diagonal is done. */
static void NAME(off_diagonal)(VECTOR *row, const VECTOR *column, int64_t j)
{
    VECTOR x[4][4], *out = row + 16 * j;
    const VECTOR *diagonal = column + 16 * j;
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++)
#pragma GCC unroll 4
        for (int c = 0; c < 4; c++)
            x[r][c] = out[4 * c + r];
    NAME(reduce_tile)(x, row, column, 4 * j);
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++)
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) {
#pragma GCC unroll 4
            for (int d = 0; d < c; d++)
                x[r][c] = NAME(rb_fnma)(x[r][d], diagonal[4 * d + c], x[r][c]);
            x[r][c] *= diagonal[4 * c + c];
            out[4 * c + r] = x[r][c];
        }
}

/* The tile on the diagonal of panel I; of its columns only those below n are pivots. Returns the lanes still good. */
static MASK NAME(on_diagonal)(VECTOR *row, int64_t i, int n, MASK good)
{
    VECTOR x[4][4], *out = row + 16 * i;
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++)
#pragma GCC unroll 4
        for (int c = 0; c < 4; c++)
            x[r][c] = out[4 * c + r];
    NAME(reduce_tile)(x, row, row, 4 * i);
    for (int c = 0; c < n && c < 4; c++) {
        VECTOR pivot = x[c][c];
        for (int d = 0; d < c; d++)
            pivot = NAME(rb_fnma)(x[c][d], x[c][d], pivot);
        good &= (pivot > 0) & (pivot <= NAME(rb_splat)(LARGEST));
        x[c][c] = 1 / NAME(rb_sqrt)(pivot);
        for (int r = c + 1; r < 4; r++) {
            for (int d = 0; d < c; d++)
                x[r][c] = NAME(rb_fnma)(x[r][d], x[c][d], x[r][c]);
            x[r][c] *= x[c][c];
        }
    }
    for (int c = 0; c < 4; c++)
        for (int r = c; r < 4; r++)
            out[4 * c + r] = x[r][c];
    return good;
}

/* L' x = y, y being row m of L; x holds a multiple of 4 vectors. */
static void NAME(backward)(VECTOR *x, const VECTOR *l, int64_t m)
{
    int64_t last = (m - 1) / 4;
    const VECTOR *y = l + PANEL(m / 4) + m % 4;
    for (int64_t i = last; i >= 0; i--) {
        VECTOR sum[4];
        const VECTOR *diagonal = l + PANEL(i) + 16 * i;
#pragma GCC unroll 4
        for (int c = 0; c < 4; c++)
            sum[c] = 4 * i + c < m ? y[4 * (4 * i + c)] : (VECTOR){ 0 };
        for (int64_t j = i + 1; j <= last; j++) {
            const VECTOR *tile = l + PANEL(j) + 16 * i;
#pragma GCC unroll 4
            for (int r = 0; r < 4; r++)
#pragma GCC unroll 4
                for (int c = 0; c < 4; c++)
                    sum[c] = NAME(rb_fnma)(tile[4 * c + r], x[4 * j + r], sum[c]);
        }
        for (int c = 3; c >= 0; c--) {
            for (int r = c + 1; r < 4; r++)
                sum[c] = NAME(rb_fnma)(diagonal[4 * c + r], sum[r], sum[c]);
            sum[c] = 4 * i + c < m ? sum[c] * diagonal[4 * c + c] : (VECTOR){ 0 };
            x[4 * i + c] = sum[c];
        }
    }
}

/* Lane s of x to out[s]; clears the lanes whose solution is not finite from `good`. */
static MASK NAME(scatter)(REAL *const *out, VECTOR *x, int n, int64_t m, MASK good)
{
    for (int64_t i = 0; i < m; i += LANES) {
        VECTOR square[LANES];
        for (int p = 0; p < LANES; p++) {
            square[p] = i + p < m ? x[i + p] : (VECTOR){ 0 };
            good &= square[p] * 0 == 0; /* NaN and infinity are not */
        }
        NAME(rb_transpose)(square);
        for (int s = 0; s < n; s++)
            memcpy(out[s] + i, &square[s], (size_t)(m - i < LANES ? m - i : LANES) * sizeof(REAL));
    }
    return good;
}

int64_t NAME(rb_spd_work)(int64_t k, bool border)
{
    int64_t m = k + border;
    return (PANEL(m / 4 + 1) + 4 * (m / 4 + 1)) * LANES;
}

uint32_t NAME(rb_spd_batch)(REAL *const *x, const REAL *const *g, const REAL *base, const REAL *lambda, int n,
                            int64_t k, bool border, REAL *work)
{
    const REAL *systems[LANES];
    VECTOR *l = (VECTOR *)work, shift, *solution;
    int64_t m = k + border, n_panels = m / 4 + 1;
    MASK good;
    for (int s = 0; s < LANES; s++) { /* idle lanes repeat the first system */
        systems[s] = g[s < n ? s : 0];
        shift[s] = lambda[s < n ? s : 0];
        good[s] = -1;
    }
    NAME(interleave)(l, systems, base, shift, k, m);
    for (int64_t i = 0; i < n_panels; i++) {
        for (int64_t j = 0; j < i; j++)
            NAME(off_diagonal)(l + PANEL(i), l + PANEL(j), j);
        if (4 * i < m)
            good = NAME(on_diagonal)(l + PANEL(i), i, m - 4 * i < 4 ? (int)(m - 4 * i) : 4, good);
    }
    solution = l + PANEL(n_panels);
    NAME(backward)(solution, l, m);
    good = NAME(scatter)(x, solution, n, m, good);
    uint32_t bad = 0;
    for (int s = 0; s < n; s++)
        bad |= (uint32_t)(good[s] == 0) << s;
    return bad;
}

#undef PANEL
