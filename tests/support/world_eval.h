/*
 * A small world of users, items, parts and scores, dense for the oracle of the metrics and sparse for src/eval. Some
 * users have no training items, some no test items, and user 5 has few candidates.
 */
#ifndef RB_SUPPORT_WORLD_EVAL_H
#define RB_SUPPORT_WORLD_EVAL_H

#include "eval/ranking.h"
#include "support/oracle_eval.h"

typedef struct {
    int n_users, n_items, n_scores; /* scores take so many values: few make ties */
    bool *train, *masked, *genre;
    float *relevant;
    double *score;
    rb_interactions all;
    rb_ratings train_part, validation, test;
    rb_multi genres;
    rb_item_facts facts;
    oracle_eval oracle;
} world_eval;

/** A world over all ranks of rb_test_ctx, the same on each; scores take n_scores values, so few make ties. Collective.
 */
void world_eval_init(world_eval *w, int n_users, int n_items, int n_scores);
void world_eval_fini(world_eval *w);

/** Part of a pair, a pure function. */
rb_part world_eval_part(const world_eval *w, int user, int item);

/** The hash that breaks ties under `ties: hash`. */
uint64_t world_eval_tie_key(uint64_t seed, int user, int item);

/** What rb_rank needs: the world's scores in a precision, and its masks. */
rb_scorer world_eval_scorer(const world_eval *w, rb_precision precision);
rb_ranking_rules world_eval_rules(const world_eval *w, rb_ties ties);

/** calloc that fails the test. */
void *world_eval_zeroed(size_t n, size_t size);

#endif
