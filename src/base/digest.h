/*
 * SHA-256 (OpenSSL) over bytes, numbers and strings, in a form that does not depend on the machine:
 * integers and doubles enter as little-endian words, strings with their length.
 */
#ifndef RB_BASE_DIGEST_H
#define RB_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define RB_DIGEST_BYTES 32

typedef struct {
    unsigned char byte[RB_DIGEST_BYTES];
} rb_digest;

typedef struct {
    void *state; /* owned; NULL before begin and after end */
} rb_hasher;

rb_status rb_hasher_begin(rb_hasher *h, rb_error *err);
void rb_hasher_bytes(rb_hasher *h, const void *data, size_t n_bytes);
void rb_hasher_int(rb_hasher *h, int64_t value);
void rb_hasher_double(rb_hasher *h, double value);   /* -0 enters as 0, every NaN as one NaN */
void rb_hasher_text(rb_hasher *h, const char *text); /* NULL differs from "" */
/** Finish and release the hasher's state; valid after a failed begin (then out is zero). */
void rb_hasher_end(rb_hasher *h, rb_digest *out);

/** Digest of one block of bytes. */
rb_status rb_digest_of(rb_digest *out, const void *data, size_t n_bytes, rb_error *err);

/** Lower-case hexadecimal, n_digits of the 64 and a final 0 (so text holds n_digits + 1). */
void rb_digest_hex(char *text, const rb_digest *digest, int n_digits);

/** Read 64 hexadecimal digits; false where they are not. */
_Bool rb_digest_parse(rb_digest *out, const char *text);

#endif
