#include "linalg/topk.h"

/* Move the entry at the root down to its place: a parent stands behind (is worse than) its children. */
static void sink(rb_topk_entry *heap, int32_t n, rb_topk_entry x)
{
    int32_t at = 0;
    for (;;) {
        int32_t child = 2 * at + 1;
        if (child >= n)
            break;
        if (child + 1 < n && rb_topk_before(&heap[child], &heap[child + 1]))
            child++;
        if (!rb_topk_before(&x, &heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = x;
}

static void rise(rb_topk_entry *heap, int32_t at, rb_topk_entry x)
{
    while (at > 0) {
        int32_t parent = (at - 1) / 2;
        if (!rb_topk_before(&heap[parent], &x))
            break;
        heap[at] = heap[parent];
        at = parent;
    }
    heap[at] = x;
}

void rb_topk_offer(rb_topk *t, double score, uint64_t key, int32_t item)
{
    rb_topk_entry x = { .score = score, .key = key, .item = item };
    if (t->n < t->k)
        rise(t->entry, t->n++, x);
    else if (t->k > 0 && rb_topk_before(&x, &t->entry[0]))
        sink(t->entry, t->n, x);
}

/* Heap sort: the worst goes to the end. */
void rb_topk_finish(rb_topk *t)
{
    for (int32_t n = t->n - 1; n > 0; n--) {
        rb_topk_entry worst = t->entry[0];
        sink(t->entry, n, t->entry[n]);
        t->entry[n] = worst;
    }
}

/*
 * The scan takes whole chunks of 64 scores, one bit each: with k of n kept, n / 64 chunks are passed and about k ln(n /
 * k) bits are found. The comparison is "not below", so that NaN is found too.
 */
#define CHUNK 64

#ifdef __AVX512F__
#include <immintrin.h>

static inline uint64_t found_float(const float *row, float least)
{
    uint64_t bits = 0;
    for (int v = 0; v < CHUNK / 16; v++)
        bits |= (uint64_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(row + 16 * v), _mm512_set1_ps(least), _CMP_NLT_UQ)
                << 16 * v;
    return bits;
}

static inline uint64_t found_double(const double *row, double least)
{
    uint64_t bits = 0;
    for (int v = 0; v < CHUNK / 8; v++)
        bits |= (uint64_t)_mm512_cmp_pd_mask(_mm512_loadu_pd(row + 8 * v), _mm512_set1_pd(least), _CMP_NLT_UQ) << 8 * v;
    return bits;
}
#else
#define FOUND(type)                                                  \
    static inline uint64_t found_##type(const type *row, type least) \
    {                                                                \
        uint64_t bits = 0;                                           \
        for (int j = 0; j < CHUNK; j++)                              \
            bits |= (uint64_t) !(row[j] < least) << j;               \
        return bits;                                                 \
    }
FOUND(float)
FOUND(double)
#endif

#define SCANS(type)                                                                              \
    int64_t rb_scan_##type(const type *row, int64_t from, int64_t n, type least)                 \
    {                                                                                            \
        for (; from + CHUNK <= n; from += CHUNK) {                                               \
            uint64_t bits = found_##type(row + from, least);                                     \
            if (bits)                                                                            \
                return from + __builtin_ctzll(bits);                                             \
        }                                                                                        \
        while (from < n && row[from] < least)                                                    \
            from++;                                                                              \
        return from;                                                                             \
    }                                                                                            \
                                                                                                 \
    void rb_count_##type(int64_t *below, int64_t *equal, const type *row, int64_t n, type pivot) \
    {                                                                                            \
        int32_t less = 0, same = 0; /* a row is shorter than 2^31: counters fill vectors */      \
        for (int64_t j = 0; j < n; j++) {                                                        \
            less += row[j] < pivot;                                                              \
            same += row[j] == pivot;                                                             \
        }                                                                                        \
        *below = less;                                                                           \
        *equal = same;                                                                           \
    }

SCANS(float)
SCANS(double)
