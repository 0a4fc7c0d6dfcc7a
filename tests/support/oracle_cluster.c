#include "support/oracle_cluster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double distance2(const double *x, const double *y, int64_t d)
{
    double sum = 0;
    for (int64_t f = 0; f < d; f++)
        sum = fma(x[f] - y[f], x[f] - y[f], sum);
    return sum;
}

static int64_t label_all(int32_t *labels, const double *centres, const double *x, int64_t n, int64_t d, int64_t k)
{
    int64_t changed = 0;
    for (int64_t i = 0; i < n; i++) {
        int32_t nearest = 0;
        for (int32_t c = 1; c < k; c++)
            if (distance2(x + i * d, centres + c * d, d) < distance2(x + i * d, centres + nearest * d, d))
                nearest = c;
        changed += labels[i] != nearest;
        labels[i] = nearest;
    }
    return changed;
}

static int64_t count_of(const int32_t *labels, int64_t n, int32_t c)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += labels[i] == c;
    return count;
}

static bool fill_empty(int32_t *labels, const double *centres, const double *x, int64_t n, int64_t d, int64_t k)
{
    bool filled = false;
    double *far = malloc((size_t)n * sizeof *far);
    for (int64_t i = 0; i < n; i++)
        far[i] = distance2(x + i * d, centres + labels[i] * d, d);
    for (int32_t c = 0; c < k; c++) {
        if (count_of(labels, n, c) > 0)
            continue;
        int64_t at = -1;
        for (int64_t i = 0; i < n; i++)
            if (count_of(labels, n, labels[i]) > 1 && (at < 0 || far[i] > far[at]))
                at = i;
        labels[at] = c;
        filled = true;
    }
    free(far);
    return filled;
}

double rb_oracle_kmeans(int32_t *labels, double *centres, const double *x, int64_t n, int64_t d, int64_t k,
                        int64_t iterations)
{
    for (int64_t i = 0; i < n; i++)
        labels[i] = -1;
    for (int64_t t = 0; t < iterations; t++) {
        int64_t changed = label_all(labels, centres, x, n, d, k);
        bool filled = fill_empty(labels, centres, x, n, d, k);
        for (int32_t c = 0; c < k; c++)
            for (int64_t f = 0; f < d; f++) {
                long double sum = 0;
                for (int64_t i = 0; i < n; i++)
                    sum += labels[i] == c ? x[i * d + f] : 0;
                centres[c * d + f] = (double)(sum / count_of(labels, n, c));
            }
        if (changed == 0 && !filled)
            break;
    }
    label_all(labels, centres, x, n, d, k);
    long double inertia = 0;
    for (int64_t i = 0; i < n; i++)
        inertia += distance2(x + i * d, centres + labels[i] * d, d);
    return (double)inertia;
}

void rb_oracle_distances(double *out, const double *x, int64_t n, int64_t d, bool cosine)
{
    double *row = malloc((size_t)(n * d) * sizeof *row), *length = malloc((size_t)n * sizeof *length);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t f = 0; f < d; f++)
            sum = fma(x[i * d + f], x[i * d + f], sum);
        length[i] = sqrt(sum);
        for (int64_t f = 0; f < d; f++)
            row[i * d + f] = cosine && sum > 0 ? x[i * d + f] * (1 / length[i]) : x[i * d + f];
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double d2 = distance2(row + i * d, row + j * d, d);
            out[i * n + j] = !cosine ? d2 : length[i] == 0 || length[j] == 0 ? 1 : d2 / 2;
        }
    free(row);
    free(length);
}

void rb_oracle_dbscan(int32_t *labels, uint8_t *is_core, const double *x, int64_t n, int64_t d, double eps,
                      int64_t min_samples, bool cosine)
{
    double *distance = malloc((size_t)(n * n) * sizeof *distance);
    uint8_t *near = malloc((size_t)(n * n));
    int64_t *stack = malloc((size_t)n * sizeof *stack);
    int32_t n_clusters = 0;
    rb_oracle_distances(distance, x, n, d, cosine);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            near[i * n + j] = i == j || distance[i * n + j] <= (cosine ? eps : eps * eps);
    for (int64_t i = 0; i < n; i++) {
        int64_t count = 0;
        for (int64_t j = 0; j < n; j++)
            count += near[i * n + j];
        is_core[i] = count >= min_samples;
        labels[i] = -1;
    }
    for (int64_t first = 0; first < n; first++) {
        if (!is_core[first] || labels[first] >= 0)
            continue;
        int64_t depth = 1;
        stack[0] = first;
        labels[first] = n_clusters;
        while (depth > 0) {
            int64_t i = stack[--depth];
            for (int64_t j = 0; j < n; j++) {
                if (!near[i * n + j] || labels[j] >= 0)
                    continue;
                labels[j] = n_clusters;
                if (is_core[j])
                    stack[depth++] = j;
            }
        }
        n_clusters++;
    }
    free(distance);
    free(near);
    free(stack);
}

static long double potential(const double *x, int64_t n, int64_t d, const int64_t *seeds, int64_t n_seeds,
                             int64_t until)
{
    long double sum = 0;
    for (int64_t i = 0; i < n && i < until; i++) {
        double least = INFINITY;
        for (int64_t s = 0; s < n_seeds; s++)
            least = fmin(least, distance2(x + i * d, x + seeds[s] * d, d));
        sum += least;
    }
    return sum;
}

void rb_oracle_greedy_seeds(int64_t *seeds, const double *x, int64_t n, int64_t d, int64_t k, int64_t trials,
                            const double *draw)
{
    for (int64_t s = 1; s < k; s++) {
        long double total = potential(x, n, d, seeds, s, n), least = INFINITY;
        int64_t best = -1;
        for (int64_t t = 0; t < trials; t++) {
            int64_t low = 0, high = n - 1; /* the first point at which the running sum passes the target */
            while (low < high) {
                int64_t middle = (low + high) / 2;
                if (potential(x, n, d, seeds, s, middle + 1) > draw[s * trials + t] * total)
                    high = middle;
                else
                    low = middle + 1;
            }
            seeds[s] = low;
            long double left = potential(x, n, d, seeds, s + 1, n);
            if (left < least || (left == least && low < best)) {
                least = left;
                best = low;
            }
        }
        seeds[s] = best;
    }
}

static long double distance(const double *x, const double *y, int64_t d, bool cosine)
{
    long double sum = 0, xy = 0, xx = 0, yy = 0;
    for (int64_t f = 0; f < d; f++) {
        sum += ((long double)x[f] - y[f]) * ((long double)x[f] - y[f]);
        xy += (long double)x[f] * y[f];
        xx += (long double)x[f] * x[f];
        yy += (long double)y[f] * y[f];
    }
    if (!cosine)
        return sqrtl(sum);
    return xx > 0 && yy > 0 ? 1 - xy / sqrtl(xx * yy) : 1;
}

double rb_oracle_silhouette(double *per_point, const double *x, int64_t n, int64_t d, const int32_t *labels,
                            bool cosine)
{
    int32_t k = 0;
    int64_t kept = 0;
    long double total = 0;
    for (int64_t i = 0; i < n; i++)
        k = labels[i] >= k ? labels[i] + 1 : k;
    for (int64_t i = 0; i < n; i++) {
        per_point[i] = NAN;
        if (labels[i] < 0)
            continue;
        long double a = 0, b = INFINITY;
        for (int32_t c = 0; c < k; c++) {
            long double sum = 0;
            int64_t size = count_of(labels, n, c);
            for (int64_t j = 0; j < n; j++)
                if (labels[j] == c && j != i)
                    sum += distance(x + i * d, x + j * d, d, cosine);
            if (c == labels[i])
                a = size > 1 ? sum / (size - 1) : -1;
            else if (size > 0)
                b = fminl(b, sum / size);
        }
        per_point[i] = a < 0 || fmaxl(a, b) < 1e-14L ? 0 : (double)((b - a) / fmaxl(a, b));
        total += per_point[i];
        kept++;
    }
    return (double)(total / kept);
}

void rb_oracle_compactness(double out[3], const double *x, int64_t n, int64_t d, const int32_t *labels, int32_t k)
{
    double *mean = calloc((size_t)(k * d), sizeof *mean), *all = calloc((size_t)d, sizeof *all);
    double *spread = calloc((size_t)k, sizeof *spread);
    long double within = 0, between = 0, bouldin = 0;
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t f = 0; f < d && labels[i] >= 0; f++) {
            mean[labels[i] * d + f] += x[i * d + f] / (double)count_of(labels, n, labels[i]);
            all[f] += x[i * d + f] / (double)(n - count_of(labels, n, -1));
        }
    for (int64_t i = 0; i < n; i++) {
        if (labels[i] < 0)
            continue;
        kept++;
        double d2 = distance2(x + i * d, mean + labels[i] * d, d);
        within += d2;
        between += distance2(mean + labels[i] * d, all, d);
        spread[labels[i]] += sqrt(d2) / (double)count_of(labels, n, labels[i]);
    }
    for (int32_t a = 0; a < k; a++) {
        double worst = 0;
        for (int32_t b = 0; b < k; b++) {
            double apart = sqrt(distance2(mean + a * d, mean + b * d, d));
            if (a != b && apart > 0)
                worst = fmax(worst, (spread[a] + spread[b]) / apart);
        }
        bouldin += worst / k;
    }
    out[0] = (double)bouldin;
    out[1] = within > 0 ? (double)(between * (kept - k) / (within * (k - 1))) : 1;
    out[2] = (double)within;
    free(mean);
    free(all);
    free(spread);
}

double rb_oracle_ari(const int32_t *a, const int32_t *b, int64_t n)
{
    double together[2][2] = { { 0 } };
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            if (i != j)
                together[a[i] == a[j]][b[i] == b[j]] += 1;
    double tp = together[1][1], tn = together[0][0], fp = together[0][1], fn = together[1][0];
    if (fp == 0 && fn == 0)
        return 1;
    return 2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn));
}

void rb_oracle_information(double out[4], const int32_t *a, const int32_t *b, int64_t n)
{
    int32_t ka = 0, kb = 0;
    for (int64_t i = 0; i < n; i++) {
        ka = a[i] >= ka ? a[i] + 1 : ka;
        kb = b[i] >= kb ? b[i] + 1 : kb;
    }
    memset(out, 0, 4 * sizeof *out);
    double total = (double)n;
    for (int32_t i = 0; i < ka; i++)
        for (int32_t j = 0; j < kb; j++) {
            int64_t na = count_of(a, n, i), nb = count_of(b, n, j), both = 0;
            for (int64_t p = 0; p < n; p++)
                both += a[p] == i && b[p] == j;
            if (both > 0)
                out[0] += (double)both / total * log(total * (double)both / ((double)na * (double)nb));
            for (int64_t x = na + nb - n > 1 ? na + nb - n : 1; x <= na && x <= nb; x++) {
                double p = lgamma((double)na + 1) + lgamma((double)nb + 1) + lgamma(total - (double)na + 1) +
                           lgamma(total - (double)nb + 1) - lgamma(total + 1) - lgamma((double)x + 1) -
                           lgamma((double)(na - x) + 1) - lgamma((double)(nb - x) + 1) -
                           lgamma((double)(n - na - nb + x) + 1);
                out[1] += (double)x / total * log(total * (double)x / ((double)na * (double)nb)) * exp(p);
            }
        }
    for (int32_t i = 0; i < ka; i++) {
        double p = (double)count_of(a, n, i) / total;
        out[2] -= p > 0 ? p * log(p) : 0;
    }
    for (int32_t j = 0; j < kb; j++) {
        double p = (double)count_of(b, n, j) / total;
        out[3] -= p > 0 ? p * log(p) : 0;
    }
}

int64_t rb_oracle_nearest(const double *y, const double *x, int64_t n, int64_t d, bool cosine)
{
    double least = INFINITY;
    int64_t best = -1;
    for (int64_t i = 0; i < n; i++) {
        double xx = 0, yy = 0, xy = 0, squared = 0;
        for (int64_t f = 0; f < d; f++) {
            double a = y[f], b = x[i * d + f];
            xx += a * a, yy += b * b, xy += a * b, squared += (a - b) * (a - b);
        }
        double away = cosine ? 1 - xy / sqrt(xx * yy) : squared;
        if (away < least) {
            least = away;
            best = i;
        }
    }
    return best;
}
