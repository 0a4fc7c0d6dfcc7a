/*
 * The formats of ratings text, and the layout of a file from its format, the user's options and its first lines.
 */
#ifndef RB_DATA_RATINGS_FORMAT_H
#define RB_DATA_RATINGS_FORMAT_H

#include "data/ratings_line.h"
#include "data/read.h"

typedef struct {
    const char *name;
    const char *delimiter; /* NULL: sniffed from the first line */
    const char *columns;   /* without a header: the role of each column, 'u' 'i' 'r' 't' */
    rb_lines lines;
    int header;    /* as rb_source.header */
    int n_columns; /* 0: as many as the first line has */
    bool whole_ids;
} rb_ratings_format;

/** All formats, ended by one without a name. */
extern const rb_ratings_format rb_ratings_formats[];

/** A format by name, or NULL. */
const rb_ratings_format *rb_ratings_format_find(const char *name);

/**
 * The layout of a file. Local.
 *
 * @param[in] file    name of the file, for messages
 * @param[in] bytes   [n] the file
 * @param[in] source  columns, delimiter and header as the user gave them
 * @return RB_OK; RB_BAD_INPUT: empty file, column that is not there, header that makes no sense
 */
rb_status rb_layout_init(rb_layout *layout, const rb_ratings_format *format, const char *file, const char *bytes,
                         int64_t n, const rb_source *source, rb_error *err);

/** Layout of a MatrixMarket file (banner, comments, size line). Local. */
rb_status rb_layout_init_matrix(rb_layout *layout, const char *file, const char *bytes, int64_t n, rb_error *err);

/** The delimiter of a line: tab or "::" where there is one, else the one of "," ";" "|" that occurs most, else blanks.
 */
const char *rb_layout_delimiter(const char *line, const char *end);

/** The role that a name in a header tells ("userId", "user_id:token", "movie", "stars"), or RB_ROLE_NONE. */
rb_role rb_layout_role(const rb_field *name);

#endif
