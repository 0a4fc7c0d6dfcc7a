/*
 * Filters of a data set: a rating threshold and the iterative k-core.
 *
 * The threshold drops interactions, never users or items. A k-core drops users, items and what belongs to them, again
 * and again until every user left has at least user_core interactions and every item left at least item_core; ids,
 * catalogue, segments and sessions follow. Of a session, events of dropped items go; with fewer than two events left
 * it goes too. Rows keep their order. The rating scale stays that of the source.
 */
#ifndef RB_DATA_FILTER_H
#define RB_DATA_FILTER_H

#include "base/param.h"
#include "data/dataset.h"

typedef struct {
    double threshold;             /* smallest rating kept, compared in single precision; -INFINITY: none */
    int64_t user_core, item_core; /* interactions; 0: none */
} rb_filter;

/* Parameter table of rb_filter. */
extern const rb_param rb_filter_params[];

/** No filter at all: the defaults of the table. */
rb_filter rb_filter_none(void);

/** Whether a filter drops anything by design. */
bool rb_filter_is_none(const rb_filter *f);

/**
 * Apply a filter in place and compute the digest anew.
 *
 * Collective over ctx. Threshold first, then the core.
 *
 * @param[in,out] d  made over the same ctx; on failure it holds the old content or can only be released
 * @return RB_OK; RB_BAD_INPUT: no interactions, a threshold without ratings, a negative core, or nothing is left (the
 *         message says what was asked); RB_NO_MEMORY
 *
 * Bits: the same for any ranks and threads (integers only).
 * Time O(rounds n / (P T)); memory of one more copy of the interactions on each node while it runs.
 */
rb_status rb_dataset_filter(rb_dataset *d, const rb_filter *f, rb_ctx *ctx, rb_error *err);

#endif
