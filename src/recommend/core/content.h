/*
 * Titles as vectors of their words, and what is like what.
 *
 * A title's document is its text columns, each as often as its weight says; x_i is its TF-IDF (data/tfidf.h), of length
 * 1, or 0 where it has no words. Since rows are scaled to length 1, only the ratios of the weights matter. Salton,
 * Buckley (1988), doi:10.1016/0306-4573(88)90021-0; Lops, de Gemmis, Semeraro (2011), doi:10.1007/978-0-387-85820-3_3.
 */
#ifndef RB_RECOMMEND_CORE_CONTENT_H
#define RB_RECOMMEND_CORE_CONTENT_H

#include "data/algorithm.h"
#include "data/stop_words.h"
#include "linalg/csr.h"

typedef struct {
    int64_t director, cast, country, genres, description, title, tags, type; /* weights of columns */
    int stop_words;
    bool stem;
    double min_df, max_df;
    int64_t max_features;
    bool sublinear;
    int profile;
} rb_content_config;

extern const rb_param rb_content_params[];

/* The vectors, by title and by word. */
typedef struct {
    rb_csr by_item; /* [n_items x n_terms] */
    rb_csr by_term; /* its transpose */
} rb_content_vectors;

/**
 * The vectors of a catalogue. Collective over ctx.
 *
 * @param[out] out  zeroed before; the same on every rank, one copy each, owned by the caller
 * @return RB_OK; RB_BAD_INPUT where the catalogue has none of the columns of a weight, or no term is left; RB_NO_MEMORY
 *
 * Bits: the same for any ranks and threads. Time O(bytes of the text / (P T) + terms log terms).
 */
rb_status rb_content_fit(rb_content_vectors *out, const rb_catalogue *items, const rb_content_config *config,
                         const rb_ctx *ctx, rb_error *err);

/** out[j] = x_item . x_j, [n_items]. Local. O(sum over the words of the title of the titles that have it). */
void rb_content_similar(double *out, const rb_content_vectors *v, int32_t item);

/**
 * Cosine of a profile, p = sum of weight_e x_e over n titles, with the titles [begin, end); 0 where p or the title has
 * no words. Local, allocates nothing.
 *
 * @param[out] out     [end - begin]
 * @param[in]  weight  [n] or NULL: 1
 *
 * Bits: each value is one sum over the words in their order, whatever the range. Time O(words of the n titles + sum
 * over the words of p of the titles of the range that have it).
 */
void rb_content_score(double *out, const rb_content_vectors *v, const int32_t *items, const float *weight, int64_t n,
                      int32_t begin, int32_t end);

/** Length of the profile p. Local, allocates nothing. */
double rb_content_length(const rb_content_vectors *v, const int32_t *items, const float *weight, int64_t n);

/** Names the arrays: item_begin, item_term, item_weight, term_begin, term_item, term_weight. */
void rb_content_visit(rb_content_vectors *v, rb_visitor *visitor);

void rb_content_fini(rb_content_vectors *v);

#endif
