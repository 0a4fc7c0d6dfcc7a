/*
 * The planted world of the generator: groups, factors, popularity, activity; and what one user meets and thinks.
 * Every rank holds the whole world but for the users, who are made one at a time.
 */
#ifndef RB_DATA_SYNTH_WORLD_H
#define RB_DATA_SYNTH_WORLD_H

#include "base/rng.h"
#include "data/synth.h"

#define RB_SYNTH_LANES 16 /* factors are padded to this with zeros; also the order of the sums of dot products */

/* What the numbers of a stream are for. */
typedef enum {
    RB_SYNTH_GROUP,      /* centres of segments and topics */
    RB_SYNTH_ITEM,       /* topic, bias, factors, minutes of an item */
    RB_SYNTH_USER,       /* bias, factors of a user */
    RB_SYNTH_SEGMENT,    /* segment of a user */
    RB_SYNTH_PERSON,     /* demographics of a user */
    RB_SYNTH_ORDER,      /* who is active, what is popular */
    RB_SYNTH_DRAW,       /* which items a user meets */
    RB_SYNTH_NOISE,      /* of a rating */
    RB_SYNTH_TIME,       /* of a rating, of a session */
    RB_SYNTH_SESSION,    /* length and walk of a session */
    RB_SYNTH_COMPLETION, /* of an event */
    RB_SYNTH_RATED,      /* which events are rated */
    RB_SYNTH_TITLE,      /* text of an item */
    RB_SYNTH_WORD,       /* letters of a word */
    RB_SYNTH_N_STREAMS
} rb_synth_stream;

/* Walker's alias table (Vose 1991, doi:10.1109/32.92917): draws from fixed weights in one step. */
typedef struct {
    uint32_t *keep;
    int32_t *other;
} rb_alias;

typedef struct {
    const rb_synth *config;
    uint64_t key;
    uint32_t stream[RB_SYNTH_N_STREAMS];
    int32_t n_users, n_items, n_segments, n_topics, n_days;
    int32_t width;          /* factors, padded */
    float *deviation;       /* [width] of a factor */
    float *segment, *topic; /* [n_segments x width], [n_topics x width] centres */
    float *factor;          /* [n_items x width] */
    float *item_bias;       /* [n_items] stars */
    int32_t *item_topic;    /* [n_items] */
    int32_t *minutes;       /* [n_items] duration */
    double *popularity;     /* [n_items] share of all draws */
    double *mass;           /* [n_topics] share of all draws */
    int32_t *topic_begin;   /* [n_topics + 1] */
    int32_t *topic_item;    /* [n_items] items by topic */
    rb_alias items;         /* [n_items] one table a topic, at topic_begin */
    rb_alias days, hours;
    double spread; /* standard deviation of the taste for an item */
} rb_world;

/** Local; O(items factors). A zeroed world can be finished. */
rb_status rb_world_init(rb_world *w, const rb_synth *config, uint64_t key, rb_error *err);
void rb_world_fini(rb_world *w);

static inline rb_rng rb_world_rng(const rb_world *w, rb_synth_stream what, uint64_t entity)
{
    return (rb_rng){ .key = w->key, .stream = w->stream[what], .entity = entity };
}

/** Element of a fixed distribution of n weights by one random word. */
static inline int32_t rb_alias_draw(const rb_alias *a, int32_t first, int32_t n, uint32_t word)
{
    uint64_t product = (uint64_t)word * (uint32_t)n;
    int32_t column = (int32_t)(product >> 32);
    return (uint32_t)product < a->keep[first + column] ? column : a->other[first + column];
}

/** Segment of a user; a function of key, number of segments and user alone. */
int32_t rb_synth_segment(uint64_t key, int64_t n_segments, int64_t user);

/** As rb_synth_person_of, from the key of the data. */
rb_synth_person rb_synth_person_by_key(const rb_synth *config, uint64_t key, int64_t user);

/**
 * Shares of `total` for n entities by the law (rank + 11)^-exponent over a random order, each at most `limit`.
 *
 * @param[out] begin  [n + 1] prefix sums; begin[n] = total exactly
 * @param[in]  which  number of the random order
 */
rb_status rb_synth_apportion(int64_t *begin, int64_t n, int64_t total, double exponent, int64_t limit,
                             const rb_world *w, int which, rb_error *err);

/* A user, made when needed. */
typedef struct {
    int32_t id, segment;
    float bias;
    float *factor;       /* [width] */
    double *preference;  /* [n_topics] probability of a topic */
    uint32_t *threshold; /* [n_topics] cumulated preference in 2^-32 */
} rb_synth_user;

rb_status rb_synth_user_alloc(rb_synth_user *u, const rb_world *w, rb_error *err);
void rb_synth_user_fini(rb_synth_user *u);

/** Make a user. Local, allocates nothing. */
void rb_synth_user_make(rb_synth_user *u, const rb_world *w, int32_t id);

/** Topic by the user's preference. */
static inline int32_t rb_synth_topic(const rb_synth_user *u, int32_t n_topics, uint32_t word)
{
    int32_t t = 0;
    for (int32_t k = 0; k < n_topics - 1; k++)
        t += word >= u->threshold[k];
    return t;
}

/** Item of a topic by popularity. */
static inline int32_t rb_synth_item(const rb_world *w, int32_t topic, uint32_t word)
{
    int32_t first = w->topic_begin[topic];
    return w->topic_item[first + rb_alias_draw(&w->items, first, w->topic_begin[topic + 1] - first, word)];
}

/** b_i + <p_u, q_i>. */
float rb_synth_taste(const rb_world *w, const rb_synth_user *u, int32_t item);

/** Probability that a user who meets an item of this taste takes it. */
float rb_synth_accept(const rb_world *w, float taste);

/** Rating of an item of this taste; `row` numbers the noise. */
float rb_synth_rate(const rb_world *w, const rb_synth_user *u, float taste, uint64_t row);

/** Seconds since the start of the data, by the rhythm of days and hours. */
int64_t rb_synth_moment(const rb_world *w, const uint32_t words[4]);

#endif
