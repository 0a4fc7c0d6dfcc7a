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
            int32_t n = c.tokens.token[k].n, term;
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

/* A part as it travels: how long each of its arrays is. */
typedef struct {
    int64_t first, n, n_terms, n_text, n_entries;
} part_shape;

static part_shape shape_of(const rb_term_part *p)
{
    return (part_shape){ p->first, p->n, p->terms.n, p->terms.n_text, p->n_entries };
}

static rb_status alloc_part(rb_term_part *p, const part_shape *s, rb_error *err)
{
    *p = (rb_term_part){ .first = s->first, .n = s->n, .n_entries = s->n_entries };
    RB_TRY(rb_alloc(&p->terms.text, s->n_text, err));
    p->terms.n_text = p->terms.text_capacity = s->n_text;
    RB_TRY(rb_alloc(&p->terms.entry, s->n_terms, err));
    p->terms.n = p->terms.capacity = s->n_terms;
    RB_TRY(rb_alloc(&p->begin, s->n + 1, err));
    RB_TRY(rb_alloc(&p->entry, s->n_entries, err));
    p->entry_capacity = s->n_entries;
done:
    return err->status;
}

/* Every rank gets the parts of all. The tables arrive without their slots: their words can be listed, not looked up. */
static rb_status exchange(rb_term_part *parts, int64_t n_parts, const rb_ctx *ctx, rb_error *err)
{
    part_shape *shape = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&shape, n_parts, err));
    for (int64_t p = 0; p < n_parts; p++) {
        int owner = (int)(p / ctx->n_threads);
        if (owner == ctx->rank)
            shape[p] = shape_of(&parts[p]);
        rb_bcast(ctx, &shape[p], sizeof *shape, owner);
        if (owner != ctx->rank)
            alloc_part(&parts[p], &shape[p], err);
    }
    RB_TRY_ALL(ctx, err->status);
    for (int64_t p = 0; p < n_parts; p++) {
        int owner = (int)(p / ctx->n_threads);
        rb_bcast(ctx, parts[p].terms.text, shape[p].n_text, owner);
        rb_bcast(ctx, parts[p].terms.entry, shape[p].n_terms * (int64_t)sizeof *parts[p].terms.entry, owner);
        rb_bcast(ctx, parts[p].begin, (shape[p].n + 1) * (int64_t)sizeof *parts[p].begin, owner);
        rb_bcast(ctx, parts[p].entry, shape[p].n_entries * (int64_t)sizeof *parts[p].entry, owner);
    }
done:
    rb_free(shape);
    return err->status;
}

rb_status rb_term_parts(rb_term_part **parts, int64_t *n_parts, const rb_documents *documents,
                        const rb_tfidf_options *options, const rb_ctx *ctx, rb_error *err)
{
    *n_parts = (int64_t)ctx->n_ranks * ctx->n_threads;
    RB_TRY_ALL(ctx, rb_alloc(parts, *n_parts, err));
    RB_TRY_ALL(ctx, count_own(*parts, documents, options, ctx, err));
    if (ctx->n_ranks > 1)
        RB_TRY(exchange(*parts, *n_parts, ctx, err));
done:
    return err->status;
}
