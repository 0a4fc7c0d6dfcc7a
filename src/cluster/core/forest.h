/*
 * Disjoint sets over 0 .. n - 1. The root of a set is its lowest member, so the sets that a number of unions gives, and
 * their roots, do not depend on the order of the unions.
 *
 * A forest is an array [n] of parents, each at or below its element; i where i is a root.
 */
#ifndef RB_CLUSTER_CORE_FOREST_H
#define RB_CLUSTER_CORE_FOREST_H

#include <stdint.h>

#include "parallel/ctx.h"

/** Every element alone. */
void rb_forest_init(int32_t *parent, int64_t n);

/** Root of an element; shortens the way to it. */
static inline int32_t rb_forest_root(int32_t *parent, int32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

/** Makes one set of those of a and b. */
static inline void rb_forest_unite(int32_t *parent, int32_t a, int32_t b)
{
    a = rb_forest_root(parent, a);
    b = rb_forest_root(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

/**
 * Unites the forests of all threads and ranks, [n_threads x n], into parent[0 .. n) on every rank, each element's
 * parent its root. Collective over ctx; the others are destroyed.
 * @param scratch  [n]
 * Cost: O((threads + ranks) n); one broadcast of 4 n bytes for each rank.
 */
void rb_forest_merge(int32_t *parent, int64_t n, const rb_ctx *ctx, int32_t *scratch);

#endif
