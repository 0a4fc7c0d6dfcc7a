#include "data/synth_titles.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "data/catalogue_read.h"

#define N_GENRES 24
#define TOPIC_WORDS 80 /* words that only one topic uses */
#define COMMON_WORDS 200
#define TOPIC_ACTORS 120
#define TOPIC_DIRECTORS 30

const char *const rb_synth_countries[RB_SYNTH_N_COUNTRIES + 1] = {
    "United States", "India",  "United Kingdom", "Canada", "France", "Japan", "Spain",
    "South Korea",   "Mexico", "Australia",      "Brazil", "Egypt",  NULL
};

static const char *const genres[N_GENRES] = {
    "Dramas",
    "Comedies",
    "Documentaries",
    "Action & Adventure",
    "Children & Family Movies",
    "Romantic",
    "Thrillers",
    "Horror",
    "Stand-Up Comedy",
    "Crime",
    "Sci-Fi & Fantasy",
    "Music & Musicals",
    "Sports",
    "Anime",
    "Classic",
    "Independent",
    "Mysteries",
    "Nature & Science",
    "Reality",
    "Faith",
    "Military & History",
    "Cult",
    "Westerns",
    "Talk Shows",
};
static const char *const ages[] = { "TV-MA", "TV-14", "R", "PG-13", "TV-PG", "PG", "TV-Y7", "TV-Y", "TV-G", "G" };
static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                      "July",    "August",   "September", "October", "November", "December" };
static const char *const small_words[] = { "the", "a", "of", "and", "with", "in", "who", "must", "from", "when" };

/* The draws of one title, one after another. */
typedef struct {
    rb_rng rng;
    uint32_t draw;
    const rb_world *w;
    int32_t topic;
    rb_text *out;
    rb_error *err;
} writer;

static int64_t below(writer *t, int64_t n)
{
    return rb_rng_below(&t->rng, t->draw++, n);
}

static bool chance(writer *t, double probability)
{
    return rb_rng_uniform(&t->rng, t->draw++) < probability;
}

/* A rank in 0 .. n - 1, the first ones far more often. */
static int64_t skewed(writer *t, int64_t n)
{
    double u = rb_rng_uniform(&t->rng, t->draw++);
    return (int64_t)(u * u * u * (double)n);
}

static void add(writer *t, const char *text)
{
    (void)rb_text_add(t->out, text, (int64_t)strlen(text), t->err);
}

/* Word number `number`: two or three syllables; numbers stand for words, so nothing is stored. */
static void add_word(writer *t, int64_t number, bool capital)
{
    static const char *const onset[] = { "b", "br", "d", "dr", "f", "g", "h",  "k",
                                         "l", "m",  "n", "p",  "r", "s", "st", "t" };
    static const char *const vowel[] = { "a", "e", "i", "o", "u", "ai", "ea", "ou" };
    static const char *const coda[] = { "", "n", "r", "l", "s", "nd", "m", "ck" };
    char word[32] = "";
    size_t length = 0;
    rb_rng rng = rb_world_rng(t->w, RB_SYNTH_WORD, (uint64_t)number);
    int n_syllables = 2 + (int)rb_rng_below(&rng, 0, 2);
    for (int s = 1; s <= n_syllables; s++) {
        uint32_t bits[4];
        rb_rng_words(bits, &rng, (uint32_t)s);
        length += (size_t)snprintf(word + length, sizeof word - length, "%s%s%s", onset[bits[0] % 16],
                                   vowel[bits[1] % 8], coda[bits[2] % 8]);
    }
    if (capital)
        word[0] = (char)(word[0] - 'a' + 'A');
    add(t, word);
}

/* Words 0 .. are common; each topic has its own behind them. */
static int64_t topic_word(writer *t)
{
    return COMMON_WORDS + (int64_t)t->topic * TOPIC_WORDS + skewed(t, TOPIC_WORDS);
}

/* A person of this topic, or now and then of another one. */
static void add_person(writer *t, int64_t pool, int64_t n, int64_t first)
{
    int64_t topic = chance(t, 0.15) ? below(t, t->w->n_topics) : t->topic;
    int64_t person = first + topic * pool + skewed(t, n);
    add_word(t, (1 << 20) + 2 * person, true);
    add(t, " ");
    add_word(t, (1 << 20) + 2 * person + 1, true);
}

static void add_people(writer *t, int64_t n, int64_t pool, int64_t first)
{
    add(t, "\"");
    for (int64_t k = 0; k < n; k++) {
        if (k > 0)
            add(t, ", ");
        add_person(t, pool, pool, first);
    }
    add(t, "\",");
}

static void add_title(writer *t)
{
    int64_t n = 1 + below(t, 3);
    for (int64_t k = 0; k < n; k++) {
        if (k > 0)
            add(t, " ");
        add_word(t, chance(t, 0.6) ? topic_word(t) : skewed(t, COMMON_WORDS), true);
    }
    add(t, ",");
}

static void add_genre(writer *t, int64_t topic)
{
    add(t, genres[topic % N_GENRES]);
    if (topic >= N_GENRES)
        (void)rb_text_addf(t->out, t->err, " %lld", (long long)topic / N_GENRES + 1);
}

/* The topic's genre first; then up to two of other topics. */
static void add_genres(writer *t)
{
    int64_t others[2] = { t->topic, t->topic };
    add(t, "\"");
    add_genre(t, t->topic);
    for (int k = 0; k < 2; k++) {
        if (!chance(t, 0.4))
            continue;
        int64_t other = below(t, t->w->n_topics);
        if (other == t->topic || other == others[0])
            continue;
        others[k] = other;
        add(t, ", ");
        add_genre(t, other);
    }
    add(t, "\",");
}

static void add_description(writer *t)
{
    int64_t n = 16 + below(t, 15);
    add(t, "\"");
    for (int64_t k = 0; k < n; k++) {
        if (k > 0)
            add(t, " ");
        int64_t kind = below(t, 10);
        if (kind < 5)
            add_word(t, topic_word(t), k == 0);
        else if (kind < 8)
            add_word(t, skewed(t, COMMON_WORDS), k == 0);
        else
            add(t, small_words[below(t, 10)]);
    }
    add(t, ".\"\n");
}

static void add_dates(writer *t)
{
    int64_t year = 2021 - (int64_t)(60 * rb_rng_uniform(&t->rng, t->draw) * rb_rng_uniform(&t->rng, t->draw + 1) *
                                    rb_rng_uniform(&t->rng, t->draw + 2));
    t->draw += 3;
    int64_t added = year < 2012 ? 2012 + below(t, 10) : year + below(t, 2022 - year);
    int64_t month = below(t, 12), day = 1 + below(t, 28);
    (void)rb_text_addf(t->out, t->err, "\"%s %lld, %lld\",%lld,", months[month], (long long)day, (long long)added,
                       (long long)year);
}

static void add_row(writer *t, int32_t item)
{
    bool show = chance(t, 0.3);
    (void)rb_text_addf(t->out, t->err, "%d,%s,", item, show ? "TV Show" : "Movie");
    add_title(t);
    add_people(t, chance(t, show ? 0.3 : 0.95) ? 1 + (int64_t)chance(t, 0.1) : 0, TOPIC_DIRECTORS, 0);
    add_people(t, 2 + below(t, 7), TOPIC_ACTORS, 1 << 18);
    int64_t home = t->topic % RB_SYNTH_N_COUNTRIES;
    (void)rb_text_addf(t->out, t->err, "%s,",
                       rb_synth_countries[chance(t, 0.5) ? home : skewed(t, RB_SYNTH_N_COUNTRIES)]);
    add_dates(t);
    (void)rb_text_addf(t->out, t->err, "%s,", ages[(t->topic + skewed(t, 10)) % 10]);
    if (show) {
        int64_t seasons = 1 + skewed(t, 10);
        (void)rb_text_addf(t->out, t->err, "%lld Season%s,", (long long)seasons, seasons > 1 ? "s" : "");
    } else {
        (void)rb_text_addf(t->out, t->err, "%d min,", t->w->minutes[item]);
    }
    add_genres(t);
    add_description(t);
}

/* Written in the form of the Netflix titles file and read by its reader, so that one code makes all columns. */
rb_status rb_synth_titles(rb_catalogue *out, const rb_world *w, rb_error *err)
{
    rb_text csv = { 0 };
    writer t = { .w = w, .out = &csv, .err = err };
    add(&t, "show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description\n");
    for (int32_t i = 0; i < w->n_items && err->status == RB_OK; i++) {
        t.rng = rb_world_rng(w, RB_SYNTH_TITLE, (uint64_t)i);
        t.draw = 0;
        t.topic = w->item_topic[i];
        add_row(&t, i);
    }
    RB_TRY(err->status);
    RB_TRY(rb_catalogue_parse(out, csv.data, csv.length, "synthetic", NULL, NULL, err));
    RB_TRY(rb_alloc(&out->topic, w->n_items, err));
    memcpy(out->topic, w->item_topic, (size_t)w->n_items * sizeof *out->topic);
done:
    rb_text_fini(&csv);
    return err->status;
}
