#include <math.h>

#include "base/alloc.h"
#include "data/synth_world.h"

int32_t rb_synth_segment(uint64_t key, int64_t n_segments, int64_t user)
{
    rb_rng rng = { .key = key, .stream = rb_stream("synth.segment"), .entity = (uint64_t)user };
    return (int32_t)rb_rng_below(&rng, 0, n_segments);
}

typedef float lanes __attribute__((vector_size(RB_SYNTH_LANES * sizeof(float))));

/* Lane k sums the products k, k + 16, ...; the lanes are added in halves: one order for any instruction set. Rows are
 * aligned to 64 bytes and padded. */
static float dot(const float *a, const float *b, int32_t width)
{
    lanes sum = { 0 };
    for (int32_t f = 0; f < width; f += RB_SYNTH_LANES)
        sum += *(const lanes *)(const void *)(a + f) * *(const lanes *)(const void *)(b + f);
    for (int half = RB_SYNTH_LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            sum[k] += sum[k + half];
    return sum[0];
}

rb_status rb_synth_user_alloc(rb_synth_user *u, const rb_world *w, rb_error *err)
{
    RB_TRY(rb_alloc(&u->factor, w->width, err));
    RB_TRY(rb_alloc(&u->preference, w->n_topics, err));
    RB_TRY(rb_alloc(&u->threshold, w->n_topics, err));
done:
    return err->status;
}

void rb_synth_user_fini(rb_synth_user *u)
{
    rb_free(u->factor);
    rb_free(u->preference);
    rb_free(u->threshold);
}

/* Softmax over <p_u, topic> with the topics' shares of popularity as its prior, mixed with those shares alone. */
static void set_preference(rb_synth_user *u, const rb_world *w)
{
    double sum = 0, until = 0, strength = w->config->taste > 0 ? w->config->focus / w->config->taste : 0;
    for (int32_t t = 0; t < w->n_topics; t++) {
        u->preference[t] =
            w->mass[t] * exp(strength * (double)dot(u->factor, w->topic + (int64_t)t * w->width, w->width));
        sum += u->preference[t];
    }
    for (int32_t t = 0; t < w->n_topics; t++) {
        u->preference[t] = w->config->chance * w->mass[t] + (1 - w->config->chance) * u->preference[t] / sum;
        until += u->preference[t];
        u->threshold[t] = (uint32_t)fmin(until * 0x1p32, (double)UINT32_MAX);
    }
}

void rb_synth_user_make(rb_synth_user *u, const rb_world *w, int32_t id)
{
    rb_rng rng = rb_world_rng(w, RB_SYNTH_USER, (uint64_t)id);
    float shared = (float)sqrt(w->config->group), own = (float)sqrt(1 - w->config->group);
    u->id = id;
    u->segment = rb_synth_segment(w->key, w->n_segments, id);
    u->bias = (float)(w->config->user_bias * rb_rng_normal(&rng, 0));
    const float *centre = w->segment + (int64_t)u->segment * w->width;
    for (int f = 0; f < (int)w->config->factors; f++)
        u->factor[f] = shared * centre[f] + own * w->deviation[f] * (float)rb_rng_normal(&rng, 1 + (uint32_t)f);
    set_preference(u, w);
}

float rb_synth_taste(const rb_world *w, const rb_synth_user *u, int32_t item)
{
    return w->item_bias[item] + dot(u->factor, w->factor + (int64_t)item * w->width, w->width);
}

float rb_synth_accept(const rb_world *w, float taste)
{
    float strength = w->spread > 0 ? (float)(w->config->missing / w->spread) : 0.0f;
    return 1.0f / (1.0f + expf(-strength * taste));
}

float rb_synth_rate(const rb_world *w, const rb_synth_user *u, float taste, uint64_t row)
{
    rb_rng rng = rb_world_rng(w, RB_SYNTH_NOISE, row);
    double x = w->config->mean + (double)u->bias + (double)taste + w->config->noise * rb_rng_normal(&rng, 0);
    if (w->config->half_stars)
        x = floor(2 * x + 0.5) / 2;
    return (float)fmin(5.0, fmax(0.5, x));
}

int64_t rb_synth_moment(const rb_world *w, const uint32_t words[4])
{
    int64_t day = rb_alias_draw(&w->days, 0, w->n_days, words[0]);
    int64_t hour = rb_alias_draw(&w->hours, 0, 24, words[1]);
    int64_t second = (int64_t)(((uint64_t)words[2] * 3600) >> 32);
    return day * 86400 + hour * 3600 + second;
}
