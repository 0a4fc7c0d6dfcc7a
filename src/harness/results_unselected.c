/* What a run says where nothing could be selected. */
#include <string.h>

#include "harness/results.h"

#define ELBOW_LEAST_K 3

static bool same_curve(const rb_results *r, const rb_curve_point *a, const rb_curve_point *b)
{
    const rb_configuration *all = r->run->plan.configuration;
    return strcmp(all[a->configuration].entry->name, all[b->configuration].entry->name) == 0 &&
           strcmp(a->space, b->space) == 0;
}

/* A curve of n values of k on which the rule found no place. */
static void explain_curve(const rb_results *r, const rb_curve_point *p, int32_t n)
{
    const char *entry = r->run->plan.configuration[p->configuration].entry->name;
    const char *in = p->space[0] ? " in " : "";
    const long long first = (long long)p->k, last = (long long)p[n - 1].k;
    rb_log *log = &r->run->log;
    if (p->rule == RB_SELECT_GAP && n == 1)
        rb_log_warn(log, "%s%s%s has one k, %lld: gap selects from several, sweep 'k'", entry, in, p->space, first);
    else if (p->rule == RB_SELECT_GAP)
        rb_log_warn(log, "%s%s%s: no k from %lld to %lld meets Gap(k) >= Gap(k') - s', k' the next: widen the range",
                    entry, in, p->space, first, last);
    else if (n < ELBOW_LEAST_K)
        rb_log_warn(log, "%s%s%s has %d value%s of k: an elbow needs at least %d", entry, in, p->space, n,
                    rb_text_plural(n), ELBOW_LEAST_K);
    else
        rb_log_warn(log, "%s%s%s: %s has no bend from k %lld to %lld: widen the range", entry, in, p->space,
                    p->metric->id, first, last);
}

/* Curves that were drawn and chose nothing. */
static void explain_curves(const rb_results *r)
{
    const rb_selection *s = &r->selection;
    for (int32_t first = 0, end; first < s->n_curve; first = end) {
        bool chose = false;
        for (end = first; end < s->n_curve && same_curve(r, &s->curve[first], &s->curve[end]); end++)
            chose = chose || s->curve[end].is_selected;
        if (!chose)
            explain_curve(r, &s->curve[first], end - first);
    }
}

/* Values that no user has (no relevant item, none on validation) leave every trial well and nothing to choose from. */
static void explain_metric(const rb_results *r, const rb_metric *metric)
{
    const rb_selection *s = &r->selection;
    for (int32_t i = 0; i < s->n; i++)
        if (strcmp(s->selected[i].metric->id, metric->id) == 0)
            return;
    for (int32_t i = 0; i < s->n_curve; i++)
        if (strcmp(s->curve[i].metric->id, metric->id) == 0)
            return; /* it has a reason of its own */
    rb_log_warn(&r->run->log, "no value of %s%s: nothing can be selected", metric->label,
                metric->def->family == RB_FAMILY_CLUSTERING ? "" : " on validation");
}

void rb_results_note_unselected(const rb_results *r)
{
    const rb_experiment *e = &r->run->experiment;
    const char *lack = rb_experiment_lacks_select(e);
    bool any_done = false;
    for (int64_t t = 0; t < r->run->plan.n_trials; t++)
        any_done = any_done || (r->facts[t].finished && r->facts[t].outcome == RB_FIT_DONE);
    if (!any_done)
        return;
    if (lack)
        rb_log_say(&r->run->log, "%s", lack);
    explain_curves(r);
    for (int32_t m = 0; m < e->n_select; m++)
        explain_metric(r, &e->select[m]);
}
