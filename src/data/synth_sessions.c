/*
 * Sessions that walk over topics, and ratings that are a subset of their events.
 *
 * A session has 2 and a geometric number more events. It begins with a topic of the user's preference and keeps it
 * with probability `stay` from event to event, else draws anew; the item is drawn from the topic by popularity and
 * taken by taste, and is new to the session. Which of a user's distinct (user, item) pairs are rated is a drawing
 * without replacement weighted by taste (synth_ratings.c); each user rates the same share of them.
 */
#include <math.h>
#include <omp.h>

#include "base/alloc.h"
#include "data/synth_draw.h"

#define MOST_EVENTS 200 /* of a session */
#define MOST_TRIES 64   /* draws for an event, before the next item that is new to the session is taken */
#define PAUSE_S 1800    /* between two sessions of a user at least */
#define FAVOURITE 0.7   /* share of the sessions on the user's favourite device */

static int64_t session_length(const rb_world *w, uint64_t session)
{
    rb_rng rng = rb_world_rng(w, RB_SYNTH_SESSION, session);
    double more = w->config->session_length - 2;
    int64_t n = 2;
    if (more > 0)
        n += (int64_t)(log(1 - rb_rng_uniform(&rng, 0)) / log(more / (1 + more)));
    int64_t limit = w->n_items < MOST_EVENTS ? w->n_items : MOST_EVENTS;
    return n < limit ? n : limit;
}

static bool holds(const int32_t *item, int64_t n, int32_t wanted)
{
    for (int64_t k = 0; k < n; k++)
        if (item[k] == wanted)
            return true;
    return false;
}

/* The next item of a walk; *topic moves on. Event n has the draws from 1 + n (MOST_TRIES + 1) on. */
static int32_t next_item(const int32_t *item, int64_t n, int32_t *topic, const rb_rng *rng, const rb_synth_user *u,
                         const rb_world *w)
{
    uint32_t word[4], draw = 1 + (uint32_t)n * (MOST_TRIES + 1);
    int32_t candidate = 0;
    rb_rng_words(word, rng, draw);
    if (n == 0 || (double)word[1] * 0x1p-32 >= w->config->stay)
        *topic = rb_synth_topic(u, w->n_topics, word[0]);
    for (uint32_t k = 1; k <= MOST_TRIES; k++) {
        rb_rng_words(word, rng, draw + k);
        /* A topic that the session has used up must not hold it. */
        candidate = rb_synth_item(w, k <= MOST_TRIES / 2 ? *topic : rb_synth_topic(u, w->n_topics, word[0]), word[1]);
        if (!holds(item, n, candidate) &&
            (float)(word[2] >> 8) * 0x1p-24f < rb_synth_accept(w, rb_synth_taste(w, u, candidate)))
            return candidate;
    }
    while (holds(item, n, candidate))
        candidate = (candidate + 1) % w->n_items;
    return candidate;
}

static float completion_of(const rb_world *w, float taste, uint64_t session, int64_t event)
{
    rb_rng rng = rb_world_rng(w, RB_SYNTH_COMPLETION, session);
    double z = w->spread > 0 ? (double)taste / w->spread : 0;
    return (float)(1 / (1 + exp(-1 - z - rb_rng_normal(&rng, (uint32_t)event))));
}

/* Walk one session from `start` on; returns when it ends. */
static int64_t walk(rb_sessions *out, int64_t session, int64_t start, const rb_synth_user *u, const rb_world *w)
{
    int64_t begin = out->begin[session], n = out->begin[session + 1] - begin, now = start;
    int32_t *item = (int32_t *)out->item + begin;
    rb_rng rng = rb_world_rng(w, RB_SYNTH_SESSION, (uint64_t)session);
    int32_t topic = 0;
    for (int64_t k = 0; k < n; k++) {
        item[k] = next_item(item, k, &topic, &rng, u, w);
        float completion = completion_of(w, rb_synth_taste(w, u, item[k]), (uint64_t)session, k);
        ((int64_t *)out->time)[begin + k] = now;
        ((float *)out->completion)[begin + k] = completion;
        now += 60 + (int64_t)((double)completion * 60 * w->minutes[item[k]]);
    }
    ((int32_t *)out->user)[session] = u->id;
    uint8_t favourite = rb_synth_person_by_key(w->config, w->key, u->id).device;
    rng = rb_world_rng(w, RB_SYNTH_TIME, (uint64_t)session);
    ((uint8_t *)out->device)[session] =
        rb_rng_uniform(&rng, 1) < FAVOURITE ? favourite : (uint8_t)rb_rng_below(&rng, 2, RB_N_DEVICES);
    return now;
}

/* All sessions of a user, [first, last), in the order of their starts. */
static void walk_user(rb_sessions *out, rb_synth_hand *h, const rb_world *w, int32_t user, int64_t first, int64_t last)
{
    if (first == last)
        return;
    rb_synth_user_make(&h->user, w, user);
    for (int64_t s = first; s < last; s++) {
        uint32_t word[4];
        rb_rng rng = rb_world_rng(w, RB_SYNTH_TIME, (uint64_t)s);
        rb_rng_words(word, &rng, 0);
        h->order[s - first] = (uint64_t)rb_synth_moment(w, word);
    }
    rb_synth_sort(h->order, last - first);
    int64_t free_from = INT64_MIN;
    for (int64_t s = first; s < last; s++) {
        int64_t start = w->config->start + (int64_t)h->order[s - first];
        free_from = walk(out, s, start > free_from ? start : free_from, &h->user, w) + PAUSE_S;
    }
}

/* Lengths of the sessions that this rank makes, in length [last - first]; events of all ranks in event [n_ranks + 1].
 */
static void count_events(int64_t *length, int64_t *event, int64_t first, int64_t last, const rb_world *w,
                         const rb_ctx *ctx)
{
    int64_t sum = 0;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static) reduction(+ : sum)
    for (int64_t s = first; s < last; s++) {
        length[s - first] = session_length(w, (uint64_t)s);
        sum += length[s - first];
    }
    for (int r = 0; r <= ctx->n_ranks; r++)
        event[r] = 0;
    event[ctx->rank + 1] = sum;
    rb_sum_int64(ctx, event, ctx->n_ranks + 1);
    for (int r = 0; r < ctx->n_ranks; r++)
        event[r + 1] += event[r];
}

static int64_t most_of(const int64_t *begin, int64_t n)
{
    int64_t most = 0;
    for (int64_t u = 0; u < n; u++)
        if (begin[u + 1] - begin[u] > most)
            most = begin[u + 1] - begin[u];
    return most;
}

void rb_synth_plan_fini(rb_synth_plan *plan)
{
    rb_free(plan->session);
    rb_free(plan->user);
    *plan = (rb_synth_plan){ 0 };
}

/* Share the sessions out among users, and the users among ranks. Local. */
static rb_status make_plan(rb_synth_plan *plan, const rb_world *w, const rb_ctx *ctx, rb_error *err)
{
    const rb_synth *c = w->config;
    rb_blocks blocks = { 0 };
    RB_TRY(rb_alloc(&plan->session, c->users + 1, err));
    RB_TRY(rb_alloc(&plan->user, ctx->n_ranks + 1, err));
    RB_TRY(rb_synth_apportion(plan->session, c->users, c->sessions, c->user_exponent, c->sessions, w, 2, err));
    RB_TRY(rb_blocks_init(&blocks, c->users, plan->session, 1, err));
    rb_blocks_offsets(plan->user, &blocks, ctx);
done:
    rb_blocks_fini(&blocks);
    return err->status;
}

/* Offsets of the ranks' sessions and room for the lengths of this rank's. Local. */
static rb_status prepare(int64_t **session, int64_t **event, int64_t **length, const rb_synth_plan *plan,
                         const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_alloc(session, ctx->n_ranks + 1, err));
    RB_TRY(rb_alloc(event, ctx->n_ranks + 1, err));
    for (int r = 0; r <= ctx->n_ranks; r++)
        (*session)[r] = plan->session[plan->user[r]];
    RB_TRY(rb_alloc(length, (*session)[ctx->rank + 1] - (*session)[ctx->rank], err));
done:
    return err->status;
}

rb_status rb_synth_sessions(rb_sessions *out, rb_synth_plan *plan, const rb_world *w, const rb_ctx *ctx, rb_error *err)
{
    const rb_synth *c = w->config;
    int64_t *session = NULL, *event = NULL; /* [n_ranks + 1] what each rank makes */
    int64_t *length = NULL;                 /* [own sessions] */
    rb_synth_hand *hands = NULL;

    RB_TRY_ALL(ctx, make_plan(plan, w, ctx, err));
    (void)rb_synth_hands_alloc(&hands, ctx->n_threads, w, most_of(plan->session, c->users), err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? prepare(&session, &event, &length, plan, ctx, err) : err->status);
    int64_t first = session[ctx->rank], last = session[ctx->rank + 1];
    count_events(length, event, first, last, w, ctx);
    RB_TRY(rb_sessions_alloc(out, c->sessions, event[ctx->n_ranks], true, true, ctx, err));
    for (int64_t s = first, at = event[ctx->rank]; s < last; at += length[s++ - first])
        ((int64_t *)out->begin)[s] = at;
    rb_sessions_publish(out, session, event, ctx); /* the last session of a rank ends where the next rank begins */

#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t u = plan->user[ctx->rank]; u < plan->user[ctx->rank + 1]; u++)
        walk_user(out, hands + omp_get_thread_num(), w, (int32_t)u, plan->session[u], plan->session[u + 1]);
    rb_sessions_publish(out, session, event, ctx);
done:
    rb_synth_hands_fini(hands, ctx->n_threads);
    rb_free(session);
    rb_free(event);
    rb_free(length);
    return err->status;
}
