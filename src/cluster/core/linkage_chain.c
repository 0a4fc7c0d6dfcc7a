/*
 * Nearest-neighbour chain (Benzecri 1982, Juan 1982; Murtagh 1983, doi:10.1093/comjnl/26.4.354): each cluster of the
 * chain is the nearest of the one before, so distances fall along it; two that are each other's nearest merge. What
 * remains of the chain stays valid, as no merge brings anything nearer.
 *
 * As long as many clusters are at the end of a chain at once, all of these merge in rounds (core/linkage_rounds.c); one
 * chain does what is left, which bounds the time by O(n^2) for any data.
 */
#include "cluster/core/linkage_rounds.h"

typedef struct {
    int32_t *slot;     /* [n] the chain */
    int8_t *is_linked; /* [n] whether a slot stands in it */
    int64_t length;
    int64_t first; /* no slot below is live */
} chain;

static void push(chain *c, int64_t slot)
{
    c->slot[c->length++] = (int32_t)slot;
    c->is_linked[slot] = 1;
}

/* The nearest of the last one: the one before it among equals. Rounding may make an older one seem nearer by a unit in
 * the last place; that counts as equal too. */
static int64_t next_of(double *height, const chain *c, const rb_linkage_rows *r)
{
    const int64_t before = c->length < 2 ? -1 : c->slot[c->length - 2];
    rb_linkage_nearest nearest = rb_linkage_nearest_of(r, c->slot[c->length - 1], before);
    *height = nearest.other;
    return before >= 0 && (nearest.other <= nearest.distance || c->is_linked[nearest.slot]) ? before : nearest.slot;
}

static void move_slots(chain *c, const rb_linkage_rows *r)
{
    for (int64_t i = 0; i < r->n; i++)
        c->is_linked[i] = 0;
    for (int64_t i = 0; i < c->length; i++) {
        c->slot[i] = r->moved[c->slot[i]];
        c->is_linked[c->slot[i]] = 1;
    }
    c->first = 0;
}

static void follow_chain(rb_linkage_merge *merges, chain *c, rb_linkage_rows *r)
{
    while (r->n_live > 1) {
        double height;
        if (c->length == 0) {
            while (!rb_linkage_is_live(r, c->first))
                c->first++;
            push(c, c->first);
        }
        int64_t last = c->slot[c->length - 1], next = next_of(&height, c, r);
        if (c->length < 2 || next != c->slot[c->length - 2]) {
            push(c, next);
            continue;
        }
        c->length -= 2;
        c->is_linked[last] = c->is_linked[next] = 0;
        rb_linkage_unite(merges++, r, last, next, height);
        if (rb_linkage_rows_shrink(r))
            move_slots(c, r);
    }
}

rb_status rb_linkage_chain(rb_linkage_merge *merges, rb_linkage_matrix *m, rb_linkage linkage, const rb_ctx *ctx,
                           rb_error *err)
{
    rb_linkage_rows r = { 0 };
    chain c = { 0 };
    int64_t n_merges = 0;

    rb_alloc(&c.slot, m->n, err);
    rb_alloc(&c.is_linked, m->n, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? rb_linkage_rows_init(&r, m, linkage, ctx, err) : err->status);
    RB_TRY(rb_linkage_rounds(merges, &n_merges, &r, err));
    follow_chain(merges + n_merges, &c, &r);
done:
    rb_linkage_rows_fini(&r);
    rb_free(c.slot);
    rb_free(c.is_linked);
    return err->status;
}
