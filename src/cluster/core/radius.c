#include "cluster/core/radius.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg/distance.h"

#define SPARSE_ROWS 32 /* rows of a unit of work */

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
static void choose_dense_scale(rb_radius *r)
{
    const rb_metric_points *p = r->points;
    double *least = r->shift, *most = r->shift + p->d, largest = 0;
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
    r->scale = scale_of(largest);
}

static void choose_sparse_scale(rb_radius *r)
{
    const rb_csr *x = r->points->sparse;
    double largest = 0;
    for (int64_t e = 0; e < x->row_begin[x->n_rows]; e++)
        largest = fmax(largest, fabs(x->value[e]));
    r->scale = scale_of(largest);
}

static void scale_row(float *out, const rb_radius *r, int64_t i)
{
    const int64_t d = r->points->d;
    const double *x = r->points->dense + i * d, by = inverse_of(r->points, i);
    for (int64_t f = 0; f < d; f++)
        out[f] = (float)((x[f] * by - r->shift[f]) * r->scale);
}

/* A row of zeros has no direction: the products, all 0, then say a distance of 1 to every row. */
static float half_length2(const rb_radius *r, int64_t point, double length2)
{
    return r->points->is_cosine && r->points->inverse[point] == 0 ? 0.5f : (float)(length2 / 2);
}

static void offsets_of(int64_t *begin, int64_t n, const rb_ctx *ctx)
{
    for (int k = 0; k <= ctx->n_ranks; k++)
        begin[k] = n / ctx->n_ranks * k + n % ctx->n_ranks * k / ctx->n_ranks;
}

static rb_status take_dense(rb_radius *r, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = r->points->n, d = r->points->d, row_bytes = d * (int64_t)sizeof(float);
    rb_shared by_point = { 0 };
    int64_t *offsets = NULL;
    rb_alloc(&r->shift, 2 * d, err);
    rb_alloc(&r->box, 2 * r->n_leaves * RB_RADIUS_CELLS * 2 * d, err);
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    RB_TRY(rb_shared_alloc(&by_point, n * row_bytes, ctx, err));
    RB_TRY(rb_shared_alloc(&r->rows, n * row_bytes, ctx, err));
    if (!r->points->is_cosine && n > 0)
        choose_dense_scale(r);
    offsets_of(offsets, n, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++)
        scale_row((float *)by_point.data + i * d, r, i);
    rb_shared_publish(&by_point, offsets, row_bytes, ctx);
    rb_radius_plant(r, by_point.data, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t p = offsets[ctx->rank]; p < offsets[ctx->rank + 1]; p++)
        memcpy((float *)r->rows.data + p * d, (float *)by_point.data + r->order[p] * d, (size_t)row_bytes);
    rb_shared_publish(&r->rows, offsets, row_bytes, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t p = 0; p < n; p++) {
        const float *x = (const float *)r->rows.data + p * d;
        double sum = 0;
        for (int64_t f = 0; f < d; f++)
            sum += (double)x[f] * (double)x[f];
        r->half[p] = half_length2(r, r->order[p], sum);
    }
done:
    rb_shared_fini(&by_point);
    rb_free(offsets);
    return err->status;
}

static rb_status take_sparse(rb_radius *r, rb_error *err)
{
    const rb_csr *x = r->points->sparse, *y = &r->by_column;
    const int64_t n = r->points->n;
    RB_TRY(rb_csr_transpose(&r->by_column, x, err));
    RB_TRY(rb_alloc(&r->column_value, x->row_begin[n], err));
    if (!r->points->is_cosine)
        choose_sparse_scale(r);
    for (int64_t e = 0; e < x->row_begin[n]; e++)
        r->column_value[e] = (float)(y->value[e] * inverse_of(r->points, y->col[e]) * r->scale);
    for (int64_t l = 0; l <= r->n_leaves; l++)
        r->begin[l] = l * SPARSE_ROWS < n ? l * SPARSE_ROWS : n;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0, by = inverse_of(r->points, i) * r->scale;
        r->order[i] = (int32_t)i;
        for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++)
            sum += x->value[e] * by * x->value[e] * by;
        r->half[i] = half_length2(r, i, sum);
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

static int64_t scratch_bytes(int64_t n, bool is_sparse)
{
    int64_t tile = is_sparse ? n : (int64_t)RB_RADIUS_LEAF * RB_RADIUS_LEAF;
    int64_t bytes = (int64_t)(RB_RADIUS_BUFFER * sizeof(rb_radius_pair)) + tile * (int64_t)sizeof(float);
    return (bytes + 63) / 64 * 64;
}

static int64_t room_for(int64_t n, int n_ranks)
{
    return RB_RADIUS_KEPT * (n / n_ranks + 1) + RB_RADIUS_BUFFER;
}

double rb_radius_bytes(double n, double d, double nnz, int n_ranks, int n_threads)
{
    bool is_sparse = nnz > 0;
    double leaves = is_sparse ? n / SPARSE_ROWS + 1 : 2 * n / RB_RADIUS_LEAF + 1;
    double tree = is_sparse ? 24 * nnz + 8 * d : 16 * d * leaves * RB_RADIUS_CELLS + 16 * d;
    return 8 * n + 32 * leaves + tree + 8 * (double)room_for((int64_t)n, n_ranks) +
           (double)scratch_bytes((int64_t)n, is_sparse) * n_threads;
}

rb_status rb_radius_init(rb_radius *r, const rb_metric_points *points, double limit, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = points->n;
    const bool is_sparse = points->sparse != NULL;
    int64_t terms = most_terms(points);
    *r = (rb_radius){ .points = points,
                      .limit = limit,
                      .scale = 1,
                      .unit = RB_DISTANCE_MARGIN(terms) * (double)FLT_EPSILON / 2,
                      .tiny = (double)(terms + 8) * (double)FLT_MIN,
                      .n_leaves = is_sparse ? (n + SPARSE_ROWS - 1) / SPARSE_ROWS : rb_radius_n_leaves(n),
                      .n_room = room_for(n, ctx->n_ranks),
                      .scratch_bytes = scratch_bytes(n, is_sparse) };
    rb_alloc(&r->begin, r->n_leaves + 1, err);
    rb_alloc(&r->order, n, err);
    rb_alloc(&r->half, n, err);
    rb_alloc(&r->leaf_half, r->n_leaves, err);
    rb_alloc(&r->kept, r->n_room, err);
    rb_alloc(&r->kept_at, r->n_leaves, err);
    rb_alloc(&r->kept_count, r->n_leaves, err);
    RB_TRY_ALL(ctx, rb_alloc(&r->scratch, r->scratch_bytes * ctx->n_threads, err));
    if (is_sparse)
        RB_TRY_ALL(ctx, take_sparse(r, err));
    else
        RB_TRY(take_dense(r, ctx, err));
    r->limit_half = points->is_cosine ? limit : limit / 2 * r->scale * r->scale;
    for (int64_t l = 0; l < r->n_leaves; l++) {
        r->kept_count[l] = -1;
        for (int64_t p = r->begin[l]; p < r->begin[l + 1]; p++)
            r->leaf_half[l] = fmaxf(r->leaf_half[l], r->half[p]);
        r->most_half = fmax(r->most_half, (double)r->leaf_half[l]);
    }
done:
    return err->status;
}

void rb_radius_fini(rb_radius *r)
{
    rb_shared_fini(&r->rows);
    rb_csr_fini(&r->by_column);
    rb_free(r->column_value);
    rb_free(r->begin);
    rb_free(r->order);
    rb_free(r->half);
    rb_free(r->leaf_half);
    rb_free(r->shift);
    rb_free(r->box);
    rb_free(r->kept);
    rb_free(r->kept_at);
    rb_free(r->kept_count);
    rb_free(r->scratch);
    memset(r, 0, sizeof *r);
}
