#include "data/tfidf_count.h"

#include <libstemmer.h>
#include <string.h>

#include "base/alloc.h"
#include "data/token.h"
#include "parallel/blocks.h"

/* What counting the documents of one part needs beside the part. */
typedef struct {
    rb_tokens tokens;
    rb_token_table words; /* as they stand in the text, where terms are stems; else unused */
    int32_t *term_of;     /* [words] the term of a word; -1: stop word */
    int64_t term_of_capacity;
    int64_t *last_document; /* [terms] + 1; 0: none yet */
    int64_t *place;         /* [terms] entry of the term in its last document */
    int64_t last_capacity, place_capacity;
    struct sb_stemmer *stemmer;
} counter;

static void counter_fini(counter *c)
{
    rb_tokens_fini(&c->tokens);
    rb_token_table_fini(&c->words);
    rb_free(c->term_of);
    rb_free(c->last_document);
    rb_free(c->place);
    if (c->stemmer)
        sb_stemmer_delete(c->stemmer);
}

/* The term of a word where terms are stems: looked up once for every distinct word. */
static rb_status stem_of(int32_t *term, counter *c, rb_term_part *part, const char *word, int32_t n,
                         const rb_tfidf_options *options, rb_error *err)
{
    int32_t number;
    int64_t known = c->words.n;
    RB_TRY(rb_token_table_add(&number, &c->words, word, n, err));
    if (number == known) {
        RB_TRY(rb_grow(&c->term_of, &c->term_of_capacity, known + 1, err));
        c->term_of[number] = -1;
        if (!rb_is_stop_word((rb_stop_words)options->stop_words, word, n)) {
            const sb_symbol *stem = sb_stemmer_stem(c->stemmer, (const sb_symbol *)word, n);
            if (!stem) {
                RB_FAIL(err, RB_NO_MEMORY, "out of memory: the stem of '%.*s'", (int)n, word);
                goto done;
            }
            RB_TRY(rb_token_table_add(&c->term_of[number], &part->terms, (const char *)stem,
                                      sb_stemmer_length(c->stemmer), err));
        }
    }
    *term = c->term_of[number];
done:
    return err->status;
}

/* One more occurrence of a term in a document. */
static rb_status count_term(counter *c, rb_term_part *part, int64_t document, int32_t term, rb_error *err)
{
    if (term >= c->last_capacity) {
        RB_TRY(rb_grow(&c->last_document, &c->last_capacity, term + 1, err));
        RB_TRY(rb_grow(&c->place, &c->place_capacity, term + 1, err));
    }
    if (c->last_document[term] == document + 1) {
        part->entry[c->place[term]].count++;
        return RB_OK;
    }
    if (part->n_entries == part->entry_capacity)
        RB_TRY(rb_grow(&part->entry, &part->entry_capacity, part->n_entries + 1, err));
    c->last_document[term] = document + 1;
    c->place[term] = part->n_entries;
    part->entry[part->n_entries++] = (rb_term_count){ term, 1 };
done:
    return err->status;
}

rb_status rb_term_part_count(rb_term_part *part, const rb_documents *documents, int64_t first, int64_t last,
                             const rb_tfidf_options *options, rb_error *err)
{
    counter c = { 0 };
    part->first = first;
    part->n = last - first;
    RB_TRY(rb_alloc(&part->begin, part->n + 1, err));
    if (options->stem && !(c.stemmer = sb_stemmer_new("english", NULL))) {
        RB_FAIL(err, RB_NO_MEMORY, "out of memory: the English stemmer");
        goto done;
    }
    for (int64_t d = first; d < last; d++) {
        const char *text = documents->text[d];
        RB_TRY(rb_tokenize(&c.tokens, text, (int64_t)strlen(text), err));
        for (int64_t k = 0; k < c.tokens.n; k++) {
            const char *word = c.tokens.text + c.tokens.token[k].begin;
            int32_t n = c.tokens.token[k].n, term = -1;
            if (options->stem)
                RB_TRY(stem_of(&term, &c, part, word, n, options, err));
            else
                RB_TRY(rb_token_table_add(&term, &part->terms, word, n, err));
            if (term >= 0)
                RB_TRY(count_term(&c, part, d, term, err));
        }
        part->begin[d - first + 1] = part->n_entries;
    }
done:
    counter_fini(&c);
    return err->status;
}

static void part_fini(rb_term_part *part)
{
    rb_token_table_fini(&part->terms);
    rb_free(part->begin);
    rb_free(part->entry);
}

void rb_term_parts_fini(rb_term_part *parts, int64_t n_parts)
{
    for (int64_t p = 0; parts && p < n_parts; p++)
        part_fini(&parts[p]);
    rb_free(parts);
}

/* This rank's parts, one a thread, in parts[0 .. n_threads). */
static rb_status count_own(rb_term_part *parts, const rb_documents *documents, const rb_tfidf_options *options,
                           const rb_ctx *ctx, rb_error *err)
{
    int64_t n_parts = (int64_t)ctx->n_ranks * ctx->n_threads;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static, 1)
    for (int t = 0; t < ctx->n_threads; t++) {
        int64_t p = (int64_t)ctx->rank * ctx->n_threads + t;
        rb_error own = { 0 };
        rb_term_part_count(&parts[p], documents, documents->n * p / n_parts, documents->n * (p + 1) / n_parts, options,
                           &own);
        if (own.status != RB_OK)
#pragma omp critical(rb_term_parts)
            if (err->status == RB_OK)
                *err = own;
    }
    return err->status;
}

/* A part as it travels: how long each of its arrays is, then the arrays. */
typedef struct {
    int64_t first, n, n_terms, n_text, n_entries;
} part_shape;

static int64_t padded(int64_t n_bytes)
{
    return (n_bytes + 7) / 8 * 8;
}

static int64_t packed_bytes(const rb_term_part *p)
{
    return (int64_t)sizeof(part_shape) + padded(p->terms.n_text) + p->terms.n * (int64_t)sizeof *p->terms.entry +
           (p->n + 1) * (int64_t)sizeof *p->begin + p->n_entries * (int64_t)sizeof *p->entry;
}

static char *put(char *to, const void *from, int64_t n_bytes)
{
    if (n_bytes > 0)
        memcpy(to, from, (size_t)n_bytes);
    return to + padded(n_bytes);
}

static const char *get(void *to, const char *from, int64_t n_bytes)
{
    memcpy(to, from, (size_t)n_bytes);
    return from + padded(n_bytes);
}

static char *pack(char *to, const rb_term_part *p)
{
    part_shape s = { p->first, p->n, p->terms.n, p->terms.n_text, p->n_entries };
    to = put(to, &s, sizeof s);
    to = put(to, p->terms.text, s.n_text);
    to = put(to, p->terms.entry, s.n_terms * (int64_t)sizeof *p->terms.entry);
    to = put(to, p->begin, (s.n + 1) * (int64_t)sizeof *p->begin);
    return put(to, p->entry, s.n_entries * (int64_t)sizeof *p->entry);
}

/* The table arrives without its slots: its words can be listed, not looked up. */
static rb_status unpack(rb_term_part *p, const char **from, rb_error *err)
{
    part_shape s;
    const char *at = get(&s, *from, sizeof s);
    *p = (rb_term_part){ .first = s.first, .n = s.n, .n_entries = s.n_entries, .entry_capacity = s.n_entries };
    RB_TRY(rb_alloc(&p->terms.text, s.n_text, err));
    p->terms.n_text = p->terms.text_capacity = s.n_text;
    RB_TRY(rb_alloc(&p->terms.entry, s.n_terms, err));
    p->terms.n = p->terms.capacity = s.n_terms;
    RB_TRY(rb_alloc(&p->begin, s.n + 1, err));
    RB_TRY(rb_alloc(&p->entry, s.n_entries, err));
    at = get(p->terms.text, at, s.n_text);
    at = get(p->terms.entry, at, s.n_terms * (int64_t)sizeof *p->terms.entry);
    at = get(p->begin, at, (s.n + 1) * (int64_t)sizeof *p->begin);
    *from = get(p->entry, at, s.n_entries * (int64_t)sizeof *p->entry);
done:
    return err->status;
}

/* Every rank gets the parts of all. */
static rb_status exchange(rb_term_part *parts, const rb_ctx *ctx, rb_error *err)
{
    int64_t *begin = NULL, *unit = NULL, n_bytes = 0;
    char *all = NULL;
    rb_alloc(&begin, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&unit, ctx->n_ranks + 1, err));
    const rb_term_part *own = parts + (int64_t)ctx->rank * ctx->n_threads;
    for (int t = 0; t < ctx->n_threads; t++)
        n_bytes += packed_bytes(&own[t]);
    for (int r = 0; r <= ctx->n_ranks; r++)
        unit[r] = r * (int64_t)sizeof *unit;
    rb_allgather_bytes(ctx, begin + 1, &n_bytes, unit);
    for (int r = 0; r < ctx->n_ranks; r++)
        begin[r + 1] += begin[r];
    RB_TRY_ALL(ctx, rb_alloc(&all, begin[ctx->n_ranks], err));
    char *to = all + begin[ctx->rank];
    for (int t = 0; t < ctx->n_threads; t++)
        to = pack(to, &own[t]);
    rb_allgather_bytes(ctx, all, all + begin[ctx->rank], begin);
    for (int r = 0; r < ctx->n_ranks; r++) {
        const char *from = all + begin[r];
        for (int t = 0; t < ctx->n_threads && r != ctx->rank; t++)
            RB_TRY(unpack(&parts[(int64_t)r * ctx->n_threads + t], &from, err));
    }
done:
    rb_free(all);
    rb_free(unit);
    rb_free(begin);
    return err->status;
}

rb_status rb_term_parts(rb_term_part **parts, int64_t *n_parts, const rb_documents *documents,
                        const rb_tfidf_options *options, const rb_ctx *ctx, rb_error *err)
{
    *n_parts = (int64_t)ctx->n_ranks * ctx->n_threads;
    RB_TRY_ALL(ctx, rb_alloc(parts, *n_parts, err));
    RB_TRY_ALL(ctx, count_own(*parts, documents, options, ctx, err));
    if (ctx->n_ranks > 1)
        RB_TRY_ALL(ctx, exchange(*parts, ctx, err)); /* unpacking may fail on one rank */
done:
    return err->status;
}
