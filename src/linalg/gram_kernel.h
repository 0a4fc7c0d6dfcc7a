/* The Gram matrix, instanced by gram.c for float and double through REAL, LANES and NAME(x). */

/* Blocks [first, last) of rows of b, each into one packed lower triangle of doubles; threads take blocks. */
static void NAME(blocks)(double *partial, const REAL *b, int64_t ldb, int64_t k, const rb_blocks *blocks, int32_t first,
                         int32_t last, REAL *memory, int64_t per_thread, int n_threads)
{
#pragma omp parallel for num_threads(n_threads) schedule(dynamic)
    for (int32_t block = first; block < last; block++) {
        REAL *g = memory + omp_get_thread_num() * per_thread, *scratch = g + NAME(rb_gather_size)(k, false);
        int64_t from = blocks->begin[block], to = blocks->begin[block + 1];
        NAME(rb_gather_syrk)(g, b + from * ldb, ldb, k, NULL, NULL, NULL, to - from, false, scratch);
        double *out = partial + (block - first) * (k * (k + 1) / 2);
        for (int64_t i = 0; i < k; i++)
            for (int64_t j = 0; j <= i; j++)
                *out++ = (double)g[rb_triangle_row(i, LANES) + j];
    }
}

rb_status NAME(rb_gram)(double *gram, const REAL *b, int64_t ldb, int64_t n, int64_t k, const rb_ctx *ctx,
                        rb_error *err)
{
    rb_blocks blocks = { 0 };
    double *partial = NULL, *sum = NULL;
    REAL *memory = NULL;
    int64_t width = k * (k + 1) / 2;

    RB_TRY(cut_rows(&blocks, n, k, err));
    int32_t first = rb_blocks_of(&blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t longest = 0;
    for (int32_t block = first; block < last; block++)
        if (blocks.begin[block + 1] - blocks.begin[block] > longest)
            longest = blocks.begin[block + 1] - blocks.begin[block];
    int64_t per_thread = NAME(rb_gather_size)(k, false) + NAME(rb_gather_scratch)(k, false, longest);
    per_thread = (per_thread + LANES - 1) / LANES * LANES;
    RB_TRY(rb_alloc(&partial, (last - first) * width, err));
    RB_TRY(rb_alloc(&sum, width, err));
    RB_TRY(rb_alloc(&memory, ctx->n_threads * per_thread, err));
    NAME(blocks)(partial, b, ldb, k, &blocks, first, last, memory, per_thread, ctx->n_threads);
done:
    if (rb_agree(ctx, err->status, err) == RB_OK && rb_blocks_sum(sum, partial, width, &blocks, ctx, err) == RB_OK)
        unpack(gram, sum, k);
    rb_free(memory);
    rb_free(sum);
    rb_free(partial);
    rb_blocks_fini(&blocks);
    return err->status;
}
