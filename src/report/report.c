/* Tables of a run: what was selected, and every trial with its values. */
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "report/curves.h"
#include "report/expected.h"
#include "report/replay.h"
#include "report/segments.h"
#include "report/selection.h"

/* Policies, then A/B tests. */
static rb_status write_replay(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    const bool is_json = format == RB_FORMAT_JSON;
    fputs(is_json ? ",\n\"replay\": " : "", out);
    RB_TRY(rb_replay_write(out, r, false, format, err));
    fputs(is_json ? ",\n\"ab_tests\": " : "", out);
    RB_TRY(rb_replay_write(out, r, true, format, err));
    fputs(is_json ? "\n" : "", out);
done:
    return err->status;
}

/* Published values beside the measured ones, where the experiment expects any. */
static rb_status write_expected(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    rb_experiment e = { 0 };
    rb_text unread = { 0 };
    const bool is_json = format == RB_FORMAT_JSON;
    RB_TRY(rb_expected_load(&e, &unread, r, err));
    if (unread.length > 0 && is_json)
        fputs(",\n\"published\": null", out);
    else if (unread.length > 0)
        fprintf(out, "\npublished values: not read: %s\n", unread.data);
    if (e.n_expected == 0)
        goto done;
    fputs(is_json ? ",\n\"published\": " : "\n", out);
    RB_TRY(rb_expected_write(out, r, &e, format, err));
done:
    rb_text_fini(&unread);
    rb_experiment_fini(&e);
    return err->status;
}

rb_status rb_report_selection(FILE *out, const char *folder, rb_error *err)
{
    rb_results_file r = { 0 };
    RB_TRY(rb_results_file_open(&r, folder, err));
    if (r.n_selection > 0)
        RB_TRY(rb_selection_write(out, &r, RB_FORMAT_TABLE, err));
    if (rb_replay_has(&r)) {
        fputs(r.n_selection > 0 ? "\n" : "", out);
        RB_TRY(write_replay(out, &r, RB_FORMAT_TABLE, err));
    }
    RB_TRY(write_expected(out, &r, RB_FORMAT_TABLE, err));
    if (r.n_selection == 0 && r.n_trials > 0)
        fprintf(out, "every trial with its values: reelbench report %s\n", folder);
done:
    rb_results_file_close(&r);
    return err->status;
}

/* ---- every trial ---- */

/* One column of values: a definition on a part. */
typedef struct {
    char heading[128];
    const rb_value_line *like;
} value_column;

static void name_column(value_column *c)
{
    const rb_value_line *v = c->like;
    int n = snprintf(c->heading, sizeof c->heading, "%s%s%s", strcmp(v->part, "all") == 0 ? "" : v->part,
                     strcmp(v->part, "all") == 0 ? "" : " ", v->definition);
    if (v->cutoff > 0)
        n += snprintf(c->heading + n, sizeof c->heading - (size_t)n, "@%lld", (long long)v->cutoff);
    if (strcmp(v->segment, "all") != 0)
        snprintf(c->heading + n, sizeof c->heading - (size_t)n, " (%s)", v->segment);
}

/* Which trials a table has. */
typedef enum { RECOMMENDERS, CLUSTERINGS, EVERY } rows_of;

static bool has_row(rows_of rows, const rb_trial_line *trial)
{
    return rows == EVERY || rb_trial_clusters(trial) == (rows == CLUSTERINGS);
}

/* Columns in the order in which values first come; those that no trial has a value for are left out. */
static rb_status find_columns(value_column **columns, int *n, const rb_results_file *r, rows_of rows, rb_error *err)
{
    int64_t capacity = 0;
    *n = 0;
    for (int64_t i = 0; i < r->n_values; i++) {
        int k = 0;
        while (k < *n && !rb_results_alike((*columns)[k].like, &r->value[i]))
            k++;
        if (k < *n || (rows != EVERY && rb_segments_has(&r->value[i])) || strcmp(r->value[i].state, "ok") != 0 ||
            !has_row(rows, &r->trial[r->value[i].trial - 1]))
            continue;
        RB_TRY(rb_grow(columns, &capacity, *n + 1, err));
        (*columns)[*n].like = &r->value[i];
        name_column(&(*columns)[(*n)++]);
    }
done:
    return err->status;
}

/* In the forms of a single table, why a trial is selected: the selection line of its configuration, or no values. */
static const rb_table_column selection_columns[] = { { "selected by", RB_CELL_TEXT },  { "rank", RB_CELL_NUMBER },
                                                     { "validation", RB_CELL_NUMBER }, { "best", RB_CELL_NUMBER },
                                                     { "low", RB_CELL_NUMBER },        { "high", RB_CELL_NUMBER },
                                                     { "level", RB_CELL_NUMBER },      { "letters", RB_CELL_TEXT },
                                                     { "correction", RB_CELL_TEXT } };
enum { N_SELECTION = sizeof selection_columns / sizeof *selection_columns };

static const rb_selection_line *selection_of(const rb_results_file *r, const rb_trial_line *trial)
{
    for (int64_t i = 0; i < r->n_selection; i++)
        if (r->selection[i].configuration == trial->configuration)
            return &r->selection[i];
    return NULL;
}

static rb_status add_selection(rb_table *t, const rb_results_file *r, const rb_selection_line *s, rb_error *err)
{
    RB_TRY(rb_table_text(t, s ? s->label : NULL, err));
    RB_TRY(rb_table_shown(t, s ? s->rank : NAN, "", err));
    RB_TRY(rb_table_double(t, s ? s->selection : NAN, 4, err));
    RB_TRY(rb_table_double(t, s ? s->test : NAN, 4, err));
    RB_TRY(rb_table_double(t, s ? s->low : NAN, 4, err));
    RB_TRY(rb_table_double(t, s ? s->high : NAN, 4, err));
    RB_TRY(rb_table_double(t, s && !isnan(s->low) ? r->level : NAN, -1, err));
    RB_TRY(rb_table_letters(t, s ? s->letters : NULL, err));
    RB_TRY(rb_table_text(t, s && s->letters[0] ? r->correction : NULL, err));
done:
    return err->status;
}

static rb_status add_trial(rb_table *t, const rb_trial_line *trial, const rb_results_file *r, int64_t *at,
                           const value_column *columns, int n_columns, bool watched, rb_error *err)
{
    RB_TRY(rb_table_int(t, trial->trial, err));
    RB_TRY(rb_table_text(t, trial->entry, err));
    RB_TRY(rb_table_text(t, trial->parameters, err));
    RB_TRY(rb_table_int(t, trial->fold, err));
    RB_TRY(rb_table_int(t, trial->repeat, err));
    RB_TRY(rb_table_text(t, trial->outcome, err));
    RB_TRY(rb_table_bool(t, trial->selected, err));
    RB_TRY(rb_table_double(t, trial->fit_s, 3, err));
    RB_TRY(rb_table_double(t, trial->score_s, 3, err));
    RB_TRY(rb_table_double(t, trial->evaluate_s, 3, err));
    if (watched)
        RB_TRY(trial->kept_iteration < 0 ? rb_table_text(t, NULL, err)
                                         : rb_table_int(t, trial->kept_iteration + 1, err));
    while (*at < r->n_values && r->value[*at].trial < trial->trial) /* of another table */
        (*at)++;
    int64_t first = *at;
    while (*at < r->n_values && r->value[*at].trial == trial->trial)
        (*at)++;
    for (int c = 0; c < n_columns; c++) {
        double value = NAN;
        for (int64_t i = first; i < *at; i++)
            if (rb_results_alike(&r->value[i], columns[c].like))
                value = r->value[i].value;
        RB_TRY(rb_table_double(t, value, 4, err));
    }
    RB_TRY(rb_table_text(t, trial->message, err));
done:
    return err->status;
}

/* Whether early stopping kept an iteration of any trial. */
static bool was_watched(const rb_results_file *r, rows_of rows)
{
    for (int64_t i = 0; i < r->n_trials; i++)
        if (has_row(rows, &r->trial[i]) && r->trial[i].kept_iteration >= 0)
            return true;
    return false;
}

static rb_status write_trials(FILE *out, const rb_results_file *r, rows_of rows, rb_format format, rb_error *err)
{
    const int n_more = format == RB_FORMAT_CSV || format == RB_FORMAT_TSV ? N_SELECTION : 0;
    static const rb_table_column fixed[] = { { "trial", RB_CELL_NUMBER },          { "entry", RB_CELL_TEXT },
                                             { "parameters", RB_CELL_TEXT },       { "fold", RB_CELL_NUMBER },
                                             { "repeat", RB_CELL_NUMBER },         { "outcome", RB_CELL_TEXT },
                                             { "selected", RB_CELL_BOOL },         { "fit s", RB_CELL_NUMBER },
                                             { "score s", RB_CELL_NUMBER },        { "evaluate s", RB_CELL_NUMBER },
                                             { "iterations kept", RB_CELL_NUMBER } };
    enum { N_FIXED = sizeof fixed / sizeof *fixed };
    value_column *columns = NULL;
    rb_table_column *all = NULL;
    rb_table t = { 0 };
    int n = 0;
    int64_t at = 0;
    bool watched = was_watched(r, rows);
    const int n_fixed = N_FIXED - !watched;
    RB_TRY(find_columns(&columns, &n, r, rows, err));
    RB_TRY(rb_alloc(&all, N_FIXED + n + 1 + N_SELECTION, err));
    memcpy(all, fixed, sizeof fixed);
    for (int c = 0; c < n; c++)
        all[n_fixed + c] = (rb_table_column){ columns[c].heading, RB_CELL_NUMBER };
    all[n_fixed + n] = (rb_table_column){ "message", RB_CELL_TEXT };
    memcpy(all + n_fixed + n + 1, selection_columns, sizeof selection_columns);
    rb_table_init(&t, all, n_fixed + n + 1 + n_more);
    for (int64_t i = 0; i < r->n_trials; i++) {
        if (!has_row(rows, &r->trial[i]))
            continue;
        RB_TRY(add_trial(&t, &r->trial[i], r, &at, columns, n, watched, err));
        if (n_more > 0)
            RB_TRY(add_selection(&t, r, selection_of(r, &r->trial[i]), err));
    }
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    rb_free(all);
    rb_free(columns);
    return err->status;
}

/* For the eye recommenders and clusterings have tables of their own: they share few columns of values. */
static rb_status write_tables(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    static const char *const headings[] = { [RECOMMENDERS] = "recommenders", [CLUSTERINGS] = "clusterings" };
    const char *gap = format == RB_FORMAT_MARKDOWN ? "\n" : "";
    int64_t n[2] = { 0 };
    if (format != RB_FORMAT_TABLE && format != RB_FORMAT_MARKDOWN)
        return write_trials(out, r, EVERY, format, err);
    for (int64_t i = 0; i < r->n_trials; i++)
        n[rb_trial_clusters(&r->trial[i]) ? CLUSTERINGS : RECOMMENDERS]++;
    for (rows_of rows = RECOMMENDERS; rows <= CLUSTERINGS; rows++) {
        if (n[rows] == 0)
            continue;
        if (n[RECOMMENDERS] > 0 && n[CLUSTERINGS] > 0)
            fprintf(out, "%s%s\n%s", rows == CLUSTERINGS ? "\n" : "", headings[rows], gap);
        RB_TRY(write_trials(out, r, rows, format, err));
    }
done:
    return err->status;
}

rb_status rb_report_run(FILE *out, const char *folder, rb_format format, rb_error *err)
{
    rb_results_file r = { 0 };
    RB_TRY(rb_results_file_open(&r, folder, err));
    bool is_json = format == RB_FORMAT_JSON, is_single = format == RB_FORMAT_CSV || format == RB_FORMAT_TSV;
    fputs(is_json ? "{\n\"selection\": " : "", out);
    if (!is_single)
        RB_TRY(rb_selection_write(out, &r, format, err));
    if (!is_single)
        RB_TRY(rb_curves_write(out, &r, format, err));
    if (!is_single)
        RB_TRY(write_expected(out, &r, format, err));
    fputs(is_json ? ",\n\"trials\": " : format == RB_FORMAT_TABLE ? "\n" : "", out);
    RB_TRY(write_tables(out, &r, format, err));
    if (format == RB_FORMAT_TABLE || format == RB_FORMAT_MARKDOWN)
        RB_TRY(rb_segments_write(out, &r, format, err));
    if (rb_replay_has(&r) && !is_single) {
        fputs(format == RB_FORMAT_TABLE && r.n_trials > 0 ? "\n" : "", out);
        RB_TRY(write_replay(out, &r, format, err));
    }
    fputs(is_json ? "}\n" : "", out);
done:
    rb_results_file_close(&r);
    return err->status;
}

/* ---- digest ---- */

rb_status rb_report_digest(FILE *out, const char *folder, rb_error *err)
{
    rb_results_file r = { 0 };
    char *digest = NULL, *class = NULL;
    int64_t left_out;
    RB_TRY(rb_results_file_open(&r, folder, err));
    RB_TRY(rb_hdf_get_text(r.file.id, "digest", &digest, err));
    RB_TRY(rb_hdf_get_text(r.file.id, "digest_class", &class, err));
    RB_TRY(rb_hdf_get_int(r.file.id, "digest_left_out", &left_out, err));
    fprintf(out,
            "%s\nclass: %s\nleft out: %lld of all trials and replays (stopped by time or memory, [fast], or not run)\n",
            digest[0] ? digest : "no digest: nothing finished, but for [fast] trials", class, (long long)left_out);
done:
    rb_free(digest);
    rb_free(class);
    rb_results_file_close(&r);
    return err->status;
}
