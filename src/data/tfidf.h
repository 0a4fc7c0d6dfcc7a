/*
 * TF-IDF of documents, equal to scikit-learn's TfidfVectorizer.
 *
 *     x_dt = f(n_dt) (ln((1 + N) / (1 + df_t)) + 1),  f(n) = n or 1 + ln n (sublinear);  rows divided by their length
 *
 * Where terms are as frequent at the cut of max_features, scikit-learn keeps those that an unstable sort happens to put
 * first; here the order of the terms decides. So the columns, and what is computed from them, may differ there (of the
 * Netflix titles' 20,000 columns 1,781, and silhouettes by 1e-6); without max_features both agree to rounding.
 *
 * N documents, n_dt occurrences of term t in document d, df_t documents with term t. Terms ascend by code point.
 * Salton and Buckley (1988), doi:10.1016/0306-4573(88)90021-0; the smooth idf is scikit-learn's.
 */
#ifndef RB_DATA_TFIDF_H
#define RB_DATA_TFIDF_H

#include <stdbool.h>

#include "data/catalogue.h"
#include "data/stop_words.h"
#include "linalg/csr.h"

typedef struct {
    int stop_words;       /* rb_stop_words */
    bool stem;            /* Porter2 for English, after the stop words */
    double min_df;        /* fewest documents of a term: a count, or below 1 a share of all */
    double max_df;        /* most documents: up to 1 a share of all, above it a count */
    int64_t max_features; /* the most frequent terms in all, alphabetical where equal; 0: all */
    bool sublinear;
    bool counts; /* x holds n_dt as it is: neither weighed nor divided */
} rb_tfidf_options;

typedef struct {
    rb_tfidf_options options;
    int64_t n_documents;
    rb_strings terms; /* ascending by code point */
    double *idf;      /* [terms.n] */
} rb_tfidf;

/* Texts of n documents: document i is text[i], 0-terminated UTF-8, borrowed. */
typedef struct {
    const char *const *text;
    int64_t n;
} rb_documents;

/**
 * Learn terms and idf of documents and weigh them.
 *
 * Collective over ctx. Every rank gives the same documents, works on its part of them and gets all results.
 *
 * @param[out] model  zeroed before; owned by the caller
 * @param[out] x      [documents.n x model->terms.n], rows of length 1 or 0; the same on every rank; may be NULL
 * @return RB_OK; RB_BAD_INPUT where no term is left; RB_NO_MEMORY
 *
 * Bits: the same for any ranks and threads. Time O(bytes / (P T) + terms log terms).
 */
rb_status rb_tfidf_fit(rb_tfidf *model, rb_csr *x, const rb_documents *documents, const rb_tfidf_options *options,
                       const rb_ctx *ctx, rb_error *err);

/** Weigh other documents by a model; terms that it does not know are left out. Collective; the bits as in fit. */
rb_status rb_tfidf_transform(rb_csr *x, const rb_tfidf *model, const rb_documents *documents, const rb_ctx *ctx,
                             rb_error *err);

/** Number of a term, or -1. O(log terms). */
int64_t rb_tfidf_term(const rb_tfidf *model, const char *term);

void rb_tfidf_fini(rb_tfidf *model);

#endif
