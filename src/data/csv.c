#include "data/csv.h"

#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include "base/alloc.h"

void rb_csv_begin(rb_csv *csv, const char *name, const char *bytes, int64_t n_bytes, const char *separator, bool quotes)
{
    csv->name = name;
    csv->bytes = bytes;
    csv->n_bytes = n_bytes;
    csv->separator = separator;
    csv->quotes = quotes;
    csv->at = csv->line_begin = n_bytes >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    csv->line = 1;
    csv->n_fields = 0;
}

static rb_status fail_at(rb_csv *csv, int64_t line, int64_t column, rb_error *err, const char *message)
{
    csv->error_line = line;
    csv->error_column = column;
    return RB_FAIL(err, RB_BAD_INPUT, "%s:%lld:%lld: %s", csv->name, (long long)line, (long long)column, message);
}

rb_status rb_csv_fail(rb_csv *csv, int64_t field, rb_error *err, const char *format, ...)
{
    char message[768];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    const rb_csv_field *f = &csv->field[field >= 0 ? field : 0];
    return fail_at(csv, f->line, f->column, err, message);
}

/* Bytes of the line end at `at`: 0 where there is none, 1 for LF, 2 for CRLF. */
static int line_end(const rb_csv *csv, int64_t at)
{
    if (at < csv->n_bytes && csv->bytes[at] == '\n')
        return 1;
    return at + 1 < csv->n_bytes && csv->bytes[at] == '\r' && csv->bytes[at + 1] == '\n' ? 2 : 0;
}

static bool separator_at(const rb_csv *csv, int64_t at, int64_t n_separator)
{
    return at + n_separator <= csv->n_bytes && memcmp(csv->bytes + at, csv->separator, (size_t)n_separator) == 0;
}

static void next_line(rb_csv *csv)
{
    csv->line++;
    csv->line_begin = csv->at;
}

static rb_status open_field(rb_csv *csv, rb_error *err)
{
    RB_TRY(rb_grow(&csv->field, &csv->field_capacity, csv->n_fields + 1, err));
    csv->field[csv->n_fields++] =
        (rb_csv_field){ .begin = csv->n_text, .line = csv->line, .column = csv->at - csv->line_begin + 1 };
done:
    return err->status;
}

static rb_status add_bytes(rb_csv *csv, int64_t from, int64_t n, rb_error *err)
{
    RB_TRY(rb_grow(&csv->text, &csv->text_capacity, csv->n_text + n + 1, err));
    memcpy(csv->text + csv->n_text, csv->bytes + from, (size_t)n);
    csv->n_text += n;
    csv->text[csv->n_text] = 0;
done:
    return err->status;
}

/* After an error: the next record starts behind the line that the reader stands in. */
static void skip_line(rb_csv *csv)
{
    const char *end =
        csv->at < csv->n_bytes ? memchr(csv->bytes + csv->at, '\n', (size_t)(csv->n_bytes - csv->at)) : NULL;
    csv->at = end ? end - csv->bytes + 1 : csv->n_bytes;
    next_line(csv);
}

/* What stands between quotes; the reader stands on the first one. */
static rb_status quoted_field(rb_csv *csv, rb_error *err)
{
    int64_t line = csv->line, line_begin = csv->line_begin, open = csv->at;
    int64_t from = ++csv->at;
    for (; csv->at < csv->n_bytes; csv->at++) {
        char c = csv->bytes[csv->at];
        if (c == '\n') {
            csv->line++;
            csv->line_begin = csv->at + 1;
        }
        if (c != '"')
            continue;
        RB_TRY(add_bytes(csv, from, csv->at - from, err));
        from = csv->at + 1;
        if (from < csv->n_bytes && csv->bytes[from] == '"') { /* two quotes stand for one */
            csv->at++;
            continue;
        }
        csv->at++;
        return RB_OK;
    }
    csv->line = line; /* so that skipping goes on behind the line that opened the quote */
    csv->line_begin = line_begin;
    csv->at = open;
    fail_at(csv, line, open - line_begin + 1, err, "the quote that opens here is never closed");
done:
    return err->status;
}

static rb_status plain_field(rb_csv *csv, int64_t n_separator, rb_error *err)
{
    int64_t from = csv->at;
    while (csv->at < csv->n_bytes && !line_end(csv, csv->at) && !separator_at(csv, csv->at, n_separator)) {
        if (csv->quotes && csv->bytes[csv->at] == '"')
            return fail_at(csv, csv->line, csv->at - csv->line_begin + 1, err,
                           "a quote inside a field that does not begin with one");
        csv->at++;
    }
    return add_bytes(csv, from, csv->at - from, err);
}

/* UTF-8 without 0 in the record's bytes [from, csv->at), which began in line `line`. */
static rb_status check_bytes(rb_csv *csv, int64_t from, int64_t line, int64_t line_begin, rb_error *err)
{
    const uint8_t *bytes = (const uint8_t *)csv->bytes;
    int64_t n = csv->at - from;
    const uint8_t *zero = memchr(bytes + from, 0, (size_t)n);
    const uint8_t *bad = u8_check(bytes + from, (size_t)(zero ? zero - bytes - from : n));
    if (!bad && !zero)
        return RB_OK;
    int64_t at = (bad ? bad : zero) - bytes;
    for (int64_t i = from; i < at; i++)
        if (csv->bytes[i] == '\n') {
            line++;
            line_begin = i + 1;
        }
    return fail_at(csv, line, at - line_begin + 1, err, bad ? "this byte is not UTF-8" : "a byte 0 in text");
}

static rb_status read_record(rb_csv *csv, rb_error *err)
{
    int64_t from = csv->at, line = csv->line, line_begin = csv->line_begin;
    int64_t n_separator = (int64_t)strlen(csv->separator);
    csv->n_fields = csv->n_text = 0;
    for (;;) {
        RB_TRY(open_field(csv, err));
        if (csv->quotes && csv->at < csv->n_bytes && csv->bytes[csv->at] == '"')
            RB_TRY(quoted_field(csv, err));
        else
            RB_TRY(plain_field(csv, n_separator, err));
        rb_csv_field *f = &csv->field[csv->n_fields - 1];
        f->n = csv->n_text - f->begin;
        RB_TRY(rb_grow(&csv->text, &csv->text_capacity, csv->n_text + 1, err));
        csv->text[csv->n_text++] = 0;
        if (csv->at >= csv->n_bytes || line_end(csv, csv->at))
            break;
        if (!separator_at(csv, csv->at, n_separator)) {
            fail_at(csv, csv->line, csv->at - csv->line_begin + 1, err, "text after a closing quote");
            goto done;
        }
        csv->at += n_separator;
    }
    RB_TRY(check_bytes(csv, from, line, line_begin, err));
done:
    return err->status;
}

rb_status rb_csv_next(rb_csv *csv, bool *more, rb_error *err)
{
    *more = false;
    for (int n; (n = line_end(csv, csv->at)) > 0;) {
        csv->at += n;
        next_line(csv);
    }
    if (csv->at >= csv->n_bytes)
        return RB_OK;
    *more = true;
    if (read_record(csv, err) != RB_OK) {
        skip_line(csv);
        return err->status;
    }
    csv->at += line_end(csv, csv->at);
    next_line(csv);
    return RB_OK;
}

void rb_csv_fini(rb_csv *csv)
{
    rb_free(csv->field);
    rb_free(csv->text);
    memset(csv, 0, sizeof *csv);
}
