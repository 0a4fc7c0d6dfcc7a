#include "recommend/core/item_rules.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/topk.h"

double rb_step_weight_of(rb_step_weight weight, int64_t distance)
{
    double d = (double)distance;
    switch (weight) {
    case RB_STEP_LINEAR:
        return d < 10 ? 1 - d / 10 : 0;
    case RB_STEP_DIV:
        return 1 / d;
    case RB_STEP_LOG:
        return 1 / log10(d + 1.7);
    case RB_STEP_QUADRATIC:
        return 1 / (d * d);
    case RB_STEP_SAME:
        break;
    }
    return 1;
}

/* Events by item. */
typedef struct {
    const rb_sessions *sessions;
    const rb_rules_config *config;
    int64_t *begin;   /* [n_items + 1] */
    int64_t *event;   /* [n_events] ascending within an item */
    int64_t *session; /* [n_events] of each event */
    double *weight;   /* [steps + 1] by distance */
    int64_t longest;  /* steps that any session allows */
} occurrences;

/* A thread's sums of one row. */
typedef struct {
    double *sum;   /* [n_items] 0 but for the touched */
    int32_t *item; /* [n_items] touched */
    int64_t n;
    int64_t *mark; /* [n_items] session + 1 that counted the item last; beside */
    rb_topk_entry *entry;
    rb_error error;
} counter;

static void occurrences_fini(occurrences *o)
{
    rb_free(o->begin);
    rb_free(o->event);
    rb_free(o->session);
    rb_free(o->weight);
}

static rb_status find_occurrences(occurrences *o, int64_t n_items, rb_error *err)
{
    const rb_sessions *s = o->sessions;
    RB_TRY(rb_alloc(&o->begin, n_items + 2, err));
    RB_TRY(rb_alloc(&o->event, s->n_events, err));
    RB_TRY(rb_alloc(&o->session, s->n_events, err));
    for (int64_t k = 0; k < s->n; k++) {
        int64_t n = s->begin[k + 1] - s->begin[k];
        o->longest = n - 1 > o->longest ? n - 1 : o->longest;
        for (int64_t e = s->begin[k]; e < s->begin[k + 1]; e++) {
            o->session[e] = k;
            o->begin[s->item[e] + 2]++;
        }
    }
    if (o->longest > o->config->steps)
        o->longest = o->config->steps;
    RB_TRY(rb_alloc(&o->weight, o->longest + 1, err));
    for (int64_t d = 1; d <= o->longest; d++)
        o->weight[d] = rb_step_weight_of(o->config->weight, d);
    for (int64_t i = 0; i <= n_items; i++)
        o->begin[i + 1] += o->begin[i];
    for (int64_t e = 0; e < s->n_events; e++) /* each begin moves on to its end */
        o->event[o->begin[s->item[e] + 1]++] = e;
done:
    return err->status;
}

static void add(counter *c, int32_t item, double weight)
{
    if (weight <= 0)
        return;
    if (c->sum[item] == 0)
        c->item[c->n++] = item;
    c->sum[item] += weight;
}

static void count_behind(counter *c, const occurrences *o, int64_t event)
{
    const rb_sessions *s = o->sessions;
    int64_t end = s->begin[o->session[event] + 1];
    for (int64_t d = 1; d <= o->longest && event + d < end; d++)
        add(c, s->item[event + d], o->weight[d]);
}

/* Once for each session, whatever it repeats. */
static void count_beside(counter *c, const occurrences *o, int64_t event, int32_t own)
{
    const rb_sessions *s = o->sessions;
    int64_t session = o->session[event];
    if (c->mark[own] == session + 1)
        return;
    c->mark[own] = session + 1;
    for (int64_t e = s->begin[session]; e < s->begin[session + 1]; e++) {
        int32_t item = s->item[e];
        if (c->mark[item] == session + 1)
            continue;
        c->mark[item] = session + 1;
        add(c, item, 1);
    }
}

/* The row of item i becomes a list, and the counter is as before. */
static rb_status count_row(rb_knn_list *out, counter *c, const occurrences *o, int32_t i, rb_error *err)
{
    for (int64_t at = o->begin[i]; at < o->begin[i + 1]; at++) {
        if (o->config->beside)
            count_beside(c, o, o->event[at], i);
        else
            count_behind(c, o, o->event[at]);
    }
    int64_t kept = c->n < o->config->k ? c->n : o->config->k;
    rb_topk top = { .entry = c->entry, .k = (int32_t)kept };
    for (int64_t k = 0; k < c->n; k++) {
        rb_topk_offer(&top, c->sum[c->item[k]], 0, c->item[k]);
        c->sum[c->item[k]] = 0;
    }
    if (o->config->beside) /* another row meets the same sessions */
        for (int64_t k = 0; k < c->n; k++)
            c->mark[c->item[k]] = 0;
    c->mark[i] = 0;
    c->n = 0;
    rb_topk_finish(&top);
    if (kept == 0)
        return RB_OK;
    RB_TRY(rb_alloc(&out->id, kept, err));
    RB_TRY(rb_alloc(&out->weight, kept, err));
    out->n = kept;
    for (int64_t k = 0; k < kept; k++) {
        out->id[k] = top.entry[k].item;
        out->weight[k] = top.entry[k].score;
    }
done:
    return err->status;
}

static void free_counters(counter *counters, int n)
{
    for (int t = 0; counters && t < n; t++) {
        rb_free(counters[t].sum);
        rb_free(counters[t].item);
        rb_free(counters[t].mark);
        rb_free(counters[t].entry);
    }
    rb_free(counters);
}

/* Rows [first, last) of this rank. Local. */
static rb_status count_rows(rb_knn_list *own, const occurrences *o, int64_t first, int64_t last, int64_t n_items,
                            const rb_ctx *ctx, rb_error *err)
{
    counter *counters = NULL;
    RB_TRY(rb_alloc(&counters, ctx->n_threads, err));
    for (int t = 0; t < ctx->n_threads; t++) {
        RB_TRY(rb_alloc(&counters[t].sum, n_items, err));
        RB_TRY(rb_alloc(&counters[t].item, n_items, err));
        RB_TRY(rb_alloc(&counters[t].mark, n_items, err));
        RB_TRY(rb_alloc(&counters[t].entry, o->config->k < n_items ? o->config->k : n_items, err));
    }
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t i = first; i < last; i++) {
        counter *c = &counters[omp_get_thread_num()];
        if (c->error.status == RB_OK)
            count_row(&own[i - first], c, o, (int32_t)i, &c->error);
    }
    for (int t = 0; t < ctx->n_threads; t++)
        if (counters[t].error.status != RB_OK)
            *err = counters[t].error;
done:
    free_counters(counters, ctx->n_threads);
    return err->status;
}

rb_status rb_item_rules_fit(rb_item_rules *m, const rb_rules_config *config, const rb_train_view *view,
                            const rb_ctx *ctx, rb_error *err)
{
    const int64_t n_items = view->ratings->n_items;
    occurrences o = { .sessions = view->sessions, .config = config };
    rb_blocks blocks = { 0 };
    int64_t *range = NULL; /* [n_ranks + 1] first item of each rank */
    rb_knn_list *own = NULL;
    int64_t n_own = 0;

    RB_TRY_ALL(ctx, find_occurrences(&o, n_items, err));
    RB_TRY_ALL(ctx, rb_blocks_init(&blocks, n_items, o.begin, 1, err));
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    rb_blocks_offsets(range, &blocks, ctx);
    int64_t first = range[ctx->rank], last = range[ctx->rank + 1];
    RB_TRY_ALL(ctx, rb_alloc(&own, last - first, err));
    n_own = last - first;
    RB_TRY_ALL(ctx, count_rows(own, &o, first, last, n_items, ctx, err));
    RB_TRY(rb_knn_gather(&m->rules, own, range, n_items, ctx, err));
done:
    for (int64_t r = 0; r < n_own; r++) {
        rb_free(own[r].id);
        rb_free(own[r].weight);
    }
    rb_free(own);
    rb_free(range);
    rb_blocks_fini(&blocks);
    occurrences_fini(&o);
    return err->status;
}

rb_cost rb_item_rules_cost(const rb_rules_config *config, const rb_shape *shape)
{
    double events = (double)shape->n_events, items = (double)shape->n_items;
    double length = shape->n_sessions > 0 ? events / (double)shape->n_sessions : 0;
    double reach = config->beside ? 2 * length : fmin((double)config->steps, length);
    double rules = fmin(events * reach, items * fmin((double)config->k, items));
    return (rb_cost){ .bytes_per_rank = 16 * events + 56 * items * shape->n_threads + 24 * items + 12 * rules,
                      .bytes_per_node = 12 * rules + 8 * (items + 1),
                      .flops = 2 * events * reach };
}

void rb_item_rules_next(rb_next *out, const void *self, const int32_t *items, int64_t n, const void *cfg)
{
    const rb_knn_lists *rules = &((const rb_item_rules *)self)->rules;
    (void)cfg;
    int32_t last = items[n - 1];
    for (int64_t e = rules->begin[last]; e < rules->begin[last + 1]; e++) {
        out->item[out->n++] = rules->id[e];
        out->score[rules->id[e]] = rules->weight[e];
    }
}

void rb_item_rules_arrays(void *self, rb_visitor *v)
{
    static const char *const names[3] = { "rules_begin", "rules_item", "rules_weight" };
    rb_knn_visit(&((rb_item_rules *)self)->rules, names, v);
}

void rb_item_rules_fini(void *self)
{
    rb_knn_fini(&((rb_item_rules *)self)->rules);
}
