#include "eval/ranking_measures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/ranking_row.h"

rb_status rb_discounts_init(rb_discounts *d, int64_t n, rb_error *err)
{
    d->n = n;
    RB_TRY(rb_alloc(&d->discount, n, err));
    RB_TRY(rb_alloc(&d->ideal, n + 1, err));
    for (int64_t j = 0; j < n; j++) {
        d->discount[j] = 1.0 / log2((double)(j + 2));
        d->ideal[j + 1] = d->ideal[j] + d->discount[j];
    }
done:
    return err->status;
}

void rb_discounts_fini(rb_discounts *d)
{
    rb_free(d->discount);
    rb_free(d->ideal);
    memset(d, 0, sizeof *d);
}

/* ---- one list ---- */

bool rb_measures_are_graded(const rb_metric *metrics, int32_t n_metrics)
{
    for (int32_t m = 0; m < n_metrics; m++)
        if (metrics[m].def->kind == RB_METRIC_NDCG && metrics[m].variant[0] == RB_NDCG_EXP_MIN)
            return true;
    return false;
}

rb_status rb_judge_init(rb_judge *j, int64_t k, int64_t most_relevant, rb_error *err)
{
    RB_TRY(rb_alloc(&j->hit, k, err));
    RB_TRY(rb_alloc(&j->rating, k, err));
    RB_TRY(rb_alloc(&j->ideal, j->graded ? most_relevant : 0, err));
done:
    return err->status;
}

void rb_judge_fini(rb_judge *j)
{
    rb_free(j->hit);
    rb_free(j->rating);
    rb_free(j->ideal);
}

static int descending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

rb_judged rb_judge_list(const rb_judge *j, int32_t user, const int32_t *list, int32_t k, int32_t group)
{
    const rb_ratings *relevant = j->relevant;
    rb_judged u = { .user = user, .list = list, .hit = j->hit, .rating = j->rating, .ideal_rating = j->ideal };
    for (; u.n < k && list[u.n] >= 0; u.n++) {
        int64_t at = group < 0 || j->group[list[u.n]] == group ? rb_row_find(relevant, user, list[u.n]) : -1;
        j->hit[u.n] = at >= 0;
        j->rating[u.n] = at >= 0 ? relevant->user_rating[at] : 0.0F;
    }
    for (int64_t e = relevant->user_begin[user]; e < relevant->user_begin[user + 1]; e++) {
        if (group >= 0 && j->group[relevant->user_item[e]] != group)
            continue;
        if (j->graded)
            j->ideal[u.n_relevant] = relevant->user_rating[e];
        u.n_relevant++;
    }
    if (j->graded)
        qsort(j->ideal, (size_t)u.n_relevant, sizeof *j->ideal, descending);
    return u;
}

/* ---- measures ---- */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int32_t places(const rb_metric *m, const rb_judged *u)
{
    return (int32_t)smaller(m->cutoff, u->n);
}

static int64_t hits(const rb_metric *m, const rb_judged *u)
{
    int64_t n = 0;
    for (int32_t j = 0; j < places(m, u); j++)
        n += u->hit[j];
    return n;
}

/* number / weight, which are also what is summed; 0 where the weight is 0 (an empty list has no hits). */
static rb_worth ratio(int64_t number, int64_t weight)
{
    return (rb_worth){ .value = weight > 0 ? (double)number / (double)weight : 0.0,
                       .number = (double)number,
                       .weight = (double)weight };
}

static rb_worth mean_of(double value)
{
    return isnan(value) ? (rb_worth){ .value = NAN } : (rb_worth){ .value = value, .number = value, .weight = 1 };
}

static rb_worth precision(const rb_metric *m, const rb_judged *u)
{
    switch (m->variant[0]) {
    case RB_PRECISION_LEN:
        return mean_of(ratio(hits(m, u), places(m, u)).value);
    case RB_PRECISION_MICRO_MIN:
        return ratio(hits(m, u), smaller(m->cutoff, u->n_relevant));
    default:
        return mean_of(ratio(hits(m, u), m->cutoff).value);
    }
}

static rb_worth recall(const rb_metric *m, const rb_judged *u)
{
    bool at_most_k = m->variant[0] == RB_RECALL_MIN;
    return mean_of(ratio(hits(m, u), at_most_k ? smaller(m->cutoff, u->n_relevant) : u->n_relevant).value);
}

static double harmonic(double p, double r)
{
    return p + r > 0 ? 2 * p * r / (p + r) : 0.0;
}

/* f1:mean sums precision and recall. */
static rb_worth f1(const rb_metric *m, const rb_judged *u)
{
    double p = ratio(hits(m, u), m->cutoff).value, r = ratio(hits(m, u), u->n_relevant).value;
    double value = harmonic(p, r);
    return m->variant[0] == RB_F1_MEAN ? (rb_worth){ .value = value, .number = p, .weight = r } : mean_of(value);
}

static double gain(double rating)
{
    return exp2(rating) - 1.0;
}

/* Where no rating gives a gain (all are 0), the ideal is 0 and the user has no value. */
static double ndcg_graded(const rb_metric *m, const rb_judged *u, const double *discount)
{
    double sum = 0, ideal = 0;
    for (int32_t j = 0; j < places(m, u); j++)
        sum += u->hit[j] ? gain(u->rating[j]) * discount[j] : 0.0;
    for (int64_t j = 0; j < smaller(m->cutoff, u->n_relevant); j++)
        ideal += gain(u->ideal_rating[j]) * discount[j];
    return ideal > 0 ? sum / ideal : NAN;
}

static double ndcg(const rb_metric *m, const rb_judged *u, const rb_discounts *d)
{
    if (m->variant[0] == RB_NDCG_EXP_MIN)
        return ndcg_graded(m, u, d->discount);
    double sum = 0;
    for (int32_t j = 0; j < places(m, u); j++)
        sum += u->hit[j] ? d->discount[j] : 0.0;
    return sum / d->ideal[m->variant[0] == RB_NDCG_BIN_REL ? u->n_relevant : smaller(m->cutoff, u->n_relevant)];
}

static double average_precision(const rb_metric *m, const rb_judged *u)
{
    double sum = 0;
    int64_t n = 0;
    for (int32_t j = 0; j < places(m, u); j++)
        if (u->hit[j])
            sum += (double)++n / (j + 1);
    return sum / (double)(m->variant[0] == RB_MAP_REL ? u->n_relevant : smaller(m->cutoff, u->n_relevant));
}

static double reciprocal_rank(const rb_metric *m, const rb_judged *u)
{
    for (int32_t j = 0; j < places(m, u); j++)
        if (u->hit[j])
            return 1.0 / (j + 1);
    return 0.0;
}

static bool is_candidate(const rb_ranking_rules *rules, int32_t user, int32_t item)
{
    if (rb_ratings_has(rules->train, user, item) || (rules->masked && rb_ratings_has(rules->masked, user, item)))
        return false;
    const rb_candidates *c = rules->candidates;
    return !c || rb_find_item(c->item, c->begin[user], c->begin[user + 1], item) >= 0;
}

/* Leaves out what the user would have found anyway: the K most popular candidates, ties by the lower index. */
static double serendipity(const rb_metric *m, const rb_judged *u, const rb_measures *with)
{
    int64_t found = 0, n_popular = 0;
    for (int32_t j = 0; j < places(m, u); j++)
        found += u->hit[j];
    for (int32_t i = 0; i < with->rules->n_items && n_popular < m->cutoff && found > 0; i++) {
        int32_t item = with->facts->by_popularity[i];
        if (!is_candidate(with->rules, u->user, item))
            continue;
        n_popular++;
        for (int32_t j = 0; j < places(m, u); j++)
            found -= u->hit[j] && u->list[j] == item;
    }
    return (double)found / (double)m->cutoff;
}

bool rb_measure_applies(const rb_metric *m, const rb_item_facts *facts)
{
    switch (m->def->kind) {
    case RB_METRIC_NOVELTY:
    case RB_METRIC_SERENDIPITY:
    case RB_METRIC_POPULARITY_BIAS:
        return facts;
    case RB_METRIC_DIVERSITY:
        return facts && (m->variant[0] == RB_DIVERSITY_TFIDF ? (bool)facts->tfidf : (bool)facts->genre);
    default:
        return m->family == RB_FAMILY_RANKING;
    }
}

rb_worth rb_measure(const rb_metric *m, const rb_judged *u, const rb_measures *with)
{
    switch (m->def->kind) {
    case RB_METRIC_PRECISION:
        return precision(m, u);
    case RB_METRIC_RECALL:
        return recall(m, u);
    case RB_METRIC_F1:
        return f1(m, u);
    case RB_METRIC_NDCG:
        return mean_of(ndcg(m, u, with->discounts));
    case RB_METRIC_MAP:
        return mean_of(average_precision(m, u));
    case RB_METRIC_MRR:
        return mean_of(reciprocal_rank(m, u));
    case RB_METRIC_HIT_RATE:
        return mean_of(hits(m, u) > 0);
    case RB_METRIC_NOVELTY:
        return mean_of(rb_list_novelty(with->facts, u->list, places(m, u)));
    case RB_METRIC_DIVERSITY:
        return mean_of(m->variant[0] == RB_DIVERSITY_TFIDF
                           ? rb_list_diversity_tfidf(with->facts, u->list, places(m, u))
                           : rb_list_diversity_genre(with->facts, u->list, places(m, u)));
    case RB_METRIC_SERENDIPITY:
        return mean_of(serendipity(m, u, with));
    case RB_METRIC_POPULARITY_BIAS:
        return mean_of(rb_list_popularity_bias(with->facts, u->list, places(m, u), u->user));
    default:
        return (rb_worth){ .value = NAN };
    }
}

double rb_measure_total(const rb_metric *m, double number, double weight, int64_t n)
{
    if (m->def->kind == RB_METRIC_F1 && m->variant[0] == RB_F1_MEAN)
        return n > 0 ? harmonic(number / (double)n, weight / (double)n) : NAN;
    return weight > 0 ? number / weight : NAN;
}
