#include "harness/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/gap.h"
#include "linalg/knee.h"

void rb_selection_fini(rb_selection *s)
{
    for (int32_t i = 0; i < s->n; i++)
        rb_free(s->selected[i].vector);
    rb_free(s->selected);
    rb_free(s->pair);
    rb_free(s->curve);
    memset(s, 0, sizeof *s);
}

typedef struct {
    const rb_plan *plan;
    const rb_trial_reader *reader;
    const rb_metric *metric;
    int32_t number; /* of the metric in `select` */
    const char *selection_part, *test_part;
    rb_select_rule rule;
    int64_t test_offset; /* from a trial to the one whose test values count */
} question;

/* Mean of a metric over the folds and repeats of a configuration; not OK where a trial lacks it. */
static rb_status mean_value(rb_metric_value *out, const question *q, int32_t configuration, const char *part,
                            int64_t offset, rb_error *err)
{
    int32_t n = q->plan->n_folds * q->plan->n_repeats;
    double sum = 0;
    *out = (rb_metric_value){ NAN, RB_VALUE_UNAVAILABLE };
    for (int32_t i = 0; i < n; i++) {
        const rb_trial *t = rb_plan_trial(q->plan, configuration, i / q->plan->n_repeats, i % q->plan->n_repeats);
        rb_metric_record record = { 0 };
        bool finished = q->reader->read(&record, q->reader->self, t->number - 1 + offset, false, err);
        const rb_metric_row *row = finished ? rb_metric_record_find(&record, part, q->metric->id) : NULL;
        bool good = row && row->value.state == RB_VALUE_OK;
        sum += good ? row->value.value : 0;
        if (row && !good)
            out->state = row->value.state;
        rb_metric_record_fini(&record);
        if (!good)
            return err->status;
    }
    *out = (rb_metric_value){ sum / n, RB_VALUE_OK };
    return RB_OK;
}

/* ---- the winner's test values ---- */

/* Adds the vector of one trial to the sums over its users. */
static void add_vector(double *sum, int32_t *count, const rb_metric_record *record, const rb_metric_row *row)
{
    const int32_t *users = record->users[row->population];
    for (int64_t i = 0; users && i < row->n_vector; i++)
        if (!isnan(row->vector[i])) {
            sum[users[i]] += row->vector[i];
            count[users[i]]++;
        }
}

/* Means over users and the spread over repeats; the value of a repeat is the mean over its folds. */
static rb_status describe(rb_selected *s, const question *q, int32_t n_users, rb_error *err)
{
    double *repeat = NULL;
    int32_t *count = NULL;
    rb_spread spread;
    RB_TRY(rb_alloc(&repeat, q->plan->n_repeats, err));
    RB_TRY(rb_alloc(&count, n_users, err));
    RB_TRY(rb_alloc(&s->vector, n_users, err));
    s->n_vector = n_users;
    for (int32_t r = 0; r < q->plan->n_repeats; r++)
        for (int32_t f = 0; f < q->plan->n_folds; f++) {
            const rb_trial *t = rb_plan_trial(q->plan, s->configuration, f, r);
            rb_metric_record record = { 0 };
            if (q->reader->read(&record, q->reader->self, t->number - 1 + q->test_offset, true, err)) {
                const rb_metric_row *row = rb_metric_record_find(&record, q->test_part, q->metric->id);
                repeat[r] += row->value.value / q->plan->n_folds;
                if (row->vector && row->population != RB_POINTS)
                    add_vector(s->vector, count, &record, row);
            }
            rb_metric_record_fini(&record);
            RB_TRY(err->status);
        }
    int64_t any = 0;
    for (int32_t u = 0; u < n_users; u++) {
        any += count[u] > 0;
        s->vector[u] = count[u] > 0 ? s->vector[u] / count[u] : NAN;
    }
    double level = q->plan->experiment->statistics.level;
    RB_TRY(rb_spread_of(&spread, s->vector, s->n_vector, level, err));
    s->spread_users = spread.sd;
    bool is_mean = any > 0 && q->plan->n_folds == 1 && fabs(spread.mean - s->test.value) <= 1e-9 * fabs(s->test.value);
    s->low = is_mean ? spread.low : NAN;
    s->high = is_mean ? spread.high : NAN;
    RB_TRY(rb_spread_of(&spread, repeat, q->plan->n_repeats, level, err));
    s->spread_seeds = spread.sd;
    if (any == 0) {
        rb_free(s->vector);
        s->vector = NULL;
        s->n_vector = 0;
    }
done:
    rb_free(repeat);
    rb_free(count);
    return err->status;
}

/* ---- families ---- */

static const char *space_of(const question *q, const rb_configuration *c)
{
    return c->space_name && q->metric->def->family == RB_FAMILY_CLUSTERING ? c->space_name : "";
}

static bool same_family(const question *q, const rb_configuration *a, const rb_configuration *b)
{
    if (strcmp(a->entry->name, b->entry->name) != 0)
        return false;
    return strcmp(space_of(q, a), space_of(q, b)) == 0;
}

/* Whether an earlier configuration is of the same family, which has been settled then. */
static bool is_settled(const question *q, int32_t configuration)
{
    for (int32_t i = 0; i < configuration; i++)
        if (same_family(q, &q->plan->configuration[i], &q->plan->configuration[configuration]))
            return true;
    return false;
}

static void add_winner(rb_selection *out, const question *q, int32_t winner, double value)
{
    out->selected[out->n++] = (rb_selected){ .metric = q->metric,
                                             .configuration = winner,
                                             .space = space_of(q, &q->plan->configuration[winner]),
                                             .selection = value,
                                             .low = NAN,
                                             .high = NAN,
                                             .spread_users = NAN,
                                             .spread_seeds = NAN };
}

static rb_status select_best(rb_selection *out, const question *q, int32_t first, rb_error *err)
{
    rb_metric_value best = { NAN, RB_VALUE_UNAVAILABLE };
    int32_t winner = -1;
    for (int32_t i = first; i < q->plan->n_configurations; i++) {
        rb_metric_value value;
        if (!same_family(q, &q->plan->configuration[i], &q->plan->configuration[first]))
            continue;
        RB_TRY(mean_value(&value, q, i, q->selection_part, 0, err));
        if (value.state == RB_VALUE_OK && (winner < 0 || rb_metric_is_better(q->metric, value, best))) {
            best = value;
            winner = i;
        }
    }
    if (winner >= 0)
        add_winner(out, q, winner, best.value);
done:
    return err->status;
}

/* ---- curves over k ---- */

static bool k_of(int64_t *k, const rb_configuration *c)
{
    const rb_param *p = rb_param_find(c->entry->algorithm->params, "k");
    if (!p || p->kind != RB_PARAM_INT)
        return false;
    *k = *(const int64_t *)((const char *)c->config + p->offset);
    return true;
}

/* A value joins the curve from `from` on, where k stays ascending and each k has its best. */
static void join_curve(rb_selection *out, int32_t from, const rb_curve_point *point)
{
    int32_t at = from;
    while (at < out->n_curve && out->curve[at].k < point->k)
        at++;
    if (at < out->n_curve && out->curve[at].k == point->k) {
        const rb_metric_value here = { out->curve[at].value, RB_VALUE_OK }, new = { point->value, RB_VALUE_OK };
        if (rb_metric_is_better(point->metric, new, here))
            out->curve[at] = *point;
        return;
    }
    memmove(out->curve + at + 1, out->curve + at, (size_t)(out->n_curve - at) * sizeof *out->curve);
    out->curve[at] = *point;
    out->n_curve++;
}

/* The values of a family over k, at the end of the curve. */
static rb_status collect_curve(rb_selection *out, const question *q, int32_t first, rb_error *err)
{
    const int32_t from = out->n_curve;
    question of_error = *q;
    of_error.metric = &q->plan->experiment->gap_error;
    for (int32_t i = first; i < q->plan->n_configurations; i++) {
        const rb_configuration *c = &q->plan->configuration[i];
        rb_metric_value value, error = { NAN, RB_VALUE_UNAVAILABLE };
        int64_t k;
        if (!same_family(q, c, &q->plan->configuration[first]) || !k_of(&k, c))
            continue;
        RB_TRY(mean_value(&value, q, i, q->selection_part, 0, err));
        if (q->rule == RB_SELECT_GAP)
            RB_TRY(mean_value(&error, &of_error, i, q->selection_part, 0, err));
        const rb_curve_point point = { q->metric, q->rule, i, space_of(q, c), k, value.value, error.value, NAN, false };
        if (value.state == RB_VALUE_OK)
            join_curve(out, from, &point);
    }
done:
    return err->status;
}

/* The place of the curve that the rule names; -1: none. */
static rb_status find_place(int64_t *place, rb_curve_point *curve, int32_t n, rb_select_rule rule, rb_error *err)
{
    double *x = NULL; /* k, values, errors and differences */
    RB_TRY(rb_alloc(&x, 4 * n, err));
    for (int32_t i = 0; i < n; i++) {
        x[i] = (double)curve[i].k;
        x[n + i] = curve[i].value;
        x[2 * n + i] = curve[i].error;
    }
    *place = rule == RB_SELECT_GAP ? rb_gap_smallest(x + 3 * n, x + n, x + 2 * n, n) : rb_knee(x + 3 * n, x, x + n, n);
    for (int32_t i = 0; i < n; i++)
        curve[i].difference = x[3 * n + i];
done:
    rb_free(x);
    return err->status;
}

/* A family of clusterings; its curve stays where it has two values of k, or decided. */
static rb_status select_clustering(rb_selection *out, const question *q, int32_t first, rb_error *err)
{
    const int32_t from = out->n_curve, before = out->n;
    int64_t place = -1;
    RB_TRY(collect_curve(out, q, first, err));
    rb_curve_point *curve = out->curve + from;
    const int32_t n = out->n_curve - from;
    if (q->rule != RB_SELECT_BEST) {
        RB_TRY(find_place(&place, curve, n, q->rule, err));
        if (place >= 0)
            add_winner(out, q, curve[place].configuration, curve[place].value);
    } else {
        RB_TRY(select_best(out, q, first, err));
        for (int32_t i = 0; i < n && out->n > before; i++)
            if (curve[i].configuration == out->selected[before].configuration)
                place = i;
    }
    if (place >= 0)
        curve[place].is_selected = true;
    if (q->rule == RB_SELECT_BEST && n < 2)
        out->n_curve = from;
done:
    return err->status;
}

/* Spaces apart, as their values do not compare; the best by what selected first, so that test ranks nothing; equal
 * ones by configuration. */
static int by_value(const void *a, const void *b)
{
    const rb_selected *x = a, *y = b;
    int apart = strcmp(x->space, y->space);
    if (apart != 0)
        return apart;
    const rb_metric_value here = { x->selection, RB_VALUE_OK }, there = { y->selection, RB_VALUE_OK };
    if (rb_metric_is_better(x->metric, here, there))
        return -1;
    if (rb_metric_is_better(x->metric, there, here))
        return 1;
    return x->configuration < y->configuration ? -1 : 1;
}

/* ---- comparisons ---- */

static rb_status give_letters(rb_selection *out, int32_t first, int32_t first_pair, double alpha, rb_error *err)
{
    int32_t n = out->n - first;
    bool *differs = NULL;
    char *letters = NULL;
    const int width = (int)sizeof out->selected->letters;
    RB_TRY(rb_alloc(&differs, n * n, err));
    RB_TRY(rb_alloc(&letters, n * width, err));
    for (int32_t k = first_pair; k < out->n_pairs; k++) {
        int32_t a = out->pair[k].a - first, b = out->pair[k].b - first;
        differs[a * n + b] = differs[b * n + a] = out->pair[k].p_adjusted < alpha;
    }
    rb_error many = { 0 };
    if (rb_letters(letters, width, differs, n, &many) == RB_OK)
        for (int32_t i = 0; i < n; i++)
            memcpy(out->selected[first + i].letters, letters + i * width, (size_t)width);
    else if (many.status != RB_NOT_APPLICABLE) /* more letters than there are: the pairs tell all the same */
        *err = many;
done:
    rb_free(differs);
    rb_free(letters);
    return err->status;
}

static rb_status compare(rb_selection *out, int32_t first, const question *q, int n_threads, rb_error *err)
{
    const rb_statistics *rule = &q->plan->experiment->statistics;
    int32_t first_pair = out->n_pairs;
    double *p = NULL;
    uint64_t seed = rb_seed_named(q->plan->experiment->seed, "bootstrap");
    for (int32_t i = first; i < out->n; i++)
        for (int32_t k = i + 1; k < out->n; k++) {
            const rb_selected *a = &out->selected[i], *b = &out->selected[k];
            if (!a->vector || !b->vector)
                continue;
            rb_pair *pair = &out->pair[out->n_pairs++];
            *pair = (rb_pair){ .a = i, .b = k };
            RB_TRY(rb_compare(&pair->test, rule->test, a->vector, b->vector, a->n_vector, rule->level, seed, n_threads,
                              err));
        }
    int32_t n = out->n_pairs - first_pair;
    if (n == 0)
        return RB_OK;
    RB_TRY(rb_alloc(&p, n, err));
    for (int32_t k = 0; k < n; k++)
        p[k] = out->pair[first_pair + k].test.p;
    RB_TRY(rb_adjust(p, p, n, rule->correction, err));
    for (int32_t k = 0; k < n; k++)
        out->pair[first_pair + k].p_adjusted = p[k];
    RB_TRY(give_letters(out, first, first_pair, 1 - rule->level, err));
done:
    rb_free(p);
    return err->status;
}

static question ask(const rb_plan *plan, const rb_trial_reader *reader, int32_t number)
{
    const rb_metric *metric = &plan->experiment->select[number];
    bool clustering = metric->def->family == RB_FAMILY_CLUSTERING;
    bool refit = plan->experiment->evaluation.refit && !clustering;
    bool divided = plan->experiment->split.kind == RB_SPLIT_TITLES;
    return (question){ .plan = plan,
                       .reader = reader,
                       .metric = metric,
                       .number = number,
                       .selection_part = clustering ? rb_experiment_fitted_part(plan->experiment) : "validation",
                       .test_part = clustering && !divided ? "all" : (refit ? "refit" : "test"),
                       .rule = plan->experiment->select_rule[number],
                       .test_offset = refit ? plan->n_trials : 0 };
}

/* The best of each family by one metric, at the end of out. */
static rb_status select_by(rb_selection *out, const question *q, rb_error *err)
{
    for (int32_t c = 0; c < q->plan->n_configurations; c++)
        if (!is_settled(q, c) && rb_experiment_selects(q->plan->experiment, q->number, q->plan->configuration[c].entry))
            RB_TRY(q->metric->def->family == RB_FAMILY_CLUSTERING ? select_clustering(out, q, c, err)
                                                                  : select_best(out, q, c, err));
done:
    return err->status;
}

rb_status rb_select_winners(rb_selection *out, const rb_plan *plan, const rb_trial_reader *reader, rb_error *err)
{
    const rb_experiment *e = plan->experiment;
    RB_TRY(rb_alloc(&out->selected, plan->n_configurations * e->n_select, err));
    RB_TRY(rb_alloc(&out->curve, plan->n_configurations, err));
    for (int32_t m = 0; m < e->n_select; m++) {
        question q = ask(plan, reader, m);
        RB_TRY(select_by(out, &q, err));
    }
done:
    return err->status;
}

rb_status rb_select(rb_selection *out, const rb_plan *plan, const rb_trial_reader *reader, int32_t n_users,
                    int n_threads, rb_error *err)
{
    const rb_experiment *e = plan->experiment;
    RB_TRY(rb_alloc(&out->selected, plan->n_configurations * e->n_select, err));
    RB_TRY(rb_alloc(&out->curve, plan->n_configurations, err));
    for (int32_t m = 0; m < e->n_select; m++) {
        question q = ask(plan, reader, m);
        bool clustering = q.metric->def->family == RB_FAMILY_CLUSTERING;
        int32_t first = out->n;
        RB_TRY(select_by(out, &q, err));
        for (rb_selected *s = out->selected + first; s < out->selected + out->n; s++) {
            RB_TRY(mean_value(&s->test, &q, s->configuration, q.test_part, q.test_offset, err));
            if (s->test.state == RB_VALUE_OK)
                RB_TRY(describe(s, &q, clustering ? 0 : n_users, err));
        }
        qsort(out->selected + first, (size_t)(out->n - first), sizeof *out->selected, by_value);
        int64_t n = out->n - first, had = out->n_pairs;
        int64_t capacity = had;
        RB_TRY(rb_grow(&out->pair, &capacity, had + n * (n - 1) / 2 + 1, err));
        RB_TRY(compare(out, first, &q, n_threads, err));
    }
done:
    return err->status;
}
