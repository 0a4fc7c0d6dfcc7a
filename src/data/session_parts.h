/*
 * The sessions of a fold as session models learn and are judged: training, validation and test, pruned.
 *
 * A session is a sequence of at least 2 events. The support of an item is the number of its events in the training
 * sessions; items of less support than RB_SESSION_SUPPORT are dropped from all parts, then sessions with fewer than 2
 * events left. Nothing of the held-out parts enters the support. After Ludewig and Jannach (2018),
 * doi:10.1007/s11257-018-9209-6, whose support is that of the whole data.
 */
#ifndef RB_DATA_SESSION_PARTS_H
#define RB_DATA_SESSION_PARTS_H

#include "data/interactions.h"
#include "data/sessions.h"

#define RB_SESSION_SUPPORT 5

/* One part: what is left, and what was there. */
typedef struct {
    rb_sessions left;
    int64_t n_sessions, n_events; /* before anything was dropped */
} rb_session_part;

typedef struct {
    rb_session_part part[RB_PART_TEST + 1]; /* by rb_part: train, validation, test */
    int32_t n_items, n_items_left;          /* that occur in any of them; of enough support */
} rb_session_parts;

/**
 * Divide and prune.
 *
 * Collective over ctx.
 *
 * @param[out] out      zeroed before; the same on every rank, owned by the caller (rb_session_parts_fini). Sessions and
 *                      events keep their order
 * @param[in]  part     [all->n] rb_part of each session
 * @param[in]  n_items  of the data set
 * @param[in]  refit    validation belongs to training, and is empty
 * @return RB_OK, RB_NO_MEMORY (agreed; out is zeroed)
 *
 * Bits: integers only. Time O(n_events); memory of one more copy of the sessions a node.
 */
rb_status rb_session_parts_build(rb_session_parts *out, const rb_sessions *all, const uint8_t *part, int32_t n_items,
                                 bool refit, const rb_ctx *ctx, rb_error *err);
/** Collective over the ctx that made it. Zeroed is allowed. */
void rb_session_parts_fini(rb_session_parts *p);

#endif
