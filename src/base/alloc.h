/*
 * Memory: zeroed, aligned to 64 bytes, checked for overflow. Everything from rb_alloc goes to rb_free.
 */
#ifndef RB_BASE_ALLOC_H
#define RB_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/**
 * Allocate n zeroed elements and store their address in *pointer (a typed pointer's address).
 *
 * @return RB_OK, RB_NO_MEMORY (then *pointer is NULL). n = 0 gives a valid pointer; n < 0 is RB_NO_MEMORY.
 */
#define rb_alloc(pointer, n, err) \
    rb_alloc_status((*(pointer) = rb_alloc_array((int64_t)(n), sizeof **(pointer), (err))) != NULL, (err))

/**
 * Grow *pointer to hold at least n elements, at least doubling; *capacity holds the elements allocated.
 * What is new is zeroed. On failure the old array stays valid.
 */
#define rb_grow(pointer, capacity, n, err)                                                        \
    (*(pointer) = rb_grow_array(*(pointer), (capacity), (int64_t)(n), sizeof **(pointer), (err)), \
     rb_alloc_status(1, (err)))

/* What the macros above return: the error's status, which the allocation set where it failed. (Growing to nothing
 * holds nothing, and is no failure.) */
static inline rb_status rb_alloc_status(int held, const rb_error *err)
{
    if (!held && err->status == RB_OK) /* cannot be; it tells analysers that RB_OK means memory */
        __builtin_unreachable();
    return err->status;
}

void *rb_alloc_array(int64_t n, size_t size, rb_error *err);
void *rb_grow_array(void *old, int64_t *capacity, int64_t n, size_t size, rb_error *err);

/** Release; NULL is allowed. */
void rb_free(void *pointer);

/** A copy of a string, released with rb_free; NULL text gives NULL. */
char *rb_strdup(const char *text, rb_error *err);
char *rb_strndup(const char *text, size_t length, rb_error *err);

/**
 * Test hook: let the n-th allocation from now (1 = the next) fail, and only that one; 0 switches it off.
 * Returns how many allocations took place since the last call.
 */
int64_t rb_alloc_fail_nth(int64_t n);

#endif
