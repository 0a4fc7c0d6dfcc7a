/*
 * Memory for many small things of one lifetime: taken one by one, released at once.
 */
#ifndef RB_BASE_ARENA_H
#define RB_BASE_ARENA_H

#include "base/alloc.h"

typedef struct rb_arena {
    void *chunk; /* newest chunk, linked to the older ones; NULL: empty */
} rb_arena;

/** n zeroed elements aligned for any type (16 bytes); NULL and RB_NO_MEMORY on failure. */
void *rb_arena_array(rb_arena *arena, int64_t n, size_t size, rb_error *err);

/** As rb_alloc, from an arena: RB_OK or RB_NO_MEMORY. */
#define rb_arena_alloc(arena, pointer, n, err) \
    ((*(pointer) = rb_arena_array((arena), (int64_t)(n), sizeof **(pointer), (err))) != NULL ? RB_OK : RB_NO_MEMORY)

/** A copy of n bytes with a final 0. */
char *rb_arena_text(rb_arena *arena, const char *bytes, int64_t n, rb_error *err);

void rb_arena_fini(rb_arena *arena);

#endif
