/* The rows of one side, instanced by factor_solve.c for float and double through REAL, LANES, SINGLE and NAME(x). */

/* Systems that wait until a vector is full, and what a thread needs to make them. */
typedef struct {
    int n; /* waiting */
    int64_t row[LANES];
    double constant[LANES];
    REAL lambda[LANES];
    REAL *system[LANES]; /* gather_syrk.h */
    REAL *x[LANES];
    REAL *scratch, *work;
    REAL *t, *w;             /* [longest] */
    double *t_wide, *w_wide; /* [longest]; t and w themselves in double */
} NAME(batch);

/* The base as the solvers take it. */
typedef struct {
    REAL *triangle; /* for Cholesky; NULL: none */
    REAL *square;   /* [ld x ld] for conjugate gradient; NULL: none */
} NAME(bases);

static int64_t NAME(whole)(int64_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Elements of a thread's memory. */
static int64_t NAME(thread_size)(int64_t k, bool border, int64_t longest)
{
    return LANES * (NAME(rb_gather_size)(k, border) + NAME(whole)(k + border)) +
           NAME(whole)(NAME(rb_gather_scratch)(k, border, longest)) + NAME(whole)(NAME(rb_spd_work)(k, border)) +
           5 * NAME(whole)(k + LANES) + (SINGLE ? 6 : 2) * NAME(whole)(longest);
}

static REAL *NAME(take)(REAL **memory, int64_t n)
{
    REAL *taken = *memory;
    *memory += NAME(whole)(n);
    return taken;
}

static void NAME(batch_init)(NAME(batch) * b, REAL *memory, int64_t k, bool border, int64_t longest)
{
    b->n = 0;
    for (int s = 0; s < LANES; s++) {
        b->system[s] = NAME(take)(&memory, NAME(rb_gather_size)(k, border));
        b->x[s] = NAME(take)(&memory, k + border);
    }
    b->work = NAME(take)(&memory, NAME(rb_spd_work)(k, border));
    b->t = NAME(take)(&memory, longest);
    b->w = NAME(take)(&memory, longest);
    b->t_wide = SINGLE ? (double *)(void *)NAME(take)(&memory, 2 * NAME(whole)(longest)) : (double *)(void *)b->t;
    b->w_wide = SINGLE ? (double *)(void *)NAME(take)(&memory, 2 * NAME(whole)(longest)) : (double *)(void *)b->w;
    b->scratch = memory;
}

#include "recommend/core/factor_cg_kernel.h"

/* What a solved row adds to the sums. */
static void NAME(note)(const results *out, int64_t row, const REAL *x, int64_t n, double loss, double lambda)
{
    out->loss[row - out->first_row] = loss;
    out->penalty[row - out->first_row] = lambda * NAME(rb_inner)(x, x, n);
}

/* Solve what waits. */
static void NAME(flush)(NAME(batch) * b, const rb_normal *a, const REAL *base, results *out)
{
    bool border = a->own_bias != NULL;
    int64_t k = a->own->k, m = k + border;
    if (b->n == 0)
        return;
    uint32_t bad = NAME(rb_spd_batch)(b->x, (const REAL *const *)b->system, base, b->lambda, b->n, k, border, b->work);
    for (int s = 0; s < b->n; s++) {
        int64_t row = b->row[s];
        if (bad >> s & 1) {
            note_failure(out, row);
            continue;
        }
        memcpy((REAL *)a->own->data + row * a->own->ld, b->x[s], (size_t)k * sizeof(REAL));
        if (border)
            ((double *)a->own_bias->data)[row] = (double)b->x[s][k];
        const REAL *g = b->system[s] + rb_triangle_row(m, LANES);
        NAME(note)(out, row, b->x[s], m, b->constant[s] - NAME(rb_inner)(b->x[s], g, m), (double)b->lambda[s]);
    }
    b->n = 0;
}

/* Targets and weights of the n entries of a row from entry `from` of the matrix on, in the factors' precision. */
static double NAME(entries)(NAME(batch) * b, const rb_normal *a, int64_t row, int64_t from, int64_t n)
{
    double constant = a->entries(a, b->t_wide, b->w_wide, row, from, n);
    for (int64_t e = 0; SINGLE && e < n; e++)
        b->t[e] = (REAL)b->t_wide[e];
    for (int64_t e = 0; SINGLE && a->weighted && e < n; e++)
        b->w[e] = (REAL)b->w_wide[e];
    return constant;
}

/* Count the system that was put into the first free place, and solve all where no place is left. */
static void NAME(wait)(NAME(batch) * b, const rb_normal *a, const NAME(bases) * base, int64_t row, int64_t n,
                       double constant, results *out)
{
    b->row[b->n] = row;
    b->constant[b->n] = constant;
    b->lambda[b->n] = (REAL)a->lambda(a, n);
    if (++b->n == LANES)
        NAME(flush)(b, a, base->triangle, out);
}

static void NAME(approximate)(NAME(batch) * b, const rb_normal *a, const REAL *square, int64_t row, int64_t n,
                              double constant, results *out)
{
    int64_t k = a->own->k, ld = a->own->ld, from = a->side.begin[row];
    double *bias = a->own_bias ? (double *)a->own_bias->data + row : NULL;
    REAL *factors = (REAL *)a->own->data + row * ld, *x = b->scratch;
    NAME(row_system)
    s = { .base = square,
          .other = a->other->data,
          .col = a->side.col + from,
          .w = a->weighted ? b->w : NULL,
          .n = n,
          .lambda = (REAL)a->lambda(a, n) };
    memset(x, 0, (size_t)(ld + LANES) * sizeof(REAL));
    memcpy(x, factors, (size_t)k * sizeof(REAL));
    x[ld] = bias ? (REAL)*bias : 0;
    double gain = NAME(conjugate_gradient)(x, &s, b->t, a->cg_steps, x + ld + LANES, ld, bias != NULL);
    memcpy(factors, x, (size_t)k * sizeof(REAL));
    if (bias)
        *bias = (double)x[ld];
    NAME(note)(out, row, x, bias ? ld + 1 : k, constant - gain, (double)s.lambda);
    if (!isfinite(out->penalty[row - out->first_row]))
        note_failure(out, row);
}

static void NAME(row)(NAME(batch) * b, const rb_normal *a, const NAME(bases) * base, int64_t row, results *out)
{
    int64_t from = a->side.begin[row], n = a->side.begin[row + 1] - from, k = a->own->k;
    if ((n == 0 && a->keep_empty) || n > out->most_alone)
        return; /* nothing to do, or solved by all */
    if (n == 0) {
        memset((REAL *)a->own->data + row * a->own->ld, 0, (size_t)k * sizeof(REAL));
        if (a->own_bias)
            ((double *)a->own_bias->data)[row] = 0;
        return;
    }
    double constant = NAME(entries)(b, a, row, from, n);
    if (a->cg_steps > 0) {
        NAME(approximate)(b, a, base->square, row, n, constant, out);
        return;
    }
    NAME(rb_gather_syrk)
    (b->system[b->n], a->other->data, a->other->ld, k, a->side.col + from, a->weighted ? b->w : NULL, b->t, n,
     a->own_bias != NULL, b->scratch);
    NAME(wait)(b, a, base, row, n, constant, out);
}

#include "recommend/core/factor_heavy_kernel.h"

static rb_status NAME(bases_init)(NAME(bases) * base, const rb_normal *a, rb_error *err)
{
    int64_t k = a->own->k, ld = a->other->ld;
    if (!a->base)
        return RB_OK;
    RB_TRY(rb_alloc(&base->triangle, rb_triangle_size(k, LANES), err));
    RB_TRY(rb_alloc(&base->square, a->cg_steps > 0 ? ld * ld : 0, err));
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < k; j++) {
            if (j <= i)
                base->triangle[rb_triangle_row(i, LANES) + j] = (REAL)a->base[i * k + j];
            if (a->cg_steps > 0)
                base->square[i * ld + j] = (REAL)a->base[i * k + j];
        }
done:
    return err->status;
}

static rb_status NAME(solve_blocks)(const rb_normal *a, int32_t first, int32_t last, results *out, const rb_ctx *ctx,
                                    rb_error *err)
{
    bool border = a->own_bias != NULL;
    int64_t k = a->own->k, longest = out->longest, per_thread = NAME(thread_size)(k, border, longest);
    REAL *memory = NULL;
    NAME(bases) base = { 0 };

    (void)rb_alloc(&memory, ctx->n_threads * per_thread, err);
    if (err->status == RB_OK)
        (void)NAME(bases_init)(&base, a, err);
    RB_TRY_ALL(ctx, err->status); /* here all ranks have read what is now overwritten */
    RB_TRY(NAME(heavy_rows)(a, &base, memory, per_thread, out, ctx, err));
#pragma omp parallel num_threads(ctx->n_threads)
    {
        NAME(batch) batch;
        NAME(batch_init)(&batch, memory + omp_get_thread_num() * per_thread, k, border, longest);
#pragma omp for schedule(dynamic, 1)
        for (int32_t block = first; block < last; block++)
            for (int64_t row = a->side.blocks->begin[block]; row < a->side.blocks->begin[block + 1]; row++)
                NAME(row)(&batch, a, &base, row, out);
        NAME(flush)(&batch, a, base.triangle, out);
    }
done:
    rb_free(base.square);
    rb_free(base.triangle);
    rb_free(memory);
    return err->status;
}
