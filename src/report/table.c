#include "report/table.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>

#include "base/alloc.h"

#define GAP "  " /* between columns */

void rb_table_init(rb_table *t, const rb_table_column *columns, int n_columns)
{
    *t = (rb_table){ .columns = columns, .n_columns = n_columns };
}

void rb_table_fini(rb_table *t)
{
    rb_text_fini(&t->text);
    rb_free(t->cells);
    *t = (rb_table){ 0 };
}

/* Keep a 0-terminated copy in the table's text; its offset, or -1. */
static int64_t keep(rb_table *t, const char *text, rb_error *err)
{
    int64_t at = t->text.length;
    return rb_text_add(&t->text, text, (int64_t)strlen(text) + 1, err) == RB_OK ? at : -1;
}

static rb_status add_cell(rb_table *t, const char *shown, const char *exact, rb_error *err)
{
    RB_TRY(rb_grow(&t->cells, &t->capacity, t->n_cells + 1, err));
    rb_table_cell cell = { .shown = -1, .exact = -1 };
    if (exact) {
        cell.shown = keep(t, shown, err);
        cell.exact = shown == exact ? cell.shown : keep(t, exact, err);
        RB_TRY(err->status);
    }
    t->cells[t->n_cells++] = cell;
done:
    return err->status;
}

rb_status rb_table_text(rb_table *t, const char *text, rb_error *err)
{
    return add_cell(t, text, text, err);
}

rb_status rb_table_letters(rb_table *t, const char *letters, rb_error *err)
{
    rb_text exact = { 0 };
    for (const char *at = letters; at && *at; at++)
        if (*at != ' ')
            RB_TRY(rb_text_add(&exact, at, 1, err));
    RB_TRY(rb_text_add(&exact, "", 1, err));
    RB_TRY(add_cell(t, letters, letters ? exact.data : NULL, err));
done:
    rb_text_fini(&exact);
    return err->status;
}

rb_status rb_table_int(rb_table *t, int64_t value, rb_error *err)
{
    char shown[32], exact[32];
    snprintf(exact, sizeof exact, "%lld", (long long)value);
    return add_cell(t, rb_text_count(shown, value), exact, err);
}

rb_status rb_table_shown(rb_table *t, double value, const char *shown, rb_error *err)
{
    char exact[32];
    if (!isfinite(value))
        return add_cell(t, NULL, NULL, err);
    rb_text_double(exact, value);
    return add_cell(t, shown, exact, err);
}

rb_status rb_table_double(rb_table *t, double value, int decimals, rb_error *err)
{
    char shown[64];
    if (decimals < 0)
        rb_text_double(shown, value);
    else
        snprintf(shown, sizeof shown, "%.*f", decimals, value);
    return rb_table_shown(t, value, shown, err);
}

rb_status rb_table_bool(rb_table *t, bool value, rb_error *err)
{
    return add_cell(t, value ? "yes" : "no", value ? "true" : "false", err);
}

static const char *text_at(const rb_table *t, int64_t offset)
{
    return offset < 0 ? "" : t->text.data + offset;
}

static const rb_table_cell *cell_at(const rb_table *t, int64_t row, int column)
{
    return &t->cells[row * t->n_columns + column];
}

/* What stands around the cells of a line. */
typedef struct {
    const char *begin, *between, *end;
    bool escapes_bars; /* a bar would end a cell of Markdown */
} line_style;

static int width_of(const char *text, const line_style *style)
{
    int width = u8_strwidth((const uint8_t *)text, "UTF-8");
    for (; style->escapes_bars && (text = strchr(text, '|')) != NULL; text++)
        width++;
    return width;
}

static void add_cell_text(rb_text *line, const char *text, const line_style *style, rb_error *err)
{
    for (const char *bar; style->escapes_bars && (bar = strchr(text, '|')) != NULL; text = bar + 1)
        rb_text_addf(line, err, "%.*s\\|", (int)(bar - text), text);
    rb_text_addf(line, err, "%s", text);
}

static void add_padded(rb_text *line, const char *text, int width, bool on_right, const line_style *style,
                       rb_error *err)
{
    int blank = width - width_of(text, style);
    rb_text_addf(line, err, "%*s", on_right ? blank : 0, "");
    add_cell_text(line, text, style, err);
    rb_text_addf(line, err, "%*s", on_right ? 0 : blank, "");
}

/* Text of a cell; row -1 is the heading. */
static const char *shown_at(const rb_table *t, int64_t row, int column)
{
    return row < 0 ? t->columns[column].name : text_at(t, cell_at(t, row, column)->shown);
}

static rb_status write_line(FILE *out, const rb_table *t, int64_t row, const int *width, const line_style *style,
                            rb_error *err)
{
    rb_text line = { 0 };
    RB_TRY(rb_text_addf(&line, err, "%s", style->begin));
    for (int c = 0; c < t->n_columns && err->status == RB_OK; c++) {
        add_padded(&line, shown_at(t, row, c), width[c], t->columns[c].kind == RB_CELL_NUMBER, style, err);
        rb_text_addf(&line, err, "%s", c + 1 < t->n_columns ? style->between : style->end);
    }
    RB_TRY(err->status);
    while (line.length > 0 && line.data[line.length - 1] == ' ')
        line.length--;
    fprintf(out, "%.*s\n", (int)line.length, line.data);
done:
    rb_text_fini(&line);
    return err->status;
}

/* Markdown's line between heading and rows; a colon puts a column on the right. */
static void write_rule(FILE *out, const rb_table *t, const int *width)
{
    fputc('|', out);
    for (int c = 0; c < t->n_columns; c++) {
        bool on_right = t->columns[c].kind == RB_CELL_NUMBER;
        for (int i = 0; i < width[c] + (on_right ? 1 : 2); i++)
            fputc('-', out);
        fputs(on_right ? ":|" : "|", out);
    }
    fputc('\n', out);
}

static rb_status write_aligned(FILE *out, const rb_table *t, bool has_heading, bool has_rule, const line_style *style,
                               rb_error *err)
{
    int *width = NULL;
    int64_t n_rows = t->n_cells / t->n_columns;
    int64_t first = has_heading ? -1 : 0;
    RB_TRY(rb_alloc(&width, t->n_columns, err));
    for (int c = 0; c < t->n_columns; c++)
        for (int64_t r = first; r < n_rows; r++) {
            int w = width_of(shown_at(t, r, c), style);
            width[c] = w > width[c] ? w : width[c];
        }
    for (int64_t r = first; r < n_rows; r++) {
        RB_TRY(write_line(out, t, r, width, style, err));
        if (r < 0 && has_rule)
            write_rule(out, t, width);
    }
done:
    rb_free(width);
    return err->status;
}

/* RFC 4180: quoted where it must be, quotes doubled. */
static void write_csv_field(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++)
        fprintf(out, *text == '"' ? "\"%c" : "%c", *text);
    fputc('"', out);
}

/* A tab or a line end within a field becomes a space. */
static void write_tsv_field(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc(strchr("\t\r\n", *text) ? ' ' : *text, out);
}

static void write_separated(FILE *out, const rb_table *t, char separator)
{
    void (*field)(FILE * out, const char *text) = separator == '\t' ? write_tsv_field : write_csv_field;
    for (int64_t r = -1; r < t->n_cells / t->n_columns; r++) {
        for (int c = 0; c < t->n_columns; c++) {
            if (c > 0)
                fputc(separator, out);
            field(out, r < 0 ? t->columns[c].name : text_at(t, cell_at(t, r, c)->exact));
        }
        fputc('\n', out);
    }
}

static rb_status write_json_text(FILE *out, const char *text, rb_error *err)
{
    json_t *value = json_string(text);
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    if (quoted)
        fputs(quoted, out);
    else
        RB_FAIL(err, RB_NO_MEMORY, "a cell of a table cannot be written as JSON");
    free(quoted);
    json_decref(value);
    return err->status;
}

static rb_status write_json(FILE *out, const rb_table *t, rb_error *err)
{
    int64_t n_rows = t->n_cells / t->n_columns;
    fputs("[", out);
    for (int64_t r = 0; r < n_rows; r++) {
        fputs(r > 0 ? ",\n  {" : "\n  {", out);
        for (int c = 0; c < t->n_columns; c++) {
            int64_t exact = cell_at(t, r, c)->exact;
            fputs(c > 0 ? ", " : "", out);
            RB_TRY(write_json_text(out, t->columns[c].name, err));
            fputs(": ", out);
            if (exact < 0)
                fputs("null", out);
            else if (t->columns[c].kind == RB_CELL_TEXT)
                RB_TRY(write_json_text(out, text_at(t, exact), err));
            else
                fputs(text_at(t, exact), out);
        }
        fputs("}", out);
    }
    fputs(n_rows > 0 ? "\n]" : "]", out);
    fputs(t->goes_on ? "" : "\n", out);
done:
    return err->status;
}

rb_status rb_table_write(FILE *out, const rb_table *t, rb_format format, rb_error *err)
{
    RB_ASSERT(t->n_columns > 0 && t->n_cells % t->n_columns == 0);
    const line_style plain = { t->indent ? t->indent : "", GAP, "", false };
    const line_style markdown = { "| ", " | ", " |", true };
    switch (format) {
    case RB_FORMAT_TABLE:
        RB_TRY(write_aligned(out, t, !t->no_heading, false, &plain, err));
        break;
    case RB_FORMAT_MARKDOWN:
        RB_TRY(write_aligned(out, t, true, true, &markdown, err));
        break;
    case RB_FORMAT_CSV:
    case RB_FORMAT_TSV:
        write_separated(out, t, format == RB_FORMAT_CSV ? ',' : '\t');
        break;
    case RB_FORMAT_JSON:
        RB_TRY(write_json(out, t, err));
        break;
    }
    if (ferror(out))
        RB_FAIL(err, RB_IO, "a table could not be written");
done:
    return err->status;
}
