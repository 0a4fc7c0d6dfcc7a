#include "linalg/rsvd.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/rng.h"
#include "parallel/blocks.h"
#include "parallel/shared.h"

#define N_BLOCKS 64            /* partial Gram matrices that are summed: 8 l^2 bytes each */
#define RESOLVED (1e-7 * 1e-7) /* smallest eigenvalue of a Gram matrix that is kept, relative to the largest */

/* One side of the iteration: a tall dense matrix whose rows belong to the rows of A or to its columns. */
typedef struct {
    const rb_csr *from; /* makes this side's rows out of the other side's: A for Y, A' for Z */
    rb_blocks blocks;
    rb_shared memory;
    double *x; /* [from->n_rows x l], in memory */
} side;

typedef struct {
    int64_t l;
    rb_csr transpose;
    side y, z;
    double *partial;    /* [own blocks x l^2], of the side that has more */
    double *gram;       /* [l x l] */
    double *eigenvalue; /* [l] descending */
    double *basis;   /* [l x l] column j: eigenvector j / root of its eigenvalue, or zero where that is not resolved */
    double *scratch; /* [n_threads x rows of the largest block x l] */
    int64_t scratch_rows;
    int64_t *offsets; /* [n_ranks + 1] */
    double *before;   /* [l] eigenvalues of the power iteration before */
} work;

static void work_fini(work *w)
{
    rb_csr_fini(&w->transpose);
    rb_blocks_fini(&w->y.blocks);
    rb_blocks_fini(&w->z.blocks);
    rb_shared_fini(&w->y.memory);
    rb_shared_fini(&w->z.memory);
    rb_free(w->partial);
    rb_free(w->gram);
    rb_free(w->eigenvalue);
    rb_free(w->basis);
    rb_free(w->scratch);
    rb_free(w->offsets);
    rb_free(w->before);
}

static int64_t own_blocks(const side *s, const rb_ctx *ctx)
{
    return rb_blocks_of(&s->blocks, ctx->rank + 1, ctx->n_ranks) - rb_blocks_of(&s->blocks, ctx->rank, ctx->n_ranks);
}

/* A block weighs its non-zeros and its rows: both a function of A alone. */
static rb_status cut_side(side *s, const rb_csr *from, rb_error *err)
{
    int64_t *weight = NULL;
    s->from = from;
    RB_TRY(rb_alloc(&weight, from->n_rows + 1, err));
    for (int64_t r = 0; r <= from->n_rows; r++)
        weight[r] = from->row_begin[r] + 16 * r;
    RB_TRY(rb_blocks_init(&s->blocks, from->n_rows, weight, weight[from->n_rows] / N_BLOCKS + 1, err));
done:
    rb_free(weight);
    return err->status;
}

static rb_status begin_local(work *w, const rb_csr *a, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_csr_transpose(&w->transpose, a, err));
    RB_TRY(cut_side(&w->y, a, err));
    RB_TRY(cut_side(&w->z, &w->transpose, err));
    int64_t n_own = own_blocks(&w->y, ctx) > own_blocks(&w->z, ctx) ? own_blocks(&w->y, ctx) : own_blocks(&w->z, ctx);
    RB_TRY(rb_alloc(&w->partial, n_own * w->l * w->l, err));
    RB_TRY(rb_alloc(&w->gram, w->l * w->l, err));
    RB_TRY(rb_alloc(&w->eigenvalue, w->l, err));
    RB_TRY(rb_alloc(&w->basis, w->l * w->l, err));
    RB_TRY(rb_alloc(&w->before, w->l, err));
    RB_TRY(rb_alloc(&w->offsets, ctx->n_ranks + 1, err));
    for (const side *s = &w->y; s; s = s == &w->y ? &w->z : NULL)
        for (int32_t k = 0; k < s->blocks.n_blocks; k++) {
            int64_t rows = s->blocks.begin[k + 1] - s->blocks.begin[k];
            w->scratch_rows = rows > w->scratch_rows ? rows : w->scratch_rows;
        }
    RB_TRY(rb_alloc(&w->scratch, ctx->n_threads * w->scratch_rows * w->l, err));
done:
    return err->status;
}

static rb_status begin(work *w, const rb_csr *a, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY_ALL(ctx, begin_local(w, a, ctx, err));
    RB_TRY(rb_shared_alloc(&w->y.memory, a->n_rows * w->l * (int64_t)sizeof(double), ctx, err));
    RB_TRY(rb_shared_alloc(&w->z.memory, a->n_cols * w->l * (int64_t)sizeof(double), ctx, err));
    w->y.x = w->y.memory.data;
    w->z.x = w->z.memory.data;
done:
    return err->status;
}

static void publish(work *w, side *s, const rb_ctx *ctx)
{
    rb_blocks_offsets(w->offsets, &s->blocks, ctx);
    rb_shared_publish(&s->memory, w->offsets, w->l * (int64_t)sizeof(double), ctx);
}

/* Omega, row by row: a row of Z belongs to a column of A. */
static void draw_test_matrix(work *w, uint64_t seed, const rb_ctx *ctx)
{
    int64_t first = rb_blocks_element(&w->z.blocks, ctx->rank, ctx->n_ranks);
    int64_t last = rb_blocks_element(&w->z.blocks, ctx->rank + 1, ctx->n_ranks);
    uint32_t stream = rb_stream("rsvd");
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t j = first; j < last; j++) {
        rb_rng rng = { .key = seed, .stream = stream, .entity = (uint64_t)j };
        uint32_t words[4];
        for (int64_t c = 0; c < w->l; c++) {
            if (c % 4 == 0)
                rb_rng_words(words, &rng, (uint32_t)(c / 4));
            w->z.x[j * w->l + c] = (double)words[c % 4] * 0x1p-31 - 1;
        }
    }
    publish(w, &w->z, ctx);
}

void rb_csr_times_dense(double *out, const rb_csr *a, int64_t first, int64_t last, const double *b, int64_t k)
{
    for (int64_t r = first; r < last; r++) {
        double *restrict to = out + (r - first) * k;
        int64_t e = a->row_begin[r], end = a->row_begin[r + 1];
        memset(to, 0, (size_t)k * sizeof *to);
        for (; e + 4 <= end; e += 4) { /* four rows of b a pass: `to` is read and written a quarter as often */
            const double *b0 = b + a->col[e] * k, *b1 = b + a->col[e + 1] * k;
            const double *b2 = b + a->col[e + 2] * k, *b3 = b + a->col[e + 3] * k;
            double v0 = a->value[e], v1 = a->value[e + 1], v2 = a->value[e + 2], v3 = a->value[e + 3];
            for (int64_t c = 0; c < k; c++)
                to[c] = (((to[c] + v0 * b0[c]) + v1 * b1[c]) + v2 * b2[c]) + v3 * b3[c];
        }
        for (; e < end; e++) {
            const double *b0 = b + a->col[e] * k;
            for (int64_t c = 0; c < k; c++)
                to[c] += a->value[e] * b0[c];
        }
    }
}

/* This side's rows from the other side's, and the sum of their outer products: s = from * other, gram = s's. */
static rb_status multiply(work *w, side *s, const side *other, const rb_ctx *ctx, rb_error *err)
{
    int32_t first = rb_blocks_of(&s->blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&s->blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t l = w->l;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t k = first; k < last; k++) {
        int64_t begin_row = s->blocks.begin[k], end_row = s->blocks.begin[k + 1];
        double *rows = s->x + begin_row * l, *sum = w->partial + (k - first) * l * l;
        rb_csr_times_dense(rows, s->from, begin_row, end_row, other->x, l);
        memset(sum, 0, (size_t)(l * l) * sizeof *sum);
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)l, (int)(end_row - begin_row), 1.0, rows, (int)l, 0.0,
                    sum, (int)l);
    }
    return rb_blocks_sum(w->gram, w->partial, l * l, &s->blocks, ctx, err);
}

/* Eigenvalues, descending, and the basis that makes the rows behind the Gram matrix orthonormal. */
static rb_status decompose(work *w, rb_error *err)
{
    int64_t l = w->l;
    for (int64_t i = 0; i < l * l; i++)
        if (!isfinite(w->gram[i]))
            return RB_FAIL(err, RB_NOT_FINITE, "the randomised decomposition met a value that is not finite");
    lapack_int info = LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'U', (lapack_int)l, w->gram, (lapack_int)l, w->eigenvalue);
    if (info != 0)
        return RB_FAIL(err, info < 0 ? RB_NO_MEMORY : RB_FAILED, "LAPACK's dsyevd of order %lld ended with %d",
                       (long long)l, (int)info);
    for (int64_t j = 0; j < l / 2; j++) {
        double swapped = w->eigenvalue[j];
        w->eigenvalue[j] = w->eigenvalue[l - 1 - j];
        w->eigenvalue[l - 1 - j] = swapped;
    }
    for (int64_t j = 0; j < l; j++) {
        double value = w->eigenvalue[j];
        double scale = value > RESOLVED * w->eigenvalue[0] ? 1 / sqrt(value) : 0;
        for (int64_t i = 0; i < l; i++)
            w->basis[i * l + j] = scale * w->gram[i * l + l - 1 - j];
    }
    return RB_OK;
}

/* LAPACK works on rank 0 alone, with one thread, so that all ranks have its very bits. */
static rb_status decompose_once(work *w, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY_ALL(ctx, ctx->rank == 0 ? decompose(w, err) : RB_OK);
    rb_bcast(ctx, w->eigenvalue, w->l * (int64_t)sizeof(double), 0);
    rb_bcast(ctx, w->basis, w->l * w->l * (int64_t)sizeof(double), 0);
done:
    return err->status;
}

/* s = s * basis, block by block. */
static void orthonormalise(work *w, side *s, const rb_ctx *ctx)
{
    int32_t first = rb_blocks_of(&s->blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&s->blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t l = w->l;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t k = first; k < last; k++) {
        int64_t n_rows = s->blocks.begin[k + 1] - s->blocks.begin[k];
        double *rows = s->x + s->blocks.begin[k] * l;
        double *copy = w->scratch + omp_get_thread_num() * w->scratch_rows * l;
        memcpy(copy, rows, (size_t)(n_rows * l) * sizeof *copy);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n_rows, (int)l, (int)l, 1.0, copy, (int)l, w->basis,
                    (int)l, 0.0, rows, (int)l);
    }
    publish(w, s, ctx);
}

void rb_fix_signs(double *v, int64_t n, int64_t k)
{
    for (int64_t c = 0; c < k; c++) {
        int64_t largest = 0;
        for (int64_t j = 1; j < n; j++)
            if (fabs(v[j * k + c]) > fabs(v[largest * k + c]))
                largest = j;
        if (v[largest * k + c] < 0)
            for (int64_t j = 0; j < n; j++)
                v[j * k + c] = -v[j * k + c];
    }
}

/* Z holds all right singular vectors by now: keep the first n_components of those that are resolved. */
static rb_status take_vectors(rb_rsvd *out, const work *w, int64_t n_components, rb_error *err)
{
    out->n = w->z.from->n_rows;
    while (out->k < n_components && w->eigenvalue[out->k] > RESOLVED * w->eigenvalue[0])
        out->k++;
    RB_TRY(rb_alloc(&out->singular, out->k, err));
    RB_TRY(rb_alloc(&out->v, out->n * out->k, err));
    for (int64_t c = 0; c < out->k; c++)
        out->singular[c] = sqrt(w->eigenvalue[c]);
    for (int64_t j = 0; j < out->n; j++)
        memcpy(out->v + j * out->k, w->z.x + j * w->l, (size_t)out->k * sizeof *out->v);
    rb_fix_signs(out->v, out->n, out->k);
done:
    return err->status;
}

static rb_status check(const rb_csr *a, const rb_rsvd_options *o, rb_error *err)
{
    int64_t most = a->n_rows < a->n_cols ? a->n_rows : a->n_cols;
    if (o->n_components >= 1 && o->n_components <= most)
        return RB_OK;
    return RB_FAIL(err, RB_BAD_INPUT, "%lld components of a matrix of %lld x %lld, expected 1 to %lld",
                   (long long)o->n_components, (long long)a->n_rows, (long long)a->n_cols, (long long)most);
}

/* Whether the wanted singular values stand still; remembers them. The same on every rank. */
static bool settled(work *w, const rb_rsvd_options *o)
{
    bool still = o->tolerance > 0;
    for (int64_t c = 0; c < o->n_components && c < w->l; c++) /* eigenvalues are squares of singular values */
        still = still && fabs(w->eigenvalue[c] - w->before[c]) <= 2 * o->tolerance * w->eigenvalue[c];
    memcpy(w->before, w->eigenvalue, (size_t)w->l * sizeof *w->before);
    return still;
}

rb_status rb_rsvd_init(rb_rsvd *out, const rb_csr *a, const rb_rsvd_options *options, const rb_ctx *ctx, rb_error *err)
{
    work w = { .l = options->n_components + options->oversampling };
    *out = (rb_rsvd){ 0 };
    w.y.memory.window = w.z.memory.window = MPI_WIN_NULL;
    RB_TRY_ALL(ctx, check(a, options, err));
    if (w.l > a->n_rows)
        w.l = a->n_rows;
    if (w.l > a->n_cols)
        w.l = a->n_cols;
    RB_TRY(begin(&w, a, ctx, err));
    openblas_set_num_threads(1);
    draw_test_matrix(&w, options->seed, ctx);
    for (int64_t q = 0; q <= options->power_iterations; q++) {
        RB_TRY(multiply(&w, &w.y, &w.z, ctx, err));
        RB_TRY(decompose_once(&w, ctx, err));
        orthonormalise(&w, &w.y, ctx);
        RB_TRY(multiply(&w, &w.z, &w.y, ctx, err));
        RB_TRY(decompose_once(&w, ctx, err));
        orthonormalise(&w, &w.z, ctx);
        out->settled = settled(&w, options);
        if (out->settled)
            break;
    }
    RB_TRY_ALL(ctx, take_vectors(out, &w, options->n_components, err));
done:
    if (err->status != RB_OK)
        rb_rsvd_fini(out);
    work_fini(&w);
    return err->status;
}

void rb_rsvd_fini(rb_rsvd *svd)
{
    rb_free(svd->singular);
    rb_free(svd->v);
    memset(svd, 0, sizeof *svd);
}
