/*
 * TF-IDF as one would write it on a blackboard: ASCII texts, a list of words searched from its start, a dense matrix.
 */
#ifndef RB_SUPPORT_ORACLE_TEXT_H
#define RB_SUPPORT_ORACLE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t n_documents, n_terms;
    char (*term)[32]; /* ascending */
    double *x;        /* [n_documents x n_terms] */
} rb_oracle_text;

typedef struct {
    double min_count, max_count; /* documents of a term */
    int64_t max_features;        /* 0: all */
    bool sublinear;
} rb_oracle_text_options;

void rb_oracle_text_make(rb_oracle_text *out, const char *const *text, int64_t n,
                         const rb_oracle_text_options *options);
void rb_oracle_text_fini(rb_oracle_text *o);

/** Random texts over a small alphabet of words, some with capitals and punctuation; the same for the same seed. Each is
 *  released with free. */
char *rb_oracle_text_random(uint64_t seed, int64_t document, int n_words, int n_distinct);

#endif
