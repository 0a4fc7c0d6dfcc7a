/*
 * Columns of a catalogue as a table of numbers and categories.
 *
 * Numbers: year, minutes, seasons, date_added (days since 1970). Where one is unavailable, the mean of those that are
 * known stands for it. Categories: age_group, or any text column as written; of director, cast, country and genres
 * `:first` takes the first value alone ("genre" is genres). A blank field is a category of its own. A category's code
 * is its place among the column's values, ascending by bytes.
 */
#ifndef RB_DATA_ITEM_TABLE_H
#define RB_DATA_ITEM_TABLE_H

#include "data/algorithm.h"

#define RB_ITEM_TABLE_MOST 16 /* columns of a kind */
#define RB_ITEM_NUMBERS "year+minutes+seasons"
#define RB_ITEM_CATEGORIES "type+rating+country:first+genre:first"

/* Where a column's values come from. */
typedef struct {
    int number; /* which number; -1: a category */
    int column; /* rb_column, or -1: age_group */
    bool is_first;
} rb_item_source;

typedef struct {
    rb_item_source source[RB_ITEM_TABLE_MOST];
    int n;
} rb_item_columns;

/**
 * Columns from "year+minutes" or "type+country:first"; RB_BAD_INPUT where one is unknown, stands twice, is of the
 * other kind, or where there are too many. Local.
 * @param parameter  its name, for the message
 */
rb_status rb_item_columns_parse(rb_item_columns *out, const char *text, bool are_numbers, const char *parameter,
                                rb_error *err);

/** Bytes of a table of n items with these columns, of its categories' names and, in *n_categories, about how many there
 *  are: as many as items where a column is free text or holds lists. Allocates nothing. Local. */
double rb_item_table_bytes(double *n_categories, const rb_item_columns *numbers, const rb_item_columns *categories,
                           int64_t n);

/* What a table was made with, so that other items can be read in the same way. */
typedef struct {
    char *columns;           /* "year+minutes|type+rating", those that were found */
    int64_t n_columns_bytes; /* with the final 0 */
    int64_t n_numbers, n_categorical;
    double *mean, *deviation; /* [n_numbers] what is taken away and divided by; 0 and 1 where not standardised */
    double *missing;          /* [n_numbers] stands for a number that is unavailable, in the units of the data */
    int64_t *first;           /* [n_categorical + 1] the first name of each column */
    rb_strings names;         /* of all columns, each ascending by bytes */
} rb_item_schema;

/* The table of some items: private to a rank. */
typedef struct {
    int64_t n;
    double *number; /* [n x n_numbers] */
    int32_t *code;  /* [n x n_categorical] -1: a category that the schema does not know */
} rb_item_table;

/**
 * Learn names, means and deviations (population) from a catalogue. Local; serial, so every rank finds the same bits.
 *
 * @param numbers, categories  as rb_item_columns_parse; NULL: those of RB_ITEM_NUMBERS, RB_ITEM_CATEGORIES that the
 *                             catalogue has; "": none
 * @return RB_OK; RB_BAD_INPUT: a column that was named is not there; RB_NO_MEMORY
 * Cost: O(bytes of the columns).
 */
rb_status rb_item_schema_fit(rb_item_schema *out, const char *numbers, const char *categories, bool standardize,
                             const rb_catalogue *c, rb_error *err);
void rb_item_schema_fini(rb_item_schema *s);
/** Names every array of a schema; see data/algorithm.h. */
void rb_item_schema_arrays(rb_item_schema *s, rb_visitor *v);

/** The items of a catalogue in a schema. @return RB_OK; RB_BAD_INPUT: it lacks a column; RB_NO_MEMORY. Local. */
rb_status rb_item_table_init(rb_item_table *out, const rb_item_schema *s, const rb_catalogue *c, rb_error *err);
void rb_item_table_fini(rb_item_table *t);

#endif
