/*
 * A walk over the combinations of an entry's values, in the order of expand.h.
 */
#ifndef RB_HARNESS_SWEEP_CURSOR_H
#define RB_HARNESS_SWEEP_CURSOR_H

#include "harness/experiment.h"

typedef struct {
    const rb_entry *entry;
    int64_t *position; /* [n_sweeps] option of each parameter in the current combination */
    bool *leads;       /* [n_sweeps] false: moves with an earlier parameter of its zip */
} rb_sweep_cursor;

/** Stand on the first combination. The arrays are the arena's. */
rb_status rb_sweep_cursor_init(rb_sweep_cursor *c, const rb_entry *entry, rb_arena *arena, rb_error *err);

/** Go to the next combination; false after the last. */
bool rb_sweep_cursor_next(rb_sweep_cursor *c);

/** Whether an `exclude` holds here. hit [n_excludes] is set where one does; NULL: not wanted. */
bool rb_sweep_cursor_excluded(const rb_sweep_cursor *c, bool *hit);

/** Combinations before exclusion; RB_MAX_TRIALS + 1 where there are more than RB_MAX_TRIALS. */
int64_t rb_sweep_combinations(const rb_entry *entry);

#endif
