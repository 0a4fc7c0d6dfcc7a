#include "data/sessions_gap.h"

#include <stdlib.h>

#include "base/alloc.h"

/* An interaction in the order of a user's history. */
typedef struct {
    int64_t time, row;
} moment;

typedef struct {
    const rb_interactions *x;
    int64_t gap_s;
    int64_t *begin;  /* [n_users + 1] */
    moment *history; /* [n] by user, then by time, then by row */
    int64_t n[2];    /* sessions, events */
} histories;

static int by_time(const void *a, const void *b)
{
    const moment *x = a, *y = b;
    if (x->time != y->time)
        return (x->time > y->time) - (x->time < y->time);
    return (x->row > y->row) - (x->row < y->row);
}

/* First moment of [at, end) that begins another session. */
static int64_t end_of_session(const histories *h, int64_t at, int64_t end)
{
    for (at++; at < end; at++)
        if (h->gap_s > 0 && h->history[at].time - h->history[at - 1].time > h->gap_s)
            break;
    return at;
}

/* Local, on rank 0. */
static rb_status sort_histories(histories *h, rb_error *err)
{
    const rb_interactions *x = h->x;
    RB_TRY(rb_alloc(&h->begin, (int64_t)x->n_users + 2, err));
    RB_TRY(rb_alloc(&h->history, x->n, err));
    for (int64_t row = 0; row < x->n; row++)
        h->begin[x->user[row] + 2]++;
    for (int32_t u = 0; u <= x->n_users; u++)
        h->begin[u + 1] += h->begin[u];
    for (int64_t row = 0; row < x->n; row++) /* each begin moves on to its end */
        h->history[h->begin[x->user[row] + 1]++] = (moment){ x->time[row], row };
    for (int32_t u = 0; u < x->n_users; u++) {
        qsort(h->history + h->begin[u], (size_t)(h->begin[u + 1] - h->begin[u]), sizeof *h->history, by_time);
        for (int64_t at = h->begin[u], end; at < h->begin[u + 1]; at = end) {
            end = end_of_session(h, at, h->begin[u + 1]);
            h->n[0] += end - at >= 2;
            h->n[1] += end - at >= 2 ? end - at : 0;
        }
    }
done:
    return err->status;
}

static void cut(rb_sessions *out, const histories *h)
{
    int64_t session = 0, event = 0;
    for (int32_t u = 0; u < h->x->n_users; u++)
        for (int64_t at = h->begin[u], end; at < h->begin[u + 1]; at = end) {
            end = end_of_session(h, at, h->begin[u + 1]);
            if (end - at < 2)
                continue;
            ((int64_t *)out->begin)[session] = event;
            ((int32_t *)out->user)[session++] = u;
            for (int64_t e = at; e < end; e++, event++) {
                ((int32_t *)out->item)[event] = h->x->item[h->history[e].row];
                ((int64_t *)out->time)[event] = h->history[e].time;
            }
        }
}

rb_status rb_sessions_by_gap(rb_dataset *d, int64_t gap_s, const rb_ctx *ctx, rb_error *err)
{
    histories h = { .x = &d->interactions, .gap_s = gap_s };
    if (d->has_sessions)
        return RB_FAIL(err, RB_BAD_INPUT, "'session_gap' makes sessions, and data set '%s' has its own", d->name);
    if (!d->has_interactions || !d->interactions.time)
        return RB_FAIL(err, RB_BAD_INPUT, "'session_gap' needs interactions with times, and data set '%s' has none",
                       d->name);
    RB_TRY_ALL(ctx, ctx->rank == 0 ? sort_histories(&h, err) : RB_OK);
    rb_bcast(ctx, h.n, sizeof h.n, 0);
    RB_TRY(rb_sessions_alloc(&d->sessions, h.n[0], h.n[1], false, false, ctx, err));
    d->has_sessions = true;
    if (ctx->rank == 0)
        cut(&d->sessions, &h);
    rb_shared_publish_from(&d->sessions.memory, 0, ctx);
done:
    rb_free(h.begin);
    rb_free(h.history);
    return err->status;
}
