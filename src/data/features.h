/*
 * Features of users and titles: numbers that describe what they did and how they stand, each with its unit and formula
 * in one table (`reelbench list features`).
 *
 * n: interactions of the user or title; r their ratings, t their times; days and hours are of UTC; "the end" is the
 * last time of the data. A feature that the data do not tell (no times, no ratings, no sessions, no catalogue, nothing
 * to take a mean over) is NaN.
 */
#ifndef RB_DATA_FEATURES_H
#define RB_DATA_FEATURES_H

#include "data/dataset.h"
#include "data/hdf.h"
#include "data/points.h"

/* X(symbol, name, family, unit, formula) */
/* clang-format off */
#define RB_USER_FEATURES(X) \
    X(INTERACTIONS, "interactions", "user", "interactions", "n") \
    X(ACTIVE_DAYS, "active_days", "user", "days", "distinct days with an interaction") \
    X(TENURE, "tenure", "user", "days", "end - min t") \
    X(RECENCY, "recency", "user", "days", "end - max t") \
    X(SPAN, "span", "user", "days", "max t - min t") \
    X(PER_ACTIVE_DAY, "interactions_per_active_day", "user", "interactions", "n / active_days") \
    X(PAUSE_MEAN, "pause_mean", "user", "days", "span / (n - 1)") \
    X(PAUSE_LONGEST, "pause_longest", "user", "days", "largest difference of consecutive t") \
    X(BINGE_RUNS, "binge_runs", "user", "runs", "runs of at least 3 interactions with pauses of at most 24 hours") \
    X(BINGE_LONGEST, "binge_longest", "user", "interactions", "interactions of the longest such run; 0 without one") \
    X(BINGE_SHARE, "binge_share", "user", "", "interactions in such runs / n") \
    X(WEEKEND, "weekend_share", "user", "", "interactions on Saturday or Sunday / n") \
    X(NIGHT, "night_share", "user", "", "interactions in [0, 6) h / n") \
    X(MORNING, "morning_share", "user", "", "interactions in [6, 12) h / n") \
    X(AFTERNOON, "afternoon_share", "user", "", "interactions in [12, 18) h / n") \
    X(EVENING, "evening_share", "user", "", "interactions in [18, 24) h / n") \
    X(HOUR_ENTROPY, "hour_entropy", "user", "nats", "-sum p ln p over the 24 hours") \
    X(RATING_MEAN, "rating_mean", "interaction", "stars", "sum r / n") \
    X(RATING_SD, "rating_sd", "interaction", "stars", "sqrt(sum (r - mean)^2 / n)") \
    X(RATING_BIAS, "rating_bias", "interaction", "stars", "mean of r - (mean rating of the title)") \
    X(RATING_EXTREME, "rating_extreme_share", "interaction", "", "ratings at either end of the scale / n") \
    X(RATING_ENTROPY, "rating_entropy", "interaction", "nats", "-sum p ln p over tenths of the scale") \
    X(POPULARITY, "popularity_mean", "interaction", "", "mean of log2(1 + interactions of the title)") \
    X(NOVELTY, "novelty", "interaction", "bits", "mean of -log2(interactions of the title / users)") \
    X(NICHE, "niche_share", "interaction", "", "interactions with titles outside the most popular fifth / n") \
    X(GENRES, "genres", "interaction", "genres", "distinct genres of the titles") \
    X(GENRE_ENTROPY, "genre_entropy", "interaction", "nats", "-sum p ln p over the genres of the titles") \
    X(GENRE_TOP, "genre_top_share", "interaction", "", "share of the most frequent genre among the genres of the titles") \
    X(MOVIES, "movie_share", "interaction", "", "titles with minutes / titles with minutes or seasons") \
    X(ADULT, "adult_share", "interaction", "", "titles of the age group adults / rated titles") \
    X(YEAR_MEAN, "year_mean", "interaction", "years", "mean release year of the titles") \
    X(YEAR_SD, "year_sd", "interaction", "years", "standard deviation of the release years") \
    X(SESSIONS, "sessions", "interaction", "sessions", "sessions of the user") \
    X(SESSION_EVENTS, "session_events_mean", "interaction", "events", "events / sessions") \
    X(SESSION_MINUTES, "session_minutes_mean", "interaction", "minutes", "mean time from the first to the last event") \
    X(COMPLETION, "completion_mean", "interaction", "", "mean share watched of the events") \
    X(COMPLETED, "completed_share", "interaction", "", "events with at least 0.9 watched / events") \
    X(ABANDONED, "abandoned_share", "interaction", "", "events with less than 0.2 watched / events") \
    X(DEVICE_ENTROPY, "device_entropy", "interaction", "nats", "-sum p ln p over the devices of the sessions") \
    X(PAGERANK, "pagerank", "graph", "", "sum over the titles of pagerank / interactions of the title")

#define RB_TITLE_FEATURES(X) \
    X(INTERACTIONS, "interactions", "title", "interactions", "n") \
    X(SHARE, "popularity_share", "title", "", "n / all interactions") \
    X(RANK, "popularity_rank", "title", "", "1 + titles with more interactions") \
    X(RATING_MEAN, "rating_mean", "title", "stars", "sum r / n") \
    X(RATING_SD, "rating_sd", "title", "stars", "sqrt(sum (r - mean)^2 / n)") \
    X(QUALITY, "quality", "title", "stars", "(sum r + 10 mean of all ratings) / (n + 10): Bayesian shrinkage") \
    X(RATING_BIAS, "rating_bias", "title", "stars", "mean of r - (mean rating of the user)") \
    X(RATING_ENTROPY, "rating_entropy", "title", "nats", "-sum p ln p over tenths of the scale") \
    X(HIGH, "high_share", "title", "", "ratings in the upper fifth of the scale / n") \
    X(YEARS, "age", "title", "years", "latest release year of the catalogue - release year") \
    X(IN_CATALOGUE, "days_in_catalogue", "title", "days", "latest date added of the catalogue - date added") \
    X(MINUTES, "minutes", "title", "minutes", "duration of a movie") \
    X(SEASONS, "seasons", "title", "seasons", "seasons of a show") \
    X(GENRES, "genres", "title", "genres", "number of genres") \
    X(CAST, "cast", "title", "people", "number of people in the cast") \
    X(COUNTRIES, "countries", "title", "countries", "number of countries") \
    X(DIRECTORS, "directors", "title", "people", "number of directors") \
    X(AGE_GROUP, "age_group", "title", "", "1 kids, 2 older kids, 3 teens, 4 adults") \
    X(DESCRIPTION, "description_length", "title", "bytes", "length of the description") \
    X(ON_SCREEN, "days_since_first", "interaction", "days", "end - min t") \
    X(RECENCY, "recency", "interaction", "days", "end - max t") \
    X(SPAN, "span", "interaction", "days", "max t - min t") \
    X(TREND, "trend", "interaction", "", "interactions of the last 30 days / n") \
    X(WEEKEND, "weekend_share", "interaction", "", "interactions on Saturday or Sunday / n") \
    X(NIGHT, "night_share", "interaction", "", "interactions in [0, 6) h / n") \
    X(EVENING, "evening_share", "interaction", "", "interactions in [18, 24) h / n") \
    X(HOUR_ENTROPY, "hour_entropy", "interaction", "nats", "-sum p ln p over the 24 hours") \
    X(ACTIVITY, "user_activity_mean", "interaction", "", "mean of log2(1 + interactions of the user)") \
    X(EVENTS, "session_events", "interaction", "events", "events in sessions") \
    X(PLACE, "session_place_mean", "interaction", "", "mean of (place in the session from 0) / (events - 1)") \
    X(OPENS, "opens_share", "interaction", "", "events that begin a session / events") \
    X(COMPLETION, "completion_mean", "interaction", "", "mean share watched of the events") \
    X(COMPLETED, "completed_share", "interaction", "", "events with at least 0.9 watched / events") \
    X(DEGREE, "co_watch_degree", "graph", "titles", "titles that share a user") \
    X(WEIGHT, "co_watch_weight", "graph", "", "sum over its users of (interactions of the user - 1)") \
    X(PAGERANK, "pagerank", "graph", "", "PageRank of the titles linked by common users, weighted by their number, damping 0.85") \
    X(CLUSTERING, "clustering", "graph", "", "links among the titles that share a user with it / pairs of them; up to 32,768 titles")
/* clang-format on */

enum {
#define RB_FEATURE_USER(symbol, ...) RB_USER_##symbol,
    RB_USER_FEATURES(RB_FEATURE_USER) RB_N_USER_FEATURES
};
enum {
#define RB_FEATURE_TITLE(symbol, ...) RB_TITLE_##symbol,
    RB_TITLE_FEATURES(RB_FEATURE_TITLE) RB_N_TITLE_FEATURES
};

typedef struct {
    const char *of; /* "user" or "title" */
    const char *id; /* "user.recency" */
    const char *name, *family, *unit, *formula;
} rb_feature;

/* Those of users, then those of titles, ended by one without a name. */
extern const rb_feature rb_feature_registry[];

typedef struct {
    int32_t n_users, n_titles;
    const double *user;  /* [n_users x RB_N_USER_FEATURES] row-major */
    const double *title; /* [n_titles x RB_N_TITLE_FEATURES] row-major */
    rb_shared memory[2];
} rb_features;

/**
 * Compute all features of a data set.
 *
 * Collective over ctx. Titles are the items, or those of a catalogue without interactions.
 *
 * @param[out] out  zeroed before; the same on every rank, owned by the caller (rb_features_fini)
 * @return RB_OK, RB_NO_MEMORY (agreed; out is zeroed)
 *
 * Bits: the same for any ranks and threads. PageRank (Brin, Page 1998, doi:10.1016/S0169-7552(98)00110-X) takes 100
 * iterations of O(n), or fewer where no rank moves by more than 1e-12 of the whole; the titles' links are never formed.
 * Clustering (Watts, Strogatz 1998, doi:10.1038/30918) takes O(links titles / (64 P T)) and titles^2 / 8 bytes a rank.
 */
rb_status rb_features_compute(rb_features *out, const rb_dataset *d, const rb_ctx *ctx, rb_error *err);
/**
 * The space `features`: the features of the titles of a data set as points, standardised; see data/space.h. Collective.
 *
 * @param[out] out  one point a title, terms naming its dimensions; owned by the caller, rb_points_fini
 * @return RB_OK; RB_BAD_INPUT: no feature differs between titles; RB_NO_MEMORY. The same on every rank
 *
 * Bits: the same for any ranks and threads.
 */
rb_status rb_features_space(rb_points *out, const rb_dataset *d, const rb_ctx *ctx, rb_error *err);
/**
 * The space `users`: as above, of the users, one point a user. Collective.
 *
 * @param[in] genres  also the share of each genre among those of the user's titles, where the catalogue has genres
 */
rb_status rb_features_users(rb_points *out, const rb_dataset *d, bool genres, const rb_ctx *ctx, rb_error *err);

/* Features of the users, or of the titles. */
typedef struct {
    const char *of;            /* "users", "titles" */
    const rb_feature *feature; /* [n_columns] */
    const double *value;       /* [n_rows x n_columns] */
    const rb_ids *ids;
    int n_columns;
    int32_t n_rows;
} rb_feature_rows;

/** All borrowed from f and d. Local. */
rb_feature_rows rb_feature_rows_of_users(const rb_features *f, const rb_dataset *d);
rb_feature_rows rb_feature_rows_of_titles(const rb_features *f, const rb_dataset *d);

/** Write the tables `users` and `titles`, with ids, and `definitions` of every feature below `at`. Local. */
rb_status rb_features_write(hid_t at, const rb_features *f, const rb_dataset *d, rb_error *err);

/** Collective over the ctx that made them. Zeroed is allowed. */
void rb_features_fini(rb_features *f);

#endif
