/*
 * The best k of a stream of scored items, and the row scans that keep almost all of the stream out of it.
 *
 * Order: score descending, then key ascending, then item ascending. The result does not depend on the order in which
 * items are offered. A row of n scores with k kept costs n comparisons in vectors and about k ln(n / k) offers.
 */
#ifndef RB_LINALG_TOPK_H
#define RB_LINALG_TOPK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double score;
    uint64_t key; /* breaks ties: the smaller is the better */
    int32_t item;
} rb_topk_entry;

/* A heap whose root is the worst entry kept. */
typedef struct {
    rb_topk_entry *entry; /* [k] borrowed */
    int32_t k, n;         /* most entries; entries held */
} rb_topk;

/** Whether a stands before b. */
static inline bool rb_topk_before(const rb_topk_entry *a, const rb_topk_entry *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    return a->key != b->key ? a->key < b->key : a->item < b->item;
}

/** Take an entry where it is among the best k so far. O(log k). The score is not NaN. */
void rb_topk_offer(rb_topk *t, double score, uint64_t key, int32_t item);

/** Sort what is held, best first. Nothing may be offered afterwards. O(k log k). */
void rb_topk_finish(rb_topk *t);

/** First index in [from, n) whose value is not below `least` (so NaN stops too), else n. */
int64_t rb_scan_float(const float *row, int64_t from, int64_t n, float least);
int64_t rb_scan_double(const double *row, int64_t from, int64_t n, double least);

/** How many values are below, and how many equal to, the pivot. NaN is neither. */
void rb_count_float(int64_t *below, int64_t *equal, const float *row, int64_t n, float pivot);
void rb_count_double(int64_t *below, int64_t *equal, const double *row, int64_t n, double pivot);

#endif
