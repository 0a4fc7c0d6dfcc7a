/*
 * What one user's list is worth, by every metric; and how users' worths become one value.
 */
#ifndef RB_EVAL_RANKING_MEASURES_H
#define RB_EVAL_RANKING_MEASURES_H

#include "eval/ranking.h"

/* Discounts of the ranks and their sums; made once. */
typedef struct {
    int64_t n;
    double *discount; /* [n] 1 / log2(j + 2), j from 0 */
    double *ideal;    /* [n + 1] sum of the first j discounts */
} rb_discounts;

rb_status rb_discounts_init(rb_discounts *d, int64_t n, rb_error *err);
void rb_discounts_fini(rb_discounts *d);

/* A user's list beside what is relevant. */
typedef struct {
    int32_t user;
    const int32_t *list; /* [n] best first */
    int32_t n;
    const bool *hit;     /* [n] */
    const float *rating; /* [n] test rating of a hit */
    int64_t n_relevant;
    const float *ideal_rating; /* [n_relevant] test ratings, descending */
} rb_judged;

/* What a user's list is compared with, and room to do so. */
typedef struct {
    const rb_ratings *relevant;
    const int32_t *group; /* [items] the group of each; NULL: none is asked for */
    bool graded;          /* a metric looks at ratings: else ideal ratings are not told */
    bool *hit;            /* [places of a list] */
    float *rating;        /* the same */
    float *ideal;         /* [most relevant items of a user] where graded */
} rb_judge;

/** Whether a metric looks at the ratings of all relevant items. Local. */
bool rb_measures_are_graded(const rb_metric *metrics, int32_t n_metrics);

/** Room for lists of k places and users of at most most_relevant items. Local. @return RB_OK, RB_NO_MEMORY */
rb_status rb_judge_init(rb_judge *j, int64_t k, int64_t most_relevant, rb_error *err);
void rb_judge_fini(rb_judge *j);

/**
 * A user's list [at most k, ended by an item below 0] against the items that are relevant to the user: all, or those of
 * one group alone (group < 0: all). Points into the judge: until the next one. Local.
 */
rb_judged rb_judge_list(const rb_judge *j, int32_t user, const int32_t *list, int32_t k, int32_t group);

/* Parts that are summed over users: the value is number / weight. */
typedef struct {
    double value;          /* the user's own; NAN: none */
    double number, weight; /* NAN never enters: 0, 0 where the user has no value */
} rb_worth;

/* What the measures look at besides. */
typedef struct {
    const rb_discounts *discounts;
    const rb_ranking_rules *rules;
    const rb_item_facts *facts; /* NULL: unknown */
} rb_measures;

/** Whether the metric is a mean over users of what rb_measure gives, and what it needs is known. */
bool rb_measure_applies(const rb_metric *metric, const rb_item_facts *facts);

/** The user's part in a metric with a cutoff that applies. */
rb_worth rb_measure(const rb_metric *metric, const rb_judged *judged, const rb_measures *with);

/** The value from sums over users (f1:mean needs the harmonic mean of two means). NAN where n is 0. */
double rb_measure_total(const rb_metric *metric, double number, double weight, int64_t n);

#endif
