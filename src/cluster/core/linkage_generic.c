/*
 * Muellner's generic algorithm (2011, arXiv:1109.2378): every cluster keeps a bound of the distance to its nearest. The
 * least bound is made exact where it is not, and when the least one is exact the two merge. It holds for linkages that
 * bring clusters nearer by a merge, too.
 */
#include <math.h>

#include "cluster/core/linkage_rows.h"

typedef struct {
    double *bound;    /* [stride] of the distance to the nearest */
    double *mask;     /* [stride] 0, infinite where dead */
    int32_t *nearest; /* [n] -1: unknown, `bound` is below */
} candidates;

static void search(candidates *c, rb_linkage_rows *r, int64_t slot)
{
    rb_linkage_nearest found = rb_linkage_nearest_of(r, slot);
    c->nearest[slot] = (int32_t)found.slot;
    c->bound[slot] = found.distance;
}

/* The merge of a and b became `to`; gone is dead. */
static void take_merge(candidates *c, rb_linkage_rows *r, int64_t to, int64_t gone)
{
    c->mask[gone] = INFINITY;
    for (int64_t j = 0; j < r->n; j++) {
        if (j == to || !rb_linkage_is_live(r, j))
            continue;
        double distance = rb_linkage_at(r, to, j);
        if (distance < c->bound[j]) {
            c->bound[j] = distance;
            c->nearest[j] = (int32_t)to;
        } else if (c->nearest[j] == to || c->nearest[j] == gone) {
            c->nearest[j] = -1;
        }
    }
    if (r->n_live > 1)
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
    for (int64_t j = 0; j < r->stride; j++)
        c->mask[j] = j < r->n ? 0 : INFINITY;
}

rb_status rb_linkage_generic(rb_linkage_merge *merges, rb_linkage_matrix *m, rb_linkage linkage, rb_error *err)
{
    rb_linkage_rows r = { 0 };
    candidates c = { 0 };
    int64_t n_merges = 0;

    rb_alloc(&c.bound, m->stride, err);
    rb_alloc(&c.mask, m->stride, err);
    rb_alloc(&c.nearest, m->n, err);
    RB_TRY(rb_linkage_rows_init(&r, m, linkage, err));
    for (int64_t i = 0; i < m->n && m->n > 1; i++)
        search(&c, &r, i);
    for (int64_t j = m->n; j < m->stride; j++)
        c.mask[j] = INFINITY;
    while (r.n_live > 1) {
        int64_t a = rb_linkage_least_f64(c.bound, c.mask, r.stride), b = c.nearest[a];
        if (b < 0) {
            search(&c, &r, a);
            continue;
        }
        rb_linkage_unite(&merges[n_merges++], &r, a, b);
        take_merge(&c, &r, a < b ? a : b, a < b ? b : a);
        int64_t n_before = r.n;
        if (rb_linkage_rows_shrink(&r))
            move_slots(&c, &r, n_before);
    }
done:
    rb_linkage_rows_fini(&r);
    rb_free(c.bound);
    rb_free(c.mask);
    rb_free(c.nearest);
    return err->status;
}
