/*
 * Ratings text into interactions: cut, parse, number the ids, settle duplicates, close the gaps.
 */
#ifndef RB_DATA_RATINGS_READ_H
#define RB_DATA_RATINGS_READ_H

#include "data/ratings_format.h"
#include "data/ratings_text.h"

/**
 * Read files of one format (several only for the Netflix Prize). Collective.
 *
 * Sets out's interactions, users, items, has_interactions and the skipped lines. @return as rb_dataset_read
 */
rb_status rb_ratings_read(rb_dataset *out, const rb_ratings_format *format, const char *const *paths, int32_t n_paths,
                          const rb_source *source, const rb_ctx *ctx, rb_error *err);

/** The same from bytes in memory, equal on every rank; `name` stands for the file in messages. Collective. */
rb_status rb_ratings_read_buffer(rb_dataset *out, const rb_ratings_format *format, const char *name, const char *bytes,
                                 int64_t n, const rb_source *source, const rb_ctx *ctx, rb_error *err);

/**
 * Settle pairs that occur more than once among rows whose user is not negative. Collective.
 *
 * For RB_DUPLICATES_ERROR *second is the first row that repeats an earlier pair and *first the pair's first row, else
 * both are -1. For the other policies the rows that go get user -1, and the ones that stay the mean where asked for.
 * Rows must be published; what is changed is visible to all ranks.
 */
rb_status rb_ratings_settle_duplicates(int64_t *first, int64_t *second, rb_interactions *x, rb_duplicates policy,
                                       const rb_ctx *ctx, rb_error *err);

#endif
