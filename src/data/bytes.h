/*
 * All bytes of a small file.
 */
#ifndef RB_DATA_BYTES_H
#define RB_DATA_BYTES_H

#include "parallel/ctx.h"

/**
 * Read a regular file whole. Local.
 *
 * @param[out] bytes  [*n_bytes] released by the caller with rb_free whatever is returned
 * @return RB_OK; RB_BAD_INPUT: missing or not a regular file; RB_IO: unreadable; RB_NO_MEMORY
 */
rb_status rb_bytes_load(char **bytes, int64_t *n_bytes, const char *path, rb_error *err);

/** The same on every rank: rank 0 reads. Collective over ctx; the same status on every rank. */
rb_status rb_bytes_share(char **bytes, int64_t *n_bytes, const char *path, const rb_ctx *ctx, rb_error *err);

#endif
