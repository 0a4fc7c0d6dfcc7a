#include "eval/gap.h"

#include <math.h>

#include "base/rng.h"

/* Least and largest value of a column. */
static void range_of(double *low, double *high, const rb_points *p, int64_t f)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < p->n; i++) {
        *low = fmin(*low, p->dense[i * p->d + f]);
        *high = fmax(*high, p->dense[i * p->d + f]);
    }
}

rb_status rb_gap_reference(rb_points *out, const rb_points *points, int64_t b, uint64_t seed, const rb_ctx *ctx,
                           rb_error *err)
{
    rb_rng rng = { .key = rb_seed_named(seed, "gap"), .stream = rb_stream("gap"), .epoch = (uint32_t)b };
    RB_TRY(rb_points_alloc_dense(out, points->n, points->d, ctx, err));
    double *value = out->memory.data, low, high;
    for (int64_t f = 0; ctx->rank == 0 && f < points->d; f++) {
        range_of(&low, &high, points, f);
        for (int64_t i = 0; i < points->n; i++) {
            rng.entity = (uint64_t)i;
            value[i * points->d + f] = low + (high - low) * rb_rng_uniform(&rng, (uint32_t)f);
        }
    }
    rb_shared_publish_from(&out->memory, 0, ctx);
done:
    return err->status;
}

void rb_gap_statistic(rb_metric_value *gap, rb_metric_value *error, double w, const double *reference, int64_t n)
{
    double sum = 0, squares = 0;
    bool positive = w > 0;
    for (int64_t b = 0; b < n; b++) {
        positive = positive && reference[b] > 0;
        sum += log(reference[b]);
    }
    *gap = *error = (rb_metric_value){ NAN, RB_VALUE_UNAVAILABLE };
    if (!positive)
        return;
    const double mean = sum / (double)n;
    for (int64_t b = 0; b < n; b++)
        squares += (log(reference[b]) - mean) * (log(reference[b]) - mean);
    *gap = (rb_metric_value){ mean - log(w), RB_VALUE_OK };
    *error = (rb_metric_value){ sqrt(squares / (double)n) * sqrt(1 + 1 / (double)n), RB_VALUE_OK };
}

int64_t rb_gap_smallest(double *margin, const double *gap, const double *error, int64_t n)
{
    int64_t smallest = -1;
    for (int64_t i = n - 1; i >= 0; i--) {
        margin[i] = i + 1 < n ? gap[i] - gap[i + 1] + error[i + 1] : NAN;
        if (margin[i] >= 0)
            smallest = i;
    }
    return smallest;
}
