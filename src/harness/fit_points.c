#include "harness/fit_points.h"

#include <string.h>

#include "base/alloc.h"

/* What ends the run, whatever was fitted; all else is about the points. */
static rb_status raise_fatal(const rb_error *failure, rb_error *err)
{
    if (failure->status == RB_NO_MEMORY || failure->status == RB_IO)
        *err = *failure;
    return err->status;
}

static rb_status fit(void *state, const rb_configuration *c, const rb_train_view *view, const void *prepared,
                     rb_ctx *ctx, rb_error *err)
{
    const rb_algorithm *a = c->entry->algorithm;
    double objective;
    bool done = false;
    if (a->fit)
        return rb_agree(ctx, a->fit(state, view, prepared, c->config, ctx, err), err);
    RB_TRY_ALL(ctx, a->begin(state, view, prepared, c->config, ctx, err));
    for (int64_t i = 0; !done; i++)
        RB_TRY_ALL(ctx, a->iterate(state, i, &objective, &done, view, prepared, c->config, ctx, err));
    if (a->end)
        RB_TRY_ALL(ctx, a->end(state, view, prepared, c->config, ctx, err));
done:
    return err->status;
}

static rb_status fit_item(const rb_point_fits *f, int64_t item, const void *prepared, rb_error *err)
{
    const rb_run_state *run = f->batch->run;
    const int64_t work = f->batch->item[item].trial;
    const rb_configuration *c = rb_run_configuration(run, work);
    rb_ctx ctx = *run->world;
    rb_error failure = { 0 };
    const int32_t *labels = NULL;
    char *state = NULL;
    int64_t n = 0;
    ctx.seed = rb_plan_seed(&run->plan, rb_run_trial(run, work)->repeat);
    RB_TRY_ALL(&ctx, rb_alloc(&state, (int64_t)c->entry->algorithm->state_size, err));
    fit(state, c, f->view, prepared, &ctx, &failure);
    RB_TRY(raise_fatal(&failure, err));
    if (failure.status == RB_OK)
        labels = c->entry->algorithm->labels(state, &n);
    RB_TRY(f->take(f->self, item, labels, n, err));
done:
    if (state)
        c->entry->algorithm->fini(state);
    rb_free(state);
    return err->status;
}

/* Whether two items share what their algorithm prepares. */
static bool shares(const rb_point_fits *f, int64_t i, int64_t k)
{
    const rb_run_state *run = f->batch->run;
    const rb_work *x = &run->work[f->batch->item[i].trial], *y = &run->work[f->batch->item[k].trial];
    return !run->options->no_share && memcmp(&x->prepares, &y->prepares, sizeof x->prepares) == 0;
}

/* The item, unless it is alone also those after it that share with it, by the one thing that is prepared for them.
 * Where several want what cannot be prepared, none of them is settled. */
static rb_status fit_sharers(const rb_point_fits *f, bool *settled, int64_t item, bool alone, rb_error *err)
{
    const rb_run_state *run = f->batch->run;
    const rb_algorithm *a = rb_run_configuration(run, f->batch->item[item].trial)->entry->algorithm;
    rb_ctx ctx = *run->world;
    rb_error failure = { 0 };
    const void **configs = NULL;
    int64_t *sharer = NULL;
    void *prepared = NULL;
    int n = 0;
    ctx.seed = rb_seed_named(run->experiment.seed, "prepare");
    rb_alloc(&sharer, f->end - item, err);
    RB_TRY_ALL(&ctx, rb_alloc(&configs, f->end - item, err));
    for (int64_t i = item; i < f->end; i++)
        if (i == item || (!alone && f->wanted[i] && !settled[i] && shares(f, i, item))) {
            configs[n] = rb_run_configuration(run, f->batch->item[i].trial)->config;
            sharer[n++] = i;
        }
    if (a->prepare)
        rb_agree(&ctx, a->prepare(&prepared, f->view, configs, n, &ctx, &failure), &failure);
    RB_TRY(raise_fatal(&failure, err));
    for (int k = 0; k < n && (failure.status == RB_OK || n == 1); k++) {
        settled[sharer[k]] = true;
        RB_TRY(failure.status == RB_OK ? fit_item(f, sharer[k], prepared, err)
                                       : f->take(f->self, sharer[k], NULL, 0, err));
    }
done:
    if (prepared)
        a->unprepare(prepared);
    rb_free(configs);
    rb_free(sharer);
    return err->status;
}

rb_status rb_run_fit_points(const rb_point_fits *f, rb_error *err)
{
    bool *settled = NULL;
    RB_TRY_ALL(f->batch->run->world, rb_alloc(&settled, f->batch->n, err));
    for (int64_t i = f->first; i < f->end; i++) {
        if (f->wanted[i] && !settled[i])
            RB_TRY(fit_sharers(f, settled, i, false, err));
        if (f->wanted[i] && !settled[i])
            RB_TRY(fit_sharers(f, settled, i, true, err));
    }
done:
    rb_free(settled);
    return err->status;
}
