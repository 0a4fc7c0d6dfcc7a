/*
 * The parallel context: a communicator, its shape, the threads of a rank and the seed of a trial.
 *
 * Nobody else reads MPI_COMM_WORLD. A context without MPI (rb_ctx_serial) has one rank; every function of
 * this layer works with it, so that commands which need no parallelism never start MPI.
 *
 * "Collective" in a header means: every rank of ctx->comm calls it, in the same order.
 */
#ifndef RB_PARALLEL_CTX_H
#define RB_PARALLEL_CTX_H

#include <mpi.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct rb_ctx {
    MPI_Comm comm; /* MPI_COMM_NULL in a serial context */
    int rank, n_ranks;
    int n_threads; /* pass num_threads(ctx->n_threads) on every OpenMP region */
    MPI_Comm node; /* ranks that share memory with this one; MPI_COMM_NULL where it is alone */
    int node_rank, n_node_ranks;
    int n_nodes;      /* 1: all ranks share memory */
    MPI_Comm leaders; /* node rank 0 of every node; MPI_COMM_NULL elsewhere */
    int *counts;      /* [2 n_ranks] scratch for MPI's counts and offsets */
    int *node_of;     /* [n_ranks] number of each rank's node, 0 .. n_nodes - 1, in order of leaders' rank */
    uint64_t seed;    /* key of the trial's random numbers */
    const volatile sig_atomic_t *stop; /* not NULL: becomes non-zero when the program was asked to stop */
    int64_t *elements_received;        /* not NULL: what rb_shared_publish brings to this rank is added here */
    int64_t shm_bytes;                 /* not 0: no shared window may be larger (tests: a small /dev/shm) */
    int64_t *outside_bytes; /* not NULL: the bytes of node-shared arrays for which /dev/shm had no room are added */
    bool owns_comm;
} rb_ctx;

/** One rank, without MPI. */
void rb_ctx_serial(rb_ctx *ctx, int n_threads);

/**
 * A context over a duplicate of comm. Collective over comm.
 *
 * @param private_memory  true: no memory is shared between ranks (where /dev/shm is too small)
 */
rb_status rb_ctx_init(rb_ctx *ctx, MPI_Comm comm, int n_threads, bool private_memory, rb_error *err);

/** A context over the ranks that give the same colour; rank order is kept. Collective over parent. */
rb_status rb_ctx_split(rb_ctx *ctx, const rb_ctx *parent, int colour, rb_error *err);

/** Collective over the context. A zeroed context is allowed. */
void rb_ctx_fini(rb_ctx *ctx);

/**
 * The worst status over all ranks, with the message of the lowest rank that has it. Collective over ctx.
 *
 * Every rank leaves with the same err->status. Use RB_TRY_ALL.
 */
rb_status rb_agree(const rb_ctx *ctx, rb_status status, rb_error *err);

/* Before a collective: agree on the status of expr, then jump to `done` on every rank or on none. */
#define RB_TRY_ALL(ctx, expr)                        \
    do {                                             \
        if (rb_agree((ctx), (expr), (err)) != RB_OK) \
            goto done;                               \
    } while (0)

/** Check an MPI call: a failure is logged and aborts the job. */
#define RB_MPI(call) rb_mpi_check((call), #call, __FILE__, __LINE__)
void rb_mpi_check(int code, const char *call, const char *file, int line);

/** Wait for all. Collective. */
void rb_barrier(const rb_ctx *ctx);

/** Copy bytes from a rank to all. Collective. Sizes over 2 GiB are cut into pieces. */
void rb_bcast(const rb_ctx *ctx, void *data, int64_t n_bytes, int root);

/** Exact sums and extremes of integers over ranks, in place. Collective. */
void rb_sum_int64(const rb_ctx *ctx, int64_t *values, int64_t n);
void rb_max_int64(const rb_ctx *ctx, int64_t *values, int64_t n);
void rb_min_int64(const rb_ctx *ctx, int64_t *values, int64_t n);

/** Sum of `value` over the ranks below this one; *total over all. Collective. */
int64_t rb_scan_int64(const rb_ctx *ctx, int64_t value, int64_t *total);

/**
 * Bring the pieces of all ranks together, in rank order, on every rank. Collective.
 *
 * @param[out] all      [n_total bytes] owned by the caller
 * @param[in]  mine     this rank's piece; may lie in `all` already
 * @param[in]  begin    [n_ranks + 1] offsets in bytes of the pieces in `all`
 */
void rb_allgather_bytes(const rb_ctx *ctx, void *all, const void *mine, const int64_t *begin);

#endif
