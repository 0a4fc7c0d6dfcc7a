#include "cluster/core/leaves.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg/distance.h"

/* ---- scaled rows in single precision ---- */

static double inverse_of(const rb_metric_points *p, int64_t i)
{
    return p->inverse ? p->inverse[i] : 1;
}

/* The power of two that brings the largest number to between 1/2 and 1. */
static double scale_of(double largest)
{
    int exponent = 0;
    if (largest > 0)
        (void)frexp(largest, &exponent);
    return ldexp(1, -exponent);
}

/* Short rows have small errors: the middle of the points becomes the origin. */
static void choose_dense_scale(rb_leaves *l)
{
    const rb_metric_points *p = l->points;
    double *least = l->shift, *most = l->shift + p->d, largest = 0;
    memcpy(least, p->dense, (size_t)p->d * sizeof *least);
    memcpy(most, p->dense, (size_t)p->d * sizeof *most);
    for (int64_t i = 1; i < p->n; i++)
        for (int64_t f = 0; f < p->d; f++) {
            double x = p->dense[i * p->d + f];
            least[f] = x < least[f] ? x : least[f];
            most[f] = x > most[f] ? x : most[f];
        }
    for (int64_t f = 0; f < p->d; f++) {
        largest = fmax(largest, most[f] / 2 - least[f] / 2);
        least[f] = least[f] / 2 + most[f] / 2;
    }
    l->scale = scale_of(largest);
}

static void choose_sparse_scale(rb_leaves *l)
{
    const rb_csr *x = l->points->sparse;
    double largest = 0;
    for (int64_t e = 0; e < x->row_begin[x->n_rows]; e++)
        largest = fmax(largest, fabs(x->value[e]));
    l->scale = scale_of(largest);
}

static void scale_row(float *out, const rb_leaves *l, int64_t i)
{
    const int64_t d = l->points->d;
    const double *x = l->points->dense + i * d, by = inverse_of(l->points, i);
    for (int64_t f = 0; f < d; f++)
        out[f] = (float)((x[f] * by - l->shift[f]) * l->scale);
}

/* A row of zeros has no direction: the products, all 0, then say a distance of 1 to every row. */
static float half_length2(const rb_leaves *l, int64_t point, double length2)
{
    return l->points->is_cosine && l->points->inverse[point] == 0 ? 0.5f : (float)(length2 / 2);
}

static void offsets_of(int64_t *begin, int64_t n, const rb_ctx *ctx)
{
    for (int k = 0; k <= ctx->n_ranks; k++)
        begin[k] = n / ctx->n_ranks * k + n % ctx->n_ranks * k / ctx->n_ranks;
}

static rb_status take_dense(rb_leaves *l, rb_leaves_kind kind, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = l->points->n, d = l->points->d, row_bytes = d * (int64_t)sizeof(float);
    rb_shared by_point = { 0 };
    int64_t *offsets = NULL;
    rb_alloc(&l->shift, 2 * d, err);
    rb_alloc(&l->box, kind == RB_LEAVES_TREE ? 2 * l->n_leaves * RB_LEAVES_CELLS * 2 * d : 0, err);
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    RB_TRY(rb_shared_alloc(&by_point, n * row_bytes, ctx, err));
    RB_TRY(rb_shared_alloc(&l->rows, n * row_bytes, ctx, err));
    if (!l->points->is_cosine && n > 0)
        choose_dense_scale(l);
    offsets_of(offsets, n, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++)
        scale_row((float *)by_point.data + i * d, l, i);
    rb_shared_publish(&by_point, offsets, row_bytes, ctx);
    if (kind == RB_LEAVES_TREE)
        rb_leaves_plant(l, by_point.data, ctx);
    else
        RB_TRY(rb_leaves_group(l, by_point.data, ctx, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t p = offsets[ctx->rank]; p < offsets[ctx->rank + 1]; p++)
        memcpy((float *)l->rows.data + p * d, (float *)by_point.data + l->order[p] * d, (size_t)row_bytes);
    rb_shared_publish(&l->rows, offsets, row_bytes, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t p = 0; p < n; p++) {
        const float *x = (const float *)l->rows.data + p * d;
        double sum = 0;
        for (int64_t f = 0; f < d; f++)
            sum += (double)x[f] * (double)x[f];
        l->half[p] = half_length2(l, l->order[p], sum);
    }
done:
    rb_shared_fini(&by_point);
    rb_free(offsets);
    return err->status;
}

static rb_status take_sparse(rb_leaves *l, rb_error *err)
{
    const rb_csr *x = l->points->sparse, *y = &l->by_column;
    const int64_t n = l->points->n;
    RB_TRY(rb_csr_transpose(&l->by_column, x, err));
    RB_TRY(rb_alloc(&l->column_value, x->row_begin[n], err));
    if (!l->points->is_cosine)
        choose_sparse_scale(l);
    for (int64_t e = 0; e < x->row_begin[n]; e++)
        l->column_value[e] = (float)(y->value[e] * inverse_of(l->points, y->col[e]) * l->scale);
    for (int64_t a = 0; a <= l->n_leaves; a++)
        l->begin[a] = a * RB_LEAVES_SPARSE_ROWS < n ? a * RB_LEAVES_SPARSE_ROWS : n;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0, by = inverse_of(l->points, i) * l->scale;
        l->order[i] = (int32_t)i;
        for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++)
            sum += x->value[e] * by * x->value[e] * by;
        l->half[i] = half_length2(l, i, sum);
    }
done:
    return err->status;
}

/* ---- the table ---- */

/* Products in the longest sum. */
static int64_t most_terms(const rb_metric_points *p)
{
    int64_t most = p->sparse ? 0 : p->d;
    for (int64_t i = 0; p->sparse && i < p->n; i++) {
        int64_t n = p->sparse->row_begin[i + 1] - p->sparse->row_begin[i];
        most = n > most ? n : most;
    }
    return most;
}

double rb_leaves_bytes(double n, double d, double nnz)
{
    bool is_sparse = nnz > 0;
    double leaves = is_sparse ? n / RB_LEAVES_SPARSE_ROWS + 1 : 2 * n / RB_LEAVES_MOST + 1;
    double tree = is_sparse ? 24 * nnz + 8 * d : 16 * d * leaves * RB_LEAVES_CELLS + 16 * d;
    return 8 * n + 12 * leaves + tree;
}

rb_status rb_leaves_init(rb_leaves *l, const rb_metric_points *points, rb_leaves_kind kind, const rb_ctx *ctx,
                         rb_error *err)
{
    const int64_t n = points->n;
    const bool is_sparse = points->sparse != NULL;
    int64_t terms = most_terms(points);
    *l = (rb_leaves){ .points = points,
                      .scale = 1,
                      .unit = RB_DISTANCE_MARGIN(terms) * (double)FLT_EPSILON / 2,
                      .tiny = (double)(terms + 8) * (double)FLT_MIN };
    if (is_sparse)
        l->n_leaves = (n + RB_LEAVES_SPARSE_ROWS - 1) / RB_LEAVES_SPARSE_ROWS;
    else
        l->n_leaves = kind == RB_LEAVES_TREE ? rb_leaves_count(n) : rb_leaves_most(n);
    rb_alloc(&l->begin, l->n_leaves + 1, err);
    rb_alloc(&l->order, n, err);
    rb_alloc(&l->half, n, err);
    RB_TRY_ALL(ctx, rb_alloc(&l->leaf_half, l->n_leaves, err));
    if (is_sparse)
        RB_TRY_ALL(ctx, take_sparse(l, err));
    else
        RB_TRY(take_dense(l, kind, ctx, err));
    for (int64_t a = 0; a < l->n_leaves; a++) {
        for (int64_t p = l->begin[a]; p < l->begin[a + 1]; p++)
            l->leaf_half[a] = fmaxf(l->leaf_half[a], l->half[p]);
        l->most_half = fmax(l->most_half, (double)l->leaf_half[a]);
    }
done:
    return err->status;
}

void rb_leaves_fini(rb_leaves *l)
{
    rb_shared_fini(&l->rows);
    rb_csr_fini(&l->by_column);
    rb_free(l->column_value);
    rb_free(l->begin);
    rb_free(l->order);
    rb_free(l->half);
    rb_free(l->leaf_half);
    rb_free(l->shift);
    rb_free(l->box);
    memset(l, 0, sizeof *l);
}

static int64_t first_after(const rb_csr *x, int64_t row, int32_t col)
{
    int64_t low = x->row_begin[row], high = x->row_begin[row + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (x->col[middle] <= col)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void rb_leaves_products(float *product, const rb_leaves *l, int64_t i, int64_t from)
{
    const rb_csr *x = l->points->sparse, *y = &l->by_column;
    const double by = inverse_of(l->points, i) * l->scale;
    memset(product + from, 0, (size_t)(l->points->n - from) * sizeof *product);
    for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++) {
        float value = (float)(x->value[e] * by);
        int64_t at = from > 0 ? first_after(y, x->col[e], (int32_t)(from - 1)) : y->row_begin[x->col[e]];
        for (; at < y->row_begin[x->col[e] + 1]; at++)
            product[y->col[at]] += value * l->column_value[at];
    }
}
