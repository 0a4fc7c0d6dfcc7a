#include "report/side_by_side.h"

#include <string.h>

#include "base/alloc.h"

/* Values that mean the same in any space. */
static bool compares(const rb_value_line *v)
{
    const rb_metric_def *def = rb_metric_find(v->name);
    return def && def->family == RB_FAMILY_CLUSTERING && strcmp(v->segment, "all") == 0 &&
           (def->external || def->kind == RB_METRIC_N_CLUSTERS || def->kind == RB_METRIC_NOISE_FRACTION ||
            def->kind == RB_METRIC_CLUSTER_SIZES || def->kind == RB_METRIC_STABILITY);
}

static const rb_trial_line *trial_of(const rb_results_file *r, const rb_selection_line *s)
{
    return &r->trial[s->trial - 1];
}

static bool are_several(const rb_results_file *r)
{
    const rb_selection_line *first = NULL;
    for (int64_t i = 0; i < r->n_selection; i++) {
        const rb_selection_line *s = &r->selection[i];
        if (!rb_trial_clusters(trial_of(r, s)))
            continue;
        first = first ? first : s;
        if (strcmp(trial_of(r, s)->space, trial_of(r, first)->space) != 0 || strcmp(s->metric, first->metric) != 0)
            return true;
    }
    return false;
}

/* The part that is judged: the unseen titles where there are any. */
static const char *part_of(const rb_results_file *r)
{
    for (int64_t i = 0; i < r->n_values; i++)
        if (compares(&r->value[i]) && strcmp(r->value[i].part, "test") == 0)
            return "test";
    return "all";
}

static bool takes(const rb_value_line *v, const void *part)
{
    return compares(v) && strcmp(v->part, part) == 0;
}

static bool same_definition(const rb_value_line *a, const rb_value_line *b)
{
    return strcmp(a->definition, b->definition) == 0;
}

static rb_status add_row(rb_table *t, const rb_results_file *r, const rb_selection_line *s,
                         const rb_value_line *const *columns, int n, rb_error *err)
{
    RB_TRY(rb_table_text(t, s->entry, err));
    RB_TRY(rb_table_text(t, trial_of(r, s)->space, err));
    RB_TRY(rb_table_text(t, s->label, err));
    for (int c = 0; c < n; c++)
        RB_TRY(rb_table_double(t, rb_results_mean(r, s->configuration, columns[c]), 4, err));
done:
    return err->status;
}

rb_status rb_side_by_side_write(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    static const rb_table_column fixed[] = { { "entry", RB_CELL_TEXT },
                                             { "space", RB_CELL_TEXT },
                                             { "selected by", RB_CELL_TEXT } };
    enum { N_FIXED = sizeof fixed / sizeof *fixed };
    const char *part = part_of(r), *gap = format == RB_FORMAT_MARKDOWN ? "\n" : "";
    const rb_value_line **columns = NULL;
    rb_table_column *all = NULL;
    rb_table t = { 0 };
    int n = 0;
    if (!are_several(r))
        return RB_OK;
    RB_TRY(rb_results_kinds(&columns, &n, r, takes, part, same_definition, err)); /* one a column */
    if (n == 0)
        goto done;
    RB_TRY(rb_alloc(&all, N_FIXED + n, err));
    memcpy(all, fixed, sizeof fixed);
    for (int c = 0; c < n; c++)
        all[N_FIXED + c] = (rb_table_column){ columns[c]->definition, RB_CELL_NUMBER };
    rb_table_init(&t, all, N_FIXED + n);
    t.indent = "  ";
    for (int64_t i = 0; i < r->n_selection; i++)
        if (rb_trial_clusters(trial_of(r, &r->selection[i])))
            RB_TRY(add_row(&t, r, &r->selection[i], columns, n, err));
    fprintf(out, "the same side by side%s: what compares across spaces\n%s",
            strcmp(part, "test") == 0 ? ", on the unseen titles" : "", gap);
    RB_TRY(rb_table_write(out, &t, format, err));
    fputs(gap, out);
done:
    rb_table_fini(&t);
    rb_free(all);
    rb_free(columns);
    return err->status;
}
