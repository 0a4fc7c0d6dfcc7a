#include "parallel/shared.h"

#include <string.h>

#include "base/alloc.h"

#define ALIGNMENT 64
#define PAGE 4096

/* Whether all ranks of this node have succeeded so far; what other nodes do is not waited for. */
static bool node_agrees(const rb_ctx *ctx, bool good)
{
    int mine = good, all = 0;
    RB_MPI(MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, ctx->node));
    return all != 0;
}

/* This rank's share of the zeros: the first touch of a page costs more than all later ones. */
static void clear_share(rb_shared *s, const rb_ctx *ctx)
{
    int64_t pages = (s->n_bytes + PAGE - 1) / PAGE;
    int64_t from = pages * ctx->node_rank / ctx->n_node_ranks * PAGE;
    int64_t to = pages * (ctx->node_rank + 1) / ctx->n_node_ranks * PAGE;
    to = to < s->n_bytes ? to : s->n_bytes;
    if (from < to)
        memset((char *)s->data + from, 0, (size_t)(to - from));
}

/* A window of this node's ranks, or none of them has one. Collective over ctx->node. */
static rb_status make_window(rb_shared *s, const rb_ctx *ctx, rb_error *err)
{
    void *base = NULL;
    char *probe = NULL; /* the failing allocator of the tests must reach this allocation too */
    bool good = rb_alloc(&probe, 1, err) == RB_OK;
    rb_free(probe);
    if (!node_agrees(ctx, good))
        return RB_FAIL(err, RB_NO_MEMORY, "out of memory on another rank of this node");
    MPI_Aint bytes = ctx->node_rank == 0 ? (MPI_Aint)s->n_bytes + ALIGNMENT : 0;
    good = MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, ctx->node, &base, &s->window) == MPI_SUCCESS;
    if (!node_agrees(ctx, good)) /* a window that only some of them have cannot be freed */
        return RB_FAIL(err, RB_NO_MEMORY, "no shared memory for %lld bytes: is /dev/shm large enough?",
                       (long long)s->n_bytes);
    int unit;
    s->is_window = true;
    RB_MPI(MPI_Win_shared_query(s->window, 0, &bytes, &unit, &base));
    RB_MPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, s->window));
    s->data = (void *)(((uintptr_t)base + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
    clear_share(s, ctx);
    return RB_OK;
}

static rb_status make_private(rb_shared *s, rb_error *err)
{
    char *memory = NULL;
    rb_alloc(&memory, s->n_bytes, err);
    s->data = memory;
    return err->status;
}

/* Every node does its part without the others, then all agree: nodes of one rank and of many keep step. */
rb_status rb_shared_alloc(rb_shared *s, int64_t n_bytes, const rb_ctx *ctx, rb_error *err)
{
    *s = (rb_shared){ .n_bytes = n_bytes, .window = MPI_WIN_NULL };
    rb_status status = ctx->n_node_ranks == 1 ? make_private(s, err) : make_window(s, ctx, err);
    if (rb_agree(ctx, status, err) != RB_OK) {
        rb_shared_fini(s);
        return err->status;
    }
    rb_shared_sync(s, ctx);
    return RB_OK;
}

void rb_shared_sync(const rb_shared *s, const rb_ctx *ctx)
{
    if (s->is_window)
        RB_MPI(MPI_Win_sync(s->window));
    rb_barrier(ctx);
    if (s->is_window)
        RB_MPI(MPI_Win_sync(s->window));
}

/* Leaders pass on the bytes [from, to) that a rank of node `node` wrote. */
static void across_nodes(rb_shared *s, int node, int64_t from, int64_t to, const rb_ctx *ctx)
{
    const int64_t piece = (int64_t)1 << 30;
    for (int64_t at = from; at < to; at += piece) {
        int64_t n = to - at < piece ? to - at : piece;
        RB_MPI(MPI_Bcast((char *)s->data + at, (int)n, MPI_BYTE, node, ctx->leaders));
    }
}

void rb_shared_publish(rb_shared *s, const int64_t *begin, int64_t unit, const rb_ctx *ctx)
{
    if (ctx->elements_received)
        *ctx->elements_received += begin[ctx->n_ranks] - begin[0] - (begin[ctx->rank + 1] - begin[ctx->rank]);
    if (ctx->n_ranks == 1)
        return;
    rb_shared_sync(s, ctx);
    if (ctx->n_nodes == 1)
        return;
    if (ctx->node_rank == 0)
        for (int r = 0; r < ctx->n_ranks; r++)
            across_nodes(s, ctx->node_of[r], begin[r] * unit, begin[r + 1] * unit, ctx);
    rb_shared_sync(s, ctx);
}

void rb_shared_publish_from(rb_shared *s, int root, const rb_ctx *ctx)
{
    if (ctx->n_ranks == 1)
        return;
    rb_shared_sync(s, ctx);
    if (ctx->n_nodes == 1)
        return;
    if (ctx->node_rank == 0)
        across_nodes(s, ctx->node_of[root], 0, s->n_bytes, ctx);
    rb_shared_sync(s, ctx);
}

void rb_shared_fini(rb_shared *s)
{
    if (s->is_window) {
        MPI_Win_unlock_all(s->window);
        MPI_Win_free(&s->window);
    } else {
        rb_free(s->data);
    }
    *s = (rb_shared){ .window = MPI_WIN_NULL };
}
