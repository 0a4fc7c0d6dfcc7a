#include "support/oracle_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* The word that starts at or behind *at, lower case, of two characters or more; false at the end of the text. */
static bool next_word(char word[32], const char **at)
{
    for (;;) {
        while (**at && !isalnum((unsigned char)**at) && **at != '_')
            (*at)++;
        int n = 0;
        for (; isalnum((unsigned char)**at) || **at == '_'; (*at)++)
            if (n < 31)
                word[n++] = (char)tolower((unsigned char)**at);
        word[n] = 0;
        if (n >= 2)
            return true;
        if (!**at)
            return false;
    }
}

static int64_t find(const rb_oracle_text *o, const char *word)
{
    for (int64_t t = 0; t < o->n_terms; t++)
        if (strcmp(o->term[t], word) == 0)
            return t;
    return -1;
}

static int64_t occurrences(const char *text, const char *term)
{
    char word[32];
    int64_t n = 0;
    while (next_word(word, &text))
        n += strcmp(word, term) == 0;
    return n;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void drop(rb_oracle_text *o, int64_t term)
{
    memmove(o->term[term], o->term[term + 1], (size_t)(o->n_terms - term - 1) * sizeof *o->term);
    o->n_terms--;
}

static void documents_and_total(int64_t *df, int64_t *total, const char *term, const char *const *text, int64_t n)
{
    *df = *total = 0;
    for (int64_t d = 0; d < n; d++) {
        int64_t k = occurrences(text[d], term);
        *df += k > 0;
        *total += k;
    }
}

/* Drops the least frequent term, of several the last one, until max_features are left. */
static void limit(rb_oracle_text *o, const char *const *text, int64_t n, int64_t max_features)
{
    while (max_features > 0 && o->n_terms > max_features) {
        int64_t worst = 0, least = INT64_MAX;
        for (int64_t t = 0; t < o->n_terms; t++) {
            int64_t df, total;
            documents_and_total(&df, &total, o->term[t], text, n);
            if (total <= least) {
                least = total;
                worst = t;
            }
        }
        drop(o, worst);
    }
}

void rb_oracle_text_make(rb_oracle_text *o, const char *const *text, int64_t n, const rb_oracle_text_options *options)
{
    char word[32];
    int64_t df, total;
    *o = (rb_oracle_text){ .n_documents = n, .term = malloc(100000 * sizeof *o->term) };
    for (int64_t d = 0; d < n; d++)
        for (const char *at = text[d]; next_word(word, &at);)
            if (find(o, word) < 0)
                strcpy(o->term[o->n_terms++], word);
    qsort(o->term, (size_t)o->n_terms, sizeof *o->term, by_name);
    for (int64_t t = o->n_terms - 1; t >= 0; t--) {
        documents_and_total(&df, &total, o->term[t], text, n);
        if ((double)df < options->min_count || (double)df > options->max_count)
            drop(o, t);
    }
    limit(o, text, n, options->max_features);
    o->x = calloc((size_t)(n * o->n_terms), sizeof *o->x);
    for (int64_t t = 0; t < o->n_terms; t++) {
        documents_and_total(&df, &total, o->term[t], text, n);
        for (int64_t d = 0; d < n; d++) {
            double k = (double)occurrences(text[d], o->term[t]);
            double tf = k > 0 && options->sublinear ? 1 + log(k) : k;
            o->x[d * o->n_terms + t] = tf * (log((1.0 + (double)n) / (1.0 + (double)df)) + 1);
        }
    }
    for (int64_t d = 0; d < n; d++) {
        double squares = 0;
        for (int64_t t = 0; t < o->n_terms; t++)
            squares += pow(o->x[d * o->n_terms + t], 2);
        for (int64_t t = 0; t < o->n_terms && squares > 0; t++)
            o->x[d * o->n_terms + t] /= sqrt(squares);
    }
}

void rb_oracle_text_fini(rb_oracle_text *o)
{
    free(o->term);
    free(o->x);
}

char *rb_oracle_text_random(uint64_t seed, int64_t document, int n_words, int n_distinct)
{
    static const char *const between[] = { " ", ", ", ". ", "-", " a ", "\n", " the " };
    rb_rng rng = { .key = seed, .stream = rb_stream("oracle_text"), .entity = (uint64_t)document };
    char *text = calloc((size_t)n_words + 1, 24), *at = text;
    for (int k = 0; k < n_words; k++) {
        double u = rb_rng_uniform(&rng, (uint32_t)(2 * k)); /* squared: low numbers are frequent */
        int number = (int)(u * u * n_distinct);
        at += sprintf(at, "%s%c%d%s", number % 3 ? "word" : "Term", 'a' + number % 26, number / 26,
                      between[rb_rng_below(&rng, (uint32_t)(2 * k + 1), 7)]);
    }
    return text;
}
