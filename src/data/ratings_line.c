#include "data/ratings_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "data/ratings_number.h"

#define LONGEST_LINE (1 << 20) /* bytes; guards against files that are no text */
#define SHOWN 40               /* bytes of a bad value that a message shows */

static rb_line_kind fault_at(rb_fault *fault, const char *line, const char *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static rb_line_kind fault_at(rb_fault *fault, const char *line, const char *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->reason, sizeof fault->reason, format, args);
    va_end(args);
    fault->column = (int32_t)(at - line) + 1;
    return RB_LINE_FAULT;
}

/* A value for a message: control bytes as ?, long ones cut. */
static const char *shown(char out[SHOWN + 4], const char *text, int64_t n)
{
    int64_t kept = n < SHOWN ? n : SHOWN;
    for (int64_t i = 0; i < kept; i++)
        out[i] = (char)((unsigned char)text[i] < 32 || text[i] == 127 ? '?' : text[i]);
    memcpy(out + kept, n > SHOWN ? "..." : "", n > SHOWN ? 4 : 1);
    return out;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Blanks around a field do not belong to it, unless they are the delimiter. */
static void trim(rb_field *f)
{
    while (f->n > 0 && is_blank(f->text[0])) {
        f->text++;
        f->n--;
    }
    while (f->n > 0 && is_blank(f->text[f->n - 1]))
        f->n--;
}

/* A field in quotes from p (the quote) on: *f gets what is inside; returns what follows, NULL where it is not closed.
 */
static const char *quoted_field(rb_field *f, const char *p, const char *end)
{
    const char *first = ++p;
    *f = (rb_field){ .text = first };
    for (;;) {
        p = memchr(p, '"', (size_t)(end - p));
        if (!p)
            return NULL;
        if (p + 1 == end || p[1] != '"')
            break;
        f->escaped = true;
        p += 2;
    }
    f->n = (int32_t)(p - first);
    return p + 1;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/* Cuts fields off a line, one after another. */
typedef struct {
    const char *line, *at, *end; /* at: NULL after the last field */
    const rb_layout *layout;
} cursor;

/* The delimiter at p is passed, or the line has ended. */
static void pass_delimiter(cursor *c, const char *p)
{
    if (p == c->end)
        c->at = NULL;
    else if (c->layout->delimiter[0] == ' ')
        c->at = skip_blanks(p, c->end);
    else
        c->at = p + (c->layout->delimiter[1] ? 2 : 1);
}

static const char *find_delimiter(const cursor *c)
{
    const char *p = c->at, *end = c->end;
    const char first = c->layout->delimiter[0], second = c->layout->delimiter[1];
    if (second) {
        while (p < end && !(*p == first && p + 1 < end && p[1] == second))
            p++;
    } else if (first == ' ') {
        while (p < end && !is_blank(*p))
            p++;
    } else {
        while (p < end && *p != first)
            p++;
    }
    return p;
}

/* The next field; false with a fault. */
static bool next_field(rb_field *f, cursor *c, rb_fault *fault)
{
    const char *start = c->at;
    if (c->layout->quoted && start < c->end && *start == '"') {
        const char *p = quoted_field(f, start, c->end);
        if (!p) {
            fault_at(fault, c->line, start, "the quote is not closed on this line");
            return false;
        }
        if (p < c->end && *p != c->layout->delimiter[0]) {
            fault_at(fault, c->line, p, "expected a delimiter after the closing quote");
            return false;
        }
        pass_delimiter(c, p);
        return true;
    }
    const char *p = find_delimiter(c);
    *f = (rb_field){ .text = start, .n = (int32_t)(p - start) };
    trim(f);
    pass_delimiter(c, p);
    return true;
}

static cursor start_line(const rb_layout *layout, const char *line, const char *end)
{
    cursor c = { .line = line, .at = line, .end = end, .layout = layout };
    if (layout->delimiter[0] == ' ') {
        c.at = skip_blanks(line, end);
        while (c.end > c.at && is_blank(c.end[-1]))
            c.end--;
    }
    return c;
}

static rb_line_kind bad_id(const rb_field *f, const char *what, const rb_layout *layout, const char *line,
                           rb_fault *fault)
{
    char value[SHOWN + 4];
    int64_t number;
    if (f->n == 0)
        return fault_at(fault, line, f->text, "%s is empty", what);
    if (layout->whole_ids && !rb_number_whole(&number, f->text, f->n))
        return fault_at(fault, line, f->text, "%s '%s' is not a whole number%s", what, shown(value, f->text, f->n),
                        layout->lines == RB_LINES_DELIMITED ? "; format: text takes any id" : "");
    if (!layout->whole_ids && memchr(f->text, 0, (size_t)f->n))
        return fault_at(fault, line, f->text, "%s '%s' holds a zero byte", what, shown(value, f->text, f->n));
    return RB_LINE_RECORD;
}

static rb_line_kind take_rating(float *rating, const rb_field *f, const rb_layout *layout, const char *line,
                                rb_fault *fault)
{
    char value[SHOWN + 4];
    rb_number number = rb_number_float(rating, f->text, f->n);
    if (number == RB_NUMBER_OK && layout->has_scale && !(*rating >= layout->scale[0] && *rating <= layout->scale[1]))
        return fault_at(fault, line, f->text, "rating '%s' is outside the scale %g .. %g", shown(value, f->text, f->n),
                        (double)layout->scale[0], (double)layout->scale[1]);
    if (number == RB_NUMBER_OK)
        return RB_LINE_RECORD;
    if (f->n == 0)
        return fault_at(fault, line, f->text, "rating is empty");
    return fault_at(fault, line, f->text, "rating '%s' is not %s", shown(value, f->text, f->n),
                    number == RB_NUMBER_NOT ? "a number" : "finite");
}

static rb_line_kind take_time(int64_t *time, const rb_field *f, const char *line, rb_fault *fault)
{
    char value[SHOWN + 4];
    if (rb_number_time(time, f->text, f->n))
        return RB_LINE_RECORD;
    if (f->n == 0)
        return fault_at(fault, line, f->text, "timestamp is empty");
    return fault_at(fault, line, f->text, "timestamp '%s' is neither a number nor a date like 2005-09-06",
                    shown(value, f->text, f->n));
}

static rb_line_kind take_field(rb_record *record, rb_role role, const rb_field *f, const rb_layout *layout,
                               const char *line, rb_fault *fault)
{
    switch (role) {
    case RB_ROLE_USER:
        record->user = *f;
        return bad_id(f, "user", layout, line, fault);
    case RB_ROLE_ITEM:
        record->item = *f;
        return bad_id(f, "item", layout, line, fault);
    case RB_ROLE_RATING:
        return take_rating(&record->rating, f, layout, line, fault);
    case RB_ROLE_TIME:
        return take_time(&record->time, f, line, fault);
    case RB_ROLE_NONE:
        break;
    }
    return RB_LINE_RECORD;
}

static rb_line_kind read_fields(rb_record *record, const rb_layout *layout, const char *line, const char *end,
                                rb_fault *fault)
{
    cursor c = start_line(layout, line, end);
    int n = 0;
    for (; c.at; n++) {
        rb_field f;
        if (n == layout->n_columns)
            return fault_at(fault, line, c.at, "expected %d columns, found more", n);
        if (!next_field(&f, &c, fault))
            return RB_LINE_FAULT;
        if (take_field(record, layout->role[n], &f, layout, line, fault) == RB_LINE_FAULT)
            return RB_LINE_FAULT;
    }
    if (n < layout->n_columns)
        return fault_at(fault, line, end, "expected %d columns, found %d", layout->n_columns, n);
    return RB_LINE_RECORD;
}

/* "123:" alone on its line. */
static bool is_item_line(const char *line, const char *end)
{
    if (end - line < 2 || end[-1] != ':')
        return false;
    int64_t number;
    return rb_number_whole(&number, line, end - line - 1);
}

static rb_line_kind read_netflix(rb_record *record, const rb_layout *layout, const char *line, const char *end,
                                 rb_fault *fault)
{
    if (is_item_line(line, end)) {
        record->item = (rb_field){ .text = line, .n = (int32_t)(end - line) - 1 };
        return RB_LINE_ITEM;
    }
    rb_line_kind kind = read_fields(record, layout, line, end, fault);
    if (kind == RB_LINE_RECORD && !record->item.text)
        return fault_at(fault, line, line, "a rating before the first line 'movie:'");
    return kind;
}

static rb_line_kind check_index(const rb_field *f, const char *what, int64_t n, const char *line, rb_fault *fault)
{
    int64_t index = 0;
    rb_number_whole(&index, f->text, f->n);
    if (index >= 1 && index <= n)
        return RB_LINE_RECORD;
    return fault_at(fault, line, f->text, "%s %lld is outside 1..%lld of the size line", what, (long long)index,
                    (long long)n);
}

static rb_line_kind read_matrix(rb_record *record, const rb_layout *layout, const char *line, const char *end,
                                rb_fault *fault)
{
    rb_line_kind kind = read_fields(record, layout, line, end, fault);
    if (kind == RB_LINE_RECORD)
        kind = check_index(&record->user, "row", layout->n_rows, line, fault);
    if (kind == RB_LINE_RECORD)
        kind = check_index(&record->item, "column", layout->n_cols, line, fault);
    return kind;
}

rb_line_kind rb_line_read(rb_record *record, const rb_layout *layout, const char *line, const char *end,
                          rb_fault *fault)
{
    end -= end > line && end[-1] == '\r';
    if (line == end || (is_blank(*line) && skip_blanks(line, end) == end))
        return RB_LINE_EMPTY;
    if (end - line > LONGEST_LINE)
        return fault_at(fault, line, line, "the line is longer than 1 MiB");
    switch (layout->lines) {
    case RB_LINES_NETFLIX:
        return read_netflix(record, layout, line, end, fault);
    case RB_LINES_MATRIX:
        return read_matrix(record, layout, line, end, fault);
    case RB_LINES_DELIMITED:
        break;
    }
    return read_fields(record, layout, line, end, fault);
}

int rb_line_split(rb_field *fields, int max, const rb_layout *layout, const char *line, const char *end,
                  rb_fault *fault)
{
    end -= end > line && end[-1] == '\r';
    cursor c = start_line(layout, line, end);
    int n = 0;
    for (; c.at; n++) {
        rb_field f;
        if (!next_field(&f, &c, fault))
            return -1;
        if (n < max)
            fields[n] = f;
    }
    return n;
}
