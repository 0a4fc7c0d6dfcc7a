/*
 * Records of delimited text, with the line and column of every field: RFC 4180 with quotes, strictly, or plain lines
 * without. Lines end in LF or CRLF; a byte order mark at the start is passed over; empty lines are no records.
 */
#ifndef RB_DATA_CSV_H
#define RB_DATA_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct {
    int64_t begin; /* first byte in rb_csv.text; the field is ended by 0 */
    int64_t n;
    int64_t line;   /* from 1 */
    int64_t column; /* from 1, in bytes */
} rb_csv_field;

typedef struct {
    const char *name;  /* of the file, for messages; borrowed */
    const char *bytes; /* borrowed */
    int64_t n_bytes;
    const char *separator; /* "," or "::" */
    bool quotes;
    int64_t at, line, line_begin; /* where the next record starts */
    rb_csv_field *field;          /* [n_fields] of the last record */
    int64_t n_fields, field_capacity;
    char *text; /* what the fields hold, quotes undone */
    int64_t n_text, text_capacity;
    int64_t error_line, error_column; /* of the last malformed record */
} rb_csv;

/** Start at the first record; the struct is zeroed before the first use. */
void rb_csv_begin(rb_csv *csv, const char *name, const char *bytes, int64_t n_bytes, const char *separator,
                  bool quotes);

/**
 * Read the next record. *more is false at the end of the text.
 *
 * @return RB_OK; RB_NO_MEMORY; RB_BAD_INPUT "name:line:column: ..." (an unterminated quote, a quote where none may
 *         stand, bytes that are not UTF-8 or are 0): the next call then goes on behind the malformed line
 */
rb_status rb_csv_next(rb_csv *csv, bool *more, rb_error *err);

static inline const char *rb_csv_text(const rb_csv *csv, int64_t field)
{
    return csv->text + csv->field[field].begin;
}

/** Fail with "name:line:column: message" at a field of the last record, or at its start where field is -1. */
rb_status rb_csv_fail(rb_csv *csv, int64_t field, rb_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void rb_csv_fini(rb_csv *csv);

#endif
