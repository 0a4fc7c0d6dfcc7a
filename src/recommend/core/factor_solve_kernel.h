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

static int64_t NAME(whole)(int64_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Elements of a thread's memory. */
static int64_t NAME(thread_size)(int64_t k, bool border, int64_t longest)
{
    return LANES * (NAME(rb_gather_size)(k, border) + NAME(whole)(k + border)) +
           NAME(whole)(NAME(rb_gather_scratch)(k, border, longest)) + NAME(whole)(NAME(rb_spd_work)(k, border)) +
           4 * NAME(whole)(k) + (SINGLE ? 6 : 2) * NAME(whole)(longest);
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

/* Inner product in double, eight sums in a fixed order. */
static double NAME(dot)(const REAL *a, const REAL *b, int64_t n)
{
    double part[8] = { 0 };
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int l = 0; l < 8; l++)
            part[l] += (double)a[i + l] * (double)b[i + l];
    for (int l = 0; i < n; i++, l++)
        part[l] += (double)a[i] * (double)b[i];
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

#include "recommend/core/factor_cg_kernel.h"

/* What a solved row adds to the sums. */
static void NAME(note)(const results *out, int64_t row, const REAL *x, int64_t n, double loss, double lambda)
{
    out->loss[row - out->first_row] = loss;
    out->penalty[row - out->first_row] = lambda * NAME(dot)(x, x, n);
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
        NAME(note)(out, row, b->x[s], m, b->constant[s] - NAME(dot)(b->x[s], g, m), (double)b->lambda[s]);
    }
    b->n = 0;
}

/* Targets and weights of a row, in the precision of the factors. */
static double NAME(entries)(NAME(batch) * b, const rb_normal *a, int64_t row, int64_t n)
{
    double constant = a->entries(a, b->t_wide, b->w_wide, row);
    for (int64_t e = 0; SINGLE && e < n; e++)
        b->t[e] = (REAL)b->t_wide[e];
    for (int64_t e = 0; SINGLE && a->weighted && e < n; e++)
        b->w[e] = (REAL)b->w_wide[e];
    return constant;
}

static void NAME(row)(NAME(batch) * b, const rb_normal *a, const REAL *base, int64_t row, results *out)
{
    int64_t from = a->side.begin[row], n = a->side.begin[row + 1] - from, k = a->own->k;
    REAL *x = (REAL *)a->own->data + row * a->own->ld;
    if (n == 0 && a->keep_empty)
        return;
    if (n == 0) {
        memset(x, 0, (size_t)k * sizeof(REAL));
        if (a->own_bias)
            ((double *)a->own_bias->data)[row] = 0;
        return;
    }
    double constant = NAME(entries)(b, a, row, n);
    const REAL *w = a->weighted ? b->w : NULL;
    REAL lambda = (REAL)a->lambda(a, n);
    if (a->cg_steps > 0) {
        double gain = NAME(conjugate_gradient)(x, a, base, a->side.col + from, w, b->t, n, lambda, b->scratch);
        NAME(note)(out, row, x, k, constant - gain, (double)lambda);
        if (!isfinite(out->penalty[row - out->first_row]))
            note_failure(out, row);
        return;
    }
    NAME(rb_gather_syrk)
    (b->system[b->n], a->other->data, a->other->ld, k, a->side.col + from, w, b->t, n, a->own_bias != NULL, b->scratch);
    b->row[b->n] = row;
    b->constant[b->n] = constant;
    b->lambda[b->n] = lambda;
    if (++b->n == LANES)
        NAME(flush)(b, a, base, out);
}

/* The base as the solver takes it: a triangle, or [ld x ld] for conjugate gradient. */
static void NAME(narrow)(REAL *out, const rb_normal *a)
{
    int64_t k = a->own->k;
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < (a->cg_steps > 0 ? k : i + 1); j++)
            out[(a->cg_steps > 0 ? i * a->other->ld : rb_triangle_row(i, LANES)) + j] = (REAL)a->base[i * k + j];
}

static rb_status NAME(solve_blocks)(const rb_normal *a, int32_t first, int32_t last, int64_t longest, results *out,
                                    const rb_ctx *ctx, rb_error *err)
{
    bool border = a->own_bias != NULL;
    int64_t k = a->own->k, per_thread = NAME(thread_size)(k, border, longest);
    REAL *memory = NULL, *base = NULL;

    (void)rb_alloc(&memory, ctx->n_threads * per_thread, err);
    if (a->base)
        (void)rb_alloc(&base, a->cg_steps > 0 ? a->other->ld * a->other->ld : rb_triangle_size(k, LANES), err);
    RB_TRY_ALL(ctx, err->status); /* here all ranks have read what is now overwritten */
    if (a->base)
        NAME(narrow)(base, a);
#pragma omp parallel num_threads(ctx->n_threads)
    {
        NAME(batch) batch;
        NAME(batch_init)(&batch, memory + omp_get_thread_num() * per_thread, k, border, longest);
#pragma omp for schedule(dynamic, 1)
        for (int32_t block = first; block < last; block++)
            for (int64_t row = a->side.blocks->begin[block]; row < a->side.blocks->begin[block + 1]; row++)
                NAME(row)(&batch, a, base, row, out);
        NAME(flush)(&batch, a, base, out);
    }
done:
    rb_free(base);
    rb_free(memory);
    return err->status;
}
