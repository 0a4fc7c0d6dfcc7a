/* The nearest candidates within a distance, from the pairs of points and candidates together. */
#include <math.h>
#include <string.h>

#include "cluster/core/nearest.h"
#include "cluster/core/radius.h"

/* Points come first, then candidates. */
typedef struct {
    const rb_metric_points *all;
    int64_t n;        /* points */
    double *least;    /* [n_threads x n] */
    int32_t *nearest; /* [n_threads x n] candidates */
} reach;

static void visit(void *self, int thread, const rb_radius_pair *pairs, int64_t n_pairs)
{
    const reach *r = self;
    double *least = r->least + thread * r->n;
    int32_t *nearest = r->nearest + thread * r->n;
    for (int64_t p = 0; p < n_pairs; p++) {
        const bool swapped = pairs[p].a > pairs[p].b;
        const int32_t point = swapped ? pairs[p].b : pairs[p].a, other = swapped ? pairs[p].a : pairs[p].b;
        if (point >= r->n || other < r->n)
            continue;
        const int32_t candidate = other - (int32_t)r->n;
        const double distance = rb_metric_distance(r->all, point, r->all, other);
        if (distance < least[point] || (distance == least[point] && candidate < nearest[point])) {
            least[point] = distance;
            nearest[point] = candidate;
        }
    }
}

static rb_status join_dense(rb_points *out, const rb_points *a, const rb_points *b, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_points_alloc_dense(out, a->n + b->n, a->d, ctx, err));
    if (ctx->rank == 0) {
        memcpy(out->memory.data, a->dense, (size_t)(a->n * a->d) * sizeof *a->dense);
        memcpy((double *)out->memory.data + a->n * a->d, b->dense, (size_t)(b->n * b->d) * sizeof *b->dense);
    }
    rb_shared_publish_from(&out->memory, 0, ctx);
done:
    return err->status;
}

static void append(rb_csr *out, int64_t first, const rb_csr *x)
{
    const int64_t at = out->row_begin[first], n = x->row_begin[x->n_rows];
    memcpy(out->col + at, x->col, (size_t)n * sizeof *x->col);
    memcpy(out->value + at, x->value, (size_t)n * sizeof *x->value);
    for (int64_t i = 0; i < x->n_rows; i++)
        out->row_begin[first + i + 1] = at + x->row_begin[i + 1];
}

static rb_status join_sparse(rb_points *out, const rb_csr *a, const rb_csr *b, const rb_ctx *ctx, rb_error *err)
{
    rb_csr both = { 0 };
    const int64_t n = a->row_begin[a->n_rows] + b->row_begin[b->n_rows];
    RB_TRY_ALL(ctx, rb_csr_init(&both, a->n_rows + b->n_rows, a->n_cols, n, err));
    append(&both, 0, a);
    append(&both, a->n_rows, b);
    RB_TRY_ALL(ctx, rb_points_take_csr(out, &both, err));
done:
    rb_csr_fini(&both);
    return err->status;
}

/* Over threads, then over ranks: distances are not negative, so that their bits ascend with them. */
static void settle(int32_t *out, reach *r, int64_t *bits, int64_t *index, const rb_ctx *ctx)
{
    for (int64_t i = 0; i < r->n; i++) {
        for (int t = 1; t < ctx->n_threads; t++) {
            const double distance = r->least[t * r->n + i];
            const int32_t candidate = r->nearest[t * r->n + i];
            if (distance < r->least[i] || (distance == r->least[i] && candidate < r->nearest[i])) {
                r->least[i] = distance;
                r->nearest[i] = candidate;
            }
        }
        memcpy(&bits[i], &r->least[i], sizeof *bits);
        index[i] = bits[i];
    }
    rb_min_int64(ctx, bits, r->n);
    for (int64_t i = 0; i < r->n; i++)
        index[i] = index[i] == bits[i] ? r->nearest[i] : INT32_MAX;
    rb_min_int64(ctx, index, r->n);
    for (int64_t i = 0; i < r->n; i++)
        out[i] = index[i] == INT32_MAX ? -1 : (int32_t)index[i];
}

static rb_status join(rb_points *out, const rb_points *points, const rb_points *candidates, const rb_ctx *ctx,
                      rb_error *err)
{
    if (points->sparse)
        join_sparse(out, points->sparse, candidates->sparse, ctx, err);
    else
        join_dense(out, points, candidates, ctx, err);
    out->unit_rows = points->unit_rows;
    return err->status;
}

rb_status rb_nearest_by_pairs(int32_t *nearest, const rb_points *points, const rb_points *candidates, double eps,
                              bool is_cosine, const rb_ctx *ctx, rb_error *err)
{
    const double limit = rb_metric_limit(eps, is_cosine);
    const int64_t n = points->n;
    rb_points both = { 0 };
    rb_metric_points metric = { 0 };
    rb_radius pairs = { 0 };
    reach r = { .all = &metric, .n = n };
    int64_t *bits = NULL, *index = NULL;
    RB_TRY(join(&both, points, candidates, ctx, err));
    rb_alloc(&r.least, ctx->n_threads * n, err);
    rb_alloc(&r.nearest, ctx->n_threads * n, err);
    rb_alloc(&bits, n, err);
    rb_alloc(&index, n, err);
    RB_TRY_ALL(ctx, rb_metric_points_init(&metric, &both, is_cosine, ctx, err));
    RB_TRY(rb_radius_init(&pairs, &metric, &limit, 1, 0, ctx, err));
    for (int64_t i = 0; i < ctx->n_threads * n; i++) {
        r.least[i] = INFINITY;
        r.nearest[i] = INT32_MAX;
    }
    rb_radius_each_pair(&pairs, limit, visit, &r, ctx);
    settle(nearest, &r, bits, index, ctx);
done:
    rb_radius_fini(&pairs);
    rb_metric_points_fini(&metric);
    rb_points_fini(&both);
    rb_free(r.least);
    rb_free(r.nearest);
    rb_free(bits);
    rb_free(index);
    return err->status;
}
