#include "harness/prepared.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "harness/job.h"

static void unprepare(rb_prepared *p)
{
    if (p->state)
        p->algorithm->unprepare(p->state);
    p->state = NULL;
}

void rb_prepared_release(rb_prepared *p)
{
    unprepare(p);
    rb_free(p->user);
    *p = (rb_prepared){ .order = p->order, .n_order = p->n_order };
}

void rb_prepared_done(rb_prepared *p)
{
    if (!p->algorithm)
        return;
    if (p->alone)
        unprepare(p);
    if (--p->n_left == 0)
        rb_prepared_release(p);
}

/* ---- for whom ---- */

static bool serves(const rb_prepared *p, int64_t work)
{
    for (int64_t i = 0; i < p->n_users; i++)
        if (p->user[i] == work)
            return true;
    return false;
}

/* What is read back, or refused before it is fitted, has no say in what is prepared. */
static bool shares(const rb_job *j, int64_t work)
{
    const rb_run_state *run = j->run;
    const rb_work *w = &run->work[work];
    rb_error ignored = { 0 };
    return !run->options->no_share && memcmp(&w->prepares, &j->work->prepares, sizeof w->prepares) == 0 &&
           !(w->fitted && w->outcome == RB_FIT_DONE && w->has_model && !w->unmeasured) &&
           rb_trial_refusal(run, work, &j->ctx, &ignored) == RB_OK;
}

/* The job, and those after it. */
static rb_status collect(rb_prepared *p, const rb_job *j, rb_error *err)
{
    int64_t at = 0;
    while (at < p->n_order && p->order[at] != j->index)
        at++;
    RB_TRY_ALL(&j->ctx, rb_alloc(&p->user, p->n_order + 1, err));
    p->algorithm = j->algorithm;
    p->user[p->n_users++] = j->index;
    for (int64_t i = at + 1; i < p->n_order; i++)
        if (shares(j, p->order[i]))
            p->user[p->n_users++] = p->order[i];
    p->n_left = p->n_users;
    p->alone = p->n_users == 1;
done:
    return err->status;
}

/* ---- computing ---- */

static rb_status compute(rb_prepared *p, const rb_job *j, const int64_t *user, int64_t n, rb_error *err)
{
    const void **configs = NULL;
    double begin_s = rb_clock_s();
    rb_ctx ctx = j->ctx;
    ctx.seed = rb_seed_named(j->run->experiment.seed, "prepare"); /* whichever trial comes first */
    RB_TRY_ALL(&ctx, rb_alloc(&configs, n, err));
    for (int64_t i = 0; i < n; i++)
        configs[i] = rb_run_configuration(j->run, user[i])->config;
    RB_TRY_ALL(&ctx, p->algorithm->prepare(&p->state, &j->view, configs, (int)n, &ctx, err));
    p->part_s = (rb_clock_s() - begin_s) / (double)n;
done:
    if (err->status != RB_OK)
        unprepare(p);
    rb_free(configs);
    return err->status;
}

rb_status rb_prepared_get(const void **state, rb_prepared *p, const rb_job *j, rb_error *err)
{
    bool held = serves(p, j->index);
    if (!held)
        rb_prepared_release(p);
    if (!j->algorithm->prepare)
        return RB_OK;
    if (!held) {
        rb_error failure = { 0 };
        RB_TRY(collect(p, j, err));
        p->alone = p->alone || compute(p, j, p->user, p->n_users, &failure) != RB_OK;
    }
    if (p->alone)
        RB_TRY(compute(p, j, &j->index, 1, err));
    *state = p->state;
done:
    return err->status;
}
