/*
 * Collapsed Gibbs sampling with counts frozen in a phase, written plainly: dense counts made anew from the tokens.
 */
#ifndef RB_SUPPORT_ORACLE_LDA_H
#define RB_SUPPORT_ORACLE_LDA_H

#include <stdint.h>

#include "linalg/csr.h"

typedef struct {
    int n_topics, n_proposals;
    int64_t n_documents, n_terms, n_tokens;
    int *document, *word;       /* [n_tokens] in the order of documents, then of columns */
    int *z, *candidate, *order; /* [n_tokens], [n_tokens x n_proposals]; order: tokens by word */
} rb_oracle_lda;

/** Tokens of x with their random topics and first candidates. */
void rb_oracle_lda_begin(rb_oracle_lda *o, const rb_csr *x, int n_topics, int n_proposals, double alpha, uint64_t seed);
/** A phase of words and one of documents. */
void rb_oracle_lda_iterate(rb_oracle_lda *o, int iteration, double alpha, double beta, uint64_t seed);
/** Counts of words by topics, [n_terms x n_topics]. */
void rb_oracle_lda_words(double *count, const rb_oracle_lda *o);
/** ln p(w, z). */
double rb_oracle_lda_likelihood(const rb_oracle_lda *o, double alpha, double beta);
void rb_oracle_lda_fini(rb_oracle_lda *o);

/**
 * Perplexity of the held out rows of x by document completion, word by word: those at even places of a row give its
 * topics, from 1 each, until they move by less than 1e-3 on average, at most 100 times; those at odd places are scored.
 *
 * @param[in] weight  [n_cols x n_topics] of each word in each topic
 */
double rb_oracle_lda_perplexity(const rb_csr *x, const uint8_t *held_out, const double *weight, int n_topics,
                                const double *alpha);

#endif
