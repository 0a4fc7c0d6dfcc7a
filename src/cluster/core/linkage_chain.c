/*
 * Nearest-neighbour chain (Benzecri 1982, Juan 1982; Murtagh 1983, doi:10.1093/comjnl/26.4.354): each cluster of the
 * chain is the nearest of the one before, so distances fall along it; two that are each other's nearest merge. What
 * remains of the chain stays valid, as no merge brings anything nearer.
 */
#include "cluster/core/linkage_rows.h"

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
static int64_t next_of(const chain *c, rb_linkage_rows *r)
{
    rb_linkage_nearest nearest = rb_linkage_nearest_of(r, c->slot[c->length - 1]);
    if (c->length < 2)
        return nearest.slot;
    int64_t before = c->slot[c->length - 2];
    bool is_equal = rb_linkage_at(r, c->slot[c->length - 1], before) <= nearest.distance;
    return is_equal || c->is_linked[nearest.slot] ? before : nearest.slot;
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

rb_status rb_linkage_chain(rb_linkage_merge *merges, rb_linkage_matrix *m, rb_linkage linkage, rb_error *err)
{
    rb_linkage_rows r = { 0 };
    chain c = { 0 };
    int64_t n_merges = 0;

    rb_alloc(&c.slot, m->n, err);
    rb_alloc(&c.is_linked, m->n, err);
    RB_TRY(rb_linkage_rows_init(&r, m, linkage, err));
    while (r.n_live > 1) {
        if (c.length == 0) {
            while (!rb_linkage_is_live(&r, c.first))
                c.first++;
            push(&c, c.first);
        }
        int64_t last = c.slot[c.length - 1], next = next_of(&c, &r);
        if (c.length < 2 || next != c.slot[c.length - 2]) {
            push(&c, next);
            continue;
        }
        c.length -= 2;
        c.is_linked[last] = c.is_linked[next] = 0;
        rb_linkage_unite(&merges[n_merges++], &r, last, next);
        if (rb_linkage_rows_shrink(&r))
            move_slots(&c, &r);
    }
done:
    rb_linkage_rows_fini(&r);
    rb_free(c.slot);
    rb_free(c.is_linked);
    return err->status;
}
