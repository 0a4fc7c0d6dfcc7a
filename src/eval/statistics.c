#include "eval/statistics.h"

#include <math.h>

#include "eval/statistics_pairs.h"

/* Mean and standard deviation in the fixed tree; scratch [n] is destroyed. */
static void moments(double *mean, double *sd, const double *x, int64_t n, double *scratch)
{
    for (int64_t i = 0; i < n; i++)
        scratch[i] = x[i];
    *mean = n > 0 ? rb_tree_sum(scratch, n) / (double)n : NAN;
    for (int64_t i = 0; i < n; i++)
        scratch[i] = (x[i] - *mean) * (x[i] - *mean);
    *sd = n > 1 ? sqrt(rb_tree_sum(scratch, n) / (double)(n - 1)) : NAN;
}

static void interval(double *low, double *high, double mean, double sd, int64_t n, double level)
{
    double half = n > 1 ? rb_t_quantile(0.5 + level / 2, (double)(n - 1)) * sd / sqrt((double)n) : NAN;
    *low = mean - half;
    *high = mean + half;
}

rb_status rb_spread_of(rb_spread *out, const double *x, int64_t n, double level, rb_error *err)
{
    double *held = NULL, *scratch = NULL;
    *out = (rb_spread){ .mean = NAN, .sd = NAN, .low = NAN, .high = NAN };
    RB_TRY(rb_alloc(&held, n, err));
    RB_TRY(rb_alloc(&scratch, n, err));
    for (int64_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            held[out->n++] = x[i];
    moments(&out->mean, &out->sd, held, out->n, scratch);
    interval(&out->low, &out->high, out->mean, out->sd, out->n, level);
done:
    rb_free(held);
    rb_free(scratch);
    return err->status;
}

rb_status rb_differences(double **out, rb_comparison *c, rb_test_kind kind, const double *a, const double *b, int64_t n,
                         double level, rb_error *err)
{
    double *d = NULL, *scratch = NULL, sd;
    *c = (rb_comparison){ .kind = kind, .statistic = NAN, .p = NAN, .cohen_d = NAN };
    RB_TRY(rb_alloc(&d, n, err));
    RB_TRY(rb_alloc(&scratch, n, err));
    for (int64_t i = 0; i < n; i++)
        if (!isnan(a[i]) && !isnan(b[i]))
            d[c->n++] = a[i] - b[i];
    moments(&c->difference, &sd, d, c->n, scratch);
    interval(&c->low, &c->high, c->difference, sd, c->n, level);
    if (c->n > 1)
        c->cohen_d = c->difference == 0 ? 0.0 : c->difference / sd;
done:
    *out = d;
    rb_free(scratch);
    return err->status;
}

rb_status rb_paired_t(rb_comparison *out, const double *a, const double *b, int64_t n, double level, rb_error *err)
{
    double *d = NULL;
    RB_TRY(rb_differences(&d, out, RB_TEST_T, a, b, n, level, err));
    if (out->n > 1) {
        /* t = d sqrt(n): 0 where all differences are 0, infinite where they are equal and not 0 */
        out->statistic = out->cohen_d * sqrt((double)out->n);
        out->p = rb_t_two_sided(out->statistic, (double)(out->n - 1));
    }
done:
    rb_free(d);
    return err->status;
}

rb_status rb_compare(rb_comparison *out, rb_test_kind kind, const double *a, const double *b, int64_t n, double level,
                     uint64_t seed, int n_threads, rb_error *err)
{
    switch (kind) {
    case RB_TEST_T:
        return rb_paired_t(out, a, b, n, level, err);
    case RB_TEST_BOOTSTRAP:
        return rb_bootstrap(out, a, b, n, level, RB_BOOTSTRAP_RESAMPLES, seed, n_threads, err);
    default:
        return rb_wilcoxon(out, a, b, n, level, err);
    }
}
