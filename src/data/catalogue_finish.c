#include <stdlib.h>
#include <string.h>

#include "data/catalogue_reader.h"
#include "data/catalogue_rows.h"

/* The tags of each item, in the order of the rows, joined by |. */
static rb_status join_tags(rb_catalogue_reader *r, rb_error *err)
{
    rb_strings_builder joined = { 0 };
    rb_strings *tags = &r->column[RB_COLUMN_TAGS].strings;
    int64_t *begin = NULL, *row = NULL;
    rb_text text = { 0 };
    RB_TRY(rb_alloc(&begin, r->ids.n + 2, err));
    RB_TRY(rb_alloc(&row, tags->n, err));
    for (int64_t k = 0; k < tags->n; k++)
        begin[r->tag_item[k] + 2]++;
    for (int64_t i = 1; i <= r->ids.n; i++)
        begin[i + 1] += begin[i];
    for (int64_t k = 0; k < tags->n; k++)
        row[begin[r->tag_item[k] + 1]++] = k;
    for (int64_t i = 0; i < r->ids.n; i++) {
        text.length = 0;
        for (int64_t k = begin[i]; k < begin[i + 1]; k++)
            RB_TRY(rb_text_addf(&text, err, "%s%s", k > begin[i] ? "|" : "", rb_strings_at(tags, row[k])));
        RB_TRY(rb_strings_add(&joined, text.data, text.length, err));
    }
    rb_strings_builder_fini(&r->column[RB_COLUMN_TAGS]);
    r->column[RB_COLUMN_TAGS] = joined;
    joined = (rb_strings_builder){ 0 };
done:
    rb_strings_builder_fini(&joined);
    rb_text_fini(&text);
    rb_free(row);
    rb_free(begin);
    return err->status;
}

typedef struct {
    int64_t number;
    const char *text; /* NULL where all ids are whole numbers */
    int32_t row;
} id_key;

static int compare_ids(const void *a, const void *b)
{
    const id_key *x = a, *y = b;
    if (x->text)
        return strcmp(x->text, y->text);
    return (x->number > y->number) - (x->number < y->number);
}

/* Rows in ascending order of their ids, and the ids. */
static rb_status order_ids(int32_t *row, rb_ids *ids, const rb_catalogue_reader *r, rb_error *err)
{
    int32_t n = (int32_t)r->ids.n;
    id_key *key = NULL;
    int64_t *numbers = NULL;
    const char **texts = NULL;
    RB_TRY(rb_alloc(&key, n, err));
    RB_TRY(rb_alloc(&numbers, n, err));
    RB_TRY(rb_alloc(&texts, n, err));
    for (int32_t i = 0; i < n; i++) {
        const char *id = rb_strings_at(&r->id.strings, i);
        key[i] = (id_key){ .text = r->has_text_id ? id : NULL, .row = i };
        if (!r->has_text_id)
            rb_parse_int(&key[i].number, id, (int64_t)strlen(id));
    }
    qsort(key, (size_t)n, sizeof *key, compare_ids);
    for (int32_t i = 0; i < n; i++) {
        row[i] = key[i].row;
        numbers[i] = key[i].number;
        texts[i] = key[i].text;
    }
    if (r->has_text_id)
        RB_TRY(rb_ids_init_texts(ids, texts, n, err));
    else
        RB_TRY(rb_ids_init_numbers(ids, numbers, n, err));
done:
    rb_free(texts);
    rb_free(numbers);
    rb_free(key);
    return err->status;
}

/* Cleans in the order of the file, which says what an earlier row is, then orders by id. */
rb_status rb_catalogue_finish(rb_catalogue *out, rb_catalogue_reader *r, rb_error *err)
{
    rb_catalogue raw = { .n = (int32_t)r->ids.n };
    int32_t *row = NULL;
    rb_ids ids = { 0 };
    if (r->format->repeats)
        RB_TRY(join_tags(r, err));
    for (int column = 0; column < RB_N_COLUMNS; column++) {
        raw.has[column] = r->has[column];
        raw.column[column] = r->column[column].strings;
        r->column[column] = (rb_strings_builder){ 0 };
        if (raw.has[column] && !raw.column[column].begin) /* no row at all */
            RB_TRY(rb_alloc(&raw.column[column].begin, 1, err));
    }
    RB_TRY(rb_catalogue_clean(&raw, r->format->value_separator, err));
    raw.cleaning.n_skipped = r->n_skipped;
    RB_TRY(rb_alloc(&row, raw.n, err));
    RB_TRY(order_ids(row, &ids, r, err));
    RB_TRY(rb_catalogue_rows(out, &raw, row, raw.n, err));
    out->ids = ids;
    ids = (rb_ids){ 0 };
done:
    rb_ids_fini(&ids);
    rb_free(row);
    rb_catalogue_fini(&raw);
    return err->status;
}
