/*
 * Arrays that every rank can read, one copy a node, each rank writing its own part: an MPI shared window, or, where
 * /dev/shm has too little room for one, a nameless file in the memory of the kernel (memfd_create), which no mount
 * limits.
 *
 * The life of such an array: rb_shared_alloc, every rank writes the elements that it owns,
 * rb_shared_publish, every rank reads all. Before it is written again, rb_barrier. With one node the
 * publishing is a barrier; with several, leaders exchange what their nodes wrote.
 */
#ifndef RB_PARALLEL_SHARED_H
#define RB_PARALLEL_SHARED_H

#include <stdint.h>

#include "parallel/ctx.h"

typedef struct {
    void *data; /* [n_bytes], zeroed, aligned to 64 */
    int64_t n_bytes;
    MPI_Win window;  /* MPI_WIN_NULL where there is none; see `is_window` */
    _Bool is_window; /* one of `window` */
    _Bool is_mapped; /* one of a nameless file */
} rb_shared;

/** Whether the ranks of a node have the array in common; else every rank has its own. Local. */
static inline _Bool rb_shared_is_common(const rb_shared *s)
{
    return s->is_window || s->is_mapped;
}

/** Whether this rank holds what lies in s (NULL: in memory of its own): its node's first one, where they share. Local.
 */
static inline _Bool rb_shared_is_held(const rb_shared *s, const rb_ctx *ctx)
{
    return !s || !rb_shared_is_common(s) || ctx->node_rank == 0;
}

/** Collective over ctx. @return RB_OK, RB_NO_MEMORY (the same on every rank; s is zeroed) */
rb_status rb_shared_alloc(rb_shared *s, int64_t n_bytes, const rb_ctx *ctx, rb_error *err);

/**
 * Make what each rank wrote in [begin[rank], begin[rank + 1]) (in units of `unit` bytes) visible to all.
 *
 * Collective over ctx. Every rank gives the same begin, [n_ranks + 1], ascending.
 * Cost: nothing is copied inside a node; across P nodes each receives what the others wrote.
 */
void rb_shared_publish(rb_shared *s, const int64_t *begin, int64_t unit, const rb_ctx *ctx);

/** As above where one rank wrote all. Collective. */
void rb_shared_publish_from(rb_shared *s, int root, const rb_ctx *ctx);

/** Make what ranks of a node wrote visible to the ranks of that node, and wait for all. Collective over ctx. */
void rb_shared_sync(const rb_shared *s, const rb_ctx *ctx);

/** Collective over the ctx that allocated it. Zeroed is allowed. */
void rb_shared_fini(rb_shared *s);

#endif
