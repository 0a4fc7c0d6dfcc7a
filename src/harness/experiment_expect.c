/*
 * Published values, which the report holds the measured ones against: read after the trials and metrics that they name.
 */
#include <string.h>

#include "harness/experiment_reader.h"

/* The metric of the file that is meant, however it is written; NULL. */
static const rb_metric *parse_metric(const rb_experiment *e, const char *text)
{
    rb_metric meant;
    rb_error unknown = { 0 };
    if (rb_metric_parse(&meant, text, &unknown) != RB_OK)
        return NULL;
    const int32_t found = rb_reader_find_metric(e, &meant);
    return found < 0 ? NULL : &e->metrics[found];
}

static rb_status read_expected(rb_reader *r, const rb_yaml *node)
{
    rb_experiment *e = r->e;
    rb_expect_keys keys = { 0 };
    const int64_t before = rb_reader_n_messages(r);
    RB_TRY(rb_reader_section(r, &keys, rb_expect_params, "expect", node, NULL));
    if (rb_reader_n_messages(r) > before)
        return RB_OK;
    if (!keys.entry || !keys.metric || !rb_yaml_get(node, "value"))
        return RB_COMPLAIN(r, node->at,
                           "an item of 'expect' needs entry, metric and value: { entry: svd, metric: rmse, "
                           "value: 0.934, tolerance: 0.005 }");
    if (!rb_experiment_entry(e, keys.entry)) {
        const char *suggestion;
        RB_TRY(rb_reader_suggest_entry(r, &suggestion, keys.entry));
        return RB_COMPLAIN(r, rb_yaml_get(node, "entry")->at, "no entry of 'trials' has the name '%s'%s", keys.entry,
                           suggestion);
    }
    const rb_metric *metric = parse_metric(e, keys.metric);
    if (!metric)
        return RB_COMPLAIN(r, rb_yaml_get(node, "metric")->at, "'%s' is not among 'metrics'", keys.metric);
    e->expected[e->n_expected++] = (rb_expected){ .entry = keys.entry,
                                                  .source = keys.source,
                                                  .metric = *metric,
                                                  .value = keys.value,
                                                  .tolerance = keys.tolerance,
                                                  .or_better = keys.or_better };
done:
    return r->err->status;
}

rb_status rb_reader_expect(rb_reader *r)
{
    const rb_yaml *node = rb_yaml_get(r->root, "expect");
    if (!node)
        return RB_OK;
    if (node->kind != RB_YAML_LIST)
        return RB_COMPLAIN(r, node->at, "'expect' is %s, expected a list", rb_yaml_words(node));
    RB_TRY(rb_arena_alloc(&r->e->arena, &r->e->expected, node->n, r->err));
    for (const rb_yaml *child = node->first; child; child = child->next)
        RB_TRY(read_expected(r, child));
done:
    return r->err->status;
}
