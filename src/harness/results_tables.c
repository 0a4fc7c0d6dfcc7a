/* The tables of results.h5. Units of columns stand in attributes; times are in /timing, apart from results. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/results.h"

/* ---- /trials, /timing/trials ---- */

typedef struct {
    int32_t trial, configuration, fold, repeat, iterations, kept_iteration, same_as, refit_iterations, space_trial;
    const char *entry, *algorithm, *parameters, *space, *outcome, *message, *key, *digest;
    const char *refit, *refit_message, *refit_key, *refit_digest;
    uint8_t selected, converged, fast;
    int64_t model_bytes;
    double fit_s, score_s, evaluate_s, refit_s, refit_score_s, refit_evaluate_s;
} trial_row;

static trial_row row_of(const rb_results *r, int64_t t)
{
    const rb_plan *plan = &r->run->plan;
    const rb_trial *trial = &plan->trial[t];
    const rb_configuration *c = &plan->configuration[trial->configuration];
    const rb_trial_facts *f = &r->facts[t];
    static const rb_trial_facts none = { .digest = "" };
    const int64_t again = r->run->n_work > plan->n_trials ? rb_run_holder(r->run, t + plan->n_trials) : -1;
    const bool wanted = again >= 0 && r->run->work[again].want == RB_WANT_VALUES;
    const rb_trial_facts *g = wanted ? &r->facts[again] : &none;
    const char *not_refitted = wanted ? "not run" : "";
    return (trial_row){ .trial = (int32_t)trial->number,
                        .configuration = c->index + 1,
                        .fold = trial->fold + 1,
                        .repeat = trial->repeat + 1,
                        .iterations = (int32_t)f->n_history,
                        .kept_iteration = (int32_t)(f->finished ? f->kept_iteration : -1),
                        .same_as = (int32_t)(r->run->work[t].twin ? r->run->work[t].twin_of + 1 : trial->number),
                        .entry = c->entry->name,
                        .algorithm = c->entry->algorithm->name,
                        .parameters = c->text,
                        .space = c->space_name ? c->space_name : "",
                        .space_trial = (int32_t)(rb_run_space_child(r->run, t) + 1),
                        .outcome = f->finished ? rb_fit_outcome_name(f->outcome) : "not run",
                        .message = f->message,
                        .key = r->run->work[t].key,
                        .digest = f->digest,
                        .selected = f->selected,
                        .converged = f->converged,
                        .fast = c->is_fast,
                        .model_bytes = f->model_bytes,
                        .fit_s = f->fit_s,
                        .score_s = f->score_s,
                        .evaluate_s = f->evaluate_s,
                        .refit = g->finished ? rb_fit_outcome_name(g->outcome) : not_refitted,
                        .refit_message = g->message,
                        .refit_iterations = (int32_t)g->n_history,
                        .refit_key = wanted ? r->run->work[again].key : "",
                        .refit_digest = g->digest,
                        .refit_s = g->finished ? g->fit_s : NAN,
                        .refit_score_s = g->finished ? g->score_s : NAN,
                        .refit_evaluate_s = g->finished ? g->evaluate_s : NAN };
}

static rb_status write_trials(rb_results *r, rb_error *err)
{
    int64_t n = r->run->plan.n_trials;
    trial_row *rows = NULL;
    RB_TRY(rb_alloc(&rows, n, err));
    for (int64_t t = 0; t < n; t++)
        rows[t] = row_of(r, t);
    const rb_hdf_column trials[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, trial),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, configuration),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, fold),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, repeat),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, entry),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, algorithm),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, parameters),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, space),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, space_trial),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, outcome),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, message),
        RB_RESULTS_COLUMN(rows, RB_HDF_UINT8, selected),
        RB_RESULTS_COLUMN(rows, RB_HDF_UINT8, converged),
        RB_RESULTS_COLUMN(rows, RB_HDF_UINT8, fast),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, iterations),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, kept_iteration),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_INT64, model_bytes, "model_bytes", "bytes"),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, same_as),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, key),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, digest),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, refit),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, refit_message),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, refit_iterations),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, refit_key),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, refit_digest),
    };
    const rb_hdf_column timing[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, trial),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_DOUBLE, fit_s, "fit", "s"),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_DOUBLE, score_s, "score", "s"),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_DOUBLE, evaluate_s, "evaluate", "s"),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_DOUBLE, refit_s, "refit", "s"),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_DOUBLE, refit_score_s, "refit_score", "s"),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_DOUBLE, refit_evaluate_s, "refit_evaluate", "s"),
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "trials", trials, RB_RESULTS_N_OF(trials), n, err));
    RB_TRY(rb_hdf_write_table(r->file.id, "timing/trials", timing, RB_RESULTS_N_OF(timing), n, err));
done:
    rb_free(rows);
    return err->status;
}

/* ---- /metrics ---- */

typedef struct {
    char name[64], definition[64];
    int64_t cutoff;
    const char *state;
} metric_words;

/* "ndcg:bin-min@10" in name, definition and cutoff. */
static metric_words words_of(const rb_metric_row *row)
{
    static const char *const states[] = { "ok", "not applicable", "unavailable" };
    metric_words w = { .state = states[row->value.state] };
    const char *at = strchr(row->id, '@');
    long long cutoff = 0;
    if (at)
        sscanf(at + 1, "%lld", &cutoff);
    w.cutoff = cutoff;
    snprintf(w.definition, sizeof w.definition, "%.*s", at ? (int)(at - row->id) : 63, row->id);
    if (row->definition[0])
        snprintf(w.definition, sizeof w.definition, "%s", row->definition);
    snprintf(w.name, sizeof w.name, "%.*s", (int)strcspn(w.definition, ":"), w.definition);
    return w;
}

static rb_status write_metrics(rb_results *r, rb_error *err)
{
    int64_t n = r->n_values;
    metric_words *words = NULL;
    RB_TRY(rb_alloc(&words, n, err));
    for (int64_t i = 0; i < n; i++)
        words[i] = words_of(&r->value[i].row);
    const rb_hdf_column columns[] = {
        RB_RESULTS_COLUMN(r->value, RB_HDF_INT32, trial),
        RB_RESULTS_COLUMN_AS(r->value, RB_HDF_CHARS, row.part, "part", NULL),
        RB_RESULTS_COLUMN_AS(r->value, RB_HDF_CHARS, row.segment, "segment", NULL),
        RB_RESULTS_COLUMN(words, RB_HDF_CHARS, name),
        RB_RESULTS_COLUMN(words, RB_HDF_CHARS, definition),
        RB_RESULTS_COLUMN(words, RB_HDF_INT64, cutoff),
        RB_RESULTS_COLUMN_AS(r->value, RB_HDF_DOUBLE, row.value.value, "value", NULL),
        RB_RESULTS_COLUMN(words, RB_HDF_TEXT, state),
        RB_RESULTS_COLUMN_AS(r->value, RB_HDF_INT64, row.n, "n", NULL),
        RB_RESULTS_COLUMN_AS(r->value, RB_HDF_INT64, row.n_left_out, "left_out", NULL),
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "metrics", columns, RB_RESULTS_N_OF(columns), n, err));
done:
    rb_free(words);
    return err->status;
}

/* ---- /history ---- */

static rb_status write_history(rb_results *r, rb_error *err)
{
    const rb_history_row *rows = r->history;
    const rb_hdf_column history[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, trial),      RB_RESULTS_COLUMN(rows, RB_HDF_INT32, iteration),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, objective), RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, validation),
        RB_RESULTS_COLUMN(rows, RB_HDF_UINT8, kept),       RB_RESULTS_COLUMN(rows, RB_HDF_UINT8, refit),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, phase),
    };
    const rb_hdf_column timing[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, trial),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, iteration),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_DOUBLE, wall_s, "wall", "s"),
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "history", history, RB_RESULTS_N_OF(history), r->n_history, err));
    RB_TRY(rb_hdf_write_table(r->file.id, "timing/history", timing, RB_RESULTS_N_OF(timing), r->n_history, err));
done:
    return err->status;
}

/* ---- /per_fold: mean and spread over folds and repeats of every configuration ---- */

typedef struct {
    int32_t configuration, n;
    char part[12], segment[24], id[64];
    double mean, spread_folds, spread_repeats;
} fold_row;

static bool same_cell(const rb_value_row *a, const rb_value_row *b)
{
    return strcmp(a->row.id, b->row.id) == 0 && strcmp(a->row.part, b->row.part) == 0 &&
           strcmp(a->row.segment, b->row.segment) == 0;
}

/* Standard deviation with n - 1; NAN for fewer than two. */
static double deviation(const double *x, int32_t n)
{
    double mean = 0, sum = 0;
    for (int32_t i = 0; i < n; i++)
        mean += x[i] / n;
    for (int32_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return n < 2 ? NAN : sqrt(sum / (n - 1));
}

/* First value row of each trial, [n_trials + 1]; values stand in the order of trials. */
static rb_status index_trials(int64_t **begin, const rb_results *r, rb_error *err)
{
    int64_t n = r->run->plan.n_trials, at = 0;
    RB_TRY(rb_alloc(begin, n + 1, err));
    for (int64_t t = 0; t < n; t++) {
        (*begin)[t] = at;
        while (at < r->n_values && r->value[at].trial == t + 1)
            at++;
    }
    (*begin)[n] = at;
done:
    return err->status;
}

/* One cell over the trials of a configuration; by fold (mean over repeats) and by repeat (mean over folds). */
static fold_row summarise(const rb_results *r, const int64_t *begin, int32_t configuration, const rb_value_row *cell,
                          double *by_fold, double *by_repeat)
{
    const rb_plan *plan = &r->run->plan;
    fold_row out = { .configuration = configuration + 1, .mean = NAN, .spread_folds = NAN, .spread_repeats = NAN };
    memcpy(out.part, cell->row.part, sizeof out.part);
    memcpy(out.segment, cell->row.segment, sizeof out.segment);
    memcpy(out.id, cell->row.id, sizeof out.id);
    memset(by_fold, 0, (size_t)plan->n_folds * sizeof *by_fold);
    memset(by_repeat, 0, (size_t)plan->n_repeats * sizeof *by_repeat);
    double sum = 0;
    for (int32_t f = 0; f < plan->n_folds; f++)
        for (int32_t k = 0; k < plan->n_repeats; k++) {
            int64_t t = rb_plan_trial(plan, configuration, f, k)->number - 1;
            for (int64_t i = begin[t]; i < begin[t + 1]; i++)
                if (same_cell(&r->value[i], cell) && r->value[i].row.value.state == RB_VALUE_OK) {
                    double value = r->value[i].row.value.value;
                    by_fold[f] += value / plan->n_repeats;
                    by_repeat[k] += value / plan->n_folds;
                    sum += value;
                    out.n++;
                }
        }
    if (out.n > 0)
        out.mean = sum / out.n;
    if (out.n == plan->n_folds * plan->n_repeats) {
        out.spread_folds = deviation(by_fold, plan->n_folds);
        out.spread_repeats = deviation(by_repeat, plan->n_repeats);
    }
    return out;
}

static rb_status write_folds(rb_results *r, rb_error *err)
{
    const rb_plan *plan = &r->run->plan;
    int64_t *begin = NULL, n = 0, capacity = 0;
    double *by_fold = NULL, *by_repeat = NULL;
    fold_row *rows = NULL;
    RB_TRY(index_trials(&begin, r, err));
    RB_TRY(rb_alloc(&by_fold, plan->n_folds, err));
    RB_TRY(rb_alloc(&by_repeat, plan->n_repeats, err));
    for (int32_t c = 0; c < plan->n_configurations; c++) {
        int64_t t = rb_plan_trial(plan, c, 0, 0)->number - 1;
        for (int64_t i = begin[t]; i < begin[t + 1]; i++) {
            RB_TRY(rb_grow(&rows, &capacity, n + 1, err));
            rows[n++] = summarise(r, begin, c, &r->value[i], by_fold, by_repeat);
        }
    }
    const rb_hdf_column columns[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, configuration),
        RB_RESULTS_COLUMN(rows, RB_HDF_CHARS, part),
        RB_RESULTS_COLUMN(rows, RB_HDF_CHARS, segment),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_CHARS, id, "metric", NULL),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, n),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, mean),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, spread_folds),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, spread_repeats),
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "per_fold", columns, RB_RESULTS_N_OF(columns), n, err));
done:
    rb_free(rows);
    rb_free(by_fold);
    rb_free(by_repeat);
    rb_free(begin);
    return err->status;
}

rb_status rb_results_write_tables(rb_results *r, rb_error *err)
{
    RB_TRY(write_trials(r, err));
    RB_TRY(write_metrics(r, err));
    RB_TRY(write_history(r, err));
    RB_TRY(write_folds(r, err));
    RB_TRY(rb_results_write_selection(r, err));
    RB_TRY(rb_results_write_curve(r, err));
    RB_TRY(rb_results_write_comparisons(r, err));
done:
    return err->status;
}
