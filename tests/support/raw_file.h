/*
 * Arrays in files without a header, in this machine's byte order: how the programs in tests/bench and the peers of
 * experiments/peers read and write the same data.
 */
#ifndef RB_SUPPORT_RAW_FILE_H
#define RB_SUPPORT_RAW_FILE_H

#include <stdint.h>

/** All bytes of a file; the test fails where it cannot be read or n_bytes >= 0 is not its length. Release: rb_free. */
void *rb_raw_read(int64_t *length, const char *path, int64_t n_bytes);

/** Write a file anew; the test fails where that is not possible. */
void rb_raw_write(const char *path, const void *data, int64_t n_bytes);

#endif
