/* The gap statistic: every clustering that asks for it is fitted again on reference sets, by the same configuration. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/clustering.h"
#include "eval/gap.h"
#include "harness/evaluate_clusters.h"

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

rb_status rb_run_fit_points(void *state, const rb_configuration *c, const rb_points *points, const void *prepared,
                            rb_ctx *ctx, rb_error *err)
{
    const rb_algorithm *a = c->entry->algorithm;
    const rb_train_view view = { .space = points };
    double objective;
    bool done = false;
    if (a->fit)
        return a->fit(state, &view, prepared, c->config, ctx, err);
    RB_TRY_ALL(ctx, a->begin(state, &view, prepared, c->config, ctx, err));
    for (int64_t i = 0; !done; i++)
        RB_TRY_ALL(ctx, a->iterate(state, i, &objective, &done, &view, prepared, c->config, ctx, err));
    if (a->end)
        RB_TRY_ALL(ctx, a->end(state, &view, prepared, c->config, ctx, err));
done:
    return err->status;
}

/* Sum of squares of a reference set in the clusters that a configuration finds in it. */
static rb_status reference_w(double *w, const rb_cluster_batch *b, int64_t trial, const rb_points *points,
                             const void *prepared, rb_error *err)
{
    const rb_configuration *c = rb_run_configuration(b->run, trial);
    const rb_algorithm *a = c->entry->algorithm;
    rb_ctx ctx = *b->run->world;
    rb_compactness compact;
    char *state = NULL;
    int64_t n;
    ctx.seed = rb_plan_seed(&b->run->plan, rb_run_trial(b->run, trial)->repeat);
    RB_TRY_ALL(&ctx, rb_alloc(&state, (int64_t)a->state_size, err));
    RB_TRY_ALL(&ctx, rb_run_fit_points(state, c, points, prepared, &ctx, err));
    const rb_labelling labelling = { a->labels(state, &n), RB_NOISE_DROP };
    RB_TRY(rb_clustering_compactness(&compact, points, &labelling, &ctx, err));
    *w = compact.inertia.state == RB_VALUE_OK ? compact.inertia.value : NAN;
done:
    if (state)
        a->fini(state);
    rb_free(state);
    return err->status;
}

/* Whether item i and an earlier one share what their algorithm prepares. */
static bool shares(const rb_cluster_batch *b, int64_t i, int64_t first)
{
    const rb_work *x = &b->run->work[b->item[i].trial], *y = &b->run->work[b->item[first].trial];
    return i == first || (!b->run->options->no_share && memcmp(&x->prepares, &y->prepares, sizeof x->prepares) == 0);
}

/* All clusterings of one reference set that share with item `first`, by the one thing that is prepared for them. */
static rb_status fit_sharers(double *w, const rb_cluster_batch *b, const bool *wanted, bool *settled, int64_t first,
                             const rb_points *points, rb_error *err)
{
    const rb_algorithm *a = rb_run_configuration(b->run, b->item[first].trial)->entry->algorithm;
    const rb_train_view view = { .space = points };
    rb_ctx ctx = *b->run->world;
    const void **configs = NULL;
    void *prepared = NULL;
    int n = 0;
    ctx.seed = rb_seed_named(b->run->experiment.seed, "prepare");
    RB_TRY_ALL(&ctx, rb_alloc(&configs, b->n, err));
    for (int64_t i = first; i < b->n; i++)
        if (wanted[i] && shares(b, i, first))
            configs[n++] = rb_run_configuration(b->run, b->item[i].trial)->config;
    if (a->prepare)
        RB_TRY_ALL(&ctx, a->prepare(&prepared, &view, configs, n, &ctx, err));
    for (int64_t i = first; i < b->n; i++)
        if (wanted[i] && shares(b, i, first)) {
            RB_TRY(reference_w(&w[i], b, b->item[i].trial, points, prepared, err));
            settled[i] = true;
        }
done:
    if (prepared)
        a->unprepare(prepared);
    rb_free(configs);
    return err->status;
}

/* w [n_sets x b->n] of every reference set and item. */
static rb_status fit_references(double *w, const rb_cluster_batch *b, const bool *wanted, int64_t n_sets, rb_error *err)
{
    const rb_ctx *world = b->run->world;
    rb_points points = { 0 };
    bool *settled = NULL;
    RB_TRY_ALL(world, rb_alloc(&settled, b->n, err));
    for (int64_t set = 0; set < n_sets; set++) {
        RB_TRY(rb_gap_reference(&points, b->points, set, b->run->experiment.seed, world, err));
        points.name = b->points->name;
        memset(settled, 0, (size_t)b->n);
        for (int64_t i = 0; i < b->n; i++)
            if (wanted[i] && !settled[i])
                RB_TRY(fit_sharers(w + set * b->n, b, wanted, settled, i, &points, err));
        rb_points_fini(&points);
    }
done:
    rb_points_fini(&points);
    rb_free(settled);
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
        wanted[i] = b->points && !b->points->sparse && wants_gap(b, &b->item[i]);
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
