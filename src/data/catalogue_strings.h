/*
 * Building the columns of a catalogue string by string.
 */
#ifndef RB_DATA_CATALOGUE_STRINGS_H
#define RB_DATA_CATALOGUE_STRINGS_H

#include "data/catalogue.h"

typedef struct {
    rb_strings strings; /* valid after every add; take it over and zero it, or rb_strings_builder_fini */
    int64_t text_capacity, begin_capacity;
} rb_strings_builder;

/** Append n bytes as one string. */
rb_status rb_strings_add(rb_strings_builder *b, const char *text, int64_t n, rb_error *err);
void rb_strings_builder_fini(rb_strings_builder *b);

/** String row[i] of `from` as string i, "" where row[i] is -1. */
rb_status rb_strings_gather(rb_strings *out, const rb_strings *from, const int32_t *row, int64_t n, rb_error *err);

/** [text, text + *n) without white space at its ends (what Python's str.strip takes away); returns the new start. */
const char *rb_trim(const char *text, int64_t *n);

#endif
