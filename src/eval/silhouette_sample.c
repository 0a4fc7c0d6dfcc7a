/* Silhouettes of a sample of the points. */
#include "base/alloc.h"
#include "base/rng.h"
#include "eval/silhouette.h"

void rb_silhouette_draw(int64_t *row, int64_t n, int64_t size)
{
    rb_rng rng = { .stream = rb_stream("silhouette sample") };
    int64_t wanted = size < n ? size : n;
    for (int64_t i = 0; i < n && wanted > 0; i++) {
        rng.entity = (uint64_t)i;
        if (rb_rng_below(&rng, 0, n - i) < wanted) {
            *row++ = i;
            wanted--;
        }
    }
}

typedef struct {
    int64_t n;
    int64_t *row;            /* [n] of the points */
    int32_t *labels;         /* [n_labellings x n] */
    rb_labelling *labelling; /* [n_labellings] */
    rb_points points;
} sample;

static void sample_fini(sample *s)
{
    rb_free(s->row);
    rb_free(s->labels);
    rb_free(s->labelling);
    rb_points_fini(&s->points);
}

/* Labels of the sample without gaps, ascending: those of all points may be beyond what so few points may have. */
static rb_status take_labels(int32_t *out, const sample *s, const rb_labelling *labelling, int64_t n, rb_error *err)
{
    rb_labelling untreated = { labelling->labels, RB_NOISE_DROP };
    rb_compact_labels all = { 0 };
    int32_t *number = NULL, k = 0; /* of each cluster, 0 where the sample has none of it */
    RB_TRY(rb_compact_labels_init(&all, &untreated, n, err));
    RB_TRY(rb_alloc(&number, all.k, err));
    for (int64_t i = 0; i < s->n; i++)
        if (all.label[s->row[i]] >= 0)
            number[all.label[s->row[i]]] = 1;
    for (int64_t c = 0; c < all.k; c++)
        if (number[c])
            number[c] = k++;
    for (int64_t i = 0; i < s->n; i++)
        out[i] = all.label[s->row[i]] < 0 ? -1 : number[all.label[s->row[i]]];
done:
    rb_compact_labels_fini(&all);
    rb_free(number);
    return err->status;
}

static rb_status sample_init(sample *s, int64_t *n_noise, int64_t n, const rb_labelling *labellings, int n_labellings,
                             rb_error *err)
{
    RB_TRY(rb_alloc(&s->row, s->n, err));
    RB_TRY(rb_alloc(&s->labels, s->n * n_labellings, err));
    RB_TRY(rb_alloc(&s->labelling, n_labellings, err));
    rb_silhouette_draw(s->row, n, s->n);
    for (int l = 0; l < n_labellings; l++) {
        int32_t *labels = s->labels + l * s->n;
        RB_TRY(take_labels(labels, s, &labellings[l], n, err));
        s->labelling[l] = (rb_labelling){ labels, labellings[l].noise };
        n_noise[l] = 0;
        for (int64_t i = 0; i < s->n; i++)
            n_noise[l] += labels[i] < 0;
    }
done:
    return err->status;
}

rb_status rb_silhouette_sampled(rb_metric_value *values, int64_t *n_noise, const rb_points *points,
                                const rb_labelling *labellings, int n_labellings, rb_silhouette_distance distance,
                                int64_t size, const rb_ctx *ctx, rb_error *err)
{
    sample s = { .n = size < points->n ? size : points->n };
    RB_TRY_ALL(ctx, sample_init(&s, n_noise, points->n, labellings, n_labellings, err));
    RB_TRY(rb_points_gather(&s.points, points, s.row, s.n, ctx, err));
    RB_TRY(rb_silhouette_many(values, NULL, &s.points, s.labelling, n_labellings, distance, ctx, err));
done:
    sample_fini(&s);
    return err->status;
}
