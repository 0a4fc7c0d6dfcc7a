/* The task graph of an epoch, and the ring between ranks that share no memory; see grid.h. */
#include <omp.h>
#include <sched.h>
#include <string.h>

#include "base/alloc.h"
#include "recommend/core/grid.h"

#define SPINS 64 /* looks before a thread lets others run */
#define TAG 731

/* An epoch as the threads of a rank see it. */
typedef struct {
    rb_grid *g;
    const rb_grid_work *work;
    int64_t *done;    /* [B] strata finished, 8 numbers apart, shared by the ranks of a node */
    int32_t *taken;   /* [own rows] whether a thread is at work in the row */
    int64_t arrived;  /* strata of the row above that came through the ring; behind `done` where that is shared */
    int32_t n_below;  /* rows that a column meets here, from row_begin upwards, before it goes on: 1, and all if fast */
    int32_t n_above;  /* likewise of the rank above, from row_end upwards; 0: nothing is waited for */
    int above, below; /* ranks at the other ends of the ring; -1: their rows are in this node's memory */
    char *in, *out;   /* one column each */
    MPI_Request in_request, out_request;
    int64_t sent;
    double *loss; /* [B] */
} epoch;

static int64_t finished(const int64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

/* Whether n rows from `row` upwards have finished the columns that `row` has when it has finished s strata. */
static bool have_met(const epoch *e, int32_t row, int32_t n, int64_t s)
{
    for (int32_t j = 0; j < n; j++)
        if (finished(e->done + (int64_t)((row + j) % e->g->n_blocks) * 8) < s - j)
            return false;
    return true;
}

/* Whether the column of stratum s of a row may be worked on. */
static bool may_begin(const epoch *e, int32_t row, int64_t s)
{
    int32_t top = e->g->row_end - 1;
    if (!e->g->is_fast && row < top)
        return have_met(e, row + 1, 1, s);
    s -= top - row; /* when the highest row has it: 0 and less stand for columns that begin the epoch here */
    return e->above >= 0 ? finished(&e->arrived) >= s : have_met(e, top + 1, e->n_above, s);
}

/* Take the row that is furthest behind among those that can go on; -1: none can. */
static int32_t take(epoch *e, int64_t last)
{
    for (;;) {
        int32_t best = -1, idle = 0;
        int64_t least = last;
        for (int32_t row = e->g->row_begin; row < e->g->row_end; row++) {
            int64_t s = finished(e->done + (int64_t)row * 8);
            bool is_taken = __atomic_load_n(e->taken + (row - e->g->row_begin), __ATOMIC_ACQUIRE);
            if (!is_taken && s < least && (e->g->n_blocks == 1 || may_begin(e, row, s))) {
                best = row;
                least = s;
            }
        }
        if (best < 0)
            return -1;
        if (__atomic_compare_exchange_n(e->taken + (best - e->g->row_begin), &idle, 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
            if (finished(e->done + (int64_t)best * 8) == least)
                return best;
            __atomic_store_n(e->taken + (best - e->g->row_begin), 0, __ATOMIC_RELEASE); /* it went on meanwhile */
        }
    }
}

static rb_grid_block block_of(const epoch *e, int32_t row)
{
    const rb_grid *g = e->g;
    int64_t s = e->done[(int64_t)row * 8] - g->n_rounds;
    int32_t column = (int32_t)((row + s) % g->n_blocks);
    const int64_t *begin = g->begin + (int64_t)(row - g->row_begin) * (g->n_blocks + 1) + column;
    return (rb_grid_block){ .entry = g->entry + begin[0],
                            .n = begin[1] - begin[0],
                            .item_begin = g->items.cut[column],
                            .item_end = g->items.cut[column + 1],
                            .column = column };
}

static void finish(epoch *e, int32_t row, double loss)
{
    int64_t *counter = e->done + (int64_t)row * 8;
    e->loss[row] += loss;
    __atomic_store_n(counter, *counter + 1, __ATOMIC_RELEASE);
    __atomic_store_n(e->taken + (row - e->g->row_begin), 0, __ATOMIC_RELEASE);
}

static void work_on(epoch *e, int32_t row)
{
    const rb_grid_block block = block_of(e, row);
    finish(e, row, block.n > 0 ? e->work->step.one(e->work->model, &block) : 0);
}

static void work_on_two(epoch *e, int32_t row, int32_t other)
{
    const rb_grid_block block[2] = { block_of(e, row), block_of(e, other) };
    double loss[2];
    e->work->step.two(loss, e->work->model, block);
    finish(e, row, loss[0]);
    finish(e, other, loss[1]);
}

/* ---- the ring ---- */

static int64_t column_bytes(const epoch *e, int32_t column)
{
    int64_t unit = 0;
    for (int p = 0; p < RB_GRID_PARTS; p++)
        unit += e->work->items[p].unit;
    return unit * (e->g->items.cut[column + 1] - e->g->items.cut[column]);
}

/* A column between the items and a buffer. */
static void carry(const epoch *e, int32_t column, char *buffer, bool out)
{
    for (int p = 0; p < RB_GRID_PARTS; p++) {
        const rb_grid_part *part = e->work->items + p;
        int64_t from = e->g->items.cut[column], n = (e->g->items.cut[column + 1] - from) * part->unit;
        if (n == 0)
            continue;
        char *items = (char *)part->memory->data + from * part->unit;
        memcpy(out ? buffer : items, out ? items : buffer, (size_t)n);
        buffer += n;
    }
}

static bool completed(MPI_Request *request)
{
    int flag = 1;
    if (*request != MPI_REQUEST_NULL)
        RB_MPI(MPI_Test(request, &flag, MPI_STATUS_IGNORE));
    return flag != 0;
}

static void expect(epoch *e, const rb_ctx *ctx)
{
    int64_t s = e->arrived - e->g->n_rounds, n = e->g->n_blocks;
    if (s == n)
        return;
    int64_t bytes = column_bytes(e, (int32_t)((e->g->row_end + s) % n));
    RB_MPI(MPI_Irecv(e->in, (int)bytes, MPI_BYTE, e->above, TAG, ctx->comm, &e->in_request));
}

/* The first thread's: pass on what the lowest row has finished, take in what came. Returns whether all is done. */
static bool turn_ring(epoch *e, const rb_ctx *ctx)
{
    int64_t n = e->g->n_blocks, all = e->g->n_rounds + n;
    if (e->below >= 0 && e->sent < all && have_met(e, e->g->row_begin, e->n_below, e->sent + 1) &&
        completed(&e->out_request)) {
        int32_t column = (int32_t)((e->g->row_begin + e->sent - e->g->n_rounds) % n);
        carry(e, column, e->out, true);
        RB_MPI(MPI_Isend(e->out, (int)column_bytes(e, column), MPI_BYTE, e->below, TAG, ctx->comm, &e->out_request));
        e->sent++;
    }
    if (e->above >= 0 && e->arrived < all && completed(&e->in_request)) {
        carry(e, (int32_t)((e->g->row_end + e->arrived - e->g->n_rounds) % n), e->in, false);
        __atomic_store_n(&e->arrived, e->arrived + 1, __ATOMIC_RELEASE);
        expect(e, ctx);
    }
    return (e->below < 0 || (e->sent == all && completed(&e->out_request))) && (e->above < 0 || e->arrived == all);
}

/* ---- an epoch ---- */

static bool all_rows_done(const epoch *e, int64_t last)
{
    for (int32_t row = e->g->row_begin; row < e->g->row_end; row++)
        if (finished(e->done + (int64_t)row * 8) < last)
            return false;
    return true;
}

static void run_rows(epoch *e, const rb_ctx *ctx)
{
    int64_t last = e->g->n_rounds + e->g->n_blocks;
    bool has_ring = e->above >= 0 || e->below >= 0;
    bool pairs = e->work->step.two && e->g->row_end - e->g->row_begin >= 2 * ctx->n_threads; /* enough for everybody */
#pragma omp parallel num_threads(ctx->n_threads)
    {
        bool turns = has_ring && omp_get_thread_num() == 0; /* the only one that may call MPI */
        for (int64_t spins = 0;;) {
            bool ring_done = !turns || turn_ring(e, ctx);
            int32_t row = take(e, last), other = row >= 0 && pairs ? take(e, last) : -1;
            if (other >= 0) {
                work_on_two(e, row, other);
                spins = 0;
            } else if (row >= 0) {
                work_on(e, row);
                spins = 0;
            } else if (ring_done && all_rows_done(e, last)) {
                break;
            } else if (++spins > SPINS) {
                sched_yield();
            }
        }
    }
}

static int32_t first_row(const rb_grid *g, int rank, const rb_ctx *ctx)
{
    return (int32_t)((int64_t)g->n_blocks * rank / ctx->n_ranks);
}

/* The rank that has a row. */
static int rank_of(const rb_grid *g, int32_t row, const rb_ctx *ctx)
{
    row = (row + g->n_blocks) % g->n_blocks;
    int rank = 0;
    while (first_row(g, rank + 1, ctx) <= row)
        rank++;
    return rank;
}

/* The rank that has a row, or -1 where this rank reads that row's counter in the memory of its node. */
static int neighbour(const rb_grid *g, int32_t row, const rb_ctx *ctx)
{
    int rank = rank_of(g, row, ctx);
    return ctx->n_nodes == 1 || ctx->node_of[rank] == ctx->node_of[ctx->rank] ? -1 : rank;
}

/* How many rows of the rank above a column meets before it comes here, where blocks do not wait within a rank. */
static int32_t rows_above(const rb_grid *g, const rb_ctx *ctx)
{
    int rank = rank_of(g, g->row_end, ctx);
    return ctx->n_nodes == 1 ? 0 : first_row(g, rank + 1, ctx) - first_row(g, rank, ctx);
}

static void publish(const rb_grid_part *part, const rb_grid_side *side, const rb_ctx *ctx)
{
    for (int p = 0; p < RB_GRID_PARTS; p++)
        if (part[p].unit > 0)
            rb_shared_publish(part[p].memory, side->rows, part[p].unit, ctx);
}

static rb_status begin_epoch(epoch *e, const rb_ctx *ctx, rb_error *err)
{
    rb_grid *g = e->g;
    int64_t most = 0;
    e->done = g->done.data;
    e->loss = g->loss.data;
    e->arrived = e->sent = g->n_rounds;
    e->in_request = e->out_request = MPI_REQUEST_NULL;
    bool idle = g->row_begin == g->row_end;
    e->above = idle ? -1 : neighbour(g, g->row_end, ctx);
    e->below = idle ? -1 : neighbour(g, g->row_begin - 1, ctx);
    e->n_below = g->is_fast ? g->row_end - g->row_begin : 1;
    e->n_above = g->is_fast ? rows_above(g, ctx) : 1;
    RB_TRY(rb_alloc(&e->taken, g->row_end - g->row_begin, err));
    if (e->above < 0 && e->below < 0)
        return err->status;
    for (int32_t c = 0; c < g->n_blocks; c++)
        most = column_bytes(e, c) > most ? column_bytes(e, c) : most;
    if (most > INT32_MAX)
        return RB_FAIL(err, RB_BAD_INPUT, "a column of items has %lld bytes, more than a message takes: larger `grid`",
                       (long long)most);
    RB_TRY(rb_alloc(&e->in, most, err));
    RB_TRY(rb_alloc(&e->out, most, err));
done:
    return err->status;
}

rb_status rb_grid_run(double *loss, rb_grid *g, const rb_grid_work *work, const rb_ctx *ctx, rb_error *err)
{
    epoch e = { .g = g, .work = work };
    double row_loss[RB_GRID_MOST];
    int64_t *rows = NULL;

    (void)rb_alloc(&rows, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, begin_epoch(&e, ctx, err));
    for (int r = 0; r <= ctx->n_ranks; r++)
        rows[r] = first_row(g, r, ctx);
    for (int32_t row = g->row_begin; row < g->row_end; row++)
        e.loss[row] = 0;
    if (e.above >= 0)
        expect(&e, ctx);
    run_rows(&e, ctx);
    g->n_rounds += g->n_blocks;
    publish(work->users, &g->users, ctx);
    publish(work->items, &g->items, ctx);
    rb_shared_publish(&g->loss, rows, sizeof(double), ctx);
    memcpy(row_loss, e.loss, (size_t)g->n_blocks * sizeof *row_loss);
    *loss = rb_tree_sum(row_loss, g->n_blocks);
    rb_barrier(ctx); /* before anybody begins the losses anew */
done:
    rb_free(rows);
    rb_free(e.taken);
    rb_free(e.in);
    rb_free(e.out);
    return err->status;
}
