#include "support/oracle_lda.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* Tokens of topic k that agree with token t in a property; NULL: in none. */
static int count_of(const rb_oracle_lda *o, const int *property, int64_t t, int k)
{
    int n = 0;
    for (int64_t s = 0; s < o->n_tokens; s++)
        n += o->z[s] == k && (!property || property[s] == property[t]);
    return n;
}

static double uniform(const rb_rng *rng, int number)
{
    uint32_t word[4];
    rb_rng_words(word, rng, (uint32_t)number / 4);
    return ((double)word[number % 4] + 0.5) / 4294967296.0;
}

/* Tokens that agree with token t in a property, in the order of `order`. */
static int members(int *out, const rb_oracle_lda *o, const int *property, const int *order, int64_t t)
{
    int n = 0;
    for (int64_t s = 0; s < o->n_tokens; s++) {
        int token = order ? order[s] : (int)s;
        if (property[token] == property[t])
            out[n++] = token;
    }
    return n;
}

static void propose(rb_oracle_lda *o, const int *property, const int *order, double prior, const rb_rng *base)
{
    int *out = malloc((size_t)o->n_tokens * sizeof *out);
    for (int64_t at = 0; at < o->n_tokens; at++) {
        int t = order ? order[at] : (int)at;
        rb_rng rng = *base;
        rng.entity = (uint64_t)at;
        int n = members(out, o, property, order, t);
        for (int i = 0; i < o->n_proposals; i++) {
            double x = uniform(&rng, o->n_proposals + i) * (n + prior * o->n_topics);
            int k = 0;
            if (x < n) {
                k = o->z[out[(int)x]];
            } else {
                double edge = prior;
                for (; k + 1 < o->n_topics && !(x - n < edge); k++)
                    edge += prior;
            }
            o->candidate[t * o->n_proposals + i] = k;
        }
    }
    free(out);
}

static void accept(rb_oracle_lda *o, const int *property, const int *order, double prior, double beta,
                   const rb_rng *base)
{
    int *next = malloc((size_t)o->n_tokens * sizeof *next);
    for (int64_t at = 0; at < o->n_tokens; at++) {
        int t = order ? order[at] : (int)at, z = o->z[t];
        rb_rng rng = *base;
        rng.entity = (uint64_t)at;
        for (int i = 0; i < o->n_proposals; i++) {
            int k = o->candidate[t * o->n_proposals + i];
            double of_k = (count_of(o, property, t, k) + prior) / (count_of(o, NULL, t, k) + (double)o->n_terms * beta);
            double of_z = (count_of(o, property, t, z) + prior) / (count_of(o, NULL, t, z) + (double)o->n_terms * beta);
            if (uniform(&rng, i) < of_k / of_z)
                z = k;
        }
        next[t] = z;
    }
    memcpy(o->z, next, (size_t)o->n_tokens * sizeof *next);
    free(next);
}

void rb_oracle_lda_begin(rb_oracle_lda *o, const rb_csr *x, int n_topics, int n_proposals, double alpha, uint64_t seed)
{
    rb_rng rng = { .key = seed, .stream = rb_stream("lda.documents") };
    *o = (rb_oracle_lda){ n_topics, n_proposals, x->n_rows, x->n_cols, 0, NULL, NULL, NULL, NULL, NULL };
    for (int64_t e = 0; e < x->row_begin[x->n_rows]; e++)
        o->n_tokens += (int64_t)x->value[e];
    size_t n = (size_t)o->n_tokens;
    o->document = calloc(n, sizeof(int));
    o->word = calloc(n, sizeof(int));
    o->z = calloc(n, sizeof(int));
    o->order = calloc(n, sizeof(int));
    o->candidate = calloc(n * (size_t)n_proposals, sizeof(int));
    int t = 0, at = 0;
    for (int d = 0; d < x->n_rows; d++)
        for (int64_t e = x->row_begin[d]; e < x->row_begin[d + 1]; e++)
            for (int i = 0; i < (int)x->value[e]; i++, t++) {
                o->document[t] = d;
                o->word[t] = x->col[e];
                rng.entity = (uint64_t)t;
                o->z[t] = (int)(uniform(&rng, 0) * n_topics);
            }
    for (int w = 0; w < x->n_cols; w++)
        for (t = 0; t < o->n_tokens; t++)
            if (o->word[t] == w)
                o->order[at++] = t;
    propose(o, o->document, NULL, alpha, &rng);
}

void rb_oracle_lda_iterate(rb_oracle_lda *o, int iteration, double alpha, double beta, uint64_t seed)
{
    rb_rng words = { .key = seed, .stream = rb_stream("lda.words"), .epoch = (uint32_t)iteration + 1 };
    rb_rng documents = { .key = seed, .stream = rb_stream("lda.documents"), .epoch = (uint32_t)iteration + 1 };
    accept(o, o->word, o->order, beta, beta, &words);
    propose(o, o->word, o->order, beta, &words);
    accept(o, o->document, NULL, alpha, beta, &documents);
    propose(o, o->document, NULL, alpha, &documents);
}

void rb_oracle_lda_words(double *count, const rb_oracle_lda *o)
{
    memset(count, 0, (size_t)(o->n_terms * o->n_topics) * sizeof *count);
    for (int64_t t = 0; t < o->n_tokens; t++)
        count[o->word[t] * o->n_topics + o->z[t]]++;
}

/* One token after another: p(z_t | z_1 .. z_t-1) p(w_t | z_t, ...). */
double rb_oracle_lda_likelihood(const rb_oracle_lda *o, double alpha, double beta)
{
    double sum = 0;
    for (int64_t t = 0; t < o->n_tokens; t++) {
        int of_document = 0, of_both = 0, of_topic = 0, of_word = 0;
        for (int64_t s = 0; s < t; s++) {
            of_document += o->document[s] == o->document[t];
            of_both += o->document[s] == o->document[t] && o->z[s] == o->z[t];
            of_topic += o->z[s] == o->z[t];
            of_word += o->z[s] == o->z[t] && o->word[s] == o->word[t];
        }
        sum += log((of_both + alpha) / (of_document + alpha * o->n_topics));
        sum += log((of_word + beta) / (of_topic + beta * (double)o->n_terms));
    }
    return sum;
}

void rb_oracle_lda_fini(rb_oracle_lda *o)
{
    free(o->document);
    free(o->word);
    free(o->z);
    free(o->candidate);
    free(o->order);
    memset(o, 0, sizeof *o);
}

/* ---- document completion ---- */

#define MOST_WORDS 512
#define MOST_TOPICS 16

static double chance(const double *theta, const double *weight, const double *total, int n_topics, int word)
{
    double p = 0;
    for (int k = 0; k < n_topics; k++)
        p += theta[k] * weight[word * n_topics + k] / total[k];
    return p;
}

/* theta from every second word, beginning with the first. */
static void find_topics(double *theta, const int *word, int n_words, const double *weight, const double *total,
                        int n_topics, const double *alpha)
{
    double gamma[MOST_TOPICS], next[MOST_TOPICS], moved = 1, sum = 0;
    for (int k = 0; k < n_topics; k++)
        gamma[k] = 1;
    for (int step = 0; step < 100 && moved >= 1e-3; step++) {
        for (int k = 0; k < n_topics; k++)
            next[k] = alpha[k];
        for (int i = 0; i < n_words; i += 2)
            for (int k = 0; k < n_topics; k++)
                next[k] += gamma[k] * weight[word[i] * n_topics + k] / total[k] /
                           chance(gamma, weight, total, n_topics, word[i]);
        moved = 0;
        for (int k = 0; k < n_topics; k++) {
            moved += fabs(next[k] - gamma[k]) / n_topics;
            gamma[k] = next[k];
        }
    }
    for (int k = 0; k < n_topics; k++)
        sum += gamma[k];
    for (int k = 0; k < n_topics; k++)
        theta[k] = gamma[k] / sum;
}

double rb_oracle_lda_perplexity(const rb_csr *x, const uint8_t *held_out, const double *weight, int n_topics,
                                const double *alpha)
{
    double total[MOST_TOPICS] = { 0 }, theta[MOST_TOPICS], sum = 0;
    int word[MOST_WORDS], n_scored = 0;
    for (int64_t w = 0; w < x->n_cols; w++)
        for (int k = 0; k < n_topics; k++)
            total[k] += weight[w * n_topics + k];
    for (int64_t d = 0; d < x->n_rows; d++) {
        int n_words = 0;
        for (int64_t e = x->row_begin[d]; held_out[d] && e < x->row_begin[d + 1]; e++)
            for (int i = 0; i < (int)x->value[e] && n_words < MOST_WORDS; i++)
                word[n_words++] = x->col[e];
        find_topics(theta, word, n_words, weight, total, n_topics, alpha);
        for (int i = 1; i < n_words; i += 2, n_scored++)
            sum += log(chance(theta, weight, total, n_topics, word[i]));
    }
    return exp(-sum / n_scored);
}
