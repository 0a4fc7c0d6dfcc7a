/* stability:bootstrap: how far clusterings of resampled points, or of resampled titles, agree. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/stability.h"
#include "harness/fit_points.h"

/* Labels of at most so many bytes are held at a time, of one item at least. */
#define LABELS_BYTES (64LL << 20)

/* Some items of a batch, and the sample that is clustered. */
typedef struct {
    rb_cluster_batch *batch;
    int64_t first, end;
    bool *wanted;    /* [batch->n] not those that a sample failed */
    int64_t n;       /* points, or titles where the catalogue itself is clustered */
    int32_t *labels; /* [end - first x RB_STABILITY_SAMPLES x n]; -1: not in the sample, or noise */
    int64_t *row;    /* [n] the sample's */
    int32_t *kept;   /* [n] the same, of titles */
    int sample;
} resampling;

bool rb_run_can_resample(const rb_algorithm *a)
{
    return a->needs == RB_NEEDS_ITEMS ||
           ((a->needs & RB_NEEDS_SPACE) && !(a->needs & ~(RB_NEEDS_SPACE | RB_NEEDS_COUNTS)));
}

static bool wants_bootstrap(const rb_cluster_batch *b, const rb_waiting *w)
{
    bool wants = false;
    for (int32_t k = 0; k < w->wanted.n; k++)
        wants = wants || (w->wanted.metric[k].def->kind == RB_METRIC_STABILITY &&
                          w->wanted.metric[k].variant[0] == RB_STABILITY_BOOTSTRAP);
    return wants && w->fit.labels && rb_run_can_resample(rb_run_configuration(b->run, w->trial)->entry->algorithm);
}

static int32_t *labels_of(const resampling *r, int64_t item, int sample)
{
    return r->labels + ((item - r->first) * RB_STABILITY_SAMPLES + sample) * r->n;
}

static rb_status take_labels(void *self, int64_t item, const int32_t *labels, int64_t n, rb_error *err)
{
    resampling *r = self;
    (void)err;
    if (!labels) { /* as of fewer points than k */
        r->batch->item[item].stability.state = RB_VALUE_UNAVAILABLE;
        r->wanted[item] = false;
        return RB_OK;
    }
    for (int64_t i = 0; i < n; i++)
        labels_of(r, item, r->sample)[r->row[i]] = labels[i];
    return RB_OK;
}

/* The titles of r->row. Local. */
static rb_status gather_titles(rb_catalogue *out, const resampling *r, int64_t n, rb_error *err)
{
    for (int64_t i = 0; i < n; i++)
        r->kept[i] = (int32_t)r->row[i];
    return rb_catalogue_select(out, r->batch->titles, r->kept, (int32_t)n, err);
}

static rb_status fit_samples(resampling *r, rb_error *err)
{
    const rb_cluster_batch *b = r->batch;
    const rb_ctx *world = b->run->world;
    rb_points points = { 0 };
    rb_catalogue titles = { 0 };
    const rb_train_view view = { .space = b->points ? &points : NULL, .items = b->points ? NULL : &titles };
    const rb_point_fits fits = { b, r->first, r->end, r->wanted, &view, take_labels, r };
    for (r->sample = 0; r->sample < RB_STABILITY_SAMPLES; r->sample++) {
        const int64_t n = rb_stability_draw(r->row, r->n, r->sample);
        if (b->points)
            RB_TRY(rb_points_gather(&points, b->points, r->row, n, world, err));
        else
            RB_TRY_ALL(world, gather_titles(&titles, r, n, err));
        RB_TRY(rb_run_fit_points(&fits, err));
        rb_points_fini(&points);
        rb_catalogue_fini(&titles);
    }
done:
    rb_points_fini(&points);
    rb_catalogue_fini(&titles);
    return err->status;
}

static rb_status compare_samples(const resampling *r, int64_t item, rb_error *err)
{
    const int32_t *labels[RB_STABILITY_SAMPLES];
    for (int sample = 0; sample < RB_STABILITY_SAMPLES; sample++)
        labels[sample] = labels_of(r, item, sample);
    return rb_clustering_stability(&r->batch->item[item].stability, labels, RB_STABILITY_SAMPLES, r->n, err);
}

static rb_status resample(rb_cluster_batch *b, bool *wanted, rb_error *err)
{
    const rb_ctx *world = b->run->world;
    const int64_t n = b->points ? b->points->n : b->titles->n, n_labels = RB_STABILITY_SAMPLES * n;
    const int64_t most = LABELS_BYTES / (n_labels * (int64_t)sizeof(int32_t));
    const int64_t step = most < 1 ? 1 : most < b->n ? most : b->n;
    resampling r = { .batch = b, .wanted = wanted, .n = n };
    rb_alloc(&r.row, n, err);
    rb_alloc(&r.kept, b->points ? 0 : n, err);
    RB_TRY_ALL(world, rb_alloc(&r.labels, step * n_labels, err));
    for (; r.first < b->n; r.first = r.end) {
        r.end = r.first + step < b->n ? r.first + step : b->n;
        memset(r.labels, -1, (size_t)(step * n_labels) * sizeof *r.labels);
        RB_TRY(fit_samples(&r, err));
        for (int64_t i = r.first; i < r.end; i++)
            if (wanted[i])
                RB_TRY_ALL(world, compare_samples(&r, i, err));
    }
done:
    rb_free(r.row);
    rb_free(r.kept);
    rb_free(r.labels);
    return err->status;
}

rb_status rb_run_bootstrap(rb_cluster_batch *b, rb_error *err)
{
    bool *wanted = NULL, any = false;
    RB_TRY_ALL(b->run->world, rb_alloc(&wanted, b->n, err));
    for (int64_t i = 0; i < b->n; i++) {
        b->item[i].stability = (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
        wanted[i] = wants_bootstrap(b, &b->item[i]);
        any = any || wanted[i];
    }
    if (any)
        RB_TRY(resample(b, wanted, err));
done:
    rb_free(wanted);
    return err->status;
}
