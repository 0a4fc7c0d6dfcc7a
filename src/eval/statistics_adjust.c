#include "eval/statistics.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

typedef struct {
    double p;
    int64_t index;
} ranked;

static int ascending(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->p != y->p)
        return x->p > y->p ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Step down: the smallest of m is multiplied by m, the next by m - 1, ... */
static void holm(double *adjusted, const ranked *sorted, int64_t m)
{
    double most = 0;
    for (int64_t i = 0; i < m; i++) {
        most = fmax(most, fmin(1.0, (double)(m - i) * sorted[i].p));
        adjusted[sorted[i].index] = most;
    }
}

/* Step up: from the largest down, m p / rank. */
static void benjamini_hochberg(double *adjusted, const ranked *sorted, int64_t m)
{
    double least = 1;
    for (int64_t i = m - 1; i >= 0; i--) {
        least = fmin(least, (double)m * sorted[i].p / (double)(i + 1));
        adjusted[sorted[i].index] = least;
    }
}

rb_status rb_adjust(double *adjusted, const double *p, int64_t n, rb_correction correction, rb_error *err)
{
    ranked *sorted = NULL;
    int64_t m = 0;
    RB_TRY(rb_alloc(&sorted, n, err));
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(p[i]))
            sorted[m++] = (ranked){ p[i], i };
        adjusted[i] = p[i];
    }
    qsort(sorted, (size_t)m, sizeof *sorted, ascending);
    if (correction == RB_CORRECT_HOLM)
        holm(adjusted, sorted, m);
    else
        benjamini_hochberg(adjusted, sorted, m);
done:
    rb_free(sorted);
    return err->status;
}
