/*
 * Strings that grow, and the nearest of a list of names (for "did you mean").
 */
#ifndef RB_BASE_TEXT_H
#define RB_BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct {
    char *data; /* 0-terminated once anything was added; NULL before */
    int64_t length;
    int64_t capacity;
} rb_text;

rb_status rb_text_add(rb_text *text, const char *bytes, int64_t n, rb_error *err);
rb_status rb_text_addf(rb_text *text, rb_error *err, const char *format, ...) __attribute__((format(printf, 3, 4)));
void rb_text_fini(rb_text *text);

/**
 * Letters to change, add, leave out or swap with their neighbour, case apart, to make a of b (optimal string alignment;
 * at most 63 bytes count).
 */
int rb_text_distance(const char *a, const char *b);

/** The nearest of names (NULL-terminated list), or NULL where none is near enough to suggest. */
const char *rb_text_nearest(const char *name, const char *const *names);

/** Shortest decimal form of a double that reads back as the same double ("0.1", "1000000", "1e-5", "9.2e18"). out holds
 * 32 bytes. */
void rb_text_double(char out[32], double value);

/** Strict numbers: the whole of [text, text + n) must be one number; false otherwise. */
bool rb_parse_int(int64_t *out, const char *text, int64_t n);
bool rb_parse_double(double *out, const char *text, int64_t n);

/** An integer with thousands separators ("1,234,567"); out holds 32 bytes. */
const char *rb_text_count(char out[32], int64_t value);
/** The ending of a noun behind a number: "s", or "" behind 1. */
const char *rb_text_plural(int64_t n);
/** Bytes in words ("310 MB"); out holds 32 bytes. */
const char *rb_text_bytes(char out[32], double bytes);

#endif
