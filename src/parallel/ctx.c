#include "parallel/ctx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define PIECE_BYTES ((int64_t)1 << 30) /* MPI counts are int */

void rb_mpi_check(int code, const char *call, const char *file, int line)
{
    if (code == MPI_SUCCESS)
        return;
    char words[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, words, &length);
    fprintf(stderr, "reelbench: %s:%d: %s: %.*s\n", file, line, call, length, words);
    MPI_Abort(MPI_COMM_WORLD, 3);
    abort();
}

void rb_ctx_serial(rb_ctx *ctx, int n_threads)
{
    *ctx = (rb_ctx){ .comm = MPI_COMM_NULL,
                     .n_ranks = 1,
                     .n_threads = n_threads,
                     .node = MPI_COMM_NULL,
                     .n_node_ranks = 1,
                     .n_nodes = 1,
                     .leaders = MPI_COMM_NULL };
}

/* Numbers the nodes by the rank of their leader and notes the node of every rank. */
static rb_status number_nodes(rb_ctx *ctx, rb_error *err)
{
    rb_alloc(&ctx->node_of, ctx->n_ranks, err);
    RB_TRY_ALL(ctx, rb_alloc(&ctx->counts, 2 * ctx->n_ranks, err));
    int leader = ctx->rank;
    if (ctx->node != MPI_COMM_NULL)
        RB_MPI(MPI_Bcast(&leader, 1, MPI_INT, 0, ctx->node));
    RB_MPI(MPI_Allgather(&leader, 1, MPI_INT, ctx->node_of, 1, MPI_INT, ctx->comm));
    ctx->n_nodes = 0;
    for (int r = 0; r < ctx->n_ranks; r++) /* leaders come before the other ranks of their node */
        ctx->node_of[r] = ctx->node_of[r] == r ? ctx->n_nodes++ : ctx->node_of[ctx->node_of[r]];
    RB_MPI(MPI_Comm_split(ctx->comm, ctx->node_rank == 0 ? 0 : MPI_UNDEFINED, ctx->rank, &ctx->leaders));
done:
    return err->status;
}

static rb_status init_from(rb_ctx *ctx, MPI_Comm comm, bool private_memory, rb_error *err)
{
    ctx->comm = comm;
    ctx->owns_comm = true;
    RB_MPI(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
    RB_MPI(MPI_Comm_rank(comm, &ctx->rank));
    RB_MPI(MPI_Comm_size(comm, &ctx->n_ranks));
    ctx->node = ctx->leaders = MPI_COMM_NULL;
    ctx->n_node_ranks = 1;
    if (!private_memory) {
        RB_MPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, ctx->rank, MPI_INFO_NULL, &ctx->node));
        RB_MPI(MPI_Comm_set_errhandler(ctx->node, MPI_ERRORS_RETURN));
        RB_MPI(MPI_Comm_rank(ctx->node, &ctx->node_rank));
        RB_MPI(MPI_Comm_size(ctx->node, &ctx->n_node_ranks));
    }
    return number_nodes(ctx, err);
}

rb_status rb_ctx_init(rb_ctx *ctx, MPI_Comm comm, int n_threads, bool private_memory, rb_error *err)
{
    *ctx = (rb_ctx){ .n_threads = n_threads };
    MPI_Comm copy;
    RB_MPI(MPI_Comm_dup(comm, &copy));
    return init_from(ctx, copy, private_memory, err);
}

rb_status rb_ctx_split(rb_ctx *ctx, const rb_ctx *parent, int colour, rb_error *err)
{
    *ctx = *parent;
    ctx->node_of = NULL;
    ctx->counts = NULL;
    ctx->owns_comm = false;
    if (parent->comm == MPI_COMM_NULL)
        return RB_OK;
    MPI_Comm part;
    RB_MPI(MPI_Comm_split(parent->comm, colour, parent->rank, &part));
    return init_from(ctx, part, parent->node == MPI_COMM_NULL, err);
}

void rb_ctx_fini(rb_ctx *ctx)
{
    rb_free(ctx->node_of);
    rb_free(ctx->counts);
    if (ctx->owns_comm) {
        if (ctx->leaders != MPI_COMM_NULL)
            MPI_Comm_free(&ctx->leaders);
        if (ctx->node != MPI_COMM_NULL)
            MPI_Comm_free(&ctx->node);
        MPI_Comm_free(&ctx->comm);
    }
    rb_ctx_serial(ctx, 1);
}

rb_status rb_agree(const rb_ctx *ctx, rb_status status, rb_error *err)
{
    if (status != RB_OK && err->status == RB_OK)
        RB_FAIL(err, status, "%s", rb_status_words(status));
    if (ctx->n_ranks == 1)
        return err->status;
    struct {
        int status, rank;
    } mine = { (int)err->status, ctx->rank }, worst;
    RB_MPI(MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MAXLOC, ctx->comm)); /* lowest rank of the worst */
    if (worst.status == RB_OK)
        return RB_OK;
    RB_MPI(MPI_Bcast(err, (int)sizeof *err, MPI_BYTE, worst.rank, ctx->comm));
    return err->status;
}

void rb_barrier(const rb_ctx *ctx)
{
    if (ctx->n_ranks > 1)
        RB_MPI(MPI_Barrier(ctx->comm));
}

void rb_bcast(const rb_ctx *ctx, void *data, int64_t n_bytes, int root)
{
    if (ctx->n_ranks == 1)
        return;
    for (int64_t at = 0; at < n_bytes; at += PIECE_BYTES) {
        int64_t n = n_bytes - at < PIECE_BYTES ? n_bytes - at : PIECE_BYTES;
        RB_MPI(MPI_Bcast((char *)data + at, (int)n, MPI_BYTE, root, ctx->comm));
    }
}

static void reduce_int64(const rb_ctx *ctx, int64_t *values, int64_t n, MPI_Op op)
{
    if (ctx->n_ranks == 1)
        return;
    const int64_t piece = PIECE_BYTES / (int64_t)sizeof *values;
    for (int64_t at = 0; at < n; at += piece) {
        int count = (int)(n - at < piece ? n - at : piece);
        RB_MPI(MPI_Allreduce(MPI_IN_PLACE, values + at, count, MPI_INT64_T, op, ctx->comm));
    }
}

void rb_sum_int64(const rb_ctx *ctx, int64_t *values, int64_t n)
{
    reduce_int64(ctx, values, n, MPI_SUM);
}

void rb_max_int64(const rb_ctx *ctx, int64_t *values, int64_t n)
{
    reduce_int64(ctx, values, n, MPI_MAX);
}

void rb_min_int64(const rb_ctx *ctx, int64_t *values, int64_t n)
{
    reduce_int64(ctx, values, n, MPI_MIN);
}

int64_t rb_scan_int64(const rb_ctx *ctx, int64_t value, int64_t *total)
{
    int64_t below = 0;
    if (ctx->n_ranks > 1)
        RB_MPI(MPI_Exscan(&value, &below, 1, MPI_INT64_T, MPI_SUM, ctx->comm));
    if (ctx->rank == 0)
        below = 0; /* MPI leaves it undefined there */
    *total = value;
    rb_sum_int64(ctx, total, 1);
    return below;
}

void rb_allgather_bytes(const rb_ctx *ctx, void *all, const void *mine, const int64_t *begin)
{
    size_t n_mine = (size_t)(begin[ctx->rank + 1] - begin[ctx->rank]);
    if (n_mine > 0 && mine != (char *)all + begin[ctx->rank])
        memcpy((char *)all + begin[ctx->rank], mine, n_mine);
    if (ctx->n_ranks == 1)
        return;
    if (begin[ctx->n_ranks] >= PIECE_BYTES) {
        for (int r = 0; r < ctx->n_ranks; r++)
            rb_bcast(ctx, (char *)all + begin[r], begin[r + 1] - begin[r], r);
        return;
    }
    int *count = ctx->counts, *offset = ctx->counts + ctx->n_ranks;
    for (int r = 0; r < ctx->n_ranks; r++) {
        count[r] = (int)(begin[r + 1] - begin[r]);
        offset[r] = (int)begin[r];
    }
    RB_MPI(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, count, offset, MPI_BYTE, ctx->comm));
}
