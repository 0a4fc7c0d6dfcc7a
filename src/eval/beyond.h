/*
 * Beyond accuracy: what lists do besides hitting. Coverage, Gini and entropy of the exposure; novelty, diversity,
 * serendipity and popularity bias of a list. Everything here is local; eval/ranking calls it for every user.
 */
#ifndef RB_EVAL_BEYOND_H
#define RB_EVAL_BEYOND_H

#include "data/catalogue.h"
#include "data/interactions.h"
#include "linalg/csr.h"

/**
 * Items that appear in any list / catalogue size.
 *
 * @param[in] exposure  [n_items] how often each item was recommended
 */
double rb_item_coverage(const int64_t *exposure, int64_t n_items);

/**
 * Gini index of the exposure counts c_1 <= ... <= c_n:  sum_j (2 j - n - 1) c_j / (n sum c); 0 = equal, n in the
 * denominator. Exact in integers up to the last division. NAN where nothing was recommended.
 *
 * @param[in,out] exposure  [n_items]; sorted ascending on return
 */
double rb_gini(int64_t *exposure, int64_t n_items);

/** Shannon entropy of the exposure shares, in nats; NAN where nothing was recommended. Summed in the fixed tree over
 *  `scratch` [n_items]. */
double rb_exposure_entropy(const int64_t *exposure, int64_t n_items, double *scratch);

/* What is known of the items and their training data; made once for all users. */
typedef struct {
    const rb_ratings *train;
    int32_t n_train_users;  /* users with at least one training interaction */
    int32_t *by_popularity; /* [n_items] items by training users descending, then index ascending; owned */
    double *novelty;        /* [n_items] -log2(max(1, train users of the item) / train users); owned */
    const rb_multi *genre;  /* NULL: none */
    const rb_csr *tfidf;    /* [n_items x terms]; NULL: none */
    double *tfidf_norm;     /* [n_items] length of each row; owned; NULL without tfidf */
} rb_item_facts;

/**
 * Local. Cost: O(n_items log n_items + nnz of tfidf).
 *
 * @param[in] genre  values of each item, or NULL; @param[in] tfidf  rows of items, or NULL. Borrowed.
 * @return RB_OK, RB_NO_MEMORY
 */
rb_status rb_item_facts_init(rb_item_facts *facts, const rb_ratings *train, const rb_multi *genre, const rb_csr *tfidf,
                             rb_error *err);
void rb_item_facts_fini(rb_item_facts *facts);

/** Mean novelty of a list's items; NAN for an empty list. */
double rb_list_novelty(const rb_item_facts *facts, const int32_t *list, int32_t n);

/**
 * Mean over the pairs of a list of 1 - cosine, of multi-hot genre vectors or of TF-IDF rows (Ziegler et al. 2005,
 * doi:10.1145/1060745.1060754). An item with an empty vector is at distance 1 from every other. NAN where the list has
 * fewer than two items. Cost: O(n^2 times the entries of a row).
 */
double rb_list_diversity_genre(const rb_item_facts *facts, const int32_t *list, int32_t n);
double rb_list_diversity_tfidf(const rb_item_facts *facts, const int32_t *list, int32_t n);

/** Mean training users of the list's items / mean training users of the user's own training items; NAN where either
 *  list is empty. */
double rb_list_popularity_bias(const rb_item_facts *facts, const int32_t *list, int32_t n, int32_t user);

#endif
