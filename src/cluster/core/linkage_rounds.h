/*
 * The first merges of linkages that are reducible: no merge brings anything nearer than the parts were.
 */
#ifndef RB_CLUSTER_CORE_LINKAGE_ROUNDS_H
#define RB_CLUSTER_CORE_LINKAGE_ROUNDS_H

#include "cluster/core/linkage_rows.h"

/**
 * Rounds, as long as each merges a fair share of the clusters. Collective over r->ctx.
 *
 * @param[out]    merges    [r->n_live - 1]
 * @param[in,out] n_merges  how many are there
 * @return RB_OK, RB_NO_MEMORY
 *
 * Cost: all ranks and threads search at most 17 rows a merge, 3 for most data, and a rank receives half of the rows
 * whose partner lies elsewhere, and 16 bytes a cluster a round.
 */
rb_status rb_linkage_rounds(rb_linkage_merge *merges, int64_t *n_merges, rb_linkage_rows *r, rb_error *err);

/** Bytes of a rank, with those of core/linkage_rows.h. */
double rb_linkage_rounds_bytes(double n, int n_ranks, int n_threads);

#endif
