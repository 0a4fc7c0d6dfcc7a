#include "cluster/core/metric.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg/distance.h"

static double length2(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t f = 0; f < n; f++)
        sum = fma(x[f], x[f], sum);
    return sum;
}

static double length2_of(const rb_metric_points *m, int64_t i)
{
    if (m->dense)
        return length2(m->dense + i * m->d, m->d);
    int64_t first = m->sparse->row_begin[i];
    return length2(m->sparse->value + first, m->sparse->row_begin[i + 1] - first);
}

rb_status rb_metric_points_init(rb_metric_points *m, const rb_points *points, bool is_cosine, const rb_ctx *ctx,
                                rb_error *err)
{
    *m = (rb_metric_points){
        .n = points->n, .d = points->d, .dense = points->dense, .sparse = points->sparse, .is_cosine = is_cosine
    };
    const bool is_unit = points->unit_rows;
    int64_t n_bad = 0;
    if (is_cosine)
        RB_TRY(rb_alloc(&m->inverse, m->n, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static) reduction(+ : n_bad)
    for (int64_t i = 0; i < m->n; i++) {
        double sum = length2_of(m, i);
        n_bad += !(sum <= DBL_MAX / 64);
        if (is_cosine)
            m->inverse[i] = !(sum > 0) ? 0 : is_unit ? 1 : 1 / sqrt(sum);
    }
    if (n_bad == 0)
        return RB_OK;
    RB_TRY(rb_points_check(points, err));
    for (int64_t i = 0; i < m->n; i++)
        if (!(length2_of(m, i) <= DBL_MAX / 64))
            return RB_FAIL(err, RB_BAD_INPUT, "the squared length of point %lld is too large for double precision",
                           (long long)i);
done:
    return err->status;
}

void rb_metric_points_fini(rb_metric_points *m)
{
    rb_free(m->inverse);
    memset(m, 0, sizeof *m);
}

/* The chain over the dimensions of either row, ascending. */
static double sparse_distance2(const rb_csr *x, int64_t i, double by_i, const rb_csr *y, int64_t j, double by_j)
{
    int64_t a = x->row_begin[i], a_end = x->row_begin[i + 1], b = y->row_begin[j], b_end = y->row_begin[j + 1];
    double sum = 0;
    while (a < a_end || b < b_end) {
        int32_t f = a < a_end ? x->col[a] : INT32_MAX, g = b < b_end ? y->col[b] : INT32_MAX;
        double t = 0;
        if (f <= g)
            t = x->value[a++] * by_i;
        if (g <= f)
            t -= y->value[b++] * by_j;
        sum = fma(t, t, sum);
    }
    return sum;
}

static double scaled_distance2(const double *x, double by_x, const double *y, double by_y, int64_t d)
{
    double sum = 0;
    for (int64_t f = 0; f < d; f++) {
        double t = x[f] * by_x - y[f] * by_y;
        sum = fma(t, t, sum);
    }
    return sum;
}

double rb_metric_distance(const rb_metric_points *a, int64_t i, const rb_metric_points *b, int64_t j)
{
    double by_i = 1, by_j = 1;
    if (a->is_cosine) {
        by_i = a->inverse[i];
        by_j = b->inverse[j];
        if (by_i == 0 || by_j == 0)
            return 1;
    }
    double sum;
    if (!a->dense)
        sum = sparse_distance2(a->sparse, i, by_i, b->sparse, j, by_j);
    else if (by_i == 1 && by_j == 1)
        sum = rb_distance2_f64(a->dense + i * a->d, b->dense + j * b->d, a->d);
    else
        sum = scaled_distance2(a->dense + i * a->d, by_i, b->dense + j * b->d, by_j, a->d);
    return a->is_cosine ? sum / 2 : sum;
}

double rb_metric_limit(double eps, bool is_cosine)
{
    return is_cosine ? eps : eps * eps;
}
