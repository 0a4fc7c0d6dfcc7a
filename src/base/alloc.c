#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 64
#define PAGE 4096
#define LARGE ((size_t)8 << 20)

/* Stands before every block: the address that calloc gave. Large zeroed blocks then cost no page until touched. */
typedef struct {
    void *base;
    size_t bytes;
} header;

static _Atomic int64_t n_allocations;
static _Atomic int64_t failing; /* test hook, see rb_alloc_fail_nth */

/* Large arrays in large pages: a first touch costs a tenth. Best effort; the contents stay zero. */
static void large_pages(char *base, size_t bytes)
{
    uintptr_t begin = ((uintptr_t)base + PAGE - 1) & ~(uintptr_t)(PAGE - 1),
              end = ((uintptr_t)base + bytes) & ~(uintptr_t)(PAGE - 1);
    madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

static void *aligned(size_t bytes)
{
    int64_t count = atomic_fetch_add_explicit(&n_allocations, 1, memory_order_relaxed) + 1;
    int64_t nth = atomic_load_explicit(&failing, memory_order_relaxed);
    if (nth > 0 && count == nth)
        return NULL;
    if (bytes > PTRDIFF_MAX - ALIGNMENT - sizeof(header))
        return NULL;
    char *base = calloc(1, bytes + ALIGNMENT + sizeof(header));
    if (!base)
        return NULL;
    if (bytes >= LARGE)
        large_pages(base, bytes);
    uintptr_t at = ((uintptr_t)base + sizeof(header) + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
    header *h = (header *)at - 1;
    h->base = base;
    h->bytes = bytes;
    return (void *)at;
}

void *rb_alloc_array(int64_t n, size_t size, rb_error *err)
{
    size_t bytes = 0;
    void *p = NULL;
    if (n >= 0 && !__builtin_mul_overflow((size_t)n, size, &bytes))
        p = aligned(bytes);
    if (!p)
        RB_FAIL(err, RB_NO_MEMORY, "out of memory: %lld elements of %zu bytes", (long long)n, size);
    return p;
}

void *rb_grow_array(void *old, int64_t *capacity, int64_t n, size_t size, rb_error *err)
{
    if (n <= *capacity)
        return old;
    int64_t wanted = *capacity > INT64_MAX / 2 ? n : *capacity * 2;
    if (wanted < n)
        wanted = n;
    void *grown = rb_alloc_array(wanted, size, err);
    if (!grown)
        return old;
    if (old)
        memcpy(grown, old, (size_t)*capacity * size);
    rb_free(old);
    *capacity = wanted;
    return grown;
}

void rb_free(void *pointer)
{
    if (pointer)
        free(((header *)pointer - 1)->base);
}

char *rb_strndup(const char *text, size_t length, rb_error *err)
{
    if (!text)
        return NULL;
    char *copy = rb_alloc_array((int64_t)length + 1, 1, err);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

char *rb_strdup(const char *text, rb_error *err)
{
    return text ? rb_strndup(text, strlen(text), err) : NULL;
}

int64_t rb_alloc_fail_nth(int64_t n)
{
    int64_t past = atomic_exchange(&n_allocations, 0);
    atomic_store(&failing, n);
    return past;
}
