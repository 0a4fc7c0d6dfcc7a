/*
 * The matrix of distances: a rank computes its own rows, in strips of RB_LINKAGE_TILE that are units of work of its
 * threads. Pairs within the rows of one rank are computed once and written to both halves; others by both of their
 * ranks, as three flops a dimension cost less than a message.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cluster/core/linkage.h"
#include "cluster/core/linkage_distances.h"

#define TILE RB_LINKAGE_TILE

int64_t rb_linkage_stride(int64_t n)
{
    return (n + RB_LINKAGE_LANES - 1) / RB_LINKAGE_LANES * RB_LINKAGE_LANES;
}

bool rb_linkage_squares(rb_linkage linkage)
{
    return linkage == RB_LINKAGE_WARD || linkage == RB_LINKAGE_CENTROID || linkage == RB_LINKAGE_MEDIAN;
}

int64_t rb_linkage_first_row(int64_t n, int rank, int n_ranks)
{
    return n * rank / n_ranks;
}

double rb_linkage_matrix_bytes(int64_t n, int n_ranks, bool is_single)
{
    const int64_t n_rows = (n + n_ranks - 1) / n_ranks, size = is_single ? sizeof(float) : sizeof(double);
    return (double)n_rows * (double)rb_linkage_stride(n) * (double)size;
}

/* A tile into its place. Returns whether all distances leave room for the updates. */
static bool put(rb_linkage_matrix *m, const double *tile, int64_t row, int64_t n_rows, int64_t column,
                int64_t n_columns)
{
    const double most = (m->is_single ? (double)FLT_MAX : DBL_MAX) / (4 * (double)m->n);
    int64_t n_over = 0;
    for (int64_t i = 0; i < n_rows; i++) {
        const double *from = tile + i * TILE;
        const int64_t at = (row + i - m->begin) * m->stride + column;
        for (int64_t c = 0; c < n_columns; c++)
            n_over += !(from[c] <= most);
        if (m->is_single)
            for (int64_t c = 0; c < n_columns; c++)
                ((float *)m->value)[at + c] = (float)from[c];
        else
            memcpy((double *)m->value + at, from, (size_t)n_columns * sizeof *from);
    }
    return n_over == 0;
}

/* The tile of the other half. */
static void put_mirrored(rb_linkage_matrix *m, const double *tile, int64_t row, int64_t n_rows, int64_t column,
                         int64_t n_columns)
{
    for (int64_t c = 0; c < n_columns; c++) {
        const int64_t at = (column + c - m->begin) * m->stride + row;
        if (m->is_single)
            for (int64_t i = 0; i < n_rows; i++)
                ((float *)m->value)[at + i] = (float)tile[i * TILE + c];
        else
            for (int64_t i = 0; i < n_rows; i++)
                ((double *)m->value)[at + i] = tile[i * TILE + c];
    }
}

static bool fill_columns(rb_linkage_matrix *m, const rb_linkage_distances *s, int64_t row, int64_t from, int64_t to)
{
    const int64_t n_rows = m->end - row < TILE ? m->end - row : TILE;
    const bool is_own = from >= m->begin && to <= m->end;
    bool fits = true;
    for (int64_t column = from; column < to; column += TILE) {
        const int64_t n_columns = to - column < TILE ? to - column : TILE;
        const double *tile = rb_linkage_tile(s, row, n_rows, column, n_columns);
        fits &= put(m, tile, row, n_rows, column, n_columns);
        if (is_own && column > row)
            put_mirrored(m, tile, row, n_rows, column, n_columns);
    }
    return fits;
}

/* Returns whether all distances fit. */
static bool fill(rb_linkage_matrix *m, const rb_linkage_distances *s, const rb_ctx *ctx)
{
    int n_over = 0;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic) reduction(+ : n_over)
    for (int64_t row = m->begin; row < m->end; row += TILE) {
        bool fits = fill_columns(m, s, row, 0, m->begin);
        fits &= fill_columns(m, s, row, row, m->end);
        fits &= fill_columns(m, s, row, m->end, m->n);
        n_over += !fits;
    }
    for (int64_t i = m->begin; i < m->end; i++) {
        const int64_t at = (i - m->begin) * m->stride + i;
        if (m->is_single)
            ((float *)m->value)[at] = INFINITY;
        else
            ((double *)m->value)[at] = INFINITY;
    }
    return n_over == 0;
}

static rb_status check_size(bool fits, bool is_single, rb_error *err)
{
    if (!fits)
        return RB_FAIL(err, RB_BAD_INPUT, "a distance between points is too large for %s precision",
                       is_single ? "single" : "double");
    return RB_OK;
}

rb_status rb_linkage_matrix_init(rb_linkage_matrix *m, const rb_points *points, bool is_cosine, bool is_squared,
                                 bool is_single, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = points->n, stride = rb_linkage_stride(n), size = is_single ? sizeof(float) : sizeof(double);
    rb_linkage_distances s = { 0 };
    double *value = NULL;

    *m = (rb_linkage_matrix){ .n = n, .stride = stride, .is_single = is_single };
    m->begin = rb_linkage_first_row(n, ctx->rank, ctx->n_ranks);
    m->end = rb_linkage_first_row(n, ctx->rank + 1, ctx->n_ranks);
    if (rb_linkage_distances_init(&s, points, is_cosine, is_squared, ctx, err) == RB_OK)
        rb_alloc(&value, (m->end - m->begin) * (stride * size / (int64_t)sizeof *value), err);
    m->value = value;
    RB_TRY_ALL(ctx, err->status);
    bool fits = fill(m, &s, ctx);
    RB_TRY_ALL(ctx, check_size(fits, is_single, err));
done:
    rb_linkage_distances_fini(&s);
    return err->status;
}

void rb_linkage_matrix_fini(rb_linkage_matrix *m)
{
    rb_free(m->value);
    memset(m, 0, sizeof *m);
}
