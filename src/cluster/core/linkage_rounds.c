/*
 * Every cluster that is the nearest of its own nearest merges with it, all of them at once: nearest-neighbour chains
 * (Murtagh 1983, doi:10.1093/comjnl/26.4.354) that are begun at every cluster together. As no merge brings anything
 * nearer, the other pairs are each other's nearest still when one has merged, so each of the merges is one of the
 * chain's, and the tree is the same where no distances tie.
 *
 * There is always such a pair. Follow the nearest from cluster to cluster: distances fall, so the walk ends in a circle
 * of equal ones, x_1, x_2, ... In it x_{i+1} and x_{i-1} are equally near to x_i, and the nearest is the lower slot: so
 * x_{i+1} <= x_{i-1} all around, which in a circle is equality: x_1 and x_2 alone.
 *
 * A row stays as it is until it is searched or merges: where the nearest of a cluster did not merge, it is the nearest
 * still, and what merged since is met later, round by round, out of a log. Which distances are made when thus depends
 * on nothing but the rounds, and one between two unions of a round is made in the same order of its two steps on both
 * of its sides. When a quarter of the slots are dead, all rows are brought up to date and closed up.
 *
 * Where a round merges few, what is left is the chain's: it looks at a few rows a merge for any data.
 */
#include "cluster/core/linkage_rounds.h"

#include <omp.h>

/* A round merges one pair at least for so many clusters, and for so many others that have to search again: so all
 * rounds search at most SEARCHES + 1 rows a merge. */
#define SHARE 128
#define SEARCHES 16
#define BATCH 32 /* rows on their way at once */
#define TAG_PAIR 2

typedef struct {
    double distance;
    int32_t slot, nearest;
} candidate;

typedef struct {
    rb_linkage_rows *rows;
    rb_linkage_log log;
    int64_t begin, end;    /* pairs of the last round */
    int32_t *nearest;      /* [n] */
    double *distance;      /* [n] */
    int32_t *pair;         /* [n] pair of the last round that a slot is in, -1: none */
    uint8_t *is_united;    /* [n] of a lower slot: the row of the union is there already */
    candidate *candidates; /* [n] by rank */
    int64_t *offset;       /* [n_ranks + 1] those of the ranks, in bytes */
    int64_t *held;         /* [n_ranks] rows of a rank after the round */
    int32_t *apart;        /* [n / 2] pairs whose rows lie on two ranks */
    int32_t *taker;        /* [n / 2] the rank on which such a pair is united */
    double *scratch;       /* [n_threads x per_thread] */
    int64_t per_thread;
    double *batch; /* [BATCH x stride] */
    MPI_Request *request;
} rounds;

double rb_linkage_rounds_bytes(double n, int n_ranks, int n_threads)
{
    double stride = (double)rb_linkage_stride((int64_t)n);
    double rows = 16 * stride + 28 * n, log = 8 * n + 32 * n + 12 * n, own = 12 * n + 5 * n + 16 * n + 4 * n;
    return rows + log + own + 4 * n * n_threads + 16.0 * n_ranks + (n_ranks > 1 ? 8 * BATCH * stride : 0);
}

static rb_status rounds_init(rounds *w, rb_linkage_rows *r, rb_error *err)
{
    const int64_t n = r->n, n_ranks = r->ctx->n_ranks, batch = n_ranks > 1 ? BATCH : 0;
    rb_linkage_log *log = &w->log;
    w->rows = r;
    w->per_thread = n / 2;
    rb_alloc(&log->begin, n + 1, err);
    rb_alloc(&log->a, n, err);
    rb_alloc(&log->b, n, err);
    rb_alloc(&log->na, n, err);
    rb_alloc(&log->nb, n, err);
    rb_alloc(&log->height, n, err);
    rb_alloc(&log->met, n, err);
    rb_alloc(&log->size, n, err);
    rb_alloc(&w->nearest, n, err);
    rb_alloc(&w->distance, n, err);
    rb_alloc(&w->pair, n, err);
    rb_alloc(&w->is_united, n, err);
    rb_alloc(&w->candidates, n, err);
    rb_alloc(&w->offset, n_ranks + 1, err);
    rb_alloc(&w->held, n_ranks, err);
    rb_alloc(&w->apart, n / 2, err);
    rb_alloc(&w->taker, n / 2, err);
    rb_alloc(&w->scratch, r->ctx->n_threads * w->per_thread, err);
    rb_alloc(&w->batch, batch * r->stride, err);
    rb_alloc(&w->request, batch, err);
    return err->status;
}

static void rounds_fini(rounds *w)
{
    rb_linkage_log *log = &w->log;
    rb_free(log->begin);
    rb_free(log->a);
    rb_free(log->b);
    rb_free(log->na);
    rb_free(log->nb);
    rb_free(log->height);
    rb_free(log->met);
    rb_free(log->size);
    rb_free(w->nearest);
    rb_free(w->distance);
    rb_free(w->pair);
    rb_free(w->is_united);
    rb_free(w->candidates);
    rb_free(w->offset);
    rb_free(w->held);
    rb_free(w->apart);
    rb_free(w->taker);
    rb_free(w->scratch);
    rb_free(w->batch);
    rb_free(w->request);
}

static double *scratch_of(const rounds *w)
{
    return w->scratch + omp_get_thread_num() * w->per_thread;
}

/* ---- nearest clusters ---- */

static void search(rounds *w, int64_t slot)
{
    rb_linkage_nearest found = rb_linkage_search(w->rows, rb_linkage_row(w->rows, slot), w->rows->n);
    w->nearest[slot] = (int32_t)found.slot;
    w->distance[slot] = found.distance;
}

static void search_all(rounds *w)
{
    const rb_linkage_rows *r = w->rows;
#pragma omp parallel for num_threads(r->ctx->n_threads) schedule(dynamic, 4) /* own rows lie together */
    for (int64_t i = 0; i < r->n; i++)
        if (rb_linkage_is_own(r, i))
            search(w, i);
}

/* What each rank found for its rows. */
static void share_nearest(rounds *w)
{
    const rb_linkage_rows *r = w->rows;
    const rb_ctx *ctx = r->ctx;
    if (ctx->n_ranks == 1)
        return;
    for (int k = 0; k <= ctx->n_ranks; k++)
        w->offset[k] = 0;
    for (int64_t i = 0; i < r->n; i++)
        if (rb_linkage_is_live(r, i))
            w->offset[r->owner[i] + 1] += (int64_t)sizeof *w->candidates;
    for (int k = 0; k < ctx->n_ranks; k++)
        w->offset[k + 1] += w->offset[k];
    candidate *mine = w->candidates + w->offset[ctx->rank] / (int64_t)sizeof *mine;
    for (int64_t i = 0; i < r->n; i++)
        if (rb_linkage_is_own(r, i))
            *mine++ = (candidate){ w->distance[i], (int32_t)i, w->nearest[i] };
    rb_allgather_bytes(ctx, w->candidates, (char *)w->candidates + w->offset[ctx->rank], w->offset);
    for (int64_t i = 0; i < r->n_live; i++) {
        const candidate *c = &w->candidates[i];
        w->nearest[c->slot] = c->nearest;
        w->distance[c->slot] = c->distance;
    }
}

/* The pairs of a round, at the end of the log. */
static void find_pairs(rounds *w)
{
    const rb_linkage_rows *r = w->rows;
    rb_linkage_log *log = &w->log;
    w->begin = w->end = log->begin[log->n_rounds];
    for (int64_t i = 0; i < r->n; i++) {
        w->pair[i] = -1;
        log->size[i] = r->size[i];
    }
    for (int64_t i = 0; i < r->n; i++) {
        const int32_t j = w->nearest[i];
        const int64_t t = w->end;
        if (!rb_linkage_is_live(r, i) || j < i || w->nearest[j] != i)
            continue;
        log->a[t] = (int32_t)i;
        log->b[t] = j;
        log->na[t] = r->size[i];
        log->nb[t] = r->size[j];
        log->height[t] = w->distance[i];
        log->size[i] += r->size[j];
        w->pair[i] = w->pair[j] = (int32_t)t;
        w->is_united[i] = 0;
        w->end++;
    }
}

static bool is_lost(const rounds *w, int64_t slot)
{
    return w->pair[slot] < 0 && w->pair[w->nearest[slot]] >= 0;
}

/* Whether the round is worth its searches. */
static bool is_fruitful(const rounds *w)
{
    const int64_t n_pairs = w->end - w->begin;
    int64_t n_lost = 0;
    for (int64_t i = 0; i < w->rows->n; i++)
        n_lost += rb_linkage_is_live(w->rows, i) && is_lost(w, i);
    return n_pairs * SHARE >= w->rows->n_live && n_lost <= n_pairs * SEARCHES;
}

/* ---- pairs whose rows lie on two ranks ---- */

/* The rank that has fewer rows takes the other's. Returns how many pairs lie apart. */
static int64_t deal_pairs(rounds *w)
{
    const rb_linkage_rows *r = w->rows;
    const rb_linkage_log *log = &w->log;
    int64_t n = 0;
    for (int k = 0; k < r->ctx->n_ranks; k++)
        w->held[k] = 0;
    for (int64_t i = 0; i < r->n; i++)
        w->held[r->owner[i]] += rb_linkage_is_live(r, i);
    for (int64_t t = w->begin; t < w->end; t++)
        w->held[r->owner[log->b[t]]]--;
    for (int64_t t = w->begin; t < w->end; t++) {
        const int32_t x = r->owner[log->a[t]], y = r->owner[log->b[t]];
        if (x == y)
            continue;
        const bool takes_x = w->held[x] <= w->held[y] + 1;
        w->held[x] -= !takes_x;
        w->held[y] += !takes_x;
        w->apart[n] = (int32_t)t;
        w->taker[n++] = takes_x ? x : y;
    }
    return n;
}

/* Slot of a pair that lies apart whose row goes to the taker; *kept: the other one. */
static int32_t sent_of(int32_t *kept, const rounds *w, int64_t i)
{
    const int32_t a = w->log.a[w->apart[i]], b = w->log.b[w->apart[i]];
    const bool keeps_a = w->rows->owner[a] == w->taker[i];
    *kept = keeps_a ? a : b;
    return keeps_a ? b : a;
}

/* Rows meet the rounds before where they are. */
static void prepare_rows(rounds *w, int64_t n)
{
    const rb_linkage_rows *r = w->rows;
#pragma omp parallel for num_threads(r->ctx->n_threads) schedule(dynamic)
    for (int64_t i = 0; i < n; i++) {
        int32_t kept, sent = sent_of(&kept, w, i);
        if (rb_linkage_is_own(r, kept))
            rb_linkage_meet(r, &w->log, kept, w->log.n_rounds - 1, scratch_of(w));
        if (rb_linkage_is_own(r, sent))
            rb_linkage_meet(r, &w->log, sent, w->log.n_rounds - 1, scratch_of(w));
    }
}

static void exchange_rows(rounds *w, int64_t begin, int64_t end)
{
    const rb_linkage_rows *r = w->rows;
    const int bytes = (int)(r->n * (r->is_single ? (int64_t)sizeof(float) : (int64_t)sizeof(double)));
    int n = 0;
    for (int64_t i = begin; i < end; i++) {
        int32_t kept, sent = sent_of(&kept, w, i);
        const int tag = TAG_PAIR + (int)(i - begin);
        if (rb_linkage_is_own(r, kept))
            RB_MPI(MPI_Irecv(w->batch + (i - begin) * r->stride, bytes, MPI_BYTE, r->owner[sent], tag, r->ctx->comm,
                             &w->request[n++]));
        else if (rb_linkage_is_own(r, sent))
            RB_MPI(
                MPI_Isend(rb_linkage_row(r, sent), bytes, MPI_BYTE, w->taker[i], tag, r->ctx->comm, &w->request[n++]));
    }
    RB_MPI(MPI_Waitall(n, w->request, MPI_STATUSES_IGNORE));
}

static void unite_received(rounds *w, int64_t begin, int64_t end)
{
    const rb_linkage_rows *r = w->rows;
#pragma omp parallel for num_threads(r->ctx->n_threads) schedule(dynamic)
    for (int64_t i = begin; i < end; i++) {
        int32_t kept, sent = sent_of(&kept, w, i);
        if (!rb_linkage_is_own(r, kept))
            continue;
        void *own = rb_linkage_row(r, kept), *other = w->batch + (i - begin) * r->stride;
        rb_linkage_unite_pair(own, kept < sent ? own : other, kept < sent ? other : own, r, &w->log, w->apart[i],
                              scratch_of(w));
    }
}

static void unite_apart(rounds *w)
{
    rb_linkage_rows *r = w->rows;
    const int64_t n = deal_pairs(w);
    prepare_rows(w, n);
    for (int64_t begin = 0; begin < n; begin += BATCH) {
        const int64_t end = begin + BATCH < n ? begin + BATCH : n;
        exchange_rows(w, begin, end);
        unite_received(w, begin, end);
        for (int64_t i = begin; i < end; i++) {
            int32_t kept, sent = sent_of(&kept, w, i), a = kept < sent ? kept : sent;
            r->place[a] = r->place[kept];
            r->owner[a] = w->taker[i];
            w->is_united[a] = 1;
        }
    }
}

/* ---- a round ---- */

static void unite_here(rounds *w, int32_t a, int32_t b)
{
    const rb_linkage_rows *r = w->rows;
    rb_linkage_meet(r, &w->log, a, w->log.n_rounds - 1, scratch_of(w));
    rb_linkage_meet(r, &w->log, b, w->log.n_rounds - 1, scratch_of(w));
    rb_linkage_unite_pair(rb_linkage_row(r, a), rb_linkage_row(r, a), rb_linkage_row(r, b), r, &w->log, w->pair[a],
                          scratch_of(w));
}

/* Unions, and clusters whose nearest is part of one now, look for their nearest. */
static void update_rows(rounds *w)
{
    const rb_linkage_rows *r = w->rows;
    rb_linkage_log *log = &w->log;
#pragma omp parallel for num_threads(r->ctx->n_threads) schedule(dynamic, 4)
    for (int64_t i = 0; i < r->n; i++) {
        const int32_t t = w->pair[i];
        if (!rb_linkage_is_own(r, i) || (t < 0 ? !is_lost(w, i) : log->b[t] == i))
            continue;
        if (t < 0)
            rb_linkage_meet(r, log, i, log->n_rounds, scratch_of(w));
        else if (!w->is_united[i])
            unite_here(w, (int32_t)i, log->b[t]);
        search(w, i);
    }
    for (int64_t t = w->begin; t < w->end; t++)
        log->met[log->a[t]] = (int32_t)log->n_rounds;
}

static void run_round(rb_linkage_merge *merges, rounds *w)
{
    rb_linkage_rows *r = w->rows;
    rb_linkage_log *log = &w->log;
    log->begin[++log->n_rounds] = w->end;
    for (int64_t t = w->begin; t < w->end; t++) {
        merges[t - w->begin] = rb_linkage_merge_of(r, log->a[t], log->b[t], log->height[t]);
        rb_linkage_mask_out(r, log->b[t]);
    }
    unite_apart(w);
    update_rows(w);
    for (int64_t t = w->begin; t < w->end; t++)
        log->size[log->b[t]] = 0;
    for (int64_t i = 0; i < r->n; i++)
        r->size[i] = log->size[i];
    r->n_live -= w->end - w->begin;
}

static void close_up(rounds *w)
{
    rb_linkage_rows *r = w->rows;
    rb_linkage_number(r);
#pragma omp parallel for num_threads(r->ctx->n_threads) schedule(dynamic, 4)
    for (int64_t i = 0; i < r->n; i++)
        if (rb_linkage_is_own(r, i)) {
            rb_linkage_meet(r, &w->log, i, w->log.n_rounds, scratch_of(w));
            rb_linkage_close_row(r, i);
        }
    for (int64_t to = 0; to < r->n_live; to++) {
        w->nearest[to] = r->moved[w->nearest[r->origin[to]]];
        w->distance[to] = w->distance[r->origin[to]];
        w->log.met[to] = 0;
    }
    rb_linkage_renumber(r);
    w->log.n_rounds = 0;
}

rb_status rb_linkage_rounds(rb_linkage_merge *merges, int64_t *n_merges, rb_linkage_rows *r, rb_error *err)
{
    rounds w = { 0 };
    RB_TRY_ALL(r->ctx, rounds_init(&w, r, err));
    search_all(&w);
    while (r->n_live > 1) {
        share_nearest(&w);
        find_pairs(&w);
        if (!is_fruitful(&w))
            break;
        run_round(merges + *n_merges, &w);
        *n_merges += w.end - w.begin;
        if (r->n_live > 1 && r->n_live * 4 <= r->n * 3)
            close_up(&w);
    }
    if (r->n_live > 1)
        close_up(&w);
done:
    rounds_fini(&w);
    return err->status;
}
