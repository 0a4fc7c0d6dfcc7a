#include "report/results_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include "base/alloc.h"
#include "cluster/cluster.h"
#include "harness/run.h"

/* Where a column goes: the field of each struct of an array. */
typedef struct {
    const char *name;
    rb_hdf_type type; /* RB_HDF_TEXT: const char *, RB_HDF_UINT8: bool */
    size_t offset;
} target;

/* Every column of a struct has a value for each of its n rows. */
static rb_status expect_rows(const rb_results_file *r, const char *table, const char *column, int64_t n,
                             int64_t expected, rb_error *err)
{
    if (n == expected)
        return RB_OK;
    return rb_hdf_unfit(err, r->file.id, "'%s' of table '%s' has %lld rows, expected %lld", column, table, (long long)n,
                        (long long)expected);
}

static rb_status read_texts(rb_results_file *r, const char *table, const target *to, char *rows, size_t size,
                            int64_t n_rows, rb_error *err)
{
    char **texts = NULL, *all = NULL;
    int64_t n;
    RB_TRY(rb_hdf_read_column_texts(r->file.id, table, to->name, &texts, &all, &n, err));
    RB_TRY(expect_rows(r, table, to->name, n, n_rows, err));
    for (int64_t i = 0; i < n; i++) {
        const char *copy = NULL;
        if (u8_check((const uint8_t *)texts[i], strlen(texts[i])))
            rb_hdf_unfit(err, r->file.id, "'%s' of table '%s', row %lld: not UTF-8", to->name, table, (long long)i);
        else
            copy = rb_arena_text(&r->arena, texts[i], (int64_t)strlen(texts[i]), err);
        RB_TRY(err->status);
        memcpy(rows + (size_t)i * size + to->offset, &copy, sizeof copy);
    }
done:
    rb_free(texts);
    rb_free(all);
    return err->status;
}

static rb_status read_numbers(rb_results_file *r, const char *table, const target *to, char *rows, size_t size,
                              int64_t n_rows, rb_error *err)
{
    static const size_t bytes[] = { [RB_HDF_INT32] = 4, [RB_HDF_INT64] = 8, [RB_HDF_UINT8] = 1, [RB_HDF_DOUBLE] = 8 };
    void *data = NULL;
    int64_t n;
    RB_TRY(rb_hdf_read_column(r->file.id, table, to->name, to->type, &data, &n, err));
    RB_TRY(expect_rows(r, table, to->name, n, n_rows, err));
    for (int64_t i = 0; i < n && to->type == RB_HDF_UINT8; i++)
        ((uint8_t *)data)[i] = ((uint8_t *)data)[i] != 0; /* a bool holds nothing else */
    for (int64_t i = 0; i < n; i++)
        memcpy(rows + (size_t)i * size + to->offset, (char *)data + (size_t)i * bytes[to->type], bytes[to->type]);
done:
    rb_free(data);
    return err->status;
}

/* A table into an array of structs of `size` bytes; its length comes from its first column, a number. */
static rb_status read_table(rb_results_file *r, const char *table, const target *to, int n_targets, size_t size,
                            void **rows, int64_t *n, rb_error *err)
{
    void *first = NULL;
    RB_TRY(rb_hdf_read_column(r->file.id, table, to[0].name, RB_HDF_INT32, &first, n, err));
    *rows = rb_arena_array(&r->arena, *n, size, err);
    RB_TRY(err->status);
    for (int i = 0; i < n_targets; i++)
        RB_TRY(to[i].type == RB_HDF_TEXT ? read_texts(r, table, &to[i], *rows, size, *n, err)
                                         : read_numbers(r, table, &to[i], *rows, size, *n, err));
done:
    rb_free(first);
    return err->status;
}

#define TO(type_, field, hdf)               \
    {                                       \
#field, hdf, offsetof(type_, field) \
    }

static rb_status read_trials(rb_results_file *r, rb_error *err)
{
    static const target to[] = {
        TO(rb_trial_line, trial, RB_HDF_INT32),          TO(rb_trial_line, configuration, RB_HDF_INT32),
        TO(rb_trial_line, fold, RB_HDF_INT32),           TO(rb_trial_line, repeat, RB_HDF_INT32),
        TO(rb_trial_line, iterations, RB_HDF_INT32),     TO(rb_trial_line, entry, RB_HDF_TEXT),
        TO(rb_trial_line, algorithm, RB_HDF_TEXT),       TO(rb_trial_line, parameters, RB_HDF_TEXT),
        TO(rb_trial_line, space, RB_HDF_TEXT),           TO(rb_trial_line, outcome, RB_HDF_TEXT),
        TO(rb_trial_line, message, RB_HDF_TEXT),         TO(rb_trial_line, refit, RB_HDF_TEXT),
        TO(rb_trial_line, refit_message, RB_HDF_TEXT),   TO(rb_trial_line, selected, RB_HDF_UINT8),
        TO(rb_trial_line, kept_iteration, RB_HDF_INT32),
    };
    static const target times[] = { { "fit", RB_HDF_DOUBLE, offsetof(rb_trial_line, fit_s) },
                                    { "score", RB_HDF_DOUBLE, offsetof(rb_trial_line, score_s) },
                                    { "evaluate", RB_HDF_DOUBLE, offsetof(rb_trial_line, evaluate_s) } };
    void *rows = NULL;
    RB_TRY(read_table(r, "trials", to, sizeof to / sizeof *to, sizeof(rb_trial_line), &rows, &r->n_trials, err));
    r->trial = rows;
    for (int i = 0; i < 3; i++)
        RB_TRY(read_numbers(r, "timing/trials", &times[i], rows, sizeof(rb_trial_line), r->n_trials, err));
done:
    return err->status;
}

static rb_status read_values(rb_results_file *r, rb_error *err)
{
    static const target to[] = {
        TO(rb_value_line, trial, RB_HDF_INT32),     TO(rb_value_line, cutoff, RB_HDF_INT64),
        TO(rb_value_line, n, RB_HDF_INT64),         TO(rb_value_line, left_out, RB_HDF_INT64),
        TO(rb_value_line, value, RB_HDF_DOUBLE),    TO(rb_value_line, part, RB_HDF_TEXT),
        TO(rb_value_line, segment, RB_HDF_TEXT),    TO(rb_value_line, name, RB_HDF_TEXT),
        TO(rb_value_line, definition, RB_HDF_TEXT), TO(rb_value_line, state, RB_HDF_TEXT),
    };
    void *rows = NULL;
    RB_TRY(read_table(r, "metrics", to, sizeof to / sizeof *to, sizeof(rb_value_line), &rows, &r->n_values, err));
    r->value = rows;
done:
    return err->status;
}

static rb_status read_selection(rb_results_file *r, rb_error *err)
{
    static const target to[] = {
        TO(rb_selection_line, rank, RB_HDF_INT32),          TO(rb_selection_line, trial, RB_HDF_INT32),
        TO(rb_selection_line, configuration, RB_HDF_INT32), TO(rb_selection_line, metric, RB_HDF_TEXT),
        TO(rb_selection_line, label, RB_HDF_TEXT),          TO(rb_selection_line, entry, RB_HDF_TEXT),
        TO(rb_selection_line, parameters, RB_HDF_TEXT),     TO(rb_selection_line, letters, RB_HDF_TEXT),
        TO(rb_selection_line, refit, RB_HDF_UINT8),         TO(rb_selection_line, selection, RB_HDF_DOUBLE),
        TO(rb_selection_line, test, RB_HDF_DOUBLE),         TO(rb_selection_line, low, RB_HDF_DOUBLE),
        TO(rb_selection_line, high, RB_HDF_DOUBLE),         TO(rb_selection_line, spread_repeats, RB_HDF_DOUBLE),
    };
    void *rows = NULL;
    RB_TRY(
        read_table(r, "selection", to, sizeof to / sizeof *to, sizeof(rb_selection_line), &rows, &r->n_selection, err));
    r->selection = rows;
done:
    return err->status;
}

static rb_status read_folds(rb_results_file *r, rb_error *err)
{
    static const target to[] = {
        TO(rb_fold_line, configuration, RB_HDF_INT32), TO(rb_fold_line, part, RB_HDF_TEXT),
        TO(rb_fold_line, segment, RB_HDF_TEXT),        TO(rb_fold_line, metric, RB_HDF_TEXT),
        TO(rb_fold_line, spread_folds, RB_HDF_DOUBLE),
    };
    void *rows = NULL;
    RB_TRY(read_table(r, "per_fold", to, sizeof to / sizeof *to, sizeof(rb_fold_line), &rows, &r->n_folds, err));
    r->fold = rows;
done:
    return err->status;
}

/* How intervals and letters were made; a file of an earlier version does not tell. */
static void read_statistics(rb_results_file *r)
{
    static const char *const corrections[] = { "holm", "bh" };
    rb_error none = { 0 };
    char *correction = NULL;
    r->correction = "";
    if (rb_hdf_get_double(r->file.id, "interval_level", &r->level, &none) != RB_OK)
        r->level = NAN;
    if (rb_hdf_get_text(r->file.id, "correction", &correction, &none) == RB_OK)
        for (int i = 0; i < 2; i++)
            if (strcmp(correction, corrections[i]) == 0)
                r->correction = corrections[i];
    rb_free(correction);
}

/* What tables refer to must be there, else the file was not written by a run, or not left as it was. */
static rb_status check_references(const rb_results_file *r, rb_error *err)
{
    for (int64_t i = 0; i < r->n_trials; i++)
        if (r->trial[i].trial != i + 1)
            return rb_hdf_unfit(err, r->file.id, "row %lld of table 'trials' is trial %d, expected %lld", (long long)i,
                                r->trial[i].trial, (long long)i + 1);
    for (int64_t i = 0; i < r->n_values; i++) {
        const rb_value_line *v = &r->value[i];
        if (v->trial < (i > 0 ? v[-1].trial : 1) || v->trial > r->n_trials)
            return rb_hdf_unfit(err, r->file.id,
                                "row %lld of table 'metrics' is of trial %d, expected ascending numbers from 1 to %lld",
                                (long long)i, v->trial, (long long)r->n_trials);
        if (v->n < 0 || v->left_out < 0)
            return rb_hdf_unfit(err, r->file.id,
                                "row %lld of table 'metrics' counts %lld and %lld, expected none below 0", (long long)i,
                                (long long)v->n, (long long)v->left_out);
    }
    for (int64_t i = 0; i < r->n_selection; i++)
        if (r->selection[i].trial < 1 || r->selection[i].trial > r->n_trials)
            return rb_hdf_unfit(err, r->file.id, "row %lld of table 'selection' is of trial %d, expected 1 to %lld",
                                (long long)i, r->selection[i].trial, (long long)r->n_trials);
    return RB_OK;
}

static rb_status read_log(rb_results_file *r, rb_error *err)
{
    char *text = NULL;
    const hid_t at = rb_hdf_open_group(r->file.id, "replay", err);
    RB_TRY(err->status);
    RB_TRY(rb_hdf_get_text(at, "log", &text, err));
    r->assumes_uniform = strstr(text, "assume_uniform=true") != NULL;
    r->replays_interactions = strstr(text, "log=interactions") != NULL;
done:
    rb_free(text);
    if (at >= 0)
        H5Gclose(at);
    return err->status;
}

static rb_status read_replay(rb_results_file *r, rb_error *err)
{
    static const target policies[] = {
        TO(rb_replay_line, configuration, RB_HDF_INT32), TO(rb_replay_line, repeat, RB_HDF_INT32),
        TO(rb_replay_line, events, RB_HDF_INT64),        TO(rb_replay_line, matched, RB_HDF_INT64),
        TO(rb_replay_line, clicks, RB_HDF_INT64),        TO(rb_replay_line, ctr, RB_HDF_DOUBLE),
        TO(rb_replay_line, low, RB_HDF_DOUBLE),          TO(rb_replay_line, high, RB_HDF_DOUBLE),
        TO(rb_replay_line, expected, RB_HDF_DOUBLE),     TO(rb_replay_line, regret, RB_HDF_DOUBLE),
        TO(rb_replay_line, entry, RB_HDF_TEXT),          TO(rb_replay_line, parameters, RB_HDF_TEXT),
    };
    static const target tests[] = {
        TO(rb_ab_line, configuration, RB_HDF_INT32),
        TO(rb_ab_line, repeat, RB_HDF_INT32),
        TO(rb_ab_line, pairs, RB_HDF_INT64),
        TO(rb_ab_line, control, RB_HDF_DOUBLE),
        TO(rb_ab_line, treatment, RB_HDF_DOUBLE),
        TO(rb_ab_line, difference, RB_HDF_DOUBLE),
        TO(rb_ab_line, low, RB_HDF_DOUBLE),
        TO(rb_ab_line, high, RB_HDF_DOUBLE),
        TO(rb_ab_line, p, RB_HDF_DOUBLE),
        TO(rb_ab_line, rejected, RB_HDF_UINT8),
        TO(rb_ab_line, true_difference, RB_HDF_DOUBLE),
        TO(rb_ab_line, entry, RB_HDF_TEXT),
        TO(rb_ab_line, parameters, RB_HDF_TEXT),
    };
    void *rows = NULL;
    if (!rb_hdf_has(r->file.id, "replay"))
        return RB_OK;
    RB_TRY(read_log(r, err));
    RB_TRY(read_table(r, "replay/policies", policies, sizeof policies / sizeof *policies, sizeof(rb_replay_line), &rows,
                      &r->n_replayed, err));
    r->replayed = rows;
    RB_TRY(read_table(r, "replay/tests", tests, sizeof tests / sizeof *tests, sizeof(rb_ab_line), &rows, &r->n_tests,
                      err));
    r->test = rows;
done:
    return err->status;
}

rb_status rb_results_file_open(rb_results_file *r, const char *folder, rb_error *err)
{
    RB_TRY(rb_run_results_open(&r->file, folder, err));
    r->folder = rb_arena_text(&r->arena, folder, (int64_t)strlen(folder), err);
    RB_TRY(err->status);
    RB_TRY(read_trials(r, err));
    RB_TRY(read_values(r, err));
    RB_TRY(read_selection(r, err));
    RB_TRY(read_folds(r, err));
    RB_TRY(read_replay(r, err));
    read_statistics(r);
    RB_TRY(check_references(r, err));
done:
    return err->status;
}

const char *rb_trial_label(const rb_trial_line *trial)
{
    static const char label[] = " [fast]";
    size_t n = strlen(trial->parameters), own = strlen(label) - 1; /* nothing may stand before it */
    return n >= own && strcmp(trial->parameters + n - own, label + 1) == 0 ? label : "";
}

bool rb_trial_clusters(const rb_trial_line *trial)
{
    for (const rb_algorithm *const *a = rb_cluster_registry; *a; a++)
        if (strcmp((*a)->name, trial->algorithm) == 0)
            return true;
    return false;
}

static bool is_of(const rb_value_line *v, const rb_metric *metric)
{
    const rb_metric_def *def = metric->def;
    const size_t length = strlen(metric->definition);
    if (strcmp(v->name, def->name) != 0 || v->cutoff != metric->cutoff || strcmp(v->segment, "all") != 0)
        return false;
    if (def->kind == RB_METRIC_GAP)
        return strncmp(v->definition, metric->definition, length) == 0 &&
               (strncmp(v->definition + length, ":box-", 5) == 0 ||
                strncmp(v->definition + length, ":columns-", 9) == 0);
    if (def->kind == RB_METRIC_SILHOUETTE && metric->variant[0] == RB_DISTANCE_CLUSTERED)
        for (int k = 0; k < 2; k++) {
            rb_metric named = *metric;
            rb_error none = { 0 };
            if (rb_metric_choose(&named, k ? "cosine" : "euclidean", &none) == RB_OK &&
                strcmp(v->definition, named.definition) == 0)
                return true;
        }
    return strcmp(v->definition, metric->definition) == 0;
}

const rb_value_line *rb_results_value(const rb_results_file *r, int32_t trial, const char *part,
                                      const rb_metric *metric)
{
    const rb_value_line *found = NULL;
    for (const rb_value_line *v = r->value; v < r->value + r->n_values; v++) {
        if (v->trial != trial || strcmp(v->part, part) != 0 || strcmp(v->state, "ok") != 0 || !is_of(v, metric))
            continue;
        if (found && strcmp(found->definition, v->definition) != 0)
            return NULL;
        found = v;
    }
    return found;
}

static bool has_part(const rb_results_file *r, int32_t configuration, const char *part)
{
    for (const rb_value_line *v = r->value; v < r->value + r->n_values; v++)
        if (r->trial[v->trial - 1].configuration == configuration && strcmp(v->part, part) == 0)
            return true;
    return false;
}

const char *rb_results_part(const rb_results_file *r, int32_t configuration, const rb_metric *metric)
{
    if (metric->family == RB_FAMILY_CLUSTERING)
        return has_part(r, configuration, "train") ? "test" : "all";
    return has_part(r, configuration, "refit") ? "refit" : "test";
}

const rb_trial_line *rb_results_entry(const rb_results_file *r, const char *entry, bool *several)
{
    const rb_trial_line *found = NULL;
    *several = false;
    for (const rb_trial_line *t = r->trial; t < r->trial + r->n_trials; t++) {
        if (strcmp(t->entry, entry) != 0 || (found && t->configuration == found->configuration))
            continue;
        if (!found || (t->selected && !found->selected)) {
            found = t;
            *several = false;
        } else {
            *several = *several || t->selected == found->selected;
        }
    }
    return found;
}

bool rb_results_alike(const rb_value_line *a, const rb_value_line *b)
{
    return a->cutoff == b->cutoff && strcmp(a->part, b->part) == 0 && strcmp(a->segment, b->segment) == 0 &&
           strcmp(a->definition, b->definition) == 0;
}

rb_status rb_results_kinds(const rb_value_line ***out, int *n, const rb_results_file *r,
                           bool (*takes)(const rb_value_line *v, const void *self), const void *self,
                           bool (*same)(const rb_value_line *a, const rb_value_line *b), rb_error *err)
{
    int64_t capacity = 0;
    *n = 0;
    for (const rb_value_line *v = r->value; v < r->value + r->n_values; v++) {
        int k = 0;
        if (strcmp(v->state, "ok") != 0 || !takes(v, self))
            continue;
        while (k < *n && !same((*out)[k], v))
            k++;
        if (k < *n)
            continue;
        RB_TRY(rb_grow(out, &capacity, *n + 1, err));
        (*out)[(*n)++] = v;
    }
done:
    return err->status;
}

double rb_results_mean(const rb_results_file *r, int32_t configuration, const rb_value_line *like)
{
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < r->n_values; i++) {
        const rb_value_line *v = &r->value[i];
        if (r->trial[v->trial - 1].configuration != configuration || !rb_results_alike(v, like) ||
            strcmp(v->state, "ok") != 0)
            continue;
        sum += v->value;
        n++;
    }
    return n > 0 ? sum / (double)n : NAN;
}

double rb_results_fold_spread(const rb_results_file *r, int32_t configuration, const char *metric, const char *part)
{
    for (int64_t i = 0; i < r->n_folds; i++) {
        const rb_fold_line *f = &r->fold[i];
        if (f->configuration == configuration && strcmp(f->metric, metric) == 0 && strcmp(f->part, part) == 0 &&
            strcmp(f->segment, "all") == 0)
            return f->spread_folds;
    }
    return NAN;
}

void rb_results_file_close(rb_results_file *r)
{
    rb_hdf_close(&r->file);
    rb_arena_fini(&r->arena);
}
