#include "eval/ranking_pass.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "eval/ranking_row.h"
#include "linalg/topk.h"

/*
 * A tile of BATCH users x width items is written by the scorer and read by the scans right after: with its operands it
 * should stay in a core's second-level cache (1 MiB), and be wide enough that a call to the scorer is worth its
 * packing. The rows are padded by a cache line, so that rows a power of two apart do not fall into the same sets.
 */
#define BATCH 256
#define TILE_BYTES (512 << 10)
#define PAD 16

/* A user of the batch. */
typedef struct {
    int32_t user;
    int64_t position; /* in pass->user */
    uint64_t tie;     /* hash of the seed and the user */
    rb_row_cursor cursor;
    rb_topk top[RB_N_ORDERS];
    double *relevant; /* [n_relevant] scores of the relevant candidates, for auc */
    int64_t n_relevant, n_candidates;
    int64_t below, equal; /* pairs (relevant, candidate) whose candidate scores lower, or the same */
} seat;

/* The lowest position with a score that is not finite. */
typedef struct {
    int64_t position;
    int32_t user, item;
} flaw;

/* What a thread works in. */
typedef struct {
    void *tile;
    rb_topk_entry *entry; /* [BATCH x n_orders x k] */
    double *relevant;     /* scores of the relevant items of a batch */
    seat seats[BATCH];
    flaw flaw;
    rb_rerank_scratch rerank;
    double score_s;
} workspace;

/* Best items that a user's pass keeps: those of the list, or the candidates that are re-ranked where these are more. */
static int32_t depth(const rb_ranking_pass *pass)
{
    int32_t n = pass->rules->rerank ? pass->rules->rerank->n_candidates : 0;
    n = n > pass->k ? n : pass->k;
    return n < pass->rules->n_items ? n : pass->rules->n_items;
}

double rb_rank_thread_bytes(int64_t depth)
{
    return (double)BATCH * (double)depth * sizeof(rb_topk_entry);
}

static int64_t tile_width(const rb_ranking_pass *pass)
{
    int64_t size = pass->scorer->precision == RB_SINGLE ? sizeof(float) : sizeof(double);
    int64_t width = TILE_BYTES / (BATCH * size);
    return pass->rules->n_items < width ? pass->rules->n_items : width;
}

/* Float order as integer order: the larger rating has the larger number. */
static uint32_t ordered(float rating)
{
    uint32_t bits;
    memcpy(&bits, &rating, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static uint64_t tie_key(const rb_ranking_pass *pass, const seat *s, int order, int32_t item)
{
    if (pass->rules->ties == RB_TIES_INDEX)
        return 0; /* equal keys: the lower index stands before */
    uint64_t hash = rb_mix(s->tie, (uint64_t)item);
    if (order == RB_ORDER_RULES)
        return hash;
    int64_t at = rb_row_find(pass->relevant, s->user, item);
    uint32_t gain = at < 0 ? 0 : ordered(pass->relevant->user_rating[at]);
    return (uint64_t)(order == RB_ORDER_BEST ? ~gain : gain) << 32 | hash >> 32;
}

/* The smallest score that the list may still take. By index, a later item never wins a tie. */
static double least_taken(const rb_ranking_pass *pass, const rb_topk *top, rb_precision precision)
{
    if (top->n < top->k)
        return rb_row_lowest(precision);
    double least = top->entry[0].score;
    if (pass->rules->ties != RB_TIES_INDEX)
        return least;
    return precision == RB_SINGLE ? (double)nextafterf((float)least, INFINITY) : nextafter(least, INFINITY);
}

static void collect(const rb_ranking_pass *pass, seat *s, rb_row *row, int order)
{
    rb_topk *top = &s->top[order];
    double least = least_taken(pass, top, row->precision);
    for (int64_t j = rb_row_scan(row, 0, least); j < row->n; j = rb_row_scan(row, j + 1, least)) {
        double score = rb_row_at(row, j);
        if (!isfinite(score)) {
            rb_row_note(row, j);
            return;
        }
        int32_t item = row->first + (int32_t)j;
        rb_topk_offer(top, score, tie_key(pass, s, order, item), item);
        least = least_taken(pass, top, row->precision);
    }
}

static void count_pairs(seat *s, const rb_row *row)
{
    for (int64_t r = 0; r < s->n_relevant; r++) {
        int64_t below, equal;
        rb_row_count(&below, &equal, row, s->relevant[r]);
        s->below += below - row->n_masked;
        s->equal += equal;
    }
    s->n_candidates += row->n - row->n_masked;
}

/* Scores of the relevant items that lie in the row and are candidates. */
static void pick_relevant(const rb_ranking_pass *pass, seat *s, const rb_row *row)
{
    const rb_ratings *relevant = pass->relevant;
    for (int64_t e = relevant->user_begin[s->user]; e < relevant->user_begin[s->user + 1]; e++) {
        int64_t j = (int64_t)relevant->user_item[e] - row->first;
        if (j >= 0 && j < row->n && rb_row_at(row, j) >= rb_row_lowest(row->precision))
            s->relevant[s->n_relevant++] = rb_row_at(row, j);
    }
}

typedef enum { PICK_RELEVANT, RANK } sweep_kind;

static void take_row(const rb_ranking_pass *pass, workspace *w, seat *s, rb_row *row, sweep_kind kind)
{
    rb_row_mask(row, &s->cursor, pass->rules, s->user);
    if (kind == PICK_RELEVANT) {
        pick_relevant(pass, s, row);
        return; /* a flaw is noted when the same scores are ranked */
    }
    for (int order = 0; order < pass->n_orders; order++)
        collect(pass, s, row, order);
    if (pass->auc)
        count_pairs(s, row);
    if (row->flaw >= 0 && (w->flaw.position < 0 || s->position < w->flaw.position))
        w->flaw = (flaw){ .position = s->position, .user = s->user, .item = row->flaw };
}

/* All items for the n users of a batch, tile by tile. */
static void sweep(const rb_ranking_pass *pass, workspace *w, int32_t first, int32_t n, sweep_kind kind)
{
    int64_t width = tile_width(pass);
    rb_tile tile = { .data = w->tile, .ld = width + PAD };
    for (int32_t i = 0; i < n; i++)
        rb_row_cursor_init(&w->seats[i].cursor, pass->rules, w->seats[i].user);
    for (int64_t begin = 0; begin < pass->rules->n_items; begin += width) {
        int64_t end = begin + width < pass->rules->n_items ? begin + width : pass->rules->n_items;
        double begin_s = rb_clock_s();
        pass->scorer->score(&tile, pass->scorer->state, pass->user + first, n, (int32_t)begin, (int32_t)end);
        w->score_s += rb_clock_s() - begin_s;
        for (int32_t i = 0; i < n; i++) {
            rb_row row = rb_row_of(&tile, pass->scorer->precision, i, (int32_t)begin, (int32_t)(end - begin));
            take_row(pass, w, &w->seats[i], &row, kind);
        }
    }
}

static void sit_down(const rb_ranking_pass *pass, workspace *w, int32_t first, int32_t n)
{
    double *relevant = w->relevant;
    for (int32_t i = 0; i < n; i++) {
        int32_t user = pass->user[first + i];
        seat *s = &w->seats[i];
        *s = (seat){ .user = user,
                     .position = first + i,
                     .tie = rb_mix(pass->rules->tie_seed, (uint64_t)user),
                     .relevant = relevant };
        for (int order = 0; order < pass->n_orders; order++)
            s->top[order] =
                (rb_topk){ .k = depth(pass), .entry = w->entry + ((int64_t)i * pass->n_orders + order) * depth(pass) };
        if (pass->auc)
            relevant += pass->relevant->user_begin[user + 1] - pass->relevant->user_begin[user];
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Integers up to the division: pairs among the relevant items themselves are taken out again. */
static void write_auc(double out[RB_N_ORDERS], seat *s)
{
    int64_t others = s->n_candidates - s->n_relevant, pairs = s->n_relevant * others;
    qsort(s->relevant, (size_t)s->n_relevant, sizeof *s->relevant, ascending);
    for (int64_t first = 0, last; first < s->n_relevant; first = last) {
        for (last = first; last < s->n_relevant && s->relevant[last] == s->relevant[first]; last++)
            s->below -= first;
        s->equal -= (last - first) * (last - first);
    }
    bool defined = pairs > 0;
    out[RB_ORDER_RULES] = defined ? (double)(2 * s->below + s->equal) / (2.0 * (double)pairs) : NAN;
    out[RB_ORDER_BEST] = defined ? (double)(s->below + s->equal) / (double)pairs : NAN;
    out[RB_ORDER_WORST] = defined ? (double)s->below / (double)pairs : NAN;
}

/* The places of the list among what was kept; NULL: in its order. */
static const int32_t *reorder(const rb_ranking_pass *pass, rb_rerank_scratch *scratch, const seat *s,
                              const rb_topk *top)
{
    const rb_ratings *train = pass->rules->train;
    const int64_t own = train->user_begin[s->user];
    if (!pass->rules->rerank)
        return NULL;
    rb_rerank(scratch, pass->rules->rerank, top->entry, top->n, pass->k, train->user_item + own,
              train->user_begin[s->user + 1] - own);
    return scratch->order;
}

static void write_lists(const rb_ranking_pass *pass, rb_rerank_scratch *scratch, seat *s)
{
    for (int order = 0; order < pass->n_orders; order++) {
        rb_topk *top = &s->top[order];
        int64_t at = s->position * pass->k;
        rb_topk_finish(top);
        const int32_t *place = reorder(pass, scratch, s, top);
        for (int32_t j = 0; j < pass->k; j++) {
            const rb_topk_entry *entry = j < top->n ? &top->entry[place ? place[j] : j] : NULL;
            pass->item[order][at + j] = entry ? entry->item : -1;
            if (order == RB_ORDER_RULES)
                pass->score[at + j] = entry ? entry->score : NAN;
        }
    }
}

static void rank_batch(const rb_ranking_pass *pass, workspace *w, int32_t first, int32_t n, int64_t own_begin)
{
    sit_down(pass, w, first, n);
    if (pass->auc)
        sweep(pass, w, first, n, PICK_RELEVANT);
    sweep(pass, w, first, n, RANK);
    for (int32_t i = 0; i < n; i++) {
        write_lists(pass, &w->rerank, &w->seats[i]);
        if (pass->auc)
            write_auc(pass->auc + (w->seats[i].position - own_begin) * RB_N_ORDERS, &w->seats[i]);
    }
}

/* A block in batches of about equal size: a function of the block, so that every score has its bits anywhere. */
static void rank_block(const rb_ranking_pass *pass, workspace *w, int32_t block, int64_t own_begin)
{
    int64_t begin = pass->blocks.begin[block], n = pass->blocks.begin[block + 1] - begin;
    int64_t n_batches = (n + BATCH - 1) / BATCH;
    for (int64_t b = 0; b < n_batches; b++) {
        int64_t first = begin + n * b / n_batches, last = begin + n * (b + 1) / n_batches;
        rank_batch(pass, w, (int32_t)first, (int32_t)(last - first), own_begin);
    }
}

/* Relevant items of the BATCH users that have the most: no batch holds more. */
static int64_t most_relevant(const rb_ranking_pass *pass, int64_t begin, int64_t end)
{
    int64_t most = 0;
    for (int64_t p = begin; p < end; p++) {
        int32_t user = pass->user[p];
        int64_t n = pass->relevant->user_begin[user + 1] - pass->relevant->user_begin[user];
        most = n > most ? n : most;
    }
    return most * BATCH;
}

static rb_status workspace_init(workspace *w, const rb_ranking_pass *pass, int64_t n_relevant, rb_error *err)
{
    int64_t size = pass->scorer->precision == RB_SINGLE ? sizeof(float) : sizeof(double);
    char *tile = NULL;
    w->flaw.position = -1;
    RB_TRY(rb_alloc(&tile, (tile_width(pass) + PAD) * BATCH * size, err));
    w->tile = tile;
    RB_TRY(rb_alloc(&w->entry, (int64_t)BATCH * pass->n_orders * depth(pass), err));
    RB_TRY(rb_alloc(&w->relevant, n_relevant, err));
    if (pass->rules->rerank)
        RB_TRY(rb_rerank_scratch_init(&w->rerank, pass->rules->rerank, depth(pass), err));
done:
    return err->status;
}

static void workspace_fini(workspace *w)
{
    rb_free(w->tile);
    rb_free(w->entry);
    rb_rerank_scratch_fini(&w->rerank);
    rb_free(w->relevant);
}

static rb_status report(const workspace *w, int n_threads, rb_error *err)
{
    const flaw *first = NULL;
    for (int t = 0; t < n_threads; t++)
        if (w[t].flaw.position >= 0 && (!first || w[t].flaw.position < first->position))
            first = &w[t].flaw;
    if (!first)
        return RB_OK;
    return RB_FAIL(err, RB_NOT_FINITE, "the score of user %d for item %d is not finite (users and items by number)",
                   first->user, first->item);
}

rb_status rb_ranking_pass_run(const rb_ranking_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    workspace *w = NULL;
    int32_t first = rb_blocks_of(&pass->blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&pass->blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t begin = pass->blocks.begin[first], end = pass->blocks.begin[last];
    int64_t n_relevant = pass->auc ? most_relevant(pass, begin, end) : 0;

    RB_TRY(rb_alloc(&w, ctx->n_threads, err));
    for (int t = 0; t < ctx->n_threads; t++)
        RB_TRY(workspace_init(&w[t], pass, n_relevant, err));
#pragma omp parallel num_threads(ctx->n_threads)
    {
        workspace *mine = &w[omp_get_thread_num()];
#pragma omp for schedule(dynamic)
        for (int32_t block = first; block < last; block++)
            rank_block(pass, mine, block, begin);
    }
    for (int t = 0; pass->score_s && t < ctx->n_threads; t++)
        *pass->score_s += w[t].score_s / ctx->n_threads;
    RB_TRY(report(w, ctx->n_threads, err));
done:
    for (int t = 0; w && t < ctx->n_threads; t++)
        workspace_fini(&w[t]);
    rb_free(w);
    return err->status;
}
