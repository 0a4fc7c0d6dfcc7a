/*
 * Counting the terms of documents: the step before TF-IDF that takes the time.
 */
#ifndef RB_DATA_TFIDF_COUNT_H
#define RB_DATA_TFIDF_COUNT_H

#include "data/tfidf.h"
#include "data/token_table.h"
#include "parallel/ctx.h"

typedef struct {
    int32_t term; /* number in the terms of the same part */
    int32_t count;
} rb_term_count;

/* The terms of consecutive documents [first, first + n): their words, and each document's counts. */
typedef struct {
    int64_t first, n;
    rb_token_table terms; /* in the order of their first appearance */
    int64_t *begin;       /* [n + 1] */
    rb_term_count *entry; /* [begin[n]] terms of a document in the order of their first appearance */
    int64_t n_entries, entry_capacity;
} rb_term_part;

/**
 * Count the terms of documents [first, last). Local, one thread.
 *
 * @param[in] options  stop words and stemming
 */
rb_status rb_term_part_count(rb_term_part *part, const rb_documents *documents, int64_t first, int64_t last,
                             const rb_tfidf_options *options, rb_error *err);

/**
 * Parts that cover all documents, counted by all ranks and threads and then the same on every rank, ascending.
 *
 * Collective over ctx. How the documents are cut depends on the ranks and threads; what rb_tfidf makes of it does not.
 */
rb_status rb_term_parts(rb_term_part **parts, int64_t *n_parts, const rb_documents *documents,
                        const rb_tfidf_options *options, const rb_ctx *ctx, rb_error *err);
void rb_term_parts_fini(rb_term_part *parts, int64_t n_parts);

#endif
