/*
 * Sessions whole: the last starts are test, those before them validation. A rating goes where its session goes, so
 * that nothing of a test session is known in training.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "data/split_mark.h"

typedef struct {
    int64_t start;
    int64_t number;
    int32_t user;
} session_start;

static int compare_starts(const void *a, const void *b)
{
    const session_start *x = a, *y = b;
    if (x->user != y->user)
        return (x->user > y->user) - (x->user < y->user);
    if (x->start != y->start)
        return (x->start > y->start) - (x->start < y->start);
    return (x->number > y->number) - (x->number < y->number);
}

static void list_starts(session_start *starts, const rb_sessions *s)
{
    for (int64_t k = 0; k < s->n; k++)
        starts[k] = (session_start){ s->time[s->begin[k]], k, s->user[k] };
    qsort(starts, (size_t)s->n, sizeof *starts, compare_starts);
}

/* The session of the user that started last at or before the time; where there is none, the rating is training. */
static uint8_t part_at(const session_start *starts, int64_t n, int32_t user, int64_t time, const uint8_t *part)
{
    session_start wanted = { time, INT64_MAX, user };
    int64_t low = 0, high = n; /* first one behind the wanted place */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (compare_starts(&starts[middle], &wanted) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && starts[low - 1].user == user ? part[starts[low - 1].number] : RB_PART_TRAIN;
}

rb_status rb_split_by_sessions(rb_split_job *job, rb_ctx *ctx, rb_error *err)
{
    const rb_sessions *s = &job->data->sessions;
    const rb_interactions *x = &job->data->interactions;
    rb_by_time latest = { s->time, s->begin };
    rb_order order = { rb_place_latest, &latest, s->n };
    int64_t test = rb_split_count(job->split->test, s->n);
    int64_t validation = rb_split_count(job->split->validation, s->n);
    session_start *starts = NULL;

    if (validation > s->n - test)
        validation = s->n - test;
    RB_TRY(rb_split_mark(job->session, job->memory, RB_PART_TEST, 0, test, &order, ctx, err));
    RB_TRY(rb_split_mark(job->session, job->memory, RB_PART_VALIDATION, 0, validation, &order, ctx, err));
    if (!job->data->has_interactions)
        return err->status;
    RB_TRY_ALL(ctx, rb_alloc(&starts, s->n, err));
    list_starts(starts, s);
    int64_t begin = (int64_t)((__int128)x->n * ctx->node_rank / ctx->n_node_ranks);
    int64_t end = (int64_t)((__int128)x->n * (ctx->node_rank + 1) / ctx->n_node_ranks);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t row = begin; row < end; row++)
        job->row[row] = part_at(starts, s->n, x->user[row], x->time[row], job->session);
    rb_split_seen(job->memory, ctx);
done:
    rb_free(starts);
    return err->status;
}
