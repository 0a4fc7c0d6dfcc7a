/*
 * The forms in which catalogues come: how each is delimited, and which field is which column.
 */
#ifndef RB_DATA_CATALOGUE_FORMAT_H
#define RB_DATA_CATALOGUE_FORMAT_H

#include "data/catalogue.h"
#include "data/csv.h"

/* What a field is, beside the columns of a catalogue. */
enum { RB_FIELD_UNUSED = -1, RB_FIELD_ID = RB_N_COLUMNS, RB_FIELD_FLAG };

typedef struct {
    const char *name;
    const char *separator;
    bool quotes;
    bool has_header;      /* else `fields` says what the fields are */
    bool may_be_latin1;   /* where the bytes are not UTF-8 */
    bool repeats;         /* several rows an item, joined (tags) */
    char value_separator; /* in multi-valued fields */
    const char *fields;   /* without a header: the names of all fields; with one: those that must be there */
} rb_catalogue_format;

/** The format of that name, or NULL. */
const rb_catalogue_format *rb_catalogue_format_find(const char *name);

/** The format by the name of the file and its first line. */
const rb_catalogue_format *rb_catalogue_format_sniff(const char *file, const char *bytes, int64_t n_bytes);

/** What the field of this name is: a column, RB_FIELD_ID, RB_FIELD_UNUSED. "name:type" (RecBole) counts as name. */
int rb_catalogue_field_find(const char *name);

/** Name of the genre flag number `index` of u.item. */
const char *rb_catalogue_flag_name(int64_t index);

#endif
