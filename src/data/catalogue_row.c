#include <stdio.h>
#include <string.h>

#include "data/catalogue_reader.h"
#include "data/catalogue_rows.h"

/* What the fields are, from names apart by commas or from the header; where a column stands twice, the first counts. */
static rb_status name_fields(rb_catalogue_reader *r, rb_error *err)
{
    for (int64_t f = 0; f < r->n_fields; f++) {
        int64_t n = r->csv.field[f].n;
        char *name = r->csv.text + r->csv.field[f].begin;
        name = (char *)rb_trim(name, &n);
        name[n] = 0;
        int what = rb_catalogue_field_find(name);
        if (what == RB_FIELD_ID && r->id_field < 0)
            r->id_field = f;
        else if (what == RB_FIELD_FLAG)
            r->has[RB_COLUMN_GENRES] = true;
        else if (what >= 0 && what < RB_N_COLUMNS && !r->has[what])
            r->has[what] = true;
        else
            what = RB_FIELD_UNUSED;
        r->field[f] = what;
    }
    char wanted[64];
    for (const char *at = r->format->fields; r->format->has_header && *at; at += strspn(at, ",")) {
        size_t n = strcspn(at, ",");
        memcpy(wanted, at, n);
        wanted[n] = 0;
        at += n;
        int what = rb_catalogue_field_find(wanted);
        if (what == RB_FIELD_ID ? r->id_field < 0 : !r->has[what])
            return rb_csv_fail(&r->csv, -1, err,
                               "the header has no column '%s', which a catalogue of the form %s needs", wanted,
                               r->format->name);
    }
    return RB_OK;
}

/* Reads the header of the file, or the format's own list of fields as if it were one. */
rb_status rb_catalogue_read_header(rb_catalogue_reader *r, const char *name, const char *bytes, int64_t n_bytes,
                                   const char *separator, rb_error *err)
{
    bool more, own = !r->format->has_header;
    r->id_field = -1;
    if (own)
        rb_csv_begin(&r->csv, name, r->format->fields, (int64_t)strlen(r->format->fields), ",", false);
    else
        rb_csv_begin(&r->csv, name, bytes, n_bytes, separator, r->format->quotes);
    RB_TRY(rb_csv_next(&r->csv, &more, err));
    if (!more) {
        RB_FAIL(err, RB_BAD_INPUT, "%s:1:1: the file is empty, expected a catalogue of the form %s", name,
                r->format->name);
        goto done;
    }
    r->n_fields = r->csv.n_fields;
    RB_TRY(rb_alloc(&r->field, r->n_fields, err));
    RB_TRY(name_fields(r, err));
    if (own)
        rb_csv_begin(&r->csv, name, bytes, n_bytes, separator, r->format->quotes);
done:
    return err->status;
}

/* The item of the row, known or new. */
static rb_status row_item(rb_catalogue_reader *r, int32_t *item, rb_error *err)
{
    const rb_csv_field *f = &r->csv.field[r->id_field];
    int64_t n = f->n, number;
    const char *id = rb_trim(rb_csv_text(&r->csv, r->id_field), &n), *key = id;
    char shortest[32];
    if (n == 0)
        return rb_csv_fail(&r->csv, r->id_field, err, "the id is blank");
    bool whole = rb_parse_int(&number, id, n);
    int64_t n_key = n;
    if (whole) {
        n_key = snprintf(shortest, sizeof shortest, "%lld", (long long)number);
        key = shortest;
    }
    int32_t known = rb_token_table_find(&r->ids, key, n_key);
    if (known >= 0 && !r->format->repeats)
        return rb_csv_fail(&r->csv, r->id_field, err, "the id '%.*s' stands in line %lld already", (int)n, id,
                           (long long)r->line[known]);
    *item = known;
    if (known >= 0)
        return RB_OK;
    RB_TRY(rb_grow(&r->line, &r->line_capacity, r->ids.n + 1, err));
    r->line[r->ids.n] = f->line;
    r->has_text_id |= !whole;
    RB_TRY(rb_strings_add(&r->id, id, n, err));
    RB_TRY(rb_token_table_add(item, &r->ids, key, n_key, err));
done:
    return err->status;
}

/* Adds the name of a genre whose flag is 1. */
static rb_status add_flag(rb_catalogue_reader *r, int64_t field, int64_t index, rb_error *err)
{
    const char *flag = rb_csv_text(&r->csv, field);
    if (strcmp(flag, "0") != 0 && strcmp(flag, "1") != 0)
        return rb_csv_fail(&r->csv, field, err, "the genre flag is '%s', expected 0 or 1", flag);
    if (*flag == '1')
        rb_text_addf(&r->genres, err, "%s%s", r->genres.length ? "|" : "", rb_catalogue_flag_name(index));
    return err->status;
}

/* Year of "01-Jan-1995" in place of the date. */
static void keep_year(const char **text, int64_t *n)
{
    int32_t days;
    if (*n == 11 && rb_catalogue_date(&days, *text)) {
        *text += 7;
        *n = 4;
    }
}

rb_status rb_catalogue_read_row(rb_catalogue_reader *r, rb_error *err)
{
    int32_t item = -1;
    int64_t n_flags = 0;
    if (r->csv.n_fields != r->n_fields)
        return rb_csv_fail(&r->csv, -1, err, "%lld fields, expected %lld", (long long)r->csv.n_fields,
                           (long long)r->n_fields);
    r->genres.length = 0;
    for (int64_t f = 0; f < r->n_fields; f++)
        if (r->field[f] == RB_FIELD_FLAG)
            RB_TRY(add_flag(r, f, n_flags++, err));
    RB_TRY(row_item(r, &item, err));
    for (int64_t f = 0; f < r->n_fields; f++) {
        int what = r->field[f];
        int64_t n = r->csv.field[f].n;
        if (what < 0 || what >= RB_N_COLUMNS)
            continue;
        const char *text = rb_trim(rb_csv_text(&r->csv, f), &n);
        if (what == RB_COLUMN_RELEASE_YEAR)
            keep_year(&text, &n);
        RB_TRY(rb_strings_add(&r->column[what], text, n, err));
    }
    if (n_flags > 0)
        RB_TRY(rb_strings_add(&r->column[RB_COLUMN_GENRES], r->genres.data, r->genres.length, err));
    if (r->format->repeats) {
        int64_t row = r->column[RB_COLUMN_TAGS].strings.n - 1;
        RB_TRY(rb_grow(&r->tag_item, &r->tag_capacity, row + 1, err));
        r->tag_item[row] = item;
    }
done:
    return err->status;
}
