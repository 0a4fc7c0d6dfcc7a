#include "support/oracle_session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "support/support.h"
#include "support/world_eval.h"

/* ---- sessions ---- */

void oracle_sessions_make(rb_sessions *out, const int32_t *const *lists, int n, const int32_t *users,
                          const int64_t *times)
{
    rb_error err = { 0 };
    int64_t n_events = 0, event = 0;
    for (int k = 0; k < n; k++)
        for (int e = 0; lists[k][e] >= 0; e++)
            n_events++;
    assert_ok(rb_sessions_alloc(out, n, n_events, false, false, &rb_test_ctx, &err), &err);
    for (int k = 0; k < n && rb_test_ctx.rank == 0; k++) {
        ((int64_t *)out->begin)[k] = event;
        ((int32_t *)out->user)[k] = users ? users[k] : k;
        for (int e = 0; lists[k][e] >= 0; e++, event++) {
            ((int32_t *)out->item)[event] = lists[k][e];
            ((int64_t *)out->time)[event] = times ? times[k] + e : 0;
        }
    }
    rb_shared_publish_from(&out->memory, 0, &rb_test_ctx);
}

#define MOST_EVENTS 10

void oracle_sessions_walk(rb_sessions *out, int n, int n_items, int n_users, uint64_t seed)
{
    rb_rng rng = { .key = seed, .stream = rb_stream("oracle.sessions") };
    int32_t *items = world_eval_zeroed((size_t)n * MOST_EVENTS, sizeof *items);
    const int32_t **lists = world_eval_zeroed((size_t)n, sizeof *lists);
    int32_t *users = world_eval_zeroed((size_t)n, sizeof *users);
    int64_t *times = world_eval_zeroed((size_t)n, sizeof *times);
    for (int k = 0; k < n; k++) {
        int32_t *list = items + (size_t)k * MOST_EVENTS;
        rng.entity = (uint64_t)k;
        int length = 2 + (int)rb_rng_below(&rng, 0, MOST_EVENTS - 2);
        list[0] = (int32_t)rb_rng_below(&rng, 1, (uint64_t)n_items);
        for (int e = 1; e < length; e++) {
            double where = rb_rng_uniform(&rng, 100 + (uint32_t)e);
            int32_t far = (int32_t)rb_rng_below(&rng, 200 + (uint32_t)e, (uint64_t)n_items);
            list[e] = where < 0.5 ? (list[e - 1] + 1) % n_items : where < 0.75 ? (list[e - 1] + 2) % n_items : far;
        }
        list[length] = -1;
        users[k] = (int32_t)rb_rng_below(&rng, 2, (uint64_t)n_users);
        times[k] = (int64_t)rb_rng_below(&rng, 3, (uint64_t)n / 2 + 1) * 100; /* some start together */
        lists[k] = list;
    }
    oracle_sessions_make(out, lists, n, users, times);
    free(items);
    free(lists);
    free(users);
    free(times);
}

/* ---- rules ---- */

static double step_weight(const char *name, double d)
{
    if (strcmp(name, "linear") == 0)
        return fmax(0, 1 - d / 10);
    if (strcmp(name, "div") == 0)
        return 1 / d;
    if (strcmp(name, "log") == 0)
        return 1 / log10(d + 1.7);
    return strcmp(name, "quadratic") == 0 ? 1 / d / d : 1;
}

static bool holds(const rb_sessions *s, int64_t session, int item)
{
    for (int64_t e = s->begin[session]; e < s->begin[session + 1]; e++)
        if (s->item[e] == item)
            return true;
    return false;
}

static void keep_largest(double *score, int n_items, int64_t k)
{
    bool *kept = world_eval_zeroed((size_t)n_items, sizeof *kept);
    for (int64_t c = 0; c < k && c < n_items; c++) {
        int best = -1;
        for (int i = 0; i < n_items; i++)
            if (!kept[i] && (best < 0 || score[i] > score[best]))
                best = i;
        kept[best] = true;
    }
    for (int i = 0; i < n_items; i++)
        score[i] = kept[i] ? score[i] : 0;
    free(kept);
}

void oracle_rules(double *score, const rb_sessions *s, int n_items, int last, bool beside, int64_t steps,
                  const char *weight, int64_t k)
{
    memset(score, 0, (size_t)n_items * sizeof *score);
    for (int64_t session = 0; session < s->n; session++) {
        if (beside)
            for (int j = 0; j < n_items; j++)
                score[j] += j != last && holds(s, session, last) && holds(s, session, j);
        else
            for (int64_t a = s->begin[session]; a < s->begin[session + 1]; a++)
                for (int64_t b = a + 1; s->item[a] == last && b < s->begin[session + 1]; b++)
                    score[s->item[b]] += b - a <= steps ? step_weight(weight, (double)(b - a)) : 0;
    }
    keep_largest(score, n_items, k);
}

void oracle_markov(double *score, const rb_sessions *s, int n_items, int last, double smoothing)
{
    double total = smoothing;
    oracle_rules(score, s, n_items, last, false, 1, "same", n_items);
    for (int i = 0; i < n_items; i++)
        total += score[i];
    for (int i = 0; i < n_items; i++) {
        double events = 0;
        for (int64_t e = 0; e < s->n_events; e++)
            events += s->item[e] == i;
        score[i] = total > 0 ? (score[i] + smoothing * events / (double)s->n_events) / total : 0;
    }
}

/* ---- neighbours ---- */

static double place_weight(const char *name, double place, double n)
{
    if (strcmp(name, "linear") == 0)
        return fmax(0, 1 - (n - place) / 10);
    if (strcmp(name, "div") == 0)
        return place / n;
    if (strcmp(name, "log") == 0)
        return 1 / log10(n - place + 1.7);
    return strcmp(name, "quadratic") == 0 ? place / n * (place / n) : 1;
}

/* Last place of the item among items[0 .. n), from 1; 0: it is not there. */
static int64_t place_of(const int32_t *items, int64_t n, int item)
{
    for (int64_t p = n; p > 0; p--)
        if (items[p - 1] == item)
            return p;
    return 0;
}

static double similarity(const rb_sessions *s, int64_t session, int n_items, const int32_t *items, int64_t n,
                         const oracle_sknn *c)
{
    double common = 0, own = 0, other = 0, dot = 0;
    for (int i = 0; i < n_items; i++) {
        own += place_of(items, n, i) > 0;
        other += holds(s, session, i);
        common += place_of(items, n, i) > 0 && holds(s, session, i);
    }
    for (int64_t p = n; p > 0 && !c->similarity; p--)
        if (place_of(items, n, items[p - 1]) == p && holds(s, session, items[p - 1]))
            dot += place_weight(c->weighting, (double)p, (double)n);
    if (!c->similarity)
        return dot / own;
    if (strcmp(c->similarity, "jaccard") == 0)
        return common / (own + other - common);
    return strcmp(c->similarity, "dice") == 0 ? 2 * common / (own + other) : sqrt(common * common / (own * other));
}

static bool shares(const rb_sessions *s, int64_t session, const int32_t *items, int64_t n)
{
    for (int64_t p = 0; p < n; p++)
        if (holds(s, session, items[p]))
            return true;
    return false;
}

static bool more_recent(const rb_sessions *s, int64_t a, int64_t b)
{
    int64_t x = s->time[s->begin[a + 1] - 1], y = s->time[s->begin[b + 1] - 1];
    return x != y ? x > y : a > b;
}

void oracle_neighbours(double *score, const rb_sessions *s, int n_items, const int32_t *items, int64_t n,
                       const oracle_sknn *c)
{
    double *near = world_eval_zeroed((size_t)s->n, sizeof *near);
    memset(score, 0, (size_t)n_items * sizeof *score);
    for (int64_t a = 0; a < s->n; a++) {
        int64_t later = 0;
        for (int64_t b = 0; b < s->n; b++)
            later += b != a && shares(s, b, items, n) && more_recent(s, b, a);
        if (shares(s, a, items, n) && later < c->sample)
            near[a] = similarity(s, a, n_items, items, n, c);
    }
    for (int64_t a = 0; a < s->n; a++) {
        int64_t before = 0, latest = 0;
        for (int64_t b = 0; b < s->n; b++)
            before += near[b] > near[a] || (near[b] == near[a] && b != a && more_recent(s, b, a));
        if (near[a] <= 0 || before >= c->k)
            continue;
        for (int i = 0; i < n_items; i++)
            if (holds(s, a, i) && place_of(items, n, i) > latest)
                latest = place_of(items, n, i);
        double weight = c->similarity ? 1 : step_weight(c->weighting_score, (double)(n - latest + 1));
        for (int i = 0; i < n_items; i++)
            if (holds(s, a, i))
                score[i] += near[a] * weight;
    }
    for (int i = 0; i < n_items && c->idf > 0; i++) {
        double holding = 0;
        for (int64_t a = 0; a < s->n; a++)
            holding += holds(s, a, i);
        if (holding > 0)
            score[i] *= 1 + c->idf * log((double)s->n / holding);
    }
    free(near);
}
