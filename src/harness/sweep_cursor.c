#include "harness/sweep_cursor.h"

#include <string.h>

static bool leads(const rb_entry *entry, int32_t s)
{
    for (int32_t earlier = 0; earlier < s && entry->sweep[s].zip >= 0; earlier++)
        if (entry->sweep[earlier].zip == entry->sweep[s].zip)
            return false;
    return true;
}

rb_status rb_sweep_cursor_init(rb_sweep_cursor *c, const rb_entry *entry, rb_arena *arena, rb_error *err)
{
    *c = (rb_sweep_cursor){ .entry = entry };
    RB_TRY(rb_arena_alloc(arena, &c->position, entry->n_sweeps, err));
    RB_TRY(rb_arena_alloc(arena, &c->leads, entry->n_sweeps, err));
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        c->leads[s] = leads(entry, s);
done:
    return err->status;
}

static void move(rb_sweep_cursor *c, int32_t leader, int64_t position)
{
    const rb_sweep *sweep = c->entry->sweep;
    c->position[leader] = position;
    for (int32_t s = leader + 1; s < c->entry->n_sweeps && sweep[leader].zip >= 0; s++)
        if (sweep[s].zip == sweep[leader].zip)
            c->position[s] = position;
}

bool rb_sweep_cursor_next(rb_sweep_cursor *c)
{
    for (int32_t s = c->entry->n_sweeps - 1; s >= 0; s--) {
        if (!c->leads[s])
            continue;
        if (c->position[s] + 1 < c->entry->sweep[s].n) {
            move(c, s, c->position[s] + 1);
            return true;
        }
        move(c, s, 0);
    }
    return false;
}

/* A reference is equal to one that names the same entry, whichever of its configurations it stands for. */
static bool same_option(const rb_option *a, const rb_option *b)
{
    if (a->target >= 0 || b->target >= 0)
        return a->target == b->target;
    return strcmp(a->canonical, b->canonical) == 0;
}

static bool holds(const rb_sweep_cursor *c, const rb_condition *condition)
{
    const rb_option *here = &c->entry->sweep[condition->sweep].option[c->position[condition->sweep]];
    for (int64_t i = 0; i < condition->n; i++)
        if (same_option(here, &condition->option[i]))
            return true;
    return false;
}

bool rb_sweep_cursor_excluded(const rb_sweep_cursor *c, bool *hit)
{
    bool excluded = false;
    for (int32_t x = 0; x < c->entry->n_excludes; x++) {
        const rb_exclude *exclude = &c->entry->exclude[x];
        bool all = true;
        for (int32_t i = 0; i < exclude->n && all; i++)
            all = holds(c, &exclude->condition[i]);
        if (all && hit)
            hit[x] = true;
        excluded = excluded || all;
    }
    return excluded;
}

int64_t rb_sweep_combinations(const rb_entry *entry)
{
    int64_t n = 1;
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        if (leads(entry, s) && (__builtin_mul_overflow(n, entry->sweep[s].n, &n) || n > RB_MAX_TRIALS))
            return RB_MAX_TRIALS + 1;
    return n;
}
