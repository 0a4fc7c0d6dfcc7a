/* Fitting: prepare, iterate with history, early stopping and time limit, or fit in one go. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "harness/job.h"
#include "harness/model.h"

/* ---- history ---- */

rb_status rb_job_note_iteration(rb_job *j, double objective, double validation, double wall_s, rb_error *err)
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

/* Held-out users whose interactions are partly known become known to the model. */
static rb_status reveal(rb_job *j, const void *prepared, rb_error *err)
{
    if (j->algorithm->reveal && j->view.revealed)
        RB_TRY_ALL(&j->ctx, j->algorithm->reveal(j->state, &j->view, prepared, j->c->config, &j->ctx, err));
done:
    return err->status;
}

/* ---- early stopping ---- */

static double gain_over(const rb_early_stopping *rule, double before, double now)
{
    return rule->metric.def->better == RB_BETTER_HIGHER ? now - before : before - now;
}

/* Whether the fit has stopped to gain. A value that is not a number is no gain. The same on every rank. */
static bool exhausted(rb_course *w, const rb_early_stopping *rule, double value)
{
    if (isnan(w->gained) ? !isnan(value) : gain_over(rule, w->gained, value) > rule->min_delta) {
        w->gained = value;
        w->since = 0;
        return false;
    }
    return ++w->since >= rule->patience;
}

/* Evaluate after iteration i; the first of the best iterations is kept. */
static rb_status observe(rb_job *j, rb_course *w, int64_t i, double *validation, bool last, bool *stop, rb_error *err)
{
    const rb_early_stopping *rule = &j->run->experiment.early_stopping;
    rb_metric_value value;
    RB_TRY(rb_evaluate_validation(&value, j->run, j->fold, &rule->metric, j->c, j->state, &j->ctx, err));
    *validation = value.value;
    *stop = exhausted(w, rule, value.value);
    if (isnan(w->best) ? isnan(value.value) : !(gain_over(rule, w->best, value.value) > 0))
        return RB_OK;
    w->best = value.value;
    j->fit.kept_iteration = i;
    if (!last && !*stop) /* else the present state is the one */
        RB_TRY(rb_snapshot_take(&w->kept, j->algorithm, j->state, &j->ctx, err));
done:
    return err->status;
}

/* ---- iterations ---- */

/* What the group's rank 0 decides for all between two iterations. */
typedef struct {
    int64_t is_late; /* over the limit of time */
    int64_t saves;   /* a checkpoint is due */
} turn;

static turn decide(const rb_job *j, rb_course *w)
{
    const rb_experiment *e = &j->run->experiment;
    const double now_s = rb_clock_s();
    const bool asked = rb_run_asked_to_stop(j->run) && !w->hurried;
    turn p = { .is_late = now_s - w->begin_s > e->timeout_s };
    p.saves = j->algorithm->checkpoint && (p.is_late || asked || now_s - w->saved_s >= e->checkpoint_s);
    rb_bcast(&j->ctx, &p, sizeof p, 0);
    w->hurried = w->hurried || asked;
    return p;
}

static bool has_converged(const rb_job *j, bool done)
{
    const rb_algorithm *a = j->algorithm;
    const rb_param *limit = rb_param_find(a->params, "iterations");
    if (a->converged)
        return a->converged(j->state);
    if (!a->iterate || !limit)
        return done;
    return done && j->fit.n_history < *(const int64_t *)((const char *)j->c->config + limit->offset);
}

/* Begin, or go on where a checkpoint stands. */
static rb_status start(rb_job *j, rb_course *w, const void *prepared, rb_error *err)
{
    const rb_algorithm *a = j->algorithm;
    bool lost = false;
    RB_TRY_ALL(&j->ctx, a->begin(j->state, &j->view, prepared, j->c->config, &j->ctx, err));
    if (a->checkpoint)
        RB_TRY(rb_checkpoint_read(&lost, j, w, err));
    if (lost) {
        a->fini(j->state);
        memset(j->state, 0, a->state_size);
        RB_TRY_ALL(&j->ctx, a->begin(j->state, &j->view, prepared, j->c->config, &j->ctx, err));
    }
done:
    return err->status;
}

/* Iterate until it is done, stopped or out of time. */
static rb_status run_iterations(bool *done, rb_job *j, rb_course *w, const void *prepared, rb_error *err)
{
    const rb_algorithm *a = j->algorithm;
    bool stop = false;
    for (int64_t i = j->fit.n_history; i < j->n_iterations && !*done && !stop; i++) {
        double from_s = rb_clock_s(), objective = NAN, validation = NAN;
        RB_TRY_ALL(&j->ctx, a->iterate(j->state, i, &objective, done, &j->view, prepared, j->c->config, &j->ctx, err));
        double wall_s = rb_clock_s() - from_s;
        if (w->watched && (*done || (i + 1) % j->run->experiment.early_stopping.every == 0)) {
            RB_TRY(reveal(j, prepared, err));
            RB_TRY(observe(j, w, i, &validation, *done, &stop, err));
        }
        RB_TRY_ALL(&j->ctx, rb_job_note_iteration(j, objective, validation, wall_s, err));
        if (*done || stop || i + 1 >= j->n_iterations)
            break;
        turn p = decide(j, w);
        if (p.saves)
            rb_checkpoint_write(j, w);
        if (p.is_late) {
            RB_FAIL(err, RB_TIMEOUT, "stopped after %lld iteration%s: over the limit of %g s", (long long)i + 1,
                    rb_text_plural(i + 1), j->run->experiment.timeout_s);
            goto done;
        }
    }
done:
    return err->status;
}

static rb_status iterate(rb_job *j, const void *prepared, rb_error *err)
{
    const rb_algorithm *a = j->algorithm;
    const double now_s = rb_clock_s();
    rb_course w = { .best = NAN, .gained = NAN, .begin_s = now_s, .saved_s = now_s };
    bool done = false;
    w.watched = !j->fold->refit && rb_experiment_watches(&j->run->experiment, j->c->entry);
    RB_TRY(start(j, &w, prepared, err));
    RB_TRY(run_iterations(&done, j, &w, prepared, err));
    if (j->fit.kept_iteration >= 0 && j->fit.kept_iteration < j->fit.n_history - 1)
        RB_TRY(rb_snapshot_restore(&w.kept, a, j->state, &j->ctx, err));
    RB_TRY(reveal(j, prepared, err));
    if (a->end)
        RB_TRY_ALL(&j->ctx, a->end(j->state, &j->view, prepared, j->c->config, &j->ctx, err));
    j->fit.converged = has_converged(j, done);
done:
    j->fit.wall_s = rb_clock_s() - w.begin_s;
    rb_snapshot_fini(&w.kept);
    return err->status;
}

/* Which of its measures the experiment names. */
static uint32_t find_asked(const rb_job *j)
{
    const rb_experiment *e = &j->run->experiment;
    uint32_t asked = 0;
    for (int m = 0; j->algorithm->measures && j->algorithm->measures[m]; m++)
        for (int32_t i = 0; i < e->n_metrics; i++)
            if (strcmp(e->metrics[i].def->name, j->algorithm->measures[m]) == 0)
                asked |= 1u << m;
    return asked;
}

/* What only the fit knows; unless it is dear asked or not, so that asking later needs no fit. */
static rb_status take_measures(rb_job *j, rb_error *err)
{
    const rb_algorithm *a = j->algorithm;
    double *values = NULL;
    int64_t n = 0;
    while (a->measures && a->measures[n])
        n++;
    if (n == 0)
        return RB_OK;
    RB_TRY(rb_alloc(&values, n, err));
    RB_TRY(rb_alloc(&j->fit.measured, n, err));
    a->measure(values, j->state, j->c->config);
    for (int64_t i = 0; i < n; i++) {
        if (a->dear & ~j->view.asked & (1u << i))
            continue;
        rb_measured *m = &j->fit.measured[j->fit.n_measured++];
        snprintf(m->name, sizeof m->name, "%s", a->measures[i]);
        m->value = values[i];
    }
done:
    rb_free(values);
    return err->status;
}

/* Labels of the titles that no fit sees, where the algorithm has them and they have a place in its space. */
static rb_status assign_unseen(rb_job *j, rb_error *err)
{
    const rb_algorithm *a = j->algorithm;
    const int64_t maker = rb_run_space_child(j->run, j->index);
    const rb_points *points = j->c->space ? rb_run_find_unseen(j->run, j->c->space) : NULL;
    rb_points made = { 0 };
    const bool has_place =
        a->assign ? points || (maker >= 0 && rb_run_places_unseen(j->run, maker)) : a->assign_items != NULL;
    if (!a->labels || !has_place)
        return RB_OK;
    j->fit.n_unseen = j->run->unseen.n;
    RB_TRY_ALL(&j->ctx, rb_alloc(&j->fit.unseen, j->fit.n_unseen, err));
    if (a->assign && !points) {
        RB_TRY(rb_run_make_unseen(&made, j->run, maker, &j->ctx, err));
        points = &made;
    }
    RB_TRY_ALL(&j->ctx, a->assign
                            ? a->assign(j->fit.unseen, j->state, points, j->c->config, &j->ctx, err)
                            : a->assign_items(j->fit.unseen, j->state, &j->run->unseen, j->c->config, &j->ctx, err));
done:
    rb_points_fini(&made);
    return err->status;
}

rb_status rb_job_fit(rb_job *j, rb_error *err)
{
    const rb_algorithm *a = j->algorithm;
    rb_prepared *shared = &j->run->prepared;
    const void *prepared = NULL;
    j->fit.kept_iteration = -1;
    j->view.asked = find_asked(j);
    RB_TRY(rb_prepared_get(&prepared, shared, j, err));
    if (a->iterate) {
        RB_TRY(iterate(j, prepared, err));
    } else {
        double begin_s = rb_clock_s();
        RB_TRY_ALL(&j->ctx, a->fit(j->state, &j->view, prepared, j->c->config, &j->ctx, err));
        j->fit.converged = has_converged(j, true);
        RB_TRY(reveal(j, prepared, err));
        j->fit.wall_s = rb_clock_s() - begin_s;
    }
    j->fit.wall_s += shared->part_s;
    j->fit.model_bytes = rb_model_bytes(a, j->state);
    RB_TRY_ALL(&j->ctx, rb_model_digest(&j->fit.model, a, j->state, err));
    if (a->labels) {
        const int32_t *labels = a->labels(j->state, &j->fit.n_labels);
        RB_TRY_ALL(&j->ctx, rb_alloc(&j->fit.labels, j->fit.n_labels, err));
        memcpy(j->fit.labels, labels, (size_t)j->fit.n_labels * sizeof *labels);
    }
    if (j->run->unseen.n > 0)
        RB_TRY(assign_unseen(j, err));
    RB_TRY_ALL(&j->ctx, take_measures(j, err));
done:
    rb_prepared_done(shared);
    return err->status;
}
