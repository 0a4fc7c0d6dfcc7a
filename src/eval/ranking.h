/*
 * Ranking the catalogue for users, and every metric of the lists in one pass.
 *
 * Users are cut into fixed blocks; a block is scored in tiles of users x items that stay in the cache, items that
 * may not be recommended are masked, and a threshold lets almost nothing past the tile. Memory is bounded by the tile
 * and the lists, never by users x items.
 *
 * Lists may be re-ranked (eval/rerank.h): they keep the model's scores, which then do not descend. What goes over more
 * than the list, auc, then has no value, and ties have no bounds.
 *
 * Population: users with at least one relevant test item. Candidates: the catalogue minus `train` and `masked`.
 * Definitions: eval/metric.h.
 */
#ifndef RB_EVAL_RANKING_H
#define RB_EVAL_RANKING_H

#include "data/algorithm.h"
#include "eval/beyond.h"
#include "eval/metric.h"
#include "eval/rerank.h"

/* What gives scores; `score` is as in rb_algorithm: const, allocates nothing, called from parallel regions. */
typedef struct {
    void (*score)(rb_tile *tile, const void *state, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end);
    const void *state;
    rb_precision precision;
} rb_scorer;

/* Equal scores: by a hash of (seed, user, item), by item index, or by hash with the best and worst order besides. */
typedef enum { RB_TIES_HASH, RB_TIES_INDEX, RB_TIES_BOUNDS } rb_ties;

/* Candidates of each user where they are sampled (loo_sampled), the relevant items among them. */
typedef struct {
    const int64_t *begin; /* [n_users + 1] */
    const int32_t *item;  /* ascending within a user */
} rb_candidates;

typedef struct {
    int32_t n_users, n_items;
    const rb_ratings *train;         /* masked */
    const rb_ratings *masked;        /* masked besides: validation when testing; NULL */
    const rb_candidates *candidates; /* NULL: the whole catalogue */
    rb_ties ties;
    uint64_t tie_seed;
    const rb_reranker *rerank; /* NULL: lists in the order of the scores */
} rb_ranking_rules;

/* Lists of the best items, and their scores. */
typedef struct {
    int32_t n, k;        /* lists; places of a list */
    const int32_t *user; /* [n]; owned */
    int32_t *item;       /* [n x k] best first, -1 behind the last candidate; node-shared */
    double *score;       /* [n x k] NAN behind the last candidate; node-shared */
    rb_shared item_memory, score_memory;
} rb_lists;

/**
 * The k best items of each of the given users.
 *
 * Collective over ctx. Bits: the same for any number of ranks and threads.
 *
 * @param[out] out    the same on every rank; release with rb_lists_fini
 * @param[in]  users  [n] numbers of users, in any order
 * @return RB_OK, RB_NO_MEMORY, RB_NOT_FINITE naming the lowest position's user and its lowest item
 *
 * Cost: n x n_items scores; memory 12 n k bytes a node and one tile (half a MiB) a thread.
 */
rb_status rb_rank_users(rb_lists *out, const rb_scorer *scorer, const rb_ranking_rules *rules, const int32_t *users,
                        int32_t n, int32_t k, const rb_ctx *ctx, rb_error *err);
/** Bytes that each of its threads holds of the best items of users, `depth` of each: the places of a list, or the
 *  candidates that are re-ranked. Local. */
double rb_rank_thread_bytes(int64_t depth);
/** Collective over the ctx that made it. */
void rb_lists_fini(rb_lists *lists);

/* One metric over all users. */
typedef struct {
    rb_metric_value mean;        /* NOT_APPLICABLE where no user has a value */
    rb_metric_value best, worst; /* over tie orders; UNAVAILABLE unless ties are bounds */
    int64_t n_users;             /* users that have a value */
} rb_ranking_value;

typedef struct {
    int32_t n_evaluated, n_left_out; /* users with and without a relevant test item */
    int32_t n_metrics;
    rb_ranking_value *value; /* [n_metrics], in the order asked for */
    const double *per_user;  /* [n_evaluated x n_metrics] NAN where a user has no value or the metric is not per user;
                                node-shared. The user of a row: lists.user */
    rb_lists lists;          /* of the largest cutoff */
    double score_s;          /* seconds in the scorer: of this rank, the mean of its threads */
    rb_shared memory;
} rb_ranking;

/**
 * All ranking and beyond-accuracy metrics of one scorer in one pass (a second one of scoring where `auc` is asked).
 *
 * Collective over ctx. Bits: the same for any number of ranks and threads.
 *
 * @param[in] relevant   test interactions that are relevant, with their ratings (the gains of ndcg:exp-min)
 * @param[in] facts      of the items; may be NULL where no metric of family beyond but coverage, Gini and entropy is
 *                       asked. diversity without its vectors is NOT_APPLICABLE
 * @param[in] metrics    [n_metrics] of the families ranking and beyond; any other is NOT_APPLICABLE
 * @param[in] least_k    lists are at least this long (recommendations to store); 0: as the cutoffs need
 * @return RB_OK, RB_NO_MEMORY, RB_NOT_FINITE naming user and item
 *
 * A pooled metric (precision:micro-min, f1:mean) has per-user values of its unpooled kind for tests between trials:
 * sum h / min(K, R), and f1:user.
 * Cost: n_evaluated x n_items scores, one comparison each; memory as rb_rank_users plus 8 n_evaluated n_metrics.
 */
rb_status rb_rank(rb_ranking *out, const rb_scorer *scorer, const rb_ranking_rules *rules, const rb_ratings *relevant,
                  const rb_item_facts *facts, const rb_metric *metrics, int32_t n_metrics, int32_t least_k,
                  const rb_ctx *ctx, rb_error *err);
/** Collective over the ctx that made it. */
void rb_ranking_fini(rb_ranking *ranking);

#endif
