#include "data/catalogue_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "data/bytes.h"
#include "data/catalogue_reader.h"
#include "data/read.h"

#define MOST_LISTED 1000 /* skipped rows, as data/read.h says */

static void reader_fini(rb_catalogue_reader *r)
{
    rb_csv_fini(&r->csv);
    rb_free(r->field);
    rb_token_table_fini(&r->ids);
    rb_strings_builder_fini(&r->id);
    rb_free(r->line);
    for (int column = 0; column < RB_N_COLUMNS; column++)
        rb_strings_builder_fini(&r->column[column]);
    rb_free(r->tag_item);
    rb_text_fini(&r->genres);
}

/* Count a malformed row and list it; `bad` is what reading it said. */
static rb_status skip_row(rb_catalogue_reader *r, const rb_error *bad, rb_error *err)
{
    rb_dataset *d = r->skipped_into;
    r->n_skipped++;
    if (!d)
        return RB_OK;
    d->n_skipped++;
    if (d->n_skipped_listed >= MOST_LISTED)
        return RB_OK;
    if (!d->skipped)
        RB_TRY(rb_alloc(&d->skipped, MOST_LISTED, err));
    int prefix =
        snprintf(NULL, 0, "%s:%lld:%lld: ", r->csv.name, (long long)r->csv.error_line, (long long)r->csv.error_column);
    rb_skipped *s = &d->skipped[d->n_skipped_listed++];
    *s = (rb_skipped){ .line = r->csv.error_line, .column = (int32_t)r->csv.error_column };
    s->file = rb_strdup(r->csv.name, err);
    s->reason = rb_strdup((int)strlen(bad->message) > prefix ? bad->message + prefix : bad->message, err);
done:
    return err->status;
}

static rb_status read_rows(rb_catalogue_reader *r, rb_error *err)
{
    for (bool more = true; more;) {
        rb_error bad = { 0 };
        if (rb_csv_next(&r->csv, &more, &bad) == RB_OK && more)
            rb_catalogue_read_row(r, &bad);
        if (bad.status == RB_OK)
            continue;
        if (bad.status != RB_BAD_INPUT || !r->skip) {
            *err = bad;
            return err->status;
        }
        RB_TRY(skip_row(r, &bad, err));
    }
done:
    return err->status;
}

/* The delimiter that the first line holds most often outside quotes. */
static char sniff_delimiter(const char *bytes, int64_t n_bytes)
{
    static const char candidates[] = ",;\t";
    int64_t count[3] = { 0 };
    bool quoted = false;
    for (int64_t i = 0; i < n_bytes && (quoted || bytes[i] != '\n'); i++) {
        const char *found = bytes[i] ? strchr(candidates, bytes[i]) : NULL;
        quoted ^= bytes[i] == '"';
        if (found && !quoted)
            count[found - candidates]++;
    }
    int best = 0;
    for (int k = 1; k < 3; k++)
        if (count[k] > count[best])
            best = k;
    return candidates[best];
}

/* UTF-8 of Latin-1 bytes. */
static rb_status from_latin1(char **out, int64_t *n_out, const char *bytes, int64_t n_bytes, rb_error *err)
{
    RB_TRY(rb_alloc(out, 2 * n_bytes + 1, err));
    int64_t n = 0;
    for (int64_t i = 0; i < n_bytes; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c >= 0x80)
            (*out)[n++] = (char)(0xC0 | (c >> 6));
        (*out)[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3F) : c);
    }
    *n_out = n;
done:
    return err->status;
}

rb_status rb_catalogue_parse(rb_catalogue *out, const char *bytes, int64_t n_bytes, const char *name,
                             const rb_source *options, rb_dataset *skipped_into, rb_error *err)
{
    rb_catalogue_reader r = { .skip = options && options->skip_errors, .skipped_into = skipped_into };
    char *converted = NULL, separator[2] = { 0 };
    *out = (rb_catalogue){ 0 };
    r.format = rb_catalogue_format_find(options ? options->format : NULL);
    if (!r.format)
        r.format = rb_catalogue_format_sniff(name, bytes, n_bytes);
    if (r.format->may_be_latin1 && u8_check((const uint8_t *)bytes, (size_t)n_bytes)) {
        RB_TRY(from_latin1(&converted, &n_bytes, bytes, n_bytes, err));
        bytes = converted;
    }
    separator[0] = options ? options->delimiter : 0;
    if (!separator[0] && r.format->quotes)
        separator[0] = sniff_delimiter(bytes, n_bytes);
    RB_TRY(rb_catalogue_read_header(&r, name, bytes, n_bytes, separator[0] ? separator : r.format->separator, err));
    RB_TRY(read_rows(&r, err));
    RB_TRY(rb_catalogue_finish(out, &r, err));
done:
    rb_free(converted);
    reader_fini(&r);
    return err->status;
}

rb_status rb_catalogue_read(rb_catalogue *out, const char *path, const rb_source *options, rb_dataset *skipped_into,
                            rb_ctx *ctx, rb_error *err)
{
    char *bytes = NULL;
    int64_t n_bytes = 0;
    *out = (rb_catalogue){ 0 };
    RB_TRY(rb_bytes_share(&bytes, &n_bytes, path, ctx, err));
    /* Parsing gives the same on every rank, and costs less than sending the many arrays that it makes. */
    RB_TRY_ALL(ctx, rb_catalogue_parse(out, bytes, n_bytes, path, options, skipped_into, err));
done:
    if (err->status != RB_OK)
        rb_catalogue_fini(out);
    rb_free(bytes);
    return err->status;
}
