#include <math.h>
#include <string.h>

#include "cluster/core/kmeans.h"

/* Centres come in whole vectors of 64 bytes. */
static int64_t stride_of(int64_t k, bool is_single)
{
    int64_t lanes = is_single ? 16 : 8;
    return (k + lanes - 1) / lanes * lanes;
}

rb_status rb_kmeans_centres_init(rb_kmeans_centres *c, const rb_kmeans_data *data, int64_t k, const rb_ctx *ctx,
                                 rb_error *err)
{
    *c = (rb_kmeans_centres){ .k = k, .d = data->d, .stride = stride_of(k, data->is_single) };
    int64_t size = data->is_single ? (int64_t)sizeof(float) : (int64_t)sizeof(double);
    char *half = NULL;
    rb_alloc(&half, c->stride * size, err);
    c->half = half;
    rb_alloc(&c->norm2, c->stride, err);
    if (!data->is_sparse) {
        rb_alloc(&c->row, k * c->d, err);
        if (data->is_single)
            rb_alloc(&c->narrow, k * c->d, err);
    }
    RB_TRY_ALL(ctx, err->status);
    if (data->is_sparse)
        RB_TRY(rb_shared_alloc(&c->table, c->d * c->stride * size, ctx, err));
done:
    return err->status;
}

void rb_kmeans_centres_fini(rb_kmeans_centres *c)
{
    rb_shared_fini(&c->table);
    rb_free(c->half);
    rb_free(c->norm2);
    rb_free(c->row);
    rb_free(c->narrow);
    memset(c, 0, sizeof *c);
}

static double table_at(const rb_kmeans_centres *c, bool is_single, int64_t f, int64_t j)
{
    int64_t at = f * c->stride + j;
    return is_single ? (double)((const float *)c->table.data)[at] : ((const double *)c->table.data)[at];
}

static void put(rb_kmeans_centres *c, const rb_kmeans_data *data, int64_t j, int64_t f, double value)
{
    if (data->is_sparse && data->is_single)
        ((float *)c->table.data)[f * c->stride + j] = (float)value;
    else if (data->is_sparse)
        ((double *)c->table.data)[f * c->stride + j] = value;
    else
        c->row[j * c->d + f] = data->is_single ? (double)(float)value : value;
    if (c->narrow)
        c->narrow[j * c->d + f] = (float)value;
}

static void note_length(rb_kmeans_centres *c, const rb_kmeans_data *data, int64_t j, double norm2)
{
    double half = data->is_spherical ? 0 : norm2 / 2;
    if (data->is_single)
        ((float *)c->half)[j] = (float)half;
    else
        ((double *)c->half)[j] = half;
    c->reach = norm2 > c->reach ? norm2 : c->reach;
    c->has_zero |= data->is_spherical && !(norm2 > 0);
}

/*
 * Squared lengths of up to 8 centres: chains over dimensions in double, side by side. Element (dimension f, centre l)
 * lies at f * by_dimension + l * by_centre. Whether points are sparse or dense, fitted or loaded, the bits are these.
 */
#define LENGTHS(name, REAL)                                                                                      \
    static void name(double norm2[8], const REAL *at, int64_t by_dimension, int64_t by_centre, int n, int64_t d) \
    {                                                                                                            \
        double sum[8] = { 0 };                                                                                   \
        for (int64_t f = 0; f < d; f++)                                                                          \
            for (int l = 0; l < n; l++) {                                                                        \
                double v = (double)at[f * by_dimension + l * by_centre];                                         \
                sum[l] = __builtin_fma(v, v, sum[l]);                                                            \
            }                                                                                                    \
        memcpy(norm2, sum, sizeof sum);                                                                          \
    }
LENGTHS(lengths_f32, float)
LENGTHS(lengths_f64, double)

static void lengths(double norm2[8], const rb_kmeans_centres *c, const rb_kmeans_data *data, int64_t first, int n)
{
    if (!data->is_sparse)
        lengths_f64(norm2, c->row + first * c->d, 1, c->d, n, c->d);
    else if (data->is_single)
        lengths_f32(norm2, (const float *)c->table.data + first, c->stride, 1, n, c->d);
    else
        lengths_f64(norm2, (const double *)c->table.data + first, c->stride, 1, n, c->d);
}

void rb_kmeans_centres_checkpoint(rb_kmeans_centres *c, const rb_kmeans_data *data, rb_visitor *v)
{
    const rb_type real = data->is_single ? RB_FLOAT32 : RB_FLOAT64;
    int64_t one = 1, none = 0;
    v->array(v, "centre_rows", RB_FLOAT64, (void **)&c->row, c->row ? &c->k : &none, &c->d, NULL);
    v->array(v, "centre_narrow", RB_FLOAT32, (void **)&c->narrow, c->narrow ? &c->k : &none, &c->d, NULL);
    v->array(v, "centre_table", real, &c->table.data, data->is_sparse ? &c->d : &none, &c->stride,
             data->is_sparse ? &c->table : NULL);
    v->array(v, "centre_half", real, &c->half, &c->stride, &one, NULL);
    v->array(v, "centre_norm2", RB_FLOAT64, (void **)&c->norm2, &c->stride, &one, NULL);
    v->scalar(v, "centre_reach", RB_FLOAT64, &c->reach);
    v->scalar(v, "centre_has_zero", RB_UINT8, &c->has_zero);
}

void rb_kmeans_centres_measure(rb_kmeans_centres *c, const rb_kmeans_data *data, const rb_ctx *ctx)
{
    c->reach = data->is_spherical ? 1 : 0;
    c->has_zero = false;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static) if (c->k * c->d > 16384)
    for (int64_t j = 0; j < c->k; j += 8)
        lengths(c->norm2 + j, c, data, j, c->k - j < 8 ? (int)(c->k - j) : 8);
    for (int64_t j = 0; j < c->k; j++)
        note_length(c, data, j, c->norm2[j]);
}

void rb_kmeans_centres_set(rb_kmeans_centres *c, const rb_kmeans_data *data, const double *values, const rb_ctx *ctx)
{
    rb_barrier(ctx);                                                                /* the table may still be read */
    for (int64_t j = 0; j < c->k && (!data->is_sparse || ctx->node_rank == 0); j++) /* one writer a node */
        for (int64_t f = 0; f < c->d; f++)
            put(c, data, j, f, values[j * c->d + f]);
    if (data->is_sparse)
        rb_shared_publish_from(&c->table, 0, ctx);
    rb_kmeans_centres_measure(c, data, ctx);
}

void rb_kmeans_centres_set_points(rb_kmeans_centres *c, const rb_kmeans_data *data, const int64_t *points,
                                  const rb_ctx *ctx)
{
    rb_barrier(ctx); /* the table may still be read */
    for (int64_t j = 0; j < c->k; j++) {
        if (!data->is_sparse) {
            for (int64_t f = 0; f < c->d; f++) {
                int64_t at = points[j] * c->d + f;
                put(c, data, j, f,
                    data->is_single ? (double)((const float *)data->x)[at] : ((const double *)data->x)[at]);
            }
        } else if (ctx->node_rank == 0) {
            for (int64_t f = 0; f < c->d; f++)
                put(c, data, j, f, 0);
            for (int64_t e = data->row_begin[points[j]]; e < data->row_begin[points[j] + 1]; e++)
                put(c, data, j, data->col[e],
                    data->is_single ? (double)((const float *)data->value)[e] : ((const double *)data->value)[e]);
        }
    }
    if (data->is_sparse)
        rb_shared_publish_from(&c->table, 0, ctx);
    rb_kmeans_centres_measure(c, data, ctx);
}

void rb_kmeans_centres_get(double *values, const rb_kmeans_centres *c, const rb_kmeans_data *data)
{
    if (!data->is_sparse) {
        memcpy(values, c->row, (size_t)(c->k * c->d) * sizeof *values);
        return;
    }
    for (int64_t f = 0; f < c->d; f++)
        for (int64_t j = 0; j < c->k; j++)
            values[j * c->d + f] = table_at(c, data->is_single, f, j);
}
