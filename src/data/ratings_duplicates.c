/*
 * Pairs that occur more than once: found as equal neighbours among a user's items, once those are in order.
 */
#include <math.h>

#include "data/ratings_read.h"

typedef struct {
    rb_interactions *x;
    rb_ratings r;
    rb_duplicates policy;
    const rb_ctx *ctx;
} job;

/* The first entry of the next run of equal pairs at or after e in a user's entries, and its end; false: none. */
static bool next_run(int64_t *begin, int64_t *end, const rb_ratings *r, int64_t e, int64_t user_end)
{
    for (; e + 1 < user_end; e++) {
        if (r->user_item[e] != r->user_item[e + 1])
            continue;
        *begin = e;
        while (e < user_end && r->user_item[e] == r->user_item[*begin])
            e++;
        *end = e;
        return true;
    }
    return false;
}

/* Rows of a pair ascend: the last one stays. */
static void settle(const job *j, int64_t begin, int64_t end)
{
    const rb_ratings *r = &j->r;
    int64_t last = r->user_row[end - 1];
    double sum = 0;
    for (int64_t e = begin; e < end; e++)
        sum += (double)r->user_rating[e];
    for (int64_t e = begin; e + 1 < end; e++)
        ((int32_t *)j->x->user_memory.data)[r->user_row[e]] = -1;
    if (j->policy == RB_DUPLICATES_MEAN && j->x->rating)
        ((float *)j->x->rating_memory.data)[last] = (float)(sum / (double)(end - begin));
}

/* Every node settles its own copy of the rows, its ranks sharing the users. */
static void my_users(int64_t *begin, int64_t *end, const rb_ratings *r, const rb_ctx *ctx)
{
    *begin = rb_blocks_element(&r->users, ctx->node_rank, ctx->n_node_ranks);
    *end = rb_blocks_element(&r->users, ctx->node_rank + 1, ctx->n_node_ranks);
}

static int64_t count_runs(const job *j)
{
    int64_t begin, end, n = 0;
    my_users(&begin, &end, &j->r, j->ctx);
#pragma omp parallel for num_threads(j->ctx->n_threads) schedule(dynamic, 256) reduction(+ : n)
    for (int64_t u = begin; u < end; u++) {
        int64_t from = j->r.user_begin[u], to = from;
        while (next_run(&from, &to, &j->r, to, j->r.user_begin[u + 1]))
            n++;
    }
    return n;
}

static void settle_runs(const job *j)
{
    int64_t begin, end;
    my_users(&begin, &end, &j->r, j->ctx);
#pragma omp parallel for num_threads(j->ctx->n_threads) schedule(dynamic, 256)
    for (int64_t u = begin; u < end; u++) {
        int64_t from = j->r.user_begin[u], to = from;
        while (next_run(&from, &to, &j->r, to, j->r.user_begin[u + 1]))
            settle(j, from, to);
    }
}

/* The lowest row that repeats a pair, and the first row of that pair. Only on the way to an error. */
static void find_first(int64_t *first, int64_t *second, const job *j)
{
    const rb_ratings *r = &j->r;
    int64_t at = INT64_MAX, before = -1;
    for (int64_t u = 0; u < r->n_users; u++) {
        int64_t from = r->user_begin[u], to = from;
        while (next_run(&from, &to, r, to, r->user_begin[u + 1]))
            if (r->user_row[from + 1] < at) {
                at = r->user_row[from + 1];
                before = r->user_row[from];
            }
    }
    *first = before;
    *second = at;
}

rb_status rb_ratings_settle_duplicates(int64_t *first, int64_t *second, rb_interactions *x, rb_duplicates policy,
                                       const rb_ctx *ctx, rb_error *err)
{
    job j = { .x = x, .policy = policy, .ctx = ctx };
    *first = *second = -1;
    RB_TRY(rb_ratings_build(&j.r, x, NULL, 0, -INFINITY, ctx, err));
    int64_t n = count_runs(&j);
    rb_sum_int64(ctx, &n, 1);
    if (n > 0) { /* rare: only now the rows are worth their memory */
        rb_ratings_fini(&j.r);
        RB_TRY(rb_ratings_build(&j.r, x, NULL, RB_WITH_ROWS, -INFINITY, ctx, err));
        if (policy == RB_DUPLICATES_ERROR) {
            find_first(first, second, &j);
        } else {
            rb_barrier(ctx); /* nobody reads the rows any more */
            settle_runs(&j);
            rb_shared_publish_from(&x->user_memory, 0, ctx);
            if (x->rating)
                rb_shared_publish_from(&x->rating_memory, 0, ctx);
        }
    }
done:
    rb_ratings_fini(&j.r);
    return err->status;
}
