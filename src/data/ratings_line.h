/*
 * One line of ratings text: how a format lays it out, and reading it into a record.
 */
#ifndef RB_DATA_RATINGS_LINE_H
#define RB_DATA_RATINGS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define RB_MAX_TEXT_COLUMNS 256

typedef enum {
    RB_LINES_DELIMITED, /* fields between delimiters */
    RB_LINES_NETFLIX,   /* "movie:" lines, each followed by its "user,rating,date" lines */
    RB_LINES_MATRIX     /* MatrixMarket coordinates: 1-based "row column [value]" */
} rb_lines;

typedef enum { RB_ROLE_NONE, RB_ROLE_USER, RB_ROLE_ITEM, RB_ROLE_RATING, RB_ROLE_TIME } rb_role;

/* How the lines of a file are laid out; fixed once its first lines are known. */
typedef struct {
    rb_lines lines;
    char delimiter[3]; /* "," "\t" "::"; " ": runs of blanks and tabs */
    bool quoted;       /* a field may stand in double quotes (no newline in it) */
    bool whole_ids;    /* ids must be whole numbers */
    bool with_rating, with_time;
    bool has_scale; /* ratings stand in scale[0] .. scale[1] */
    float scale[2];
    int n_columns;                     /* every line has as many */
    uint8_t role[RB_MAX_TEXT_COLUMNS]; /* rb_role of each column */
    int64_t body;                      /* first byte after the byte order mark and the header */
    int64_t header_lines;
    int64_t n_rows, n_cols, n_entries; /* MatrixMarket: as its size line says */
} rb_layout;

typedef struct {
    const char *text;
    int32_t n;
    bool escaped; /* "" inside stands for one quote */
} rb_field;

typedef struct {
    rb_field user, item;
    float rating; /* 1 where the format has none */
    int64_t time; /* 0 where the format has none */
} rb_record;

/* What is wrong with a line. */
typedef struct {
    int32_t column; /* byte of the line, from 1; 0: nothing */
    char reason[200];
} rb_fault;

typedef enum { RB_LINE_RECORD, RB_LINE_EMPTY, RB_LINE_ITEM, RB_LINE_FAULT } rb_line_kind;

/**
 * Read the line [line, end), without its line end (a \r before it is dropped).
 *
 * @param[out] record  RB_LINE_RECORD: the fields, pointing into the line. RB_LINE_ITEM (Netflix Prize "movie:"): item
 *                     alone is set; give the same record to the lines that follow.
 * @param[out] fault   RB_LINE_FAULT: the first bad column and why
 */
rb_line_kind rb_line_read(rb_record *record, const rb_layout *layout, const char *line, const char *end,
                          rb_fault *fault);

/**
 * Cut one line into fields. Returns how many there are (at most max are stored), or -1 with a fault (a quote that is
 * not closed). For headers and sniffing.
 */
int rb_line_split(rb_field *fields, int max, const rb_layout *layout, const char *line, const char *end,
                  rb_fault *fault);

#endif
