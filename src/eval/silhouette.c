#include "eval/silhouette.h"

#include <string.h>

#include "eval/silhouette_work.h"

static double norm2_of(const rb_points *p, int64_t i)
{
    const double *x = p->sparse ? p->sparse->value + p->sparse->row_begin[i] : p->dense + i * p->d;
    int64_t n = p->sparse ? p->sparse->row_begin[i + 1] - p->sparse->row_begin[i] : p->d;
    double sum = 0;
    for (int64_t f = 0; f < n; f++)
        sum = fma(x[f], x[f], sum);
    return sum;
}

static rb_status take_labelling(rb_silhouette_labelling *out, const rb_labelling *labelling, const rb_points *p,
                                rb_silhouette_distance distance, rb_error *err)
{
    if (rb_compact_labels_init(&out->labels, labelling, p->n, err) != RB_OK)
        return err->status;
    bool has_singles = labelling->noise == RB_NOISE_SINGLETONS && out->labels.n_noise > 0;
    out->k_summed = has_singles ? out->labels.n_proper : out->labels.k;
    out->applies = out->labels.k >= 2 && out->labels.k < out->labels.n_kept;
    out->by_pairs = out->applies && (distance == RB_SILHOUETTE_EUCLIDEAN || has_singles);
    return RB_OK;
}

static rb_status work_init(rb_silhouette_work *w, const rb_labelling *labellings, rb_error *err)
{
    RB_TRY(rb_alloc(&w->labelling, w->n_labellings, err));
    for (int l = 0; l < w->n_labellings; l++)
        RB_TRY(take_labelling(&w->labelling[l], &labellings[l], w->points, w->distance, err));
    RB_TRY(rb_alloc(&w->norm2, w->points->n, err));
    for (int64_t i = 0; i < w->points->n; i++)
        w->norm2[i] = norm2_of(w->points, i);
    if (w->distance == RB_SILHOUETTE_COSINE) {
        RB_TRY(rb_alloc(&w->scale, w->points->n, err));
        for (int64_t i = 0; i < w->points->n; i++)
            w->scale[i] = w->norm2[i] > 0 ? 1 / sqrt(w->norm2[i]) : 0;
    }
done:
    return err->status;
}

static void work_fini(rb_silhouette_work *w)
{
    for (int l = 0; w->labelling && l < w->n_labellings; l++)
        rb_compact_labels_fini(&w->labelling[l].labels);
    rb_free(w->labelling);
    rb_free(w->norm2);
    rb_free(w->scale);
    rb_shared_fini(&w->scores);
}

/* Mean over the kept points, ascending; the same on every rank. */
static rb_metric_value mean_score(double *per_point, const rb_silhouette_work *w, int l)
{
    const rb_silhouette_labelling *labelling = &w->labelling[l];
    const double *scores = w->scores.data;
    double sum = 0;
    for (int64_t i = 0; i < w->points->n; i++) {
        double s = labelling->labels.label[i] < 0 || !labelling->applies ? NAN : scores[i * w->n_labellings + l];
        if (per_point)
            per_point[i] = s;
        if (labelling->labels.label[i] >= 0)
            sum += s;
    }
    if (!labelling->applies)
        return (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
    return rb_metric_finite(sum / (double)labelling->labels.n_kept * labelling->labels.scale);
}

rb_status rb_silhouette_many(rb_metric_value *values, double *const *per_point, const rb_points *points,
                             const rb_labelling *labellings, int n_labellings, rb_silhouette_distance distance,
                             const rb_ctx *ctx, rb_error *err)
{
    rb_silhouette_work w = { .points = points, .distance = distance, .n_labellings = n_labellings };
    bool any_pairs = false, any_closed = false;

    RB_TRY_ALL(ctx, work_init(&w, labellings, err));
    RB_TRY(rb_shared_alloc(&w.scores, points->n * n_labellings * (int64_t)sizeof(double), ctx, err));
    for (int l = 0; l < n_labellings; l++) {
        any_pairs |= w.labelling[l].by_pairs;
        any_closed |= w.labelling[l].applies && !w.labelling[l].by_pairs;
    }
    if (any_pairs)
        RB_TRY(rb_silhouette_pairs(&w, ctx, err));
    if (any_closed)
        RB_TRY(rb_silhouette_closed(&w, ctx, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int l = 0; l < n_labellings; l++)
        values[l] = mean_score(per_point ? per_point[l] : NULL, &w, l);
    rb_barrier(ctx); /* the scores are read until here */
done:
    work_fini(&w);
    return err->status;
}

double rb_silhouette_flops(int64_t n, int64_t d, int64_t nnz, int64_t k_total, int n_labellings,
                           rb_silhouette_distance distance)
{
    double entries = nnz > 0 ? (double)nnz : (double)n * (double)d;
    if (distance == RB_SILHOUETTE_COSINE)
        return 2 * entries * (double)k_total;
    return (double)n * (2 * entries + (double)n * (4 + (double)n_labellings));
}
