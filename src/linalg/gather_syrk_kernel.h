/*
 * Gather-SYRK, instanced by gather_syrk.c for float and double through REAL, VECTOR, LANES and NAME(x).
 *
 * The entries are gathered, PACK_BYTES at a time, into a buffer of the nearest caches, as rows [b, t] or [b, 1, t]; the
 * register tiles then pass over the buffer, each holding `rows` x `width` vectors of the triangle and taking width
 * vector loads and `rows` broadcasts an entry. Rows come in groups of LANES: all rows of a group have the same vectors.
 * A tile has up to 24 accumulators, which hides the latency of the multiply-add. Of the flops computed, k (k + 1) an
 * entry are useful: 78 % at k = 64 and 88 % at 128 in single, 88 and 93 % in double.
 *
 * Where k fills its vectors, the rows 1 and t would be a group of their own, too few for the latency; they join the
 * rows of the last group, whose vectors they share, and the corner, two scalars, is summed while gathering.
 */
#define PACK_BYTES 65536 /* 32, 40, 64, 128 KiB give 63, 66, 72, 71 GFLOP/s at k = 128 in double */
#define MOST_PACKED 256
#define LEAST_PACKED 16
#define AHEAD 12 /* entries between the prefetch of a row and its use */

/* A pass over the packed entries; rows and width are constants where this is inlined. */
RB_INLINE void NAME(tile)(REAL *const *g, const REAL *row, const REAL *column, int64_t stride, int64_t n, bool first,
                          const int rows, const int width)
{
    VECTOR sum[MOST_ROWS_1][4];
#pragma GCC unroll 24
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < width; j++)
            sum[i][j] = first ? (VECTOR){ 0 } : NAME(rb_load)(g[i] + j * LANES);
    for (int64_t e = 0; e < n; e++) {
        VECTOR x[4];
#pragma GCC unroll 4
        for (int j = 0; j < width; j++)
            x[j] = NAME(rb_load)(column + e * stride + j * LANES);
#pragma GCC unroll 24
        for (int i = 0; i < rows; i++) {
            VECTOR scalar = NAME(rb_splat)(row[e * stride + i]);
#pragma GCC unroll 4
            for (int j = 0; j < width; j++)
                sum[i][j] = NAME(rb_fma)(scalar, x[j], sum[i][j]);
        }
    }
#pragma GCC unroll 24
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < width; j++)
            NAME(rb_store)(g[i] + j * LANES, sum[i][j]);
}

#define TILE(rows, width)                                                                              \
    case (rows)*8 + (width):                                                                           \
        NAME(tile)(g, row, column, stride, n, first, (rows) <= MOST_ROWS_##width ? (rows) : 1, width); \
        break;

/* g: addresses of the tile's rows. */
static void NAME(any_tile)(REAL *const *g, const REAL *row, const REAL *column, int64_t stride, int64_t n, bool first,
                           int rows, int width)
{
    /* clang-format off */
    switch (rows * 8 + width) {
        TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1) TILE(7, 1) TILE(8, 1) TILE(9, 1)
        TILE(10, 1) TILE(11, 1) TILE(12, 1) TILE(13, 1) TILE(14, 1) TILE(15, 1) TILE(16, 1) TILE(17, 1) TILE(18, 1)
        TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2) TILE(7, 2) TILE(8, 2) TILE(9, 2)
        TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3) TILE(7, 3) TILE(8, 3)
        TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)
    default:
        RB_ASSERT(false);
    }
    /* clang-format on */
}
#undef TILE

/* Rows first_row .. first_row + n_rows of the triangle, vectors 0 .. n_vectors of each, in tiles of equal heights. */
static void NAME(band)(REAL *g, int64_t first_row, int n_rows, int n_vectors, const REAL *rows, const REAL *columns,
                       int64_t stride, int64_t n, bool first)
{
    static const int most_rows[5] = { 0, MOST_ROWS_1, MOST_ROWS_2, MOST_ROWS_3, MOST_ROWS_4 };
    REAL *at[MOST_ROWS_1];
    for (int v = 0, width; v < n_vectors; v += width) {
        int left = n_vectors - v;
        width = left == 5 || left == 6 ? 3 : left < 4 ? left : 4; /* a single vector is loaded for few rows only */
        for (int r = 0, height; r < n_rows; r += height) {
            int passes = (n_rows - r + most_rows[width] - 1) / most_rows[width];
            height = (n_rows - r + passes - 1) / passes;
            for (int i = 0; i < height; i++)
                at[i] = g + rb_triangle_row(first_row + r + i, LANES) + v * LANES;
            NAME(any_tile)(at, rows + first_row + r, columns + v * LANES, stride, n, first, height, width);
        }
    }
}

static int64_t NAME(stride)(int64_t k, bool border)
{
    return NAME(rb_padded)(k + border + 1);
}

static int64_t NAME(packed)(int64_t k, bool border)
{
    int64_t n = PACK_BYTES / (NAME(stride)(k, border) * (int64_t)sizeof(REAL));
    return n > MOST_PACKED ? MOST_PACKED : n < LEAST_PACKED ? LEAST_PACKED : n;
}

/* Row e of the buffer is [b, t] or [b, 1, t], then zeros. */
static void NAME(gather)(REAL *out, const REAL *b, int64_t ldb, int64_t k, const int32_t *col, const REAL *t,
                         int64_t from, int64_t n, bool border)
{
    int64_t width = NAME(rb_padded)(k), stride = NAME(stride)(k, border);
    for (int64_t e = 0; e < n; e++) {
        const REAL *x = b + (col ? col[from + e] : from + e) * ldb;
        REAL *y = out + e * stride;
        if (col && e + AHEAD < n) {
            const char *next = (const char *)(b + col[from + e + AHEAD] * ldb);
            for (int64_t at = 0; at < k * (int64_t)sizeof(REAL); at += 64)
                __builtin_prefetch(next + at);
        }
        if (stride > width)
            NAME(rb_store)(y + width, (VECTOR){ 0 });
        for (int64_t f = 0; f < width; f += LANES)
            NAME(rb_store)(y + f, NAME(rb_load)(x + f));
        if (border)
            y[k] = 1;
        y[k + border] = t ? t[from + e] : 0;
    }
}

/* The other side of a weighted sum: [w b, t] or [w b, w, t]. */
static void NAME(weigh)(REAL *out, const REAL *packed, int64_t k, const REAL *w, int64_t n, bool border)
{
    int64_t stride = NAME(stride)(k, border);
    for (int64_t e = 0; e < n; e++) {
        const REAL *x = packed + e * stride;
        REAL *y = out + e * stride;
        VECTOR scale = NAME(rb_splat)(w[e]);
        for (int64_t f = 0; f < stride; f += LANES)
            NAME(rb_store)(y + f, scale * NAME(rb_load)(x + f));
        y[k + border] = x[k + border];
    }
}

/* The corner of [1, t], for k that fills its vectors: the same chains as the tiles'. */
static void NAME(corner)(REAL *g, const REAL *packed, const REAL *weighed, int64_t k, int64_t n, bool border,
                         bool first)
{
    int64_t stride = NAME(stride)(k, border);
    REAL *w = g + rb_triangle_row(k, LANES) + k, *t = g + rb_triangle_row(k + 1, LANES) + k;
    REAL sum_w = first ? 0 : *w, sum_t = first ? 0 : *t;
    for (int64_t e = 0; e < n; e++) {
        sum_w += weighed[e * stride + k] * packed[e * stride + k];
        sum_t += weighed[e * stride + k + 1];
    }
    *w = sum_w;
    *t = sum_t;
}

/* At most RB_GATHER_CHUNK entries, from `from` on. */
static void NAME(chunk)(REAL *g, const REAL *b, int64_t ldb, int64_t k, const int32_t *col, const REAL *w,
                        const REAL *t, int64_t from, int64_t to, bool border, REAL *scratch)
{
    int64_t stride = NAME(stride)(k, border), most = NAME(packed)(k, border), order = k + border + 1;
    REAL *columns = scratch, *rows = w ? scratch + most * stride : scratch;
    bool full = k % LANES == 0;
    int64_t passes = (to - from + most - 1) / most, at = from;
    do {
        int64_t n = passes > 1 ? (to - at + passes - 1) / passes : to - at;
        bool first = at == from;
        NAME(gather)(columns, b, ldb, k, col, t, at, n, border);
        if (w)
            NAME(weigh)(rows, columns, k, w + at, n, border);
        for (int64_t r = 0; r < (full ? k : order); r += LANES) {
            int64_t n_rows = order - r < LANES || (full && r + LANES == k) ? order - r : LANES;
            NAME(band)(g, r, (int)n_rows, (int)(r / LANES) + 1, rows, columns, stride, n, first);
        }
        if (full && border)
            NAME(corner)(g, columns, rows, k, n, border, first);
        at += n;
        passes--;
    } while (at < to);
}

int64_t NAME(rb_gather_size)(int64_t k, bool border)
{
    return rb_triangle_size(k + border + 1, LANES);
}

int64_t NAME(rb_gather_scratch)(int64_t k, bool border, int64_t longest)
{
    int64_t depth = 0;
    for (int64_t chunks = (longest + RB_GATHER_CHUNK - 1) / RB_GATHER_CHUNK; chunks > 1; chunks = (chunks + 1) / 2)
        depth++;
    return 2 * NAME(packed)(k, border) * NAME(stride)(k, border) + depth * NAME(rb_gather_size)(k, border);
}

static void NAME(add)(REAL *to, const REAL *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] += from[i];
}

/*
 * Long rows: the sums of chunks wait on a stack whose entries cover powers of two of chunks, largest below, as the
 * digits of a binary counter; equal ones merge. Part 0 is g itself, the others lie behind the packed entries.
 */
void NAME(rb_gather_syrk)(REAL *g, const REAL *b, int64_t ldb, int64_t k, const int32_t *col, const REAL *w,
                          const REAL *t, int64_t n, bool border, REAL *scratch)
{
    int64_t size = NAME(rb_gather_size)(k, border), depth = 0, count = 0, at = 0;
    REAL *parts = scratch + 2 * NAME(packed)(k, border) * NAME(stride)(k, border) - size;
#define PART(d) ((d) == 0 ? g : parts + (d)*size)
    do {
        int64_t to = n - at < RB_GATHER_CHUNK ? n : at + RB_GATHER_CHUNK;
        NAME(chunk)(PART(depth), b, ldb, k, col, w, t, at, to, border, scratch);
        at = to;
        depth++;
        for (int64_t digits = count++; digits & 1; digits >>= 1, depth--)
            NAME(add)(PART(depth - 2), PART(depth - 1), size);
    } while (at < n);
    for (; depth > 1; depth--)
        NAME(add)(PART(depth - 2), PART(depth - 1), size);
#undef PART
}
