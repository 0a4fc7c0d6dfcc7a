/*
 * One user's scores in a tile: reading in either precision, masking, and the search for scores that are not finite.
 * A masked item has -inf, which no finite score has; so masked ones are told apart without a second array.
 */
#ifndef RB_EVAL_RANKING_ROW_H
#define RB_EVAL_RANKING_ROW_H

#include <float.h>
#include <math.h>

#include "eval/ranking.h"
#include "linalg/topk.h"

typedef struct {
    void *data; /* [n] float or double */
    rb_precision precision;
    int32_t first; /* item of the first score */
    int32_t n;
    int32_t n_masked; /* after rb_row_mask */
    int32_t flaw;     /* lowest item whose score is known not to be finite, or -1 */
} rb_row;

/* How far a user's sorted lists are used up; tiles come by ascending item. */
typedef struct {
    int64_t train, masked, candidate;
} rb_row_cursor;

static inline rb_row rb_row_of(const rb_tile *tile, rb_precision precision, int32_t row, int32_t first, int32_t n)
{
    void *data = precision == RB_SINGLE ? (void *)((float *)tile->data + row * tile->ld)
                                        : (void *)((double *)tile->data + row * tile->ld);
    return (rb_row){ .data = data, .precision = precision, .first = first, .n = n, .flaw = -1 };
}

static inline double rb_row_at(const rb_row *row, int64_t j)
{
    return row->precision == RB_SINGLE ? (double)((const float *)row->data)[j] : ((const double *)row->data)[j];
}

/* The lowest finite score. */
static inline double rb_row_lowest(rb_precision precision)
{
    return precision == RB_SINGLE ? (double)-FLT_MAX : -DBL_MAX;
}

static inline int64_t rb_row_scan(const rb_row *row, int64_t from, double least)
{
    return row->precision == RB_SINGLE ? rb_scan_float(row->data, from, row->n, (float)least)
                                       : rb_scan_double(row->data, from, row->n, least);
}

static inline void rb_row_count(int64_t *below, int64_t *equal, const rb_row *row, double pivot)
{
    if (row->precision == RB_SINGLE)
        rb_count_float(below, equal, row->data, row->n, (float)pivot);
    else
        rb_count_double(below, equal, row->data, row->n, pivot);
}

/** Start at the user's first items. */
void rb_row_cursor_init(rb_row_cursor *cursor, const rb_ranking_rules *rules, int32_t user);

/**
 * Check for -inf, then give -inf to every item that is no candidate of the user. NaN and infinities are noted in
 * row->flaw; those of candidates that are NaN or +inf reach the top of every list and are seen there.
 */
void rb_row_mask(rb_row *row, rb_row_cursor *cursor, const rb_ranking_rules *rules, int32_t user);

/** Note an item whose score is not finite; the lowest of the row is kept. */
static inline void rb_row_note(rb_row *row, int64_t j)
{
    int32_t item = row->first + (int32_t)j;
    row->flaw = row->flaw < 0 || item < row->flaw ? item : row->flaw;
}

/** Position of an item in the ascending items [begin, end), or -1. */
int64_t rb_find_item(const int32_t *items, int64_t begin, int64_t end, int32_t item);

/** Position of (user, item) among the entries of r, or -1. */
int64_t rb_row_find(const rb_ratings *r, int32_t user, int32_t item);

#endif
