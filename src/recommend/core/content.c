#include "recommend/core/content.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "data/tfidf.h"
#include "recommend/core/knn.h"

#define WEIGHT(field_, default_, help_) \
    RB_INT(rb_content_config, field_, default_, 0, 100, "", help_, .flags = RB_PARAM_PREPARES)

const rb_param rb_content_params[] = {
    WEIGHT(director, 1, "times that the names of directors count; 0 leaves them out"),
    WEIGHT(cast, 1, "times that the names of the cast count"),
    WEIGHT(country, 1, "times that countries count"),
    WEIGHT(genres, 1, "times that genres count"),
    WEIGHT(description, 1, "times that the words of the description count"),
    WEIGHT(title, 0, "times that the words of the title count"),
    WEIGHT(tags, 1, "times that tags count"),
    WEIGHT(type, 0, "times that the type counts"),
    RB_CHOICE(rb_content_config, stop_words, RB_STOP_WORDS_ENGLISH, RB_STOP_WORDS_CHOICES, "words that are left out",
              .flags = RB_PARAM_PREPARES),
    RB_BOOL(rb_content_config, stem, false, "English stems (Porter2) in place of words", .flags = RB_PARAM_PREPARES),
    RB_DOUBLE(rb_content_config, min_df, 1, 0, 1e9, "titles", "fewest titles of a term; below 1 a share of all",
              .flags = RB_PARAM_PREPARES),
    RB_DOUBLE(rb_content_config, max_df, 1, 0, 1e9, "titles", "most titles of a term; up to 1 a share of all",
              .flags = RB_PARAM_PREPARES),
    RB_INT(rb_content_config, max_features, 0, 0, 1000000000, "terms", "keep the most frequent terms; 0 keeps all",
           .flags = RB_PARAM_PREPARES),
    RB_BOOL(rb_content_config, sublinear, false, "1 + ln of a term's count in place of the count",
            .flags = RB_PARAM_PREPARES),
    RB_CHOICE(rb_content_config, profile, 0, "equal|rating", "weight of a title in the profile of its user"),
    RB_PARAM_END,
};

/* ---- documents ---- */

typedef struct {
    const rb_strings *text;
    int64_t weight;
} field;

enum { MOST_FIELDS = 8 };

/* The columns that the catalogue has and the config weighs. */
static int find_fields(field out[MOST_FIELDS], const rb_catalogue *c, const rb_content_config *config)
{
    const struct {
        rb_column column;
        int64_t weight;
    } all[MOST_FIELDS] = {
        { RB_COLUMN_DIRECTOR, config->director },
        { RB_COLUMN_CAST, config->cast },
        { RB_COLUMN_COUNTRY, config->country },
        { RB_COLUMN_GENRES, config->genres },
        { RB_COLUMN_DESCRIPTION, config->description },
        { RB_COLUMN_TITLE, config->title },
        { RB_COLUMN_TAGS, config->tags },
        { RB_COLUMN_TYPE, config->type },
    };
    int n = 0;
    for (int f = 0; f < MOST_FIELDS; f++)
        if (all[f].weight > 0 && c->has[all[f].column])
            out[n++] = (field){ &c->column[all[f].column], all[f].weight };
    return n;
}

typedef struct {
    char *text;
    const char **begin; /* [n] */
} documents;

static void documents_fini(documents *d)
{
    rb_free(d->text);
    rb_free(d->begin);
}

static rb_status make_documents(documents *d, const field *fields, int n_fields, int32_t n, rb_error *err)
{
    int64_t bytes = n;
    for (int f = 0; f < n_fields; f++)
        bytes += fields[f].weight * fields[f].text->begin[n]; /* every string has an end for the blank behind it */
    RB_TRY(rb_alloc(&d->text, bytes, err));
    RB_TRY(rb_alloc(&d->begin, n, err));
    char *at = d->text;
    for (int32_t i = 0; i < n; i++) {
        d->begin[i] = at;
        for (int f = 0; f < n_fields; f++)
            for (int64_t w = 0; w < fields[f].weight; w++) {
                const char *text = rb_strings_at(fields[f].text, i);
                const size_t length = strlen(text);
                memcpy(at, text, length);
                at[length] = ' ';
                at += length + 1;
            }
        *at++ = 0;
    }
done:
    return err->status;
}

rb_status rb_content_fit(rb_content_vectors *out, const rb_catalogue *items, const rb_content_config *config,
                         const rb_ctx *ctx, rb_error *err)
{
    const rb_tfidf_options options = { .stop_words = config->stop_words,
                                       .stem = config->stem,
                                       .min_df = config->min_df,
                                       .max_df = config->max_df,
                                       .max_features = config->max_features,
                                       .sublinear = config->sublinear };
    field fields[MOST_FIELDS];
    documents d = { 0 };
    rb_tfidf model = { 0 };
    const int n_fields = find_fields(fields, items, config);
    if (n_fields == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "content: the titles have none of the columns whose weight is above 0");
    RB_TRY_ALL(ctx, make_documents(&d, fields, n_fields, items->n, err));
    RB_TRY(rb_tfidf_fit(&model, &out->by_item, &(rb_documents){ d.begin, items->n }, &options, ctx, err));
    RB_TRY_ALL(ctx, rb_csr_transpose(&out->by_term, &out->by_item, err));
done:
    documents_fini(&d);
    rb_tfidf_fini(&model);
    return err->status;
}

/* ---- products ---- */

/* out[i - begin] += factor x_it over the titles of [begin, end) that have word t. */
static void add_term(double *out, const rb_csr *by_term, int64_t t, double factor, int32_t begin, int32_t end)
{
    const int64_t from = by_term->row_begin[t], n = by_term->row_begin[t + 1] - from;
    for (int64_t e = from + rb_knn_lower(by_term->col + from, n, begin); e < from + n && by_term->col[e] < end; e++)
        out[by_term->col[e] - begin] += factor * by_term->value[e];
}

void rb_content_similar(double *out, const rb_content_vectors *v, int32_t item)
{
    const rb_csr *x = &v->by_item;
    memset(out, 0, (size_t)x->n_rows * sizeof *out);
    for (int64_t e = x->row_begin[item]; e < x->row_begin[item + 1]; e++)
        add_term(out, &v->by_term, x->col[e], x->value[e], 0, (int32_t)x->n_rows);
}

/* A profile is made of some thousand words at a time, on the stack: scoring allocates nothing. */
enum { CHUNK = 4096 };

static void profile_chunk(double p[CHUNK], const rb_csr *x, const int32_t *items, const float *weight, int64_t n,
                          int64_t first)
{
    memset(p, 0, CHUNK * sizeof *p);
    for (int64_t i = 0; i < n; i++) {
        const int64_t from = x->row_begin[items[i]], length = x->row_begin[items[i] + 1] - from;
        const double w = weight ? (double)weight[i] : 1;
        for (int64_t e = from + rb_knn_lower(x->col + from, length, (int32_t)first);
             e < from + length && x->col[e] < first + CHUNK; e++)
            p[x->col[e] - first] += w * x->value[e];
    }
}

double rb_content_length(const rb_content_vectors *v, const int32_t *items, const float *weight, int64_t n)
{
    double p[CHUNK], square = 0;
    for (int64_t first = 0; first < v->by_item.n_cols; first += CHUNK) {
        profile_chunk(p, &v->by_item, items, weight, n, first);
        for (int t = 0; t < CHUNK; t++)
            square += p[t] * p[t];
    }
    return sqrt(square);
}

void rb_content_score(double *out, const rb_content_vectors *v, const int32_t *items, const float *weight, int64_t n,
                      int32_t begin, int32_t end)
{
    double p[CHUNK], square = 0;
    memset(out, 0, (size_t)(end - begin) * sizeof *out);
    for (int64_t first = 0; first < v->by_item.n_cols && n > 0; first += CHUNK) {
        profile_chunk(p, &v->by_item, items, weight, n, first);
        for (int64_t t = first; t < first + CHUNK && t < v->by_item.n_cols; t++) {
            square += p[t - first] * p[t - first];
            if (p[t - first] != 0)
                add_term(out, &v->by_term, t, p[t - first], begin, end);
        }
    }
    const double length = sqrt(square);
    for (int32_t i = 0; i < end - begin && length > 0; i++)
        out[i] /= length;
}

/* ---- what is stored ---- */

static void visit_csr(rb_csr *x, const char *const names[3], rb_visitor *v)
{
    int64_t n_begin = x->row_begin ? x->n_rows + 1 : 0, n = x->row_begin ? x->row_begin[x->n_rows] : 0, n_cols = 1;
    v->array(v, names[0], RB_INT64, (void **)&x->row_begin, &n_begin, &n_cols, NULL);
    v->array(v, names[1], RB_INT32, (void **)&x->col, &n, &n_cols, NULL);
    v->array(v, names[2], RB_FLOAT64, (void **)&x->value, &n, &n_cols, NULL);
    x->n_rows = n_begin > 0 ? n_begin - 1 : 0;
}

void rb_content_visit(rb_content_vectors *v, rb_visitor *visitor)
{
    static const char *const items[] = { "item_begin", "item_term", "item_weight" };
    static const char *const terms[] = { "term_begin", "term_item", "term_weight" };
    visit_csr(&v->by_item, items, visitor);
    visit_csr(&v->by_term, terms, visitor);
    v->by_item.n_cols = v->by_term.n_rows;
    v->by_term.n_cols = v->by_item.n_rows;
}

void rb_content_fini(rb_content_vectors *v)
{
    rb_csr_fini(&v->by_item);
    rb_csr_fini(&v->by_term);
}
