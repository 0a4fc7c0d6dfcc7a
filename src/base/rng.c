#include "base/rng.h"

#include <Random123/philox.h>
#include <math.h>

uint32_t rb_stream(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

void rb_rng_words(uint32_t out[4], const rb_rng *rng, uint32_t draw)
{
    philox4x32_ctr_t counter = { { draw, (uint32_t)rng->entity, (uint32_t)(rng->entity >> 32) | (rng->epoch << 16),
                                   rng->stream } };
    philox4x32_key_t key = { { (uint32_t)rng->key, (uint32_t)(rng->key >> 32) } };
    philox4x32_ctr_t words = philox4x32(counter, key);
    for (int i = 0; i < 4; i++)
        out[i] = words.v[i];
}

uint64_t rb_rng_bits(const rb_rng *rng, uint32_t draw)
{
    uint32_t w[4];
    rb_rng_words(w, rng, draw);
    return (uint64_t)w[0] << 32 | w[1];
}

double rb_rng_uniform(const rb_rng *rng, uint32_t draw)
{
    return (double)(rb_rng_bits(rng, draw) >> 11) * 0x1p-53;
}

int64_t rb_rng_below(const rb_rng *rng, uint32_t draw, int64_t n)
{
    return (int64_t)(((unsigned __int128)rb_rng_bits(rng, draw) * (uint64_t)n) >> 64);
}

double rb_rng_normal(const rb_rng *rng, uint32_t draw)
{
    uint32_t w[4];
    rb_rng_words(w, rng, draw);
    double radius = ((double)(((uint64_t)w[0] << 32 | w[1]) >> 11) + 0.5) * 0x1p-53; /* never 0 */
    double angle = (double)(((uint64_t)w[2] << 32 | w[3]) >> 11) * 0x1p-53;
    return sqrt(-2.0 * log(radius)) * cos(6.283185307179586476925 * angle);
}

uint64_t rb_splitmix(uint64_t x)
{
    uint64_t z = x + 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t rb_mix(uint64_t a, uint64_t b)
{
    return rb_splitmix(rb_splitmix(a) ^ b);
}

uint64_t rb_seed_named(uint64_t seed, const char *name)
{
    uint64_t hash = 14695981039346656037u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return rb_mix(seed, hash);
}
