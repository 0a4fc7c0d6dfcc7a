/*
 * One table, written for the eye (aligned columns), as CSV, TSV, JSON or Markdown.
 *
 * A cell has what the eye sees and, for numbers, the exact value that goes into CSV, TSV and JSON. Cells are added row
 * by row from left to right.
 */
#ifndef RB_REPORT_TABLE_H
#define RB_REPORT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/text.h"
#include "report/report.h"

typedef enum { RB_CELL_TEXT, RB_CELL_NUMBER, RB_CELL_BOOL } rb_cell_kind;

typedef struct {
    const char *name;  /* heading, key in JSON; borrowed */
    rb_cell_kind kind; /* numbers stand on the right */
} rb_table_column;

typedef struct {
    int64_t shown, exact; /* offsets into the table's text; -1: no value (empty; null in JSON) */
} rb_table_cell;

typedef struct {
    const rb_table_column *columns; /* borrowed */
    int n_columns;
    bool no_heading;    /* of the form for the eye */
    const char *indent; /* before each line of the form for the eye; NULL: nothing */
    bool goes_on;       /* JSON: no line end behind the array, something follows it */
    rb_text text;
    rb_table_cell *cells;
    int64_t n_cells, capacity;
} rb_table;

/** A table without rows; a zeroed table is valid for rb_table_fini. */
void rb_table_init(rb_table *t, const rb_table_column *columns, int n_columns);
void rb_table_fini(rb_table *t);

/** Add the next cell. text NULL, or a value that is not finite, is a cell without a value. @return RB_OK, RB_NO_MEMORY
 */
rb_status rb_table_text(rb_table *t, const char *text, rb_error *err);
/** Text that the eye sees aligned by blanks inside it; the exact value has none of them. */
rb_status rb_table_letters(rb_table *t, const char *letters, rb_error *err);
rb_status rb_table_int(rb_table *t, int64_t value, rb_error *err); /* the eye sees thousands separated */
rb_status rb_table_double(rb_table *t, double value, int decimals, rb_error *err); /* decimals < 0: shortest exact */
rb_status rb_table_bool(rb_table *t, bool value, rb_error *err);
/** A number of which the eye sees something else ("0.2413 [0.2380, 0.2447]"). */
rb_status rb_table_shown(rb_table *t, double value, const char *shown, rb_error *err);

/** Write all rows. JSON is one array of objects; the form for the eye ends no line in spaces. @return RB_OK, RB_IO,
 *  RB_NO_MEMORY */
rb_status rb_table_write(FILE *out, const rb_table *t, rb_format format, rb_error *err);

#endif
