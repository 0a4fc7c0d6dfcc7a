/*
 * Rows so long that one thread would be the last to end: all ranks and threads share each of them. Instanced by
 * factor_solve.c through REAL, LANES and NAME(x).
 *
 * The entries are cut into fixed blocks, whose systems are summed in double in the fixed tree; the rank that owns the
 * row solves it. Which rows these are is a function of the data alone, so the bits do not depend on who shares. Where
 * the others are solved by conjugate gradient, these, whose system is there anyway, are solved exactly.
 */

/* One block of entries: the lower triangle of its system, row by row, and the constant. */
static void NAME(heavy_block)(double *out, NAME(batch) * b, const rb_normal *a, int64_t row, int64_t from, int64_t n)
{
    bool border = a->own_bias != NULL;
    int64_t k = a->own->k, order = k + border + 1;
    double constant = NAME(entries)(b, a, row, from, n);
    NAME(rb_gather_syrk)
    (b->system[0], a->other->data, a->other->ld, k, a->side.col + from, a->weighted ? b->w : NULL, b->t, n, border,
     b->scratch);
    for (int64_t i = 0; i < order; i++)
        for (int64_t j = 0; j <= i; j++)
            *out++ = (double)b->system[0][rb_triangle_row(i, LANES) + j];
    *out = constant;
}

/* Collective. sum: [width] */
static rb_status NAME(heavy_sum)(double *sum, int64_t width, const rb_normal *a, int64_t row, REAL *memory,
                                 int64_t per_thread, int64_t longest, const rb_ctx *ctx, rb_error *err)
{
    int64_t from = a->side.begin[row], n = a->side.begin[row + 1] - from;
    rb_blocks blocks = { 0 };
    double *partial = NULL;

    RB_TRY_ALL(ctx, cut_heavy(&blocks, n, a->own->k, err));
    int32_t first = rb_blocks_of(&blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&blocks, ctx->rank + 1, ctx->n_ranks);
    RB_TRY_ALL(ctx, rb_alloc(&partial, (last - first) * width, err));
#pragma omp parallel num_threads(ctx->n_threads)
    {
        NAME(batch) batch;
        NAME(batch_init)
        (&batch, memory + omp_get_thread_num() * per_thread, a->own->k, a->own_bias != NULL, longest);
#pragma omp for schedule(dynamic, 1)
        for (int32_t block = first; block < last; block++)
            NAME(heavy_block)
        (partial + (block - first) * width, &batch, a, row, from + blocks.begin[block],
         blocks.begin[block + 1] - blocks.begin[block]);
    }
    RB_TRY(rb_blocks_sum(sum, partial, width, &blocks, ctx, err));
done:
    rb_free(partial);
    rb_blocks_fini(&blocks);
    return err->status;
}

static void NAME(heavy_solve)(const double *sum, const rb_normal *a, const NAME(bases) * base, int64_t row,
                              REAL *memory, results *out)
{
    bool border = a->own_bias != NULL;
    int64_t order = a->own->k + border + 1;
    NAME(batch) batch;
    NAME(batch_init)(&batch, memory, a->own->k, border, out->longest);
    for (int64_t i = 0; i < order; i++)
        for (int64_t j = 0; j <= i; j++)
            batch.system[0][rb_triangle_row(i, LANES) + j] = (REAL)*sum++;
    NAME(wait)(&batch, a, base, row, a->side.begin[row + 1] - a->side.begin[row], *sum, out);
    NAME(flush)(&batch, a, base->triangle, out);
}

/* Collective. memory: [n_threads x per_thread] */
static rb_status NAME(heavy_rows)(const rb_normal *a, const NAME(bases) * base, REAL *memory, int64_t per_thread,
                                  results *out, const rb_ctx *ctx, rb_error *err)
{
    int64_t order = a->own->k + (a->own_bias != NULL) + 1, width = order * (order + 1) / 2 + 1;
    double *sum = NULL;
    for (int64_t row = 0; row < a->side.blocks->n; row++) {
        if (a->side.begin[row + 1] - a->side.begin[row] <= out->most_alone)
            continue;
        if (!sum)
            RB_TRY_ALL(ctx, rb_alloc(&sum, width, err));
        RB_TRY(NAME(heavy_sum)(sum, width, a, row, memory, per_thread, out->longest, ctx, err));
        if (row >= out->first_row && row < out->last_row)
            NAME(heavy_solve)(sum, a, base, row, memory, out);
    }
done:
    rb_free(sum);
    return err->status;
}
