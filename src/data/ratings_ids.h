/*
 * Numbering users and items: the distinct ids of all ranks, in ascending order.
 *
 * Whole numbers that are not much larger than the number of lines are counted in a bit map. All others go through a
 * hash table for each thread, whose distinct ids are brought together and sorted.
 */
#ifndef RB_DATA_RATINGS_IDS_H
#define RB_DATA_RATINGS_IDS_H

#include "data/ids.h"
#include "data/ratings_line.h"
#include "parallel/ctx.h"

typedef struct {
    const char *text;
    int32_t n;
    uint32_t hash;
    bool is_owned;
} rb_id_entry;

/* The distinct ids that one thread met; their text lies in the file or, where it was escaped, is owned. */
typedef struct {
    rb_id_entry *entry; /* [n] in the order met */
    int64_t n, capacity;
    int32_t *place;   /* [n_places] index of the entry, + 1; 0: free */
    int64_t n_places; /* a power of two */
    int32_t *number;  /* [n] after rb_id_tables_number: number of the id among all */
    char *plain;      /* room for undoing escapes */
    int64_t plain_capacity;
} rb_id_table;

/** Index of an id in the table, which it enters where it is new; -1 with RB_NO_MEMORY. */
int32_t rb_id_table_add(rb_id_table *t, const rb_field *id, rb_error *err);
void rb_id_table_fini(rb_id_table *t);

/**
 * Number the ids of all tables of all ranks. Collective.
 *
 * @param[out]    ids     of all ranks: numbers where every id is a whole number, else texts
 * @param[in,out] tables  [n_tables] this rank's; their `number` is set
 */
rb_status rb_id_tables_number(rb_ids *ids, rb_id_table *tables, int n_tables, const rb_ctx *ctx, rb_error *err);

/** Whether ids up to `largest` may be counted in a bit map where there are n_lines. */
bool rb_ids_are_dense(int64_t largest, int64_t n_lines);

/**
 * Number ids that are whole numbers in [0, largest]. Collective.
 *
 * @param[in,out] values   [n] this rank's ids, replaced by their numbers; negative ones stay
 * @param[in]     largest  over all ranks; -1: there are none
 */
rb_status rb_ids_number_dense(rb_ids *ids, int32_t *values, int64_t n, int64_t largest, const rb_ctx *ctx,
                              rb_error *err);

#endif
