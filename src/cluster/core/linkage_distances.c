/*
 * Dense: RB_DISTANCE_TOGETHER_F64 columns side by side in a table against the rows of the tile. Sparse: the non-zeros
 * of the columns against a row that is laid out as a dense vector.
 */
#include "cluster/core/linkage_distances.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "linalg/distance.h"

#define TILE RB_LINKAGE_TILE
#define TOGETHER RB_DISTANCE_TOGETHER_F64
/* Squared distances below this share of the squared lengths are computed by the definition. */
#define CANCELLED 1e-6

static void row_of(int64_t *first, int64_t *n, const rb_metric_points *p, int64_t i)
{
    *first = p->sparse ? p->sparse->row_begin[i] : i * p->d;
    *n = p->sparse ? p->sparse->row_begin[i + 1] - *first : p->d;
}

static void scale_rows(rb_linkage_distances *s)
{
    const rb_metric_points *p = &s->metric;
    int64_t first, n;
    for (int64_t i = 0; i < p->n; i++) {
        row_of(&first, &n, p, i);
        s->has_zeros |= p->inverse[i] == 0;
        for (int64_t e = first; e < first + n; e++)
            s->scaled[e] = s->value[e] * p->inverse[i];
    }
    s->value = s->scaled;
}

static void measure_rows(rb_linkage_distances *s)
{
    const rb_metric_points *p = &s->metric;
    int64_t first, n;
    for (int64_t i = 0; i < p->n; i++) {
        row_of(&first, &n, p, i);
        for (int64_t e = first; e < first + n; e++)
            s->norm2[i] = fma(s->value[e], s->value[e], s->norm2[i]);
    }
}

/* What a thread works on beside its tile: a table and what comes out of it, or a row. */
static int64_t beside_tile(int64_t d, bool is_sparse)
{
    return is_sparse ? d : TOGETHER * (d + TILE);
}

double rb_linkage_distances_bytes(double n, double d, double n_values, bool is_sparse, bool is_cosine, int n_threads)
{
    double thread = (double)(TILE * TILE + beside_tile((int64_t)d, is_sparse));
    return 8 * (thread * n_threads + (is_cosine ? n_values + n : 0) + (is_sparse ? n : 0));
}

rb_status rb_linkage_distances_init(rb_linkage_distances *s, const rb_points *points, bool is_cosine, bool is_squared,
                                    const rb_ctx *ctx, rb_error *err)
{
    *s = (rb_linkage_distances){ .is_squared = is_squared };
    RB_TRY(rb_metric_points_init(&s->metric, points, is_cosine, ctx, err));
    const rb_csr *sparse = points->sparse;
    s->value = sparse ? sparse->value : points->dense;
    s->per_thread = TILE * TILE + beside_tile(points->d, sparse != NULL);
    RB_TRY(rb_alloc(&s->scratch, ctx->n_threads * s->per_thread, err));
    if (is_cosine) {
        RB_TRY(rb_alloc(&s->scaled, sparse ? sparse->row_begin[points->n] : points->n * points->d, err));
        scale_rows(s);
    }
    if (sparse) {
        RB_TRY(rb_alloc(&s->norm2, points->n, err));
        measure_rows(s);
    }
done:
    return err->status;
}

void rb_linkage_distances_fini(rb_linkage_distances *s)
{
    rb_metric_points_fini(&s->metric);
    rb_free(s->scaled);
    rb_free(s->norm2);
    rb_free(s->scratch);
    memset(s, 0, sizeof *s);
}

/* ---- a tile of squared distances ---- */

static int64_t point_of(const rb_linkage_distances *s, int64_t place)
{
    return s->order ? s->order[place] : place;
}

static void dense_tile(double *tile, const rb_linkage_distances *s, int64_t row, int64_t n_rows, int64_t column,
                       int64_t n_columns)
{
    const int64_t d = s->metric.d;
    double *table = tile + TILE * TILE, *out = table + TOGETHER * d;
    const double *rows[TILE];
    for (int64_t i = 0; i < n_rows; i++)
        rows[i] = s->value + point_of(s, row + i) * d;
    for (int64_t from = 0; from < n_columns; from += TOGETHER) {
        int64_t width = n_columns - from < TOGETHER ? n_columns - from : TOGETHER;
        for (int64_t c = 0; c < width; c++) {
            const double *x = s->value + point_of(s, column + from + c) * d;
            for (int64_t f = 0; f < d; f++)
                table[f * TOGETHER + c] = x[f];
        }
        rb_distance2_together_f64(out, rows, n_rows, table, d);
        for (int64_t i = 0; i < n_rows; i++)
            memcpy(tile + i * TILE + from, out + i * TOGETHER, TOGETHER * sizeof *out);
    }
}

static void sparse_row(double *out, const rb_linkage_distances *s, int64_t i, int64_t column, int64_t n_columns,
                       double *dense)
{
    const rb_csr *x = s->metric.sparse;
    for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++)
        dense[x->col[e]] = s->value[e];
    for (int64_t c = 0; c < n_columns; c++) {
        const int64_t k = point_of(s, column + c);
        double product = 0, both = s->norm2[i] + s->norm2[k];
        for (int64_t e = x->row_begin[k]; e < x->row_begin[k + 1]; e++)
            product = fma(s->value[e], dense[x->col[e]], product);
        out[c] = fma(-2, product, both);
        if (out[c] <= both * CANCELLED)
            out[c] = rb_metric_distance(&s->metric, i, &s->metric, k) * (s->metric.is_cosine ? 2 : 1);
    }
    for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++)
        dense[x->col[e]] = 0;
}

/* ---- distances out of squares ---- */

static void take_roots(double *tile, int64_t n_rows)
{
    for (int64_t e = 0; e < n_rows * TILE; e++)
        tile[e] = sqrt(tile[e]);
}

static void take_cosines(double *tile, const rb_linkage_distances *s, int64_t row, int64_t n_rows, int64_t column,
                         int64_t n_columns)
{
    const double *inverse = s->metric.inverse;
    for (int64_t e = 0; e < n_rows * TILE; e++)
        tile[e] /= 2;
    for (int64_t i = 0; s->has_zeros && i < n_rows; i++)
        for (int64_t c = 0; c < n_columns; c++)
            if (inverse[point_of(s, row + i)] == 0 || inverse[point_of(s, column + c)] == 0)
                tile[i * TILE + c] = 1;
}

const double *rb_linkage_tile(const rb_linkage_distances *s, int64_t row, int64_t n_rows, int64_t column,
                              int64_t n_columns)
{
    double *tile = s->scratch + omp_get_thread_num() * s->per_thread;
    if (s->metric.sparse)
        for (int64_t i = 0; i < n_rows; i++)
            sparse_row(tile + i * TILE, s, point_of(s, row + i), column, n_columns, tile + TILE * TILE);
    else
        dense_tile(tile, s, row, n_rows, column, n_columns);
    if (s->metric.is_cosine)
        take_cosines(tile, s, row, n_rows, column, n_columns);
    else if (!s->is_squared)
        take_roots(tile, n_rows);
    return tile;
}
