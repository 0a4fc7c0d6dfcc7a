#include "eval/segments.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/ranking_measures.h"

/* ---- groups ---- */

typedef struct {
    int64_t n;
    int32_t id;
} counted;

static int by_count(const void *a, const void *b)
{
    const counted *x = a, *y = b;
    return x->n != y->n ? (x->n > y->n) - (x->n < y->n) : (x->id > y->id) - (x->id < y->id);
}

/* The group of each row by its length: 0 the shortest; n_groups where it is empty. */
static rb_status find_groups(int32_t *group, const int64_t *begin, int32_t n, int32_t n_groups, rb_error *err)
{
    counted *order = NULL;
    int64_t n_warm = 0;
    RB_TRY(rb_alloc(&order, n, err));
    for (int32_t i = 0; i < n; i++) {
        group[i] = n_groups;
        if (begin[i + 1] > begin[i])
            order[n_warm++] = (counted){ begin[i + 1] - begin[i], i };
    }
    qsort(order, (size_t)n_warm, sizeof *order, by_count);
    for (int64_t k = 0; k < n_warm; k++)
        group[order[k].id] = (int32_t)(k * n_groups / n_warm);
done:
    rb_free(order);
    return err->status;
}

/* ---- sums ---- */

typedef struct {
    double number, weight;
    int64_t n;
} sum;

typedef struct {
    const rb_ranking *ranking;
    const rb_metric *metrics;
    rb_measures measures;
    rb_discounts discounts;
    int32_t n_groups;
    int32_t *user_group, *item_group;
    sum *sums; /* [2 (n_groups + 1) x n_metrics] */
    rb_judge judge;
} segmenting;

static void add(const segmenting *s, int32_t segment, int32_t m, rb_worth worth)
{
    sum *to = &s->sums[(int64_t)segment * s->ranking->n_metrics + m];
    if (isnan(worth.value))
        return;
    to->number += worth.number;
    to->weight += worth.weight;
    to->n++;
}

static void add_user(const segmenting *s, int32_t position)
{
    const rb_lists *lists = &s->ranking->lists;
    const int32_t n_metrics = s->ranking->n_metrics, user = lists->user[position], group = s->user_group[user];
    const int32_t *list = lists->item + (int64_t)position * lists->k;
    for (int32_t of = -1; of <= s->n_groups; of++) {
        const rb_judged u = rb_judge_list(&s->judge, user, list, lists->k, of);
        for (int32_t m = 0; m < n_metrics && u.n_relevant > 0; m++) {
            const rb_metric *metric = &s->metrics[m];
            const bool is_auc = metric->def->kind == RB_METRIC_AUC;
            const double own = s->ranking->per_user[(int64_t)position * n_metrics + m];
            if (of < 0 && is_auc)
                add(s, group, m, (rb_worth){ .value = own, .number = own, .weight = 1 });
            else if (!is_auc && rb_measure_applies(metric, s->measures.facts) &&
                     (of < 0 || metric->family == RB_FAMILY_RANKING))
                add(s, of < 0 ? group : s->n_groups + 1 + of, m, rb_measure(metric, &u, &s->measures));
        }
    }
}

static rb_status begin(segmenting *s, const rb_ratings *train, rb_error *err)
{
    const rb_ratings *relevant = s->judge.relevant;
    int64_t most = s->ranking->lists.k;
    for (int32_t u = 0; u < relevant->n_users; u++) {
        int64_t n = relevant->user_begin[u + 1] - relevant->user_begin[u];
        most = n > most ? n : most;
    }
    for (int32_t m = 0; m < s->ranking->n_metrics; m++)
        most = s->metrics[m].cutoff > most ? s->metrics[m].cutoff : most;
    RB_TRY(rb_discounts_init(&s->discounts, most, err));
    RB_TRY(rb_alloc(&s->user_group, train->n_users, err));
    RB_TRY(rb_alloc(&s->item_group, train->n_items, err));
    RB_TRY(rb_alloc(&s->sums, 2 * (s->n_groups + 1) * (int64_t)s->ranking->n_metrics, err));
    s->judge.group = s->item_group;
    s->judge.graded = rb_measures_are_graded(s->metrics, s->ranking->n_metrics);
    RB_TRY(rb_judge_init(&s->judge, s->ranking->lists.k, most, err));
    RB_TRY(find_groups(s->user_group, train->user_begin, train->n_users, s->n_groups, err));
    RB_TRY(find_groups(s->item_group, train->item_begin, train->n_items, s->n_groups, err));
done:
    return err->status;
}

/* ---- results ---- */

static void name_segment(char name[24], int32_t group, int32_t n_groups, bool of_users)
{
    if (group == n_groups)
        snprintf(name, 24, "cold %s", of_users ? "users" : "items");
    else
        snprintf(name, 24, "%s %d/%d", of_users ? "activity" : "popularity", group + 1, n_groups);
}

static rb_status take(rb_segments *out, const segmenting *s, rb_error *err)
{
    const int32_t n_metrics = s->ranking->n_metrics;
    out->n = 2 * (s->n_groups + 1);
    RB_TRY(rb_alloc(&out->segment, out->n, err));
    RB_TRY(rb_alloc(&out->values, (int64_t)out->n * n_metrics, err));
    RB_TRY(rb_alloc(&out->counts, (int64_t)out->n * n_metrics, err));
    for (int32_t i = 0; i < out->n; i++) {
        rb_segment *to = &out->segment[i];
        to->value = out->values + (int64_t)i * n_metrics;
        to->n_users = out->counts + (int64_t)i * n_metrics;
        name_segment(to->name, i % (s->n_groups + 1), s->n_groups, i <= s->n_groups);
        for (int32_t m = 0; m < n_metrics; m++) {
            const sum *of = &s->sums[(int64_t)i * n_metrics + m];
            double value = of->n > 0 ? rb_measure_total(&s->metrics[m], of->number, of->weight, of->n) : NAN;
            to->n_users[m] = of->n;
            to->value[m] = (rb_metric_value){ value, isnan(value) ? RB_VALUE_NOT_APPLICABLE : RB_VALUE_OK };
        }
    }
done:
    return err->status;
}

rb_status rb_rank_segments(rb_segments *out, const rb_ratings *train, const rb_ranking *ranking,
                           const rb_ranking_rules *rules, const rb_ratings *relevant, const rb_item_facts *facts,
                           const rb_metric *metrics, int32_t n_groups, rb_error *err)
{
    segmenting s = { .ranking = ranking, .metrics = metrics, .n_groups = n_groups, .judge.relevant = relevant };
    *out = (rb_segments){ 0 };
    s.measures = (rb_measures){ .discounts = &s.discounts, .rules = rules, .facts = facts };
    RB_TRY(begin(&s, train, err));
    for (int32_t p = 0; p < ranking->lists.n; p++)
        add_user(&s, p);
    RB_TRY(take(out, &s, err));
done:
    rb_discounts_fini(&s.discounts);
    rb_free(s.user_group);
    rb_free(s.item_group);
    rb_free(s.sums);
    rb_judge_fini(&s.judge);
    if (err->status != RB_OK)
        rb_segments_fini(out);
    return err->status;
}

void rb_segments_fini(rb_segments *s)
{
    rb_free(s->segment);
    rb_free(s->values);
    rb_free(s->counts);
    memset(s, 0, sizeof *s);
}
