/* Merging the units of a run into results.h5. */
#include "harness/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "eval/stability.h"

/* ---- reading units ---- */

/* Labels of a trial's fit; NULL where it is not done or has none. */
static rb_status read_labels(int32_t **labels, int64_t *n, const rb_run_state *run, int64_t trial, rb_error *err)
{
    const char *key = run->work[rb_run_holder(run, trial)].key;
    rb_fit_record fit = { 0 };
    if (!rb_unit_exists(run->folder, key, "fit"))
        return RB_OK;
    RB_TRY(rb_fit_record_read(&fit, run->folder, key, err));
    if (fit.outcome == RB_FIT_DONE && fit.labels) {
        *labels = fit.labels;
        *n = fit.n_labels;
        fit.labels = NULL;
    }
done:
    rb_fit_record_fini(&fit);
    return err->status;
}

/* Of the repeats of a configuration on a fold that are there. */
static rb_status measure_repeats(rb_repeats *out, const rb_run_state *run, const rb_trial *trial, rb_error *err)
{
    const rb_plan *plan = &run->plan;
    int32_t **labels = NULL;
    int64_t n = 0;
    RB_TRY(rb_alloc(&labels, plan->n_repeats, err));
    for (int32_t r = 0; r < plan->n_repeats; r++) {
        const rb_trial *other = rb_plan_trial(plan, trial->configuration, trial->fold, r);
        RB_TRY(read_labels(&labels[out->n], &n, run, other - plan->trial, err));
        out->n += labels[out->n] != NULL;
    }
    RB_TRY(rb_clustering_stability(&out->stability, (const int32_t *const *)labels, out->n, n, err));
done:
    for (int32_t r = 0; labels && r < plan->n_repeats; r++)
        rb_free(labels[r]);
    rb_free(labels);
    return err->status;
}

rb_status rb_results_begin(rb_results *r, rb_error *err)
{
    const rb_run_state *run = r->run;
    const rb_experiment *e = &run->experiment;
    bool wanted = false;
    RB_TRY(rb_unit_list_init(&r->units, run->folder, err));
    for (int32_t i = 0; i < e->n_metrics; i++)
        wanted = wanted || (rb_metric_is_of_fits(&e->metrics[i]) && !e->metrics[i].def->of_fit);
    if (!wanted)
        return RB_OK;
    RB_TRY(rb_alloc(&r->repeats, run->plan.n_trials, err));
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        const rb_trial *trial = &run->plan.trial[t];
        const rb_trial *first = rb_plan_trial(&run->plan, trial->configuration, trial->fold, 0);
        if (trial == first)
            RB_TRY(measure_repeats(&r->repeats[t], run, trial, err));
    }
done:
    return err->status;
}

void rb_results_end(rb_results *r)
{
    rb_unit_list_fini(&r->units);
    rb_free(r->repeats);
}

static rb_status add_stability(rb_metric_record *out, const rb_results *r, int64_t trial, const rb_metric *m,
                               rb_error *err)
{
    const rb_plan *plan = &r->run->plan;
    const rb_trial *t = &plan->trial[trial], *first = rb_plan_trial(plan, t->configuration, t->fold, 0);
    rb_metric_row *row = rb_metric_record_add(out, rb_experiment_fitted_part(&r->run->experiment), m->id, err);
    if (row) {
        row->value = r->repeats[first - plan->trial].stability;
        row->n = r->repeats[first - plan->trial].n;
    }
    return err->status;
}

/* Values that fits gave: beside those of the units, alone only where nothing else is asked for. */
static rb_status add_of_fits(rb_metric_record *out, const rb_results *r, int64_t work, rb_error *err)
{
    const rb_run_state *run = r->run;
    const rb_experiment *e = &run->experiment;
    rb_fit_record fit = { 0 };
    int32_t n = 0;
    for (int32_t i = 0; i < e->n_metrics; i++)
        n += rb_metric_is_of_fits(&e->metrics[i]);
    if (n == 0 || rb_run_is_refit(run, work) || (out->n_rows == 0 && n < e->n_metrics) ||
        !rb_unit_exists(run->folder, run->work[work].key, "fit"))
        return RB_OK;
    RB_TRY(rb_fit_record_read(&fit, run->folder, run->work[work].key, err));
    for (int32_t i = 0; i < e->n_metrics && fit.outcome == RB_FIT_DONE; i++) {
        const rb_metric *m = &e->metrics[i];
        if (m->def->of_fit)
            RB_TRY(rb_metric_record_add_measured(out, rb_experiment_fitted_part(e), m, &fit, err));
        else if (rb_metric_is_of_fits(m))
            RB_TRY(add_stability(out, r, work, m, err));
    }
done:
    rb_fit_record_fini(&fit);
    return err->status;
}

bool rb_results_read(rb_metric_record *out, const void *results, int64_t work, bool with_vectors, rb_error *err)
{
    const rb_results *r = results;
    const rb_work *w = &r->run->work[work];
    memcpy(out->key, w->key, sizeof out->key);
    rb_metric_record_read(out, &r->units, r->run->folder, w->key, w->evaluation, with_vectors, err);
    if (err->status == RB_OK)
        add_of_fits(out, r, work, err);
    for (int64_t i = 0; rb_run_is_refit(r->run, work) && i < out->n_rows; i++)
        if (strcmp(out->rows[i].part, "test") == 0)
            snprintf(out->rows[i].part, sizeof out->rows[i].part, "refit");
    return err->status == RB_OK && out->n_rows > 0;
}

/* ---- digest ---- */

static int by_place(const void *a, const void *b)
{
    const rb_metric_row *x = *(const rb_metric_row *const *)a, *y = *(const rb_metric_row *const *)b;
    int order = strcmp(x->part, y->part);
    order = order ? order : strcmp(x->id, y->id);
    return order ? order : strcmp(x->segment, y->segment);
}

bool rb_results_asks_for(const rb_results *r, const char *id)
{
    const rb_experiment *e = &r->run->experiment;
    for (int32_t i = 0; i < e->n_metrics; i++)
        if (strcmp(e->metrics[i].id, id) == 0)
            return true;
    return false;
}

/* Of one trial's results: key, re-ranking, outcome, model, labels, values sorted by part, id and segment, lists. */
static rb_status trial_digest(rb_digest *out, const rb_results *r, int64_t work, const rb_fit_record *fit,
                              const rb_metric_record *metrics, rb_error *err)
{
    const rb_configuration *c = rb_run_configuration(r->run, work);
    const int64_t aspects = rb_run_aspects(r->run, work);
    rb_hasher h = { 0 };
    const rb_metric_row **rows = NULL;
    const rb_digest none = { 0 };
    char id[64];
    int64_t n = 0;
    RB_TRY(rb_alloc(&rows, metrics->n_rows, err));
    for (int64_t i = 0; i < metrics->n_rows; i++)
        if (rb_results_asks_for(r, metrics->rows[i].id))
            rows[n++] = &metrics->rows[i];
    qsort(rows, (size_t)n, sizeof *rows, by_place);
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_text(&h, fit->key);
    if (c->rerank_text) /* trials that share a fit are told apart, whatever their values */
        rb_hasher_text(&h, c->rerank_text);
    if (aspects >= 0)
        rb_hasher_text(&h, r->run->work[aspects].key);
    rb_hasher_int(&h, fit->outcome);
    rb_hasher_bytes(&h, fit->model.byte, RB_DIGEST_BYTES);
    rb_hasher_bytes(&h, fit->labels, (size_t)fit->n_labels * sizeof *fit->labels);
    rb_hasher_bytes(&h, fit->unseen, (size_t)fit->n_unseen * sizeof *fit->unseen);
    rb_run_lists_id(id, r->run->lists_k);
    const rb_metric_row *lists = rb_metric_record_find(metrics, "test", id);
    lists = lists ? lists : rb_metric_record_find(metrics, "refit", id);
    rb_hasher_bytes(&h, lists && r->run->makes_lists ? lists->per_user.byte : none.byte, RB_DIGEST_BYTES);
    for (int64_t i = 0; i < fit->n_history; i++)
        rb_hasher_double(&h, fit->objective[i]);
    rb_hasher_int(&h, fit->kept_iteration);
    for (int64_t i = 0; i < n; i++) {
        rb_hasher_text(&h, rows[i]->part);
        rb_hasher_text(&h, rows[i]->segment);
        rb_hasher_text(&h, rows[i]->id);
        rb_hasher_text(&h, rows[i]->definition);
        rb_hasher_int(&h, rows[i]->value.state);
        rb_hasher_double(&h, rows[i]->value.value);
        rb_hasher_int(&h, rows[i]->n);
        rb_hasher_bytes(&h, rows[i]->per_user.byte, RB_DIGEST_BYTES);
    }
    rb_hasher_end(&h, out);
done:
    rb_free(rows);
    return err->status;
}

rb_digest_line rb_digest_line_of(const char *key, const char digest[65])
{
    rb_digest_line line = { .key = key };
    memcpy(line.digest, digest, sizeof line.digest);
    return line;
}

static int by_key(const void *a, const void *b)
{
    const rb_digest_line *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : strcmp(x->digest, y->digest);
}

/* Over the sorted keys and digests of all units that the experiment asks for. */
static rb_status digest_of_run(rb_digest *out, bool *any, rb_results *r, rb_error *err)
{
    rb_hasher h = { 0 };
    rb_digest_line *line = NULL;
    int64_t n = 0;
    RB_TRY(rb_alloc(&line, r->run->n_work + r->n_replayed, err));
    for (int64_t w = 0; w < r->run->n_work; w++) {
        const rb_work *work = &r->run->work[w];
        if (work->twin || work->want != RB_WANT_VALUES)
            continue;
        if (r->facts[w].digest[0] && !rb_run_configuration(r->run, w)->is_fast)
            line[n++] = rb_digest_line_of(work->key, r->facts[w].digest);
        else
            r->n_left_out++;
    }
    for (int64_t i = 0; i < r->n_replayed; i++)
        line[n++] = r->replayed[i];
    qsort(line, (size_t)n, sizeof *line, by_key);
    RB_TRY(rb_hasher_begin(&h, err));
    for (int64_t i = 0; i < n; i++) {
        rb_hasher_text(&h, line[i].key);
        rb_hasher_text(&h, line[i].digest);
    }
    rb_hasher_end(&h, out);
    *any = n > 0;
done:
    rb_free(line);
    return err->status;
}

/* ---- one trial ---- */

static rb_status take_history(rb_results *r, int64_t work, const rb_fit_record *fit, rb_error *err)
{
    const int32_t number = (int32_t)rb_run_trial(r->run, work)->number;
    const rb_configuration *c = rb_run_configuration(r->run, work);
    const rb_algorithm *a = c->entry->algorithm;
    RB_TRY(rb_grow(&r->history, &r->history_capacity, r->n_history + fit->n_history, err));
    for (int64_t i = 0; i < fit->n_history; i++)
        r->history[r->n_history++] = (rb_history_row){ .trial = number,
                                                       .iteration = (int32_t)i,
                                                       .kept = i == fit->kept_iteration,
                                                       .refit = rb_run_is_refit(r->run, work),
                                                       .phase = a->phase ? a->phase(c->config, i) : "",
                                                       .objective = fit->objective[i],
                                                       .validation = fit->validation[i],
                                                       .wall_s = fit->iteration_s[i] };
done:
    return err->status;
}

static rb_status take_values(rb_results *r, int32_t number, const rb_metric_record *m, rb_error *err)
{
    RB_TRY(rb_grow(&r->value, &r->values_capacity, r->n_values + m->n_rows, err));
    for (int64_t i = 0; i < m->n_rows; i++)
        if (rb_results_asks_for(r, m->rows[i].id)) {
            rb_value_row *to = &r->value[r->n_values++];
            *to = (rb_value_row){ number, m->rows[i] };
            to->row.vector = NULL;
        }
done:
    return err->status;
}

static rb_status write_labels(rb_results *r, int32_t number, const char *group, const int32_t *labels, int64_t n,
                              rb_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%d", group, number);
    return rb_hdf_write(r->file.id, name, RB_HDF_INT32, labels, n, 1, true, err);
}

/* What leaves metrics without a value is no failure, and has a reason all the same. */
static void note_few_clusters(rb_trial_facts *f, const rb_fit_record *fit)
{
    int32_t found = -1;
    for (int64_t i = 0; i < fit->n_labels; i++) {
        if (found >= 0 && fit->labels[i] >= 0 && fit->labels[i] != found)
            return;
        found = fit->labels[i] >= 0 ? fit->labels[i] : found;
    }
    if (fit->n_labels > 0)
        snprintf(f->message, sizeof f->message, "%s", found >= 0 ? "one cluster" : "no cluster: all is noise");
}

/* Values, history and digest of one trial or refit; its vectors where all are kept. */
static rb_status take_work(rb_results *r, int64_t w, rb_error *err)
{
    const rb_run_state *run = r->run;
    const char *key = run->work[w].key;
    rb_trial_facts *f = &r->facts[w];
    int32_t number = (int32_t)rb_run_trial(run, w)->number;
    bool all_vectors = run->experiment.store.per_user == RB_KEEP_ALL;
    rb_fit_record fit = { 0 };
    rb_metric_record metrics = { 0 };
    rb_digest digest;
    if (run->work[rb_run_holder(run, w)].want != RB_WANT_VALUES || !rb_unit_exists(run->folder, key, "fit"))
        return RB_OK;
    RB_TRY(rb_fit_record_read(&fit, run->folder, key, err));
    rb_results_read(&metrics, r, w, all_vectors, err);
    RB_TRY(err->status);
    *f = (rb_trial_facts){ .finished = true,
                           .outcome = fit.outcome,
                           .converged = fit.converged,
                           .n_history = fit.n_history,
                           .model_bytes = fit.model_bytes,
                           .kept_iteration = fit.kept_iteration,
                           .fit_s = fit.wall_s,
                           .score_s = metrics.score_s,
                           .evaluate_s = metrics.wall_s - metrics.score_s };
    snprintf(f->message, sizeof f->message, "%.255s", fit.message);
    if (fit.outcome == RB_FIT_DONE && rb_run_ending(run, w) != RB_FIT_DONE) {
        f->outcome = rb_run_ending(run, w);
        const char *why = run->work[w].why;
        snprintf(f->message, sizeof f->message, "its lists were not made%s%.220s", why ? ": " : "", why ? why : "");
    } else if (fit.outcome == RB_FIT_DONE)
        note_few_clusters(f, &fit);
    RB_TRY(take_history(r, w, &fit, err));
    RB_TRY(take_values(r, number, &metrics, err));
    if (all_vectors)
        RB_TRY(rb_results_write_vectors(r, w, &fit, &metrics, err));
    if (fit.labels && !rb_run_is_refit(run, w))
        RB_TRY(write_labels(r, number, "labels", fit.labels, fit.n_labels, err));
    if (fit.unseen && !rb_run_is_refit(run, w))
        RB_TRY(write_labels(r, number, "unseen_labels", fit.unseen, fit.n_unseen, err));
    if (fit.outcome == RB_FIT_FAILED || (fit.outcome == RB_FIT_DONE && metrics.n_rows > 0)) {
        RB_TRY(trial_digest(&digest, r, w, &fit, &metrics, err));
        rb_digest_hex(f->digest, &digest, 64);
    }
done:
    rb_metric_record_fini(&metrics);
    rb_fit_record_fini(&fit);
    return err->status;
}

/* ---- the merge ---- */

static void fini(rb_results *r)
{
    if (r->file.path[0])
        rb_hdf_close(&r->file);
    rb_results_end(r);
    rb_free(r->facts);
    rb_free(r->value);
    rb_free(r->history);
    rb_free(r->replayed);
    rb_selection_fini(&r->selection);
}

static rb_status put_digest(rb_run_outcome *outcome, rb_results *r, rb_error *err)
{
    char hex[65];
    rb_text class = { 0 };
    RB_TRY(digest_of_run(&outcome->digest, &outcome->has_digest, r, err));
    rb_digest_hex(hex, &outcome->digest, 64);
    RB_TRY(rb_environment_class(&class, r->run->environment, err));
    RB_TRY(rb_hdf_put_text(r->file.id, "digest", outcome->has_digest ? hex : "", err));
    RB_TRY(rb_hdf_put_text(r->file.id, "digest_class", class.data, err));
    RB_TRY(rb_hdf_put_int(r->file.id, "digest_left_out", r->n_left_out, err));
    RB_TRY(rb_hdf_put_int(r->file.id, "schema", RB_RESULTS_SCHEMA, err));
done:
    rb_text_fini(&class);
    return err->status;
}

rb_status rb_run_merge(rb_run_outcome *outcome, rb_run_state *run, rb_error *err)
{
    rb_results r = { .run = run };
    char path[4200];
    snprintf(path, sizeof path, "%s/results.h5", run->folder);
    RB_TRY(rb_results_begin(&r, err));
    RB_TRY(rb_alloc(&r.facts, run->n_work, err));
    RB_TRY(rb_hdf_create(&r.file, path, err));
    RB_TRY(rb_write_provenance(r.file.id, run, err));
    RB_TRY(rb_write_dataset(r.file.id, &run->data, &run->unseen, err));
    RB_TRY(rb_write_features(r.file.id, run, err));
    for (int64_t t = 0; t < run->plan.n_trials; t++) /* the values of a trial stand together */
        for (int64_t w = t; w < run->n_work; w += run->plan.n_trials)
            RB_TRY(take_work(&r, w, err));
    rb_trial_reader reader = { rb_results_read, &r };
    RB_TRY(rb_select(&r.selection, &run->plan, &reader, run->data.users.n, run->world->n_threads, err));
    rb_results_note_unselected(&r);
    rb_results_mark_selected(&r);
    RB_TRY(rb_results_keep(&r, err));
    RB_TRY(rb_results_write_tables(&r, err));
    RB_TRY(rb_results_write_replay(&r, err));
    RB_TRY(put_digest(outcome, &r, err));
    RB_TRY(rb_hdf_commit(&r.file, err));
    rb_results_drop(&r);
done:
    fini(&r);
    return err->status;
}

rb_status rb_run_selected(bool **selected, rb_run_state *run, rb_error *err)
{
    rb_results r = { .run = run };
    rb_trial_reader reader = { rb_results_read, &r };
    RB_TRY(rb_results_begin(&r, err));
    RB_TRY(rb_alloc(&r.facts, run->n_work, err));
    RB_TRY(rb_alloc(selected, run->n_work, err));
    RB_TRY(rb_select(&r.selection, &run->plan, &reader, run->data.users.n, run->world->n_threads, err));
    rb_results_mark_selected(&r);
    for (int64_t t = 0; t < run->plan.n_trials; t++)
        if (r.facts[t].selected)
            (*selected)[rb_run_stands_for(run, t)] = true;
done:
    fini(&r);
    return err->status;
}
