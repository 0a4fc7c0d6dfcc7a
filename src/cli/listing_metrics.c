#include <math.h>
#include <string.h>

#include "cli/listing.h"
#include "eval/metric.h"

static const char *name_of(int i)
{
    return rb_metric_registry[i].name;
}

static const char *summary_of(int i)
{
    return rb_metric_registry[i].summary;
}

/* "ndcg@10" and "ari:planted" are explained as ndcg and ari. */
static bool matches(int i, const char *name)
{
    size_t n = strcspn(name, ":@");
    return strlen(rb_metric_registry[i].name) == n && strncmp(rb_metric_registry[i].name, name, n) == 0;
}

static void describe(FILE *out, const rb_metric_def *m)
{
    static const char *const families[] = { "ranking", "rating", "beyond accuracy", "sessions", "clustering" };
    static const char *const better[] = { "higher is better", "lower is better", "describes; cannot be selected on" };
    fprintf(out, "%s%s · %s\n  %s · %s", m->name, m->has_cutoff ? "@K" : "", m->summary, families[m->family],
            better[m->better]);
    if (m->per_user)
        fputs(" · a value per user", out);
    if (m->per_point)
        fputs(" · a value per point and cluster", out);
    if (m->external)
        fputs(" · counts as test", out);
    if (m->of_fit)
        fputs(" · of the fit: only what measures it has it", out);
    fputc('\n', out);
}

static rb_status explain(FILE *out, int i, rb_format format, rb_error *err)
{
    static const rb_table_column columns[] = { { "variants", RB_CELL_TEXT },
                                               { "default", RB_CELL_TEXT },
                                               { "meaning", RB_CELL_TEXT } };
    const rb_metric_def *m = &rb_metric_registry[i];
    rb_table table;
    rb_table_init(&table, columns, 3);
    table.indent = "  ";
    if (format == RB_FORMAT_TABLE)
        describe(out, m);
    for (int g = 0; g < RB_METRIC_GROUPS && m->group[g].choices; g++) {
        char first[64];
        RB_TRY(rb_table_text(&table, m->group[g].choices, err));
        RB_TRY(rb_table_text(&table, m->group[g].required ? "required" : rb_choice_name(first, m->group[g].choices, 0),
                             err));
        RB_TRY(rb_table_text(&table, m->group[g].help, err));
    }
    if (m->sampled) {
        RB_TRY(rb_table_text(&table, "sample-N", err));
        RB_TRY(rb_table_text(&table, "", err));
        RB_TRY(rb_table_text(
            &table, "written last: on N points drawn without replacement, the same for every clustering", err));
    }
    if (table.n_cells > 0 || format != RB_FORMAT_TABLE)
        RB_TRY(rb_table_write(out, &table, format, err));
done:
    rb_table_fini(&table);
    return err->status;
}

const rb_listing rb_listing_metrics = {
    .word = "metrics",
    .name_of = name_of,
    .summary_of = summary_of,
    .matches = matches,
    .explain = explain,
};
