/*
 * Ranking metrics the naive way: a dense matrix of scores, a full sort of every row, formulas as they stand in the
 * definitions. Nothing is shared with src/eval.
 */
#ifndef RB_SUPPORT_ORACLE_EVAL_H
#define RB_SUPPORT_ORACLE_EVAL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int n_users, n_items;
    const double *score;   /* [n_users x n_items] */
    const bool *masked;    /* [n_users x n_items] no candidates */
    const bool *train;     /* [n_users x n_items] */
    const float *relevant; /* [n_users x n_items] rating of a relevant test item, 0: not relevant */
    uint64_t (*key)(uint64_t seed, int user, int item); /* breaks ties, the smaller first; NULL: by index */
    uint64_t seed;
    const bool *genre; /* [n_items x n_genres] */
    int n_genres;
} oracle_eval;

/** A user's candidates, best first, into list [n_items]; returns how many. */
int oracle_ranking(int *list, const oracle_eval *o, int user);

/** A metric by its definition id ("ndcg:exp-min") and cutoff (0: none); NAN where no user has a value. */
double oracle_metric(const oracle_eval *o, const char *definition, int cutoff);

#endif
