#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/clustering.h"

/* Points in each pair of a cluster and a class, and in each cluster and class. */
typedef struct {
    int64_t n, n_clusters, n_classes, n_cells;
    int64_t *cluster, *class; /* sizes; without empty ones */
    int64_t *cell_cluster, *cell_class, *cell;
} table;

static void table_fini(table *t)
{
    rb_free(t->cluster);
    rb_free(t->class);
    rb_free(t->cell_cluster);
    rb_free(t->cell_class);
    rb_free(t->cell);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Counts the runs of equal pairs (cluster, class), coded as one ascending number each. */
static void count_cells(table *t, const int64_t *code, int64_t n, int64_t n_codes)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t cluster = code[i] / n_codes, class = code[i] % n_codes;
        if (i == 0 || code[i] != code[i - 1]) {
            t->cell_cluster[t->n_cells] = cluster;
            t->cell_class[t->n_cells++] = class;
        }
        t->cell[t->n_cells - 1]++;
        t->cluster[cluster]++;
        t->class[class]++;
    }
}

static rb_status table_init(table *t, const rb_compact_labels *a, const rb_compact_labels *b, rb_error *err)
{
    int64_t *code = NULL;
    RB_TRY(rb_alloc(&code, a->n, err));
    for (int64_t i = 0; i < a->n; i++)
        if (a->label[i] >= 0 && b->label[i] >= 0)
            code[t->n++] = a->label[i] * b->k + b->label[i];
    RB_TRY(rb_alloc(&t->cluster, a->k, err));
    RB_TRY(rb_alloc(&t->class, b->k, err));
    RB_TRY(rb_alloc(&t->cell_cluster, t->n, err));
    RB_TRY(rb_alloc(&t->cell_class, t->n, err));
    RB_TRY(rb_alloc(&t->cell, t->n, err));
    qsort(code, (size_t)t->n, sizeof *code, ascending);
    count_cells(t, code, t->n, b->k);
    for (int64_t c = 0; c < a->k; c++)
        t->n_clusters += t->cluster[c] > 0;
    for (int64_t c = 0; c < b->k; c++)
        t->n_classes += t->class[c] > 0;
done:
    rb_free(code);
    return err->status;
}

static double entropy(const int64_t *size, int64_t k, int64_t n)
{
    double sum = 0;
    for (int64_t c = 0; c < k; c++)
        if (size[c] > 0)
            sum -= (double)size[c] / (double)n * log((double)size[c] / (double)n);
    return sum > 0 ? sum : 0;
}

static double mutual_information(const table *t)
{
    double sum = 0, n = (double)t->n;
    for (int64_t e = 0; e < t->n_cells; e++) {
        double both = (double)t->cell[e], a = (double)t->cluster[t->cell_cluster[e]],
               b = (double)t->class[t->cell_class[e]];
        sum += both / n * log(n * both / (a * b));
    }
    return sum > 0 ? sum : 0;
}

/*
 * Expectation of one pair's term where sizes are a and b: x common points have hypergeometric probability. From its
 * mode outwards by ratios of neighbours, normalised by their sum: no factorials, no cancellation.
 */
static double expected_term(int64_t a, int64_t b, int64_t n)
{
    int64_t low = a + b - n > 0 ? a + b - n : 0, high = a < b ? a : b;
    int64_t mode = (int64_t)((double)(a + 1) * (double)(b + 1) / (double)(n + 2));
    mode = mode < low ? low : mode > high ? high : mode;
    double total = 0, sum = 0, p = 1;
    for (int64_t x = mode; x <= high && p > 1e-40; x++) {
        total += p;
        sum += x > 0 ? p * (double)x * log((double)n * (double)x / ((double)a * (double)b)) : 0;
        p *= (double)(a - x) * (double)(b - x) / ((double)(x + 1) * (double)(n - a - b + x + 1));
    }
    p = 1;
    for (int64_t x = mode; x > low && p > 1e-40; x--) {
        p *= (double)x * (double)(n - a - b + x) / ((double)(a - x + 1) * (double)(b - x + 1));
        total += p;
        sum += x > 1 ? p * (double)(x - 1) * log((double)n * (double)(x - 1) / ((double)a * (double)b)) : 0;
    }
    return sum / total / (double)n;
}

/* Ascending sizes with how often each occurs; returns how many differ. */
static int64_t distinct_sizes(int64_t *size, int64_t *times, int64_t k)
{
    int64_t n = 0;
    qsort(size, (size_t)k, sizeof *size, ascending);
    for (int64_t c = 0; c < k; c++) {
        if (size[c] == 0)
            continue;
        if (n == 0 || size[n - 1] != size[c]) {
            size[n] = size[c];
            times[n++] = 0;
        }
        times[n - 1]++;
    }
    return n;
}

/* Equal sizes give equal terms: at most sqrt(2 n) sizes differ. Destroys the sizes of the table. */
static rb_status expected_information(double *out, table *t, int64_t k, int64_t k_class, rb_error *err)
{
    int64_t *times = NULL, *class_times = NULL;
    *out = 0;
    RB_TRY(rb_alloc(&times, k, err));
    RB_TRY(rb_alloc(&class_times, k_class, err));
    int64_t n_sizes = distinct_sizes(t->cluster, times, k),
            n_class_sizes = distinct_sizes(t->class, class_times, k_class);
    for (int64_t i = 0; i < n_sizes; i++)
        for (int64_t j = 0; j < n_class_sizes; j++)
            *out += (double)times[i] * (double)class_times[j] * expected_term(t->cluster[i], t->class[j], t -> n);
done:
    rb_free(times);
    rb_free(class_times);
    return err->status;
}

static double adjusted_rand(const table *t, int64_t k, int64_t k_class)
{
    double cells = 0, clusters = 0, classes = 0, n = (double)t->n;
    for (int64_t e = 0; e < t->n_cells; e++)
        cells += (double)t->cell[e] * (double)t->cell[e];
    for (int64_t c = 0; c < k; c++)
        clusters += (double)t->cluster[c] * (double)t->cluster[c];
    for (int64_t c = 0; c < k_class; c++)
        classes += (double)t->class[c] * (double)t->class[c];
    double both = cells - n, only_cluster = clusters - cells, only_class = classes - cells;
    double neither = n * n - cells - only_cluster - only_class;
    if (only_cluster == 0 && only_class == 0)
        return 1;
    return 2 * (both * neither - only_cluster * only_class) /
           ((both + only_class) * (only_class + neither) + (both + only_cluster) * (only_cluster + neither));
}

static double purity(const table *t)
{
    int64_t sum = 0, most = 0;
    for (int64_t e = 0; e < t->n_cells; e++) {
        if (e > 0 && t->cell_cluster[e] != t->cell_cluster[e - 1]) {
            sum += most;
            most = 0;
        }
        most = t->cell[e] > most ? t->cell[e] : most;
    }
    return (double)(sum + most) / (double)t->n;
}

static rb_metric_value value_of(double x, double scale)
{
    return (rb_metric_value){ x * scale, RB_VALUE_OK };
}

static rb_status measure(rb_agreement *out, table *t, const rb_compact_labels *a, const rb_compact_labels *b,
                         rb_error *err)
{
    double h_cluster = entropy(t->cluster, a->k, t->n), h_class = entropy(t->class, b->k, t->n);
    double shared = mutual_information(t), scale = a->scale, expected = 0;
    bool same = t->n_cells == t->n_clusters && t->n_cells == t->n_classes;
    double homogeneity = t->n_classes > 1 ? fmin(shared / h_class, 1) : 1;
    double completeness = t->n_clusters > 1 ? fmin(shared / h_cluster, 1) : 1;
    double both = homogeneity + completeness, mean = (h_cluster + h_class) / 2;
    out->ari = value_of(adjusted_rand(t, a->k, b->k), scale);
    out->purity = value_of(purity(t), scale);
    out->homogeneity = value_of(homogeneity, scale);
    out->completeness = value_of(completeness, scale);
    out->v_measure = value_of(both > 0 ? 2 * homogeneity * completeness / both : 0, scale);
    out->nmi = value_of(same ? 1 : shared / mean, scale);
    RB_TRY(expected_information(&expected, t, a->k, b->k, err));
    double room = mean - expected;
    if (fabs(room) < 0x1p-52)
        room = room < 0 ? -0x1p-52 : 0x1p-52; /* as scikit-learn */
    out->ami = value_of(same ? 1 : (shared - expected) / room, scale);
done:
    return err->status;
}

rb_status rb_clustering_agreement(rb_agreement *out, const rb_labelling *labelling, const int32_t *reference, int64_t n,
                                  rb_error *err)
{
    const rb_metric_value none = { NAN, RB_VALUE_NOT_APPLICABLE };
    rb_labelling truth = { reference, RB_NOISE_DROP };
    rb_compact_labels a = { 0 }, b = { 0 };
    table t = { 0 };

    *out = (rb_agreement){ none, none, none, none, none, none, none };
    RB_TRY(rb_compact_labels_init(&a, labelling, n, err));
    RB_TRY(rb_compact_labels_init(&b, &truth, n, err));
    RB_TRY(table_init(&t, &a, &b, err));
    if (t.n > 0)
        RB_TRY(measure(out, &t, &a, &b, err));
done:
    table_fini(&t);
    rb_compact_labels_fini(&a);
    rb_compact_labels_fini(&b);
    return err->status;
}
