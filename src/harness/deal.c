#include "harness/deal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* A trial, and those with which it shares what is prepared. */
typedef struct rb_load {
    int64_t trial;
    double flops;
    int64_t first;       /* place in the plan's order of the first that shares what is prepared: itself where none */
    double shared_flops; /* of all of them */
} rb_load;

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_shared_flops(const void *a, const void *b)
{
    const rb_load *x = a, *y = b;
    if (x->shared_flops != y->shared_flops)
        return x->shared_flops < y->shared_flops ? 1 : -1;
    return x->first != y->first ? compare(x->first, y->first) : compare(x->trial, y->trial);
}

static int by_flops(const void *a, const void *b)
{
    const rb_piece *x = a, *y = b;
    if (x->flops != y->flops)
        return x->flops < y->flops ? 1 : -1;
    return compare(x->first, y->first);
}

static int by_first(const void *a, const void *b)
{
    return compare(((const rb_piece *)a)->first, ((const rb_piece *)b)->first);
}

/* Place of the first that shares with all[i], itself where none does. `all` is in the order of the plan. */
static int64_t first_of(const rb_run_state *run, const rb_load *all, int64_t i)
{
    const rb_work *w = &run->work[all[i].trial];
    if (run->options->no_share || !rb_run_configuration(run, all[i].trial)->entry->algorithm->prepare)
        return i;
    for (int64_t k = 0; k < i; k++)
        if (memcmp(&run->work[all[k].trial].prepares, &w->prepares, sizeof w->prepares) == 0)
            return k;
    return i;
}

/* Who shares with whom; returns the flops of all. `all` is in the order of the plan. */
static double find_shared(rb_load *all, const rb_run_state *run, int64_t n)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        all[i].first = first_of(run, all, i);
        all[i].shared_flops = 0;
        all[all[i].first].shared_flops += all[i].flops;
        total += all[i].flops;
    }
    for (int64_t i = 0; i < n; i++)
        all[i].shared_flops = all[all[i].first].shared_flops;
    return total;
}

/* Trials that share stand together; what is more than an even part of all work is cut into such parts. */
static void cut(rb_deal *d, const rb_load *all, int64_t n, double even, bool in_order)
{
    d->n_pieces = 0;
    for (int64_t i = 0; i < n; i++) {
        rb_piece *last = d->n_pieces > 0 ? &d->piece[d->n_pieces - 1] : NULL;
        bool shares = i > 0 && all[i].first == all[i - 1].first;
        bool stays = shares && (all[i].shared_flops <= even || last->flops + all[i].flops / 2 <= even);
        if (!stays)
            d->piece[d->n_pieces++] = (rb_piece){ .begin = i, .first = all[i].trial };
        last = &d->piece[d->n_pieces - 1];
        last->n++;
        last->flops += all[i].flops;
        d->order[i] = all[i].trial;
    }
    qsort(d->piece, (size_t)d->n_pieces, sizeof *d->piece, in_order ? by_first : by_flops);
}

/* The node whose memory the first rank of a group shares. */
static int32_t node_of(const rb_run_state *run, int32_t group)
{
    const rb_ctx *world = run->world;
    return world->n_nodes > 1 ? world->node_of[(int64_t)group * (world->n_ranks / run->n_groups)] : 0;
}

/* Each piece to the node with the least work for each of its groups. */
static void deal_to_nodes(rb_deal *d, const rb_run_state *run)
{
    const int32_t n_nodes = run->world->n_nodes;
    memset(d->node_flops, 0, (size_t)n_nodes * sizeof *d->node_flops);
    for (int64_t p = 0; p < d->n_pieces; p++) {
        int32_t best = node_of(run, 0);
        for (int32_t node = 0; node < n_nodes; node++)
            if (d->node_groups[node] > 0 && d->node_flops[node] < d->node_flops[best])
                best = node;
        d->piece[p].node = best;
        d->node_flops[best] += d->piece[p].flops / d->node_groups[best];
    }
}

rb_status rb_deal_init(rb_deal *d, const rb_run_state *run, int64_t n, rb_error *err)
{
    rb_alloc(&d->load, n, err);
    rb_alloc(&d->order, n, err);
    rb_alloc(&d->piece, n, err);
    rb_alloc(&d->node_groups, run->world->n_nodes, err);
    RB_TRY_ALL(run->world, rb_alloc(&d->node_flops, run->world->n_nodes, err));
    RB_TRY(rb_shared_alloc(&d->counter, sizeof(int64_t), run->world, err));
    for (int32_t g = 0; g < run->n_groups; g++)
        d->node_groups[node_of(run, g)]++;
done:
    return err->status;
}

void rb_deal_round(rb_deal *d, const rb_run_state *run, const int64_t *trials, int64_t n)
{
    for (int64_t i = 0; i < n; i++) /* a trial is never free */
        d->load[i] = (rb_load){ .trial = trials[i], .flops = run->work[trials[i]].cost.flops + 1e6 };
    rb_bcast(run->world, d->load, n * (int64_t)sizeof *d->load, 0); /* groups of unlike shapes may predict unlike */
    double even = find_shared(d->load, run, n) / run->n_groups;
    qsort(d->load, (size_t)n, sizeof *d->load, by_shared_flops);
    cut(d, d->load, n, even, run->n_groups == 1);
    deal_to_nodes(d, run);
    d->n_passed = d->n_taken = 0;
    if (run->world->node_rank == 0)
        *(int64_t *)d->counter.data = 0;
    rb_shared_sync(&d->counter, run->world);
}

int64_t rb_deal_next(const int64_t **trials, rb_deal *d, const rb_run_state *run)
{
    const int32_t node = node_of(run, run->group_number);
    int64_t wanted = 0; /* this one among the pieces of the node */
    if (run->group.rank == 0)
        wanted = __atomic_fetch_add((int64_t *)d->counter.data, 1, __ATOMIC_SEQ_CST);
    rb_bcast(&run->group, &wanted, sizeof wanted, 0);
    for (; d->n_passed < d->n_pieces; d->n_passed++) {
        const rb_piece *p = &d->piece[d->n_passed];
        if (p->node != node || d->n_taken++ < wanted)
            continue;
        d->n_passed++;
        *trials = d->order + p->begin;
        return p->n;
    }
    return 0;
}

void rb_deal_fini(rb_deal *d)
{
    rb_shared_fini(&d->counter);
    rb_free(d->load);
    rb_free(d->order);
    rb_free(d->piece);
    rb_free(d->node_groups);
    rb_free(d->node_flops);
    *d = (rb_deal){ 0 };
}
