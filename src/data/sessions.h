/*
 * Sessions: sequences of events of one user, in the order of time.
 */
#ifndef RB_DATA_SESSIONS_H
#define RB_DATA_SESSIONS_H

#include <stdbool.h>

#include "parallel/shared.h"

typedef enum { RB_DEVICE_TV, RB_DEVICE_PHONE, RB_DEVICE_TABLET, RB_DEVICE_COMPUTER, RB_N_DEVICES } rb_device;

/* The arrays lie one after another in `memory`. */
typedef struct {
    int64_t n; /* sessions */
    int64_t n_events;
    const int64_t *begin;    /* [n + 1] first event of each session */
    const int32_t *user;     /* [n] */
    const int32_t *item;     /* [n_events] */
    const int64_t *time;     /* [n_events] seconds since 1970, ascending within a session */
    const float *completion; /* [n_events] share watched, 0 .. 1; NULL: unknown */
    const uint8_t *device;   /* [n] rb_device; NULL: unknown */
    rb_shared memory;
} rb_sessions;

/**
 * Allocate the arrays of n sessions and n_events events, zeroed; begin[n] is set. Collective.
 *
 * Fill the sessions that you own through the pointers cast to writable, then rb_sessions_publish.
 */
rb_status rb_sessions_alloc(rb_sessions *s, int64_t n, int64_t n_events, bool with_completion, bool with_device,
                            const rb_ctx *ctx, rb_error *err);
/** Make visible what the ranks wrote: rank r wrote sessions [session[r], session[r + 1]) and their events, which are
 *  [event[r], event[r + 1]). Collective. */
void rb_sessions_publish(rb_sessions *s, const int64_t *session, const int64_t *event, const rb_ctx *ctx);

void rb_sessions_fini(rb_sessions *s); /* collective over the ctx that made it */

#endif
