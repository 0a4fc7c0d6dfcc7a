#include "eval/beyond.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double rb_item_coverage(const int64_t *exposure, int64_t n_items)
{
    int64_t n = 0;
    for (int64_t i = 0; i < n_items; i++)
        n += exposure[i] > 0;
    return n_items > 0 ? (double)n / (double)n_items : NAN;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

double rb_gini(int64_t *exposure, int64_t n_items)
{
    qsort(exposure, (size_t)n_items, sizeof *exposure, ascending);
    __int128 weighted = 0, total = 0;
    for (int64_t j = 1; j <= n_items; j++) {
        weighted += (__int128)(2 * j - n_items - 1) * exposure[j - 1];
        total += exposure[j - 1];
    }
    return total > 0 ? (double)weighted / ((double)n_items * (double)total) : NAN;
}

double rb_exposure_entropy(const int64_t *exposure, int64_t n_items, double *scratch)
{
    int64_t total = 0;
    for (int64_t i = 0; i < n_items; i++)
        total += exposure[i];
    for (int64_t i = 0; i < n_items; i++) {
        double share = (double)exposure[i] / (double)total;
        scratch[i] = exposure[i] > 0 ? -share * log(share) : 0.0;
    }
    return total > 0 ? rb_tree_sum(scratch, n_items) : NAN;
}

static int64_t popularity(const rb_ratings *train, int32_t item)
{
    return train->item_begin[item + 1] - train->item_begin[item];
}

/* Items by training users descending, then index ascending: a counting sort. */
static rb_status sort_by_popularity(int32_t *order, const rb_ratings *train, rb_error *err)
{
    int64_t *begin = NULL;
    RB_TRY(rb_alloc(&begin, (int64_t)train->n_users + 2, err));
    for (int32_t i = 0; i < train->n_items; i++)
        begin[train->n_users - popularity(train, i) + 1]++;
    for (int32_t p = 0; p <= train->n_users; p++)
        begin[p + 1] += begin[p];
    for (int32_t i = 0; i < train->n_items; i++)
        order[begin[train->n_users - popularity(train, i)]++] = i;
done:
    rb_free(begin);
    return err->status;
}

/* The row of an item in plain loops: a row's order is fixed, so are its bits. */
static double norm(const rb_csr *x, int64_t row)
{
    double sum = 0;
    for (int64_t e = x->row_begin[row]; e < x->row_begin[row + 1]; e++)
        sum += x->value[e] * x->value[e];
    return sqrt(sum);
}

rb_status rb_item_facts_init(rb_item_facts *facts, const rb_ratings *train, const rb_multi *genre, const rb_csr *tfidf,
                             rb_error *err)
{
    *facts = (rb_item_facts){ .train = train, .genre = genre, .tfidf = tfidf };
    for (int32_t u = 0; u < train->n_users; u++)
        facts->n_train_users += train->user_begin[u + 1] > train->user_begin[u];
    RB_TRY(rb_alloc(&facts->by_popularity, train->n_items, err));
    RB_TRY(rb_alloc(&facts->novelty, train->n_items, err));
    RB_TRY(sort_by_popularity(facts->by_popularity, train, err));
    for (int32_t i = 0; i < train->n_items; i++) {
        int64_t n = popularity(train, i);
        facts->novelty[i] = -log2((double)(n > 1 ? n : 1) / (double)facts->n_train_users);
    }
    if (tfidf) {
        RB_TRY(rb_alloc(&facts->tfidf_norm, train->n_items, err));
        for (int32_t i = 0; i < train->n_items; i++)
            facts->tfidf_norm[i] = norm(tfidf, i);
    }
done:
    if (err->status != RB_OK)
        rb_item_facts_fini(facts);
    return err->status;
}

void rb_item_facts_fini(rb_item_facts *facts)
{
    rb_free(facts->by_popularity);
    rb_free(facts->novelty);
    rb_free(facts->tfidf_norm);
    memset(facts, 0, sizeof *facts);
}

double rb_list_novelty(const rb_item_facts *facts, const int32_t *list, int32_t n)
{
    double sum = 0;
    for (int32_t j = 0; j < n; j++)
        sum += facts->novelty[list[j]];
    return n > 0 && facts->n_train_users > 0 ? sum / n : NAN;
}

/* Genres that both items have; an item has few, in no order that could be used. */
static double cosine_of_genres(const rb_multi *genre, int32_t a, int32_t b)
{
    int64_t n_a = genre->begin[a + 1] - genre->begin[a], n_b = genre->begin[b + 1] - genre->begin[b], common = 0;
    for (int64_t e = genre->begin[a]; e < genre->begin[a + 1]; e++)
        for (int64_t f = genre->begin[b]; f < genre->begin[b + 1]; f++)
            common += genre->value[e] == genre->value[f];
    return common > 0 ? (double)common / sqrt((double)n_a * (double)n_b) : 0.0;
}

static double cosine_of_rows(const rb_csr *x, const double *length, int32_t a, int32_t b)
{
    double lengths = length[a] * length[b];
    return lengths > 0 ? rb_csr_dot(x, a, b) / lengths : 0.0;
}

double rb_list_diversity_genre(const rb_item_facts *facts, const int32_t *list, int32_t n)
{
    double sum = 0;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = i + 1; j < n; j++)
            sum += 1.0 - cosine_of_genres(facts->genre, list[i], list[j]);
    return n > 1 ? sum / (0.5 * n * (n - 1.0)) : NAN;
}

double rb_list_diversity_tfidf(const rb_item_facts *facts, const int32_t *list, int32_t n)
{
    double sum = 0;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = i + 1; j < n; j++)
            sum += 1.0 - cosine_of_rows(facts->tfidf, facts->tfidf_norm, list[i], list[j]);
    return n > 1 ? sum / (0.5 * n * (n - 1.0)) : NAN;
}

double rb_list_popularity_bias(const rb_item_facts *facts, const int32_t *list, int32_t n, int32_t user)
{
    const rb_ratings *train = facts->train;
    int64_t listed = 0, own = 0, n_own = train->user_begin[user + 1] - train->user_begin[user];
    for (int32_t j = 0; j < n; j++)
        listed += popularity(train, list[j]);
    for (int64_t e = train->user_begin[user]; e < train->user_begin[user + 1]; e++)
        own += popularity(train, train->user_item[e]);
    return n > 0 && n_own > 0 ? ((double)listed / n) / ((double)own / (double)n_own) : NAN;
}
