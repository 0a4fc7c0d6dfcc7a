/*
 * Refits: what is selected on validation is fitted again on training + validation, under a key of its own.
 *
 * The refit of a trial has the trial's parameters, seed and fold. Where early stopping watched the trial, its refit
 * runs as many iterations as gave the model that was kept, and nothing watches it. What the configuration refers to is
 * refitted with it.
 */
#include <stdio.h>

#include "harness/results.h"

/* Refits that a wanted one refers to. */
static void want_children(rb_run_state *run, int64_t work) /* NOLINT(misc-no-recursion): as deep as references are */
{
    for (int32_t i = 0; i < rb_run_configuration(run, work)->n_children; i++) {
        int64_t child = rb_run_child(run, work, i);
        if (run->work[child].want != RB_WANT_NOTHING)
            continue;
        run->work[child].want = RB_WANT_MODEL;
        want_children(run, child);
    }
}

static void want(rb_run_state *run, int32_t configuration)
{
    const rb_plan *plan = &run->plan;
    for (int64_t t = 0; t < plan->n_trials; t++) {
        int64_t work = rb_run_holder(run, t + plan->n_trials);
        if (plan->trial[t].configuration != configuration || !run->work[rb_run_holder(run, t)].evaluated)
            continue;
        run->work[work].want = RB_WANT_VALUES;
        want_children(run, work);
        rb_work *of = &run->work[run->work[work].fit_of];
        of->want = of->want == RB_WANT_NOTHING ? RB_WANT_MODEL : of->want;
    }
}

static rb_status choose(rb_run_state *run, rb_error *err)
{
    rb_results r = { .run = run };
    rb_trial_reader reader = { rb_results_read, &r };
    RB_TRY(rb_results_begin(&r, err));
    RB_TRY(rb_select_winners(&r.selection, &run->plan, &reader, err));
    for (int32_t i = 0; i < r.selection.n; i++)
        if (r.selection.selected[i].metric->def->family != RB_FAMILY_CLUSTERING)
            want(run, r.selection.selected[i].configuration);
    for (int64_t w = run->plan.n_trials; w < run->n_work; w++) /* a model is all that is asked of it */
        if (run->work[w].want == RB_WANT_MODEL)
            run->work[w].evaluated = run->work[w].fitted;
done:
    rb_selection_fini(&r.selection);
    rb_results_end(&r);
    return err->status;
}

rb_status rb_run_choose_refits(rb_run_state *run, rb_error *err)
{
    if (run->world->rank == 0)
        choose(run, err);
    RB_TRY_ALL(run->world, err->status);
    rb_bcast(run->world, run->work, run->n_work * (int64_t)sizeof *run->work, 0);
done:
    return err->status;
}
