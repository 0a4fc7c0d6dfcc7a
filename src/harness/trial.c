/* One trial in a group of ranks: fit, evaluate, write its units. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "harness/model.h"
#include "harness/state.h"

/* A trial while it runs. */
typedef struct {
    rb_run_state *run;
    const rb_fold *fold;
    const rb_configuration *c;
    const rb_algorithm *algorithm;
    rb_work *work;
    rb_ctx ctx; /* the group's, with the trial's seed */
    rb_train_view view;
    rb_points made;        /* the space that a child trial made */
    rb_model_view *models; /* [n_children] */
    void **child_state;    /* [n_children] owned */
    void *state;
    rb_fit_record fit;
    int64_t history_capacity;
} job;

/* Writers are the rank 0 of each group. */
static bool writes(const job *j)
{
    return j->ctx.rank == 0;
}

/* ---- children: other trials' models, read back from their units ---- */

static rb_status load_child(job *j, int32_t i, const rb_trial *trial, rb_error *err)
{
    const rb_configuration *child = &j->run->plan.configuration[j->c->children[i]];
    const rb_trial *of = rb_plan_trial(&j->run->plan, child->index, trial->fold, trial->repeat);
    char path[4096];
    rb_hdf file = { 0 };
    if (j->run->work[of->number - 1].outcome != RB_FIT_DONE)
        return RB_FAIL(err, RB_FAILED, "trial %lld (%s), which it refers to, has no model", (long long)of->number,
                       child->entry->name);
    char *memory = NULL;
    RB_TRY(rb_alloc(&memory, (int64_t)child->entry->algorithm->state_size, err));
    j->child_state[i] = memory;
    rb_unit_path(path, j->run->folder, j->run->work[of->number - 1].key, "model");
    RB_TRY(rb_hdf_open(&file, path, err));
    RB_TRY(rb_model_load(file.id, child->entry->algorithm, j->child_state[i], err));
    j->models[i] = (rb_model_view){ child->entry->algorithm, child->config, j->child_state[i] };
done:
    rb_hdf_close(&file);
    return err->status;
}

/* The points that a child trial made of its data; the values stay the child's. */
static rb_status take_space(job *j, rb_error *err)
{
    for (int32_t i = 0; i < j->c->n_children; i++) {
        if (j->c->children[i] != j->c->space_child)
            continue;
        const rb_algorithm *a = j->models[i].algorithm;
        if (!a->embed)
            return RB_FAIL(err, RB_NOT_APPLICABLE, "%s makes no space that another trial could use", a->name);
        j->made.dense = a->embed(j->models[i].state, &j->made.n, &j->made.d);
        j->made.name = j->c->entry->name;
        j->view.space = &j->made;
        return rb_blocks_init(&j->made.blocks, j->made.n, NULL, 1, err);
    }
    return RB_OK;
}

static rb_status load_children(job *j, const rb_trial *trial, rb_error *err)
{
    rb_alloc(&j->models, j->c->n_children, err);
    rb_alloc(&j->child_state, j->c->n_children, err);
    for (int32_t i = 0; i < j->c->n_children && err->status == RB_OK; i++)
        load_child(j, i, trial, err);
    j->view.models = j->models;
    j->view.n_models = j->c->n_children - (j->c->space_child >= 0);
    RB_TRY_ALL(&j->ctx, err->status);
    RB_TRY_ALL(&j->ctx, take_space(j, err));
done:
    return err->status;
}

/* ---- fitting ---- */

static rb_status note_iteration(job *j, double objective, double validation, double wall_s, rb_error *err)
{
    rb_fit_record *r = &j->fit;
    int64_t capacity = j->history_capacity;
    RB_TRY(rb_grow(&r->objective, &capacity, r->n_history + 1, err));
    capacity = j->history_capacity;
    RB_TRY(rb_grow(&r->validation, &capacity, r->n_history + 1, err));
    capacity = j->history_capacity;
    RB_TRY(rb_grow(&r->iteration_s, &capacity, r->n_history + 1, err));
    j->history_capacity = capacity;
    r->objective[r->n_history] = objective;
    r->validation[r->n_history] = validation;
    r->iteration_s[r->n_history] = wall_s;
    r->n_history++;
done:
    return err->status;
}

/* Early stopping: the best value so far, and how many evaluations ago it was. */
typedef struct {
    double best;
    int64_t since;
    bool any;
} gains;

/* Whether the fit has stopped to gain on validation. The same on every rank. */
static bool exhausted(gains *g, const rb_early_stopping *rule, double value)
{
    bool higher = rule->metric.def->better == RB_BETTER_HIGHER;
    double gain = higher ? value - g->best : g->best - value;
    if (!g->any || gain > rule->min_delta) {
        *g = (gains){ .best = value, .any = true };
        return false;
    }
    return ++g->since >= rule->patience;
}

/* The clock of the group's rank 0 decides for all. */
static bool out_of_time(const job *j, double begin_s)
{
    int64_t late = rb_clock_s() - begin_s > j->run->experiment.timeout_s;
    if (!isfinite(j->run->experiment.timeout_s))
        return false;
    rb_bcast(&j->ctx, &late, sizeof late, 0);
    return late != 0;
}

static rb_status iterate(job *j, const void *prepared, rb_error *err)
{
    const rb_early_stopping *rule = &j->run->experiment.early_stopping;
    const rb_algorithm *a = j->algorithm;
    gains g = { 0 };
    double begin_s = rb_clock_s();
    bool done = false, stop = false;
    RB_TRY_ALL(&j->ctx, a->begin(j->state, &j->view, prepared, j->c->config, &j->ctx, err));
    for (int64_t i = 0; !done && !stop; i++) {
        double from_s = rb_clock_s(), objective = NAN, validation = NAN;
        RB_TRY_ALL(&j->ctx, a->iterate(j->state, i, &objective, &done, &j->view, prepared, j->c->config, &j->ctx, err));
        double wall_s = rb_clock_s() - from_s;
        if (rule->on && (i + 1) % rule->every == 0 && rb_experiment_applies(rule->metric.def, a)) {
            rb_metric_value value;
            RB_TRY(rb_evaluate_validation(&value, j->run, j->fold, &rule->metric, j->c, j->state, &j->ctx, err));
            validation = value.value;
            stop = exhausted(&g, rule, validation);
        }
        RB_TRY_ALL(&j->ctx, note_iteration(j, objective, validation, wall_s, err));
        if (!done && !stop && out_of_time(j, begin_s)) {
            RB_FAIL(err, RB_TIMEOUT, "stopped after %lld iterations: over the limit of %g s", (long long)i + 1,
                    j->run->experiment.timeout_s);
            goto done;
        }
    }
    j->fit.converged = done;
    if (a->end)
        RB_TRY_ALL(&j->ctx, a->end(j->state, &j->view, prepared, j->c->config, &j->ctx, err));
done:
    return err->status;
}

static rb_status fit(job *j, rb_error *err)
{
    const rb_algorithm *a = j->algorithm;
    const void *const configs[] = { j->c->config };
    void *prepared = NULL;
    double begin_s = rb_clock_s();
    if (a->prepare)
        RB_TRY_ALL(&j->ctx, a->prepare(&prepared, &j->view, configs, 1, &j->ctx, err));
    if (a->iterate) {
        RB_TRY(iterate(j, prepared, err));
    } else {
        RB_TRY_ALL(&j->ctx, a->fit(j->state, &j->view, prepared, j->c->config, &j->ctx, err));
        j->fit.converged = true;
    }
    j->fit.wall_s = rb_clock_s() - begin_s;
    j->fit.model_bytes = rb_model_bytes(a, j->state);
    RB_TRY_ALL(&j->ctx, rb_model_digest(&j->fit.model, a, j->state, err));
    if (a->labels) {
        const int32_t *labels = a->labels(j->state, &j->fit.n_labels);
        RB_TRY_ALL(&j->ctx, rb_alloc(&j->fit.labels, j->fit.n_labels, err));
        memcpy(j->fit.labels, labels, (size_t)j->fit.n_labels * sizeof *labels);
    }
done:
    if (prepared)
        a->unprepare(prepared);
    return err->status;
}

/* ---- units ---- */

static rb_status save_model(const job *j, rb_error *err)
{
    char path[4096];
    rb_hdf file = { 0 };
    RB_TRY(rb_hdf_create(&file, rb_unit_path(path, j->run->folder, j->work->key, "model"), err));
    RB_TRY(rb_hdf_put_text(file.id, "algorithm", j->algorithm->name, err));
    RB_TRY(rb_model_save(file.id, j->algorithm, j->state, err));
    RB_TRY(rb_hdf_commit(&file, err));
done:
    rb_hdf_close(&file);
    return err->status;
}

/* Whether any trial refers to this configuration, so that its model must be kept for them. */
static bool is_child(const rb_plan *plan, int32_t configuration)
{
    for (int32_t i = 0; i < plan->n_configurations; i++)
        for (int32_t k = 0; k < plan->configuration[i].n_children; k++)
            if (plan->configuration[i].children[k] == configuration)
                return true;
    return false;
}

/* The model goes first: a fit unit without its model would be a fit that cannot be selected. */
static rb_status write_fit(job *j, rb_error *err)
{
    bool keep = j->fit.outcome == RB_FIT_DONE &&
                (j->run->experiment.store.models != RB_KEEP_NONE || is_child(&j->run->plan, j->c->index));
    memcpy(j->fit.key, j->work->key, sizeof j->fit.key);
    if (keep && writes(j))
        save_model(j, err);
    if (err->status == RB_OK && writes(j))
        rb_fit_record_write(&j->fit, j->run->folder, err);
    rb_agree(&j->ctx, err->status, err);
    j->work->fitted = err->status == RB_OK;
    j->work->outcome = j->fit.outcome;
    return err->status;
}

static rb_status write_metrics(job *j, rb_metric_record *record, const rb_stored_lists *lists, rb_error *err)
{
    memcpy(record->key, j->work->key, sizeof record->key);
    if (writes(j)) {
        if (lists->n_users > 0) {
            rb_stored_lists_digest(&record->lists_digest, lists, err);
            if (j->run->experiment.store.lists != RB_KEEP_NONE)
                rb_stored_lists_write(lists, j->run->folder, j->work->key, err);
        }
        if (err->status == RB_OK)
            rb_metric_record_write(record, j->run->folder, j->run->which, err);
    }
    rb_agree(&j->ctx, err->status, err);
    j->work->evaluated = err->status == RB_OK;
    return err->status;
}

/* A recommender is evaluated while its model is at hand; a clustering with all others of its space, later. */
static rb_status evaluate(job *j, rb_error *err)
{
    rb_metric_record record = { 0 };
    rb_stored_lists lists = { 0 };
    double begin_s = rb_clock_s();
    if (j->algorithm->can & (RB_CAN_RANK | RB_CAN_PREDICT))
        RB_TRY(rb_evaluate_recommender(&record, &lists, j->run, j->fold, j->c, j->state, &j->ctx, err));
    else if (!(j->algorithm->can & RB_CAN_ASSIGN))
        RB_TRY_ALL(&j->ctx, rb_evaluate_nothing(&record, j->run, err));
    else
        return RB_OK;
    record.wall_s = rb_clock_s() - begin_s;
    RB_TRY(write_metrics(j, &record, &lists, err));
done:
    rb_stored_lists_fini(&lists);
    rb_metric_record_fini(&record);
    return err->status;
}

/* What ended a fit is recorded as its outcome; only what keeps the run from recording is an error of the run. */
static rb_fit_outcome outcome_of(rb_status status)
{
    switch (status) {
    case RB_OK:
        return RB_FIT_DONE;
    case RB_TIMEOUT:
        return RB_FIT_TIMEOUT;
    case RB_OVER_BUDGET:
    case RB_NO_MEMORY:
        return RB_FIT_OVER_BUDGET;
    default:
        return RB_FIT_FAILED;
    }
}

static rb_status begin(job *j, const rb_trial *trial, rb_error *err)
{
    rb_shape shape = rb_run_shape(j->run, j->c, &j->ctx);
    char words[512], *memory = NULL;
    rb_run_over_budget(words, j->run, trial->number - 1);
    if (words[0])
        RB_FAIL(err, RB_OVER_BUDGET, "%s", words);
    else if (j->algorithm->check)
        j->algorithm->check(j->c->config, &shape, err);
    RB_TRY_ALL(&j->ctx, err->status);
    (void)rb_alloc(&memory, (int64_t)j->algorithm->state_size, err);
    j->state = memory;
    RB_TRY_ALL(&j->ctx, err->status);
    if (j->c->n_children > 0)
        RB_TRY(load_children(j, trial, err));
    if (j->c->space)
        j->view.space = rb_run_find_space(j->run, j->c->space);
done:
    return err->status;
}

/* A fit whose metrics are missing is read back where its model was kept: no fit is done twice. */
static bool read_fit(job *j)
{
    char path[4096];
    rb_hdf file = { 0 };
    rb_error failure = { 0 };
    if (!j->work->fitted || j->work->outcome != RB_FIT_DONE)
        return false;
    if (rb_fit_record_read(&j->fit, j->run->folder, j->work->key, &failure) == RB_OK &&
        rb_hdf_open(&file, rb_unit_path(path, j->run->folder, j->work->key, "model"), &failure) == RB_OK)
        rb_model_load(file.id, j->algorithm, j->state, &failure);
    rb_hdf_close(&file);
    if (rb_agree(&j->ctx, failure.status, &failure) == RB_OK)
        return true;
    rb_fit_record_fini(&j->fit); /* one rank lacks it: all fit again */
    j->algorithm->fini(j->state);
    memset(j->state, 0, j->algorithm->state_size);
    return false;
}

static void release(job *j)
{
    if (j->state)
        j->algorithm->fini(j->state);
    rb_free(j->state);
    for (int32_t i = 0; j->child_state && i < j->c->n_children; i++)
        if (j->child_state[i]) {
            const rb_configuration *child = &j->run->plan.configuration[j->c->children[i]];
            child->entry->algorithm->fini(j->child_state[i]);
            rb_free(j->child_state[i]);
        }
    rb_free(j->child_state);
    rb_free(j->models);
    rb_blocks_fini(&j->made.blocks);
    rb_fit_record_fini(&j->fit);
}

rb_status rb_trial_run(rb_run_state *run, const rb_fold *fold, int64_t index, rb_error *err)
{
    const rb_trial *trial = &run->plan.trial[index];
    job j = {
        .run = run, .fold = fold, .c = &run->plan.configuration[trial->configuration], .work = &run->work[index]
    };
    j.algorithm = j.c->entry->algorithm;
    j.ctx = run->group;
    j.ctx.seed = rb_plan_seed(&run->plan, trial->repeat);
    j.view = fold->view;

    rb_error failure = { 0 };
    if (writes(&j))
        rb_journal_write(&run->journal, err, "running %lld %s", (long long)trial->number, j.work->key);
    RB_TRY_ALL(&j.ctx, err->status);
    bool kept = false;
    if (begin(&j, trial, &failure) == RB_OK) {
        kept = read_fit(&j);
        if (!kept)
            fit(&j, &failure);
    }
    if (failure.status == RB_IO || failure.status == RB_ENVIRONMENT) { /* of the machine, not of the trial */
        *err = failure;
        goto done;
    }
    j.fit.outcome = outcome_of(failure.status);
    memcpy(j.fit.message, failure.message, sizeof j.fit.message);
    if (!kept)
        RB_TRY(write_fit(&j, err));
    if (j.fit.outcome == RB_FIT_DONE && evaluate(&j, &failure) != RB_OK) {
        if (failure.status == RB_IO) {
            *err = failure;
            goto done;
        }
        j.fit.outcome = outcome_of(failure.status); /* a score that is not finite fails the trial */
        memcpy(j.fit.message, failure.message, sizeof j.fit.message);
        RB_TRY(write_fit(&j, err));
    }
    if (writes(&j))
        rb_journal_write(&run->journal, err, "%s %lld %s %s", rb_fit_outcome_name(j.fit.outcome),
                         (long long)trial->number, j.work->key, j.fit.message);
    RB_TRY_ALL(&j.ctx, err->status);
done:
    release(&j);
    return err->status;
}
