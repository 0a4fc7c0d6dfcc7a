/* The gap statistic: every clustering that asks for it is fitted again on reference sets, by the same configuration. */
#include <math.h>

#include "base/alloc.h"
#include "eval/clustering.h"
#include "eval/gap.h"
#include "harness/fit_points.h"

bool rb_run_has_gap(const rb_metric *m, const rb_algorithm *a)
{
    const rb_param *k = rb_param_find(a->params, "k");
    return m->def->kind == RB_METRIC_GAP && k && k->kind == RB_PARAM_INT && a->needs == RB_NEEDS_SPACE && a->labels;
}

static bool wants_gap(const rb_cluster_batch *b, const rb_waiting *w)
{
    const rb_algorithm *a = rb_run_configuration(b->run, w->trial)->entry->algorithm;
    for (int32_t k = 0; k < w->wanted.n; k++)
        if (rb_run_has_gap(&w->wanted.metric[k], a))
            return true;
    return false;
}

/* A reference set and what is known of it. */
typedef struct {
    rb_points points;
    double *w;            /* [batch->n] */
    rb_cluster_batch *of; /* its items */
    bool *wanted;         /* [batch->n]; one that cannot be clustered so has no gap */
} reference;

/* Sum of squares of the set in the clusters that a configuration finds in it. */
static rb_status take_w(void *self, int64_t item, const int32_t *labels, int64_t n, rb_error *err)
{
    const reference *r = self;
    const rb_labelling labelling = { labels, RB_NOISE_DROP };
    rb_compactness compact;
    (void)n;
    if (!labels) {
        rb_waiting *w = &r->of->item[item];
        w->gap[0] = w->gap[1] = (rb_metric_value){ NAN, RB_VALUE_UNAVAILABLE };
        r->wanted[item] = false;
        return RB_OK;
    }
    RB_TRY(rb_clustering_compactness(&compact, &r->points, &labelling, r->of->run->world, err));
    r->w[item] = compact.inertia.state == RB_VALUE_OK ? compact.inertia.value : NAN;
done:
    return err->status;
}

/* w [n_sets x b->n] of every reference set and item that stays wanted. */
static rb_status fit_references(double *w, rb_cluster_batch *b, bool *wanted, int64_t n_sets, rb_error *err)
{
    const rb_ctx *world = b->run->world;
    reference r = { .of = b, .wanted = wanted };
    const rb_train_view view = { .space = &r.points };
    const rb_point_fits fits = { b, 0, b->n, wanted, &view, take_w, &r };
    for (int64_t set = 0; set < n_sets; set++) {
        r.w = w + set * b->n;
        RB_TRY(rb_gap_reference(&r.points, b->points, set, b->run->experiment.seed, world, err));
        r.points.name = b->points->name;
        RB_TRY(rb_run_fit_points(&fits, err));
        rb_points_fini(&r.points);
    }
done:
    rb_points_fini(&r.points);
    return err->status;
}

rb_status rb_run_find_gaps(rb_cluster_batch *b, rb_error *err)
{
    const rb_ctx *world = b->run->world;
    const int64_t n_sets = b->run->experiment.evaluation.gap_references;
    double *w = NULL, *own = NULL; /* of the sets, of one item */
    bool *wanted = NULL, any = false;
    rb_compactness compact;
    rb_alloc(&wanted, b->n, err);
    rb_alloc(&own, n_sets, err);
    RB_TRY_ALL(world, rb_alloc(&w, n_sets * b->n, err));
    for (int64_t i = 0; i < b->n; i++) {
        b->item[i].gap[0] = b->item[i].gap[1] = (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
        wanted[i] = b->points && wants_gap(b, &b->item[i]);
        any = any || wanted[i];
    }
    if (any)
        RB_TRY(fit_references(w, b, wanted, n_sets, err));
    for (int64_t i = 0; i < b->n; i++) {
        rb_waiting *item = &b->item[i];
        if (!wanted[i])
            continue;
        const rb_labelling labelling = { item->fit.labels, RB_NOISE_DROP };
        RB_TRY(rb_clustering_compactness(&compact, b->points, &labelling, world, err));
        for (int64_t set = 0; set < n_sets; set++)
            own[set] = w[set * b->n + i];
        rb_gap_statistic(&item->gap[0], &item->gap[1],
                         compact.inertia.state == RB_VALUE_OK ? compact.inertia.value : NAN, own, n_sets);
    }
done:
    rb_free(w);
    rb_free(own);
    rb_free(wanted);
    return err->status;
}
