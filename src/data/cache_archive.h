/*
 * One walk over all arrays of a data set that either stores or loads them: what is written is what is read.
 */
#ifndef RB_DATA_CACHE_ARCHIVE_H
#define RB_DATA_CACHE_ARCHIVE_H

#include "data/dataset.h"
#include "data/hdf.h"

typedef struct {
    rb_hdf file; /* open on rank 0 */
    bool loading;
    rb_ctx *ctx;
    rb_error *err; /* the first failure ends the walk; when loading, all ranks have the same status */
} rb_archive;

/**
 * Store d (loading false: rank 0 alone calls), or load it into a zeroed d (loading: collective).
 *
 * @return RB_OK, RB_IO, RB_NO_MEMORY; RB_BAD_INPUT where an array has not the length that belongs to it
 */
rb_status rb_archive_dataset(rb_archive *a, rb_dataset *d);

#endif
