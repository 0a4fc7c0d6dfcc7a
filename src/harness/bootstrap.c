/* stability:bootstrap: how far clusterings of resampled points agree. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/stability.h"
#include "harness/evaluate_clusters.h"

/* The labels of the resampled points among all; the others keep -1. */
static rb_status label_sample(int32_t *labels, const rb_run_state *run, const rb_points *sample, const int64_t *row,
                              const rb_configuration *c, rb_ctx *ctx, rb_error *err)
{
    const rb_algorithm *a = c->entry->algorithm;
    const rb_train_view view = { .space = sample };
    const void *configs[1] = { c->config };
    rb_ctx plain = *ctx;
    char *state = NULL;
    void *prepared = NULL;
    int64_t n;
    plain.seed = rb_seed_named(run->experiment.seed, "prepare");
    RB_TRY_ALL(ctx, rb_alloc(&state, (int64_t)a->state_size, err));
    if (a->prepare)
        RB_TRY_ALL(ctx, a->prepare(&prepared, &view, configs, 1, &plain, err));
    RB_TRY_ALL(ctx, rb_run_fit_points(state, c, sample, prepared, ctx, err));
    const int32_t *found = a->labels(state, &n);
    for (int64_t i = 0; i < n; i++)
        labels[row[i]] = found[i];
done:
    if (state)
        a->fini(state);
    if (prepared)
        a->unprepare(prepared);
    rb_free(state);
    return err->status;
}

static bool applies(const rb_configuration *c, const rb_points *points)
{
    const unsigned needs = c->entry->algorithm->needs;
    return points && (needs & RB_NEEDS_SPACE) && !(needs & ~(RB_NEEDS_SPACE | RB_NEEDS_COUNTS));
}

static rb_status fit_samples(int32_t *const *labels, const rb_run_state *run, const rb_configuration *c, int32_t repeat,
                             const rb_points *points, rb_error *err)
{
    rb_ctx ctx = *run->world;
    rb_points sample = { 0 };
    int64_t *row = NULL;
    ctx.seed = rb_plan_seed(&run->plan, repeat);
    RB_TRY_ALL(&ctx, rb_alloc(&row, points->n, err));
    for (int b = 0; b < RB_STABILITY_SAMPLES; b++) {
        const int64_t n = rb_stability_draw(row, points->n, b);
        RB_TRY(rb_points_gather(&sample, points, row, n, &ctx, err));
        for (int64_t i = 0; i < points->n; i++)
            labels[b][i] = -1;
        RB_TRY(label_sample(labels[b], run, &sample, row, c, &ctx, err));
        rb_points_fini(&sample);
    }
done:
    rb_points_fini(&sample);
    rb_free(row);
    return err->status;
}

rb_status rb_run_bootstrap(rb_metric_value *value, const rb_run_state *run, int64_t work, const rb_points *points,
                           rb_error *err)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    const rb_ctx *world = run->world;
    int32_t *labels[RB_STABILITY_SAMPLES] = { NULL };
    rb_error failure = { 0 };
    *value = (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
    if (!applies(c, points))
        return RB_OK;
    for (int b = 0; b < RB_STABILITY_SAMPLES; b++)
        rb_alloc(&labels[b], points->n, err);
    RB_TRY_ALL(world, err->status);
    fit_samples(labels, run, c, rb_run_trial(run, work)->repeat, points, &failure);
    if (failure.status == RB_NO_MEMORY || failure.status == RB_IO)
        RB_TRY(RB_FAIL(err, failure.status, "%s", failure.message));
    if (failure.status != RB_OK) /* a resample that cannot be clustered so, as one of fewer points than k */
        value->state = RB_VALUE_UNAVAILABLE;
    else
        RB_TRY_ALL(world, rb_clustering_stability(value, (const int32_t *const *)labels, RB_STABILITY_SAMPLES,
                                                  points->n, err));
done:
    for (int b = 0; b < RB_STABILITY_SAMPLES; b++)
        rb_free(labels[b]);
    return err->status;
}
