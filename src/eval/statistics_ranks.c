/* Mean ranks of many systems over the same units, and how far apart they must lie. */
#include "eval/statistics.h"

#include <math.h>
#include <stddef.h>

static bool is_complete(const double *const *x, int32_t k, int64_t unit)
{
    for (int32_t i = 0; i < k; i++)
        if (isnan(x[i][unit]))
            return false;
    return true;
}

void rb_mean_ranks(double *rank, int64_t *n_used, const double *const *x, int32_t k, int64_t n, bool lower_is_better)
{
    const double sign = lower_is_better ? -1 : 1;
    *n_used = 0;
    for (int32_t i = 0; i < k; i++)
        rank[i] = 0;
    for (int64_t u = 0; u < n; u++) {
        if (!is_complete(x, k, u))
            continue;
        (*n_used)++;
        for (int32_t i = 0; i < k; i++) {
            int32_t better = 0, equal = 0;
            for (int32_t j = 0; j < k; j++) {
                better += sign * x[j][u] > sign * x[i][u];
                equal += j != i && x[j][u] == x[i][u];
            }
            rank[i] += 1 + better + 0.5 * equal; /* halves: exact */
        }
    }
    for (int32_t i = 0; i < k; i++)
        rank[i] = *n_used > 0 ? rank[i] / (double)*n_used : NAN;
}

static double normal(double z)
{
    return 0.5 * erfc(-z / sqrt(2.0));
}

/* P(range of k standard normals <= q) = k int phi(z) (Phi(z) - Phi(z - q))^(k - 1) dz, by Simpson's rule. */
static double range_probability(double q, int32_t k)
{
    enum { N = 1600 };
    const double from = -8, to = 8, step = (to - from) / N;
    double sum = 0;
    for (int i = 0; i <= N; i++) {
        double z = from + i * step;
        double value = exp(-z * z / 2) * pow(normal(z) - normal(z - q), k - 1);
        sum += (i == 0 || i == N ? 1 : i % 2 ? 4 : 2) * value;
    }
    return k * sum * step / 3 / sqrt(2 * acos(-1.0));
}

double rb_critical_difference(int32_t k, int64_t n, double alpha)
{
    double low = 0, high = 30;
    if (k < 2 || n < 1)
        return NAN;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (range_probability(middle, k) < 1 - alpha)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2 / sqrt(2.0) * sqrt(k * (k + 1.0) / (6.0 * (double)n));
}
