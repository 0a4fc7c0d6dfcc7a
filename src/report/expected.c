#include "report/expected.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* The kept file is written in blocks: a key of its own begins a line. */
static bool expects(const char *text)
{
    return strncmp(text, "expect:", 7) == 0 || strstr(text, "\nexpect:");
}

rb_status rb_expected_load(rb_experiment *e, rb_text *unread, const rb_results_file *r, rb_error *err)
{
    char **text = NULL, *all = NULL;
    int64_t n = 0;
    rb_messages messages = { 0 };
    rb_error raised = { 0 };
    RB_TRY(rb_hdf_read_texts(r->file.id, "provenance/experiment", &text, &all, &n, err));
    if (n == 0 || !expects(text[0]))
        goto done;
    const rb_experiment_input input = { .file = r->folder, .text = text[0], .n_bytes = (int64_t)strlen(text[0]) };
    if (rb_experiment_parse(e, &input, &messages, &raised) != RB_OK) {
        e->n_expected = 0;
        if (raised.status == RB_NO_MEMORY)
            RB_TRY(RB_FAIL(err, raised.status, "%s", raised.message));
        RB_TRY(rb_text_addf(unread, err, "%s", messages.n > 0 ? messages.item[0].text : raised.message));
    }
done:
    rb_messages_fini(&messages);
    rb_free(text);
    rb_free(all);
    return err->status;
}

double rb_expected_measured(const rb_results_file *r, const rb_expected *x)
{
    bool several;
    const rb_trial_line *of = rb_results_entry(r, x->entry, &several);
    double sum = 0;
    int64_t n = 0;
    if (!of || several)
        return NAN;
    const char *part = rb_results_part(r, of->configuration, &x->metric);
    for (const rb_trial_line *t = r->trial; t < r->trial + r->n_trials; t++) {
        if (t->configuration != of->configuration)
            continue;
        const rb_value_line *v = rb_results_value(r, t->trial, part, &x->metric);
        sum += v ? v->value : NAN; /* a mean of the folds that are left would be another thing */
        n++;
    }
    return sum / (double)n;
}

/* Within the tolerance, or better where that is allowed. */
static bool is_held(const rb_expected *x, double measured)
{
    const double above = measured - x->value;
    const bool better = x->metric.def->better == RB_BETTER_HIGHER  ? above > 0
                        : x->metric.def->better == RB_BETTER_LOWER ? above < 0
                                                                   : false;
    return isfinite(measured) && (fabs(above) <= x->tolerance || (x->or_better && better));
}

/* An entry's name, with the label of what it is judged by. */
static rb_status add_entry(rb_table *t, const rb_results_file *r, const char *entry, rb_error *err)
{
    bool several;
    const rb_trial_line *of = rb_results_entry(r, entry, &several);
    rb_text name = { 0 };
    RB_TRY(rb_text_addf(&name, err, "%s%s", entry, of ? rb_trial_label(of) : ""));
    RB_TRY(rb_table_text(t, name.data, err));
done:
    rb_text_fini(&name);
    return err->status;
}

static rb_status add_row(rb_table *t, const rb_results_file *r, const rb_expected *x, double measured, rb_error *err)
{
    RB_TRY(add_entry(t, r, x->entry, err));
    RB_TRY(rb_table_text(t, x->metric.label, err));
    RB_TRY(rb_table_double(t, x->value, 4, err));
    RB_TRY(rb_table_double(t, x->tolerance, 4, err));
    RB_TRY(rb_table_double(t, measured, 4, err));
    RB_TRY(rb_table_bool(t, is_held(x, measured), err));
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
        const double measured = rb_expected_measured(r, x);
        held += is_held(x, measured);
        RB_TRY(add_row(&t, r, x, measured, err));
    }
    if (format != RB_FORMAT_JSON)
        fprintf(out, "published values: %d of %d held\n%s", held, e->n_expected,
                format == RB_FORMAT_MARKDOWN ? "\n" : "");
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    return err->status;
}
