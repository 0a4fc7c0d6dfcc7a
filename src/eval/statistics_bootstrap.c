#include "eval/statistics_pairs.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

/* Mean of n differences drawn with replacement; a Philox word a draw, so n is below 2^32. */
static double resampled_mean(const double *d, int64_t n, rb_rng rng, int64_t resample)
{
    double sum[4] = { 0 };
    rng.entity = (uint64_t)resample;
    for (int64_t i = 0; i < n; i += 4) {
        uint32_t word[4];
        rb_rng_words(word, &rng, (uint32_t)(i / 4));
        for (int64_t j = 0; j < 4 && i + j < n; j++)
            sum[j] += d[(uint64_t)word[j] * (uint64_t)n >> 32];
    }
    return (sum[0] + sum[1] + sum[2] + sum[3]) / (double)n;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear between order statistics, as NumPy's default. */
static double percentile(const double *sorted, int64_t n, double q)
{
    double at = q * (double)(n - 1);
    int64_t low = (int64_t)at;
    double above = low + 1 < n ? sorted[low + 1] : sorted[low];
    return sorted[low] + (at - (double)low) * (above - sorted[low]);
}

rb_status rb_bootstrap(rb_comparison *out, const double *a, const double *b, int64_t n, double level,
                       int64_t n_resamples, uint64_t seed, int n_threads, rb_error *err)
{
    double *d = NULL, *mean = NULL;
    const rb_rng rng = { .key = seed, .stream = rb_stream("bootstrap") };
    int64_t n_beyond = 0;

    RB_TRY(rb_differences(&d, out, RB_TEST_BOOTSTRAP, a, b, n, level, err));
    RB_TRY(rb_alloc(&mean, n_resamples, err));
    out->statistic = out->difference;
    if (out->n < 2 || n_resamples < 1)
        goto done;
#pragma omp parallel for num_threads(n_threads) schedule(static)
    for (int64_t r = 0; r < n_resamples; r++)
        mean[r] = resampled_mean(d, out->n, rng, r);
    for (int64_t r = 0; r < n_resamples; r++)
        n_beyond += fabs(mean[r] - out->difference) >= fabs(out->difference);
    out->p = (double)(1 + n_beyond) / (double)(n_resamples + 1);
    qsort(mean, (size_t)n_resamples, sizeof *mean, ascending);
    out->low = percentile(mean, n_resamples, 0.5 - level / 2);
    out->high = percentile(mean, n_resamples, 0.5 + level / 2);
done:
    rb_free(d);
    rb_free(mean);
    return err->status;
}
