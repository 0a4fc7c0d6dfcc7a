/*
 * A state set aside: a copy of every array and scalar that its visitor names, to be put back later.
 *
 * Memory: one copy of the state; of arrays in memory that ranks share, one copy a node.
 */
#ifndef RB_HARNESS_SNAPSHOT_H
#define RB_HARNESS_SNAPSHOT_H

#include "data/algorithm.h"

typedef struct rb_kept_array {
    void *data; /* [n_bytes] owned; NULL where another rank of the node keeps it */
    int64_t n_bytes;
} rb_kept_array;

typedef struct rb_snapshot {
    rb_kept_array *array; /* [n] in the order of the visitor */
    int64_t n, capacity;
} rb_snapshot;

/**
 * Set the state aside; a second time replaces the first.
 *
 * Collective over the ctx of the fit.
 *
 * @param[in,out] s  zeroed before the first time
 * @return RB_OK, RB_NO_MEMORY
 */
rb_status rb_snapshot_take(rb_snapshot *s, const rb_algorithm *algorithm, void *state, const rb_ctx *ctx,
                           rb_error *err);

/**
 * Put back what was taken. Collective.
 *
 * @return RB_OK; RB_FAILED where an array has another size than it had (the contract forbids it)
 */
rb_status rb_snapshot_restore(const rb_snapshot *s, const rb_algorithm *algorithm, void *state, const rb_ctx *ctx,
                              rb_error *err);

/** Zeroed is allowed. Local. */
void rb_snapshot_fini(rb_snapshot *s);

#endif
