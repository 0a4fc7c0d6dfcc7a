/*
 * What topic models share: the check of their documents, the table of words by topics, and the topics of a document.
 *
 * Documents are the rows of a sparse matrix of counts n_dw (the space `counts`). A fitted model is a matrix of weights
 * [n_terms x n_topics], the counts or variational parameters with their prior beta, and the prior alpha [n_topics].
 */
#ifndef RB_CLUSTER_CORE_TOPICS_H
#define RB_CLUSTER_CORE_TOPICS_H

#include "data/algorithm.h"

typedef struct rb_topics {
    int64_t n_topics, n_terms;
    rb_shared weight_memory; /* double [n_terms x n_topics] */
    double *weight;
    double *alpha; /* [n_topics] */
    double beta;
    int64_t is_variational;
} rb_topics;

/** Whole numbers of at least 1 and below 2^31 in a sparse matrix that holds any word at all; RB_BAD_INPUT names the
 *  first other value. Local. */
rb_status rb_topics_check(const rb_points *points, rb_error *err);

/** The derivative of ln gamma(x), x > 0, to about 1e-14 relative to max(1, |ln x|). */
double rb_digamma(double x);

/* The words of a model as a document's topics are found from them, the same on every rank. */
typedef struct rb_topic_table {
    rb_shared memory;
    rb_blocks terms;
    int64_t *begin;     /* [n_ranks + 1] first term of each rank */
    double *sum, *psi;  /* [n_topics] weights of a topic, and psi of that */
    const double *word; /* [n_terms x n_topics] p(w | k); variational: exp(E[ln p(w | k)]) */
    const double *alpha;
    int64_t n_topics;
    bool is_variational;
} rb_topic_table;

/** Room for the table of a model, and its first values. means: p(w | k) whatever the method. Collective over ctx. */
rb_status rb_topic_table_init(rb_topic_table *table, const rb_topics *model, bool means, const rb_ctx *ctx,
                              rb_error *err);
/** Values of the model as it stands. bound [n_terms]: each word's part of the bound, written in this rank's words of
 *  table->terms; may be NULL. Collective over ctx. */
void rb_topic_table_update(rb_topic_table *table, double *bound, const rb_topics *model, const rb_ctx *ctx);
void rb_topic_table_fini(rb_topic_table *table); /* collective over the same ctx */

/* A document: words and how often each stands in it. */
typedef struct rb_document {
    const int32_t *word;
    const double *count;
    int64_t n;
} rb_document;

/**
 * The topics of a document under fixed words. Local; allocates nothing.
 *
 *     gamma_k <- alpha_k + sum_w n_w e_k word_wk / sum_j e_j word_wj
 *
 * e = gamma (Asuncion et al. 2009, CVB0), or exp(psi(gamma_k) - psi(sum gamma)) where the model is variational (Blei et
 * al. 2003), from gamma = 1 until the mean change is below 1e-3 or 100 steps are done.
 *
 * @param[out] gamma    [n_topics]
 * @param[out] e        [n_topics] as it belongs to gamma
 * @param[in]  scratch  [n_topics]
 */
void rb_topics_infer(double *gamma, double *e, const rb_document *d, const rb_topic_table *table, double *scratch);

/**
 * Topic proportions of documents, rows of length n_topics that add up to 1; one without a known word has those of the
 * prior. Every rank writes its rows of x's blocks. Collective over ctx.
 *
 * @param[out] out     [x->n x n_topics], written in this rank's rows
 */
rb_status rb_topics_proportions(double *out, const rb_topics *model, const rb_points *x, const rb_ctx *ctx,
                                rb_error *err);

/** The most probable topic of each of n rows, the lowest among equals. Local. */
void rb_topics_labels(int32_t *label, const double *proportions, int64_t n, int64_t n_topics);

/** The n_top words of each topic with the highest p(w | k), the lowest among equals: [n_topics x n_top]. Local. */
rb_status rb_topics_top_words(int32_t *word, int64_t n_top, const rb_topics *model, rb_error *err);

/* ---- topics_quality.c ---- */

/**
 * Perplexity by document completion (Wallach et al. 2009, doi:10.1145/1553374.1553515): the words of a document in
 * order of their columns, each as often as it stands there; from those at even places come its topics, by
 * CVB0 whatever the method, and
 *
 *     exp(-sum ln sum_k theta_dk p(w | k) / number of words at odd places)
 *
 * over the documents marked in held_out [x->n]. NAN where they have no word at an odd place. Collective over ctx.
 */
rb_status rb_topics_perplexity(double *perplexity, const rb_topics *model, const rb_points *x, const uint8_t *held_out,
                               const rb_ctx *ctx, rb_error *err);

/**
 * Coherence of top words (Bouma 2009; Roeder et al. 2015, doi:10.1145/2684822.2685324), the window a document: the mean
 * over pairs of ln(p(v, w) / (p(v) p(w))) / -ln p(v, w), -1 where they never meet, 0 where both are everywhere; NAN
 * where there is no pair. coherence [n_topics]. Local, by n_threads.
 */
rb_status rb_topics_coherence(double *coherence, const int32_t *top_word, int64_t n_topics, int64_t n_top,
                              const rb_csr *x, int n_threads, rb_error *err);

#endif
