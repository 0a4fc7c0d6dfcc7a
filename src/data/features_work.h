/*
 * What the parts of data/features share: interactions and events grouped by user and by title, and small sums.
 */
#ifndef RB_DATA_FEATURES_WORK_H
#define RB_DATA_FEATURES_WORK_H

#include "data/features.h"
#include "parallel/blocks.h"

#define RB_DAY_S 86400
#define RB_HOURS 24
#define RB_TENTHS 10

/* Things (rows, sessions, events) by a key, ascending within it. */
typedef struct {
    int64_t *begin; /* [n + 1] */
    int64_t *at;    /* the things */
} rb_groups;

typedef struct {
    const rb_dataset *d;
    const rb_interactions *x;
    const rb_catalogue *c; /* NULL: none */
    const rb_sessions *s;  /* NULL: none */
    int32_t n_users, n_titles;
    rb_groups by_user, by_title;                 /* rows */
    rb_groups sessions_by_user, events_by_title; /* of s */
    int64_t *session_of;                         /* [s->n_events] */
    double *user_mean, *title_mean;              /* ratings; NULL without */
    double mean;                                 /* of all ratings */
    int64_t end;                                 /* last time; INT64_MIN: no times */
    int64_t longest;                             /* rows of a user */
    int32_t latest_year, latest_added;
    int64_t *sizes;      /* [n_titles] interactions of a title, descending */
    int64_t niche_above; /* a title with more interactions than so many belongs to the most popular fifth */
} rb_feature_work;

/** -sum p ln p over counts; NaN where all are 0. */
double rb_feature_entropy(const int64_t *count, int64_t n);
/** a / b; NaN where b is 0. */
double rb_feature_ratio(double a, double b);
/** Counts of the hours of [from, to) of rows, and how many are on a weekend. */
void rb_feature_hours(int64_t hours[RB_HOURS], int64_t *weekend, const rb_interactions *x, const int64_t *rows,
                      int64_t n);
/** Which tenth of the scale a rating lies in. */
int rb_feature_tenth(const rb_interactions *x, float rating);

static inline int64_t rb_group_size(const rb_groups *g, int64_t key)
{
    return g->begin[key + 1] - g->begin[key];
}

/** Rows [first, last) of the table of users. Local; room for a user's moments: [longest] a thread. */
rb_status rb_features_of_users(double *out, const rb_feature_work *w, int64_t first, int64_t last, const rb_ctx *ctx,
                               rb_error *err);
/** Rows [first, last) of the table of titles, but for the graph. Local. */
void rb_features_of_titles(double *out, const rb_feature_work *w, int64_t first, int64_t last, const rb_ctx *ctx);
/** The graph's columns of the titles [first, last), and PageRank of all titles, [n_titles]. Local. */
rb_status rb_features_of_graph(double *out, double *pagerank, const rb_feature_work *w, int64_t first, int64_t last,
                               const rb_ctx *ctx, rb_error *err);

#endif
