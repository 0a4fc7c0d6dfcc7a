#include "eval/statistics_pairs.h"

#include <math.h>
#include <stdlib.h>

#define MAX_EXACT 50

static int by_size(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

/* Ranks of the positive differences, and what ties take from the variance. d ascends by size and has no zero. */
static double positive_ranks(double *ties, const double *d, int64_t m)
{
    double sum = 0;
    *ties = 0;
    for (int64_t first = 0, last; first < m; first = last) {
        int64_t n_positive = 0;
        for (last = first; last < m && fabs(d[last]) == fabs(d[first]); last++)
            n_positive += d[last] > 0;
        double t = (double)(last - first), rank = 0.5 * (double)(first + 1 + last);
        sum += rank * (double)n_positive; /* halves of integers: exact */
        *ties += t * t * t - t;
    }
    return sum;
}

/*
 * P(W+ <= w) for m untied differences: of the 2^m sets of ranks 1 .. m, those whose sum is at most w. Counts stay below
 * 2^50 and are exact.
 */
static double exact_tail(int64_t w, int64_t m)
{
    double count[MAX_EXACT * (MAX_EXACT + 1) / 2 + 1] = { 1 };
    int64_t highest = 0;
    for (int64_t rank = 1; rank <= m; rank++) {
        highest += rank;
        for (int64_t s = highest; s >= rank; s--)
            count[s] += count[s - rank];
    }
    double sum = 0;
    for (int64_t s = 0; s <= w; s++)
        sum += count[s];
    return ldexp(sum, -(int)m);
}

static void test(rb_comparison *out, const double *d, int64_t m)
{
    double ties, plus = positive_ranks(&ties, d, m), all = 0.5 * (double)m * (double)(m + 1);
    double w = plus < all - plus ? plus : all - plus;
    out->statistic = w;
    out->exact = m <= MAX_EXACT && ties == 0;
    if (m == 0) {
        out->p = 1.0;
    } else if (out->exact) {
        out->p = fmin(1.0, 2 * exact_tail((int64_t)w, m));
    } else {
        double variance = all * (2 * (double)m + 1) / 12 - ties / 48;
        double z = (w - all / 2) / sqrt(variance);
        out->p = erfc(fabs(z) / sqrt(2.0));
    }
}

rb_status rb_wilcoxon(rb_comparison *out, const double *a, const double *b, int64_t n, double level, rb_error *err)
{
    double *d = NULL;
    int64_t m = 0;
    RB_TRY(rb_differences(&d, out, RB_TEST_WILCOXON, a, b, n, level, err));
    for (int64_t i = 0; i < out->n; i++)
        if (d[i] != 0)
            d[m++] = d[i];
    qsort(d, (size_t)m, sizeof *d, by_size);
    if (out->n > 1)
        test(out, d, m);
done:
    rb_free(d);
    return err->status;
}
