/*
 * Variational Bayes for topics (Blei et al. 2003; online: Hoffman, Blei, Bach 2010), as in scikit-learn.
 *
 *     documents:  gamma_d by rb_topics_infer under the table exp(E[ln p(w | k)]) of the weights lambda
 *     words:      s_wk = word_wk sum_d e_dk n_dw / sum_j e_dj word_wj
 *     weights:    lambda <- beta + s (batch),  (1 - rho_t) lambda + rho_t (beta + D / |batch| s),  rho_t = (tau_0 +
 * t)^-kappa
 *
 * Documents are independent of each other; a word's sum goes over its documents in ascending order by whoever owns the
 * word. So the bits are the same for any ranks and threads.
 */
#ifndef RB_CLUSTER_CORE_TOPICS_VARIATIONAL_H
#define RB_CLUSTER_CORE_TOPICS_VARIATIONAL_H

#include "cluster/core/topics.h"

typedef struct rb_variational_options {
    int64_t batch_size; /* documents of a step; 0: all */
    double offset, decay;
    const rb_array *start; /* [n_topics x n_terms] first weights; no value: random around 1 */
} rb_variational_options;

typedef struct rb_variational {
    rb_variational_options options;
    const rb_csr *x;     /* borrowed */
    rb_csr by_word;      /* its documents, ascending, of each word */
    int64_t *entry;      /* [nnz] where they stand in x */
    int64_t *cursor;     /* [n_terms] how far a pass has come in by_word */
    int64_t n_documents; /* that are not empty */
    int64_t n_steps;     /* updates so far, t - 1 */
    rb_topic_table table;
    rb_shared e_memory, scale_memory, document_memory, word_memory;
    double *e;        /* [n x n_topics] of each document */
    double *scale;    /* [nnz] n_dw / sum_j e_dj word_wj */
    double *document; /* [n] its part of the bound */
    double *word;     /* [n_terms] likewise, then the tree of sums */
    double *sums;     /* [the longer of n, n_terms] scratch */
    double *scratch;  /* [n_threads x 2 n_topics] */
    int64_t *begin;   /* [n_ranks + 1] documents of a step by rank */
    int64_t *unit;    /* [n_ranks + 1] scratch */
} rb_variational;

/** Room, and the first weights of the model, whose prior is set. Borrows x. Collective over ctx. RB_BAD_INPUT: a start
 *  of another shape or not above 0. */
rb_status rb_variational_begin(rb_variational *v, rb_topics *model, const rb_csr *x,
                               const rb_variational_options *options, const rb_ctx *ctx, rb_error *err);

/**
 * One pass over the documents. Collective over ctx.
 *
 * @param[out] objective   minus the bound, of the weights before the pass (online: of each step's before that step)
 * @param[in]  asymmetric  afterwards update alpha: Minka's (2000) fixed point psi(alpha_k) = psi(sum alpha) + mean
 *                         E[ln theta_dk]
 */
rb_status rb_variational_iterate(rb_variational *v, double *objective, rb_topics *model, bool asymmetric,
                                 const rb_ctx *ctx, rb_error *err);

void rb_variational_fini(rb_variational *v); /* collective over ctx of begin */

#endif
