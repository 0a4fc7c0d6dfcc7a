/* What a run folder holds of the plan, and what of it must be made once more. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/replay.h"
#include "harness/stored_model.h"

/* ---- values ---- */

void rb_run_lists_id(char out[64], int64_t k)
{
    snprintf(out, 64, "lists@%lld", (long long)k);
}

static bool *held_of(const rb_run_state *run, int64_t t)
{
    return run->held + t * (run->experiment.n_metrics + 1);
}

static const rb_algorithm *algorithm_of(const rb_run_state *run, int64_t t)
{
    return rb_run_configuration(run, t)->entry->algorithm;
}

/* Whether a fit lacks what it measures only where it is asked for. */
static bool is_unmeasured(const rb_fit_record *fit, const rb_algorithm *a, const char *name)
{
    for (int64_t i = 0; i < fit->n_measured; i++)
        if (strcmp(fit->measured[i].name, name) == 0)
            return false;
    for (int m = 0; a->measures && a->measures[m]; m++)
        if (strcmp(a->measures[m], name) == 0)
            return a->dear & (1u << m) && fit->outcome == RB_FIT_DONE;
    return false;
}

static bool is_held(const rb_metric_record *r, const rb_run_state *run, int64_t t, const rb_metric *m)
{
    if (m->def->of_fit) /* in the unit of the fit, which is there */
        return !run->work[t].unmeasured;
    if (rb_metric_is_of_fits(m)) /* in the units of several */
        return true;
    if (m->def->family == RB_FAMILY_CLUSTERING)
        return rb_metric_record_find(r, rb_experiment_fitted_part(&run->experiment), m->id) &&
               (run->unseen.n == 0 || rb_metric_record_find(r, "test", m->id));
    bool validated = !run->data.has_interactions || rb_run_is_refit(run, t) ||
                     !rb_split_has_validation(&run->experiment.split) || rb_metric_record_find(r, "validation", m->id);
    return validated && rb_metric_record_find(r, "test", m->id);
}

/* Whether a trial has lists: they take a ranking of all items, which errors of ratings do without. */
static bool makes_lists(const rb_run_state *run, int64_t t)
{
    return run->makes_lists && rb_run_configuration(run, t)->entry->can & RB_CAN_RANK;
}

/* Which values the units of a trial hold; true where it is all of them. */
static bool note_held(rb_run_state *run, int64_t t, const rb_metric_record *r)
{
    const rb_experiment *e = &run->experiment;
    bool *held = held_of(run, t), all = true;
    char id[64];
    for (int32_t i = 0; i < e->n_metrics; i++) {
        held[i] = is_held(r, run, t, &e->metrics[i]);
        all = all && held[i];
    }
    rb_run_lists_id(id, run->lists_k);
    held[e->n_metrics] = !makes_lists(run, t) || rb_metric_record_find(r, "test", id);
    return all && held[e->n_metrics];
}

rb_status rb_run_wanted(rb_wanted *out, const rb_run_state *run, int64_t t, rb_error *err)
{
    const rb_experiment *e = &run->experiment;
    const bool *held = held_of(run, t);
    const rb_work *w = &run->work[t];
    *out = (rb_wanted){ 0 };
    if (w->want != RB_WANT_VALUES)
        return RB_OK;
    RB_TRY(rb_alloc(&out->metric, e->n_metrics, err));
    for (int32_t i = 0; i < e->n_metrics; i++)
        if (!held[i] && !rb_metric_is_of_fits(&e->metrics[i]))
            out->metric[out->n++] = e->metrics[i];
    out->lists =
        makes_lists(run, t) && (!held[e->n_metrics] || (w->again && !w->has_lists && e->store.lists != RB_KEEP_NONE));
done:
    return err->status;
}

/* ---- units ---- */

/* Units that cannot be read are made again: they make room, and what was wrong with them is said. */
static void set_aside(rb_run_state *run, int64_t t, const rb_unit_list *units, const char *like, const rb_error *why)
{
    rb_log_warn(&run->log, "%s; it is made again", why->message);
    rb_unit_set_aside(units, run->folder, run->work[t].key, like);
}

/* Whether the model of a fit lies there: the digest at its end tells that the file is whole. */
static bool has_model(rb_run_state *run, int64_t t, const rb_unit_list *units, const rb_fit_record *fit)
{
    char path[4096];
    rb_hdf file = { 0 };
    rb_digest digest;
    rb_error failure = { 0 };
    if (!rb_unit_exists(run->folder, run->work[t].key, "model"))
        return false;
    if (rb_hdf_open(&file, rb_unit_path(path, run->folder, run->work[t].key, "model"), &failure) == RB_OK &&
        rb_unit_get_digest(&file, "digest", &digest, &failure) == RB_OK &&
        memcmp(&digest, &fit->model, sizeof digest) != 0)
        RB_FAIL(&failure, RB_IO, "%s: not the model of its fit: 'digest' is another", path);
    rb_hdf_close(&file);
    if (failure.status != RB_OK)
        set_aside(run, t, units, ".model.h5", &failure);
    return failure.status == RB_OK;
}

static bool has_lists(rb_run_state *run, int64_t t, const rb_unit_list *units)
{
    const char *key = run->work[t].key;
    const char *evaluation = run->work[t].evaluation;
    char like[64];
    rb_error failure = { 0 };
    int64_t width = rb_stored_lists_width(units, key, evaluation);
    if (width < run->lists_k)
        return false;
    snprintf(like, sizeof like, ".%.8s-%lld.lists.h5", evaluation, (long long)width);
    if (rb_stored_lists_check(units, run->folder, key, evaluation, &failure) != RB_OK)
        set_aside(run, t, units, like, &failure);
    return failure.status == RB_OK;
}

/* What the fit of a trial left; false where it has none that can be read. */
static bool read_fit(rb_fit_record *fit, rb_run_state *run, int64_t t, const rb_unit_list *units, rb_error *err)
{
    rb_error failure = { 0 };
    if (!rb_unit_exists(run->folder, run->work[t].key, "fit"))
        return false;
    if (rb_fit_record_read(fit, run->folder, run->work[t].key, &failure) == RB_NO_MEMORY)
        *err = failure;
    else if (failure.status != RB_OK)
        set_aside(run, t, units, ".fit.h5", &failure);
    return failure.status == RB_OK;
}

static rb_status scan_trial(rb_run_state *run, int64_t t, const rb_unit_list *units, rb_error *err)
{
    rb_work *w = &run->work[t];
    rb_metric_record metrics = { 0 };
    rb_fit_record fit = { 0 };
    rb_error failure = { 0 };
    char like[32];
    if (!read_fit(&fit, run, t, units, err))
        goto done;
    bool stopped = fit.outcome == RB_FIT_TIMEOUT || fit.outcome == RB_FIT_OVER_BUDGET; /* another machine may do it */
    w->fitted = !stopped;
    w->outcome = stopped ? RB_FIT_DONE : fit.outcome; /* as if it had never run */
    w->has_model = has_model(run, t, units, &fit);
    w->has_lists = has_lists(run, t, units);
    rb_metric_record_read(&metrics, units, run->folder, w->key, w->evaluation, false, &failure);
    if (failure.status == RB_NO_MEMORY) {
        *err = failure;
        goto done;
    }
    for (int32_t i = 0; i < run->experiment.n_metrics; i++)
        if (run->experiment.metrics[i].def->of_fit && w->want == RB_WANT_VALUES && !rb_run_is_refit(run, t))
            w->unmeasured =
                w->unmeasured || is_unmeasured(&fit, algorithm_of(run, t), run->experiment.metrics[i].def->name);
    if (failure.status == RB_OK) {
        bool all = note_held(run, t, &metrics);
        w->evaluated = w->fitted && (fit.outcome == RB_FIT_FAILED || all);
    } else {
        snprintf(like, sizeof like, ".%.8s-", w->evaluation);
        set_aside(run, t, units, like, &failure);
        w->has_lists = false; /* they bear the same name */
    }
done:
    rb_metric_record_fini(&metrics);
    rb_fit_record_fini(&fit);
    return err->status;
}

/* Checkpoints of fits of other code or another file: nobody reads them here. */
static void note_stale(rb_run_state *run, const rb_unit_list *units)
{
    int64_t n = 0;
    for (int64_t i = 0; i < units->n; i++) {
        bool known = !strstr(units->names[i], ".checkpoint.h5");
        for (int64_t t = 0; t < run->n_work && !known; t++)
            known = strncmp(units->names[i], run->work[t].key, RB_KEY_DIGITS) == 0;
        n += !known;
    }
    if (n > 0)
        rb_log_say(&run->log,
                   "%s/units holds %lld checkpoint%s that no fit of this run goes on from (another file, or "
                   "another version): ignored",
                   run->folder, (long long)n, rb_text_plural(n));
}

/* Fits in the folder that no trial or refit of the plan has. */
static int64_t count_others(const rb_run_state *run, const rb_unit_list *units)
{
    int64_t n = 0;
    for (int64_t i = 0; i < units->n; i++)
        n += strcmp(units->names[i] + strcspn(units->names[i], "."), ".fit.h5") == 0;
    for (int64_t t = 0; t < run->n_work; t++)
        n -= !run->work[t].twin && run->work[t].fit_of == t && rb_unit_exists(run->folder, run->work[t].key, "fit");
    return n;
}

static rb_status scan(rb_run_state *run, rb_error *err)
{
    rb_unit_list units = { 0 };
    RB_TRY(rb_unit_list_init(&units, run->folder, err));
    run->n_others = count_others(run, &units);
    for (int64_t t = 0; t < run->n_work; t++)
        RB_TRY(scan_trial(run, t, &units, err));
    note_stale(run, &units);
done:
    rb_unit_list_fini(&units);
    return err->status;
}

rb_status rb_run_scan(rb_run_state *run, rb_error *err)
{
    const rb_experiment *e = &run->experiment;
    int64_t n_held = run->n_work * (e->n_metrics + 1);
    RB_TRY_ALL(run->world, rb_alloc(&run->held, n_held, err));
    run->lists_k = RB_LISTS_K;
    bool any_rating = false, any_other = false;
    for (int32_t i = 0; i < e->n_metrics; i++) {
        rb_metric_family family = e->metrics[i].family;
        any_rating = any_rating || family == RB_FAMILY_RATING;
        any_other = any_other || (family != RB_FAMILY_RATING && family != RB_FAMILY_CLUSTERING);
        if (family != RB_FAMILY_SESSION && e->metrics[i].cutoff > run->lists_k)
            run->lists_k = e->metrics[i].cutoff;
    }
    run->makes_lists = any_other || !any_rating;
    if (run->world->rank == 0)
        scan(run, err);
    RB_TRY_ALL(run->world, err->status);
    rb_bcast(run->world, run->work, run->n_work * (int64_t)sizeof *run->work, 0);
    rb_bcast(run->world, run->held, n_held * (int64_t)sizeof *run->held, 0);
    rb_run_mark_dropped(run, NULL);
    run->n_kept = rb_run_count_kept(&run->n_kept_failed, run);
done:
    return err->status;
}

void rb_run_note_evaluated(rb_run_state *run, int64_t t)
{
    memset(held_of(run, t), 1, (size_t)run->experiment.n_metrics + 1);
}

/* ---- what was dropped ---- */

/* A clustering whose values are missing has them from its labels, without a fit. */
static bool waits_for_values(const rb_run_state *run, int64_t t)
{
    const rb_work *w = &run->work[t];
    return w->fitted && !w->evaluated && !w->again && !(algorithm_of(run, t)->can & RB_CAN_RECOMMEND);
}

bool rb_run_is_to_run(const rb_run_state *run, int64_t t)
{
    const rb_work *w = &run->work[t];
    const rb_work *of = &run->work[w->fit_of];
    bool in_vain = of != w && of->fitted && of->outcome != RB_FIT_DONE; /* the fit that it takes has failed */
    bool failed = w->lists != RB_FIT_DONE; /* nor is its re-ranking tried twice in one start */
    return w->want != RB_WANT_NOTHING && !w->twin && ((!w->evaluated && !failed) || w->again) &&
           !waits_for_values(run, t) && !in_vain;
}

static bool is_wanted(rb_keep rule, const bool *selected, int64_t t)
{
    return rule == RB_KEEP_ALL || (rule == RB_KEEP_SELECTED && selected && selected[t]);
}

/* Models that a stored one reads when it is applied are kept with it. */
static void keep_children(rb_run_state *run, int64_t work)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    char name[32];
    for (int32_t i = 0; run->work[rb_run_holder(run, work)].keeps && i < c->n_children; i++) {
        rb_stored_child_name(name, c, i);
        if (name[0])
            run->work[rb_run_child(run, work, i)].keeps = true;
    }
}

/* Calls `visit` for every trial and refit, parents before children. */
static void walk_down(rb_run_state *run, void (*visit)(rb_run_state *run, int64_t work))
{
    const rb_plan *plan = &run->plan;
    for (int32_t i = plan->n_configurations - 1; i >= 0; i--)
        for (int32_t k = 0; k < plan->n_folds * plan->n_repeats; k++) {
            int64_t t = rb_plan_trial(plan, plan->order[i], k / plan->n_repeats, k % plan->n_repeats)->number - 1;
            for (int64_t w = t; w < run->n_work; w += plan->n_trials)
                visit(run, w);
        }
}

void rb_run_mark_kept(rb_run_state *run, const bool *selected)
{
    for (int64_t w = 0; w < run->n_work; w++)
        run->work[w].keeps = is_wanted(run->experiment.store.models, selected, w);
    walk_down(run, keep_children);
    for (int64_t w = 0; w < run->n_work; w++) /* one model serves all that share its fit */
        if (run->work[w].keeps)
            run->work[run->work[w].fit_of].keeps = true;
    for (int64_t w = 0; w < run->n_work; w++)
        run->work[w].keeps = run->work[run->work[w].fit_of].keeps;
}

/* The models that a trial reads must be there when it runs, or when it is evaluated. */
static void mark_children(rb_run_state *run, int64_t work)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    if (!rb_run_is_to_run(run, work) && !waits_for_values(run, work))
        return;
    for (int32_t i = 0; i < c->n_children; i++) {
        rb_work *w = &run->work[rb_run_child(run, work, i)];
        if (rb_configuration_reads_model(c, i) && w->fitted && w->outcome == RB_FIT_DONE && !w->has_model)
            w->again = true;
    }
    for (int64_t m = rb_run_space_child(run, work); m >= 0 && run->unseen.n > 0; m = rb_run_space_child(run, m)) {
        rb_work *w = &run->work[m]; /* unseen titles go all the way */
        w->again = w->again || (w->fitted && w->outcome == RB_FIT_DONE && !w->has_model);
    }
}

int64_t rb_run_mark_dropped(rb_run_state *run, const bool *selected)
{
    int64_t n = 0;
    rb_run_mark_kept(run, selected);
    for (int64_t t = 0; t < run->n_work; t++) {
        rb_work *w = &run->work[t];
        if (w->want == RB_WANT_NOTHING || w->twin || !w->fitted || w->outcome != RB_FIT_DONE)
            continue;
        bool lists = w->want == RB_WANT_VALUES && makes_lists(run, t) && !w->has_lists && w->lists == RB_FIT_DONE &&
                     is_wanted(run->experiment.store.lists, selected, t);
        w->again = ((!w->has_model && w->keeps) || w->unmeasured) && w->fit_of == t;
        w->again = w->again || lists;
    }
    rb_run_mark_arms(run);
    walk_down(run, mark_children);
    for (int64_t w = 0; w < run->n_work; w++)
        n += run->work[w].again;
    return n;
}

int64_t rb_run_count_again(const rb_run_state *run)
{
    int64_t n = 0;
    for (int64_t t = 0; t < run->n_work; t++) {
        const rb_work *w = &run->work[t];
        n += w->fit_of == t && rb_run_is_to_run(run, t) && w->fitted && w->outcome == RB_FIT_DONE &&
             (!w->has_model || w->unmeasured);
    }
    return n;
}

int64_t rb_run_count_kept(int64_t *n_failed, const rb_run_state *run)
{
    int64_t n = 0;
    *n_failed = 0;
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        bool kept = run->work[t].evaluated && !run->work[t].again;
        n += kept;
        *n_failed += kept && run->work[rb_run_holder(run, t)].outcome == RB_FIT_FAILED;
    }
    return n;
}
