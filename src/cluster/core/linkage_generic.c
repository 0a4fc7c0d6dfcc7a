/*
 * Muellner's generic algorithm (2011, arXiv:1109.2378): every cluster keeps a bound of the distance to its nearest. The
 * least bound is made exact where it is not, and when the least one is exact the two merge. It holds for linkages that
 * bring clusters nearer by a merge, too.
 *
 * A rank keeps the bounds of its own rows; what is least is agreed upon, the lowest slot among equals.
 */
#include <math.h>

#include "cluster/core/linkage_rows.h"

typedef struct {
    double bound;
    int64_t slot, nearest;
} candidate;

typedef struct {
    double *bound;    /* [stride] of the distance to the nearest; infinite where the row is another rank's, or dead */
    double *zero;     /* [stride] 0 */
    int32_t *nearest; /* [n] -1: unknown, `bound` is below */
    candidate *of;    /* [n_ranks] */
    int64_t *begin;   /* [n_ranks + 1] in bytes */
} candidates;

static void search(candidates *c, const rb_linkage_rows *r, int64_t slot)
{
    rb_linkage_nearest found = rb_linkage_search(r, rb_linkage_row(r, slot), r->n);
    c->nearest[slot] = (int32_t)found.slot;
    c->bound[slot] = found.distance;
}

static void search_all(candidates *c, const rb_linkage_rows *r)
{
#pragma omp parallel for num_threads(r->ctx->n_threads) schedule(dynamic, 4)
    for (int64_t i = 0; i < r->n; i++)
        if (rb_linkage_is_own(r, i))
            search(c, r, i);
}

static candidate least_of(candidates *c, const rb_linkage_rows *r)
{
    const rb_ctx *ctx = r->ctx;
    const int64_t slot = rb_linkage_least_f64(c->bound, c->zero, rb_linkage_stride(r->n));
    candidate best = { c->bound[slot], slot, slot < r->n ? c->nearest[slot] : -1 };
    rb_allgather_bytes(ctx, c->of, &best, c->begin);
    for (int k = 0; k < ctx->n_ranks && ctx->n_ranks > 1; k++)
        if (c->of[k].bound < best.bound || (c->of[k].bound == best.bound && c->of[k].slot < best.slot))
            best = c->of[k];
    return best;
}

/* The merge of a and b became `to`; gone is dead. */
static void take_merge(candidates *c, const rb_linkage_rows *r, int64_t to, int64_t gone)
{
    c->bound[gone] = c->bound[to] = INFINITY;
    for (int64_t j = 0; j < r->n; j++) {
        if (j == to || !rb_linkage_is_own(r, j))
            continue;
        double distance = rb_linkage_from_united(r, j);
        if (distance < c->bound[j] || (distance == c->bound[j] && to < c->nearest[j])) {
            c->bound[j] = distance;
            c->nearest[j] = (int32_t)to;
        } else if (c->nearest[j] == to || c->nearest[j] == gone) {
            c->nearest[j] = -1;
        }
    }
    if (r->n_live > 1 && rb_linkage_is_own(r, to))
        search(c, r, to);
}

static void move_slots(candidates *c, const rb_linkage_rows *r, int64_t n_before)
{
    for (int64_t i = 0; i < n_before; i++) {
        int32_t to = r->moved[i];
        if (to < 0)
            continue;
        c->bound[to] = c->bound[i];
        c->nearest[to] = c->nearest[i] < 0 ? -1 : r->moved[c->nearest[i]];
    }
    for (int64_t j = r->n; j < rb_linkage_stride(r->n); j++)
        c->bound[j] = INFINITY;
}

static rb_status candidates_init(candidates *c, const rb_linkage_matrix *m, const rb_ctx *ctx, rb_error *err)
{
    rb_alloc(&c->bound, m->stride, err);
    rb_alloc(&c->zero, m->stride, err);
    rb_alloc(&c->nearest, m->n, err);
    rb_alloc(&c->of, ctx->n_ranks, err);
    RB_TRY(rb_alloc(&c->begin, ctx->n_ranks + 1, err));
    for (int64_t j = 0; j < m->stride; j++)
        c->bound[j] = INFINITY;
    for (int k = 0; k <= ctx->n_ranks; k++)
        c->begin[k] = k * (int64_t)sizeof *c->of;
done:
    return err->status;
}

rb_status rb_linkage_generic(rb_linkage_merge *merges, rb_linkage_matrix *m, rb_linkage linkage, const rb_ctx *ctx,
                             rb_error *err)
{
    rb_linkage_rows r = { 0 };
    candidates c = { 0 };
    int64_t n_merges = 0;

    candidates_init(&c, m, ctx, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? rb_linkage_rows_init(&r, m, linkage, ctx, err) : err->status);
    if (m->n > 1)
        search_all(&c, &r);
    while (r.n_live > 1) {
        const candidate best = least_of(&c, &r);
        const int64_t a = best.slot, b = best.nearest;
        if (b < 0) {
            if (rb_linkage_is_own(&r, a))
                search(&c, &r, a);
            continue;
        }
        rb_linkage_unite(&merges[n_merges++], &r, a, b, best.bound);
        take_merge(&c, &r, a < b ? a : b, a < b ? b : a);
        int64_t n_before = r.n;
        if (rb_linkage_rows_shrink(&r))
            move_slots(&c, &r, n_before);
    }
done:
    rb_linkage_rows_fini(&r);
    rb_free(c.bound);
    rb_free(c.zero);
    rb_free(c.nearest);
    rb_free(c.of);
    rb_free(c.begin);
    return err->status;
}
