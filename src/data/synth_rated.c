/* Ratings as a subset of the events of sessions: which distinct pairs there are, how many are rated, and which. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "data/synth_draw.h"

/* An item that a user met, and when first. */
typedef struct {
    int64_t time;
    int32_t item;
    float taste;
} meeting;

/* Of this rank's users: user u met met[begin[u - first]] and the next; the first distinct[u] of them are distinct. */
typedef struct {
    const rb_sessions *sessions;
    const rb_synth_plan *plan;
    int64_t first, last;
    meeting *met;      /* [own events] */
    int64_t *distinct; /* [all users] in memory */
    rb_shared memory;
    int64_t *row;  /* [n_users + 1] first rating of each user */
    int64_t *rows; /* [n_ranks + 1] first rating of each rank */
} pairs;

static void pairs_fini(pairs *p)
{
    rb_free(p->met);
    rb_free(p->row);
    rb_free(p->rows);
    rb_shared_fini(&p->memory);
}

static int by_item(const void *a, const void *b)
{
    const meeting *x = a, *y = b;
    if (x->item != y->item)
        return (x->item > y->item) - (x->item < y->item);
    return (x->time > y->time) - (x->time < y->time);
}

static int by_time(const void *a, const void *b)
{
    const meeting *x = a, *y = b;
    if (x->time != y->time)
        return (x->time > y->time) - (x->time < y->time);
    return (x->item > y->item) - (x->item < y->item);
}

static int64_t first_event(const pairs *p, int64_t user)
{
    return p->sessions->begin[p->plan->session[user]];
}

static meeting *meetings_of(const pairs *p, int64_t user)
{
    return p->met + (first_event(p, user) - first_event(p, p->first));
}

/* A user's events in the order of items; the first of each item is kept. */
static void find_distinct(pairs *p, int64_t user)
{
    meeting *met = meetings_of(p, user);
    int64_t begin = first_event(p, user), n = first_event(p, user + 1) - begin, kept = 0;
    for (int64_t e = 0; e < n; e++)
        met[e] = (meeting){ p->sessions->time[begin + e], p->sessions->item[begin + e], 0 };
    qsort(met, (size_t)n, sizeof *met, by_item);
    for (int64_t e = 0; e < n; e++)
        if (e == 0 || met[e].item != met[kept - 1].item)
            met[kept++] = met[e];
    p->distinct[user] = kept;
}

/* Every user rates the same share of what it met, to the next whole number; exact in integers. */
static rb_status share_out(pairs *p, const rb_world *w, const rb_ctx *ctx, rb_error *err)
{
    __int128 total = 0, before = 0;
    for (int32_t u = 0; u < w->n_users; u++)
        total += p->distinct[u];
    if (total < w->config->ratings)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "'synthetic.ratings' is %lld, and the %lld events of the sessions hold only %lld distinct pairs "
                       "of user and item: ask for more sessions, or for fewer ratings",
                       (long long)w->config->ratings, (long long)p->sessions->n_events, (long long)total);
    for (int32_t u = 0; u < w->n_users; u++) {
        before += p->distinct[u];
        p->row[u + 1] = (int64_t)(before * w->config->ratings / total);
    }
    for (int r = 0; r <= ctx->n_ranks; r++)
        p->rows[r] = p->row[p->plan->user[r]];
    return RB_OK;
}

/* Draw which meetings are rated, by taste, and write them in the order of time. */
static void rate_user(rb_interactions *out, rb_synth_hand *h, const pairs *p, const rb_world *w, int64_t user)
{
    meeting *met = meetings_of(p, user);
    int64_t n_met = p->distinct[user], n = p->row[user + 1] - p->row[user];
    if (n == 0)
        return;
    rb_synth_user_make(&h->user, w, (int32_t)user);
    rb_rng rng = rb_world_rng(w, RB_SYNTH_RATED, (uint64_t)user);
    for (int64_t k = 0; k < n_met; k++) {
        met[k].taste = rb_synth_taste(w, &h->user, met[k].item);
        double weight = (double)rb_synth_accept(w, met[k].taste);
        double wait = -log(1 - rb_rng_uniform(&rng, (uint32_t)met[k].item)) / weight;
        h->lot[k] = (rb_synth_lot){ (float)wait, (int32_t)k, 0 };
    }
    rb_synth_smallest(h->lot, n_met, n);
    for (int64_t k = 0; k < n; k++)
        h->order[k] = (uint64_t)h->lot[k].item;
    rb_synth_sort(h->order, n);
    for (int64_t k = 0; k < n; k++)
        met[k] = met[h->order[k]];
    qsort(met, (size_t)n, sizeof *met, by_time);
    for (int64_t k = 0; k < n; k++)
        rb_synth_put(out, p->row[user] + k, &h->user, met[k].item, met[k].taste, met[k].time, w);
}

/* Room for this rank's meetings. Local. */
static rb_status alloc_pairs(pairs *p, const rb_world *w, const rb_ctx *ctx, rb_error *err)
{
    p->first = p->plan->user[ctx->rank];
    p->last = p->plan->user[ctx->rank + 1];
    RB_TRY(rb_alloc(&p->met, first_event(p, p->last) - first_event(p, p->first), err));
    RB_TRY(rb_alloc(&p->row, w->n_users + 1, err));
    RB_TRY(rb_alloc(&p->rows, ctx->n_ranks + 1, err));
done:
    return err->status;
}

rb_status rb_synth_rated(rb_interactions *out, const rb_sessions *sessions, const rb_synth_plan *plan,
                         const rb_world *w, const rb_ctx *ctx, rb_error *err)
{
    pairs p = { .sessions = sessions, .plan = plan };
    rb_synth_hand *hands = NULL;
    int64_t most = 0;

    RB_TRY_ALL(ctx, alloc_pairs(&p, w, ctx, err));
    RB_TRY(rb_shared_alloc(&p.memory, w->n_users * (int64_t)sizeof *p.distinct, ctx, err));
    p.distinct = p.memory.data;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t u = p.first; u < p.last; u++)
        find_distinct(&p, u);
    rb_shared_publish(&p.memory, plan->user, sizeof *p.distinct, ctx);
    RB_TRY_ALL(ctx, share_out(&p, w, ctx, err));
    for (int32_t u = 0; u < w->n_users; u++)
        most = p.distinct[u] > most ? p.distinct[u] : most;
    RB_TRY_ALL(ctx, rb_synth_hands_alloc(&hands, ctx->n_threads, w, most, err));
    RB_TRY(rb_interactions_alloc(out, w->config->ratings, true, true, ctx, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t u = p.first; u < p.last; u++)
        rate_user(out, hands + omp_get_thread_num(), &p, w, u);
    rb_interactions_publish(out, p.rows, ctx);
done:
    rb_synth_hands_fini(hands, ctx->n_threads);
    pairs_fini(&p);
    return err->status;
}
