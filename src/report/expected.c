#include "report/expected.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

rb_status rb_expected_load(rb_experiment *e, const rb_results_file *r, rb_error *err)
{
    char **text = NULL, *all = NULL;
    int64_t n = 0;
    rb_messages messages = { 0 };
    rb_error unread = { 0 };
    RB_TRY(rb_hdf_read_texts(r->file.id, "provenance/experiment", &text, &all, &n, err));
    if (n == 0 || !strstr(text[0], "expect"))
        goto done;
    const rb_experiment_input input = { .file = r->folder, .text = text[0], .n_bytes = (int64_t)strlen(text[0]) };
    if (rb_experiment_parse(e, &input, &messages, &unread) != RB_OK)
        e->n_expected = 0; /* a file that it names was moved: the run's own tables need none */
done:
    rb_messages_fini(&messages);
    rb_free(text);
    rb_free(all);
    return err->status;
}

static bool same_metric(const rb_value_line *v, const rb_metric *metric)
{
    return strcmp(v->definition, metric->definition) == 0 && v->cutoff == metric->cutoff &&
           strcmp(v->segment, "all") == 0;
}

/* The configuration that an entry is judged by: the selected one, else the only one; 0. */
static int32_t judged(const rb_results_file *r, const char *entry)
{
    int32_t only = 0;
    bool several = false;
    for (const rb_trial_line *t = r->trial; t < r->trial + r->n_trials; t++) {
        if (strcmp(t->entry, entry) != 0)
            continue;
        if (t->selected)
            return t->configuration;
        several = several || (only != 0 && only != t->configuration);
        only = t->configuration;
    }
    return several ? 0 : only;
}

double rb_expected_measured(const rb_results_file *r, const rb_expected *x)
{
    const int32_t configuration = judged(r, x->entry);
    const bool clusters = x->metric.family == RB_FAMILY_CLUSTERING;
    double sum = 0;
    int64_t n = 0;
    for (const rb_value_line *v = r->value; v < r->value + r->n_values; v++) {
        if (r->trial[v->trial - 1].configuration != configuration || !same_metric(v, &x->metric) ||
            strcmp(v->state, "ok") != 0 || (strcmp(v->part, "test") != 0 && !(clusters && strcmp(v->part, "all") == 0)))
            continue;
        sum += v->value;
        n++;
    }
    return n > 0 ? sum / (double)n : NAN;
}

bool rb_expected_held(const rb_expected *x, double measured)
{
    const double above = measured - x->value;
    const bool better = x->metric.def->better == RB_BETTER_HIGHER  ? above > 0
                        : x->metric.def->better == RB_BETTER_LOWER ? above < 0
                                                                   : false;
    return isfinite(measured) && (fabs(above) <= x->tolerance || (x->or_better && better));
}

static rb_status add_row(rb_table *t, const rb_results_file *r, const rb_expected *x, rb_error *err)
{
    const double measured = rb_expected_measured(r, x);
    RB_TRY(rb_table_text(t, x->entry, err));
    RB_TRY(rb_table_text(t, x->metric.label, err));
    RB_TRY(rb_table_double(t, x->value, 4, err));
    RB_TRY(rb_table_double(t, x->tolerance, 4, err));
    RB_TRY(rb_table_double(t, measured, 4, err));
    RB_TRY(rb_table_bool(t, rb_expected_held(x, measured), err));
    RB_TRY(rb_table_text(t, x->source, err));
done:
    return err->status;
}

rb_status rb_expected_write(FILE *out, const rb_results_file *r, const rb_experiment *e, rb_format format,
                            rb_error *err)
{
    static const rb_table_column columns[] = { { "entry", RB_CELL_TEXT },       { "metric", RB_CELL_TEXT },
                                               { "published", RB_CELL_NUMBER }, { "tolerance", RB_CELL_NUMBER },
                                               { "measured", RB_CELL_NUMBER },  { "held", RB_CELL_BOOL },
                                               { "source", RB_CELL_TEXT } };
    int32_t held = 0;
    rb_table t;
    rb_table_init(&t, columns, sizeof columns / sizeof *columns);
    t.indent = "  ";
    for (const rb_expected *x = e->expected; x < e->expected + e->n_expected; x++) {
        held += rb_expected_held(x, rb_expected_measured(r, x));
        RB_TRY(add_row(&t, r, x, err));
    }
    if (format != RB_FORMAT_JSON)
        fprintf(out, "published values: %d of %d held\n%s", held, e->n_expected,
                format == RB_FORMAT_MARKDOWN ? "\n" : "");
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    return err->status;
}
