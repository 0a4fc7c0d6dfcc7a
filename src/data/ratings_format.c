#include "data/ratings_format.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/ratings_number.h"
#include "data/ratings_text.h"

const rb_ratings_format rb_ratings_formats[] = {
    { "u.data", "\t", "uirt", RB_LINES_DELIMITED, 0, 4, true },
    { "ratings.dat", "::", "uirt", RB_LINES_DELIMITED, 0, 4, true },
    { "ratings.csv", ",", "uirt", RB_LINES_DELIMITED, 1, 0, true },
    { "libmf", " ", "uir", RB_LINES_DELIMITED, 0, 3, true },
    { "inter", "\t", "uirt", RB_LINES_DELIMITED, 1, 0, false },
    { "matrix-market", " ", "uir", RB_LINES_MATRIX, 0, 0, true },
    { "netflix-prize", ",", "urt", RB_LINES_NETFLIX, 0, 3, true },
    { "csv", ",", "uirt", RB_LINES_DELIMITED, -1, 0, false },
    { "tsv", "\t", "uirt", RB_LINES_DELIMITED, -1, 0, false },
    { "text", NULL, "uirt", RB_LINES_DELIMITED, -1, 0, false },
    { NULL, NULL, NULL, RB_LINES_DELIMITED, 0, 0, false },
};

const rb_ratings_format *rb_ratings_format_find(const char *name)
{
    for (const rb_ratings_format *f = rb_ratings_formats; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

const char *rb_layout_delimiter(const char *line, const char *end)
{
    size_t n = (size_t)(end - line);
    if (memchr(line, '\t', n))
        return "\t";
    if (memmem(line, n, "::", 2))
        return "::";
    static const char *const marks[] = { ",", ";", "|" };
    const char *most = " ";
    int64_t n_most = 0;
    for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
        int64_t count = 0;
        for (const char *at = line; at < end; at++)
            count += *at == *marks[m];
        if (count > n_most) {
            most = marks[m];
            n_most = count;
        }
    }
    return most;
}

/* Names of columns as people write them, in small letters and without anything else. */
static const char *const names[][14] = {
    [RB_ROLE_USER] = { "user", "userid", "uid", "reviewerid", "customerid", "viewerid", "memberid", NULL },
    [RB_ROLE_ITEM] = { "item", "itemid", "iid", "movie", "movieid", "title", "titleid", "show", "showid", "asin",
                       "productid", "bookid", "artistid", NULL },
    [RB_ROLE_RATING] = { "rating", "ratings", "score", "stars", "overall", "value", NULL },
    [RB_ROLE_TIME] = { "timestamp", "time", "date", "datetime", "ts", "unixreviewtime", NULL },
};

/* Length of a header's name without its RecBole type (":token"). */
static int32_t bare_length(const rb_field *name)
{
    const char *colon = memchr(name->text, ':', (size_t)name->n);
    return colon ? (int32_t)(colon - name->text) : name->n;
}

rb_role rb_layout_role(const rb_field *name)
{
    char plain[24];
    size_t n = 0;
    for (int32_t i = 0, length = bare_length(name); i < length; i++) {
        if (!isalnum((unsigned char)name->text[i]))
            continue;
        if (n + 1 == sizeof plain)
            return RB_ROLE_NONE;
        plain[n++] = (char)tolower((unsigned char)name->text[i]);
    }
    plain[n] = 0;
    for (int role = RB_ROLE_USER; role <= RB_ROLE_TIME; role++)
        for (const char *const *known = names[role]; *known; known++)
            if (strcmp(*known, plain) == 0)
                return (rb_role)role;
    return RB_ROLE_NONE;
}

/* The first lines of a file, cut into fields. */
typedef struct {
    const char *file;
    rb_field field[RB_MAX_TEXT_COLUMNS];
    int n;
    const char *begin, *end, *bytes_end; /* of the first line, and of the file */
} first_line;

static rb_status cut_first_line(first_line *first, const rb_layout *layout, rb_error *err)
{
    rb_fault fault = { 0 };
    first->n = rb_line_split(first->field, RB_MAX_TEXT_COLUMNS, layout, first->begin, first->end, &fault);
    if (first->n < 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:1:%d: %s", first->file, fault.column, fault.reason);
    if (first->n > RB_MAX_TEXT_COLUMNS)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:1:1: %d columns, at most %d can be read", first->file, first->n,
                       RB_MAX_TEXT_COLUMNS);
    return RB_OK;
}

static bool any_number(const rb_field *fields, int n)
{
    float value;
    for (int c = 0; c < n && c < RB_MAX_TEXT_COLUMNS; c++)
        if (rb_number_float(&value, fields[c].text, fields[c].n) == RB_NUMBER_OK)
            return true;
    return false;
}

/* A line without any number is a header where it names users or items, or where the next line has a number. */
static bool looks_like_header(const first_line *first, const rb_layout *layout)
{
    if (any_number(first->field, first->n))
        return false;
    for (int c = 0; c < first->n; c++) {
        rb_role role = rb_layout_role(&first->field[c]);
        if (role == RB_ROLE_USER || role == RB_ROLE_ITEM)
            return true;
    }
    if (first->end == first->bytes_end)
        return false;
    rb_field fields[RB_MAX_TEXT_COLUMNS];
    rb_fault fault;
    const char *line = first->end + 1;
    const char *end = memchr(line, '\n', (size_t)(first->bytes_end - line));
    int n = rb_line_split(fields, RB_MAX_TEXT_COLUMNS, layout, line, end ? end : first->bytes_end, &fault);
    return any_number(fields, n);
}

/* The name in the header that is most like `wanted`; "" where none is near. */
static void nearest_column(char out[64], const first_line *first, const char *wanted)
{
    char text[RB_MAX_TEXT_COLUMNS][64];
    const char *known[RB_MAX_TEXT_COLUMNS + 1];
    int n = 0;
    for (int c = 0; c < first->n && c < RB_MAX_TEXT_COLUMNS; c++) {
        const rb_field *f = &first->field[c];
        snprintf(text[n], sizeof text[n], "%.*s", (int)bare_length(f), f->text);
        known[n] = text[n];
        n++;
    }
    known[n] = NULL;
    const char *nearest = rb_text_nearest(wanted, known);
    snprintf(out, 64, "%s", nearest ? nearest : "");
}

/* Column (from 0) by the name or the 1-based number that the user gave; -1 with an error. */
static int find_column(const first_line *first, const char *wanted, bool header, int n_columns, rb_error *err)
{
    int64_t number;
    if (rb_parse_int(&number, wanted, (int64_t)strlen(wanted))) {
        if (number >= 1 && number <= n_columns)
            return (int)number - 1;
        RB_FAIL(err, RB_BAD_INPUT, "%s:1:1: there is no column %s, the file has %d", first->file, wanted, n_columns);
        return -1;
    }
    if (!header) {
        RB_FAIL(err, RB_BAD_INPUT, "%s:1:1: column '%s' is a name, but the file has no header; give its number",
                first->file, wanted);
        return -1;
    }
    size_t length = strlen(wanted);
    for (int c = 0; c < first->n; c++) {
        const rb_field *f = &first->field[c];
        bool whole = (size_t)f->n == length, bare = (size_t)bare_length(f) == length;
        if ((whole || bare) && memcmp(f->text, wanted, length) == 0)
            return c;
    }
    char near[64];
    nearest_column(near, first, wanted);
    RB_FAIL(err, RB_BAD_INPUT, "%s:1:1: there is no column '%s' in the header '%.*s'%s%s%s", first->file, wanted,
            (int)(first->end - first->begin > 200 ? 200 : first->end - first->begin), first->begin,
            *near ? "; did you mean '" : "", near, *near ? "'?" : "");
    return -1;
}

static const char *role_word(rb_role role)
{
    static const char *const words[] = { "", "users", "items", "ratings", "timestamps" };
    return words[role];
}

static rb_status assign(rb_layout *layout, int column, rb_role role, const char *file, rb_error *err)
{
    if (layout->role[column] != RB_ROLE_NONE)
        return RB_FAIL(err, RB_BAD_INPUT, "%s:1:1: column %d is named for both %s and %s", file, column + 1,
                       role_word(layout->role[column]), role_word(role));
    layout->role[column] = (uint8_t)role;
    return RB_OK;
}

/* Column of a role that the user did not name; -1 where there is none. */
static int usual_column(const first_line *first, const rb_layout *layout, rb_role role, bool header,
                        const rb_ratings_format *format)
{
    if (header) {
        for (int c = 0; c < first->n; c++)
            if (layout->role[c] == RB_ROLE_NONE && rb_layout_role(&first->field[c]) == role)
                return c;
        return -1;
    }
    const char *place = strchr(format->columns, " uirt"[role]);
    int c = place ? (int)(place - format->columns) : layout->n_columns;
    return c < layout->n_columns && layout->role[c] == RB_ROLE_NONE ? c : -1;
}

static rb_status assign_columns(rb_layout *layout, const first_line *first, bool header,
                                const rb_ratings_format *format, const rb_source *source, rb_error *err)
{
    const char *const wanted[] = { NULL, source->user_column, source->item_column, source->rating_column,
                                   source->timestamp_column };
    for (int role = RB_ROLE_USER; role <= RB_ROLE_TIME; role++) {
        if (!wanted[role])
            continue;
        int c = find_column(first, wanted[role], header, layout->n_columns, err);
        if (c < 0 || assign(layout, c, (rb_role)role, first->file, err) != RB_OK)
            return err->status;
    }
    for (int role = RB_ROLE_USER; role <= RB_ROLE_TIME; role++) {
        if (wanted[role])
            continue;
        int c = usual_column(first, layout, (rb_role)role, header, format);
        bool needed = role == RB_ROLE_USER || (role == RB_ROLE_ITEM && layout->lines != RB_LINES_NETFLIX);
        if (c >= 0)
            layout->role[c] = (uint8_t)role;
        else if (needed)
            return RB_FAIL(err, RB_BAD_INPUT, "%s:1:1: no column for the %s among the %d of '%.*s': name it %s",
                           first->file, role_word((rb_role)role), first->n,
                           (int)(first->end - first->begin > 200 ? 200 : first->end - first->begin), first->begin,
                           !source->from_options  ? "in columns"
                           : role == RB_ROLE_USER ? "by --user-column"
                                                  : "by --item-column");
    }
    layout->with_rating = memchr(layout->role, RB_ROLE_RATING, (size_t)layout->n_columns) != NULL;
    layout->with_time = memchr(layout->role, RB_ROLE_TIME, (size_t)layout->n_columns) != NULL;
    return RB_OK;
}

static bool names_columns(const rb_source *source)
{
    const char *const columns[] = { source->user_column, source->item_column, source->rating_column,
                                    source->timestamp_column };
    int64_t number;
    for (int c = 0; c < 4; c++)
        if (columns[c] && !rb_parse_int(&number, columns[c], (int64_t)strlen(columns[c])))
            return true;
    return false;
}

static bool has_header(const first_line *first, const rb_layout *layout, const rb_ratings_format *format,
                       const rb_source *source)
{
    if (source->header >= 0)
        return source->header == 1;
    if (format->header >= 0)
        return format->header == 1;
    return names_columns(source) || looks_like_header(first, layout);
}

rb_status rb_layout_init(rb_layout *layout, const rb_ratings_format *format, const char *file, const char *bytes,
                         int64_t n, const rb_source *source, rb_error *err)
{
    if (format->lines == RB_LINES_MATRIX)
        return rb_layout_init_matrix(layout, file, bytes, n, err);
    *layout = (rb_layout){ .lines = format->lines, .whole_ids = format->whole_ids, .body = rb_text_mark(bytes, n) };
    first_line first = { .file = file, .begin = bytes + layout->body, .bytes_end = bytes + n };
    if (layout->body == n)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: the file is empty", file);
    first.end = memchr(first.begin, '\n', (size_t)(n - layout->body));
    if (!first.end)
        first.end = bytes + n;
    const char *sniffed = format->delimiter ? format->delimiter : rb_layout_delimiter(first.begin, first.end);
    if (source->delimiter)
        layout->delimiter[0] = source->delimiter;
    else
        memcpy(layout->delimiter, sniffed, strlen(sniffed) + 1);
    layout->quoted = layout->delimiter[0] == ',' || layout->delimiter[0] == ';';
    if (cut_first_line(&first, layout, err) != RB_OK)
        return err->status;
    layout->n_columns = format->n_columns ? format->n_columns : first.n;
    bool header = format->lines == RB_LINES_DELIMITED && has_header(&first, layout, format, source);
    if (header) {
        layout->body = first.end < bytes + n ? first.end + 1 - bytes : n;
        layout->header_lines = 1;
    }
    return assign_columns(layout, &first, header, format, source, err);
}
