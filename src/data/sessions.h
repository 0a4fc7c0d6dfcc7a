/*
 * Sessions: sequences of events of one user, in the order of time.
 */
#ifndef RB_DATA_SESSIONS_H
#define RB_DATA_SESSIONS_H

#include "parallel/shared.h"

typedef struct {
    int64_t n;            /* sessions */
    int64_t n_events;
    const int64_t *begin; /* [n + 1] first event of each session */
    const int32_t *user;  /* [n] */
    const int32_t *item;  /* [n_events] */
    const int64_t *time;  /* [n_events] seconds since 1970, ascending within a session */
    const float *completion; /* [n_events] share watched, 0 .. 1; NULL: unknown */
    const uint8_t *device;   /* [n] RB_DEVICE; NULL: unknown */
    rb_shared memory;
} rb_sessions;

void rb_sessions_fini(rb_sessions *s); /* collective over the ctx that made it */

#endif
