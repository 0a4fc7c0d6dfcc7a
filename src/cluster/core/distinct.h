/*
 * The different values of what trials share: of their min_samples, of their limits.
 */
#ifndef RB_CLUSTER_CORE_DISTINCT_H
#define RB_CLUSTER_CORE_DISTINCT_H

#include <stdint.h>

/** Sorts x [n] in place, ascending, each value once. Local. @return how many are left */
int rb_distinct_int64(int64_t *x, int n);
/** The same; no NAN. */
int rb_distinct_double(double *x, int n);

#endif
