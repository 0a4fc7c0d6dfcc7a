/* Rows of one side, a vector of them at a time, instanced by block_descent.c through REAL, VECTOR, LANES and NAME(x).
 */
#include "recommend/core/sgd_kernel.h"

static int64_t NAME(whole)(int64_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* What a thread needs for LANES rows at once. */
typedef struct {
    REAL *system[LANES], *step[LANES], *predicted[LANES];
    REAL *t, *w, *scratch, *work;
    double *t_wide, *w_wide;
    REAL lambda[LANES];
} NAME(group);

static int64_t NAME(group_size)(int64_t d, int64_t longest)
{
    return LANES * (NAME(rb_gather_size)(d, false) + NAME(whole)(d) + NAME(whole)(longest)) + 6 * NAME(whole)(longest) +
           NAME(whole)(NAME(rb_gather_scratch)(d, false, longest)) + NAME(whole)(NAME(rb_spd_work)(d, false));
}

static REAL *NAME(take)(REAL **memory, int64_t n)
{
    REAL *taken = *memory;
    *memory += NAME(whole)(n);
    return taken;
}

static void NAME(group_init)(NAME(group) * g, REAL *memory, int64_t d, int64_t longest)
{
    for (int s = 0; s < LANES; s++) {
        g->system[s] = NAME(take)(&memory, NAME(rb_gather_size)(d, false));
        g->step[s] = NAME(take)(&memory, d);
        g->predicted[s] = NAME(take)(&memory, longest);
    }
    g->t = NAME(take)(&memory, longest);
    g->w = NAME(take)(&memory, longest);
    g->t_wide = (double *)(void *)NAME(take)(&memory, 2 * NAME(whole)(longest));
    g->w_wide = (double *)(void *)NAME(take)(&memory, 2 * NAME(whole)(longest));
    g->scratch = NAME(take)(&memory, NAME(rb_gather_scratch)(d, false, longest));
    g->work = memory;
}

/* a0 (B'B x) of factors [begin, begin + d), d a whole number of vectors, added to what is there with a minus sign. */
static void NAME(subtract_base)(REAL *g, const REAL *gram, const REAL *x, int64_t begin, int64_t d, int64_t k,
                                int64_t ld)
{
    for (int64_t f = 0; f < d; f += LANES) {
        VECTOR sum = { 0 };
        for (int64_t j = 0; j < k; j++)
            sum = NAME(rb_fma)(NAME(rb_splat)(x[j]), NAME(rb_load)(gram + j * ld + begin + f), sum);
        for (int i = 0; i < LANES && f + i < d; i++)
            g[f + i] -= sum[i];
    }
}

/* The system of one row for one block. */
static void NAME(prepare)(NAME(group) * g, int s, const rb_block_descent *how, const REAL *gram, int64_t row,
                          int64_t begin, int64_t d)
{
    int64_t from = how->side.begin[row], n = how->side.begin[row + 1] - from, ld = how->own->ld;
    const REAL *x = (const REAL *)how->own->data + row * ld;
    bool weighted = how->objective.objective == RB_OBJECTIVE_HU;
    rb_implicit_entries(&how->objective, g->t_wide, g->w_wide, how->side.rating + from, n);
    for (int64_t e = 0; e < n; e++) {
        g->w[e] = (REAL)g->w_wide[e];
        g->t[e] = (REAL)(g->t_wide[e] - g->w_wide[e] * (double)g->predicted[s][e]);
    }
    NAME(rb_gather_syrk)
    (g->system[s], (const REAL *)how->other->data + begin, ld, d, how->side.col + from, weighted ? g->w : NULL, g->t, n,
     false, g->scratch);
    REAL *right = g->system[s] + rb_triangle_row(d, LANES);
    NAME(subtract_base)(right, gram, x, begin, d, how->own->k, ld);
    for (int64_t f = 0; f < d; f++)
        right[f] -= g->lambda[s] * x[begin + f];
}

/* Add the step to a row's factors and to what they predict. */
static void NAME(apply)(NAME(group) * g, int s, const rb_block_descent *how, int64_t row, int64_t begin, int64_t d)
{
    int64_t from = how->side.begin[row], n = how->side.begin[row + 1] - from, ld = how->own->ld;
    REAL *x = (REAL *)how->own->data + row * ld + begin;
    const REAL *other = (const REAL *)how->other->data + begin;
    for (int64_t f = 0; f < d; f++)
        x[f] += g->step[s][f];
    for (int64_t e = 0; e < n; e++)
        g->predicted[s][e] += NAME(product)(other + how->side.col[from + e] * ld, g->step[s], NAME(whole)(d));
}

/* The row's objective without the penalty of the other side. */
static void NAME(note)(results *out, NAME(group) * g, int s, const rb_block_descent *how, const REAL *gram, int64_t row)
{
    int64_t from = how->side.begin[row], n = how->side.begin[row + 1] - from, k = how->own->k, ld = how->own->ld;
    const REAL *x = (const REAL *)how->own->data + row * ld;
    double loss = rb_implicit_entries(&how->objective, g->t_wide, g->w_wide, how->side.rating + from, n), square = 0;
    for (int64_t e = 0; e < n; e++) {
        double y = (double)g->predicted[s][e];
        loss += (g->w_wide[e] * y - 2 * g->t_wide[e]) * y;
    }
    for (int64_t j = 0; j < k; j++) {
        loss += (double)x[j] * (double)NAME(product)(gram + j * ld, x, ld);
        square += (double)x[j] * (double)x[j];
    }
    out->penalty[row] = (double)g->lambda[s] * square;
    out->loss[row] = loss + out->penalty[row];
}

/* Up to LANES rows with entries. */
static void NAME(descend)(NAME(group) * g, const rb_block_descent *how, const REAL *gram, const REAL *const *bases,
                          const int64_t *row, int n_rows, int64_t block, results *out)
{
    int64_t k = how->own->k, ld = how->own->ld;
    for (int s = 0; s < n_rows; s++) {
        int64_t from = how->side.begin[row[s]], n = how->side.begin[row[s] + 1] - from;
        const REAL *x = (const REAL *)how->own->data + row[s] * ld;
        g->lambda[s] = (REAL)rb_implicit_lambda(&how->objective, n, how->other->n);
        for (int64_t e = 0; e < n; e++)
            g->predicted[s][e] = NAME(product)((const REAL *)how->other->data + how->side.col[from + e] * ld, x, ld);
    }
    for (int64_t begin = 0; begin < k; begin += block) {
        int64_t d = k - begin < block ? k - begin : block;
        for (int s = 0; s < n_rows; s++) {
            NAME(prepare)(g, s, how, gram, row[s], begin, d);
            memset(g->step[s], 0, (size_t)NAME(whole)(d) * sizeof(REAL));
        }
        uint32_t bad = NAME(rb_spd_batch)(g->step, (const REAL *const *)g->system, bases[begin / block], g->lambda,
                                          n_rows, d, false, g->work);
        for (int s = 0; s < n_rows; s++)
            if (bad >> s & 1)
                note_failure(out, row[s]);
            else
                NAME(apply)(g, s, how, row[s], begin, d);
    }
    for (int s = 0; s < n_rows; s++)
        NAME(note)(out, g, s, how, gram, row[s]);
}

static void NAME(rows)(NAME(group) * g, const rb_block_descent *how, const REAL *gram, const REAL *const *bases,
                       int64_t from, int64_t to, int64_t block, results *out)
{
    int64_t waiting[LANES];
    int n = 0;
    for (int64_t row = from; row < to; row++) {
        if (how->side.begin[row + 1] == how->side.begin[row])
            memset((REAL *)how->own->data + row * how->own->ld, 0, (size_t)how->own->ld * sizeof(REAL));
        else
            waiting[n++] = row;
        if (n == LANES || (n > 0 && row + 1 == to)) {
            NAME(descend)(g, how, gram, bases, waiting, n, block, out);
            n = 0;
        }
    }
}

/* The Gram matrix in this precision, and its diagonal blocks as the solver takes them. */
static rb_status NAME(bases)(REAL **gram, REAL **triangles, const REAL **base, const rb_block_descent *how,
                             int64_t block, rb_error *err)
{
    int64_t k = how->own->k, ld = how->own->ld, size = rb_triangle_size(block, LANES);
    RB_TRY(rb_alloc(gram, ld * ld, err));
    RB_TRY(rb_alloc(triangles, (k + block - 1) / block * size, err));
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < k; j++)
            (*gram)[i * ld + j] = (REAL)how->gram[i * k + j];
    for (int64_t begin = 0; begin < k; begin += block) {
        REAL *to = *triangles + begin / block * size;
        base[begin / block] = to;
        for (int64_t i = begin; i < k && i < begin + block; i++)
            for (int64_t j = begin; j <= i; j++)
                to[rb_triangle_row(i - begin, LANES) + j - begin] = (*gram)[i * ld + j];
    }
done:
    return err->status;
}

static rb_status NAME(side)(const rb_block_descent *how, results *out, const rb_ctx *ctx, rb_error *err)
{
    const rb_blocks *blocks = how->side.blocks;
    int32_t first = rb_blocks_of(blocks, ctx->rank, ctx->n_ranks),
            last = rb_blocks_of(blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t block = NAME(whole)(how->block < how->own->k ? how->block : how->own->k),
            size = NAME(group_size)(block, out->longest);
    REAL *gram = NULL, *triangles = NULL, *memory = NULL;
    const REAL **base = NULL;

    (void)rb_alloc(&base, (how->own->k + block - 1) / block, err);
    (void)rb_alloc(&memory, ctx->n_threads * size, err);
    if (err->status == RB_OK)
        (void)NAME(bases)(&gram, &triangles, base, how, block, err);
    RB_TRY_ALL(ctx, err->status);
#pragma omp parallel num_threads(ctx->n_threads)
    {
        NAME(group) group;
        NAME(group_init)(&group, memory + omp_get_thread_num() * size, block, out->longest);
#pragma omp for schedule(dynamic, 1)
        for (int32_t b = first; b < last; b++)
            NAME(rows)(&group, how, gram, base, blocks->begin[b], blocks->begin[b + 1], block, out);
    }
done:
    rb_free(memory);
    rb_free(triangles);
    rb_free(gram);
    rb_free((void *)base);
    return err->status;
}
