/*
 * Splits within users: each rank of a node takes a run of users, gathers the places of their rows and gives the first
 * ones of every user to a part. Every node does the same, so that nothing travels.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "data/split_mark.h"

/* Rows of users [first, first + n): places of user u at [begin[u - first], begin[u - first + 1]). */
typedef struct {
    int32_t first, n;
    int64_t *begin;
    rb_place *place;
} user_rows;

static void user_rows_fini(user_rows *r)
{
    rb_free(r->begin);
    rb_free(r->place);
}

static rb_status gather(user_rows *r, const rb_order *order, const rb_interactions *x, const rb_ctx *ctx, rb_error *err)
{
    r->first = (int32_t)((int64_t)x->n_users * ctx->node_rank / ctx->n_node_ranks);
    r->n = (int32_t)((int64_t)x->n_users * (ctx->node_rank + 1) / ctx->n_node_ranks) - r->first;
    RB_TRY(rb_alloc(&r->begin, (int64_t)r->n + 2, err));
    /* Counted one place to the right of where they end up: filling moves each begin on to its end. */
    for (int64_t row = 0; row < x->n; row++)
        if (x->user[row] >= r->first && x->user[row] < r->first + r->n)
            r->begin[x->user[row] - r->first + 2]++;
    for (int32_t u = 0; u <= r->n; u++)
        r->begin[u + 1] += r->begin[u];
    RB_TRY(rb_alloc(&r->place, r->begin[r->n + 1], err));
    for (int64_t row = 0; row < x->n; row++)
        if (x->user[row] >= r->first && x->user[row] < r->first + r->n)
            r->place[r->begin[x->user[row] - r->first + 1]++] = order->place(order->self, row);
done:
    return err->status;
}

static int compare_places(const void *a, const void *b)
{
    rb_place x = *(const rb_place *)a, y = *(const rb_place *)b;
    return (x > y) - (x < y);
}

/* How many of a user's n rows, in order, get which part: first `head` of them, then `next` of them. */
typedef struct {
    int64_t head, next;
    uint8_t head_part, next_part;
} portion;

static portion portion_of(const rb_split *s, int64_t n, uint8_t role)
{
    portion p = { .head_part = RB_PART_TEST, .next_part = RB_PART_VALIDATION };
    switch (s->kind) {
    case RB_SPLIT_PER_USER:
        p.head = rb_split_count(s->test, n);
        p.next = rb_split_count(s->validation, n);
        break;
    case RB_SPLIT_STRONG:
        if (role == RB_PART_TRAIN)
            break;
        p.head_part = RB_PART_REVEALED;
        p.next_part = role;
        p.head = rb_split_count(s->reveal, n);
        if (p.head > n - 1)
            p.head = n - 1;
        if (p.head < 1)
            p.head = 1;
        p.next = n;
        break;
    default: /* leave one out */
        p.head = n >= 2;
        p.next = n >= 3 && s->validation > 0;
        break;
    }
    if (p.head > n)
        p.head = n;
    if (p.next > n - p.head)
        p.next = n - p.head;
    return p;
}

static void divide_user(rb_split_job *job, rb_place *place, int64_t n, uint8_t role, bool latest)
{
    portion p = portion_of(job->split, n, role);
    if (p.head + p.next == 0)
        return;
    qsort(place, (size_t)n, sizeof *place, compare_places);
    for (int64_t k = 0; k < p.head; k++)
        job->row[rb_place_thing(place[k], latest)] = p.head_part;
    for (int64_t k = p.head; k < p.head + p.next; k++)
        job->row[rb_place_thing(place[k], latest)] = p.next_part;
}

rb_status rb_split_by_user(rb_split_job *job, rb_ctx *ctx, rb_error *err)
{
    const rb_interactions *x = &job->data->interactions;
    int kind = job->split->kind;
    bool latest = kind == RB_SPLIT_LEAVE_LAST_OUT || (kind == RB_SPLIT_LOO_SAMPLED && x->time);
    rb_by_time by_time = { x->time, NULL };
    rb_order order = { latest ? rb_place_latest : rb_place_random, latest ? (const void *)&by_time : &job->rng, x->n };
    user_rows rows = { 0 };
    rb_shared roles = { 0 };

    if (kind == RB_SPLIT_STRONG)
        RB_TRY(rb_split_choose(&roles, job, "split.users", x->n_users, ctx, err));
    RB_TRY_ALL(ctx, gather(&rows, &order, x, ctx, err));
    const uint8_t *role = roles.data;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 64)
    for (int32_t u = 0; u < rows.n; u++)
        divide_user(job, rows.place + rows.begin[u], rows.begin[u + 1] - rows.begin[u],
                    role ? role[rows.first + u] : RB_PART_TRAIN, latest);
    rb_split_seen(job->memory, ctx);
done:
    rb_shared_fini(&roles);
    user_rows_fini(&rows);
    return err->status;
}

/* Ascending insertion of a position that is not held yet. */
static bool insert(int32_t *set, int64_t n, int32_t position)
{
    int64_t at = n;
    while (at > 0 && set[at - 1] > position)
        at--;
    if (at > 0 && set[at - 1] == position)
        return false;
    for (int64_t k = n; k > at; k--)
        set[k] = set[k - 1];
    set[at] = position;
    return true;
}

int64_t rb_split_negatives(int32_t *item, int64_t n, int32_t user, const rb_ratings *all, uint64_t seed)
{
    const int32_t *seen = all->user_item + all->user_begin[user];
    int64_t n_seen = all->user_begin[user + 1] - all->user_begin[user];
    int64_t n_unseen = all->n_items - n_seen;
    rb_rng rng = { .key = rb_seed_named(seed, "split"),
                   .stream = rb_stream("split.negatives"),
                   .entity = (uint64_t)user };
    if (n > n_unseen)
        n = n_unseen;
    /* Positions among the unseen items: a random one up to j, or j itself where that is taken. */
    for (int64_t k = 0; k < n; k++) {
        int64_t j = n_unseen - n + k;
        int32_t position = (int32_t)rb_rng_below(&rng, (uint32_t)k, j + 1);
        if (!insert(item, k, position))
            (void)insert(item, k, (int32_t)j);
    }
    /* Both ascend: position p is the item p + (seen items at or before it). */
    int64_t skipped = 0;
    for (int64_t k = 0; k < n; k++) {
        while (skipped < n_seen && seen[skipped] <= item[k] + skipped)
            skipped++;
        item[k] += (int32_t)skipped;
    }
    return n;
}
