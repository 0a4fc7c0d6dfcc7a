/*
 * External ids of users and items, numbered in ascending order: by value where all are whole numbers,
 * else by bytes.
 */
#ifndef RB_DATA_IDS_H
#define RB_DATA_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"

typedef struct {
    int32_t n;
    int64_t *number; /* [n] ascending, where all ids are whole numbers; else NULL */
    char *text;      /* all ids one after another, each ended by 0; NULL where they are numbers */
    int64_t *begin;  /* [n + 1] first byte of each id in text; NULL where they are numbers */
} rb_ids;

/** Ids 0 .. n - 1 (generated data). */
rb_status rb_ids_init_range(rb_ids *ids, int32_t n, rb_error *err);
/** Ids from sorted distinct numbers, copied. */
rb_status rb_ids_init_numbers(rb_ids *ids, const int64_t *sorted, int32_t n, rb_error *err);
/** Ids from sorted distinct strings, copied. */
rb_status rb_ids_init_texts(rb_ids *ids, const char *const *sorted, int32_t n, rb_error *err);
/** The ids at the ascending positions kept[0 .. n). */
rb_status rb_ids_select(rb_ids *out, const rb_ids *ids, const int32_t *kept, int32_t n, rb_error *err);
/** The ids of either, each once. Numbers where both are, else texts in the order of bytes. O((a + b) log (a + b)). */
rb_status rb_ids_join(rb_ids *out, const rb_ids *a, const rb_ids *b, rb_error *err);
void rb_ids_fini(rb_ids *ids);

/** Number of an id as the user writes it, or -1. O(log n). */
int32_t rb_ids_find(const rb_ids *ids, const char *id);

/** An id as text; buffer serves where ids are numbers. */
const char *rb_ids_name(char buffer[32], const rb_ids *ids, int32_t index);

#endif
