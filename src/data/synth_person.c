#include <math.h>

#include "data/synth_titles.h"

#define HOME 0.6       /* share of a segment in its home country */
#define AGE_SPREAD 8.0 /* standard deviation inside a segment, years */

rb_synth_person rb_synth_person_by_key(const rb_synth *config, uint64_t key, int64_t user)
{
    static const char *const genders[] = { "female", "male", "other" };
    rb_rng rng = { .key = key, .stream = rb_stream("synth.person"), .entity = (uint64_t)user };
    int32_t segment = rb_synth_segment(key, config->segments, user);
    rb_rng group = rng;
    group.epoch = 1; /* numbers of the segment, not of a user */
    group.entity = (uint64_t)segment;

    double share_female = 0.25 + 0.5 * rb_rng_uniform(&group, 0), u = rb_rng_uniform(&rng, 0);
    int gender = u < 0.02 ? 2 : u < 0.02 + 0.98 * share_female ? 0 : 1;
    double age = 18 + 45 * rb_rng_uniform(&group, 1) + AGE_SPREAD * rb_rng_normal(&rng, 1);
    int64_t home = rb_rng_below(&group, 2, RB_SYNTH_N_COUNTRIES);
    bool at_home = rb_rng_uniform(&rng, 2) < HOME;
    return (rb_synth_person){
        .gender = genders[gender],
        .country = rb_synth_countries[at_home ? home : rb_rng_below(&rng, 3, RB_SYNTH_N_COUNTRIES)],
        .age = (int)fmin(90, fmax(13, age)),
        .device = (uint8_t)rb_rng_below(&rng, 4, RB_N_DEVICES),
    };
}

rb_synth_person rb_synth_person_of(const rb_synth *config, uint64_t seed, int64_t user)
{
    return rb_synth_person_by_key(config, rb_seed_named(seed, "synthetic"), user);
}
