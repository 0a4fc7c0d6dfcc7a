/*
 * Metrics, and what stops early: read after the trials, which say what can be measured.
 */
#include <stdio.h>
#include <string.h>

#include "eval/session.h"
#include "harness/evaluate_clusters.h"
#include "harness/experiment_reader.h"

static bool measures(const rb_algorithm *algorithm, const char *name)
{
    for (const char *const *m = algorithm->measures; m && *m; m++)
        if (strcmp(*m, name) == 0)
            return true;
    return false;
}

bool rb_experiment_applies(const rb_metric *metric, const rb_entry *entry)
{
    if (metric->def->of_fit)
        return measures(entry->algorithm, metric->def->name);
    switch (metric->family) {
    case RB_FAMILY_RANKING:
    case RB_FAMILY_BEYOND:
        return entry->can & RB_CAN_RANK;
    case RB_FAMILY_RATING:
        return entry->can & RB_CAN_PREDICT;
    case RB_FAMILY_SESSION:
        return rb_session_applies(entry->algorithm);
    default:
        return entry->can & RB_CAN_ASSIGN &&
               (metric->def->kind != RB_METRIC_GAP || rb_run_has_gap(metric, entry->algorithm));
    }
}

bool rb_entry_learns(const rb_entry *entry)
{
    if (entry->algorithm && entry->algorithm->needs & RB_NEEDS_VALIDATION)
        return true;
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        for (int64_t o = 0; entry->sweep[s].param->flags & RB_PARAM_LEARNS && o < entry->sweep[s].n; o++)
            if (entry->sweep[s].option[o].value.number != 0)
                return true;
    return false;
}

bool rb_experiment_learns(const rb_experiment *e)
{
    for (int32_t i = 0; i < e->n_entries; i++)
        if (rb_entry_learns(&e->entry[i]))
            return true;
    return false;
}

bool rb_experiment_watches(const rb_experiment *e, const rb_entry *entry)
{
    return e->early_stopping.on && entry->algorithm->iterate && rb_experiment_applies(&e->early_stopping.metric, entry);
}

/* One metric as written; *good is false where a message was added. */
rb_status rb_reader_metric(rb_reader *r, rb_metric *out, bool *good, const rb_yaml *node)
{
    rb_error raised = { 0 };
    *good = false;
    if (node->kind != RB_YAML_SCALAR || rb_yaml_is_null(node))
        return RB_COMPLAIN(r, node->at, "%s stands where a metric is expected, such as ndcg@10", rb_yaml_words(node));
    *good = rb_metric_parse(out, node->text, &raised) == RB_OK;
    return rb_reader_adopt(r, node->at, &raised);
}

/* A file whose trials were not understood gets no second message about its metrics. */
rb_status rb_reader_check_given(rb_reader *r, const rb_metric *metric, const rb_yaml *node)
{
    const rb_experiment *e = r->e;
    for (int32_t i = 0; i < e->n_entries; i++)
        if (!e->entry[i].algorithm || rb_experiment_applies(metric, &e->entry[i]))
            return RB_OK;
    if (e->n_entries == 0)
        return RB_OK;
    static const char *const wanted[] = { [RB_FAMILY_RANKING] = "ranks the catalogue",
                                          [RB_FAMILY_BEYOND] = "ranks the catalogue",
                                          [RB_FAMILY_RATING] = "predicts ratings",
                                          [RB_FAMILY_SESSION] = "predicts the next item of a session",
                                          [RB_FAMILY_CLUSTERING] = "clusters" };
    return RB_COMPLAIN(r, node->at, "no trial of this file can give '%s': none %s", metric->label,
                       metric->def->of_fit                  ? "measures it"
                       : metric->def->kind == RB_METRIC_GAP ? "clusters a space into k"
                                                            : wanted[metric->family]);
}

/* Only whole sessions can be revealed item by item. */
rb_status rb_reader_check_sessions(rb_reader *r, const rb_metric *metric, const rb_yaml *node)
{
    if (metric->family == RB_FAMILY_SESSION && r->e->split.kind != RB_SPLIT_SESSIONS)
        return RB_COMPLAIN(r, node->at, "'%s' is measured on whole sessions: give split.kind: sessions", metric->label);
    return RB_OK;
}

int32_t rb_reader_find_metric(const rb_experiment *e, const rb_metric *metric)
{
    for (int32_t i = 0; i < e->n_metrics; i++)
        if (strcmp(e->metrics[i].id, metric->id) == 0)
            return i;
    return -1;
}

void rb_reader_add_metric(rb_experiment *e, const rb_metric *metric, rb_place at)
{
    e->metric_at[e->n_metrics] = at;
    e->metrics[e->n_metrics++] = *metric;
}

static rb_status read_metrics(rb_reader *r, const rb_yaml *node)
{
    rb_experiment *e = r->e;
    if (!node && rb_reader_misspelt(r, "experiment", "metrics"))
        return RB_OK;
    if (!node && !rb_yaml_get(r->root, "trials") && rb_yaml_get(r->root, "replay"))
        return RB_OK; /* replays have values of their own */
    if (!node)
        return RB_COMPLAIN(r, r->root->at, "'metrics' is missing: a list such as [ndcg@10, rmse]");
    const rb_yaml *first = node->kind == RB_YAML_LIST ? node->first : node;
    if (!first)
        return RB_COMPLAIN(r, node->at, "'metrics' is an empty list");
    const int64_t most =
        node->n + RB_MOST_SELECTS + 1 + e->n_entries; /* select may add so many and the gap's error, each entry one */
    RB_TRY(rb_arena_alloc(&e->arena, &e->metrics, most, r->err));
    RB_TRY(rb_arena_alloc(&e->arena, &e->metric_at, most, r->err));
    for (const rb_yaml *child = first; child; child = node->kind == RB_YAML_LIST ? child->next : NULL) {
        rb_metric metric;
        bool good;
        RB_TRY(rb_reader_metric(r, &metric, &good, child));
        if (!good)
            continue;
        if (rb_reader_find_metric(e, &metric) >= 0) {
            RB_TRY(RB_COMPLAIN(r, child->at, "metric '%s' is listed twice", child->text));
            continue;
        }
        RB_TRY(rb_reader_check_given(r, &metric, child));
        RB_TRY(rb_reader_check_sessions(r, &metric, child));
        rb_reader_add_metric(e, &metric, child->at);
    }
done:
    return r->err->status;
}

/* The metric that early stopping watches: its own, else the one that selects recommenders. */
static rb_status read_watched(rb_reader *r, const rb_yaml *section, const char *text)
{
    rb_early_stopping *stopping = &r->e->early_stopping;
    const rb_yaml *node = rb_yaml_get(section, "metric");
    bool good = true;
    if (text)
        RB_TRY(rb_reader_metric(r, &stopping->metric, &good, node));
    else if (r->e->n_select > 0)
        stopping->metric = r->e->select[0];
    if (!good)
        return RB_OK;
    const rb_metric_def *def = stopping->metric.def;
    const rb_yaml *at = node ? node : section;
    if (!def || (!text && def->family == RB_FAMILY_CLUSTERING))
        return RB_COMPLAIN(r, at->at, "'early_stopping' needs a metric, its own or that of 'select'");
    if (def->family == RB_FAMILY_CLUSTERING || def->better == RB_BETTER_NEITHER)
        return RB_COMPLAIN(r, at->at, "'%s' cannot stop a fit: expected a ranking or rating metric",
                           stopping->metric.label);
    if (rb_reader_lacks_validation(r))
        return RB_COMPLAIN(r, at->at, "'early_stopping' watches the validation part, and there is none; %s",
                           rb_reader_validation_hint(r));
    if (!r->e->metrics || rb_reader_find_metric(r->e, &stopping->metric) < 0) /* else it was told there */
        RB_TRY(rb_reader_check_given(r, &stopping->metric, at));
done:
    return r->err->status;
}

static rb_status read_early_stopping(rb_reader *r, const rb_yaml *node)
{
    rb_experiment *e = r->e;
    rb_early_stopping_keys keys = { 0 };
    e->early_stopping_text = "never";
    if (!node)
        return RB_OK;
    RB_TRY(rb_reader_section(r, &keys, rb_early_stopping_params, "early_stopping", node, NULL));
    if (node->kind == RB_YAML_MAP)
        RB_TRY(read_watched(r, node, keys.metric));
    e->early_stopping.on = true;
    e->early_stopping.patience = keys.patience;
    e->early_stopping.every = keys.every;
    e->early_stopping.min_delta = keys.min_delta;
    keys.metric = e->early_stopping.metric.id;
    RB_TRY(rb_reader_canonical(r, &e->early_stopping_text, "early", rb_early_stopping_params, &keys));
done:
    return r->err->status;
}

/* What a refit needs: something that selects a recommender, and validation data that no algorithm keeps for itself. */
static rb_status check_refit(rb_reader *r, const rb_yaml *node)
{
    const rb_experiment *e = r->e;
    if (!e->evaluation.refit)
        return RB_OK;
    if (rb_reader_lacks_validation(r))
        return RB_COMPLAIN(r, node->at,
                           "'evaluation.refit' fits on training and validation, and there is no validation part; %s",
                           rb_reader_validation_hint(r));
    for (int32_t i = 0; i < e->n_entries; i++)
        if (rb_entry_learns(&e->entry[i]))
            return RB_COMPLAIN(r, node->at,
                               "'evaluation.refit' leaves no validation part, and '%s' on line %d learns from it",
                               e->entry[i].name, e->entry[i].at.line);
    if (rb_yaml_get(r->root, "select") && e->n_select == 0) /* it has its own message */
        return RB_OK;
    if (e->n_select == 0 || e->select[0].def->family == RB_FAMILY_CLUSTERING)
        return RB_COMPLAIN(r, node->at,
                           "'evaluation.refit' fits the selected recommenders again, and 'select' names no metric of "
                           "recommenders");
    return RB_OK;
}

/* A share of nothing measures nothing; clusterings are no matter of the split. */
static rb_status check_test_part(rb_reader *r, const rb_yaml *node)
{
    const rb_experiment *e = r->e;
    if (!node || !rb_split_takes(e->split.kind, "test") || e->split.test > 0)
        return RB_OK;
    for (int32_t i = 0; i < e->n_metrics; i++)
        if (e->metrics[i].def->family != RB_FAMILY_CLUSTERING)
            return RB_COMPLAIN(r, node->at,
                               "'%s' on line %d is measured on test, and there is no test part; give split.test a "
                               "share, such as 0.2",
                               e->metrics[i].label, e->metric_at[i].line);
    return RB_OK;
}

#define SUGGESTED "suggested_"

/* Whether an entry leaves a parameter to the fit by a 0, which measures `suggested_<parameter>`. */
static bool leaves_to_fit(const rb_entry *entry, const char *measure)
{
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        for (int64_t o = 0;
             strcmp(entry->sweep[s].param->name, measure + strlen(SUGGESTED)) == 0 && o < entry->sweep[s].n; o++)
            if (entry->sweep[s].option[o].value.number == 0)
                return true;
    return false;
}

/* What the fit takes then is among the results, asked for or not. */
static rb_status add_suggested(rb_reader *r)
{
    rb_experiment *e = r->e;
    for (int32_t i = 0; e->metrics && i < e->n_entries; i++) {
        const rb_algorithm *a = e->entry[i].algorithm;
        for (const char *const *m = a ? a->measures : NULL; m && *m; m++) {
            rb_metric metric;
            if (strncmp(*m, SUGGESTED, strlen(SUGGESTED)) != 0 || !leaves_to_fit(&e->entry[i], *m))
                continue;
            RB_TRY(rb_metric_parse(&metric, *m, r->err));
            if (rb_reader_find_metric(e, &metric) < 0)
                rb_reader_add_metric(e, &metric, e->entry[i].at);
        }
    }
done:
    return r->err->status;
}

rb_status rb_reader_metrics(rb_reader *r)
{
    RB_TRY(read_metrics(r, rb_yaml_get(r->root, "metrics")));
    RB_TRY(check_test_part(r, rb_yaml_get(rb_yaml_get(r->root, "split"), "test")));
    RB_TRY(rb_reader_select(r, rb_yaml_get(r->root, "select")));
    RB_TRY(add_suggested(r));
    RB_TRY(read_early_stopping(r, rb_yaml_get(r->root, "early_stopping")));
    RB_TRY(check_refit(r, rb_yaml_get(rb_yaml_get(r->root, "evaluation"), "refit")));
done:
    return r->err->status;
}
