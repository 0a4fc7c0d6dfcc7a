#include "data/item_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/token_table.h"

static const char *const number_names[] = { "year", "minutes", "seasons", "date_added", NULL };
static const rb_column number_columns[] = { RB_COLUMN_RELEASE_YEAR, RB_COLUMN_DURATION, RB_COLUMN_DURATION,
                                            RB_COLUMN_DATE_ADDED };
static const char *const age_names[] = { "unrated", "kids", "older kids", "teens", "adults" };

/* ---- columns ---- */

static rb_status parse_number(rb_item_source *out, const char *name, const char *parameter, rb_error *err)
{
    for (int k = 0; number_names[k]; k++)
        if (strcmp(name, number_names[k]) == 0) {
            *out = (rb_item_source){ .number = k, .column = (int)number_columns[k] };
            return RB_OK;
        }
    return RB_FAIL(err, RB_BAD_INPUT, "'%s' names '%s', expected year, minutes, seasons or date_added", parameter,
                   name);
}

static bool is_multi(int column)
{
    return column == RB_COLUMN_DIRECTOR || column == RB_COLUMN_CAST || column == RB_COLUMN_COUNTRY ||
           column == RB_COLUMN_GENRES;
}

static rb_status parse_category(rb_item_source *out, char *name, const char *parameter, rb_error *err)
{
    char *colon = strchr(name, ':');
    *out = (rb_item_source){ .number = -1, .column = -1, .is_first = colon != NULL };
    if (colon)
        *colon = 0;
    if (strcmp(name, "age_group") != 0) {
        out->column = rb_column_find(strcmp(name, "genre") == 0 ? "genres" : name);
        if (out->column < 0)
            return RB_FAIL(err, RB_BAD_INPUT, "'%s' names '%s', which is no column of a catalogue, nor age_group",
                           parameter, name);
    }
    if (colon && (strcmp(colon + 1, "first") != 0 || !is_multi(out->column)))
        return RB_FAIL(err, RB_BAD_INPUT,
                       "'%s' has '%s:%s'; only director, cast, country and genre hold lists, of which ':first' takes "
                       "the first value",
                       parameter, name, colon + 1);
    return RB_OK;
}

rb_status rb_item_columns_parse(rb_item_columns *out, const char *text, bool are_numbers, const char *parameter,
                                rb_error *err)
{
    *out = (rb_item_columns){ .n = 0 };
    for (const char *at = text; *at; at += strcspn(at, "+")) {
        char name[64];
        at += *at == '+';
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "+"), at);
        if (out->n == RB_ITEM_TABLE_MOST)
            return RB_FAIL(err, RB_BAD_INPUT, "'%s' names more than %d columns", parameter, RB_ITEM_TABLE_MOST);
        rb_item_source *source = &out->source[out->n];
        if (are_numbers)
            RB_TRY(parse_number(source, name, parameter, err));
        else
            RB_TRY(parse_category(source, name, parameter, err));
        for (int k = 0; k < out->n; k++)
            if (out->source[k].number == source->number && out->source[k].column == source->column)
                return RB_FAIL(err, RB_BAD_INPUT, "'%s' names '%s' twice", parameter, name);
        out->n++;
    }
done:
    return err->status;
}

/* Columns of few values; the others may differ in every item. */
static bool is_narrow(const rb_item_source *s)
{
    return s->is_first || s->column < 0 || s->column == RB_COLUMN_TYPE || s->column == RB_COLUMN_RATING ||
           s->column == RB_COLUMN_RELEASE_YEAR || s->column == RB_COLUMN_DURATION;
}

double rb_item_table_bytes(double *n_categories, const rb_item_columns *numbers, const rb_item_columns *categories,
                           int64_t n)
{
    double most = (double)n, names = 0, cells = 8.0 * numbers->n + 4.0 * categories->n;
    *n_categories = 0;
    for (int k = 0; k < categories->n; k++) {
        const rb_item_source *s = &categories->source[k];
        double values = is_narrow(s) ? fmin(most, 4096) : most;
        *n_categories += values;
        names += values * (s->column == RB_COLUMN_DESCRIPTION || s->column == RB_COLUMN_CAST ? 512 : 128);
    }
    return cells * most + 2 * names + 1024;
}

/* ---- values ---- */

/* A number of an item, NAN where it is unavailable. */
static double number_of(const rb_catalogue *c, int number, int32_t i)
{
    const int32_t *values[] = { c->year, c->minutes, c->seasons, c->date_added };
    const int32_t *of = values[number];
    if (!of || (number == 3 ? of[i] == INT32_MIN : of[i] < 0))
        return NAN;
    return (double)of[i];
}

static const rb_multi *multi_of(const rb_catalogue *c, int column)
{
    switch (column) {
    case RB_COLUMN_DIRECTOR:
        return &c->director;
    case RB_COLUMN_CAST:
        return &c->cast;
    case RB_COLUMN_COUNTRY:
        return &c->country;
    default:
        return &c->genre;
    }
}

static const char *category_of(const rb_catalogue *c, const rb_item_source *s, int32_t i)
{
    if (s->column < 0)
        return age_names[c->age_group[i]];
    if (!s->is_first)
        return rb_strings_at(&c->column[s->column], i);
    const rb_multi *m = multi_of(c, s->column);
    return m->begin[i] < m->begin[i + 1] ? rb_strings_at(&m->names, m->value[m->begin[i]]) : "";
}

static bool is_there(const rb_catalogue *c, const rb_item_source *s)
{
    if (s->number >= 0) {
        for (int32_t i = 0; i < c->n; i++)
            if (!isnan(number_of(c, s->number, i)))
                return true;
        return false;
    }
    if (s->column < 0)
        return c->age_group != NULL;
    return s->is_first ? multi_of(c, s->column)->begin != NULL : c->has[s->column];
}

/* The name of a column as it is written. */
static void name_of(char out[64], const rb_item_source *s)
{
    snprintf(out, 64, "%s%s",
             s->number >= 0  ? number_names[s->number]
             : s->column < 0 ? "age_group"
                             : rb_column_name((rb_column)s->column),
             s->is_first ? ":first" : "");
}

/* The columns of a list that the catalogue has; all, where the user named them. */
static rb_status resolve(rb_item_columns *out, rb_text *text, const char *given, const char *usual, bool are_numbers,
                         const rb_catalogue *c, rb_error *err)
{
    rb_item_columns all;
    char name[64];
    *out = (rb_item_columns){ .n = 0 };
    RB_TRY(
        rb_item_columns_parse(&all, given ? given : usual, are_numbers, are_numbers ? "numeric" : "categorical", err));
    for (int k = 0; k < all.n; k++) {
        name_of(name, &all.source[k]);
        if (is_there(c, &all.source[k])) {
            RB_TRY(rb_text_addf(text, err, "%s%s", out->n ? "+" : "", name));
            out->source[out->n++] = all.source[k];
        } else if (given) {
            return RB_FAIL(err, RB_BAD_INPUT, "'%s' names '%s', of which the catalogue has no value",
                           are_numbers ? "numeric" : "categorical", name);
        }
    }
done:
    return err->status;
}

/* ---- schema ---- */

static void fit_number(rb_item_schema *s, int64_t k, const rb_item_source *source, bool standardize,
                       const rb_catalogue *c)
{
    double sum = 0, squares = 0;
    int64_t n = 0;
    for (int32_t i = 0; i < c->n; i++) {
        double x = number_of(c, source->number, i);
        if (!isnan(x)) {
            sum += x;
            n++;
        }
    }
    double mean = n > 0 ? sum / (double)n : 0;
    for (int32_t i = 0; i < c->n; i++) {
        double x = number_of(c, source->number, i);
        if (!isnan(x))
            squares += (x - mean) * (x - mean);
    }
    s->missing[k] = mean;
    s->mean[k] = standardize ? mean : 0;
    s->deviation[k] = standardize && squares > 0 ? sqrt(squares / (double)n) : 1;
}

/* The distinct values of a column, ascending, behind the names of those before it. */
static rb_status fit_category(rb_item_schema *s, int64_t k, int64_t *n_bytes, int64_t *text_capacity,
                              int64_t *begin_capacity, const rb_item_source *source, const rb_catalogue *c,
                              rb_error *err)
{
    rb_token_table table = { 0 };
    int32_t *order = NULL, number;
    for (int32_t i = 0; i < c->n; i++) {
        const char *value = category_of(c, source, i);
        RB_TRY(rb_token_table_add(&number, &table, value, (int64_t)strlen(value), err));
    }
    RB_TRY(rb_alloc(&order, table.n, err));
    RB_TRY(rb_token_table_order(order, &table, err));
    RB_TRY(rb_grow(&s->names.text, text_capacity, *n_bytes + table.n_text + 1, err));
    RB_TRY(rb_grow(&s->names.begin, begin_capacity, s->names.n + table.n + 1, err));
    for (int64_t j = 0; j < table.n; j++) {
        const rb_token_entry *e = &table.entry[order[j]];
        memcpy(s->names.text + *n_bytes, table.text + e->begin, (size_t)e->n + 1);
        s->names.begin[s->names.n++] = *n_bytes;
        *n_bytes += e->n + 1;
    }
    s->names.begin[s->names.n] = *n_bytes;
    s->first[k + 1] = s->names.n;
done:
    rb_token_table_fini(&table);
    rb_free(order);
    return err->status;
}

rb_status rb_item_schema_fit(rb_item_schema *s, const char *numbers, const char *categories, bool standardize,
                             const rb_catalogue *c, rb_error *err)
{
    rb_item_columns number, category;
    rb_text text = { 0 };
    int64_t n_bytes = 0, text_capacity = 0, begin_capacity = 1;
    *s = (rb_item_schema){ 0 };
    RB_TRY(resolve(&number, &text, numbers, RB_ITEM_NUMBERS, true, c, err));
    RB_TRY(rb_text_addf(&text, err, "|"));
    RB_TRY(resolve(&category, &text, categories, RB_ITEM_CATEGORIES, false, c, err));
    s->n_numbers = number.n;
    s->n_categorical = category.n;
    s->n_columns_bytes = (int64_t)strlen(text.data) + 1;
    s->columns = rb_strdup(text.data, err);
    rb_alloc(&s->mean, number.n, err);
    rb_alloc(&s->deviation, number.n, err);
    rb_alloc(&s->missing, number.n, err);
    rb_alloc(&s->names.begin, begin_capacity, err);
    RB_TRY(rb_alloc(&s->first, category.n + 1, err));
    RB_TRY(err->status);
    for (int k = 0; k < number.n; k++)
        fit_number(s, k, &number.source[k], standardize, c);
    for (int k = 0; k < category.n; k++)
        RB_TRY(fit_category(s, k, &n_bytes, &text_capacity, &begin_capacity, &category.source[k], c, err));
done:
    rb_text_fini(&text);
    return err->status;
}

void rb_item_schema_fini(rb_item_schema *s)
{
    rb_free(s->columns);
    rb_free(s->mean);
    rb_free(s->deviation);
    rb_free(s->missing);
    rb_free(s->first);
    rb_strings_fini(&s->names);
    memset(s, 0, sizeof *s);
}

void rb_item_schema_arrays(rb_item_schema *s, rb_visitor *v)
{
    int64_t n_first = s->first ? s->n_categorical + 1 : 0, one = 1;
    int64_t n_begin = s->names.begin ? s->names.n + 1 : 0, n_bytes = s->names.begin ? s->names.begin[s->names.n] : 0;
    v->array(v, "columns", RB_UINT8, (void **)&s->columns, &s->n_columns_bytes, &one, NULL);
    v->array(v, "number_mean", RB_FLOAT64, (void **)&s->mean, &s->n_numbers, &one, NULL);
    v->array(v, "number_deviation", RB_FLOAT64, (void **)&s->deviation, &s->n_numbers, &one, NULL);
    v->array(v, "number_missing", RB_FLOAT64, (void **)&s->missing, &s->n_numbers, &one, NULL);
    v->array(v, "category_first", RB_INT64, (void **)&s->first, &n_first, &one, NULL);
    v->array(v, "category_text", RB_UINT8, (void **)&s->names.text, &n_bytes, &one, NULL);
    v->array(v, "category_begin", RB_INT64, (void **)&s->names.begin, &n_begin, &one, NULL);
    s->n_categorical = n_first > 0 ? n_first - 1 : 0;
    s->names.n = n_begin > 0 ? n_begin - 1 : 0;
}

/* ---- table ---- */

static rb_status parse_schema(rb_item_columns *number, rb_item_columns *category, const rb_item_schema *s,
                              rb_error *err)
{
    char text[64 * 2 * RB_ITEM_TABLE_MOST];
    snprintf(text, sizeof text, "%s", s->columns);
    char *bar = strchr(text, '|');
    *bar = 0;
    RB_TRY(rb_item_columns_parse(number, text, true, "numeric", err));
    RB_TRY(rb_item_columns_parse(category, bar + 1, false, "categorical", err));
done:
    return err->status;
}

static void write_numbers(rb_item_table *t, const rb_item_schema *s, int64_t k, const rb_item_source *source,
                          const rb_catalogue *c)
{
    for (int32_t i = 0; i < c->n; i++) {
        double x = number_of(c, source->number, i);
        t->number[i * s->n_numbers + k] = ((isnan(x) ? s->missing[k] : x) - s->mean[k]) / s->deviation[k];
    }
}

static rb_status write_codes(rb_item_table *t, const rb_item_schema *s, int64_t k, const rb_item_source *source,
                             const rb_catalogue *c, rb_error *err)
{
    char name[64];
    rb_token_table table = { 0 };
    int32_t number;
    if (!is_there(c, source)) {
        name_of(name, source);
        return RB_FAIL(err, RB_BAD_INPUT, "the titles have no column '%s'", name);
    }
    for (int64_t j = s->first[k]; j < s->first[k + 1]; j++) { /* ascending, so numbers are codes */
        const char *value = rb_strings_at(&s->names, j);
        RB_TRY(rb_token_table_add(&number, &table, value, (int64_t)strlen(value), err));
    }
    for (int32_t i = 0; i < c->n; i++) {
        const char *value = category_of(c, source, i);
        t->code[i * s->n_categorical + k] = rb_token_table_find(&table, value, (int64_t)strlen(value));
    }
done:
    rb_token_table_fini(&table);
    return err->status;
}

rb_status rb_item_table_init(rb_item_table *t, const rb_item_schema *s, const rb_catalogue *c, rb_error *err)
{
    rb_item_columns number = { .n = 0 }, category = { .n = 0 };
    *t = (rb_item_table){ .n = c->n };
    RB_TRY(parse_schema(&number, &category, s, err));
    RB_TRY(rb_alloc(&t->number, t->n * s->n_numbers, err));
    RB_TRY(rb_alloc(&t->code, t->n * s->n_categorical, err));
    for (int k = 0; k < number.n; k++)
        write_numbers(t, s, k, &number.source[k], c);
    for (int k = 0; k < category.n; k++)
        RB_TRY(write_codes(t, s, k, &category.source[k], c, err));
done:
    return err->status;
}

void rb_item_table_fini(rb_item_table *t)
{
    rb_free(t->number);
    rb_free(t->code);
    memset(t, 0, sizeof *t);
}
