/*
 * The inverse, instanced by spd_inverse.c for float and double through REAL, POTRF, TRTRI and NAME(x).
 *
 * What lies in A while it is computed: below the tiles on the diagonal first A, then L, then the inverse; on and above
 * them V. The tiles of L on the diagonal are kept inverted, beside A, on every rank.
 */
typedef struct {
    REAL *a; /* [n x n] */
    int64_t n;
    REAL *inverted;    /* [n x TILE] the inverses of L's tiles on the diagonal, lower triangles, zero above */
    REAL *scratch;     /* [n_threads x SLAB x TILE] */
    rb_shared strip;   /* [n x TILE] a panel of L; later the inverse's tiles on the diagonal */
    int64_t *begin;    /* [n_ranks + 1] rows of each rank */
    rb_shared *memory; /* of a */
    const rb_ctx *ctx;
} NAME(work);

/* The strip's and A's rows [begin[rank], begin[rank + 1]) are seen by all. */
static void NAME(publish_strip)(NAME(work) * w)
{
    rb_shared_publish(&w->strip, w->begin, TILE * (int64_t)sizeof(REAL), w->ctx);
}

static void NAME(publish_rows)(NAME(work) * w)
{
    rb_shared_publish(w->memory, w->begin, w->n * (int64_t)sizeof(REAL), w->ctx);
}

/* What every node has written for itself is seen by its ranks. */
static void NAME(settle)(NAME(work) * w)
{
    memset(w->begin, 0, (size_t)(w->ctx->n_ranks + 1) * sizeof *w->begin);
    NAME(publish_rows)(w);
}

/* The tile on the diagonal: factored and inverted. Every rank does it: all need it at once. Returns LAPACK's info. */
static lapack_int NAME(invert_tile)(NAME(work) * w, int64_t first)
{
    int64_t n = w->n, rows = tile_end(first, n) - first;
    REAL *tile = w->inverted + first * TILE;
    const REAL *a = w->a + first * n;
    NAME(rb_gemm_nt)(tile, TILE, a, n, rows, a, n, rows, first);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < rows; c++)
            tile[r * TILE + c] = c <= r ? a[r * n + first + c] - tile[r * TILE + c] : 0;
    /* a lower triangle by rows is an upper one by columns */
    lapack_int info = POTRF(LAPACK_COL_MAJOR, 'U', (lapack_int)rows, tile, TILE);
    return info ? info : TRTRI(LAPACK_COL_MAJOR, 'U', 'N', (lapack_int)rows, tile, TILE);
}

/* Rows [from, to) of the panel that starts at column `first`, before they are multiplied by the inverted tile. */
static void NAME(reduce_slab)(NAME(work) * w, int64_t first, int64_t from, int64_t to)
{
    int64_t n = w->n, cols = tile_end(first, n) - first;
    REAL *out = (REAL *)w->strip.data + from * TILE;
    NAME(rb_gemm_nt)(out, TILE, w->a + from * n, n, to - from, w->a + first * n, n, cols, first);
    for (int64_t r = 0; r < to - from; r++)
        for (int64_t c = 0; c < cols; c++)
            out[r * TILE + c] = w->a[(from + r) * n + first + c] - out[r * TILE + c];
}

static void NAME(finish_slab)(NAME(work) * w, int64_t first, int64_t from, int64_t to)
{
    int64_t cols = tile_end(first, w->n) - first;
    REAL *out = (REAL *)w->strip.data + from * TILE, *scratch = w->scratch + omp_get_thread_num() * SLAB * TILE;
    memcpy(scratch, out, (size_t)((to - from) * TILE) * sizeof(REAL));
    NAME(rb_gemm_nt)(out, TILE, scratch, TILE, to - from, w->inverted + first * TILE, TILE, cols, cols);
}

/* Columns [first, tile_end) of L from the columns before; *info as LAPACK's. */
static void NAME(factor_panel)(NAME(work) * w, int64_t first, lapack_int *info)
{
    int64_t below = tile_end(first, w->n);
    cut_evenly(w->begin, below, w->n, w->ctx->n_ranks);
    int64_t from = w->begin[w->ctx->rank], to = w->begin[w->ctx->rank + 1], n_slabs = (to - from + SLAB - 1) / SLAB;
    lapack_int failed = 0;
#pragma omp parallel num_threads(w->ctx->n_threads)
    {
#pragma omp for schedule(dynamic)
        for (int64_t s = -1; s < n_slabs; s++)
            if (s < 0)
                failed = NAME(invert_tile)(w, first);
            else
                NAME(reduce_slab)(w, first, from + s * SLAB, from + (s + 1) * SLAB < to ? from + (s + 1) * SLAB : to);
#pragma omp for schedule(dynamic)
        for (int64_t s = 0; s < n_slabs; s++)
            NAME(finish_slab)(w, first, from + s * SLAB, from + (s + 1) * SLAB < to ? from + (s + 1) * SLAB : to);
    }
    *info = failed;
}

/* The strip into A's panel, and the tile of V on the diagonal, each node for itself. */
static void NAME(keep_panel)(NAME(work) * w, int64_t first)
{
    const rb_ctx *ctx = w->ctx;
    const REAL *strip = w->strip.data;
    int64_t n = w->n, below = tile_end(first, n), cols = below - first;
    int64_t from = below + (n - below) * ctx->node_rank / ctx->n_node_ranks;
    int64_t to = below + (n - below) * (ctx->node_rank + 1) / ctx->n_node_ranks;
    NAME(publish_strip)(w);
#pragma omp parallel for num_threads(ctx->n_threads)
    for (int64_t r = from; r < to; r++)
        memcpy(w->a + r * n + first, strip + r * TILE, (size_t)cols * sizeof(REAL));
    for (int64_t r = 0; ctx->node_rank == 0 && r < cols; r++)
        for (int64_t c = 0; c < cols; c++)
            w->a[(first + r) * n + first + c] = w->inverted[(first + c) * TILE + r];
    NAME(settle)(w);
}

/* Rows [from, to) of V, which lie in one tile: V_i = -(sum over q < i of V_q L_iq') L_ii^-T, tile by tile. */
static void NAME(invert_rows)(NAME(work) * w, int64_t from, int64_t to)
{
    int64_t n = w->n, first = tile_begin(from);
    REAL *sum = w->scratch + omp_get_thread_num() * SLAB * TILE, *v = w->a + from * n;
    for (int64_t i = first + TILE; i < n; i += TILE) {
        int64_t cols = tile_end(i, n) - i;
        NAME(rb_gemm_nt)(sum, TILE, v + first, n, to - from, w->a + i * n + first, n, cols, i - first);
        NAME(rb_gemm_nt)(v + i, n, sum, TILE, to - from, w->inverted + i * TILE, TILE, cols, cols);
        for (int64_t r = 0; r < to - from; r++)
            for (int64_t c = i; c < i + cols; c++)
                v[r * n + c] = -v[r * n + c];
    }
}

/* Rows [from, to) of the inverse, up to and with the tile on the diagonal, which goes to the strip. */
static void NAME(multiply_rows)(NAME(work) * w, int64_t from, int64_t to)
{
    int64_t n = w->n, first = tile_begin(from);
    const REAL *v = w->a + from * n + first;
    for (int64_t j = 0; j <= first; j += TILE) {
        REAL *out = j < first ? w->a + from * n + j : (REAL *)w->strip.data + from * TILE;
        NAME(rb_gemm_nt)
        (out, j < first ? n : TILE, v, n, to - from, w->a + j * n + first, n, tile_end(j, n) - j, n - first);
    }
}

static void NAME(for_own_slabs)(NAME(work) * w, void (*rows)(NAME(work) * w, int64_t from, int64_t to))
{
    int64_t from = w->begin[w->ctx->rank], to = w->begin[w->ctx->rank + 1];
#pragma omp parallel for num_threads(w->ctx->n_threads) schedule(dynamic)
    for (int64_t row = from; row < to; row += SLAB)
        rows(w, row, row + SLAB < to ? row + SLAB : to);
}

/* The upper triangle and the tiles on the diagonal, each node for itself. */
static void NAME(mirror)(NAME(work) * w)
{
    const rb_ctx *ctx = w->ctx;
    const REAL *strip = w->strip.data;
    int64_t n = w->n;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t i = ctx->node_rank * TILE; i < n; i += (int64_t)ctx->n_node_ranks * TILE) {
        for (int64_t r = i; r < tile_end(i, n); r++)
            memcpy(w->a + r * n + i, strip + r * TILE, (size_t)(tile_end(i, n) - i) * sizeof(REAL));
        for (int64_t c = 0; c < i; c += 16) /* divides a tile: short runs of both sides stay in the cache */
            for (int64_t r = i; r < tile_end(i, n); r++)
                for (int64_t d = c; d < c + 16; d++)
                    w->a[d * n + r] = w->a[r * n + d];
    }
    NAME(settle)(w);
}

rb_status NAME(rb_spd_inverse)(rb_shared *a, int64_t n, const rb_ctx *ctx, rb_error *err)
{
    NAME(work) w = { .a = a->data, .n = n, .memory = a, .ctx = ctx };
    openblas_set_num_threads(1);
    RB_TRY_ALL(ctx, rb_alloc(&w.inverted, n * TILE, err));
    RB_TRY_ALL(ctx, rb_alloc(&w.scratch, (int64_t)ctx->n_threads * SLAB * TILE, err));
    RB_TRY_ALL(ctx, rb_alloc(&w.begin, ctx->n_ranks + 1, err));
    RB_TRY(rb_shared_alloc(&w.strip, n * TILE * (int64_t)sizeof(REAL), ctx, err));

    for (int64_t first = 0; first < n; first += TILE) {
        lapack_int info = 0;
        NAME(factor_panel)(&w, first, &info);
        if (info) {
            RB_FAIL(err, RB_NOT_FINITE, "the matrix of %lld rows is not positive definite: row %lld, from 0",
                    (long long)n, (long long)(first + info - 1));
            goto done;
        }
        NAME(keep_panel)(&w, first);
    }
    cut_rows(w.begin, n, work_of_inverse_row, ctx);
    NAME(for_own_slabs)(&w, NAME(invert_rows));
    NAME(publish_rows)(&w);
    cut_rows(w.begin, n, work_of_product_row, ctx);
    NAME(for_own_slabs)(&w, NAME(multiply_rows));
    NAME(publish_rows)(&w);
    NAME(publish_strip)(&w);
    NAME(mirror)(&w);
done:
    rb_shared_fini(&w.strip);
    rb_free(w.begin);
    rb_free(w.scratch);
    rb_free(w.inverted);
    return err->status;
}
