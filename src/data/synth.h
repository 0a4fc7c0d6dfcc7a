/*
 * Synthetic data with planted truth.
 *
 * Users belong to segments, items to topics; both have factors p_u and q_i around their group's centre, factor f with
 * variance proportional to (f + 1)^-decay. A user's true rating of an item is
 *
 *     x_ui = mean + b_u + b_i + <p_u, q_i>,    rating = x_ui + noise N(0, 1), to half stars in 0.5 .. 5
 *
 * Which items a user meets: a topic by the user's preference (softmax over <p_u, centre of topic>), mixed with chance,
 * then an item of the topic by popularity; it is taken with probability 1 / (1 + exp(-missing z_ui)), z_ui the
 * standardised taste b_i + <p_u, q_i>: ratings are missing not at random. Activity of users and popularity of items
 * follow (rank + 11)^-exponent over a random order. Users of a segment share age and country; items of a topic share
 * genres and words, so that interactions, text and demographics all carry the plant.
 *
 * Without sessions, distinct (user, item) pairs are drawn until each user has a fixed number of them: the sampling is
 * successive and without replacement. With sessions, events come first: a session walks over topics (it stays with
 * probability `stay`, else draws anew), and the ratings are a subset of the distinct (user, item) pairs of the events,
 * more likely where taste is strong, at the time of the pair's first event. Counts of users, items, ratings and
 * sessions are met exactly; events are 2 and a geometric number more in each session.
 *
 * Timestamps follow a daily rhythm with evening peaks and fuller weekends. Rows are by user, then by time. External
 * ids are 0 .. n - 1. Every number is a Philox counter of (seed, purpose, user | item | session): any rank can make any
 * part, so data are the same for any ranks and threads.
 */
#ifndef RB_DATA_SYNTH_H
#define RB_DATA_SYNTH_H

#include "base/param.h"
#include "data/dataset.h"

/* The scale of generated ratings. */
#define RB_SYNTH_LEAST_RATING 0.5f
#define RB_SYNTH_MOST_RATING 5.0f

typedef struct {
    int64_t users, items, ratings, sessions;
    int64_t segments, topics;
    int64_t factors;
    double decay;                /* exponent of the factors' falling variance */
    double taste;                /* standard deviation of <p_u, q_i>, stars */
    double group;                /* share of the factors' variance that comes from segment and topic, 0 .. 1 */
    double user_bias, item_bias; /* standard deviations, stars */
    double noise;                /* standard deviation, stars */
    double mean;                 /* stars */
    double focus;                /* strength of the topic preference */
    double chance;               /* share of draws that ignore the preference */
    double missing;              /* strength of missing not at random; 0: at random */
    double user_exponent, item_exponent;
    bool half_stars;       /* false: ratings keep their fractions */
    double session_length; /* mean events, >= 2 */
    double stay;           /* probability that a session keeps its topic */
    int64_t start;         /* seconds since 1970 */
    int64_t days;
    bool titles; /* make a catalogue */
} rb_synth;

/* Parameter table of rb_synth. */
extern const rb_param rb_synth_params[];

/** RB_BAD_INPUT naming the parameter: out of its range, more ratings than cells, ratings without users... Local. */
rb_status rb_synth_check(const rb_synth *config, rb_error *err);

/**
 * Generate a data set.
 *
 * Collective over ctx. Each rank makes the interactions and sessions of its users; the catalogue is made by all.
 *
 * @param[out] out   zeroed before; name "synthetic", digest computed; owned by the caller (rb_dataset_fini)
 * @param[in]  seed  the experiment's seed; the key is rb_seed_named(seed, "synthetic")
 * @return RB_OK; RB_BAD_INPUT as rb_synth_check, and where the events hold fewer distinct pairs than the ratings asked
 *         for (the message says how many); RB_NO_MEMORY
 *
 * Bits: the same for any ranks and threads. Time O((ratings + events) factors / (P T)); memory 20 bytes a rating and
 * 16 an event on each node, and 4 items factors bytes on each rank.
 */
rb_status rb_dataset_synth(rb_dataset *out, const rb_synth *config, uint64_t seed, rb_ctx *ctx, rb_error *err);

/* Demographics of a generated user. */
typedef struct {
    const char *gender;  /* "female", "male", "other" */
    const char *country; /* its segment's home country more often than not */
    int age;             /* years, around its segment's mean */
    uint8_t device;      /* rb_device that most of its sessions use */
} rb_synth_person;

/** Demographics of a user by external id; a pure function of (seed, user), made when asked for. Local. */
rb_synth_person rb_synth_person_of(const rb_synth *config, uint64_t seed, int64_t user);

/**
 * The planted probability that a user who meets an item takes it, 1 / (1 + exp(-missing z_ui)): what a click on it
 * would be drawn from. Local.
 *
 * @param[out] out    [n_users x n_items]
 * @param[in]  users  [n_users] external ids of generated users; items likewise
 * @return RB_OK, RB_NO_MEMORY. Cost: the world's O(items factors), then O(n_users (topics + n_items) factors)
 */
rb_status rb_synth_clicks(float *out, const rb_synth *config, uint64_t seed, const int64_t *users, int32_t n_users,
                          const int64_t *items, int32_t n_items, rb_error *err);

#endif
