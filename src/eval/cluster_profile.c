#include "eval/cluster_profile.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/clustering.h"

rb_status rb_classes_init(rb_classes *out, const int32_t *labels, int64_t n, rb_error *err)
{
    rb_compact_labels compact = { 0 };
    int64_t *next = NULL;
    RB_TRY(rb_compact_labels_init(&compact, &(rb_labelling){ labels, RB_NOISE_MERGE }, n, err));
    out->n_points = n;
    out->n = compact.k;
    out->n_proper = compact.n_proper;
    RB_TRY(rb_alloc(&out->label, out->n, err));
    RB_TRY(rb_alloc(&out->begin, out->n + 1, err));
    RB_TRY(rb_alloc(&out->point, n, err));
    RB_TRY(rb_alloc(&next, out->n, err));
    for (int64_t c = 0; c < out->n; c++) {
        next[c] = out->begin[c];
        out->begin[c + 1] = out->begin[c] + compact.size[c];
    }
    for (int64_t i = 0; i < n; i++) {
        out->label[compact.label[i]] = labels[i];
        out->point[next[compact.label[i]]++] = (int32_t)i;
    }
done:
    rb_free(next);
    rb_compact_labels_fini(&compact);
    return err->status;
}

void rb_classes_fini(rb_classes *c)
{
    rb_free(c->label);
    rb_free(c->begin);
    rb_free(c->point);
    *c = (rb_classes){ 0 };
}

void rb_class_weights(double *weight, const rb_classes *c, const rb_csr *counts)
{
    double total = 0;
    memset(weight, 0, (size_t)counts->n_cols * sizeof *weight);
    for (int64_t e = 0; e < counts->row_begin[counts->n_rows]; e++) { /* whole numbers: the sums are exact */
        weight[counts->col[e]] += counts->value[e];
        total += counts->value[e];
    }
    const double mean = total / (double)(c->n > 0 ? c->n : 1);
    for (int64_t t = 0; t < counts->n_cols; t++)
        weight[t] = weight[t] > 0 ? log1p(mean / weight[t]) : 0;
}

void rb_class_columns(rb_topk *top, double *sum, const rb_classes *c, int64_t of, const rb_csr *x, const double *weight)
{
    const int64_t begin = c->begin[of], end = c->begin[of + 1];
    for (int64_t k = begin; k < end; k++)
        for (int64_t e = x->row_begin[c->point[k]]; e < x->row_begin[c->point[k] + 1]; e++)
            sum[x->col[e]] += x->value[e];
    for (int64_t k = begin; k < end; k++)
        for (int64_t e = x->row_begin[c->point[k]]; e < x->row_begin[c->point[k] + 1]; e++) {
            const int32_t column = x->col[e];
            if (sum[column] > 0)
                rb_topk_offer(top, weight ? sum[column] * weight[column] : sum[column] / (double)(end - begin), 0,
                              column);
            sum[column] = 0;
        }
}

/* Squared distance of a point to the mean, whose own squared length is given: what sparse rows need. */
static double distance2(const rb_points *p, int64_t i, const double *mean, double length2)
{
    double sum = 0;
    if (p->dense) {
        for (int64_t j = 0; j < p->d; j++) {
            const double gap = p->dense[i * p->d + j] - mean[j];
            sum += gap * gap;
        }
        return sum;
    }
    const rb_csr *x = p->sparse;
    for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++)
        sum += x->value[e] * (x->value[e] - 2 * mean[x->col[e]]);
    return fmax(sum + length2, 0);
}

void rb_class_nearest(rb_topk *top, double *mean, const rb_classes *c, int64_t of, const rb_points *points)
{
    const int64_t begin = c->begin[of], end = c->begin[of + 1];
    const rb_csr *x = points->sparse;
    double length2 = 0;
    memset(mean, 0, (size_t)points->d * sizeof *mean);
    for (int64_t k = begin; k < end; k++) {
        const int64_t i = c->point[k];
        for (int64_t j = 0; points->dense && j < points->d; j++)
            mean[j] += points->dense[i * points->d + j];
        for (int64_t e = points->dense ? 0 : x->row_begin[i]; !points->dense && e < x->row_begin[i + 1]; e++)
            mean[x->col[e]] += x->value[e];
    }
    for (int64_t j = 0; j < points->d; j++) {
        mean[j] /= (double)(end - begin);
        length2 += mean[j] * mean[j];
    }
    for (int64_t k = begin; k < end; k++)
        rb_topk_offer(top, -distance2(points, c->point[k], mean, length2), 0, c->point[k]);
}

static double product(const rb_points *p, int64_t i, int64_t k)
{
    double sum = 0;
    if (!p->dense)
        return rb_csr_dot(p->sparse, i, k);
    for (int64_t j = 0; j < p->d; j++)
        sum += p->dense[i * p->d + j] * p->dense[k * p->d + j];
    return sum;
}

/* Of dense rows by their differences, which lose nothing where they are close. length2: of the two rows. */
static double distance(const rb_points *p, int64_t i, int64_t k, double i_length2, double k_length2, bool is_cosine)
{
    if (is_cosine)
        return i_length2 > 0 && k_length2 > 0 ? 1 - product(p, i, k) / (sqrt(i_length2) * sqrt(k_length2)) : 1;
    return p->dense ? sqrt(distance2(p, i, p->dense + k * p->d, 0))
                    : sqrt(fmax(i_length2 + k_length2 - 2 * product(p, i, k), 0));
}

int32_t rb_class_medoid(double *mean, double *sums, const rb_classes *c, int64_t of, const rb_points *points,
                        bool is_cosine, int n_threads)
{
    const int32_t *point = c->point + c->begin[of];
    const int64_t n = c->begin[of + 1] - c->begin[of];
    double *length2 = sums + n;
    int64_t least = 0;
    for (int64_t a = 0; a < n; a++)
        length2[a] = product(points, point[a], point[a]);
#pragma omp parallel for num_threads(n_threads) schedule(dynamic, 16)
    for (int64_t a = 0; a < n; a++) {
        double sum = 0;
        for (int64_t b = 0; b < n; b++)
            sum += b == a ? 0 : distance(points, point[a], point[b], length2[a], length2[b], is_cosine);
        sums[a] = sum;
    }
    for (int64_t a = 1; a < n; a++)
        least = sums[a] < sums[least] ? a : least;
    *mean = n > 1 ? sums[least] / (double)(n - 1) : 0;
    return point[least];
}

void rb_class_means(double *mean, const rb_classes *c, const double *value)
{
    for (int64_t k = 0; k < c->n; k++) {
        double sum = 0;
        int64_t n = 0;
        for (int64_t p = c->begin[k]; p < c->begin[k + 1]; p++)
            if (!isnan(value[c->point[p]])) {
                sum += value[c->point[p]];
                n++;
            }
        mean[k] = n > 0 ? sum / (double)n : NAN;
    }
}
