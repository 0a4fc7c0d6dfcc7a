#include "data/sessions.h"

#define ALIGNMENT 64

static int64_t rounded(int64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

rb_status rb_sessions_alloc(rb_sessions *s, int64_t n, int64_t n_events, bool with_completion, bool with_device,
                            const rb_ctx *ctx, rb_error *err)
{
    *s = (rb_sessions){ .n = n, .n_events = n_events };
    int64_t begin = rounded((n + 1) * (int64_t)sizeof *s->begin);
    int64_t user = rounded(n * (int64_t)sizeof *s->user);
    int64_t item = rounded(n_events * (int64_t)sizeof *s->item);
    int64_t time = rounded(n_events * (int64_t)sizeof *s->time);
    int64_t completion = with_completion ? rounded(n_events * (int64_t)sizeof *s->completion) : 0;
    int64_t device = with_device ? rounded(n) : 0;
    RB_TRY(rb_shared_alloc(&s->memory, begin + user + item + time + completion + device, ctx, err));
    char *at = s->memory.data;
    s->begin = (int64_t *)(void *)at;
    if (ctx->node_rank == 0)
        ((int64_t *)(void *)at)[n] = n_events;
    s->user = (int32_t *)(void *)(at += begin);
    s->item = (int32_t *)(void *)(at += user);
    s->time = (int64_t *)(void *)(at += item);
    s->completion = with_completion ? (float *)(void *)(at + time) : NULL;
    s->device = with_device ? (uint8_t *)(at + time + completion) : NULL;
done:
    if (err->status != RB_OK)
        *s = (rb_sessions){ 0 };
    return err->status;
}

/* One array of the region; what does not exist has nothing to publish. */
static void publish(const rb_sessions *s, const void *array, const int64_t *begin, int64_t unit, const rb_ctx *ctx)
{
    if (!array)
        return;
    rb_shared part = s->memory;
    part.data = (char *)part.data + ((const char *)array - (const char *)part.data);
    rb_shared_publish(&part, begin, unit, ctx);
}

void rb_sessions_publish(rb_sessions *s, const int64_t *session, const int64_t *event, const rb_ctx *ctx)
{
    publish(s, s->begin, session, sizeof *s->begin, ctx);
    publish(s, s->user, session, sizeof *s->user, ctx);
    publish(s, s->item, event, sizeof *s->item, ctx);
    publish(s, s->time, event, sizeof *s->time, ctx);
    publish(s, s->completion, event, sizeof *s->completion, ctx);
    publish(s, s->device, session, sizeof *s->device, ctx);
}

void rb_sessions_fini(rb_sessions *s)
{
    rb_shared_fini(&s->memory);
    *s = (rb_sessions){ 0 };
}
