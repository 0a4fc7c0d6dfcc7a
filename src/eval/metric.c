#include "eval/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/param.h"
#include "base/text.h"

#define MAX_CUTOFF 1000000
/* Two clusters of which one has two points; and what a definition has room for. */
#define MIN_SAMPLE 3
#define MAX_SAMPLE 10000000

const rb_metric_def *rb_metric_find(const char *name)
{
    for (const rb_metric_def *def = rb_metric_registry; def->name; def++)
        if (strcmp(def->name, name) == 0)
            return def;
    return NULL;
}

const char *rb_metric_variant(char out[64], const rb_metric *metric, int group)
{
    return rb_choice_name(out, metric->def->group[group].choices, metric->variant[group]);
}

bool rb_metric_is_of_fits(const rb_metric *m)
{
    return m->def->of_fit || (m->def->kind == RB_METRIC_STABILITY && m->variant[0] == RB_STABILITY_SEEDS);
}

/* Append ":choice" of one group; the empty choice is never written. */
static void append_variant(char *out, size_t size, const rb_metric *metric, int group)
{
    char choice[64];
    size_t n = strlen(out);
    if (*rb_metric_variant(choice, metric, group))
        snprintf(out + n, size - n, ":%s", choice);
}

static void append_sample(char *out, size_t size, const rb_metric *metric)
{
    size_t n = strlen(out);
    if (metric->sample)
        snprintf(out + n, size - n, ":sample-%lld", (long long)metric->sample);
}

static void append_cutoff(char *out, size_t size, const rb_metric *metric)
{
    size_t n = strlen(out);
    if (metric->cutoff)
        snprintf(out + n, size - n, "@%lld", (long long)metric->cutoff);
}

/* The label has what differs from the defaults; the definition has, where that is nothing, the first default too. */
static void name_metric(rb_metric *m)
{
    const rb_metric_group *group = m->def->group;
    bool of_sessions =
        (m->def->kind == RB_METRIC_MRR || m->def->kind == RB_METRIC_HIT_RATE) && m->variant[0] == RB_FIRST_HIT_SESSION;
    m->family = of_sessions ? RB_FAMILY_SESSION : m->def->family;
    snprintf(m->label, sizeof m->label, "%s", m->def->name);
    for (int g = 0; g < RB_METRIC_GROUPS; g++)
        if (m->variant[g] != 0 || group[g].required)
            append_variant(m->label, sizeof m->label, m, g);
    append_sample(m->label, sizeof m->label, m);
    snprintf(m->definition, sizeof m->definition, "%s", m->label);
    if (!strchr(m->definition, ':') && !group[0].quiet)
        append_variant(m->definition, sizeof m->definition, m, 0);
    snprintf(m->id, sizeof m->id, "%s", m->definition);
    append_cutoff(m->id, sizeof m->id, m);
    append_cutoff(m->label, sizeof m->label, m);
}

/* The group from `first` on that has the choice, or -1. */
static int group_of(int *choice, const rb_metric_def *def, int first, const char *variant)
{
    for (int g = first; *variant && g < RB_METRIC_GROUPS; g++) {
        *choice = rb_choice_index(def->group[g].choices, variant);
        if (*choice >= 0)
            return g;
    }
    return -1;
}

/* More than there are metrics, and more than a metric has variants. */
#define MAX_NAMES 64

static rb_status unknown_name(const char *name, rb_error *err)
{
    const char *names[MAX_NAMES] = { NULL };
    int n = 0;
    for (const rb_metric_def *def = rb_metric_registry; def->name && n + 1 < MAX_NAMES; def++)
        names[n++] = def->name;
    const char *nearest = rb_text_nearest(name, names);
    if (nearest)
        return RB_FAIL(err, RB_BAD_INPUT, "unknown metric '%s'; did you mean '%s'?", name, nearest);
    return RB_FAIL(err, RB_BAD_INPUT, "unknown metric '%s'; `reelbench list metrics` names all", name);
}

static rb_status unknown_variant(const rb_metric_def *def, const char *variant, rb_error *err)
{
    char store[MAX_NAMES][64];
    const char *names[MAX_NAMES + 1] = { NULL };
    int n = 0;
    for (int g = 0; g < RB_METRIC_GROUPS; g++)
        for (int c = 0; n < MAX_NAMES; c++) {
            rb_choice_name(store[n], def->group[g].choices, c);
            if (*store[n])
                names[n] = store[n], n++;
            else if (c > 0 || !def->group[g].choices)
                break;
        }
    if (n == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "metric '%s' has no variants, '%s' was given", def->name, variant);
    if (def->sampled && n < MAX_NAMES)
        names[n] = "sample-N";
    const char *nearest = rb_text_nearest(variant, names);
    if (nearest)
        return RB_FAIL(err, RB_BAD_INPUT, "metric '%s' has no variant '%s'; did you mean '%s'?", def->name, variant,
                       nearest);
    return RB_FAIL(err, RB_BAD_INPUT, "metric '%s' has no variant '%s', expected one of %s%s%s%s", def->name, variant,
                   def->group[0].choices + (*def->group[0].choices == '|'), def->group[1].choices ? "; " : "",
                   def->group[1].choices ? def->group[1].choices + (*def->group[1].choices == '|') : "",
                   def->sampled ? "; sample-N" : "");
}

static rb_status parse_cutoff(rb_metric *m, const char *text, const char *at, rb_error *err)
{
    const rb_metric_def *def = m->def;
    if (!at)
        return def->has_cutoff
                   ? RB_FAIL(err, RB_BAD_INPUT, "metric '%s' needs a cutoff, for example '%s@10'", text, text)
                   : RB_OK;
    if (!def->has_cutoff)
        return RB_FAIL(err, RB_BAD_INPUT, "metric '%s' takes no cutoff, '%s' was given", def->name, at);
    if (!rb_parse_int(&m->cutoff, at + 1, (int64_t)strlen(at + 1)) || m->cutoff < 1 || m->cutoff > MAX_CUTOFF)
        return RB_FAIL(err, RB_BAD_INPUT, "the cutoff of '%s' is '%s', expected a whole number in [1, %d]", text,
                       at + 1, MAX_CUTOFF);
    return RB_OK;
}

#define SAMPLE "sample-"

static rb_status parse_sample(rb_metric *m, const char *variant, const char *text, rb_error *err)
{
    const char *number = variant + strlen(SAMPLE);
    if (!rb_parse_int(&m->sample, number, (int64_t)strlen(number)) || m->sample < MIN_SAMPLE || m->sample > MAX_SAMPLE)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s' has '%s', expected sample-N with N a whole number in [%d, %d]", text,
                       variant, MIN_SAMPLE, MAX_SAMPLE);
    return RB_OK;
}

/* One written variant; *next is the first group that may still be named. The sample stands behind the last group. */
static rb_status parse_variant(rb_metric *m, int *next, const char *variant, const char *text, rb_error *err)
{
    int choice;
    bool is_sample = m->def->sampled && strncmp(variant, SAMPLE, strlen(SAMPLE)) == 0;
    if (is_sample && *next <= RB_METRIC_GROUPS) {
        *next = RB_METRIC_GROUPS + 1;
        return parse_sample(m, variant, text, err);
    }
    int group = group_of(&choice, m->def, *next, variant);
    if (group < 0 && (is_sample || group_of(&choice, m->def, 0, variant) >= 0))
        return RB_FAIL(err, RB_BAD_INPUT, "'%s' names '%s' twice or out of order", text, variant);
    if (group < 0)
        return unknown_variant(m->def, variant, err);
    m->variant[group] = choice;
    *next = group + 1;
    return RB_OK;
}

static rb_status parse_parts(rb_metric *m, const char *text, rb_error *err)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", text);
    char *at = strchr(copy, '@');
    if (at)
        *at = 0;
    char *variant = strchr(copy, ':');
    if (variant)
        *variant++ = 0;
    m->def = rb_metric_find(copy);
    if (!m->def)
        return unknown_name(copy, err);
    int next = 0;
    bool named[RB_METRIC_GROUPS + 1] = { false };
    while (variant) {
        char *rest = strchr(variant, ':');
        if (rest)
            *rest++ = 0;
        RB_TRY(parse_variant(m, &next, variant, text, err));
        named[next - 1] = true;
        variant = rest;
    }
    for (int g = 0; g < RB_METRIC_GROUPS; g++)
        if (m->def->group[g].required && !named[g])
            return RB_FAIL(err, RB_BAD_INPUT, "metric '%s' needs a reference: '%s:' and one of %s", text, m->def->name,
                           m->def->group[g].choices);
    RB_TRY(parse_cutoff(m, text, at ? text + (at - copy) : NULL, err));
done:
    return err->status;
}

rb_status rb_metric_parse(rb_metric *out, const char *text, rb_error *err)
{
    *out = (rb_metric){ 0 };
    if (strlen(text) >= sizeof out->definition)
        return RB_FAIL(err, RB_BAD_INPUT, "'%.60s...' is no metric: it has %zu characters", text, strlen(text));
    if (parse_parts(out, text, err) == RB_OK)
        name_metric(out);
    return err->status;
}

rb_status rb_metric_choose(rb_metric *m, const char *variant, rb_error *err)
{
    int choice;
    int group = group_of(&choice, m->def, 0, variant);
    if (group < 0)
        return unknown_variant(m->def, variant, err);
    m->variant[group] = choice;
    name_metric(m);
    return RB_OK;
}

rb_metric_value rb_metric_finite(double value)
{
    return isfinite(value) ? (rb_metric_value){ value, RB_VALUE_OK }
                           : (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
}

bool rb_metric_is_better(const rb_metric *m, rb_metric_value a, rb_metric_value b)
{
    if (a.state != RB_VALUE_OK || isnan(a.value) || m->def->better == RB_BETTER_NEITHER)
        return false;
    if (b.state != RB_VALUE_OK || isnan(b.value))
        return true;
    return m->def->better == RB_BETTER_HIGHER ? a.value > b.value : a.value < b.value;
}
