/*
 * What selects: read after the metrics, whose rows it joins.
 */
#include <stdio.h>
#include <string.h>

#include "harness/experiment_reader.h"

/* ---- which entries a metric selects of ---- */

/* What measures distances is of points: a clustering of the catalogue itself has none. */
static bool is_of_points(const rb_metric *metric)
{
    switch (metric->def->kind) {
    case RB_METRIC_SILHOUETTE:
    case RB_METRIC_DAVIES_BOULDIN:
    case RB_METRIC_CALINSKI_HARABASZ:
    case RB_METRIC_INERTIA:
    case RB_METRIC_DBCV:
    case RB_METRIC_GAP:
        return true;
    default:
        return false;
    }
}

static bool gives(const rb_metric *metric, const rb_entry *entry)
{
    return rb_experiment_applies(metric, entry) && (!is_of_points(metric) || entry->algorithm->needs & RB_NEEDS_SPACE);
}

bool rb_experiment_selects(const rb_experiment *e, int32_t i, const rb_entry *entry)
{
    const rb_metric *metric = &e->select[i];
    for (int32_t k = 0; k < i; k++)
        if (e->select[k].def->family == RB_FAMILY_CLUSTERING && metric->def->family == RB_FAMILY_CLUSTERING &&
            gives(&e->select[k], entry))
            return false;
    return gives(metric, entry);
}

/* ---- reading ---- */

/* "test" as a word of a selection: ndcg@10:test, test ndcg@10. */
static bool names_test(const char *text)
{
    const char *at = strstr(text, "test");
    return at && (at == text || strchr(": @./-", at[-1])) && (!at[4] || strchr(": @./-", at[4]));
}

static rb_status check_selects(rb_reader *r, const rb_metric *metric, const rb_yaml *node)
{
    const rb_metric_def *def = metric->def;
    if (def->external)
        return RB_COMPLAIN(r, node->at,
                           "selecting on '%s' is refused: agreement with a reference labelling counts as "
                           "test; select on silhouette or another internal metric",
                           metric->label);
    if (def->better == RB_BETTER_NEITHER)
        return RB_COMPLAIN(r, node->at, "'%s' cannot select: neither high nor low values of it are better",
                           metric->label);
    if (def->family != RB_FAMILY_CLUSTERING && rb_reader_lacks_validation(r))
        return RB_COMPLAIN(r, node->at, "selecting on '%s' is refused: there is no validation part; %s", metric->label,
                           rb_reader_validation_hint(r));
    return r->e->metrics && rb_reader_find_metric(r->e, metric) >= 0
               ? RB_OK
               : rb_reader_check_given(r, metric, node); /* told already */
}

/* "elbow", of the inertia, and "elbow:METRIC"; the metric stands in its place. */
static bool take_elbow(rb_yaml *out, const rb_yaml *node)
{
    *out = *node;
    if (node->kind != RB_YAML_SCALAR || strncmp(node->text, "elbow", 5) != 0 || (node->text[5] && node->text[5] != ':'))
        return false;
    out->text = node->text[5] ? node->text + 6 : "inertia";
    return true;
}

/* An elbow is that of a cost of clusterings, over k. */
static rb_status check_elbow(rb_reader *r, const rb_metric *metric, const rb_yaml *node)
{
    if (metric->def->family == RB_FAMILY_CLUSTERING && metric->def->better == RB_BETTER_LOWER)
        return RB_OK;
    return RB_COMPLAIN(r, node->at, "'%s' has no elbow: it is the bend of a cost that falls with k, inertia or cost",
                       metric->label);
}

/* The gap is selected on with its error, which is stored beside it. */
static rb_status select_gap(rb_reader *r, const rb_metric *metric, const rb_yaml *node)
{
    rb_experiment *e = r->e;
    if (metric->variant[0] != RB_GAP_VALUE)
        return RB_COMPLAIN(r, node->at, "'%s' selects nothing: select on gap, which goes by it", metric->label);
    RB_TRY(rb_metric_parse(&e->gap_error, "gap:error", r->err));
    if (e->metrics && rb_reader_find_metric(e, &e->gap_error) < 0)
        rb_reader_add_metric(e, &e->gap_error, node->at);
done:
    return r->err->status;
}

static bool is_of_clusterings(const rb_metric *metric)
{
    return metric->def->family == RB_FAMILY_CLUSTERING;
}

/* One metric selects recommenders; of those of clusterings each must be the first for some entry, which one that was
 * not understood may be. */
static rb_status check_room(rb_reader *r, bool *has_room, const rb_metric *metric, const rb_yaml *node)
{
    const rb_experiment *e = r->e;
    *has_room = false;
    for (int32_t i = 0; i < e->n_select; i++) {
        if (strcmp(e->select[i].id, metric->id) == 0)
            return RB_COMPLAIN(r, node->at, "'%s' selects already", metric->label);
        if (!is_of_clusterings(metric) && !is_of_clusterings(&e->select[i]))
            return RB_COMPLAIN(r, node->at, "'%s' and '%s' both select recommenders: one of them can",
                               e->select[i].label, metric->label);
    }
    *has_room = true;
    if (!is_of_clusterings(metric))
        return RB_OK;
    const rb_metric *before = NULL; /* the last that took an entry which has this one */
    bool is_first = false;
    for (int32_t i = 0; i < e->n_entries; i++) {
        bool taken = false;
        if (e->entry[i].algorithm && !gives(metric, &e->entry[i]))
            continue;
        for (int32_t k = 0; k < e->n_select && e->entry[i].algorithm; k++)
            if (gives(&e->select[k], &e->entry[i])) {
                before = &e->select[k];
                taken = true;
            }
        is_first = is_first || !taken;
    }
    *has_room = is_first || !before;
    return *has_room ? RB_OK
                     : RB_COMPLAIN(r, node->at,
                                   "'%s' selects nothing: every clustering that has it has '%s', which comes first",
                                   metric->label, before->label);
}

/* Behind those of its family; those of recommenders come first. */
static void add_selector(rb_experiment *e, const rb_metric *metric, rb_select_rule rule)
{
    int32_t at = e->n_select++;
    for (; at > 0 && !is_of_clusterings(metric); at--) {
        e->select[at] = e->select[at - 1];
        e->select_rule[at] = e->select_rule[at - 1];
    }
    e->select[at] = *metric;
    e->select_rule[at] = rule;
}

static rb_status read_selected(rb_reader *r, rb_yaml *given)
{
    rb_experiment *e = r->e;
    rb_select_rule rule = RB_SELECT_BEST;
    rb_metric metric;
    rb_yaml named;
    bool good, is_elbow = take_elbow(&named, given);
    const rb_yaml *node = &named;
    if (node->kind == RB_YAML_SCALAR && names_test(node->text))
        return RB_COMPLAIN(r, node->at,
                           "selecting on test is refused: a configuration is selected on validation, and "
                           "its test value is then an honest one");
    RB_TRY(rb_reader_metric(r, &metric, &good, node));
    if (!good)
        goto done;
    RB_TRY(check_room(r, &good, &metric, node));
    if (!good)
        goto done;
    RB_TRY(check_selects(r, &metric, node));
    if (is_elbow) {
        RB_TRY(check_elbow(r, &metric, given));
        rule = RB_SELECT_ELBOW;
    }
    if (metric.def->kind == RB_METRIC_GAP) {
        RB_TRY(select_gap(r, &metric, node));
        rule = RB_SELECT_GAP;
    }
    if (e->metrics && rb_reader_find_metric(e, &metric) < 0) {
        RB_TRY(rb_reader_check_sessions(r, &metric, node));
        rb_reader_add_metric(e, &metric, node->at);
    }
    if (is_elbow)
        snprintf(metric.label, sizeof metric.label, "elbow of %.50s", metric.id);
    add_selector(e, &metric, rule);
done:
    return r->err->status;
}

/* A metric, a list, or { metric: NAME, part: validation }, whose other part is refused in words. */
rb_status rb_reader_select(rb_reader *r, rb_yaml *node)
{
    const rb_yaml *part = rb_yaml_get(node, "part");
    if (!node)
        return RB_OK;
    if (part && part->kind == RB_YAML_SCALAR && names_test(part->text))
        return RB_COMPLAIN(r, part->at,
                           "selecting on test is refused: a configuration is selected on validation, and "
                           "its test value is then an honest one");
    if (node->kind == RB_YAML_MAP)
        return RB_COMPLAIN(r, node->at, "'select' is a mapping, expected a metric or a list of them");
    if (node->kind == RB_YAML_SCALAR)
        return read_selected(r, node);
    if (node->n < 1 || node->n > RB_MOST_SELECTS)
        return RB_COMPLAIN(r, node->at,
                           "'select' lists %d metrics, expected 1 to %d: one for recommenders, others for clusterings",
                           node->n, RB_MOST_SELECTS);
    for (rb_yaml *child = node->first; child; child = child->next)
        RB_TRY(read_selected(r, child));
done:
    return r->err->status;
}
