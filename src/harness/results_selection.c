/* The tables /selection and /comparisons of results.h5. */
#include <string.h>

#include "base/alloc.h"
#include "harness/results.h"

typedef struct {
    int32_t configuration, trial, rank;
    uint8_t refit; /* test is of refits */
    const char *metric, *label, *entry, *parameters, *letters;
    double selection, test, low, high, spread_users, spread_seeds;
} selection_row;

rb_status rb_results_write_selection(rb_results *r, rb_error *err)
{
    static const char *const corrections[] = { [RB_CORRECT_HOLM] = "holm", [RB_CORRECT_BH] = "bh" };
    const rb_plan *plan = &r->run->plan;
    int32_t n = r->selection.n, rank = 0;
    selection_row *rows = NULL;
    RB_TRY(rb_alloc(&rows, n, err));
    for (int32_t i = 0; i < n; i++) {
        const rb_selected *s = &r->selection.selected[i];
        const rb_configuration *c = &plan->configuration[s->configuration];
        rank = i > 0 && s->metric == s[-1].metric && strcmp(s->space, s[-1].space) == 0 ? rank + 1 : 1;
        rows[i] = (selection_row){ .configuration = s->configuration + 1,
                                   .trial = (int32_t)rb_plan_trial(plan, s->configuration, 0, 0)->number,
                                   .rank = rank,
                                   .refit = plan->experiment->evaluation.refit &&
                                            s->metric->def->family != RB_FAMILY_CLUSTERING,
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
    const rb_hdf_column columns[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, metric),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, label),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, rank),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, entry),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, configuration),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, trial),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, parameters),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, selection),
        RB_RESULTS_COLUMN(rows, RB_HDF_UINT8, refit),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, test),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, low),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, high),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, spread_users),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_DOUBLE, spread_seeds, "spread_repeats", NULL),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, letters),
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "selection", columns, RB_RESULTS_N_OF(columns), n, err));
    RB_TRY(rb_hdf_put_double(r->file.id, "interval_level", plan->experiment->statistics.level, err));
    RB_TRY(rb_hdf_put_text(r->file.id, "correction", corrections[plan->experiment->statistics.correction], err));
done:
    rb_free(rows);
    return err->status;
}

typedef struct {
    const char *metric, *rule, *entry, *space;
    int64_t k;
    int32_t configuration;
    uint8_t is_selected;
    double value, error, difference;
} curve_row;

rb_status rb_results_write_curve(rb_results *r, rb_error *err)
{
    static const char *const rules[] = {
        [RB_SELECT_BEST] = "best", [RB_SELECT_ELBOW] = "elbow", [RB_SELECT_GAP] = "gap"
    };
    const int32_t n = r->selection.n_curve;
    curve_row *rows = NULL;
    if (n == 0)
        return RB_OK;
    RB_TRY(rb_alloc(&rows, n, err));
    for (int32_t i = 0; i < n; i++) {
        const rb_curve_point *p = &r->selection.curve[i];
        rows[i] = (curve_row){ .metric = p->metric->id,
                               .rule = rules[p->rule],
                               .entry = r->run->plan.configuration[p->configuration].entry->name,
                               .space = p->space,
                               .k = p->k,
                               .configuration = p->configuration + 1,
                               .is_selected = p->is_selected,
                               .value = p->value,
                               .error = p->error,
                               .difference = p->difference };
    }
    const rb_hdf_column columns[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, metric),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, rule),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, entry),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, space),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT64, k),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, configuration),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, value),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, error),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, difference),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_UINT8, is_selected, "selected", NULL),
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "curve", columns, RB_RESULTS_N_OF(columns), n, err));
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

rb_status rb_results_write_comparisons(rb_results *r, rb_error *err)
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
    const rb_hdf_column columns[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, metric),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, test),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_INT32, a, "configuration_a", NULL),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_INT32, b, "configuration_b", NULL),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT64, n),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, difference),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, low),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, high),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, statistic),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, p),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, p_adjusted),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, cohen_d),
    };
    RB_TRY(rb_hdf_write_table(r->file.id, "comparisons", columns, RB_RESULTS_N_OF(columns), n, err));
done:
    rb_free(rows);
    return err->status;
}
