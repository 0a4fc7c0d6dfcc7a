#include "data/tfidf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/tfidf_count.h"

void rb_tfidf_fini(rb_tfidf *model)
{
    rb_strings_fini(&model->terms);
    rb_free(model->idf);
    memset(model, 0, sizeof *model);
}

int64_t rb_tfidf_term(const rb_tfidf *model, const char *term)
{
    int64_t low = 0, high = model->terms.n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(term, rb_strings_at(&model->terms, middle));
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

/* All distinct terms with their counts over all parts. Terms are numbered by first appearance. */
typedef struct {
    rb_token_table terms;
    int64_t *n_documents;   /* [terms.n] */
    int64_t *n_occurrences; /* [terms.n] */
    int32_t **global;       /* [parts][terms of the part] number in terms, then column of the matrix; -1: dropped */
    int64_t n_parts;
} vocabulary;

static void vocabulary_fini(vocabulary *v)
{
    rb_token_table_fini(&v->terms);
    rb_free(v->n_documents);
    rb_free(v->n_occurrences);
    for (int64_t p = 0; v->global && p < v->n_parts; p++)
        rb_free(v->global[p]);
    rb_free(v->global);
}

static rb_status merge_parts(vocabulary *v, const rb_term_part *parts, int64_t n_parts, rb_error *err)
{
    int64_t most = 0;
    v->n_parts = n_parts;
    RB_TRY(rb_alloc(&v->global, n_parts, err));
    for (int64_t p = 0; p < n_parts; p++)
        most += parts[p].terms.n;
    RB_TRY(rb_alloc(&v->n_documents, most, err));
    RB_TRY(rb_alloc(&v->n_occurrences, most, err));
    for (int64_t p = 0; p < n_parts; p++) {
        const rb_token_table *terms = &parts[p].terms;
        RB_TRY(rb_alloc(&v->global[p], terms->n, err));
        for (int64_t t = 0; t < terms->n; t++)
            RB_TRY(
                rb_token_table_add(&v->global[p][t], &v->terms, rb_token_table_word(terms, t), terms->entry[t].n, err));
        for (int64_t e = 0; e < parts[p].n_entries; e++) {
            int32_t t = v->global[p][parts[p].entry[e].term];
            v->n_documents[t]++;
            v->n_occurrences[t] += parts[p].entry[e].count;
        }
    }
done:
    return err->status;
}

/* scikit-learn's limits: a term stays where low <= documents <= high. */
static void document_limits(double *low, double *high, const rb_tfidf_options *o, int64_t n_documents)
{
    *low = o->min_df < 1 ? o->min_df * (double)n_documents : o->min_df;
    *high = o->max_df <= 1 ? o->max_df * (double)n_documents : o->max_df;
    if (*low < 1)
        *low = 1; /* a stop word may stand in the table without a document of its own */
}

typedef struct {
    int64_t n_occurrences;
    int32_t place; /* in ascending order of the terms */
} frequent;

static int compare_frequent(const void *a, const void *b)
{
    const frequent *x = a, *y = b;
    if (x->n_occurrences != y->n_occurrences)
        return x->n_occurrences > y->n_occurrences ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Keeps the max_features most frequent of the n terms in `kept`, in their order; returns how many stay. */
static rb_status keep_frequent(int32_t *kept, int64_t *n, const vocabulary *v, int64_t max_features, rb_error *err)
{
    frequent *by_count = NULL;
    char *stays = NULL;
    int64_t n_stay = 0;
    if (max_features == 0 || *n <= max_features)
        return RB_OK;
    RB_TRY(rb_alloc(&by_count, *n, err));
    RB_TRY(rb_alloc(&stays, *n, err));
    for (int64_t k = 0; k < *n; k++)
        by_count[k] = (frequent){ v->n_occurrences[kept[k]], (int32_t)k };
    qsort(by_count, (size_t)*n, sizeof *by_count, compare_frequent);
    for (int64_t k = 0; k < max_features; k++)
        stays[by_count[k].place] = 1;
    for (int64_t k = 0; k < *n; k++)
        if (stays[k])
            kept[n_stay++] = kept[k];
    *n = n_stay;
done:
    rb_free(stays);
    rb_free(by_count);
    return err->status;
}

/* Numbers of the terms that become columns, ascending by code point. */
static rb_status choose_terms(int32_t *kept, int64_t *n_kept, const vocabulary *v, const rb_tfidf_options *options,
                              int64_t n_documents, rb_error *err)
{
    double low, high;
    document_limits(&low, &high, options, n_documents);
    RB_TRY(rb_token_table_order(kept, &v->terms, err));
    int64_t n = 0;
    for (int64_t k = 0; k < v->terms.n; k++) {
        int32_t t = kept[k];
        bool stop = !options->stem && rb_is_stop_word((rb_stop_words)options->stop_words,
                                                      rb_token_table_word(&v->terms, t), v->terms.entry[t].n);
        if (!stop && (double)v->n_documents[t] >= low && (double)v->n_documents[t] <= high)
            kept[n++] = t;
    }
    RB_TRY(keep_frequent(kept, &n, v, options->max_features, err));
    if (n == 0)
        RB_FAIL(err, RB_BAD_INPUT,
                "no term is left of %lld in %lld documents: stop words, min_df or max_df leave out all of them",
                (long long)v->terms.n, (long long)n_documents);
    *n_kept = n;
done:
    return err->status;
}

/* The model of the chosen terms; afterwards v->global holds columns. */
static rb_status make_model(rb_tfidf *model, vocabulary *v, const rb_term_part *parts, const int32_t *kept, int64_t n,
                            rb_error *err)
{
    const char **words = NULL;
    int32_t *column = NULL;
    RB_TRY(rb_alloc(&words, n, err));
    RB_TRY(rb_alloc(&column, v->terms.n, err));
    RB_TRY(rb_alloc(&model->idf, n, err));
    for (int64_t t = 0; t < v->terms.n; t++)
        column[t] = -1;
    for (int64_t k = 0; k < n; k++) {
        column[kept[k]] = (int32_t)k;
        words[k] = rb_token_table_word(&v->terms, kept[k]);
        model->idf[k] = log((1 + (double)model->n_documents) / (1 + (double)v->n_documents[kept[k]])) + 1;
    }
    RB_TRY(rb_strings_from(&model->terms, words, n, err));
    for (int64_t p = 0; p < v->n_parts; p++)
        for (int64_t t = 0; t < parts[p].terms.n; t++)
            v->global[p][t] = column[v->global[p][t]];
done:
    rb_free(column);
    rb_free(words);
    return err->status;
}

static int compare_columns(const void *a, const void *b)
{
    const rb_term_count *x = a, *y = b;
    return (x->term > y->term) - (x->term < y->term);
}

/* Most rows are short, and then insertion is faster than qsort. */
static void sort_by_column(rb_term_count *row, int64_t n)
{
    if (n > 128) {
        qsort(row, (size_t)n, sizeof *row, compare_columns);
        return;
    }
    for (int64_t i = 1; i < n; i++) {
        rb_term_count moved = row[i];
        int64_t j = i;
        for (; j > 0 && row[j - 1].term > moved.term; j--)
            row[j] = row[j - 1];
        row[j] = moved;
    }
}

/* Weighs one document: entries [first, last) of its part, whose terms are columns by now, those >= 0 first. */
static void weigh_row(rb_csr *x, int64_t row, const rb_term_count *entry, const rb_tfidf *model)
{
    int64_t begin = x->row_begin[row], end = x->row_begin[row + 1];
    double sum = 0;
    for (int64_t e = begin; e < end; e++) {
        const rb_term_count *t = &entry[e - begin];
        double tf = model->options.sublinear ? 1 + log((double)t->count) : (double)t->count;
        x->col[e] = t->term;
        if (model->options.counts) {
            x->value[e] = (double)t->count;
            continue;
        }
        x->value[e] = tf * model->idf[t->term];
        sum += x->value[e] * x->value[e];
    }
    double length = sqrt(sum);
    for (int64_t e = begin; e < end && !model->options.counts; e++)
        x->value[e] /= length;
}

/* Renumbers a document's entries to columns, moves those that stay to the front, sorted; returns how many. */
static int64_t to_columns(rb_term_count *entry, int64_t n, const int32_t *column)
{
    int64_t kept = 0;
    for (int64_t e = 0; e < n; e++)
        if (column[entry[e].term] >= 0)
            entry[kept++] = (rb_term_count){ column[entry[e].term], entry[e].count };
    sort_by_column(entry, kept);
    return kept;
}

/* The matrix, made by the threads of every rank by itself: less work than sending it. column[p]: of each part's terms.
 */
static rb_status fill(rb_csr *x, const rb_tfidf *model, rb_term_part *parts, int32_t *const *column, int64_t n_parts,
                      int64_t n_documents, int n_threads, rb_error *err)
{
    int64_t *n_kept = NULL;
    RB_TRY(rb_alloc(&n_kept, n_documents, err));
    for (int64_t p = 0; p < n_parts; p++) {
        rb_term_part *part = &parts[p];
#pragma omp parallel for num_threads(n_threads) schedule(static)
        for (int64_t i = 0; i < part->n; i++)
            n_kept[part->first + i] =
                to_columns(part->entry + part->begin[i], part->begin[i + 1] - part->begin[i], column[p]);
    }
    int64_t nnz = 0;
    for (int64_t d = 0; d < n_documents; d++)
        nnz += n_kept[d];
    RB_TRY(rb_csr_init(x, n_documents, model->terms.n, nnz, err));
    for (int64_t d = 0; d < n_documents; d++)
        x->row_begin[d + 1] = x->row_begin[d] + n_kept[d];
    for (int64_t p = 0; p < n_parts; p++) {
        const rb_term_part *part = &parts[p];
#pragma omp parallel for num_threads(n_threads) schedule(static)
        for (int64_t i = 0; i < part->n; i++)
            weigh_row(x, part->first + i, part->entry + part->begin[i], model);
    }
done:
    rb_free(n_kept);
    return err->status;
}

static rb_status fit_local(rb_tfidf *model, rb_csr *x, rb_term_part *parts, int64_t n_parts, int n_threads,
                           rb_error *err)
{
    vocabulary v = { 0 };
    int32_t *kept = NULL;
    int64_t n_kept = 0;
    RB_TRY(merge_parts(&v, parts, n_parts, err));
    RB_TRY(rb_alloc(&kept, v.terms.n, err));
    RB_TRY(choose_terms(kept, &n_kept, &v, &model->options, model->n_documents, err));
    RB_TRY(make_model(model, &v, parts, kept, n_kept, err));
    if (x)
        RB_TRY(fill(x, model, parts, v.global, n_parts, model->n_documents, n_threads, err));
done:
    rb_free(kept);
    vocabulary_fini(&v);
    return err->status;
}

rb_status rb_tfidf_fit(rb_tfidf *model, rb_csr *x, const rb_documents *documents, const rb_tfidf_options *options,
                       const rb_ctx *ctx, rb_error *err)
{
    rb_term_part *parts = NULL;
    int64_t n_parts = 0;
    *model = (rb_tfidf){ .options = *options, .n_documents = documents->n };
    if (x)
        *x = (rb_csr){ 0 };
    RB_TRY(rb_term_parts(&parts, &n_parts, documents, options, ctx, err));
    RB_TRY_ALL(ctx, fit_local(model, x, parts, n_parts, ctx->n_threads, err));
done:
    rb_term_parts_fini(parts, n_parts);
    if (err->status != RB_OK) {
        rb_tfidf_fini(model);
        if (x)
            rb_csr_fini(x);
    }
    return err->status;
}

/* Columns of the terms of every part, -1 where the model does not know one. */
static rb_status look_up(int32_t **column, const rb_tfidf *model, const rb_term_part *parts, int64_t n_parts,
                         rb_error *err)
{
    for (int64_t p = 0; p < n_parts; p++) {
        const rb_token_table *terms = &parts[p].terms;
        RB_TRY(rb_alloc(&column[p], terms->n, err));
        for (int64_t t = 0; t < terms->n; t++)
            column[p][t] = (int32_t)rb_tfidf_term(model, rb_token_table_word(terms, t));
    }
done:
    return err->status;
}

rb_status rb_tfidf_transform(rb_csr *x, const rb_tfidf *model, const rb_documents *documents, const rb_ctx *ctx,
                             rb_error *err)
{
    rb_term_part *parts = NULL;
    int32_t **column = NULL;
    int64_t n_parts = 0;
    *x = (rb_csr){ 0 };
    RB_TRY(rb_term_parts(&parts, &n_parts, documents, &model->options, ctx, err));
    RB_TRY_ALL(ctx, rb_alloc(&column, n_parts, err));
    RB_TRY_ALL(ctx, look_up(column, model, parts, n_parts, err));
    RB_TRY_ALL(ctx, fill(x, model, parts, column, n_parts, documents->n, ctx->n_threads, err));
done:
    for (int64_t p = 0; column && p < n_parts; p++)
        rb_free(column[p]);
    rb_free(column);
    rb_term_parts_fini(parts, n_parts);
    if (err->status != RB_OK)
        rb_csr_fini(x);
    return err->status;
}
