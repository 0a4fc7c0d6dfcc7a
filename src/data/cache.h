/*
 * The cache of parsed and filtered data sets: <dir>/<key>/dataset.h5.
 *
 * A file is written aside, synced and renamed, and beside it dataset.sha256 with its SHA-256. A file that has another
 * one is damaged, was written by half or is being replaced: it is never read. The key depends on the bytes of the input
 * files, so that a changed input is another key.
 */
#ifndef RB_DATA_CACHE_H
#define RB_DATA_CACHE_H

#include "base/text.h"
#include "data/dataset.h"

/**
 * Key of a data set: SHA-256 of the form's version, the description, and each file's size and bytes.
 *
 * Collective over ctx; rank 0 reads the files.
 *
 * @param[in] description  all that decides how files become the data set: format, columns, cleaning, filter, and the
 *                         digest of the code that reads (else a repaired reader would find the old result)
 * @param[in] files        [n_files] in a fixed order; names do not enter the key
 * @return RB_OK; RB_BAD_INPUT (missing), RB_IO (unreadable) naming the file; RB_NO_MEMORY
 */
rb_status rb_cache_key(rb_digest *key, const char *description, const char *const *files, int n_files,
                       const rb_ctx *ctx, rb_error *err);

/**
 * Read a data set from the cache.
 *
 * Collective over ctx; rank 0 reads, large arrays lie in node-shared memory.
 *
 * @param[out] out    zeroed before; filled where *found, else zeroed
 * @param[out] found  whether the cache had it. A file that is there but damaged counts as not found
 * @param[out] note   one sentence on a damaged file, for the caller's log, on rank 0; else left alone; may be NULL
 * @return RB_OK; RB_NO_MEMORY
 */
rb_status rb_cache_load(rb_dataset *out, bool *found, rb_text *note, const char *dir, const rb_digest *key, rb_ctx *ctx,
                        rb_error *err);

/**
 * Write a data set to the cache; folders are made.
 *
 * Collective over ctx; rank 0 writes.
 *
 * @return RB_OK; RB_IO naming the file (a full disk: callers log it and go on); RB_NO_MEMORY
 */
rb_status rb_cache_store(const rb_dataset *d, const char *dir, const rb_digest *key, const rb_ctx *ctx, rb_error *err);

#endif
