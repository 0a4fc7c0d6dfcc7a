#include "linalg/spectrum.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/rsvd.h"
#include "parallel/blocks.h"
#include "parallel/shared.h"

#define N_BLOCKS 64 /* partial Gram matrices that are summed: 8 l^2 bytes each */
#define DENSE 256   /* rows up to which LAPACK solves the whole */
#define GROWTH 10.0 /* log of what p grows to at 0: more would drown the smaller directions of the block */
#define MOST_DEGREE 100
#define LEAST_EDGE 1e-8
#define MOST_EDGE 1.5
#define FLOOR 1e-14 /* eigenvalue of a Gram matrix, relative to the largest, that counts as rounding */
#define PASSES 4

typedef struct {
    const rb_csr *s;
    int64_t n, l, rows; /* rows: of the largest block */
    rb_blocks blocks;
    int32_t first, last; /* own blocks */
    rb_shared memory[2];
    int at;           /* memory that holds X; the other one is Y */
    double *partial;  /* [own blocks x l^2] */
    double *gram;     /* [l x l] */
    double *value;    /* [l] */
    double *basis;    /* [l x l] */
    double *scale;    /* [l] */
    double *scratch;  /* [n_threads x rows x l] */
    int64_t *offsets; /* [n_ranks + 1] */
} work;

static int64_t block_width(int64_t n, int64_t k)
{
    int64_t l = k + k / 2 + 8;
    return l < n ? l : n;
}

static bool is_dense(int64_t n, int64_t k)
{
    return n <= DENSE || n <= 2 * block_width(n, k);
}

void rb_spectrum_bytes(double *rank, double *node, int64_t n, int64_t k, int n_threads)
{
    const double l = (double)block_width(n, k), rows = (double)n;
    *rank = is_dense(n, k) ? 24 * rows * rows + 8 * rows : 8 * (N_BLOCKS + 3) * l * l + 8 * n_threads * rows * l;
    *node = is_dense(n, k) ? 0 : 16 * rows * l;
}

static void work_fini(work *w)
{
    rb_blocks_fini(&w->blocks);
    rb_shared_fini(&w->memory[0]);
    rb_shared_fini(&w->memory[1]);
    rb_free(w->partial);
    rb_free(w->gram);
    rb_free(w->value);
    rb_free(w->basis);
    rb_free(w->scale);
    rb_free(w->scratch);
    rb_free(w->offsets);
}

static rb_status begin_local(work *w, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_blocks_init(&w->blocks, w->n, NULL, w->n / N_BLOCKS + 1, err));
    w->first = rb_blocks_of(&w->blocks, ctx->rank, ctx->n_ranks);
    w->last = rb_blocks_of(&w->blocks, ctx->rank + 1, ctx->n_ranks);
    for (int32_t b = 0; b < w->blocks.n_blocks; b++) {
        int64_t rows = w->blocks.begin[b + 1] - w->blocks.begin[b];
        w->rows = rows > w->rows ? rows : w->rows;
    }
    rb_alloc(&w->partial, (w->last - w->first) * w->l * w->l, err);
    rb_alloc(&w->gram, w->l * w->l, err);
    rb_alloc(&w->value, w->l, err);
    rb_alloc(&w->basis, w->l * w->l, err);
    rb_alloc(&w->scale, w->l, err);
    rb_alloc(&w->scratch, ctx->n_threads * w->rows * w->l, err);
    RB_TRY(rb_alloc(&w->offsets, ctx->n_ranks + 1, err));
    rb_blocks_offsets(w->offsets, &w->blocks, ctx);
done:
    return err->status;
}

static double *x_of(const work *w)
{
    return w->memory[w->at].data;
}

static double *y_of(const work *w)
{
    return w->memory[1 - w->at].data;
}

static void publish(work *w, const rb_ctx *ctx)
{
    rb_shared_publish(&w->memory[w->at], w->offsets, w->l * (int64_t)sizeof(double), ctx);
}

static void draw(work *w, uint64_t seed, const rb_ctx *ctx)
{
    const uint32_t stream = rb_stream("spectrum");
    double *x = x_of(w);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = w->offsets[ctx->rank]; i < w->offsets[ctx->rank + 1]; i++) {
        const rb_rng rng = { .key = seed, .stream = stream, .entity = (uint64_t)i };
        for (int64_t c = 0; c < w->l; c++)
            x[i * w->l + c] = 2 * rb_rng_uniform(&rng, (uint32_t)c) - 1;
    }
    publish(w, ctx);
}

/* ---- small matrices, on rank 0 alone so that all ranks have its very bits ---- */

static rb_status decompose(double *a, double *value, int64_t l, rb_error *err)
{
    for (int64_t i = 0; i < l * l; i++)
        if (!isfinite(a[i]))
            return RB_FAIL(err, RB_NOT_FINITE, "the eigenvectors met a value that is not finite");
    lapack_int info = LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'U', (lapack_int)l, a, (lapack_int)l, value);
    if (info != 0)
        return RB_FAIL(err, info < 0 ? RB_NO_MEMORY : RB_FAILED, "LAPACK's dsyevd of order %lld ended with %d",
                       (long long)l, (int)info);
    return RB_OK;
}

/* value ascending, gram its eigenvectors; everywhere. */
static rb_status decompose_once(work *w, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY_ALL(ctx, ctx->rank == 0 ? decompose(w->gram, w->value, w->l, err) : RB_OK);
    rb_bcast(ctx, w->value, w->l * (int64_t)sizeof(double), 0);
    rb_bcast(ctx, w->gram, w->l * w->l * (int64_t)sizeof(double), 0);
done:
    return err->status;
}

/* gram = X'Z of own rows, summed over all. */
static rb_status multiply(work *w, const double *z, const rb_ctx *ctx, rb_error *err)
{
    const int l = (int)w->l;
    const double *x = x_of(w);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t b = w->first; b < w->last; b++) {
        const int64_t begin = w->blocks.begin[b], n = w->blocks.begin[b + 1] - begin;
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, l, l, (int)n, 1.0, x + begin * l, l, z + begin * l, l, 0.0,
                    w->partial + (b - w->first) * l * l, l);
    }
    return rb_blocks_sum(w->gram, w->partial, w->l * w->l, &w->blocks, ctx, err);
}

/* x = x basis, of own rows. */
static void rotate(const work *w, double *x, const rb_ctx *ctx)
{
    const int l = (int)w->l;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t b = w->first; b < w->last; b++) {
        const int64_t n = w->blocks.begin[b + 1] - w->blocks.begin[b];
        double *rows = x + w->blocks.begin[b] * l, *copy = w->scratch + omp_get_thread_num() * w->rows * l;
        memcpy(copy, rows, (size_t)(n * l) * sizeof *copy);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, l, l, 1.0, copy, l, w->basis, l, 0.0, rows, l);
    }
}

/* ---- the iteration ---- */

/* Y = alpha ((1 - centre) X - S X) + beta Y, which then is X. */
static void step(work *w, double alpha, double centre, double beta, const rb_ctx *ctx)
{
    const int64_t l = w->l;
    const double *x = x_of(w);
    double *y = y_of(w);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t b = w->first; b < w->last; b++) {
        double *product = w->scratch + omp_get_thread_num() * w->rows * l;
        for (int64_t i = w->blocks.begin[b]; i < w->blocks.begin[b + 1]; i++) {
            const double *from = x + i * l;
            double *to = y + i * l;
            rb_csr_times_dense(product, w->s, i, i + 1, x, l);
            for (int64_t c = 0; c < l; c++)
                to[c] = alpha * ((1 - centre) * from[c] - product[c]) + (beta != 0 ? beta * to[c] : 0);
        }
    }
    w->at = 1 - w->at;
    publish(w, ctx);
}

/* X = p(I - S) X, small on [edge, 2], 1 at 0. */
static void filter(work *w, double edge, const rb_ctx *ctx)
{
    const double half = (2 - edge) / 2, centre = (2 + edge) / 2;
    const double wanted = ceil(GROWTH / acosh(centre / half));
    const int degree = wanted < 2 ? 2 : wanted > MOST_DEGREE ? MOST_DEGREE : (int)wanted;
    const double first = -half / centre;
    double sigma = first;

    step(w, sigma / half, centre, 0, ctx);
    for (int i = 2; i <= degree; i++) {
        const double next = 1 / (2 / first - sigma);
        step(w, 2 * next / half, centre, -sigma * next, ctx);
        sigma = next;
    }
}

static rb_status orthonormalise(work *w, const rb_ctx *ctx, rb_error *err)
{
    const int64_t l = w->l;
    for (int pass = 0; pass < PASSES; pass++) {
        RB_TRY(multiply(w, x_of(w), ctx, err));
        for (int64_t c = 0; c < l; c++)
            w->scale[c] = w->gram[c * l + c] > 0 ? 1 / sqrt(w->gram[c * l + c]) : 0;
        for (int64_t i = 0; i < l; i++)
            for (int64_t c = 0; c < l; c++)
                w->gram[i * l + c] *= w->scale[i] * w->scale[c];
        RB_TRY(decompose_once(w, ctx, err));
        const double most = w->value[l - 1], least = w->value[0];
        for (int64_t i = 0; i < l; i++)
            for (int64_t c = 0; c < l; c++)
                w->basis[i * l + c] = w->scale[i] * w->gram[i * l + c] / sqrt(fmax(w->value[c], FLOOR * most));
        rotate(w, x_of(w), ctx);
        if (least > 0.5)
            break;
    }
    publish(w, ctx);
done:
    return err->status;
}

/* X = Ritz vectors, value their values, descending; *residual: the longest of the first k. */
static rb_status rayleigh_ritz(double *residual, work *w, int64_t k, const rb_ctx *ctx, rb_error *err)
{
    const int64_t l = w->l;
    double *x = x_of(w), *y = y_of(w);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t b = w->first; b < w->last; b++)
        rb_csr_times_dense(y + w->blocks.begin[b] * l, w->s, w->blocks.begin[b], w->blocks.begin[b + 1], x, l);
    RB_TRY(multiply(w, y, ctx, err));
    RB_TRY(decompose_once(w, ctx, err));
    for (int64_t c = 0; c < l; c++) {
        w->scale[c] = w->value[l - 1 - c];
        for (int64_t i = 0; i < l; i++)
            w->basis[i * l + c] = w->gram[i * l + l - 1 - c];
    }
    memcpy(w->value, w->scale, (size_t)l * sizeof *w->value);
    rotate(w, x, ctx);
    rotate(w, y, ctx);
    publish(w, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t b = w->first; b < w->last; b++) {
        double *sum = w->partial + (b - w->first) * l;
        memset(sum, 0, (size_t)l * sizeof *sum);
        for (int64_t i = w->blocks.begin[b]; i < w->blocks.begin[b + 1]; i++)
            for (int64_t c = 0; c < l; c++) {
                const double apart = y[i * l + c] - w->value[c] * x[i * l + c];
                sum[c] += apart * apart;
            }
    }
    RB_TRY(rb_blocks_sum(w->scale, w->partial, l, &w->blocks, ctx, err));
    *residual = 0;
    for (int64_t c = 0; c < k; c++)
        *residual = fmax(*residual, sqrt(w->scale[c]));
done:
    return err->status;
}

static rb_status solve_filtered(rb_spectrum *out, const rb_csr *s, const rb_spectrum_options *o, const rb_ctx *ctx,
                                rb_error *err)
{
    work w = { .s = s, .n = s->n_rows, .l = block_width(s->n_rows, o->k) };
    double residual = INFINITY;
    w.memory[0].window = w.memory[1].window = MPI_WIN_NULL;
    RB_TRY_ALL(ctx, begin_local(&w, ctx, err));
    for (int i = 0; i < 2; i++)
        RB_TRY(rb_shared_alloc(&w.memory[i], w.n * w.l * (int64_t)sizeof(double), ctx, err));
    draw(&w, o->seed, ctx);
    RB_TRY(orthonormalise(&w, ctx, err));
    RB_TRY(rayleigh_ritz(&residual, &w, o->k, ctx, err));
    for (int64_t i = 0; i < o->iterations && residual > o->tolerance; i++) {
        filter(&w, fmin(fmax(1 - w.value[w.l - 1], LEAST_EDGE), MOST_EDGE), ctx);
        RB_TRY(orthonormalise(&w, ctx, err));
        RB_TRY(rayleigh_ritz(&residual, &w, o->k, ctx, err));
    }
    out->converged = residual <= o->tolerance;
    memcpy(out->value, w.value, (size_t)out->k * sizeof *out->value);
    for (int64_t i = 0; i < w.n; i++)
        memcpy(out->vector + i * out->k, x_of(&w) + i * w.l, (size_t)out->k * sizeof *out->vector);
done:
    work_fini(&w);
    return err->status;
}

static rb_status solve_whole(rb_spectrum *out, const rb_csr *s, rb_error *err)
{
    const int64_t n = s->n_rows, k = out->k;
    double *a = NULL, *value = NULL;
    rb_alloc(&a, n * n, err);
    RB_TRY(rb_alloc(&value, n, err));
    for (int64_t i = 0; i < n; i++)
        for (int64_t e = s->row_begin[i]; e < s->row_begin[i + 1]; e++)
            a[i * n + s->col[e]] = s->value[e];
    RB_TRY(decompose(a, value, n, err));
    for (int64_t c = 0; c < k; c++) {
        out->value[c] = value[n - 1 - c];
        for (int64_t i = 0; i < n; i++)
            out->vector[i * k + c] = a[i * n + n - 1 - c];
    }
    out->converged = true;
done:
    rb_free(a);
    rb_free(value);
    return err->status;
}

static rb_status begin(rb_spectrum *out, const rb_csr *s, int64_t k, rb_error *err)
{
    if (k < 1 || k > s->n_rows)
        return RB_FAIL(err, RB_BAD_INPUT, "%lld eigenvectors of a matrix of %lld rows, expected 1 to %lld",
                       (long long)k, (long long)s->n_rows, (long long)s->n_rows);
    *out = (rb_spectrum){ .n = s->n_rows, .k = k };
    rb_alloc(&out->value, k, err);
    return rb_alloc(&out->vector, s->n_rows * k, err);
}

rb_status rb_spectrum_init(rb_spectrum *out, const rb_csr *s, const rb_spectrum_options *options, const rb_ctx *ctx,
                           rb_error *err)
{
    RB_TRY_ALL(ctx, begin(out, s, options->k, err));
    openblas_set_num_threads(1);
    if (!is_dense(out->n, out->k)) {
        RB_TRY(solve_filtered(out, s, options, ctx, err));
    } else {
        RB_TRY_ALL(ctx, ctx->rank == 0 ? solve_whole(out, s, err) : RB_OK);
        out->converged = true;
        rb_bcast(ctx, out->value, out->k * (int64_t)sizeof(double), 0);
        rb_bcast(ctx, out->vector, out->n * out->k * (int64_t)sizeof(double), 0);
    }
done:
    if (err->status != RB_OK)
        rb_spectrum_fini(out);
    return err->status;
}

void rb_spectrum_fini(rb_spectrum *s)
{
    rb_free(s->value);
    rb_free(s->vector);
    memset(s, 0, sizeof *s);
}
