#include "support/oracle_linkage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST RB_ORACLE_LINKAGE_MOST

/* A cluster: its points, the mean and the midpoint of its parts. */
typedef struct {
    int id, n, point[MOST];
    long double *mean, *middle;
} cluster;

typedef struct {
    const double *x;
    int64_t d;
    const char *linkage;
    bool cosine;
    long double weighted[2 * MOST][2 * MOST]; /* by ids */
} task;

static long double between(const long double *a, const long double *b, int64_t d)
{
    long double sum = 0;
    for (int64_t f = 0; f < d; f++)
        sum += (a[f] - b[f]) * (a[f] - b[f]);
    return sqrtl(sum);
}

static long double of_points(const task *t, int i, int j)
{
    const double *a = t->x + i * t->d, *b = t->x + j * t->d;
    long double sum = 0, aa = 0, bb = 0, ab = 0;
    for (int64_t f = 0; f < t->d; f++) {
        sum += ((long double)a[f] - b[f]) * ((long double)a[f] - b[f]);
        aa += (long double)a[f] * a[f];
        bb += (long double)b[f] * b[f];
        ab += (long double)a[f] * b[f];
    }
    if (!t->cosine)
        return sqrtl(sum);
    return aa > 0 && bb > 0 ? 1 - ab / sqrtl(aa * bb) : 1;
}

static long double apart(const task *t, const cluster *a, const cluster *b)
{
    long double least = INFINITY, most = 0, sum = 0;
    if (!strcmp(t->linkage, "weighted"))
        return t->weighted[a->id][b->id];
    if (!strcmp(t->linkage, "ward"))
        return sqrtl(2.0L * a->n * b->n / (a->n + b->n)) * between(a->mean, b->mean, t->d);
    if (!strcmp(t->linkage, "centroid"))
        return between(a->mean, b->mean, t->d);
    if (!strcmp(t->linkage, "median"))
        return between(a->middle, b->middle, t->d);
    for (int i = 0; i < a->n; i++)
        for (int j = 0; j < b->n; j++) {
            long double v = of_points(t, a->point[i], b->point[j]);
            least = fminl(least, v);
            most = fmaxl(most, v);
            sum += v;
        }
    return !strcmp(t->linkage, "single") ? least : !strcmp(t->linkage, "complete") ? most : sum / (a->n * b->n);
}

/* b into a, as cluster `id`. */
static void join(task *t, cluster *a, const cluster *b, int id)
{
    for (int64_t f = 0; f < t->d; f++) {
        a->mean[f] = (a->n * a->mean[f] + b->n * b->mean[f]) / (a->n + b->n);
        a->middle[f] = (a->middle[f] + b->middle[f]) / 2;
    }
    for (int c = 0; c < id; c++)
        t->weighted[id][c] = t->weighted[c][id] = (t->weighted[a->id][c] + t->weighted[b->id][c]) / 2;
    memcpy(a->point + a->n, b->point, (size_t)b->n * sizeof *b->point);
    a->n += b->n;
    a->id = id;
}

/* Every point a cluster; a work of n clusters. */
static cluster *begin(task *t, int64_t n)
{
    cluster *all = calloc((size_t)n, sizeof *all);
    for (int i = 0; i < n; i++) {
        all[i] = (cluster){ .id = i, .n = 1, .point = { i } };
        all[i].mean = calloc((size_t)t->d + 1, sizeof *all[i].mean);
        all[i].middle = calloc((size_t)t->d + 1, sizeof *all[i].middle);
        for (int64_t f = 0; f < t->d; f++)
            all[i].mean[f] = all[i].middle[f] = t->x[i * t->d + f];
        for (int j = 0; j < n; j++)
            t->weighted[i][j] = of_points(t, i, j);
    }
    return all;
}

static void end(task *t, cluster *all, int64_t n)
{
    for (int i = 0; i < n; i++) {
        free(all[i].mean);
        free(all[i].middle);
    }
    free(all);
    free(t);
}

/* The first of the nearest pairs. */
static long double nearest_pair(cluster **a, cluster **b, const task *t, cluster *all, int64_t n)
{
    long double least = INFINITY;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            if (all[i].n > 0 && all[j].n > 0 && apart(t, &all[i], &all[j]) < least) {
                *a = &all[i], *b = &all[j];
                least = apart(t, *a, *b);
            }
    return least;
}

static task *task_of(const double *x, int64_t d, const char *linkage, bool cosine)
{
    task *t = calloc(1, sizeof *t);
    t->x = x, t->d = d, t->linkage = linkage, t->cosine = cosine;
    return t;
}

void rb_oracle_linkage(double *tree, const double *x, int64_t n, int64_t d, const char *linkage, bool cosine)
{
    task *t = task_of(x, d, linkage, cosine);
    cluster *all = begin(t, n), *a = NULL, *b = NULL;
    for (int64_t row = 0; row < n - 1; row++) {
        tree[4 * row + 2] = (double)nearest_pair(&a, &b, t, all, n);
        tree[4 * row] = a->id < b->id ? a->id : b->id;
        tree[4 * row + 1] = a->id < b->id ? b->id : a->id;
        tree[4 * row + 3] = a->n + b->n;
        join(t, a, b, (int)(n + row));
        b->n = 0;
    }
    end(t, all, n);
}

double rb_oracle_linkage_error(const double *tree, const double *x, int64_t n, int64_t d, const char *linkage,
                               bool cosine)
{
    task *t = task_of(x, d, linkage, cosine);
    cluster *all = begin(t, n), *a = NULL, *b = NULL;
    long double worst = 0;
    for (int64_t row = 0; row < n - 1; row++) {
        long double least = nearest_pair(&a, &b, t, all, n);
        a = b = NULL; /* the tree names others, maybe of the same distance */
        for (int i = 0; i < n; i++) {
            if (all[i].n > 0 && all[i].id == (int)tree[4 * row])
                a = &all[i];
            if (all[i].n > 0 && all[i].id == (int)tree[4 * row + 1])
                b = &all[i];
        }
        if (!a || !b || a == b || !isfinite(tree[4 * row + 2])) {
            worst = INFINITY;
            break;
        }
        worst = fmaxl(worst, fmaxl(fabsl(tree[4 * row + 2] - least), apart(t, a, b) - least));
        join(t, a, b, (int)(n + row));
        b->n = 0;
    }
    end(t, all, n);
    return (double)worst;
}

void rb_oracle_linkage_labels(int32_t *labels, const double *tree, int64_t n, const bool *keep)
{
    int of[MOST], k = 0, first[2 * MOST]; /* any point below an id */
    for (int i = 0; i < n; i++)
        of[i] = first[i] = i;
    for (int64_t row = 0; row < n - 1; row++) {
        int a = first[(int)tree[4 * row]], b = first[(int)tree[4 * row + 1]], from = of[b], to = of[a];
        first[n + row] = a;
        for (int i = 0; keep[row] && i < n; i++)
            of[i] = of[i] == from ? to : of[i];
    }
    for (int i = 0; i < n; i++) {
        int same = 0;
        while (of[same] != of[i])
            same++;
        labels[i] = same == i ? k++ : labels[same];
    }
}

double rb_oracle_cophenetic(const double *tree, const double *x, int64_t n, int64_t d, bool cosine)
{
    static bool holds[2 * RB_ORACLE_LINKAGE_MOST][RB_ORACLE_LINKAGE_MOST];
    double joined[RB_ORACLE_LINKAGE_MOST * RB_ORACLE_LINKAGE_MOST],
        away[RB_ORACLE_LINKAGE_MOST * RB_ORACLE_LINKAGE_MOST];
    double mean_c = 0, mean_d = 0, cc = 0, dd = 0, cd = 0;
    int64_t n_pairs = 0;
    memset(holds, 0, sizeof holds);
    for (int64_t i = 0; i < n; i++)
        holds[i][i] = true;
    for (int64_t t = 0; t < n - 1; t++)
        for (int64_t i = 0; i < n; i++)
            holds[n + t][i] = holds[(int64_t)tree[4 * t]][i] || holds[(int64_t)tree[4 * t + 1]][i];
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++, n_pairs++) {
            double xx = 0, yy = 0, xy = 0, squared = 0;
            int64_t t = 0;
            while (!holds[n + t][i] || !holds[n + t][j])
                t++;
            for (int64_t f = 0; f < d; f++) {
                double a = x[i * d + f], b = x[j * d + f];
                xx += a * a, yy += b * b, xy += a * b, squared += (a - b) * (a - b);
            }
            joined[n_pairs] = tree[4 * t + 2];
            away[n_pairs] = cosine ? 1 - xy / sqrt(xx * yy) : sqrt(squared);
            mean_c += joined[n_pairs];
            mean_d += away[n_pairs];
        }
    mean_c /= n_pairs;
    mean_d /= n_pairs;
    for (int64_t p = 0; p < n_pairs; p++) {
        cc += (joined[p] - mean_c) * (joined[p] - mean_c);
        dd += (away[p] - mean_d) * (away[p] - mean_d);
        cd += (joined[p] - mean_c) * (away[p] - mean_d);
    }
    return cd / sqrt(cc * dd);
}
