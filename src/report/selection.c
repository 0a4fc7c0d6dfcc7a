/* What was selected: for the eye one table a metric, as data one table. */
#include "report/selection.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "report/side_by_side.h"

/* What the rows of one metric of selection have in common. */
typedef struct {
    const rb_results_file *r;
    const rb_selection_line *s; /* [n] */
    int64_t n;
    bool clustering;                      /* of all titles; divided: of some, and judged on the others */
    bool divided, lettered, spread, bare; /* letters, a spread, a test value without an interval: in any row */
    int32_t n_folds, n_repeats;
} best_of;

static const char *space_of(const rb_results_file *r, const rb_selection_line *s)
{
    return r->trial[s->trial - 1].space;
}

static double fold_spread(const rb_results_file *r, const rb_selection_line *s)
{
    return rb_results_fold_spread(r, s->configuration, s->metric, s->refit ? "refit" : "test");
}

/* Standard deviation of a test value over folds, or over repeats where there is one fold; NAN. */
static double spread_of(const best_of *b, const rb_selection_line *s)
{
    if (b->n_folds == 1 || b->clustering)
        return s->spread_repeats;
    return fold_spread(b->r, s);
}

/* Whether titles are divided, so that clusterings have values of those of training and of those unseen. */
static bool has_training_part(const rb_results_file *r)
{
    for (int64_t i = 0; i < r->n_values; i++)
        if (strcmp(r->value[i].part, "train") == 0)
            return true;
    return false;
}

static best_of describe(const rb_results_file *r, const rb_selection_line *s, int64_t n)
{
    const bool clusters = rb_trial_clusters(&r->trial[s->trial - 1]), divided = has_training_part(r);
    best_of b = { .r = r, .s = s, .n = n, .clustering = clusters && !divided, .divided = clusters && divided };
    for (int64_t i = 0; i < r->n_trials; i++) {
        b.n_folds = r->trial[i].fold > b.n_folds ? r->trial[i].fold : b.n_folds;
        b.n_repeats = r->trial[i].repeat > b.n_repeats ? r->trial[i].repeat : b.n_repeats;
    }
    for (int64_t i = 0; i < n; i++) {
        b.lettered = b.lettered || s[i].letters[0];
    }
    for (int64_t i = 0; i < n; i++) {
        bool bare = isnan(s[i].low) && !isnan(s[i].test);
        b.bare = b.bare || bare;
        b.spread = b.spread || (bare && !isnan(spread_of(&b, &s[i])));
    }
    return b;
}

/* "0.2413 [0.2380, 0.2447]"; the spread where there is no interval; the value alone where there is neither. */
static void show_value(char out[96], const best_of *b, const rb_selection_line *s)
{
    double spread = spread_of(b, s);
    if (isnan(s->test))
        snprintf(out, 96, "not applicable");
    else if (!isnan(s->low))
        snprintf(out, 96, "%.4f [%.4f, %.4f]", s->test, s->low, s->high);
    else if (!isnan(spread))
        snprintf(out, 96, "%.4f ± %.4f", s->test, spread);
    else
        snprintf(out, 96, "%.4f", s->test);
}

static void name_value(char out[64], const best_of *b)
{
    const char *what = b->clustering ? "value" : "test";
    bool intervals = false;
    for (int64_t i = 0; i < b->n; i++)
        intervals = intervals || !isnan(b->s[i].low);
    if (intervals && isfinite(b->r->level))
        snprintf(out, 64, "%s [%g %%]", what, 100 * b->r->level);
    else
        snprintf(out, 64, "%s", what);
}

/* The rows of one metric; columns that would be empty are left out. */
static rb_status write_best(FILE *out, const best_of *b, rb_format format, rb_error *err)
{
    char heading[64], value[96];
    name_value(heading, b);
    const rb_table_column columns[] = { { "rank", RB_CELL_NUMBER },
                                        { "entry", RB_CELL_TEXT },
                                        { "parameters", RB_CELL_TEXT },
                                        { b->clustering ? "space"
                                          : b->divided  ? "training"
                                                        : "validation",
                                          b->clustering ? RB_CELL_TEXT : RB_CELL_NUMBER },
                                        { heading, RB_CELL_TEXT },
                                        { "letters", RB_CELL_TEXT } };
    rb_table t;
    rb_table_init(&t, columns, (int)(sizeof columns / sizeof *columns) - !b->lettered);
    t.indent = "  ";
    for (const rb_selection_line *s = b->s; s < b->s + b->n; s++) {
        show_value(value, b, s);
        RB_TRY(rb_table_int(&t, s->rank, err));
        RB_TRY(rb_table_text(&t, s->entry, err));
        RB_TRY(rb_table_text(&t, s->parameters, err));
        RB_TRY(b->clustering ? rb_table_text(&t, space_of(b->r, s), err) : rb_table_double(&t, s->selection, 4, err));
        RB_TRY(rb_table_text(&t, value, err));
        if (b->lettered)
            RB_TRY(rb_table_letters(&t, s->letters, err));
    }
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    return err->status;
}

/* ---- notes below the rows ---- */

static void explain_letters(FILE *out, const rb_results_file *r)
{
    char **test = NULL, *all = NULL, level[64] = "";
    int64_t n;
    rb_error none = { 0 };
    const char *correction = strcmp(r->correction, "bh") == 0     ? "Benjamini-Hochberg"
                             : strcmp(r->correction, "holm") == 0 ? "Holm"
                                                                  : "corrected";
    if (isfinite(r->level))
        snprintf(level, sizeof level, ", %g", 1 - r->level);
    if (rb_hdf_read_column_texts(r->file.id, "comparisons", "test", &test, &all, &n, &none) == RB_OK && n > 0)
        fprintf(out,
                "  (same letter: no significant difference; paired %s over users, %s%s; all pairs in /comparisons)\n",
                test[0], correction, level);
    rb_free(test);
    rb_free(all);
}

/* Why a value has no interval, and what stands in its place. */
static void explain_values(FILE *out, const best_of *b)
{
    const char *over = b->clustering || b->n_folds == 1 ? "repeats" : "folds";
    if (b->clustering && strcmp(space_of(b->r, &b->s[0]), space_of(b->r, &b->s[b->n - 1])) != 0)
        fputs("  (values of different spaces do not compare: ranks hold within a space)\n", out);
    if (b->spread)
        fprintf(out, "  (±: standard deviation over %s)\n", over);
    if (b->clustering || !b->bare)
        return;
    if (b->n_folds > 1)
        fprintf(out, "  (no interval over users: the value is a mean over %d folds)\n", b->n_folds);
    else
        fputs("  (no interval: the value is no mean over users)\n", out);
}

/* Clusterings by any of the metrics that select them. */
static bool is_ranked(const best_of *b, const rb_trial_line *trial)
{
    const rb_selection_line *s = b->clustering ? b->r->selection : b->s;
    const int64_t n = b->clustering ? b->r->n_selection : b->n;
    for (int64_t i = 0; i < n; i++)
        if (strcmp(s[i].entry, trial->entry) == 0 &&
            (!b->clustering || strcmp(space_of(b->r, &s[i]), trial->space) == 0))
            return true;
    return false;
}

/* Whether an earlier trial is of the same entry, in the same space where that counts. */
static bool is_named(const best_of *b, const rb_trial_line *trial)
{
    for (const rb_trial_line *t = b->r->trial; t < trial; t++)
        if (strcmp(t->entry, trial->entry) == 0 && (!b->clustering || strcmp(t->space, trial->space) == 0))
            return true;
    return false;
}

/* Entries of the metric's family that have no value to be ranked by. */
static void name_unranked(FILE *out, const best_of *b)
{
    bool any = false;
    for (int64_t i = 0; i < b->r->n_trials; i++) {
        const rb_trial_line *t = &b->r->trial[i];
        if (rb_trial_clusters(t) != b->clustering || is_ranked(b, t) || is_named(b, t))
            continue;
        fprintf(out, "%s%s",
                any             ? ", "
                : b->clustering ? "  (not ranked, without a value: "
                                : "  (not ranked, without a value on validation: ",
                t->entry);
        if (b->clustering && t->space[0])
            fprintf(out, " in %s", t->space);
        if (b->clustering && t->message[0])
            fprintf(out, " (%s)", t->message);
        any = true;
    }
    fputs(any ? ")\n" : "", out);
}

/* A heading, the rows and what they mean, for each metric. */
static rb_status write_for_eye(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    const char *gap = format == RB_FORMAT_MARKDOWN ? "\n" : "";
    for (int64_t i = 0; i < r->n_selection;) {
        int64_t n = 1;
        const rb_selection_line *s = &r->selection[i];
        while (i + n < r->n_selection && strcmp(s[n].metric, s->metric) == 0)
            n++;
        const best_of b = describe(r, s, n);
        if (b.clustering)
            fprintf(out, "best of each algorithm and space by %s\n%s", s->label, gap);
        else
            fprintf(out, "best of each algorithm%s by %s on %s, in this order; value on test%s\n%s",
                    b.divided ? " and space" : "", s->label, b.divided ? "the titles of training" : "validation",
                    s->refit ? ", fitted again on training and validation" : "", gap);
        RB_TRY(write_best(out, &b, format, err));
        fputs(gap, out);
        if (b.lettered)
            explain_letters(out, r);
        explain_values(out, &b);
        i += n;
        if (!b.clustering || i == r->n_selection) /* below the last table of clusterings, which come last */
            name_unranked(out, &b);
        fputs(gap, out);
    }
    RB_TRY(rb_side_by_side_write(out, r, format, err));
done:
    return err->status;
}

static rb_status add_row(rb_table *t, const rb_results_file *r, const rb_selection_line *s, rb_error *err)
{
    RB_TRY(rb_table_text(t, s->label, err));
    RB_TRY(rb_table_int(t, s->rank, err));
    RB_TRY(rb_table_text(t, s->entry, err));
    RB_TRY(rb_table_text(t, s->parameters, err));
    RB_TRY(rb_table_text(t, space_of(r, s), err));
    RB_TRY(rb_table_int(t, s->configuration, err));
    RB_TRY(rb_table_int(t, s->trial, err));
    RB_TRY(rb_table_double(t, s->selection, 4, err));
    RB_TRY(rb_table_double(t, s->test, 4, err));
    RB_TRY(rb_table_bool(t, s->refit, err));
    RB_TRY(rb_table_double(t, s->low, 4, err));
    RB_TRY(rb_table_double(t, s->high, 4, err));
    RB_TRY(rb_table_double(t, isnan(s->low) ? NAN : r->level, -1, err));
    RB_TRY(rb_table_double(t, fold_spread(r, s), 4, err));
    RB_TRY(rb_table_double(t, s->spread_repeats, 4, err));
    RB_TRY(rb_table_letters(t, s->letters, err));
    RB_TRY(rb_table_text(t, s->letters[0] ? r->correction : "", err));
done:
    return err->status;
}

static rb_status write_data(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    static const rb_table_column columns[] = {
        { "metric", RB_CELL_TEXT },     { "rank", RB_CELL_NUMBER },         { "entry", RB_CELL_TEXT },
        { "parameters", RB_CELL_TEXT }, { "space", RB_CELL_TEXT },          { "configuration", RB_CELL_NUMBER },
        { "trial", RB_CELL_NUMBER },    { "validation", RB_CELL_NUMBER },   { "test", RB_CELL_NUMBER },
        { "refit", RB_CELL_BOOL },      { "low", RB_CELL_NUMBER },          { "high", RB_CELL_NUMBER },
        { "level", RB_CELL_NUMBER },    { "spread folds", RB_CELL_NUMBER }, { "spread repeats", RB_CELL_NUMBER },
        { "letters", RB_CELL_TEXT },    { "correction", RB_CELL_TEXT },
    };
    rb_table t;
    rb_table_init(&t, columns, sizeof columns / sizeof *columns);
    t.goes_on = true;
    for (int64_t i = 0; i < r->n_selection; i++)
        RB_TRY(add_row(&t, r, &r->selection[i], err));
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    return err->status;
}

rb_status rb_selection_write(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    bool for_eye = format == RB_FORMAT_TABLE || format == RB_FORMAT_MARKDOWN;
    return for_eye ? write_for_eye(out, r, format, err) : write_data(out, r, format, err);
}
