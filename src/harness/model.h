/*
 * A fitted state through its one visitor: digest, bytes, save, load.
 */
#ifndef RB_HARNESS_MODEL_H
#define RB_HARNESS_MODEL_H

#include "base/digest.h"
#include "data/algorithm.h"
#include "data/hdf.h"

/** Bytes of one element. */
size_t rb_type_size(rb_type type);
/** As HDF5 holds it. */
rb_hdf_type rb_type_in_file(rb_type type);

/** SHA-256 over names, shapes and values of every array and scalar, in the visitor's order. Local. */
rb_status rb_model_digest(rb_digest *out, const rb_algorithm *algorithm, void *state, rb_error *err);

/** Bytes of all arrays. Local. */
int64_t rb_model_bytes(const rb_algorithm *algorithm, void *state);

/** Write every array below the group `at`, and rb_model_digest's digest. Local (one rank writes). */
rb_status rb_model_save(hid_t at, const rb_algorithm *algorithm, void *state, const rb_digest *digest, rb_error *err);

/**
 * Read into a zeroed state; node-shared arrays become private copies. Local. On failure call algorithm->fini.
 * RB_BAD_INPUT where an array is missing or of another type, or their digest is not the one that was written.
 */
rb_status rb_model_load(hid_t at, const rb_algorithm *algorithm, void *state, rb_error *err);

#endif
