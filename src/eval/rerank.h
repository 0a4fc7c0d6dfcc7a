/*
 * Re-ranking the best candidates of a user so that a list is not only good but varied. Greedy: each place takes the
 * candidate that adds most to the places before it, the earlier candidate where two add the same.
 *
 *     mmr    lambda s(i) - (1 - lambda) max_{j in list} cos(i, j)
 *            Carbonell and Goldstein 1998, doi:10.1145/290941.291025
 *     xquad  lambda s(i) + (1 - lambda) sum_a P(a | u) P(a | i) prod_{j in list} (1 - P(a | j))
 *            Santos, Macdonald and Ounis 2010, doi:10.1145/1772690.1772780 (who write 1 - lambda for lambda)
 *
 * s(i): the model's score, scaled to [0, 1] over the user's candidates (0 where all are equal). cos: of the rows of a
 * space, or 1 within a cluster and 0 otherwise. Aspects a are the columns of a space without negative values (genres),
 * or the clusters of a clustering; P(a | i) is the share of a in the row of i, P(a | u) the mean of that over those of
 * the user's known items that have any; the same for all aspects where none has. Items with an empty row, or in no
 * cluster, are like nothing and have no aspect.
 */
#ifndef RB_EVAL_RERANK_H
#define RB_EVAL_RERANK_H

#include "base/param.h"
#include "data/points.h"
#include "linalg/csr.h"
#include "linalg/topk.h"

typedef enum { RB_RERANK_MMR, RB_RERANK_XQUAD } rb_rerank_method;

/* What an experiment asks for; `rb_rerank_params` describes it. */
typedef struct {
    int method; /* rb_rerank_method */
    double lambda;
    int64_t candidates;
    const char *space;     /* canonical name */
    rb_model_ref clusters; /* index >= 0: in place of the space */
} rb_rerank_config;

extern const rb_param rb_rerank_params[];

typedef struct {
    rb_rerank_method method;
    double lambda;
    int32_t n_candidates;
    rb_csr rows; /* [n_items x aspects] of length 1 (mmr), of sum 1 (xquad), or empty; owned */
} rb_reranker;

/**
 * Local.
 *
 * @param[in] points  rows of the items; NULL: labels
 * @param[in] labels  [n_items] clusters from 0, below 0: in none; NULL: points
 * @return RB_OK; RB_BAD_INPUT where xquad gets a space with a negative value; RB_NO_MEMORY
 * Cost: a copy of the rows' values that are not 0.
 */
rb_status rb_reranker_init(rb_reranker *r, const rb_rerank_config *config, const rb_points *points,
                           const int32_t *labels, int64_t n_items, rb_error *err);
void rb_reranker_fini(rb_reranker *r);

/* What a thread re-ranks in. */
typedef struct {
    double *relevance, *redundance; /* [n candidates] */
    bool *taken;                    /* [n candidates] */
    double *wanted;                 /* [aspects] P(a | u) prod (1 - P(a | j)) */
    int32_t *order;                 /* [n candidates] */
} rb_rerank_scratch;

rb_status rb_rerank_scratch_init(rb_rerank_scratch *s, const rb_reranker *r, int64_t n_candidates, rb_error *err);
void rb_rerank_scratch_fini(rb_rerank_scratch *s);

/**
 * The first k places of a user's list, as positions among the candidates, into s->order: of the first
 * r->n_candidates re-ranked, then the others by score. A list of fewer places is the beginning of a longer one. Local.
 *
 * @param[in] candidate  [n] best first
 * @param[in] history    [n_history] the user's training items (xquad)
 *
 * Bits: of the arguments alone. Cost: with m the candidates that are re-ranked O(m min(k, m)) products of two rows
 * (mmr), or rows (xquad).
 */
void rb_rerank(rb_rerank_scratch *s, const rb_reranker *r, const rb_topk_entry *candidate, int32_t n, int32_t k,
               const int32_t *history, int64_t n_history);

#endif
