#include "eval/clustering.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_BEYOND_N (1 << 20)

/* Largest label; RB_BAD_INPUT where one is out of range. */
static rb_status largest_label(int64_t *largest, const int32_t *labels, int64_t n, rb_error *err)
{
    *largest = -1;
    for (int64_t i = 0; i < n; i++) {
        if (labels[i] < -1 || labels[i] > n + LARGEST_BEYOND_N)
            return RB_FAIL(err, RB_BAD_INPUT, "point %lld has label %d, expected -1 (noise) or 0 to %lld", (long long)i,
                           (int)labels[i], (long long)(n + LARGEST_BEYOND_N));
        *largest = labels[i] > *largest ? labels[i] : *largest;
    }
    return RB_OK;
}

/* Gives noise points clusters of their own, as the treatment says; returns how many clusters there are then. */
static int64_t treat_noise(int32_t *label, int64_t n, int64_t k, int noise)
{
    int64_t first = k;
    for (int64_t i = 0; i < n && (noise == RB_NOISE_MERGE || noise == RB_NOISE_SINGLETONS); i++)
        if (label[i] < 0) {
            label[i] = (int32_t)(noise == RB_NOISE_MERGE ? first : k);
            k = label[i] + 1;
        }
    return k;
}

rb_status rb_compact_labels_init(rb_compact_labels *out, const rb_labelling *labelling, int64_t n, rb_error *err)
{
    *out = (rb_compact_labels){ .n = n, .scale = 1 };
    int32_t *number = NULL; /* of each label, 0 where it is not used */
    int64_t largest;

    RB_TRY(largest_label(&largest, labelling->labels, n, err));
    RB_TRY(rb_alloc(&number, largest + 1, err));
    RB_TRY(rb_alloc(&out->label, n, err));
    for (int64_t i = 0; i < n; i++)
        if (labelling->labels[i] >= 0)
            number[labelling->labels[i]] = 1;
    for (int64_t l = 0; l <= largest; l++)
        number[l] = number[l] ? (int32_t)(out->n_proper++) : -1;
    for (int64_t i = 0; i < n; i++) {
        out->label[i] = labelling->labels[i] < 0 ? -1 : number[labelling->labels[i]];
        out->n_noise += labelling->labels[i] < 0;
    }
    out->k = treat_noise(out->label, n, out->n_proper, labelling->noise);
    RB_TRY(rb_alloc(&out->size, out->k, err));
    for (int64_t i = 0; i < n; i++)
        if (out->label[i] >= 0) {
            out->size[out->label[i]]++;
            out->n_kept++;
        }
    if (labelling->noise == RB_NOISE_SCALED && n > 0)
        out->scale = (double)(n - out->n_noise) / (double)n;
done:
    rb_free(number);
    if (err->status != RB_OK)
        rb_compact_labels_fini(out);
    return err->status;
}

void rb_compact_labels_fini(rb_compact_labels *c)
{
    rb_free(c->label);
    rb_free(c->size);
    memset(c, 0, sizeof *c);
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static rb_status order_sizes(rb_cluster_counts *c, rb_error *err)
{
    const int64_t n = c->n_clusters, left = (n - 1) / 2, right = n / 2;
    int64_t *size = NULL;
    if (n == 0)
        return RB_OK;
    RB_TRY(rb_alloc(&size, n, err));
    memcpy(size, c->size, (size_t)n * sizeof *size);
    qsort(size, (size_t)n, sizeof *size, by_size);
    c->least = (double)size[0];
    c->middle = 0.5 * (double)(size[left] + size[right]);
    c->most = (double)size[n - 1];
done:
    rb_free(size);
    return err->status;
}

rb_status rb_cluster_counts_init(rb_cluster_counts *out, const int32_t *labels, int64_t n, rb_error *err)
{
    rb_labelling labelling = { labels, RB_NOISE_DROP };
    rb_compact_labels compact = { 0 };
    *out = (rb_cluster_counts){ 0 };
    RB_TRY(rb_compact_labels_init(&compact, &labelling, n, err));
    out->n_clusters = compact.k;
    out->size = compact.size;
    out->noise_fraction = n > 0 ? (double)compact.n_noise / (double)n : 0;
    compact.size = NULL;
    RB_TRY(order_sizes(out, err));
done:
    rb_compact_labels_fini(&compact);
    if (err->status != RB_OK)
        rb_cluster_counts_fini(out);
    return err->status;
}

void rb_cluster_counts_fini(rb_cluster_counts *c)
{
    rb_free(c->size);
    memset(c, 0, sizeof *c);
}
