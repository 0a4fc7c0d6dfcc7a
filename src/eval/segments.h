/*
 * Metrics of lists by segment: of users by their activity, of relevant items by their popularity.
 *
 * Users with training interactions are ordered by how many they have, then by number, and cut into n groups of equal
 * size but for one; so are items by their training users. Whoever has none is `cold`. A group of users has the metric
 * over its users; a group of items has it with that group's relevant items alone, over the users that have one: how
 * well rare titles are found by the same lists.
 */
#ifndef RB_EVAL_SEGMENTS_H
#define RB_EVAL_SEGMENTS_H

#include "eval/ranking.h"

typedef struct {
    char name[24];          /* "activity 1/4" (the least active), "cold users", "popularity 4/4", "cold items" */
    rb_metric_value *value; /* [n_metrics] in the order asked for; owned by rb_segments */
    int64_t *n_users;       /* [n_metrics] that have a value */
} rb_segment;

typedef struct {
    int32_t n;           /* segments: 2 (groups + 1) */
    rb_segment *segment; /* [n] owned */
    rb_metric_value *values;
    int64_t *counts;
} rb_segments;

/**
 * Every metric of a ranking in every segment. Local: the ranking's arrays are the same on every rank.
 *
 * @param[in] train     what models are fitted on: rules->train may hold what is revealed besides
 * @param[in] ranking   of the same rules, relevant, facts and metrics
 * @param[in] n_groups  of users and of items, at least 1
 * @return RB_OK, RB_NO_MEMORY
 *
 * A metric of exposure (coverage, Gini, entropy) and, of groups of items, auc and what is beyond accuracy are
 * NOT_APPLICABLE; so is a metric where no user has a value.
 * Bits: sums in ascending order of users. Cost: O(users x places x metrics x groups), no scores.
 */
rb_status rb_rank_segments(rb_segments *out, const rb_ratings *train, const rb_ranking *ranking,
                           const rb_ranking_rules *rules, const rb_ratings *relevant, const rb_item_facts *facts,
                           const rb_metric *metrics, int32_t n_groups, rb_error *err);
void rb_segments_fini(rb_segments *s);

#endif
