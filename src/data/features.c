#include "data/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/features_work.h"

const rb_feature rb_feature_registry[] = {
#define OF_USER(symbol, name_, family_, unit_, formula_) { "user", "user." name_, name_, family_, unit_, formula_ },
#define OF_TITLE(symbol, name_, family_, unit_, formula_) { "title", "title." name_, name_, family_, unit_, formula_ },
    RB_USER_FEATURES(OF_USER) RB_TITLE_FEATURES(OF_TITLE){ .name = NULL },
};

/* ---- small sums ---- */

double rb_feature_ratio(double a, double b)
{
    return b != 0 ? a / b : NAN;
}

double rb_feature_entropy(const int64_t *count, int64_t n)
{
    int64_t total = 0;
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        total += count[i];
    for (int64_t i = 0; i < n; i++)
        if (count[i] > 0)
            sum -= (double)count[i] / (double)total * log((double)count[i] / (double)total);
    return total > 0 ? sum : NAN;
}

void rb_feature_hours(int64_t hours[RB_HOURS], int64_t *weekend, const rb_interactions *x, const int64_t *rows,
                      int64_t n)
{
    memset(hours, 0, RB_HOURS * sizeof *hours);
    *weekend = 0;
    for (int64_t k = 0; k < n; k++) {
        int64_t second = (x->time[rows[k]] % RB_DAY_S + RB_DAY_S) % RB_DAY_S;
        int64_t day = (x->time[rows[k]] - second) / RB_DAY_S;
        int64_t weekday = ((day + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */
        hours[second / 3600]++;
        *weekend += weekday == 0 || weekday == 6;
    }
}

int rb_feature_tenth(const rb_interactions *x, float rating)
{
    float range = x->max_rating - x->min_rating;
    int tenth = range > 0 ? (int)((rating - x->min_rating) / range * RB_TENTHS) : 0;
    return tenth < RB_TENTHS ? tenth : RB_TENTHS - 1;
}

/* ---- what all of them look at ---- */

static rb_status group(rb_groups *g, const int32_t *key, int64_t n, int64_t n_keys, rb_error *err)
{
    RB_TRY(rb_alloc(&g->begin, n_keys + 2, err));
    RB_TRY(rb_alloc(&g->at, n, err));
    for (int64_t i = 0; i < n; i++)
        g->begin[key[i] + 2]++;
    for (int64_t k = 0; k <= n_keys; k++)
        g->begin[k + 1] += g->begin[k];
    for (int64_t i = 0; i < n; i++) /* each begin moves on to its end */
        g->at[g->begin[key[i] + 1]++] = i;
done:
    return err->status;
}

/* Mean rating of each group; 0 where it has none. */
static rb_status means(double **out, const rb_groups *g, const float *rating, int64_t n, rb_error *err)
{
    RB_TRY(rb_alloc(out, n, err));
    for (int64_t k = 0; k < n; k++) {
        for (int64_t e = g->begin[k]; e < g->begin[k + 1]; e++)
            (*out)[k] += (double)rating[g->at[e]];
        (*out)[k] = rb_group_size(g, k) > 0 ? (*out)[k] / (double)rb_group_size(g, k) : 0;
    }
done:
    return err->status;
}

static int descending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* The order of popularity; what the first title behind the most popular fifth has. */
static rb_status order_sizes(rb_feature_work *w, rb_error *err)
{
    RB_TRY(rb_alloc(&w->sizes, w->n_titles, err));
    for (int32_t i = 0; i < w->n_titles; i++)
        w->sizes[i] = rb_group_size(&w->by_title, i);
    if (w->n_titles > 0)
        qsort(w->sizes, (size_t)w->n_titles, sizeof *w->sizes, descending);
    w->niche_above = w->n_titles > 0 ? w->sizes[w->n_titles / 5] : 0;
done:
    return err->status;
}

static void find_latest(rb_feature_work *w)
{
    w->end = INT64_MIN;
    for (int64_t row = 0; w->x->time && row < w->x->n; row++)
        w->end = w->x->time[row] > w->end ? w->x->time[row] : w->end;
    w->latest_year = -1;
    w->latest_added = INT32_MIN;
    for (int32_t i = 0; w->c && i < w->n_titles; i++) {
        w->latest_year = w->c->year[i] > w->latest_year ? w->c->year[i] : w->latest_year;
        w->latest_added = w->c->date_added[i] > w->latest_added ? w->c->date_added[i] : w->latest_added;
    }
}

static rb_status group_sessions(rb_feature_work *w, rb_error *err)
{
    const rb_sessions *s = w->s;
    RB_TRY(group(&w->sessions_by_user, s->user, s->n, w->n_users, err));
    RB_TRY(group(&w->events_by_title, s->item, s->n_events, w->n_titles, err));
    RB_TRY(rb_alloc(&w->session_of, s->n_events, err));
    for (int64_t k = 0; k < s->n; k++)
        for (int64_t e = s->begin[k]; e < s->begin[k + 1]; e++)
            w->session_of[e] = k;
done:
    return err->status;
}

static void work_fini(rb_feature_work *w)
{
    rb_groups *const groups[] = { &w->by_user, &w->by_title, &w->sessions_by_user, &w->events_by_title };
    for (int g = 0; g < 4; g++) {
        rb_free(groups[g]->begin);
        rb_free(groups[g]->at);
    }
    rb_free(w->session_of);
    rb_free(w->sizes);
    rb_free(w->user_mean);
    rb_free(w->title_mean);
}

/* Local, the same on every rank. */
static rb_status work_init(rb_feature_work *w, const rb_dataset *d, rb_error *err)
{
    const rb_interactions *x = &d->interactions;
    *w = (rb_feature_work){ .d = d,
                            .x = x,
                            .c = d->has_catalogue ? &d->catalogue : NULL,
                            .s = d->has_sessions ? &d->sessions : NULL,
                            .n_users = d->has_interactions ? x->n_users : 0,
                            .n_titles = d->has_interactions ? x->n_items : d->catalogue.n };
    RB_TRY(group(&w->by_user, x->user, x->n, w->n_users, err));
    RB_TRY(group(&w->by_title, x->item, x->n, w->n_titles, err));
    for (int32_t u = 0; u < w->n_users; u++)
        w->longest = rb_group_size(&w->by_user, u) > w->longest ? rb_group_size(&w->by_user, u) : w->longest;
    if (x->rating) {
        RB_TRY(means(&w->user_mean, &w->by_user, x->rating, w->n_users, err));
        RB_TRY(means(&w->title_mean, &w->by_title, x->rating, w->n_titles, err));
        for (int64_t row = 0; row < x->n; row++)
            w->mean += (double)x->rating[row];
        w->mean = rb_feature_ratio(w->mean, (double)x->n);
    }
    if (w->s)
        RB_TRY(group_sessions(w, err));
    RB_TRY(order_sizes(w, err));
    find_latest(w);
done:
    return err->status;
}

/* ---- tables ---- */

/* Sum over a user's titles of the rank that each gives to one of its users. */
static void rank_users(double *user, const double *pagerank, const rb_feature_work *w, int64_t first, int64_t last)
{
    for (int64_t u = first; u < last; u++) {
        double sum = 0;
        for (int64_t e = w->by_user.begin[u]; e < w->by_user.begin[u + 1]; e++) {
            int32_t item = w->x->item[w->by_user.at[e]];
            sum += pagerank[item] / (double)rb_group_size(&w->by_title, item);
        }
        user[u * RB_N_USER_FEATURES + RB_USER_PAGERANK] = sum;
    }
}

static rb_status compute(rb_features *out, const rb_feature_work *w, const int64_t *users, const int64_t *titles,
                         const rb_ctx *ctx, rb_error *err)
{
    double *user = out->memory[0].data, *title = out->memory[1].data, *pagerank = NULL;
    int64_t first = titles[ctx->rank], last = titles[ctx->rank + 1];
    RB_TRY(rb_alloc(&pagerank, w->n_titles, err));
    rb_features_of_titles(title, w, first, last, ctx);
    RB_TRY(rb_features_of_graph(title, pagerank, w, first, last, ctx, err));
    RB_TRY(rb_features_of_users(user, w, users[ctx->rank], users[ctx->rank + 1], ctx, err));
    rank_users(user, pagerank, w, users[ctx->rank], users[ctx->rank + 1]);
done:
    rb_free(pagerank);
    return err->status;
}

static rb_status cut(int64_t **range, const rb_groups *g, int64_t n, const rb_ctx *ctx, rb_error *err)
{
    rb_blocks blocks = { 0 };
    RB_TRY(rb_alloc(range, ctx->n_ranks + 1, err));
    RB_TRY(rb_blocks_init(&blocks, n, g->begin, 1, err));
    rb_blocks_offsets(*range, &blocks, ctx);
done:
    rb_blocks_fini(&blocks);
    return err->status;
}

rb_status rb_features_compute(rb_features *out, const rb_dataset *d, const rb_ctx *ctx, rb_error *err)
{
    rb_feature_work w;
    int64_t *users = NULL, *titles = NULL; /* [n_ranks + 1] first of each rank */
    const int64_t user_bytes = RB_N_USER_FEATURES * (int64_t)sizeof(double);
    const int64_t title_bytes = RB_N_TITLE_FEATURES * (int64_t)sizeof(double);

    RB_TRY_ALL(ctx, work_init(&w, d, err));
    RB_TRY_ALL(ctx, cut(&users, &w.by_user, w.n_users, ctx, err));
    RB_TRY_ALL(ctx, cut(&titles, &w.by_title, w.n_titles, ctx, err));
    RB_TRY(rb_shared_alloc(&out->memory[0], w.n_users * user_bytes, ctx, err));
    RB_TRY(rb_shared_alloc(&out->memory[1], w.n_titles * title_bytes, ctx, err));
    RB_TRY_ALL(ctx, compute(out, &w, users, titles, ctx, err));
    rb_shared_publish(&out->memory[0], users, user_bytes, ctx);
    rb_shared_publish(&out->memory[1], titles, title_bytes, ctx);
    out->n_users = w.n_users;
    out->n_titles = w.n_titles;
    out->user = out->memory[0].data;
    out->title = out->memory[1].data;
done:
    work_fini(&w);
    rb_free(users);
    rb_free(titles);
    if (err->status != RB_OK)
        rb_features_fini(out);
    return err->status;
}

void rb_features_fini(rb_features *f)
{
    rb_shared_fini(&f->memory[0]);
    rb_shared_fini(&f->memory[1]);
    *f = (rb_features){ 0 };
}
