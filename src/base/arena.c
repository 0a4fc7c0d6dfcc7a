#include "base/arena.h"

#include <string.h>

#define CHUNK_BYTES 65536
#define ALIGNMENT 16

typedef struct chunk {
    struct chunk *older;
    size_t used, size; /* bytes behind this header */
    _Alignas(ALIGNMENT) char data[];
} chunk;

void *rb_arena_array(rb_arena *arena, int64_t n, size_t size, rb_error *err)
{
    size_t bytes;
    if (n < 0 || __builtin_mul_overflow((size_t)n, size, &bytes) || bytes > INT64_MAX / 2) {
        RB_FAIL(err, RB_NO_MEMORY, "out of memory: %lld elements of %zu bytes", (long long)n, size);
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    chunk *c = arena->chunk;
    if (!c || c->size - c->used < bytes) {
        size_t room = bytes > CHUNK_BYTES / 4 ? bytes : CHUNK_BYTES;
        chunk *fresh = rb_alloc_array((int64_t)(sizeof *fresh + room), 1, err);
        if (!fresh)
            return NULL;
        fresh->size = room;
        fresh->older = c;
        arena->chunk = c = fresh;
    }
    void *taken = c->data + c->used;
    c->used += bytes;
    return taken;
}

char *rb_arena_text(rb_arena *arena, const char *bytes, int64_t n, rb_error *err)
{
    char *copy = rb_arena_array(arena, n + 1, 1, err);
    if (copy)
        memcpy(copy, bytes, (size_t)n);
    return copy;
}

void rb_arena_fini(rb_arena *arena)
{
    for (chunk *c = arena->chunk, *older; c; c = older) {
        older = c->older;
        rb_free(c);
    }
    arena->chunk = NULL;
}
