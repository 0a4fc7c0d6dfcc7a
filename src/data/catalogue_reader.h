/*
 * The state of reading one catalogue file, and its phases: the header, the rows, the finished catalogue.
 */
#ifndef RB_DATA_CATALOGUE_READER_H
#define RB_DATA_CATALOGUE_READER_H

#include "base/text.h"
#include "data/catalogue_format.h"
#include "data/catalogue_strings.h"
#include "data/dataset.h"
#include "data/token_table.h"

/* What reading a file needs. Items are numbered in the order of their first row. */
typedef struct {
    const rb_catalogue_format *format;
    bool skip;
    rb_dataset *skipped_into;
    int64_t n_skipped;
    rb_csv csv;
    int *field; /* [n_fields] what each field of a row is */
    int64_t n_fields, id_field;
    rb_token_table ids;    /* whole numbers in their shortest form */
    rb_strings_builder id; /* as written */
    bool has_text_id;
    int64_t *line; /* [ids.n] of the item's first row */
    int64_t line_capacity;
    bool has[RB_N_COLUMNS];
    rb_strings_builder column[RB_N_COLUMNS];
    int32_t *tag_item; /* [rows] item of each row, where rows repeat */
    int64_t tag_capacity;
    rb_text genres; /* of a row, made of flags */
} rb_catalogue_reader;

/** Read the header, or take the format's own list of fields; then csv stands on the first row. */
rb_status rb_catalogue_read_header(rb_catalogue_reader *r, const char *name, const char *bytes, int64_t n_bytes,
                                   const char *separator, rb_error *err);

/** Take over the record that csv holds. RB_BAD_INPUT leaves no trace of the row. */
rb_status rb_catalogue_read_row(rb_catalogue_reader *r, rb_error *err);

/** Clean what was read and order it by id. */
rb_status rb_catalogue_finish(rb_catalogue *out, rb_catalogue_reader *r, rb_error *err);

#endif
