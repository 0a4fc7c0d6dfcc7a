#include "parallel/shared.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

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

/* What a window takes beside its bytes, and what is left to others. */
#define SHM_MARGIN ((int64_t)1 << 20)

/* Whether /dev/shm has room: rank 0 of the node says so for all, as MPI would fail there alone. Collective over node.
 */
static bool has_room(int64_t n_bytes, const rb_ctx *ctx)
{
    int room = 1;
    struct statvfs facts;
    if (ctx->node_rank == 0 && statvfs("/dev/shm", &facts) == 0)
        room = n_bytes + SHM_MARGIN <= (int64_t)facts.f_bavail * (int64_t)facts.f_frsize;
    RB_MPI(MPI_Bcast(&room, 1, MPI_INT, 0, ctx->node));
    return room && (ctx->shm_bytes == 0 || n_bytes <= ctx->shm_bytes);
}

/* A window of this node's ranks; false: none of them has one. Collective over ctx->node. */
static bool make_window(rb_shared *s, const rb_ctx *ctx)
{
    void *base = NULL;
    int unit;
    MPI_Aint bytes = ctx->node_rank == 0 ? (MPI_Aint)s->n_bytes + ALIGNMENT : 0;
    bool good = MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, ctx->node, &base, &s->window) == MPI_SUCCESS;
    if (!node_agrees(ctx, good)) /* a window that only some of them have cannot be freed */
        return false;
    s->is_window = true;
    RB_MPI(MPI_Win_shared_query(s->window, 0, &bytes, &unit, &base));
    RB_MPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, s->window));
    s->data = (void *)(((uintptr_t)base + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
    return true;
}

/* A file of rank 0 of the node that has no name: its descriptor; -1 where it cannot be made. */
static int make_nameless(int64_t n_bytes)
{
    int file = memfd_create("reelbench", MFD_CLOEXEC);
    if (file >= 0 && ftruncate(file, n_bytes) != 0) {
        close(file);
        file = -1;
    }
    return file;
}

/* What tells a file from all others of a node. */
typedef struct {
    int64_t process, file, device, node;
} file_place;

static file_place place_of(int file)
{
    struct stat seen = { 0 };
    if (file < 0 || fstat(file, &seen) != 0)
        return (file_place){ getpid(), -1, 0, 0 };
    return (file_place){ getpid(), file, (int64_t)seen.st_dev, (int64_t)seen.st_ino };
}

/* The file at a place, by way of /proc; -1 where that is another one, as between unlike process namespaces. */
static int open_place(const file_place *place)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/fd/%lld", (long long)place->process, (long long)place->file);
    int file = open(path, O_RDWR | O_CLOEXEC);
    file_place found = place_of(file);
    if (file >= 0 && (found.device != place->device || found.node != place->node)) {
        close(file);
        file = -1;
    }
    return file;
}

/* The others open it while rank 0 has it open. False: none has it mapped. Collective over ctx->node. */
static bool make_mapping(rb_shared *s, const rb_ctx *ctx)
{
    void *data = MAP_FAILED;
    size_t n = (size_t)(s->n_bytes > 0 ? s->n_bytes : 1);
    int file = ctx->node_rank == 0 ? make_nameless((int64_t)n) : -1;
    file_place place = place_of(file);
    RB_MPI(MPI_Bcast(&place, (int)sizeof place, MPI_BYTE, 0, ctx->node));
    if (ctx->node_rank != 0 && place.file >= 0)
        file = open_place(&place);
    if (file >= 0)
        data = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    bool good = node_agrees(ctx, data != MAP_FAILED);
    if (file >= 0)
        close(file);
    if (good) {
        s->data = data;
        s->is_mapped = true;
    } else if (data != MAP_FAILED) {
        munmap(data, n);
    }
    return good;
}

/* One copy for the ranks of this node. Collective over ctx->node. */
static rb_status make_common(rb_shared *s, const rb_ctx *ctx, rb_error *err)
{
    char *probe = NULL; /* the failing allocator of the tests must reach this allocation too */
    bool good = rb_alloc(&probe, 1, err) == RB_OK;
    rb_free(probe);
    if (!node_agrees(ctx, good))
        return RB_FAIL(err, RB_NO_MEMORY, "out of memory on another rank of this node");
    if (!has_room(s->n_bytes, ctx) || !make_window(s, ctx)) {
        if (!make_mapping(s, ctx))
            return RB_FAIL(err, RB_NO_MEMORY, "no shared memory for %lld bytes: is /dev/shm large enough?",
                           (long long)s->n_bytes);
        if (ctx->outside_bytes)
            *ctx->outside_bytes += s->n_bytes;
    }
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
    rb_status status = ctx->n_node_ranks == 1 ? make_private(s, err) : make_common(s, ctx, err);
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
    atomic_thread_fence(memory_order_seq_cst); /* what a mapping needs in place of it */
    rb_barrier(ctx);
    atomic_thread_fence(memory_order_seq_cst);
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
    } else if (s->is_mapped) {
        munmap(s->data, (size_t)(s->n_bytes > 0 ? s->n_bytes : 1));
    } else {
        rb_free(s->data);
    }
    *s = (rb_shared){ .window = MPI_WIN_NULL };
}
