/* Trials and refits, by their index in run->work. */
#include "harness/state.h"

const rb_trial *rb_run_trial(const rb_run_state *run, int64_t work)
{
    return &run->plan.trial[work % run->plan.n_trials];
}

const rb_configuration *rb_run_configuration(const rb_run_state *run, int64_t work)
{
    return &run->plan.configuration[rb_run_trial(run, work)->configuration];
}

bool rb_run_is_refit(const rb_run_state *run, int64_t work)
{
    return work >= run->plan.n_trials;
}

int64_t rb_run_holder(const rb_run_state *run, int64_t work)
{
    return run->work[work].twin ? run->work[work].twin_of : work;
}

rb_fit_outcome rb_run_ending(const rb_run_state *run, int64_t work)
{
    const rb_work *w = &run->work[rb_run_holder(run, work)];
    return w->outcome != RB_FIT_DONE ? w->outcome : w->lists;
}

int64_t rb_run_child(const rb_run_state *run, int64_t work, int32_t child)
{
    const rb_trial *trial = rb_run_trial(run, work);
    const rb_configuration *c = &run->plan.configuration[rb_run_configuration(run, work)->children[child]];
    int64_t of = rb_plan_trial(&run->plan, c->index, trial->fold, trial->repeat)->number - 1;
    bool refitted = rb_run_is_refit(run, work) && rb_depends_on_fold(&run->plan, c);
    return run->work[rb_run_holder(run, refitted ? of + run->plan.n_trials : of)].fit_of;
}

/* Those of the same fold and repeat: a clustering that depends on no split has one fit for all. */
int64_t rb_run_aspects(const rb_run_state *run, int64_t work)
{
    const rb_trial *trial = rb_run_trial(run, work);
    const int32_t of = rb_run_configuration(run, work)->aspects_child;
    if (of < 0)
        return -1;
    return rb_run_holder(run, rb_plan_trial(&run->plan, of, trial->fold, trial->repeat)->number - 1);
}

int64_t rb_run_stands_for(const rb_run_state *run, int64_t trial)
{
    int64_t refit = trial + run->plan.n_trials;
    if (refit >= run->n_work)
        return trial;
    const rb_work *w = &run->work[refit];
    return w->want == RB_WANT_VALUES && w->fitted && rb_run_ending(run, refit) == RB_FIT_DONE ? refit : trial;
}

bool rb_run_may_keep(const rb_run_state *run, rb_keep rule, int64_t work)
{
    const rb_experiment *e = &run->experiment;
    bool selectable = false;
    for (int m = 0; m < e->n_select; m++)
        selectable = selectable || rb_experiment_selects(e, m, rb_run_configuration(run, work)->entry);
    return rule == RB_KEEP_ALL || (rule == RB_KEEP_SELECTED && selectable);
}

bool rb_depends_on_fold(const rb_plan *plan, const rb_configuration *c) /* NOLINT(misc-no-recursion) */
{
    const unsigned split = RB_NEEDS_RATINGS | RB_NEEDS_POSITIVES | RB_NEEDS_SESSIONS | RB_NEEDS_VALIDATION;
    const rb_algorithm *a = c->entry->algorithm;
    bool depends = a->needs & split || a->can & RB_CAN_RECOMMEND; /* these are evaluated on it */
    depends = depends || plan->experiment->split.kind == RB_SPLIT_TITLES;
    for (int32_t i = 0; i < c->n_children; i++)
        depends = depends || rb_depends_on_fold(plan, &plan->configuration[c->children[i]]);
    return depends;
}
