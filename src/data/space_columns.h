/*
 * The text columns of a space, and the documents that they make.
 */
#ifndef RB_DATA_SPACE_COLUMNS_H
#define RB_DATA_SPACE_COLUMNS_H

#include "data/space.h"

typedef struct {
    rb_column column[RB_N_COLUMNS];
    int n;
} rb_space_columns;

/** Columns from "description+genres"; RB_BAD_INPUT where one is unknown (the nearest is named) or stands twice. out may
 *  be NULL: check only. */
rb_status rb_space_columns_parse(rb_space_columns *out, const char *text, rb_error *err);

/** The columns of a spec in a catalogue: those it names, all of which must be there, or the default ones. */
rb_status rb_space_columns_resolve(rb_space_columns *out, const rb_space_spec *spec, const rb_catalogue *c,
                                   rb_error *err);

/** Whether the points of a spec come from text. */
bool rb_space_is_text(const rb_space_spec *spec);

/** What TF-IDF takes from a space's config. */
rb_tfidf_options rb_space_text_options(const rb_space_config *config);

/* One document an item. */
typedef struct {
    char *text;
    const char **begin; /* [n] */
} rb_space_documents;

rb_status rb_space_documents_init(rb_space_documents *out, const rb_space_columns *columns, const rb_catalogue *c,
                                  rb_error *err);
void rb_space_documents_fini(rb_space_documents *d);

#endif
