/*
 * The product kernel, instanced by gemm.c for float and double through REAL, VECTOR, LANES and NAME(x).
 *
 * B is packed by panels of PANEL_ROWS of its rows and DEPTH of its columns, transposed, so that a panel (32 KiB) stays
 * in the first cache while all rows of A pass; A is read in place, one scalar at a time. The register tile is TILE_ROWS
 * rows of A by TILE_VECTORS vectors of columns of C: 6 x 4 = 24 accumulators, 4 + 6 loads for 24 multiply-adds with
 * 32 registers; 4 x 3 where there are 16. Between two slices of k the accumulators rest in C, which changes no bit.
 */
#define PANEL_ROWS (TILE_VECTORS * LANES)
#define DEPTH (32768 / (PANEL_ROWS * (int)sizeof(REAL)))

/* panel[p][j] = b[j][p] for the rows below n_rows; 0 beyond. */
static void NAME(pack)(REAL *restrict panel, const REAL *b, int64_t ldb, int n_rows, int depth)
{
    static const REAL zeros[LANES];
    for (int j = 0; j < PANEL_ROWS; j += LANES) {
        int p = 0;
        for (; p + LANES <= depth; p += LANES) {
            VECTOR square[LANES];
#pragma GCC unroll 16
            for (int r = 0; r < LANES; r++)
                square[r] = NAME(rb_load)(j + r < n_rows ? b + (j + r) * ldb + p : zeros);
            NAME(rb_transpose)(square);
#pragma GCC unroll 16
            for (int r = 0; r < LANES; r++)
                NAME(rb_store)(panel + (int64_t)(p + r) * PANEL_ROWS + j, square[r]);
        }
        for (; p < depth; p++)
            for (int r = 0; r < LANES; r++)
                panel[(int64_t)p * PANEL_ROWS + j + r] = j + r < n_rows ? b[(j + r) * ldb + p] : 0;
    }
}

/* One register tile of `rows` rows; `rows` is a constant where this is inlined. */
RB_INLINE void NAME(tile)(REAL *c, int64_t ldc, const REAL *a, int64_t lda, const REAL *panel, int depth, int first,
                          const int rows)
{
    VECTOR sum[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int j = 0; j < TILE_VECTORS; j++)
            sum[i][j] = first ? (VECTOR){ 0 } : NAME(rb_load)(c + i * ldc + j * LANES);
    for (int p = 0; p < depth; p++) {
        VECTOR column[TILE_VECTORS];
#pragma GCC unroll 8
        for (int j = 0; j < TILE_VECTORS; j++)
            column[j] = NAME(rb_load)(panel + (int64_t)p * PANEL_ROWS + j * LANES);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            VECTOR scalar = NAME(rb_splat)(a[i * lda + p]);
#pragma GCC unroll 8
            for (int j = 0; j < TILE_VECTORS; j++)
                sum[i][j] = NAME(rb_fma)(scalar, column[j], sum[i][j]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int j = 0; j < TILE_VECTORS; j++)
            NAME(rb_store)(c + i * ldc + j * LANES, sum[i][j]);
}

static void NAME(rows)(REAL *c, int64_t ldc, const REAL *a, int64_t lda, const REAL *panel, int depth, int first,
                       int rows)
{
    switch (rows) {
    case 6:
        NAME(tile)(c, ldc, a, lda, panel, depth, first, TILE_ROWS >= 6 ? 6 : 1);
        break;
    case 5:
        NAME(tile)(c, ldc, a, lda, panel, depth, first, TILE_ROWS >= 5 ? 5 : 1);
        break;
    case 4:
        NAME(tile)(c, ldc, a, lda, panel, depth, first, 4);
        break;
    case 3:
        NAME(tile)(c, ldc, a, lda, panel, depth, first, 3);
        break;
    case 2:
        NAME(tile)(c, ldc, a, lda, panel, depth, first, 2);
        break;
    default:
        NAME(tile)(c, ldc, a, lda, panel, depth, first, 1);
        break;
    }
}

/* A tile that reaches over the right edge of C works on a copy. */
static void NAME(edge)(REAL *c, int64_t ldc, const REAL *a, int64_t lda, const REAL *panel, int depth, int first,
                       int rows, int n_cols)
{
    REAL copy[TILE_ROWS * PANEL_ROWS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < PANEL_ROWS; j++)
            copy[i * PANEL_ROWS + j] = !first && j < n_cols ? c[i * ldc + j] : 0;
    NAME(rows)(copy, PANEL_ROWS, a, lda, panel, depth, first, rows);
    for (int i = 0; i < rows; i++)
        memcpy(c + i * ldc, copy + i * PANEL_ROWS, (size_t)n_cols * sizeof *c);
}

static void NAME(clear)(REAL *c, int64_t ldc, int64_t m, int64_t n)
{
    for (int64_t i = 0; i < m; i++)
        memset(c + i * ldc, 0, (size_t)n * sizeof *c);
}

void NAME(rb_gemm_nt)(REAL *c, int64_t ldc, const REAL *a, int64_t lda, int64_t m, const REAL *b, int64_t ldb,
                      int64_t n, int64_t k)
{
    _Alignas(64) REAL panel[PANEL_ROWS * DEPTH];
    if (k == 0)
        NAME(clear)(c, ldc, m, n);
    for (int64_t j = 0; j < n; j += PANEL_ROWS) {
        int n_cols = n - j < PANEL_ROWS ? (int)(n - j) : PANEL_ROWS;
        for (int64_t p = 0; p < k; p += DEPTH) {
            int depth = k - p < DEPTH ? (int)(k - p) : DEPTH;
            NAME(pack)(panel, b + j * ldb + p, ldb, n_cols, depth);
            for (int64_t i = 0; i < m; i += TILE_ROWS) {
                int rows = m - i < TILE_ROWS ? (int)(m - i) : TILE_ROWS;
                if (n_cols == PANEL_ROWS)
                    NAME(rows)(c + i * ldc + j, ldc, a + i * lda + p, lda, panel, depth, p == 0, rows);
                else
                    NAME(edge)(c + i * ldc + j, ldc, a + i * lda + p, lda, panel, depth, p == 0, rows, n_cols);
            }
        }
    }
}

#undef PANEL_ROWS
#undef DEPTH
