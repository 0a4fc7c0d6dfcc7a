#include "data/space_columns.h"

#include <string.h>

static rb_status unknown_column(const char *name, rb_error *err)
{
    const char *names[RB_N_COLUMNS + 1] = { NULL };
    for (int k = 0; k < RB_N_COLUMNS; k++)
        names[k] = rb_column_name((rb_column)k);
    const char *near = rb_text_nearest(name, names);
    return RB_FAIL(err, RB_BAD_INPUT, "'columns' names '%s', which is no column of a catalogue%s%s%s", name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

rb_status rb_space_columns_parse(rb_space_columns *out, const char *text, rb_error *err)
{
    rb_space_columns found = { .n = 0 };
    for (const char *at = text;; at++) {
        char name[64];
        size_t n = strcspn(at, "+");
        if (n >= sizeof name)
            n = sizeof name - 1;
        memcpy(name, at, n);
        name[n] = 0;
        int column = rb_column_find(name);
        if (column < 0)
            return unknown_column(name, err);
        for (int k = 0; k < found.n; k++)
            if ((int)found.column[k] == column)
                return RB_FAIL(err, RB_BAD_INPUT, "'columns' names '%s' twice", name);
        found.column[found.n++] = (rb_column)column;
        at += strcspn(at, "+");
        if (!*at)
            break;
    }
    if (out)
        *out = found;
    return RB_OK;
}

/* "title, genres, tags": the columns that a catalogue has. */
static const char *columns_of(char out[256], const rb_catalogue *c)
{
    size_t at = 0;
    out[0] = 0;
    for (int k = 0; k < RB_N_COLUMNS; k++)
        if (c->has[k]) {
            const char *name = rb_column_name((rb_column)k);
            at = strlen(out);
            strncat(out, at ? ", " : "", 255 - at);
            strncat(out, name, 255 - strlen(out));
        }
    return out;
}

rb_status rb_space_columns_resolve(rb_space_columns *out, const rb_space_spec *spec, const rb_catalogue *c,
                                   rb_error *err)
{
    char have[256];
    *out = (rb_space_columns){ .n = 0 };
    if (!spec->config.columns) {
        const char *usual = c->has[RB_COLUMN_DESCRIPTION] ? "director+cast+country+genres+description"
                                                          : "title+director+cast+country+genres+tags";
        rb_space_columns all = { .n = 0 };
        RB_TRY(rb_space_columns_parse(&all, usual, err));
        for (int k = 0; k < all.n; k++)
            if (c->has[all.column[k]])
                out->column[out->n++] = all.column[k];
        if (out->n == 0)
            RB_FAIL(err, RB_BAD_INPUT, "the catalogue has no text for the space %s: its columns are %s",
                    spec->kind->name, columns_of(have, c));
        goto done;
    }
    RB_TRY(rb_space_columns_parse(out, spec->config.columns, err));
    for (int k = 0; k < out->n; k++)
        if (!c->has[out->column[k]])
            return RB_FAIL(err, RB_BAD_INPUT, "the catalogue has no column '%s': its columns are %s",
                           rb_column_name(out->column[k]), columns_of(have, c));
done:
    return err->status;
}

rb_status rb_space_documents_init(rb_space_documents *out, const rb_space_columns *columns, const rb_catalogue *c,
                                  rb_error *err)
{
    int64_t bytes = 0, at = 0;
    *out = (rb_space_documents){ 0 };
    for (int k = 0; k < columns->n; k++)
        bytes += c->column[columns->column[k]].begin[c->n];
    RB_TRY(rb_alloc(&out->text, bytes, err)); /* each string's final 0 is the room of the space or 0 behind it */
    RB_TRY(rb_alloc(&out->begin, c->n, err));
    for (int32_t i = 0; i < c->n; i++) {
        out->begin[i] = out->text + at;
        for (int k = 0; k < columns->n; k++) {
            const rb_strings *column = &c->column[columns->column[k]];
            int64_t n = column->begin[i + 1] - column->begin[i];
            memcpy(out->text + at, rb_strings_at(column, i), (size_t)n);
            at += n;
            out->text[at - 1] = k + 1 < columns->n ? ' ' : 0;
        }
    }
done:
    return err->status;
}

void rb_space_documents_fini(rb_space_documents *d)
{
    rb_free(d->text);
    rb_free(d->begin);
    memset(d, 0, sizeof *d);
}
