#include "data/session_parts.h"

#include "base/alloc.h"

/* What decides where an event goes. */
typedef struct {
    const rb_sessions *all;
    const uint8_t *part;
    bool refit;
    int64_t *support; /* [n_items] events in training sessions */
} sieve;

static rb_part part_of(const sieve *s, int64_t session)
{
    rb_part part = (rb_part)s->part[session];
    return part == RB_PART_VALIDATION && s->refit ? RB_PART_TRAIN : part;
}

static void count_support(sieve *s, rb_session_parts *out, int32_t n_items, uint8_t *occurs)
{
    const rb_sessions *all = s->all;
    for (int64_t k = 0; k < all->n; k++) {
        rb_part part = part_of(s, k);
        int64_t n = all->begin[k + 1] - all->begin[k];
        if (part > RB_PART_TEST)
            continue;
        out->part[part].n_sessions++;
        out->part[part].n_events += n;
        for (int64_t e = all->begin[k]; e < all->begin[k + 1]; e++) {
            occurs[all->item[e]] = 1;
            s->support[all->item[e]] += part == RB_PART_TRAIN && n >= 2;
        }
    }
    for (int32_t i = 0; i < n_items; i++) {
        out->n_items += occurs[i];
        out->n_items_left += s->support[i] >= RB_SESSION_SUPPORT;
    }
}

/* Events of a session that stay; 0 where they are no session any more. */
static int64_t events_left(const sieve *s, int64_t session)
{
    int64_t n = 0;
    for (int64_t e = s->all->begin[session]; e < s->all->begin[session + 1]; e++)
        n += s->support[s->all->item[e]] >= RB_SESSION_SUPPORT;
    return n >= 2 ? n : 0;
}

/* By one rank: sessions are few beside what is done with them. */
static void copy(rb_sessions *out, const sieve *s, rb_part part)
{
    const rb_sessions *all = s->all;
    int64_t to = 0, event = 0;
    for (int64_t k = 0; k < all->n; k++) {
        if (part_of(s, k) != part || events_left(s, k) == 0)
            continue;
        ((int64_t *)out->begin)[to] = event;
        ((int32_t *)out->user)[to] = all->user[k];
        if (out->device)
            ((uint8_t *)out->device)[to] = all->device[k];
        to++;
        for (int64_t e = all->begin[k]; e < all->begin[k + 1]; e++) {
            if (s->support[all->item[e]] < RB_SESSION_SUPPORT)
                continue;
            ((int32_t *)out->item)[event] = all->item[e];
            ((int64_t *)out->time)[event] = all->time[e];
            if (out->completion)
                ((float *)out->completion)[event] = all->completion[e];
            event++;
        }
    }
}

static rb_status take(rb_sessions *out, const sieve *s, rb_part part, const rb_ctx *ctx, rb_error *err)
{
    int64_t n = 0, n_events = 0;
    for (int64_t k = 0; k < s->all->n; k++) {
        int64_t left = part_of(s, k) == part ? events_left(s, k) : 0;
        n += left > 0;
        n_events += left;
    }
    RB_TRY(rb_sessions_alloc(out, n, n_events, s->all->completion != NULL, s->all->device != NULL, ctx, err));
    if (ctx->rank == 0)
        copy(out, s, part);
    rb_shared_publish_from(&out->memory, 0, ctx);
done:
    return err->status;
}

rb_status rb_session_parts_build(rb_session_parts *out, const rb_sessions *all, const uint8_t *part, int32_t n_items,
                                 bool refit, const rb_ctx *ctx, rb_error *err)
{
    sieve s = { .all = all, .part = part, .refit = refit };
    uint8_t *occurs = NULL;
    (void)rb_alloc(&s.support, n_items, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? rb_alloc(&occurs, n_items, err) : err->status);
    count_support(&s, out, n_items, occurs);
    for (rb_part p = RB_PART_TRAIN; p <= RB_PART_TEST; p++)
        RB_TRY(take(&out->part[p].left, &s, p, ctx, err));
done:
    rb_free(s.support);
    rb_free(occurs);
    if (err->status != RB_OK)
        rb_session_parts_fini(out);
    return err->status;
}

void rb_session_parts_fini(rb_session_parts *p)
{
    for (rb_part k = RB_PART_TRAIN; k <= RB_PART_TEST; k++)
        rb_sessions_fini(&p->part[k].left);
    *p = (rb_session_parts){ 0 };
}
