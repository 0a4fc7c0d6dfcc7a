#include "cluster/core/kept_points.h"

#include <string.h>

static bool keeps(const uint8_t *is_kept, int64_t i)
{
    return !is_kept || is_kept[i];
}

rb_status rb_kept_points_init(rb_kept_points *k, const rb_points *points, const uint8_t *is_kept, const rb_ctx *ctx,
                              rb_error *err)
{
    const rb_csr *x = points->sparse;
    int64_t n = 0, row = 0, at = 0;
    k->d = points->d;
    k->is_unit = points->unit_rows;
    for (int64_t i = 0; i < points->n; i++)
        if (keeps(is_kept, i)) {
            n++;
            k->n_entries += x ? x->row_begin[i + 1] - x->row_begin[i] : 0;
        }
    k->n_begin = x ? n + 1 : 0;
    k->n_rows = x ? k->n_entries : n;
    k->n_cols = x ? 1 : k->d;
    rb_alloc(&k->begin, k->n_begin, err);
    RB_TRY_ALL(ctx, rb_alloc(&k->col, k->n_entries, err));
    RB_TRY(rb_shared_alloc(&k->memory, k->n_rows * k->n_cols * (int64_t)sizeof(double), ctx, err));
    k->value = k->memory.data;
    for (int64_t i = 0; i < points->n; i++) {
        if (!keeps(is_kept, i))
            continue;
        int64_t first = x ? x->row_begin[i] : i * k->d, length = x ? x->row_begin[i + 1] - first : k->d;
        if (ctx->rank == 0)
            memcpy(k->value + at, (x ? x->value : points->dense) + first, (size_t)length * sizeof(double));
        if (x)
            memcpy(k->col + at, x->col + first, (size_t)length * sizeof *x->col);
        at += length;
        if (x)
            k->begin[++row] = at;
    }
    rb_shared_publish_from(&k->memory, 0, ctx);
done:
    return err->status;
}

void rb_kept_points_fini(rb_kept_points *k)
{
    rb_shared_fini(&k->memory);
    rb_free(k->begin);
    rb_free(k->col);
    memset(k, 0, sizeof *k);
}

void rb_kept_points_view(rb_points *out, rb_csr *rows, const rb_kept_points *k, int64_t n)
{
    *rows = (rb_csr){ n, k->d, k->begin, k->col, k->value };
    *out = (rb_points){ .n = n, .d = k->d, .unit_rows = k->is_unit != 0 };
    if (k->n_begin > 0)
        out->sparse = rows;
    else
        out->dense = k->value;
}

rb_status rb_kept_points_match(const rb_kept_points *k, const rb_points *points, const char *what, rb_error *err)
{
    const bool is_sparse = k->n_begin > 0;
    if (points->d != k->d)
        return RB_FAIL(err, RB_BAD_INPUT, "the points have %lld dimensions, but %s have %lld", (long long)points->d,
                       what, (long long)k->d);
    if ((points->sparse != NULL) != is_sparse)
        return RB_FAIL(err, RB_BAD_INPUT, "the points are %s, but %s are %s", points->sparse ? "sparse" : "dense", what,
                       is_sparse ? "sparse" : "dense");
    return RB_OK;
}

void rb_kept_points_arrays(rb_kept_points *k, rb_visitor *v, const char *const names[3])
{
    int64_t one = 1;
    v->array(v, names[0], RB_FLOAT64, (void **)&k->value, &k->n_rows, &k->n_cols, &k->memory);
    v->array(v, names[1], RB_INT64, (void **)&k->begin, &k->n_begin, &one, NULL);
    v->array(v, names[2], RB_INT32, (void **)&k->col, &k->n_entries, &one, NULL);
    v->scalar(v, "dimensions", RB_INT64, &k->d);
    v->scalar(v, "unit_rows", RB_INT64, &k->is_unit);
}
