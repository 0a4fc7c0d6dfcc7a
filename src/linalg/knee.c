#include "linalg/knee.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Whether D_i is at least (sign 1) or at most (-1) its neighbours; an end is compared with the one it has. */
static bool is_extreme(const double *d, int64_t i, int64_t n, double sign)
{
    int64_t before = i > 0 ? i - 1 : i, after = i + 1 < n ? i + 1 : i;
    return sign * d[i] >= sign * d[before] && sign * d[i] >= sign * d[after];
}

int64_t rb_knee(double *d, const double *x, const double *y, int64_t n)
{
    double least = INFINITY, most = -INFINITY, threshold = 0;
    int64_t knee = -1;
    memset(d, 0, (size_t)n * sizeof *d);
    for (int64_t i = 0; i < n; i++) {
        least = fmin(least, y[i]);
        most = fmax(most, y[i]);
    }
    if (n < 3 || !(most > least) || !(x[n - 1] > x[0]) || !(y[n - 1] < y[0]))
        return -1;
    for (int64_t i = 0; i < n; i++)
        d[i] = (most - y[i]) / (most - least) - (x[i] - x[0]) / (x[n - 1] - x[0]);
    for (int64_t i = 0; i + 1 < n; i++) {
        if (is_extreme(d, i, n, 1)) {
            threshold = d[i] - 1 / (double)(n - 1);
            knee = i;
        }
        if (is_extreme(d, i, n, -1))
            threshold = 0;
        if (knee >= 0 && d[i + 1] < threshold)
            return knee;
    }
    return -1;
}
