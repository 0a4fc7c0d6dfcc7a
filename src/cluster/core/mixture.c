#include "cluster/core/mixture.h"

#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/gemm.h"

#define CHUNK 64         /* rows at a time */
#define MOST_BLOCKS 64   /* a block has k d^2 sums */
#define NEGLIGIBLE 1e-24 /* responsibilities that no sum in double notices */
#define LOG_TWO_PI 1.8378770664093453

rb_status rb_mixture_init(rb_mixture *m, int64_t k, int64_t d, bool is_full, rb_error *err)
{
    *m = (rb_mixture){ .k = k, .d = d, .is_full = is_full, .width = is_full ? d * d : d };
    rb_alloc(&m->weight, k, err);
    rb_alloc(&m->mean, k * d, err);
    rb_alloc(&m->covariance, k * m->width, err);
    rb_alloc(&m->inverse, k * m->width, err);
    return rb_alloc(&m->log_scale, k, err);
}

void rb_mixture_fini(rb_mixture *m)
{
    rb_free(m->weight);
    rb_free(m->mean);
    rb_free(m->covariance);
    rb_free(m->inverse);
    rb_free(m->log_scale);
    memset(m, 0, sizeof *m);
}

void rb_mixture_checkpoint(rb_mixture *m, const char *prefix, rb_visitor *v)
{
    const struct {
        const char *name;
        double **data;
        int64_t n_cols;
    } part[] = { { "weight", &m->weight, 1 },
                 { "mean", &m->mean, m->d },
                 { "covariance", &m->covariance, m->width },
                 { "inverse", &m->inverse, m->width },
                 { "log_scale", &m->log_scale, 1 } };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        char name[64];
        int64_t n_cols = part[i].n_cols;
        snprintf(name, sizeof name, "%s%s", prefix, part[i].name);
        v->array(v, name, RB_FLOAT64, (void **)part[i].data, &m->k, &n_cols, NULL);
    }
}

/* Rows less a mean, the same in the component's coordinates, logarithms, and a product of rows with themselves. */
static int64_t scratch_width(int64_t k, int64_t d, bool is_full)
{
    return CHUNK * (2 * d + k) + (is_full ? d * d : 0);
}

double rb_mixture_pass_bytes(double n, double rows, double k, double d, bool is_full, int n_threads)
{
    double width = k * (is_full ? d * d : d), own_blocks = fmin(MOST_BLOCKS, ceil(n / 256)) * rows / fmax(n, 1) + 1;
    return 8 * (rows * k + (own_blocks + 1) * (width + k * (d + 1)) + n_threads * (CHUNK * (2 * d + k) + d * d));
}

rb_status rb_mixture_pass_init(rb_mixture_pass *p, const rb_mixture *m, int64_t n, const rb_ctx *ctx, rb_error *err)
{
    int64_t least = (n + MOST_BLOCKS - 1) / MOST_BLOCKS;
    int64_t most = m->width > m->d + 1 ? m->width : m->d + 1;

    RB_TRY(rb_blocks_init(&p->blocks, n, NULL, least > 256 ? least : 256, err));
    p->block_begin = rb_blocks_of(&p->blocks, ctx->rank, ctx->n_ranks);
    p->block_end = rb_blocks_of(&p->blocks, ctx->rank + 1, ctx->n_ranks);
    p->begin = rb_blocks_element(&p->blocks, ctx->rank, ctx->n_ranks);
    p->end = rb_blocks_element(&p->blocks, ctx->rank + 1, ctx->n_ranks);
    p->scratch_width = scratch_width(m->k, m->d, m->is_full);
    rb_alloc(&p->share, (p->end - p->begin) * m->k, err);
    rb_alloc(&p->partial, (p->block_end - p->block_begin) * m->k * most, err);
    rb_alloc(&p->sum, m->k * most, err);
    rb_alloc(&p->scratch, ctx->n_threads * p->scratch_width, err);
done:
    return err->status;
}

void rb_mixture_pass_fini(rb_mixture_pass *p)
{
    rb_blocks_fini(&p->blocks);
    rb_free(p->share);
    rb_free(p->partial);
    rb_free(p->sum);
    rb_free(p->scratch);
    memset(p, 0, sizeof *p);
}

void rb_mixture_share_labels(rb_mixture_pass *p, const rb_mixture *m, const int32_t *label)
{
    memset(p->share, 0, (size_t)((p->end - p->begin) * m->k) * sizeof *p->share);
    for (int64_t i = p->begin; i < p->end; i++)
        p->share[(i - p->begin) * m->k + label[i]] = 1;
}

/* Squared length of L^-1 (x - m) for n <= CHUNK rows; work [CHUNK x 2 d]. */
static void lengths(double *out, int64_t stride, const rb_mixture *m, int64_t c, const double *x, int64_t n,
                    double *work)
{
    const int64_t d = m->d;
    const double *mean = m->mean + c * d, *inverse = m->inverse + c * m->width;
    double *apart = work, *inside = work + CHUNK * d;

    for (int64_t i = 0; i < n; i++)
        for (int64_t f = 0; f < d; f++)
            apart[i * d + f] = (x[i * d + f] - mean[f]) * (m->is_full ? 1 : inverse[f]);
    if (m->is_full)
        rb_gemm_nt_f64(inside, d, apart, d, n, inverse, d, d, d);
    for (int64_t i = 0; i < n; i++) {
        const double *y = (m->is_full ? inside : apart) + i * d;
        double length2 = 0;
        for (int64_t f = 0; f < d; f++)
            length2 = fma(y[f], y[f], length2);
        out[i * stride] = length2;
    }
}

/* log p(x, c) of n <= CHUNK rows, [n x k]. */
static void log_densities(double *out, const rb_mixture *m, const double *x, int64_t n, double *work)
{
    for (int64_t c = 0; c < m->k; c++) {
        lengths(out + c, m->k, m, c, x, n, work);
        for (int64_t i = 0; i < n; i++)
            out[i * m->k + c] = m->log_scale[c] - 0.5 * out[i * m->k + c];
    }
}

/* Index of the largest of k values, the lowest among equals. */
static int64_t largest(const double *value, int64_t k)
{
    int64_t best = 0;
    for (int64_t c = 1; c < k; c++)
        best = value[c] > value[best] ? c : best;
    return best;
}

/* log sum exp, ascending. */
static double log_sum(const double *value, int64_t k)
{
    double most = value[largest(value, k)], sum = 0;
    for (int64_t c = 0; c < k; c++)
        sum += exp(value[c] - most);
    return most + log(sum);
}

/* Responsibilities of a block's rows; returns the sum of log p(x). */
static double expect_block(double *share, const rb_mixture *m, const double *x, int64_t n, double *scratch)
{
    double total = 0, *density = scratch + CHUNK * 2 * m->d;
    for (int64_t i = 0; i < n; i += CHUNK) {
        int64_t rows = n - i < CHUNK ? n - i : CHUNK;
        log_densities(density, m, x + i * m->d, rows, scratch);
        for (int64_t r = 0; r < rows; r++) {
            const double *row = density + r * m->k;
            double all = log_sum(row, m->k), *out = share + (i + r) * m->k;
            total += all;
            for (int64_t c = 0; c < m->k; c++) {
                double s = exp(row[c] - all);
                out[c] = s < NEGLIGIBLE ? 0 : s;
            }
        }
    }
    return total;
}

rb_status rb_mixture_expect(double *log_likelihood, rb_mixture_pass *p, const rb_mixture *m, const rb_points *points,
                            const rb_ctx *ctx, rb_error *err)
{
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t b = p->block_begin; b < p->block_end; b++) {
        int64_t first = p->blocks.begin[b];
        p->partial[b - p->block_begin] =
            expect_block(p->share + (first - p->begin) * m->k, m, points->dense + first * m->d,
                         p->blocks.begin[b + 1] - first, p->scratch + omp_get_thread_num() * p->scratch_width);
    }
    RB_TRY(rb_blocks_sum(p->sum, p->partial, 1, &p->blocks, ctx, err));
    *log_likelihood = p->sum[0] / (double)points->n;
    if (!isfinite(*log_likelihood))
        RB_TRY(RB_FAIL(err, RB_NOT_FINITE, "the likelihood of the mixture is not finite"));
done:
    return err->status;
}

/* sum r and sum r x of a block, [k x (d + 1)]. */
static void add_means(double *out, const double *share, int64_t k, int64_t d, const double *x, int64_t n)
{
    memset(out, 0, (size_t)(k * (d + 1)) * sizeof *out);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < k; c++) {
            double s = share[i * k + c], *row = out + c * (d + 1);
            if (s == 0)
                continue;
            row[d] += s;
            for (int64_t f = 0; f < d; f++)
                row[f] = fma(s, x[i * d + f], row[f]);
        }
}

/* Add sum r (x - m)(x - m)' of up to CHUNK rows that have a share in component c. apart [d x CHUNK], as columns. */
static void add_products(double *out, const rb_mixture *m, const double *apart, int64_t n, double *product)
{
    const int64_t d = m->d;
    rb_gemm_nt_f64(product, d, apart, CHUNK, d, apart, CHUNK, d, n);
    for (int64_t e = 0; e < d * d; e++)
        out[e] += product[e];
}

static void add_full(double *out, const double *share, const rb_mixture *m, int64_t c, const double *x, int64_t n,
                     double *scratch)
{
    const int64_t d = m->d;
    double *product = scratch + CHUNK * (2 * d + m->k);
    int64_t have = 0;

    for (int64_t i = 0; i < n; i++) {
        double s = share[i * m->k + c];
        if (s == 0)
            continue;
        double root = sqrt(s);
        for (int64_t f = 0; f < d; f++)
            scratch[f * CHUNK + have] = root * (x[i * d + f] - m->mean[c * d + f]);
        if (++have == CHUNK) {
            add_products(out, m, scratch, have, product);
            have = 0;
        }
    }
    if (have > 0)
        add_products(out, m, scratch, have, product);
}

static void add_diagonal(double *out, const double *share, const rb_mixture *m, int64_t c, const double *x, int64_t n)
{
    const int64_t d = m->d;
    for (int64_t i = 0; i < n; i++) {
        double s = share[i * m->k + c];
        for (int64_t f = 0; s > 0 && f < d; f++) {
            double apart = x[i * d + f] - m->mean[c * d + f];
            out[f] = fma(s * apart, apart, out[f]);
        }
    }
}

static rb_status sum_means(rb_mixture *m, rb_mixture_pass *p, const rb_points *points, const rb_ctx *ctx, rb_error *err)
{
    const int64_t k = m->k, d = m->d, width = k * (d + 1);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t b = p->block_begin; b < p->block_end; b++) {
        int64_t first = p->blocks.begin[b];
        add_means(p->partial + (b - p->block_begin) * width, p->share + (first - p->begin) * k, k, d,
                  points->dense + first * d, p->blocks.begin[b + 1] - first);
    }
    RB_TRY(rb_blocks_sum(p->sum, p->partial, width, &p->blocks, ctx, err));
    for (int64_t c = 0; c < k; c++) {
        const double *row = p->sum + c * (d + 1);
        m->weight[c] = row[d] + 10 * DBL_EPSILON;
        for (int64_t f = 0; f < d; f++)
            m->mean[c * d + f] = row[f] / m->weight[c];
    }
done:
    return err->status;
}

rb_status rb_mixture_maximise(rb_mixture *m, rb_mixture_pass *p, const rb_points *points, double regularization,
                              const rb_ctx *ctx, rb_error *err)
{
    const int64_t k = m->k, d = m->d, width = k * m->width;
    double total = 0;

    RB_TRY(sum_means(m, p, points, ctx, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t b = p->block_begin; b < p->block_end; b++) {
        int64_t first = p->blocks.begin[b], n = p->blocks.begin[b + 1] - first;
        const double *share = p->share + (first - p->begin) * k, *x = points->dense + first * d;
        double *out = p->partial + (b - p->block_begin) * width,
               *scratch = p->scratch + omp_get_thread_num() * p->scratch_width;
        memset(out, 0, (size_t)width * sizeof *out);
        for (int64_t c = 0; c < k; c++)
            if (m->is_full)
                add_full(out + c * m->width, share, m, c, x, n, scratch);
            else
                add_diagonal(out + c * m->width, share, m, c, x, n);
    }
    RB_TRY(rb_blocks_sum(m->covariance, p->partial, width, &p->blocks, ctx, err));
    for (int64_t c = 0; c < k; c++) {
        for (int64_t e = 0; e < m->width; e++)
            m->covariance[c * m->width + e] /= m->weight[c];
        for (int64_t f = 0; f < d; f++)
            m->covariance[c * m->width + (m->is_full ? f * d + f : f)] += regularization;
        total += m->weight[c];
    }
    for (int64_t c = 0; c < k; c++)
        m->weight[c] /= total;
    RB_TRY(rb_mixture_factorise(m, err));
done:
    return err->status;
}

static rb_status not_definite(int64_t c, rb_error *err)
{
    return RB_FAIL(err, RB_FAILED,
                   "the covariance of component %lld is not positive definite; a larger 'regularization' or fewer "
                   "components help",
                   (long long)c);
}

/* Sum of the logarithms of L's diagonal; L^-1 into inverse. Every rank has the same numbers and one thread computes. */
static rb_status factorise(double *log_diagonal, rb_mixture *m, int64_t c, rb_error *err)
{
    const int64_t d = m->d;
    double *inverse = m->inverse + c * m->width;
    *log_diagonal = 0;
    memcpy(inverse, m->covariance + c * m->width, (size_t)m->width * sizeof *inverse);
    if (!m->is_full) {
        for (int64_t f = 0; f < d; f++) {
            if (!(inverse[f] > 0))
                return not_definite(c, err);
            *log_diagonal += 0.5 * log(inverse[f]);
            inverse[f] = 1 / sqrt(inverse[f]);
        }
        return RB_OK;
    }
    /* Row-major lower is column-major upper: LAPACK reads U = L', and inverts it. */
    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)d, inverse, (lapack_int)d) != 0)
        return not_definite(c, err);
    for (int64_t f = 0; f < d; f++)
        *log_diagonal += log(inverse[f * d + f]);
    if (LAPACKE_dtrtri_work(LAPACK_COL_MAJOR, 'U', 'N', (lapack_int)d, inverse, (lapack_int)d) != 0)
        return not_definite(c, err);
    for (int64_t f = 0; f < d; f++)
        for (int64_t g = f + 1; g < d; g++)
            inverse[f * d + g] = 0;
    return RB_OK;
}

rb_status rb_mixture_factorise(rb_mixture *m, rb_error *err)
{
    for (int64_t c = 0; c < m->k; c++) {
        double log_diagonal = 0;
        RB_TRY(factorise(&log_diagonal, m, c, err));
        m->log_scale[c] = log(m->weight[c]) - 0.5 * (double)m->d * LOG_TWO_PI - log_diagonal;
    }
done:
    return err->status;
}

int64_t rb_mixture_label_scratch(const rb_mixture *m)
{
    return CHUNK * (2 * m->d + m->k);
}

void rb_mixture_label(int32_t *label, double *probability, const rb_mixture *m, const double *x, int64_t n,
                      double *scratch)
{
    double *density = scratch + CHUNK * 2 * m->d;
    for (int64_t i = 0; i < n; i += CHUNK) {
        int64_t rows = n - i < CHUNK ? n - i : CHUNK;
        log_densities(density, m, x + i * m->d, rows, scratch);
        for (int64_t r = 0; r < rows; r++) {
            const double *row = density + r * m->k;
            int64_t best = largest(row, m->k);
            label[i + r] = (int32_t)best;
            if (probability)
                probability[i + r] = exp(row[best] - log_sum(row, m->k));
        }
    }
}
