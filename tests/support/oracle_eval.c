#include "support/oracle_eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t at(const oracle_eval *o, int user, int item)
{
    return (size_t)user * (size_t)o->n_items + (size_t)item;
}

static bool stands_before(const oracle_eval *o, int user, int a, int b)
{
    double x = o->score[at(o, user, a)], y = o->score[at(o, user, b)];
    if (x != y)
        return x > y;
    uint64_t p = o->key ? o->key(o->seed, user, a) : 0, q = o->key ? o->key(o->seed, user, b) : 0;
    return p != q ? p < q : a < b;
}

int oracle_ranking(int *list, const oracle_eval *o, int user)
{
    int n = 0;
    for (int i = 0; i < o->n_items; i++) {
        if (o->masked[at(o, user, i)])
            continue;
        int place = n++;
        for (; place > 0 && stands_before(o, user, i, list[place - 1]); place--)
            list[place] = list[place - 1];
        list[place] = i;
    }
    return n;
}

/* One user's list under a cutoff. */
typedef struct {
    int user, n, k, n_candidates, n_relevant;
    const int *list;
} view;

static float rating(const oracle_eval *o, const view *v, int place)
{
    return o->relevant[at(o, v->user, v->list[place])];
}

static int n_hits(const oracle_eval *o, const view *v)
{
    int n = 0;
    for (int j = 0; j < v->n; j++)
        n += rating(o, v, j) > 0;
    return n;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static double ndcg(const oracle_eval *o, const view *v, const char *definition)
{
    bool graded = strstr(definition, "exp");
    double dcg = 0, ideal = 0;
    for (int j = 0; j < v->n; j++)
        if (rating(o, v, j) > 0)
            dcg += (graded ? pow(2, (double)rating(o, v, j)) - 1 : 1) * log(2) / log(j + 2.0);
    /* the ideal: take the best rating left, again and again */
    bool *used = calloc((size_t)o->n_items, sizeof *used);
    int depth = strstr(definition, "rel") ? v->n_relevant : least(v->k, v->n_relevant);
    for (int j = 0; j < depth; j++) {
        int best = -1;
        for (int i = 0; i < o->n_items; i++)
            if (!used[i] && o->relevant[at(o, v->user, i)] > 0 &&
                (best < 0 || o->relevant[at(o, v->user, i)] > o->relevant[at(o, v->user, best)]))
                best = i;
        used[best] = true;
        ideal += (graded ? pow(2, (double)o->relevant[at(o, v->user, best)]) - 1 : 1) * log(2) / log(j + 2.0);
    }
    free(used);
    return dcg / ideal;
}

static double average_precision(const oracle_eval *o, const view *v, const char *definition)
{
    double sum = 0;
    for (int j = 0; j < v->n; j++)
        if (rating(o, v, j) > 0) {
            view prefix = *v;
            prefix.n = j + 1;
            sum += n_hits(o, &prefix) / (j + 1.0);
        }
    return sum / (strstr(definition, "rel") ? v->n_relevant : least(v->k, v->n_relevant));
}

static double auc(const oracle_eval *o, const view *v)
{
    double right = 0, pairs = 0;
    for (int i = 0; i < o->n_items; i++)
        for (int j = 0; j < o->n_items; j++) {
            size_t p = at(o, v->user, i), q = at(o, v->user, j);
            if (o->masked[p] || o->masked[q] || !(o->relevant[p] > 0) || o->relevant[q] > 0)
                continue;
            pairs++;
            right += o->score[p] > o->score[q] ? 1 : o->score[p] == o->score[q] ? 0.5 : 0;
        }
    return pairs > 0 ? right / pairs : NAN;
}

static int train_users(const oracle_eval *o, int item)
{
    int n = 0;
    for (int u = 0; u < o->n_users; u++)
        n += o->train[at(o, u, item)];
    return n;
}

static double novelty(const oracle_eval *o, const view *v)
{
    int n_train_users = 0;
    for (int u = 0; u < o->n_users; u++) {
        int n = 0;
        for (int i = 0; i < o->n_items; i++)
            n += o->train[at(o, u, i)];
        n_train_users += n > 0;
    }
    double sum = 0;
    for (int j = 0; j < v->n; j++)
        sum -= log(fmax(1, train_users(o, v->list[j])) / n_train_users) / log(2);
    return v->n > 0 && n_train_users > 0 ? sum / v->n : NAN;
}

static double diversity(const oracle_eval *o, const view *v)
{
    double sum = 0, pairs = 0;
    for (int a = 0; a < v->n; a++)
        for (int b = 0; b < a; b++) {
            double dot = 0, x = 0, y = 0;
            for (int g = 0; g < o->n_genres; g++) {
                bool p = o->genre[v->list[a] * o->n_genres + g], q = o->genre[v->list[b] * o->n_genres + g];
                dot += p && q;
                x += p;
                y += q;
            }
            sum += x * y > 0 ? 1 - dot / sqrt(x) / sqrt(y) : 1;
            pairs++;
        }
    return pairs > 0 ? sum / pairs : NAN;
}

/* Relevant places whose item has at least K candidates before it by popularity. */
static double serendipity(const oracle_eval *o, const view *v)
{
    int found = 0;
    for (int j = 0; j < v->n; j++) {
        int before = 0, me = v->list[j];
        for (int i = 0; i < o->n_items; i++) {
            int a = train_users(o, i), b = train_users(o, me);
            before += !o->masked[at(o, v->user, i)] && (a > b || (a == b && i < me));
        }
        found += rating(o, v, j) > 0 && before >= v->k;
    }
    return (double)found / v->k;
}

static double popularity_bias(const oracle_eval *o, const view *v)
{
    double listed = 0, own = 0, n_own = 0;
    for (int j = 0; j < v->n; j++)
        listed += train_users(o, v->list[j]);
    for (int i = 0; i < o->n_items; i++)
        if (o->train[at(o, v->user, i)]) {
            own += train_users(o, i);
            n_own++;
        }
    return v->n > 0 && n_own > 0 ? listed / v->n / (own / n_own) : NAN;
}

static double of_user(const oracle_eval *o, const view *v, const char *d)
{
    double p = (double)n_hits(o, v) / v->k, r = (double)n_hits(o, v) / v->n_relevant;
    if (!strcmp(d, "precision:k"))
        return p;
    if (!strcmp(d, "precision:len"))
        return v->n > 0 ? (double)n_hits(o, v) / v->n : 0;
    if (!strcmp(d, "recall:rel"))
        return r;
    if (!strcmp(d, "recall:min"))
        return (double)n_hits(o, v) / least(v->k, v->n_relevant);
    if (!strcmp(d, "f1:user"))
        return p + r > 0 ? 2 * p * r / (p + r) : 0;
    if (!strncmp(d, "ndcg", 4))
        return ndcg(o, v, d);
    if (!strncmp(d, "map", 3))
        return average_precision(o, v, d);
    if (!strcmp(d, "mrr:k")) {
        int j = 0;
        while (j < v->n && !(rating(o, v, j) > 0))
            j++;
        return j < v->n ? 1.0 / (j + 1) : 0;
    }
    if (!strcmp(d, "hit_rate"))
        return n_hits(o, v) > 0;
    if (!strcmp(d, "auc"))
        return auc(o, v);
    if (!strcmp(d, "novelty"))
        return novelty(o, v);
    if (!strcmp(d, "diversity:genre"))
        return diversity(o, v);
    if (!strcmp(d, "serendipity"))
        return serendipity(o, v);
    return strcmp(d, "popularity_bias") ? NAN : popularity_bias(o, v);
}

static double of_exposure(const double *exposure, int n, const char *d)
{
    double total = 0, value = 0;
    for (int i = 0; i < n; i++)
        total += exposure[i];
    for (int i = 0; i < n; i++) {
        if (!strcmp(d, "item_coverage"))
            value += (exposure[i] > 0) / (double)n;
        if (!strcmp(d, "entropy") && exposure[i] > 0)
            value -= exposure[i] / total * log(exposure[i] / total);
        for (int j = 0; j < n && !strcmp(d, "gini"); j++) /* half the mean absolute difference over the mean */
            value += fabs(exposure[i] - exposure[j]) / (2.0 * n * total);
    }
    return value;
}

double oracle_metric(const oracle_eval *o, const char *d, int cutoff)
{
    int *list = malloc((size_t)o->n_items * sizeof *list);
    double *exposure = calloc((size_t)o->n_items, sizeof *exposure);
    double sum = 0, n = 0, hits = 0, at_most = 0, precisions = 0, recalls = 0;
    for (int u = 0; u < o->n_users; u++) {
        view v = { .user = u, .k = cutoff, .list = list };
        for (int i = 0; i < o->n_items; i++)
            v.n_relevant += o->relevant[at(o, u, i)] > 0;
        if (v.n_relevant == 0)
            continue;
        v.n_candidates = oracle_ranking(list, o, u);
        v.n = least(cutoff, v.n_candidates);
        for (int j = 0; j < v.n; j++)
            exposure[list[j]]++;
        hits += n_hits(o, &v);
        at_most += least(cutoff, v.n_relevant);
        precisions += (double)n_hits(o, &v) / cutoff;
        recalls += (double)n_hits(o, &v) / v.n_relevant;
        double value = strcmp(d, "f1:mean") ? of_user(o, &v, d) : 0;
        if (!isnan(value)) {
            sum += value;
            n++;
        }
    }
    double value = n > 0 ? sum / n : NAN;
    if (!strcmp(d, "precision:micro-min"))
        value = hits / at_most;
    if (!strcmp(d, "f1:mean"))
        value = precisions + recalls > 0 ? 2 * precisions * recalls / n / (precisions + recalls) : 0;
    if (!strcmp(d, "item_coverage") || !strcmp(d, "gini") || !strcmp(d, "entropy"))
        value = of_exposure(exposure, o->n_items, d);
    free(list);
    free(exposure);
    return value;
}
