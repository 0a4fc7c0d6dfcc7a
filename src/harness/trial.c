/* One trial in a group of ranks: fit, evaluate, write its units. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "harness/job.h"
#include "harness/model.h"
#include "harness/replay.h"

/* Writers are the rank 0 of each group. */
static bool writes(const rb_job *j)
{
    return j->ctx.rank == 0;
}

/* ---- units ---- */

/* Where the unit of the fit follows, one sync of the folder serves both names. */
static rb_status save_model(const rb_job *j, rb_error *err)
{
    char path[4096];
    rb_hdf file = { 0 };
    RB_TRY(rb_hdf_create(&file, rb_unit_path(path, j->run->folder, j->work->key, "model"), err));
    RB_TRY(rb_hdf_put_text(file.id, "algorithm", j->algorithm->name, err));
    RB_TRY(rb_hdf_put_int(file.id, "refit", j->fold->refit, err));
    RB_TRY(rb_model_save(file.id, j->algorithm, j->state, &j->fit.model, err));
    RB_TRY(j->is_again ? rb_hdf_commit(&file, err) : rb_hdf_commit_ahead(&file, err));
done:
    rb_hdf_close(&file);
    return err->status;
}

/* Whether any trial reads the model of this configuration, so that it must be kept for them. */
static bool is_child(const rb_plan *plan, int32_t configuration)
{
    for (int32_t i = 0; i < plan->n_configurations; i++)
        for (int32_t k = 0; k < plan->configuration[i].n_children; k++)
            if (plan->configuration[i].children[k] == configuration &&
                rb_configuration_reads_model(&plan->configuration[i], k))
                return true;
    return false;
}

/* The model goes first: a fit unit without its model would be a fit that cannot be selected. What can be neither
 * selected nor read by another trial is not written at all. */
static rb_status write_fit(rb_job *j, rb_error *err)
{
    bool keep = j->fit.outcome == RB_FIT_DONE &&
                (rb_run_may_keep(j->run, j->run->experiment.store.models, j->index) ||
                 is_child(&j->run->plan, j->c->index) || rb_run_is_arm(j->run, j->c->index) || j->work->is_shared);
    if (j->is_again && (j->fit.outcome == RB_FIT_TIMEOUT || j->fit.outcome == RB_FIT_OVER_BUDGET))
        return RB_OK; /* it stays done, and what is missing is tried again by the next start */
    memcpy(j->fit.key, j->work->key, sizeof j->fit.key);
    if (keep && writes(j))
        save_model(j, err);
    if (err->status == RB_OK && writes(j) && (!j->is_again || j->work->unmeasured || j->fit.outcome != RB_FIT_DONE))
        rb_fit_record_write(&j->fit, j->run->folder, err);
    if (err->status == RB_OK && writes(j) && j->fit.outcome != RB_FIT_TIMEOUT) /* with more time it goes on */
        rb_checkpoint_remove(j);
    rb_agree(&j->ctx, err->status, err);
    j->work->has_model = keep && err->status == RB_OK;
    j->work->fitted = err->status == RB_OK;
    j->work->outcome = j->fit.outcome;
    return err->status;
}

static rb_status write_metrics(rb_job *j, rb_metric_record *record, const rb_stored_lists *lists, rb_error *err)
{
    bool keep = lists->n_users > 0 && rb_run_may_keep(j->run, j->run->experiment.store.lists, j->index);
    memcpy(record->key, j->work->key, sizeof record->key);
    if (writes(j)) {
        if (keep)
            rb_stored_lists_write(lists, j->run->folder, j->work->key, j->work->evaluation, j->run->lists_k, err);
        if (err->status == RB_OK && record->n_rows > 0)
            rb_metric_record_write(record, j->run->folder, j->work->evaluation, err);
    }
    rb_agree(&j->ctx, err->status, err);
    j->work->evaluated = err->status == RB_OK;
    j->work->has_lists = j->work->has_lists || (j->work->evaluated && keep);
    return err->status;
}

/* A recommender is evaluated while its model is at hand; a clustering with all others of its space, later. */
static rb_status evaluate(rb_job *j, rb_error *err)
{
    rb_metric_record record = { 0 };
    rb_stored_lists lists = { 0 };
    rb_wanted wanted = { 0 };
    double begin_s = rb_clock_s();
    RB_TRY_ALL(&j->ctx, rb_run_wanted(&wanted, j->run, j->index, err));
    if (j->algorithm->can & RB_CAN_RECOMMEND)
        RB_TRY(rb_evaluate_recommender(&record, &lists, &wanted, j->run, j->fold, j->index, j->state, &j->ctx, err));
    else if (!(j->algorithm->can & RB_CAN_ASSIGN))
        RB_TRY_ALL(&j->ctx, rb_evaluate_nothing(&record, &wanted, j->run, err));
    else {
        j->work->evaluated = wanted.n == 0;
        goto done;
    }
    record.wall_s = rb_clock_s() - begin_s;
    RB_TRY(write_metrics(j, &record, &lists, err));
done:
    rb_free(wanted.metric);
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

/* A refit does the iterations that gave its trial's model. */
static rb_status find_iterations(rb_job *j, rb_error *err)
{
    rb_fit_record of = { 0 };
    const char *key = j->run->work[j->index - j->run->plan.n_trials].key;
    RB_TRY_ALL(&j->ctx, rb_fit_record_read(&of, j->run->folder, key, err));
    j->n_iterations = of.kept_iteration >= 0 ? of.kept_iteration + 1 : of.n_history;
done:
    rb_fit_record_fini(&of);
    return err->status;
}

/* Whether anybody but its own lists needs the fit of a work: other lists, models of models. */
static bool serves_others(const rb_run_state *run, int64_t work)
{
    const rb_work *w = &run->work[work];
    return w->is_shared || w->fit_of != work || is_child(&run->plan, rb_run_configuration(run, work)->index);
}

rb_status rb_trial_refusal(const rb_run_state *run, int64_t work, const rb_ctx *ctx, rb_error *err)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    rb_shape shape = rb_run_shape(run, work, ctx);
    char words[512];
    const char *refusal = c->space ? rb_run_space_refusal(run, c->space) : "";
    rb_run_over_budget(words, run, work);
    if (!words[0] && c->rerank && !serves_others(run, work)) /* nothing is fitted for lists that cannot be made */
        rb_run_rerank_over_budget(words, run, work);
    if (refusal[0])
        RB_FAIL(err, RB_BAD_INPUT, "%s", refusal);
    else if (words[0])
        RB_FAIL(err, RB_OVER_BUDGET, "%s", words);
    else if (c->entry->algorithm->check)
        c->entry->algorithm->check(c->config, &shape, err);
    return err->status;
}

static rb_status begin(rb_job *j, rb_error *err)
{
    char *memory = NULL;
    RB_TRY_ALL(&j->ctx, rb_trial_refusal(j->run, j->index, &j->ctx, err));
    (void)rb_alloc(&memory, (int64_t)j->algorithm->state_size, err);
    j->state = memory;
    RB_TRY_ALL(&j->ctx, err->status);
    if (j->fold->refit && rb_experiment_watches(&j->run->experiment, j->c->entry))
        RB_TRY(find_iterations(j, err));
    if (j->c->n_children > 0)
        RB_TRY(rb_job_load_children(j, err));
    if (j->c->space)
        j->view.space = rb_run_find_space(j->run, j->c->space);
done:
    return err->status;
}

/* A fit whose metrics are missing is read back where its model was kept: no fit is done twice. */
static bool read_fit(rb_job *j)
{
    char path[4096];
    rb_hdf file = { 0 };
    rb_error failure = { 0 };
    if (!j->work->fitted || j->work->outcome != RB_FIT_DONE || j->work->unmeasured)
        return false;
    if (rb_fit_record_read(&j->fit, j->run->folder, j->work->key, &failure) == RB_OK &&
        rb_hdf_open(&file, rb_unit_path(path, j->run->folder, j->work->key, "model"), &failure) == RB_OK)
        rb_model_load(file.id, j->algorithm, j->state, &failure);
    if (failure.status == RB_OK)
        rb_stored_model_attach(j->state, j->algorithm, j->c->config, j->view.models, j->view.n_models, &failure);
    rb_hdf_close(&file);
    if (rb_agree(&j->ctx, failure.status, &failure) == RB_OK)
        return true;
    rb_fit_record_fini(&j->fit); /* one rank lacks it: all fit again */
    j->algorithm->fini(j->state);
    memset(j->state, 0, j->algorithm->state_size);
    return false;
}

/* A fit that is done once more must give the bits that were stored, unless it is fast. Collective. */
static rb_status check_same(const rb_job *j, rb_error *err)
{
    rb_fit_record stored = { 0 };
    if (writes(j) && !j->c->is_fast && rb_fit_record_read(&stored, j->run->folder, j->work->key, err) == RB_OK &&
        memcmp(&stored.model, &j->fit.model, sizeof stored.model) != 0)
        RB_FAIL(err, RB_ENVIRONMENT, "%s/units/%s.fit.h5: the same fit gave another model now: which machine was it?",
                j->run->folder, j->work->key);
    rb_fit_record_fini(&stored);
    return rb_agree(&j->ctx, err->status, err);
}

static void release(rb_job *j)
{
    if (j->state)
        j->algorithm->fini(j->state);
    rb_free(j->state);
    rb_job_release_children(j);
    rb_fit_record_fini(&j->fit);
}

/* What fails in re-ranking, or where another trial did the fit, is no failure of the fit that is shared: who else takes
 * it, or refers to it, goes on. */
static void fail_alone(const rb_job *j)
{
    rb_error none = { 0 };
    j->work->lists = j->fit.outcome;
    rb_free(j->work->why);
    if (rb_alloc(&j->work->why, (int64_t)sizeof j->fit.message, &none) == RB_OK)
        memcpy(j->work->why, j->fit.message, sizeof j->fit.message);
    if (writes(j))
        rb_log_warn(&j->run->log, "trial %lld (%s): %s", (long long)j->trial->number, j->c->entry->name,
                    j->fit.message);
}

rb_status rb_trial_run(rb_run_state *run, const rb_fold *fold, int64_t index, rb_error *err)
{
    const rb_trial *trial = rb_run_trial(run, index);
    const char *what = rb_run_is_refit(run, index) ? "refit " : ""; /* in the journal */
    rb_job j = { .run = run,
                 .fold = fold,
                 .trial = trial,
                 .c = &run->plan.configuration[trial->configuration],
                 .index = index,
                 .work = &run->work[index],
                 .n_iterations = INT64_MAX };
    j.algorithm = j.c->entry->algorithm;
    j.ctx = run->group;
    j.ctx.seed = rb_plan_seed(&run->plan, trial->repeat);
    j.view = fold->view;
    j.is_again = j.work->fitted && j.work->outcome == RB_FIT_DONE;

    rb_error failure = { 0 };
    if (writes(&j))
        rb_journal_note(&run->journal, err, "%srunning %lld %s", what, (long long)trial->number, j.work->key);
    RB_TRY_ALL(&j.ctx, err->status);
    bool kept = false;
    if (begin(&j, &failure) == RB_OK) {
        kept = read_fit(&j);
        if (!kept && rb_job_fit(&j, &failure) == RB_OK && j.is_again)
            check_same(&j, &failure);
    }
    if (failure.status == RB_IO || failure.status == RB_ENVIRONMENT) { /* of the machine, not of the trial */
        *err = failure;
        goto done;
    }
    j.fit.outcome = outcome_of(failure.status);
    memcpy(j.fit.message, failure.message, sizeof j.fit.message);
    if (j.fit.outcome != RB_FIT_DONE && j.work->fit_of != index)
        fail_alone(&j);
    else if (!kept)
        RB_TRY(write_fit(&j, err));
    if (j.fit.outcome == RB_FIT_DONE && evaluate(&j, &failure) != RB_OK) {
        if (failure.status == RB_IO || failure.status == RB_ENVIRONMENT) {
            *err = failure;
            goto done;
        }
        j.fit.outcome = outcome_of(failure.status); /* a score that is not finite fails the trial */
        memcpy(j.fit.message, failure.message, sizeof j.fit.message);
        if (j.c->rerank)
            fail_alone(&j);
        else
            RB_TRY(write_fit(&j, err));
    }
    if (writes(&j))
        rb_journal_write(&run->journal, err, "%s%s %lld %s %s", what, rb_fit_outcome_name(j.fit.outcome),
                         (long long)trial->number, j.work->key, j.fit.message);
    RB_TRY_ALL(&j.ctx, err->status);
done:
    release(&j);
    return err->status;
}
