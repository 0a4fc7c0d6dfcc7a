/*
 * Distinct words with numbers in the order of their first appearance: an open-addressing hash table over one text.
 */
#ifndef RB_DATA_TOKEN_TABLE_H
#define RB_DATA_TOKEN_TABLE_H

#include <stdint.h>

#include "base/status.h"

typedef struct {
    int64_t begin; /* first byte in the table's text; the word is ended by 0 */
    int32_t n;     /* bytes */
    uint32_t hash;
} rb_token_entry;

typedef struct {
    char *text;
    int64_t n_text, text_capacity;
    rb_token_entry *entry; /* [n] */
    int64_t n, capacity;
    int32_t *slot;   /* [n_slots] number + 1; 0: free */
    int64_t n_slots; /* a power of two, at least twice n */
} rb_token_table;

/** Number of a word, which is added where it is new. @return RB_OK, RB_NO_MEMORY (the table stays valid) */
rb_status rb_token_table_add(int32_t *number, rb_token_table *table, const char *word, int64_t n, rb_error *err);

/** Number of a word, or -1. */
int32_t rb_token_table_find(const rb_token_table *table, const char *word, int64_t n);

static inline const char *rb_token_table_word(const rb_token_table *table, int64_t number)
{
    return table->text + table->entry[number].begin;
}

/** All numbers in ascending order of the words' bytes, which in UTF-8 is the order of code points. order [table->n]. */
rb_status rb_token_table_order(int32_t *order, const rb_token_table *table, rb_error *err);

void rb_token_table_fini(rb_token_table *table);

#endif
