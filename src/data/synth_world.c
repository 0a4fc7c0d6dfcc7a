#include "data/synth_world.h"

#include <math.h>

#include "base/alloc.h"

#define RANK_OFFSET 11 /* of the law (rank + 11)^-exponent, rank from 0 */

static const char *const stream_names[RB_SYNTH_N_STREAMS] = {
    "synth.group", "synth.item", "synth.user",    "synth.segment",    "synth.person", "synth.order", "synth.draw",
    "synth.noise", "synth.time", "synth.session", "synth.completion", "synth.rated",  "synth.title", "synth.word",
};

/* Views by hour of the day: quiet nights, a rise at noon, the evening's peak. */
static const double hour_weight[24] = { 3, 2, 1, 1, 1, 1, 2, 3, 4, 4, 4, 5, 6, 6, 6, 6, 7, 9, 12, 15, 17, 16, 11, 6 };
#define WEEKEND_WEIGHT 1.5

static rb_status alias_init(rb_alias *a, int64_t n, rb_error *err)
{
    RB_TRY(rb_alloc(&a->keep, n, err));
    RB_TRY(rb_alloc(&a->other, n, err));
done:
    return err->status;
}

static void alias_fini(rb_alias *a)
{
    rb_free(a->keep);
    rb_free(a->other);
}

/* Vose's construction for n weights at `first` of a table; scaled [n] and queue [n] are scratch. */
static void alias_fill(rb_alias *a, int32_t first, int32_t n, const double *weight, double *scaled, int32_t *queue)
{
    double sum = 0;
    int32_t n_small = 0, large = n; /* queue: small ones from the front, large ones from the back */
    for (int32_t k = 0; k < n; k++)
        sum += weight[k];
    for (int32_t k = 0; k < n; k++) {
        scaled[k] = weight[k] * (double)n / sum;
        a->keep[first + k] = UINT32_MAX;
        a->other[first + k] = k;
        if (scaled[k] < 1)
            queue[n_small++] = k;
        else
            queue[--large] = k;
    }
    while (n_small > 0 && large < n) {
        int32_t poor = queue[--n_small], rich = queue[large];
        a->keep[first + poor] = (uint32_t)(scaled[poor] * 0x1p32);
        a->other[first + poor] = rich;
        scaled[rich] -= 1 - scaled[poor];
        if (scaled[rich] < 1) {
            large++;
            queue[n_small++] = rich;
        }
    }
}

/* A random order of 0 .. n - 1 (Fisher and Yates). */
static void shuffle(int32_t *order, int64_t n, const rb_world *w, int which)
{
    rb_rng rng = rb_world_rng(w, RB_SYNTH_ORDER, 0);
    rng.epoch = (uint32_t)which;
    for (int64_t k = 0; k < n; k++)
        order[k] = (int32_t)k;
    for (int64_t k = n - 1; k > 0; k--) {
        rng.entity = (uint64_t)k;
        int64_t other = rb_rng_below(&rng, 0, k + 1);
        int32_t t = order[k];
        order[k] = order[other];
        order[other] = t;
    }
}

/* Weights (rank + 11)^-exponent in a random order, in shares of their sum. */
static rb_status long_tail(double *share, int64_t n, double exponent, const rb_world *w, int which, rb_error *err)
{
    int32_t *order = NULL;
    double sum = 0;
    RB_TRY(rb_alloc(&order, n, err));
    shuffle(order, n, w, which);
    for (int64_t k = 0; k < n; k++) {
        share[order[k]] = pow((double)(k + RANK_OFFSET), -exponent);
        sum += share[order[k]];
    }
    for (int64_t k = 0; k < n; k++)
        share[k] /= sum;
done:
    rb_free(order);
    return err->status;
}

static double cut_sum(const double *share, int64_t n, double scale, double limit)
{
    double sum = 0;
    for (int64_t k = 0; k < n; k++)
        sum += fmin(limit, scale * share[k]);
    return sum;
}

/* The factor by which shares are scaled so that, cut at limit, they sum to total; n limit >= total. */
static double scale_of(const double *share, int64_t n, double total, double limit)
{
    double low = 0, high = total;
    for (int step = 0; step < 200 && cut_sum(share, n, high, limit) < total; step++)
        high *= 2;
    for (int step = 0; step < 64; step++) {
        double middle = low + (high - low) / 2;
        if (cut_sum(share, n, middle, limit) < total)
            low = middle;
        else
            high = middle;
    }
    return high;
}

rb_status rb_synth_apportion(int64_t *begin, int64_t n, int64_t total, double exponent, int64_t limit,
                             const rb_world *w, int which, rb_error *err)
{
    double *share = NULL;
    int64_t half = limit / 2;
    double cut = (double)half; /* nobody takes all where there is room */
    __int128 sum = 0, before = 0;
    int64_t excess = 0;
    if (cut * (double)n < 2.0 * (double)total)
        cut = (double)limit;

    RB_TRY(rb_alloc(&share, n, err));
    RB_TRY(long_tail(share, n, exponent, w, which, err));
    double scale = scale_of(share, n, (double)total, cut);
    for (int64_t k = 0; k < n; k++) {
        begin[k] = (int64_t)(fmin(cut, scale * share[k]) * 0x1p20) + 1; /* fixed point: the rounding below is exact */
        sum += begin[k];
    }
    int64_t given = 0;
    for (int64_t k = 0; k < n; k++) {
        before += begin[k];
        int64_t until = (int64_t)(before * total / sum);
        begin[k] = until - given;
        given = until;
    }
    for (int64_t k = 0; k < 2 * n && (excess > 0 || k < n); k++) { /* what rounding put above the limit moves on */
        int64_t count = begin[k % n] + excess;
        excess = count > limit ? count - limit : 0;
        begin[k % n] = count - excess;
    }
    given = 0;
    for (int64_t k = 0; k <= n; k++) {
        int64_t count = k < n ? begin[k] : 0;
        begin[k] = given;
        given += count;
    }
done:
    rb_free(share);
    return err->status;
}

/* Factor f has variance c (f + 1)^-decay, c such that <p, q> of independent p and q has the variance taste^2. */
static void set_deviations(rb_world *w)
{
    double sum = 0;
    for (int f = 0; f < (int)w->config->factors; f++)
        sum += pow(f + 1, -2 * w->config->decay);
    double c = w->config->taste / sqrt(sum);
    for (int f = 0; f < (int)w->config->factors; f++)
        w->deviation[f] = (float)sqrt(c * pow(f + 1, -w->config->decay));
}

/* out = sqrt(group) centre + sqrt(1 - group) own; centre NULL: own alone. Draws of rng from `draw` on. */
static void make_factors(float *out, const float *centre, const rb_rng *rng, uint32_t draw, const rb_world *w)
{
    float shared = (float)sqrt(w->config->group), own = centre ? (float)sqrt(1 - w->config->group) : 1.0f;
    for (int f = 0; f < (int)w->config->factors; f++) {
        float mine = own * w->deviation[f] * (float)rb_rng_normal(rng, draw + (uint32_t)f);
        out[f] = centre ? shared * centre[f] + mine : mine;
    }
}

static void make_groups(rb_world *w)
{
    for (int32_t k = 0; k < w->n_segments + w->n_topics; k++) {
        rb_rng rng = rb_world_rng(w, RB_SYNTH_GROUP, (uint64_t)k);
        float *out =
            k < w->n_segments ? w->segment + (int64_t)k * w->width : w->topic + (int64_t)(k - w->n_segments) * w->width;
        make_factors(out, NULL, &rng, 0, w);
    }
}

static void make_items(rb_world *w)
{
    for (int32_t i = 0; i < w->n_items; i++) {
        rb_rng rng = rb_world_rng(w, RB_SYNTH_ITEM, (uint64_t)i);
        /* The first items show every topic, so that none is empty. */
        int32_t t = i < w->n_topics ? i : (int32_t)rb_rng_below(&rng, 0, w->n_topics);
        w->item_topic[i] = t;
        w->item_bias[i] = (float)(w->config->item_bias * rb_rng_normal(&rng, 1));
        w->minutes[i] = 60 + (int32_t)rb_rng_below(&rng, 2, 91);
        make_factors(w->factor + (int64_t)i * w->width, w->topic + (int64_t)t * w->width, &rng, 3, w);
        w->topic_begin[t + 1]++;
        w->mass[t] += w->popularity[i];
    }
    for (int32_t t = 0; t < w->n_topics; t++)
        w->topic_begin[t + 1] += w->topic_begin[t];
}

/* Items by topic, with the alias tables of their popularity. */
static rb_status make_tables(rb_world *w, rb_error *err)
{
    int64_t most = w->n_items > w->n_days ? w->n_items : w->n_days;
    int32_t *queue = NULL, *next = NULL;
    double *scaled = NULL, *weight = NULL;
    RB_TRY(rb_alloc(&queue, most < 24 ? 24 : most, err));
    RB_TRY(rb_alloc(&scaled, most < 24 ? 24 : most, err));
    RB_TRY(rb_alloc(&weight, most, err));
    RB_TRY(rb_alloc(&next, w->n_topics, err));
    for (int32_t i = 0; i < w->n_items; i++) {
        int32_t t = w->item_topic[i];
        int32_t at = w->topic_begin[t] + next[t]++;
        w->topic_item[at] = i;
        weight[at] = w->popularity[i];
    }
    for (int32_t t = 0; t < w->n_topics; t++)
        alias_fill(&w->items, w->topic_begin[t], next[t], weight + w->topic_begin[t], scaled, queue);
    for (int32_t day = 0; day < w->n_days; day++) {
        int64_t weekday = (w->config->start / 86400 + day + 4) % 7; /* 1970-01-01 was a Thursday, number 4 */
        weight[day] = weekday == 0 || weekday == 6 ? WEEKEND_WEIGHT : 1;
    }
    alias_fill(&w->days, 0, w->n_days, weight, scaled, queue);
    alias_fill(&w->hours, 0, 24, hour_weight, scaled, queue);
done:
    rb_free(queue);
    rb_free(scaled);
    rb_free(weight);
    rb_free(next);
    return err->status;
}

static rb_status alloc_world(rb_world *w, rb_error *err)
{
    RB_TRY(rb_alloc(&w->deviation, w->width, err));
    RB_TRY(rb_alloc(&w->segment, (int64_t)w->n_segments * w->width, err));
    RB_TRY(rb_alloc(&w->topic, (int64_t)w->n_topics * w->width, err));
    RB_TRY(rb_alloc(&w->factor, (int64_t)w->n_items * w->width, err));
    RB_TRY(rb_alloc(&w->item_bias, w->n_items, err));
    RB_TRY(rb_alloc(&w->item_topic, w->n_items, err));
    RB_TRY(rb_alloc(&w->minutes, w->n_items, err));
    RB_TRY(rb_alloc(&w->popularity, w->n_items, err));
    RB_TRY(rb_alloc(&w->mass, w->n_topics, err));
    RB_TRY(rb_alloc(&w->topic_begin, w->n_topics + 1, err));
    RB_TRY(rb_alloc(&w->topic_item, w->n_items, err));
    RB_TRY(alias_init(&w->items, w->n_items, err));
    RB_TRY(alias_init(&w->days, w->n_days, err));
    RB_TRY(alias_init(&w->hours, 24, err));
done:
    return err->status;
}

rb_status rb_world_init(rb_world *w, const rb_synth *config, uint64_t key, rb_error *err)
{
    *w = (rb_world){
        .config = config,
        .key = key,
        .n_users = (int32_t)config->users,
        .n_items = (int32_t)config->items,
        .n_segments = (int32_t)config->segments,
        .n_topics = (int32_t)(config->topics < config->items ? config->topics : config->items),
        .n_days = (int32_t)config->days,
        .width = (int32_t)((config->factors + RB_SYNTH_LANES - 1) / RB_SYNTH_LANES * RB_SYNTH_LANES),
        .spread = sqrt(config->item_bias * config->item_bias + config->taste * config->taste),
    };
    for (int s = 0; s < RB_SYNTH_N_STREAMS; s++)
        w->stream[s] = rb_stream(stream_names[s]);
    RB_TRY(alloc_world(w, err));
    RB_TRY(long_tail(w->popularity, w->n_items, config->item_exponent, w, 0, err));
    set_deviations(w);
    make_groups(w);
    make_items(w);
    RB_TRY(make_tables(w, err));
done:
    return err->status;
}

void rb_world_fini(rb_world *w)
{
    rb_free(w->deviation);
    rb_free(w->segment);
    rb_free(w->topic);
    rb_free(w->factor);
    rb_free(w->item_bias);
    rb_free(w->item_topic);
    rb_free(w->minutes);
    rb_free(w->popularity);
    rb_free(w->mass);
    rb_free(w->topic_begin);
    rb_free(w->topic_item);
    alias_fini(&w->items);
    alias_fini(&w->days);
    alias_fini(&w->hours);
    *w = (rb_world){ 0 };
}
