/*
 * Ratings without sessions: each user takes a fixed number of distinct items, drawn one after another without
 * replacement with weights (preference for the topic) x (popularity in it) x (chance that the taste takes it).
 *
 * Light users draw and reject; heavy ones, whose draws would meet the same items again and again, give every item an
 * exponential waiting time with that weight and take the shortest: the same law (Efraimidis and Spirakis 2006,
 * doi:10.1016/j.ipl.2005.11.003).
 */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/synth_draw.h"

#define HEAVY 16       /* a user with more than one item in so many is heavy */
#define AHEAD 16       /* draws made at once: the items' factors are fetched meanwhile */
#define MOST_DRAWS 200 /* a taken item, before a light user is treated as a heavy one */

rb_status rb_synth_hands_alloc(rb_synth_hand **hands, int n, const rb_world *w, int64_t most, rb_error *err)
{
    RB_TRY(rb_alloc(hands, n, err));
    for (int t = 0; t < n; t++) {
        rb_synth_hand *h = *hands + t;
        RB_TRY(rb_synth_user_alloc(&h->user, w, err));
        RB_TRY(rb_alloc(&h->taken, w->n_items / 64 + 1, err));
        RB_TRY(rb_alloc(&h->order, most, err));
        RB_TRY(rb_alloc(&h->lot, most, err));
    }
done:
    return err->status;
}

void rb_synth_hands_fini(rb_synth_hand *hands, int n)
{
    for (int t = 0; hands && t < n; t++) {
        rb_synth_user_fini(&hands[t].user);
        rb_free(hands[t].taken);
        rb_free(hands[t].order);
        rb_free(hands[t].lot);
    }
    rb_free(hands);
}

static bool before(const rb_synth_lot *a, const rb_synth_lot *b)
{
    return a->key < b->key || (a->key == b->key && a->item < b->item);
}

/* Quickselect with the middle as pivot: keys are random, so no order is bad. */
void rb_synth_smallest(rb_synth_lot *lots, int64_t n_lots, int64_t n)
{
    int64_t low = 0, high = n_lots - 1;
    while (low < high) {
        rb_synth_lot pivot = lots[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (before(&lots[i], &pivot))
                i++;
            while (before(&pivot, &lots[j]))
                j--;
            if (i <= j) {
                rb_synth_lot t = lots[i];
                lots[i++] = lots[j];
                lots[j--] = t;
            }
        }
        if (n <= j)
            high = j;
        else if (n >= i)
            low = i;
        else
            return;
    }
}

static int compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void rb_synth_sort(uint64_t *words, int64_t n)
{
    qsort(words, (size_t)n, sizeof *words, compare_words);
}

/*
 * Draw until n distinct items are taken. One Philox call a draw: topic, item, acceptance. False where that takes too
 * long, as it does when hardly anything is to the user's taste.
 */
static bool draw_light(rb_synth_hand *h, const rb_world *w, int64_t n)
{
    rb_rng rng = rb_world_rng(w, RB_SYNTH_DRAW, (uint64_t)h->user.id);
    int64_t n_taken = 0;
    for (int64_t draw = 0; n_taken < n && draw < MOST_DRAWS * n; draw += AHEAD) {
        int32_t item[AHEAD];
        float chance[AHEAD];
        for (int k = 0; k < AHEAD; k++) {
            uint32_t word[4];
            rb_rng_words(word, &rng, (uint32_t)(draw + k));
            item[k] = rb_synth_item(w, rb_synth_topic(&h->user, w->n_topics, word[0]), word[1]);
            chance[k] = (float)(word[2] >> 8) * 0x1p-24f;
            for (int32_t f = 0; f < w->width; f += RB_SYNTH_LANES)
                __builtin_prefetch(w->factor + (int64_t)item[k] * w->width + f);
        }
        for (int k = 0; k < AHEAD && n_taken < n; k++) {
            uint64_t bit = 1ull << (item[k] % 64);
            if (h->taken[item[k] / 64] & bit)
                continue;
            float taste = rb_synth_taste(w, &h->user, item[k]);
            if (chance[k] >= rb_synth_accept(w, taste))
                continue;
            h->taken[item[k] / 64] |= bit;
            h->lot[n_taken++] = (rb_synth_lot){ 0, item[k], taste };
        }
    }
    for (int64_t k = 0; k < n_taken; k++)
        h->taken[h->lot[k].item / 64] = 0;
    return n_taken == n;
}

static void draw_heavy(rb_synth_hand *h, const rb_world *w, int64_t n)
{
    rb_rng rng = rb_world_rng(w, RB_SYNTH_DRAW, (uint64_t)h->user.id);
    rng.epoch = 1;
    uint32_t word[4];
    for (int32_t i = 0; i < w->n_items; i++) {
        if (i % 4 == 0)
            rb_rng_words(word, &rng, (uint32_t)i / 4);
        int32_t t = w->item_topic[i];
        float taste = rb_synth_taste(w, &h->user, i);
        double weight = h->user.preference[t] * w->popularity[i] / w->mass[t] * (double)rb_synth_accept(w, taste);
        h->lot[i] = (rb_synth_lot){ (float)(-log(((double)word[i % 4] + 0.5) * 0x1p-32) / weight), i, taste };
    }
    rb_synth_smallest(h->lot, w->n_items, n);
}

void rb_synth_put(rb_interactions *out, int64_t row, const rb_synth_user *user, int32_t item, float taste, int64_t time,
                  const rb_world *w)
{
    ((int32_t *)out->user_memory.data)[row] = user->id;
    ((int32_t *)out->item_memory.data)[row] = item;
    ((float *)out->rating_memory.data)[row] = rb_synth_rate(w, user, taste, (uint64_t)row);
    ((int64_t *)out->time_memory.data)[row] = time;
}

static void make_user(rb_interactions *out, rb_synth_hand *h, const rb_world *w, int32_t user, int64_t begin, int64_t n)
{
    if (n == 0)
        return;
    rb_synth_user_make(&h->user, w, user);
    if (n > w->n_items / HEAVY || !draw_light(h, w, n))
        draw_heavy(h, w, n);
    rb_rng rng = rb_world_rng(w, RB_SYNTH_TIME, (uint64_t)user);
    for (int64_t k = 0; k < n; k++) {
        uint32_t word[4];
        rb_rng_words(word, &rng, (uint32_t)k);
        h->order[k] = (uint64_t)rb_synth_moment(w, word) << 32 | (uint64_t)k;
    }
    rb_synth_sort(h->order, n);
    for (int64_t k = 0; k < n; k++) {
        const rb_synth_lot *lot = &h->lot[(uint32_t)h->order[k]];
        rb_synth_put(out, begin + k, &h->user, lot->item, lot->taste, w->config->start + (int64_t)(h->order[k] >> 32),
                     w);
    }
}

rb_status rb_synth_ratings(rb_interactions *out, const rb_world *w, const rb_ctx *ctx, rb_error *err)
{
    const rb_synth *c = w->config;
    int64_t *begin = NULL; /* [n_users + 1] first row of each user */
    int64_t *rows = NULL;  /* [n_ranks + 1] */
    rb_synth_hand *hands = NULL;
    rb_blocks blocks = { 0 };

    (void)rb_alloc(&begin, c->users + 1, err);
    (void)rb_alloc(&rows, ctx->n_ranks + 1, err);
    (void)rb_synth_hands_alloc(&hands, ctx->n_threads, w, c->items, err);
    if (err->status == RB_OK)
        (void)rb_synth_apportion(begin, c->users, c->ratings, c->user_exponent, c->items, w, 1, err);
    if (err->status == RB_OK)
        (void)rb_blocks_init(&blocks, c->users, begin, 1, err);
    RB_TRY_ALL(ctx, err->status);
    RB_TRY(rb_interactions_alloc(out, c->ratings, true, true, ctx, err));

    int64_t first = rb_blocks_element(&blocks, ctx->rank, ctx->n_ranks);
    int64_t last = rb_blocks_element(&blocks, ctx->rank + 1, ctx->n_ranks);
#pragma omp parallel num_threads(ctx->n_threads)
    {
        rb_synth_hand *h = hands + omp_get_thread_num();
#pragma omp for schedule(dynamic, 16)
        for (int64_t u = first; u < last; u++)
            make_user(out, h, w, (int32_t)u, begin[u], begin[u + 1] - begin[u]);
    }
    for (int r = 0; r <= ctx->n_ranks; r++)
        rows[r] = begin[rb_blocks_element(&blocks, r, ctx->n_ranks)];
    rb_interactions_publish(out, rows, ctx);
done:
    rb_synth_hands_fini(hands, ctx->n_threads);
    rb_blocks_fini(&blocks);
    rb_free(begin);
    rb_free(rows);
    return err->status;
}
