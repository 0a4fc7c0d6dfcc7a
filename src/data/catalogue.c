#include "data/catalogue.h"

#include <string.h>

#include "data/catalogue_read.h"
#include "data/catalogue_rows.h"
#include "data/catalogue_strings.h"
#include "data/token_table.h"

static const char *const column_names[RB_N_COLUMNS] = {
#define RB_COLUMN_WORD(name, word) word,
    RB_COLUMN_LIST(RB_COLUMN_WORD)
#undef RB_COLUMN_WORD
};

const char *rb_column_name(rb_column column)
{
    return (unsigned)column < RB_N_COLUMNS ? column_names[column] : "";
}

int rb_column_find(const char *name)
{
    for (int column = 0; column < RB_N_COLUMNS; column++)
        if (strcmp(column_names[column], name) == 0)
            return column;
    return strcmp(name, "listed_in") == 0 ? RB_COLUMN_GENRES : -1;
}

static void multi_fini(rb_multi *m)
{
    rb_strings_fini(&m->names);
    rb_free(m->begin);
    rb_free(m->value);
}

void rb_catalogue_fini(rb_catalogue *c)
{
    rb_ids_fini(&c->ids);
    for (int column = 0; column < RB_N_COLUMNS; column++)
        rb_strings_fini(&c->column[column]);
    multi_fini(&c->director);
    multi_fini(&c->cast);
    multi_fini(&c->country);
    multi_fini(&c->genre);
    rb_free(c->year);
    rb_free(c->date_added);
    rb_free(c->minutes);
    rb_free(c->seasons);
    rb_free(c->age_group);
    rb_free(c->duplicate_of);
    rb_free(c->topic);
    memset(c, 0, sizeof *c);
}

/* The values of the rows taken, over the names that they still use. */
static rb_status gather_multi(rb_multi *out, const rb_multi *from, const int32_t *row, int32_t n, rb_error *err)
{
    int32_t *number = NULL;
    const char **names = NULL;
    int32_t n_names = 0;
    RB_TRY(rb_alloc(&number, from->names.n, err));
    RB_TRY(rb_alloc(&names, from->names.n, err));
    RB_TRY(rb_alloc(&out->begin, (int64_t)n + 1, err));
    for (int32_t i = 0; i < n; i++) {
        bool some = row[i] >= 0 && from->begin; /* a catalogue may leave a field out */
        int64_t first = some ? from->begin[row[i]] : 0, last = some ? from->begin[row[i] + 1] : 0;
        out->begin[i + 1] = out->begin[i] + last - first;
        for (int64_t e = first; e < last; e++)
            number[from->value[e]] = 1;
    }
    for (int64_t k = 0; k < from->names.n; k++)
        if (number[k]) {
            number[k] = n_names;
            names[n_names++] = rb_strings_at(&from->names, k);
        }
    RB_TRY(rb_strings_from(&out->names, names, n_names, err));
    RB_TRY(rb_alloc(&out->value, out->begin[n], err));
    for (int32_t i = 0; i < n; i++)
        for (int64_t e = out->begin[i]; e < out->begin[i + 1]; e++)
            out->value[e] = number[from->value[from->begin[row[i]] + e - out->begin[i]]];
done:
    rb_free(names);
    rb_free(number);
    return err->status;
}

static rb_status gather_int32(int32_t **out, const int32_t *from, int32_t blank, const int32_t *row, int32_t n,
                              rb_error *err)
{
    RB_TRY(rb_alloc(out, n, err));
    for (int32_t i = 0; i < n; i++)
        (*out)[i] = row[i] < 0 || !from ? blank : from[row[i]];
done:
    return err->status;
}

/* A repeated row points to the new place of the first one, and to none where that was not taken. */
static rb_status gather_duplicates(int32_t **out, const rb_catalogue *c, const int32_t *row, int32_t n, rb_error *err)
{
    int32_t *place = NULL;
    RB_TRY(rb_alloc(&place, c->n, err));
    for (int32_t i = 0; i < c->n; i++)
        place[i] = -1;
    for (int32_t i = 0; i < n; i++)
        if (row[i] >= 0)
            place[row[i]] = i;
    RB_TRY(rb_alloc(out, n, err));
    for (int32_t i = 0; i < n; i++) {
        int32_t first = row[i] < 0 || !c->duplicate_of ? -1 : c->duplicate_of[row[i]];
        (*out)[i] = first < 0 ? -1 : place[first];
    }
done:
    rb_free(place);
    return err->status;
}

rb_status rb_catalogue_rows(rb_catalogue *out, const rb_catalogue *c, const int32_t *row, int32_t n, rb_error *err)
{
    *out = (rb_catalogue){ .n = n, .cleaning = c->cleaning };
    memcpy(out->has, c->has, sizeof out->has);
    for (int column = 0; column < RB_N_COLUMNS; column++)
        if (c->has[column])
            RB_TRY(rb_strings_gather(&out->column[column], &c->column[column], row, n, err));
    RB_TRY(gather_multi(&out->director, &c->director, row, n, err));
    RB_TRY(gather_multi(&out->cast, &c->cast, row, n, err));
    RB_TRY(gather_multi(&out->country, &c->country, row, n, err));
    RB_TRY(gather_multi(&out->genre, &c->genre, row, n, err));
    RB_TRY(gather_int32(&out->year, c->year, -1, row, n, err));
    RB_TRY(gather_int32(&out->date_added, c->date_added, INT32_MIN, row, n, err));
    RB_TRY(gather_int32(&out->minutes, c->minutes, -1, row, n, err));
    RB_TRY(gather_int32(&out->seasons, c->seasons, -1, row, n, err));
    if (c->topic)
        RB_TRY(gather_int32(&out->topic, c->topic, -1, row, n, err));
    RB_TRY(rb_alloc(&out->age_group, n, err));
    for (int32_t i = 0; i < n; i++)
        out->age_group[i] = row[i] < 0 || !c->age_group ? RB_AGE_UNRATED : c->age_group[row[i]];
    RB_TRY(gather_duplicates(&out->duplicate_of, c, row, n, err));
done:
    if (err->status != RB_OK)
        rb_catalogue_fini(out);
    return err->status;
}

rb_status rb_catalogue_select(rb_catalogue *out, const rb_catalogue *c, const int32_t *kept, int32_t n, rb_error *err)
{
    RB_TRY(rb_catalogue_rows(out, c, kept, n, err));
    RB_TRY(rb_ids_select(&out->ids, &c->ids, kept, n, err));
done:
    if (err->status != RB_OK)
        rb_catalogue_fini(out);
    return err->status;
}

rb_status rb_catalogue_align(rb_catalogue *out, const rb_catalogue *c, const rb_ids *items, rb_error *err)
{
    int32_t *row = NULL, *all = NULL;
    char name[32];
    *out = (rb_catalogue){ 0 };
    RB_TRY(rb_alloc(&row, items->n, err));
    RB_TRY(rb_alloc(&all, items->n, err));
    for (int32_t i = 0; i < items->n; i++) {
        all[i] = i;
        row[i] = rb_ids_find(&c->ids, rb_ids_name(name, items, i));
    }
    RB_TRY(rb_catalogue_rows(out, c, row, items->n, err));
    RB_TRY(rb_ids_select(&out->ids, items, all, items->n, err));
done:
    rb_free(all);
    rb_free(row);
    if (err->status != RB_OK)
        rb_catalogue_fini(out);
    return err->status;
}

rb_status rb_catalogue_add_tags(rb_catalogue *c, const rb_catalogue *tags, rb_error *err)
{
    rb_catalogue aligned = { 0 };
    RB_TRY(rb_catalogue_align(&aligned, tags, &c->ids, err));
    rb_strings_fini(&c->column[RB_COLUMN_TAGS]);
    c->column[RB_COLUMN_TAGS] = aligned.column[RB_COLUMN_TAGS];
    aligned.column[RB_COLUMN_TAGS] = (rb_strings){ 0 };
    c->has[RB_COLUMN_TAGS] = tags->has[RB_COLUMN_TAGS];
    c->cleaning.n_skipped += tags->cleaning.n_skipped;
    c->cleaning.blank[RB_COLUMN_TAGS] = 0;
    for (int32_t i = 0; i < c->n && c->has[RB_COLUMN_TAGS]; i++)
        c->cleaning.blank[RB_COLUMN_TAGS] += *rb_strings_at(&c->column[RB_COLUMN_TAGS], i) == 0;
done:
    rb_catalogue_fini(&aligned);
    return err->status;
}

rb_status rb_catalogue_drop_duplicates(rb_catalogue *c, rb_error *err)
{
    int32_t *kept = NULL, n = 0;
    rb_catalogue left = { 0 };
    RB_TRY(rb_alloc(&kept, c->n, err));
    for (int32_t i = 0; i < c->n; i++)
        if (c->duplicate_of[i] < 0)
            kept[n++] = i;
    RB_TRY(rb_catalogue_select(&left, c, kept, n, err));
    left.cleaning.n_dropped += c->n - n;
    rb_catalogue_fini(c);
    *c = left;
done:
    rb_free(kept);
    return err->status;
}

/* Numbers 0, 1, ... in ascending order of the names that occur; blank names give -1. */
static rb_status labels_of_names(int32_t *out, const char *const *names, int32_t n, rb_error *err)
{
    rb_token_table table = { 0 };
    int32_t *order = NULL, *rank = NULL;
    for (int32_t i = 0; i < n; i++) {
        out[i] = -1;
        if (names[i] && *names[i])
            RB_TRY(rb_token_table_add(&out[i], &table, names[i], (int64_t)strlen(names[i]), err));
    }
    RB_TRY(rb_alloc(&order, table.n, err));
    RB_TRY(rb_alloc(&rank, table.n, err));
    RB_TRY(rb_token_table_order(order, &table, err));
    for (int32_t k = 0; k < table.n; k++)
        rank[order[k]] = k;
    for (int32_t i = 0; i < n; i++)
        if (out[i] >= 0)
            out[i] = rank[out[i]];
done:
    rb_free(rank);
    rb_free(order);
    rb_token_table_fini(&table);
    return err->status;
}

rb_status rb_catalogue_labels(int32_t *out, const rb_catalogue *c, const char *reference, rb_error *err)
{
    bool by_type = strcmp(reference, "type") == 0, by_genre = strcmp(reference, "primary_genre") == 0;
    bool planted = strcmp(reference, "planted") == 0;
    const char **names = NULL;
    if (!by_type && !by_genre && !planted)
        return RB_FAIL(err, RB_BAD_INPUT, "no reference labelling '%s': expected type, primary_genre or planted",
                       reference);
    if ((by_type && !c->has[RB_COLUMN_TYPE]) || (by_genre && !c->has[RB_COLUMN_GENRES]) || (planted && !c->topic))
        return RB_FAIL(err, RB_NOT_APPLICABLE, "the catalogue has no labels '%s'", reference);
    if (planted) {
        memcpy(out, c->topic, (size_t)c->n * sizeof *out);
        return RB_OK;
    }
    RB_TRY(rb_alloc(&names, c->n, err));
    for (int32_t i = 0; i < c->n; i++) {
        if (by_type)
            names[i] = rb_strings_at(&c->column[RB_COLUMN_TYPE], i);
        else if (c->genre.begin[i] < c->genre.begin[i + 1])
            names[i] = rb_strings_at(&c->genre.names, c->genre.value[c->genre.begin[i]]);
    }
    RB_TRY(labels_of_names(out, names, c->n, err));
done:
    rb_free(names);
    return err->status;
}
