/*
 * Collapsed Gibbs sampling in the form of WarpLDA (Chen et al. 2016, doi:10.14778/2977797.2977801).
 *
 * Each word that stands in a document is a token with a topic z and n_proposals candidates for the next one. A phase
 * visits the words, the next one the documents; all counts of a phase are those at its beginning. In a phase a token
 * goes through its candidates (Metropolis-Hastings) and then gets new ones:
 *
 *     words:      accept k for z with min(1, (C_wk + beta) (C_z + V beta) / ((C_wz + beta) (C_k + V beta))),
 *                 propose k ~ C_wk + beta
 *     documents:  accept k for z with min(1, (C_dk + alpha_k) (C_z + V beta) / ((C_dz + alpha_z) (C_k + V beta))),
 *                 propose k ~ C_dk + alpha_k
 *
 * Random numbers: one counter a token and phase. So what a token does depends on frozen counts and its own numbers
 * alone, and counts are integers: the same bits for any ranks and threads.
 */
#ifndef RB_CLUSTER_CORE_TOPICS_GIBBS_H
#define RB_CLUSTER_CORE_TOPICS_GIBBS_H

#include "cluster/core/topics.h"

#define RB_GIBBS_MOST_TOPICS 65535
#define RB_GIBBS_MOST_PROPOSALS 16

/* The tokens in the order of documents or of words. */
typedef struct rb_gibbs_side {
    rb_blocks units;    /* documents or words, by their tokens */
    int64_t *begin;     /* [units.n + 1] first token of each */
    int32_t *place;     /* [own tokens] the token in the other side */
    int64_t *offset;    /* [n_ranks + 1] first token of each rank */
    rb_shared memory;   /* uint16_t [n_tokens x (1 + n_proposals)]: z, then the candidates */
    int64_t longest;    /* tokens of a unit at most */
    double *cumulative; /* [n_topics + 1] of the prior */
    uint32_t stream;
} rb_gibbs_side;

typedef struct rb_gibbs {
    int64_t n_topics, n_terms, n_tokens;
    int n_proposals;
    rb_gibbs_side documents, words;
    int64_t own_word;     /* the first of this rank */
    int64_t *total;       /* [n_topics] tokens of each topic */
    int64_t *topic_count; /* [n_topics x (documents.longest + 1)] documents with so many tokens of the topic */
    int64_t *word_count;  /* [words.longest + 1] (word, topic) pairs with so many tokens */
    int64_t *length;      /* [documents.longest + 1] documents with so many tokens */
    char *scratch;        /* [n_threads x scratch_bytes] */
    int64_t scratch_bytes;
} rb_gibbs;

/**
 * Cut documents into tokens and give each a random topic. Collective over ctx.
 *
 * @param[in] x      [documents x terms] counts; rows that take no part are empty
 * @param[in] alpha  [n_topics]
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: 2^31 tokens or more
 */
rb_status rb_gibbs_begin(rb_gibbs *g, const rb_csr *x, int64_t n_topics, int n_proposals, const double *alpha,
                         double beta, const rb_ctx *ctx, rb_error *err);

/** One phase of words and one of documents, then the counts of both. Collective over ctx. */
void rb_gibbs_iterate(rb_gibbs *g, int64_t iteration, const double *alpha, double beta, const rb_ctx *ctx);

/** Add the counts of words by topics, [n_terms x n_topics], in the rows of this rank's words. Local. */
void rb_gibbs_add(double *weight, const rb_gibbs *g, const rb_ctx *ctx);

/** ln p(w, z | alpha, beta), of the counts after an iteration. Local, the same on every rank. */
double rb_gibbs_likelihood(const rb_gibbs *g, const double *alpha, double beta);

/**
 * One step of Minka's fixed point (2000, Estimating a Dirichlet distribution) for each alpha_k and for the one beta,
 * from the histograms of the counts (Wallach, Mimno, McCallum 2009). Not below 1e-6. Local, the same on every rank.
 */
void rb_gibbs_update_priors(double *alpha, double *beta, const rb_gibbs *g);

/** As the slot `checkpoint`: the tokens as the documents left them, their sums, and the weights [n_terms x n_topics]
 * that rb_gibbs_add added to. */
void rb_gibbs_checkpoint(rb_gibbs *g, double *weight, rb_visitor *v);

void rb_gibbs_fini(rb_gibbs *g); /* collective over ctx of begin */

#endif
