#include "parallel/shared.h"

#include <string.h>

#include "base/alloc.h"

#define ALIGNMENT 64

rb_status rb_shared_alloc(rb_shared *s, int64_t n_bytes, const rb_ctx *ctx, rb_error *err)
{
    *s = (rb_shared){ .n_bytes = n_bytes, .window = MPI_WIN_NULL };
    if (ctx->n_node_ranks == 1) {
        char *memory = NULL;
        RB_TRY_ALL(ctx, rb_alloc(&memory, n_bytes, err));
        s->data = memory;
        rb_agree(ctx, RB_OK, err); /* ranks alone on their node keep step with those that share memory */
        rb_barrier(ctx);
        return err->status;
    done:
        rb_free(memory);
        *s = (rb_shared){ .window = MPI_WIN_NULL };
        return err->status;
    }
    /* The failing allocator of the tests must reach this allocation too. */
    char *probe = NULL;
    rb_status status = rb_alloc(&probe, 1, err);
    rb_free(probe);
    if (rb_agree(ctx, status, err) != RB_OK) {
        *s = (rb_shared){ .window = MPI_WIN_NULL };
        return err->status;
    }
    void *base = NULL;
    MPI_Aint bytes = ctx->node_rank == 0 ? (MPI_Aint)n_bytes + ALIGNMENT : 0;
    int code = MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, ctx->node, &base, &s->window);
    if (rb_agree(ctx, code == MPI_SUCCESS ? RB_OK : RB_NO_MEMORY, err) != RB_OK) {
        *s = (rb_shared){ .window = MPI_WIN_NULL };
        return err->status;
    }
    s->is_window = true;
    int unit;
    RB_MPI(MPI_Win_shared_query(s->window, 0, &bytes, &unit, &base));
    RB_MPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, s->window));
    s->data = (void *)(((uintptr_t)base + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
    if (ctx->node_rank == 0)
        memset(s->data, 0, (size_t)n_bytes);
    RB_MPI(MPI_Win_sync(s->window));
    rb_barrier(ctx);
    RB_MPI(MPI_Win_sync(s->window));
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
