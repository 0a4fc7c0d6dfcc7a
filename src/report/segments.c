#include "report/segments.h"

#include <string.h>

#include "base/alloc.h"

bool rb_segments_has(const rb_value_line *value)
{
    return strcmp(value->segment, "all") != 0 && !strstr(value->segment, "tie order");
}

/* The trial of a line of the selection where it is a recommender, and the first line of its configuration. */
static const rb_trial_line *row_of(const rb_results_file *r, int64_t line)
{
    const rb_selection_line *s = &r->selection[line];
    const rb_trial_line *t = &r->trial[s->trial - 1];
    for (int64_t k = 0; k < line; k++)
        if (r->selection[k].configuration == s->configuration)
            return NULL;
    return rb_trial_clusters(t) ? NULL : t;
}

/* ---- columns ---- */

static bool same_metric(const rb_value_line *a, const rb_value_line *b)
{
    return a->cutoff == b->cutoff && strcmp(a->definition, b->definition) == 0;
}

/* The part that groups are shown of: that of refits where there are any. */
static const char *part_of(const rb_results_file *r)
{
    for (int64_t i = 0; i < r->n_values; i++)
        if (rb_segments_has(&r->value[i]) && strcmp(r->value[i].part, "refit") == 0)
            return "refit";
    return "test";
}

typedef struct {
    const rb_value_line *metric; /* NULL: any */
    const char *part;
} wanted;

/* Values of groups; of one metric that of all besides. */
static bool takes(const rb_value_line *v, const void *self)
{
    const wanted *w = self;
    if (strcmp(v->part, w->part) != 0 || (w->metric && !same_metric(v, w->metric)))
        return false;
    return rb_segments_has(v) || (w->metric && strcmp(v->segment, "all") == 0);
}

static bool same_segment(const rb_value_line *a, const rb_value_line *b)
{
    return strcmp(a->segment, b->segment) == 0;
}

/* ---- tables ---- */

static rb_status add_row(rb_table *t, const rb_results_file *r, const rb_trial_line *trial,
                         const rb_value_line *const *columns, int n, rb_error *err)
{
    RB_TRY(rb_table_text(t, trial->entry, err));
    RB_TRY(rb_table_text(t, trial->parameters, err));
    for (int c = 0; c < n; c++)
        RB_TRY(rb_table_double(t, rb_results_mean(r, trial->configuration, columns[c]), 4, err));
done:
    return err->status;
}

/* Over all trials of a configuration. */
static int64_t count_of(const rb_results_file *r, int32_t configuration, const rb_value_line *like)
{
    int64_t n = 0;
    for (int64_t i = 0; i < r->n_values; i++)
        if (r->trial[r->value[i].trial - 1].configuration == configuration && rb_results_alike(&r->value[i], like))
            n += r->value[i].n;
    return n;
}

static rb_status add_counts(rb_table *t, const rb_results_file *r, const rb_trial_line *trial,
                            const rb_value_line *const *columns, int n, rb_error *err)
{
    RB_TRY(rb_table_text(t, "n", err));
    RB_TRY(rb_table_text(t, NULL, err));
    for (int c = 0; c < n; c++)
        RB_TRY(rb_table_int(t, count_of(r, trial->configuration, columns[c]), err));
done:
    return err->status;
}

static rb_status write_metric(FILE *out, const rb_results_file *r, const rb_value_line *metric, const char *part,
                              rb_format format, rb_error *err)
{
    const char *gap = format == RB_FORMAT_MARKDOWN ? "\n" : "";
    const rb_value_line **columns = NULL;
    const rb_trial_line *first = NULL;
    rb_table_column *all = NULL;
    rb_table t = { 0 };
    int n = 0;
    RB_TRY(rb_results_kinds(&columns, &n, r, takes, &(wanted){ metric, part }, same_segment, err));
    RB_TRY(rb_alloc(&all, 2 + n, err));
    all[0] = (rb_table_column){ "entry", RB_CELL_TEXT };
    all[1] = (rb_table_column){ "parameters", RB_CELL_TEXT };
    for (int c = 0; c < n; c++)
        all[2 + c] = (rb_table_column){ columns[c]->segment, RB_CELL_NUMBER };
    rb_table_init(&t, all, 2 + n);
    t.indent = "  ";
    for (int64_t i = 0; i < r->n_selection; i++)
        if (row_of(r, i)) {
            first = first ? first : row_of(r, i);
            RB_TRY(add_row(&t, r, row_of(r, i), columns, n, err));
        }
    if (first)
        RB_TRY(add_counts(&t, r, first, columns, n, err));
    fprintf(out, "\n%s", metric->definition);
    if (metric->cutoff > 0)
        fprintf(out, "@%lld", (long long)metric->cutoff);
    fprintf(out, " on %s by groups of users and items\n%s", part, gap);
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    rb_free(all);
    rb_free(columns);
    return err->status;
}

rb_status rb_segments_write(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    const char *part = part_of(r);
    const rb_value_line **metrics = NULL;
    int n = 0;
    RB_TRY(rb_results_kinds(&metrics, &n, r, takes, &(wanted){ NULL, part }, same_metric, err));
    for (int m = 0; m < n && r->n_selection > 0; m++)
        RB_TRY(write_metric(out, r, metrics[m], part, format, err));
    if (n > 0)
        fprintf(out, "\n(%svalues by groups of users and items: reelbench report %s --format csv, tsv or json)\n",
                r->n_selection > 0 ? "every trial's " : "", r->folder);
done:
    rb_free(metrics);
    return err->status;
}
