/*
 * Recency: popularity whose interactions fade with time.
 *
 *     s_ui = sum over v in U(i), t_vi <= T of 2^(-(T - t_vi) / half_life)
 *
 * `at: end`: T is the time of the last interaction of training, the same for everybody. `at: user`: T is the user's own
 * last interaction that is known, in training or revealed, so that each is offered what was popular then; users
 * without one, and those who are folded in without times, get the end. Ding, Li (2005), doi:10.1145/1099554.1099689
 * (decay); Ji, Sun, Zhang, Xing (2020), doi:10.1145/3397271.3401233 (popularity at the moment of the recommendation).
 *
 * Time O(n log of the positives of an item), memory 8 bytes an item, with `at: user` 16 bytes an interaction a node.
 * Bits: the same for any ranks and threads: an item's interactions are one sum, in order of users (end) or of time
 * (user).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "recommend/recommend.h"

#define DAY_S 86400.0

enum { AT_END, AT_USER };

typedef struct {
    double half_life;
    int at;
} config;

/* An interaction of an item: when, and the item's popularity just then. */
typedef struct {
    int64_t time;
    int32_t user; /* orders equal times */
} event;

typedef struct {
    double *popularity;  /* [n_items] at the end */
    int64_t *last;       /* [n_users] time of the user's last interaction, INT64_MIN: none; NULL with `at: end` */
    int64_t *begin;      /* [n_items + 1] events of each item; NULL with `at: end`, as are the next two */
    int64_t *event_time; /* [n_events] ascending within an item */
    double *event_popularity;
    double half_life_s;
    int64_t n_items, n_users, n_begin, n_events;
    rb_shared time_memory, popularity_memory;
} state;

static const rb_param params[] = {
    RB_DOUBLE(config, half_life, 365.0, 1e-6, 1e9, "days", "time after which an interaction counts half"),
    RB_CHOICE(config, at, AT_END, "end|user",
              "moment of the popularity: the end of training, or the user's last interaction"),
    RB_PARAM_END,
};

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    const double n = (double)shape->n_positives, n_items = (double)shape->n_items, n_users = (double)shape->n_users;
    const bool by_user = c->at == AT_USER;
    return (rb_cost){ .bytes_per_rank = 16 * n_items + (by_user ? 8 * n_users + 8 * n_items + 16 * n : 0),
                      .bytes_per_node = 8 * n + (by_user ? 16 * n : 0),
                      .flops = 20 * n };
}

static double faded(const state *m, int64_t age_s)
{
    return exp2(-(double)age_s / m->half_life_s);
}

static int64_t time_at(const rb_train_view *view, int64_t e)
{
    return view->times[view->positives->user_row[e]];
}

/* ---- at the end ---- */

static int64_t end_of(const rb_train_view *view)
{
    int64_t end = INT64_MIN;
    for (int64_t e = 0; e < view->positives->n; e++)
        if (time_at(view, e) > end)
            end = time_at(view, e);
    return end;
}

static rb_status fade_to_the_end(state *m, const rb_train_view *view, rb_error *err)
{
    const rb_ratings *train = view->positives;
    const int64_t end = end_of(view);
    RB_TRY(rb_alloc(&m->popularity, m->n_items, err));
    for (int64_t e = 0; e < train->n; e++)
        m->popularity[train->user_item[e]] += faded(m, end - time_at(view, e));
done:
    return err->status;
}

/* ---- at the user's last interaction ---- */

static int by_time(const void *a, const void *b)
{
    const event *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->user > y->user) - (x->user < y->user);
}

/* The events of the items [first, last), in order of users within an item; the caller's. */
static rb_status gather_events(event **out, const rb_train_view *view, int64_t first, int64_t last, rb_error *err)
{
    const rb_ratings *train = view->positives;
    const int64_t from = train->item_begin[first];
    int64_t *next = NULL;
    RB_TRY(rb_alloc(&next, last - first + 1, err));
    RB_TRY(rb_alloc(out, train->item_begin[last] - from, err));
    for (int32_t u = 0; u < train->n_users; u++)
        for (int64_t e = train->user_begin[u]; e < train->user_begin[u + 1]; e++) {
            const int64_t i = train->user_item[e];
            if (i >= first && i < last)
                (*out)[train->item_begin[i] - from + next[i - first]++] = (event){ time_at(view, e), u };
        }
done:
    rb_free(next);
    return err->status;
}

/* Each event's popularity from that of the one before it. */
static void fade_item(state *m, event *own, int64_t at, int64_t n)
{
    qsort(own, (size_t)n, sizeof *own, by_time);
    for (int64_t e = 0; e < n; e++) {
        m->event_time[at + e] = own[e].time;
        m->event_popularity[at + e] =
            1 + (e > 0 ? m->event_popularity[at + e - 1] * faded(m, own[e].time - own[e - 1].time) : 0);
    }
}

static rb_status fade_to_each_event(state *m, const rb_train_view *view, const rb_ctx *ctx, rb_error *err)
{
    const rb_ratings *train = view->positives;
    event *own = NULL;
    int64_t *range = NULL; /* [n_ranks + 1] first item of each rank, then its first event */
    m->n_events = train->n;
    RB_TRY(rb_shared_alloc(&m->time_memory, m->n_events * (int64_t)sizeof *m->event_time, ctx, err));
    RB_TRY(rb_shared_alloc(&m->popularity_memory, m->n_events * (int64_t)sizeof *m->event_popularity, ctx, err));
    m->event_time = m->time_memory.data;
    m->event_popularity = m->popularity_memory.data;
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    rb_blocks_offsets(range, &train->items, ctx);
    const int64_t first = range[ctx->rank], last = range[ctx->rank + 1];
    RB_TRY_ALL(ctx, gather_events(&own, view, first, last, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 64)
    for (int64_t i = first; i < last; i++)
        fade_item(m, own + (train->item_begin[i] - train->item_begin[first]), train->item_begin[i],
                  train->item_begin[i + 1] - train->item_begin[i]);
    for (int r = 0; r <= ctx->n_ranks; r++)
        range[r] = train->item_begin[range[r]];
    rb_shared_publish(&m->time_memory, range, sizeof *m->event_time, ctx);
    rb_shared_publish(&m->popularity_memory, range, sizeof *m->event_popularity, ctx);
done:
    rb_free(own);
    rb_free(range);
    return err->status;
}

static rb_status note_last(state *m, const rb_train_view *view, rb_error *err)
{
    const rb_ratings *train = view->positives;
    RB_TRY(rb_alloc(&m->last, m->n_users, err));
    RB_TRY(rb_alloc(&m->begin, m->n_items + 1, err));
    m->n_begin = m->n_items + 1;
    memcpy(m->begin, train->item_begin, (size_t)m->n_begin * sizeof *m->begin);
    for (int64_t u = 0; u < m->n_users; u++) {
        m->last[u] = INT64_MIN;
        for (int64_t e = train->user_begin[u]; e < train->user_begin[u + 1]; e++)
            if (time_at(view, e) > m->last[u])
                m->last[u] = time_at(view, e);
    }
done:
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    (void)prepared;
    m->n_items = view->positives->n_items;
    m->half_life_s = c->half_life * DAY_S;
    RB_TRY_ALL(ctx, fade_to_the_end(m, view, err));
    if (c->at == AT_END)
        return RB_OK;
    m->n_users = view->positives->n_users;
    RB_TRY_ALL(ctx, note_last(m, view, err));
    RB_TRY(fade_to_each_event(m, view, ctx, err));
done:
    return err->status;
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    const rb_ratings *revealed = view->revealed_positives;
    (void)prepared, (void)cfg, (void)ctx;
    for (int64_t u = 0; m->last && u < m->n_users; u++)
        for (int64_t e = revealed->user_begin[u]; e < revealed->user_begin[u + 1]; e++)
            if (view->times[revealed->user_row[e]] > m->last[u])
                m->last[u] = view->times[revealed->user_row[e]];
    return err->status;
}

/* The events of an item up to a moment, faded to it. */
static double popularity_at(const state *m, int64_t item, int64_t moment)
{
    int64_t low = m->begin[item], high = m->begin[item + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (m->event_time[middle] <= moment)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == m->begin[item])
        return 0;
    return m->event_popularity[low - 1] * faded(m, moment - m->event_time[low - 1]);
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    for (int32_t u = 0; u < n_users; u++) {
        double *out = (double *)tile->data + u * tile->ld;
        const int64_t moment = m->last ? m->last[users[u]] : INT64_MIN;
        for (int32_t i = item_begin; i < item_end; i++)
            out[i - item_begin] = moment == INT64_MIN ? m->popularity[i] : popularity_at(m, i, moment);
    }
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    (void)items, (void)ratings, (void)n, (void)cfg;
    memcpy(scores, m->popularity, (size_t)m->n_items * sizeof *scores);
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    int64_t n_cols = 1;
    v->scalar(v, "half_life_s", RB_FLOAT64, &m->half_life_s);
    v->array(v, "popularity", RB_FLOAT64, (void **)&m->popularity, &m->n_items, &n_cols, NULL);
    v->array(v, "last", RB_INT64, (void **)&m->last, &m->n_users, &n_cols, NULL);
    v->array(v, "event_begin", RB_INT64, (void **)&m->begin, &m->n_begin, &n_cols, NULL);
    v->array(v, "event_time", RB_INT64, (void **)&m->event_time, &m->n_events, &n_cols, &m->time_memory);
    v->array(v, "event_popularity", RB_FLOAT64, (void **)&m->event_popularity, &m->n_events, &n_cols,
             &m->popularity_memory);
    if (m->n_users == 0) { /* what is loaded has a place even where there is nothing */
        rb_free(m->last);
        m->last = NULL;
    }
}

static void fini(void *self)
{
    state *m = self;
    rb_free(m->popularity);
    rb_free(m->last);
    rb_free(m->begin);
    rb_shared_fini(&m->time_memory);
    rb_shared_fini(&m->popularity_memory);
    *m = (state){ 0 };
}

const rb_recommender rb_recency = {
    .name = "recency",
    .summary = "number of users who have the item, recent ones counting more",
    .reference = "Ding, Li 2005, doi:10.1145/1099554.1099689",
    .needs = RB_NEEDS_POSITIVES | RB_NEEDS_TIMES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .cost = cost,
    .fit = fit,
    .reveal = reveal,
    .score = score,
    .fold_in = fold_in,
    .arrays = arrays,
    .fini = fini,
};
