/*
 * The whole state of a fit between two iterations, as its algorithm's slot `checkpoint` names it, in a file.
 *
 * Rank 0 writes and seals; every rank reads what it keeps. Numbers are stored as they stand in memory, so the bits come
 * back.
 */
#ifndef RB_HARNESS_STATE_FILE_H
#define RB_HARNESS_STATE_FILE_H

#include "base/digest.h"
#include "data/algorithm.h"
#include "data/hdf.h"

/**
 * Write the state. Collective over ctx.
 *
 * @param[in]     at    where, on rank 0; not read elsewhere
 * @param[in,out] seal  begun on rank 0: takes what is written; not read elsewhere
 * @return RB_OK, RB_IO, RB_NO_MEMORY (agreed)
 * Cost: one pass over the state; rank 0 has one cut array whole at a time.
 */
rb_status rb_state_write(hid_t at, rb_hasher *seal, const rb_algorithm *algorithm, void *state, const rb_ctx *ctx,
                         rb_error *err);

/**
 * Read it into a state for which `begin` was called. Collective over ctx; any number of ranks.
 *
 * @param[in]     at    where, on every rank
 * @param[in,out] seal  begun on rank 0: takes what is read; not read elsewhere
 * @return RB_OK; RB_BAD_INPUT, RB_IO, RB_NO_MEMORY (agreed): the state is then of no use
 */
rb_status rb_state_read(hid_t at, rb_hasher *seal, const rb_algorithm *algorithm, void *state, const rb_ctx *ctx,
                        rb_error *err);

#endif
