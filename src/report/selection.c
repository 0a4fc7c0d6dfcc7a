/* What was selected: for the eye one table a metric, as data one table. */
#include "report/selection.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* "0.2413 [0.2380, 0.2447]", or without the interval where there is none. */
static void show_value(char out[96], const rb_selection_line *s)
{
    if (isnan(s->test))
        snprintf(out, 96, "not applicable");
    else if (isnan(s->low))
        snprintf(out, 96, "%.4f", s->test);
    else
        snprintf(out, 96, "%.4f [%.4f, %.4f]", s->test, s->low, s->high);
}

/* The n rows of one selection metric. */
static rb_status write_best(FILE *out, const rb_selection_line *s, int64_t n, rb_format format, rb_error *err)
{
    static const rb_table_column columns[] = { { "rank", RB_CELL_NUMBER },
                                               { "entry", RB_CELL_TEXT },
                                               { "parameters", RB_CELL_TEXT },
                                               { "value", RB_CELL_TEXT },
                                               { "letters", RB_CELL_TEXT } };
    rb_table t;
    char value[96];
    rb_table_init(&t, columns, sizeof columns / sizeof *columns);
    t.no_heading = true; /* for the eye; Markdown has one */
    t.indent = "  ";
    for (int64_t i = 0; i < n; i++) {
        show_value(value, &s[i]);
        RB_TRY(rb_table_int(&t, s[i].rank, err));
        RB_TRY(rb_table_text(&t, s[i].entry, err));
        RB_TRY(rb_table_text(&t, s[i].parameters, err));
        RB_TRY(rb_table_text(&t, value, err));
        RB_TRY(rb_table_letters(&t, s[i].letters, err));
    }
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    return err->status;
}

static void explain_letters(FILE *out, const rb_results_file *r)
{
    char **test = NULL, *all = NULL;
    int64_t n;
    rb_error none = { 0 };
    if (rb_hdf_read_column_texts(r->file.id, "comparisons", "test", &test, &all, &n, &none) == RB_OK && n > 0)
        fprintf(
            out,
            "  (same letter: no significant difference; paired %s over users, corrected; all pairs in /comparisons)\n",
            test[0]);
    rb_free(test);
    rb_free(all);
}

/* A heading, the rows and what the letters mean, for each metric. */
static rb_status write_for_eye(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    const char *gap = format == RB_FORMAT_MARKDOWN ? "\n" : "";
    for (int64_t i = 0; i < r->n_selection;) {
        int64_t n = 1;
        const rb_selection_line *s = &r->selection[i];
        while (i + n < r->n_selection && strcmp(s[n].metric, s->metric) == 0)
            n++;
        bool clustering = true, lettered = false;
        for (int64_t k = 0; k < n; k++) {
            clustering = clustering && s[k].selection == s[k].test;
            lettered = lettered || s[k].letters[0];
        }
        if (clustering)
            fprintf(out, "best of each algorithm and space by %s\n%s", s->label, gap);
        else
            fprintf(out, "best of each algorithm by %s on validation: value on test%s\n%s", s->label,
                    s->refit ? ", fitted again on training and validation" : "", gap);
        RB_TRY(write_best(out, s, n, format, err));
        if (lettered) {
            fputs(gap, out);
            explain_letters(out, r);
        }
        fputs(gap, out);
        i += n;
    }
done:
    return err->status;
}

static rb_status add_row(rb_table *t, const rb_selection_line *s, rb_error *err)
{
    RB_TRY(rb_table_text(t, s->label, err));
    RB_TRY(rb_table_int(t, s->rank, err));
    RB_TRY(rb_table_text(t, s->entry, err));
    RB_TRY(rb_table_text(t, s->parameters, err));
    RB_TRY(rb_table_int(t, s->configuration, err));
    RB_TRY(rb_table_int(t, s->trial, err));
    RB_TRY(rb_table_double(t, s->selection, 4, err));
    RB_TRY(rb_table_double(t, s->test, 4, err));
    RB_TRY(rb_table_bool(t, s->refit, err));
    RB_TRY(rb_table_double(t, s->low, 4, err));
    RB_TRY(rb_table_double(t, s->high, 4, err));
    RB_TRY(rb_table_letters(t, s->letters, err));
done:
    return err->status;
}

static rb_status write_data(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    static const rb_table_column columns[] = {
        { "metric", RB_CELL_TEXT },       { "rank", RB_CELL_NUMBER },          { "entry", RB_CELL_TEXT },
        { "parameters", RB_CELL_TEXT },   { "configuration", RB_CELL_NUMBER }, { "trial", RB_CELL_NUMBER },
        { "validation", RB_CELL_NUMBER }, { "test", RB_CELL_NUMBER },          { "refit", RB_CELL_BOOL },
        { "low", RB_CELL_NUMBER },        { "high", RB_CELL_NUMBER },          { "letters", RB_CELL_TEXT },
    };
    rb_table t;
    rb_table_init(&t, columns, sizeof columns / sizeof *columns);
    t.goes_on = true;
    for (int64_t i = 0; i < r->n_selection; i++)
        RB_TRY(add_row(&t, &r->selection[i], err));
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
