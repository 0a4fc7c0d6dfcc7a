/* The tables of results.h5. Units of columns stand in attributes; times are in /timing, apart from results. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/results.h"

#define FIELD(rows, field) (rows) ? &(rows)[0].field : NULL
#define N_OF(table) ((int)(sizeof(table) / sizeof *(table)))

/* ---- /trials, /timing/trials ---- */

typedef struct {
    int32_t trial, configuration, fold, repeat, iterations, kept_iteration, same_as;
    const char *entry, *algorithm, *parameters, *space, *outcome, *message, *key, *digest;
    uint8_t selected, converged;
    int64_t model_bytes;
    double fit_s, evaluate_s;
} trial_row;

static trial_row row_of(const rb_results *r, int64_t t)
{
    const rb_plan *plan = &r->run->plan;
    const rb_trial *trial = &plan->trial[t];
    const rb_configuration *c = &plan->configuration[trial->configuration];
    const rb_trial_facts *f = &r->facts[t];
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
                        .space = c->space ? c->space : "",
                        .outcome = f->finished ? rb_fit_outcome_name(f->outcome) : "not run",
                        .message = f->message,
                        .key = r->run->work[t].key,
                        .digest = f->digest,
                        .selected = f->selected,
                        .converged = f->converged,
                        .model_bytes = f->model_bytes,
                        .fit_s = f->fit_s,
                        .evaluate_s = f->evaluate_s };
}

static rb_status write_trials(rb_results *r, rb_error *err)
{
    int64_t n = r->run->plan.n_trials;
    trial_row *rows = NULL;
    RB_TRY(rb_alloc(&rows, n, err));
    for (int64_t t = 0; t < n; t++)
        rows[t] = row_of(r, t);
    const size_t w = sizeof *rows;
    const rb_hdf_column trials[] = {
        { "trial", RB_HDF_INT32, FIELD(rows, trial), NULL, w },
        { "configuration", RB_HDF_INT32, FIELD(rows, configuration), NULL, w },
        { "fold", RB_HDF_INT32, FIELD(rows, fold), NULL, w },
        { "repeat", RB_HDF_INT32, FIELD(rows, repeat), NULL, w },
        { "entry", RB_HDF_TEXT, FIELD(rows, entry), NULL, w },
        { "algorithm", RB_HDF_TEXT, FIELD(rows, algorithm), NULL, w },
        { "parameters", RB_HDF_TEXT, FIELD(rows, parameters), NULL, w },
        { "space", RB_HDF_TEXT, FIELD(rows, space), NULL, w },
        { "outcome", RB_HDF_TEXT, FIELD(rows, outcome), NULL, w },
        { "message", RB_HDF_TEXT, FIELD(rows, message), NULL, w },
        { "selected", RB_HDF_UINT8, FIELD(rows, selected), NULL, w },
        { "converged", RB_HDF_UINT8, FIELD(rows, converged), NULL, w },
        { "iterations", RB_HDF_INT32, FIELD(rows, iterations), NULL, w },
        { "kept_iteration", RB_HDF_INT32, FIELD(rows, kept_iteration), NULL, w },
        { "model_bytes", RB_HDF_INT64, FIELD(rows, model_bytes), "bytes", w },
        { "same_as", RB_HDF_INT32, FIELD(rows, same_as), NULL, w },
        { "key", RB_HDF_TEXT, FIELD(rows, key), NULL, w },
        { "digest", RB_HDF_TEXT, FIELD(rows, digest), NULL, w },
    };
    const rb_hdf_column timing[] = {
        { "trial", RB_HDF_INT32, FIELD(rows, trial), NULL, w },
        { "fit", RB_HDF_DOUBLE, FIELD(rows, fit_s), "s", w },
        { "evaluate", RB_HDF_DOUBLE, FIELD(rows, evaluate_s), "s", w },
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "trials", trials, N_OF(trials), n, err));
    RB_TRY(rb_hdf_write_table(r->file.id, "timing/trials", timing, N_OF(timing), n, err));
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
    const size_t w = sizeof *r->value, v = sizeof *words;
    const rb_hdf_column columns[] = {
        { "trial", RB_HDF_INT32, FIELD(r->value, trial), NULL, w },
        { "part", RB_HDF_CHARS, FIELD(r->value, row.part), NULL, w },
        { "segment", RB_HDF_CHARS, FIELD(r->value, row.segment), NULL, w },
        { "name", RB_HDF_CHARS, FIELD(words, name), NULL, v },
        { "definition", RB_HDF_CHARS, FIELD(words, definition), NULL, v },
        { "cutoff", RB_HDF_INT64, FIELD(words, cutoff), NULL, v },
        { "value", RB_HDF_DOUBLE, FIELD(r->value, row.value.value), NULL, w },
        { "state", RB_HDF_TEXT, FIELD(words, state), NULL, v },
        { "n", RB_HDF_INT64, FIELD(r->value, row.n), NULL, w },
        { "left_out", RB_HDF_INT64, FIELD(r->value, row.n_left_out), NULL, w },
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "metrics", columns, N_OF(columns), n, err));
done:
    rb_free(words);
    return err->status;
}

/* ---- /history ---- */

static rb_status write_history(rb_results *r, rb_error *err)
{
    const rb_history_row *rows = r->history;
    const size_t w = sizeof *rows;
    const rb_hdf_column history[] = {
        { "trial", RB_HDF_INT32, FIELD(rows, trial), NULL, w },
        { "iteration", RB_HDF_INT32, FIELD(rows, iteration), NULL, w },
        { "objective", RB_HDF_DOUBLE, FIELD(rows, objective), NULL, w },
        { "validation", RB_HDF_DOUBLE, FIELD(rows, validation), NULL, w },
        { "kept", RB_HDF_UINT8, FIELD(rows, kept), NULL, w },
    };
    const rb_hdf_column timing[] = {
        { "trial", RB_HDF_INT32, FIELD(rows, trial), NULL, w },
        { "iteration", RB_HDF_INT32, FIELD(rows, iteration), NULL, w },
        { "wall", RB_HDF_DOUBLE, FIELD(rows, wall_s), "s", w },
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "history", history, N_OF(history), r->n_history, err));
    RB_TRY(rb_hdf_write_table(r->file.id, "timing/history", timing, N_OF(timing), r->n_history, err));
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
    const size_t w = sizeof *rows;
    const rb_hdf_column columns[] = {
        { "configuration", RB_HDF_INT32, FIELD(rows, configuration), NULL, w },
        { "part", RB_HDF_CHARS, FIELD(rows, part), NULL, w },
        { "segment", RB_HDF_CHARS, FIELD(rows, segment), NULL, w },
        { "metric", RB_HDF_CHARS, FIELD(rows, id), NULL, w },
        { "n", RB_HDF_INT32, FIELD(rows, n), NULL, w },
        { "mean", RB_HDF_DOUBLE, FIELD(rows, mean), NULL, w },
        { "spread_folds", RB_HDF_DOUBLE, FIELD(rows, spread_folds), NULL, w },
        { "spread_repeats", RB_HDF_DOUBLE, FIELD(rows, spread_repeats), NULL, w },
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "per_fold", columns, N_OF(columns), n, err));
done:
    rb_free(rows);
    rb_free(by_fold);
    rb_free(by_repeat);
    rb_free(begin);
    return err->status;
}

/* ---- /selection, /comparisons ---- */

typedef struct {
    int32_t configuration, trial, rank;
    const char *metric, *label, *entry, *parameters, *letters;
    double selection, test, low, high, spread_users, spread_seeds;
} selection_row;

static rb_status write_selection(rb_results *r, rb_error *err)
{
    const rb_plan *plan = &r->run->plan;
    int32_t n = r->selection.n, rank = 0;
    selection_row *rows = NULL;
    RB_TRY(rb_alloc(&rows, n, err));
    for (int32_t i = 0; i < n; i++) {
        const rb_selected *s = &r->selection.selected[i];
        const rb_configuration *c = &plan->configuration[s->configuration];
        rank = i > 0 && s->metric == s[-1].metric ? rank + 1 : 1;
        rows[i] = (selection_row){ .configuration = s->configuration + 1,
                                   .trial = (int32_t)rb_plan_trial(plan, s->configuration, 0, 0)->number,
                                   .rank = rank,
                                   .metric = s->metric->id,
                                   .label = s->metric->label,
                                   .entry = c->entry->name,
                                   .parameters = c->text,
                                   .letters = s->letters,
                                   .selection = s->selection,
                                   .test = s->test.value,
                                   .low = s->low,
                                   .high = s->high,
                                   .spread_users = s->spread_users,
                                   .spread_seeds = s->spread_seeds };
    }
    const size_t w = sizeof *rows;
    const rb_hdf_column columns[] = {
        { "metric", RB_HDF_TEXT, FIELD(rows, metric), NULL, w },
        { "label", RB_HDF_TEXT, FIELD(rows, label), NULL, w },
        { "rank", RB_HDF_INT32, FIELD(rows, rank), NULL, w },
        { "entry", RB_HDF_TEXT, FIELD(rows, entry), NULL, w },
        { "configuration", RB_HDF_INT32, FIELD(rows, configuration), NULL, w },
        { "trial", RB_HDF_INT32, FIELD(rows, trial), NULL, w },
        { "parameters", RB_HDF_TEXT, FIELD(rows, parameters), NULL, w },
        { "selection", RB_HDF_DOUBLE, FIELD(rows, selection), NULL, w },
        { "test", RB_HDF_DOUBLE, FIELD(rows, test), NULL, w },
        { "low", RB_HDF_DOUBLE, FIELD(rows, low), NULL, w },
        { "high", RB_HDF_DOUBLE, FIELD(rows, high), NULL, w },
        { "spread_users", RB_HDF_DOUBLE, FIELD(rows, spread_users), NULL, w },
        { "spread_repeats", RB_HDF_DOUBLE, FIELD(rows, spread_seeds), NULL, w },
        { "letters", RB_HDF_TEXT, FIELD(rows, letters), NULL, w },
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "selection", columns, N_OF(columns), n, err));
done:
    rb_free(rows);
    return err->status;
}

typedef struct {
    const char *metric, *test;
    int32_t a, b;
    int64_t n;
    double difference, low, high, statistic, p, p_adjusted, cohen_d;
} pair_row;

static rb_status write_comparisons(rb_results *r, rb_error *err)
{
    static const char *const tests[] = { "wilcoxon", "t", "bootstrap" };
    int32_t n = r->selection.n_pairs;
    pair_row *rows = NULL;
    RB_TRY(rb_alloc(&rows, n, err));
    for (int32_t i = 0; i < n; i++) {
        const rb_pair *p = &r->selection.pair[i];
        const rb_selected *a = &r->selection.selected[p->a], *b = &r->selection.selected[p->b];
        rows[i] = (pair_row){ a->metric->id,     tests[p->test.kind], a->configuration + 1, b->configuration + 1,
                              p->test.n,         p->test.difference,  p->test.low,          p->test.high,
                              p->test.statistic, p->test.p,           p->p_adjusted,        p->test.cohen_d };
    }
    const size_t w = sizeof *rows;
    const rb_hdf_column columns[] = {
        { "metric", RB_HDF_TEXT, FIELD(rows, metric), NULL, w },
        { "test", RB_HDF_TEXT, FIELD(rows, test), NULL, w },
        { "configuration_a", RB_HDF_INT32, FIELD(rows, a), NULL, w },
        { "configuration_b", RB_HDF_INT32, FIELD(rows, b), NULL, w },
        { "n", RB_HDF_INT64, FIELD(rows, n), NULL, w },
        { "difference", RB_HDF_DOUBLE, FIELD(rows, difference), NULL, w },
        { "low", RB_HDF_DOUBLE, FIELD(rows, low), NULL, w },
        { "high", RB_HDF_DOUBLE, FIELD(rows, high), NULL, w },
        { "statistic", RB_HDF_DOUBLE, FIELD(rows, statistic), NULL, w },
        { "p", RB_HDF_DOUBLE, FIELD(rows, p), NULL, w },
        { "p_adjusted", RB_HDF_DOUBLE, FIELD(rows, p_adjusted), NULL, w },
        { "cohen_d", RB_HDF_DOUBLE, FIELD(rows, cohen_d), NULL, w },
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "comparisons", columns, N_OF(columns), n, err));
done:
    rb_free(rows);
    return err->status;
}

rb_status rb_results_write_tables(rb_results *r, rb_error *err)
{
    RB_TRY(write_trials(r, err));
    RB_TRY(write_metrics(r, err));
    RB_TRY(write_history(r, err));
    RB_TRY(write_folds(r, err));
    RB_TRY(write_selection(r, err));
    RB_TRY(write_comparisons(r, err));
done:
    return err->status;
}
