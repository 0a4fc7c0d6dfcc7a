/*
 * Sessions of data that come without: a user's interactions in the order of time, cut where the user paused.
 */
#ifndef RB_DATA_SESSIONS_GAP_H
#define RB_DATA_SESSIONS_GAP_H

#include "data/dataset.h"

/**
 * Cut the histories of all users into sessions.
 *
 * Collective over ctx. A pause of more than gap_s seconds between two interactions ends a session; 0: a user's whole
 * history is one. Interactions of equal time keep the order of their rows. A sequence of one interaction is no session.
 *
 * @param[in,out] d  with interactions; gets sessions, by user and then by time. A pair counts once, whatever
 * `duplicates` made of its repetitions
 * @return RB_OK; RB_BAD_INPUT: no times, or sessions that are there already; RB_NO_MEMORY; the same on every rank
 *
 * Bits: integers only. Rank 0 sorts: O(n log n) time, 16 n bytes.
 */
rb_status rb_sessions_by_gap(rb_dataset *d, int64_t gap_s, const rb_ctx *ctx, rb_error *err);

#endif
