/* Gather-SYRK: bit for bit the chains and the tree that the header promises, written here as loops over elements. */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "linalg/gather_syrk.h"
#include "parallel/blocks.h"
#include "support/support.h"

static double number(int64_t entity)
{
    rb_rng rng = { .key = 5, .stream = rb_stream("test_gather"), .entity = (uint64_t)entity };
    return rb_rng_normal(&rng, 0);
}

/* One problem: n entries of a factor matrix of n_cols rows. */
typedef struct {
    int64_t k, n, n_cols, ld;
    bool weighted, border, gathered;
} problem;

/* Element f of entry e as the kernel sees it: [b, t] or [b, 1, t]. */
#define ENTRY(x, e, f) \
    ((f) < p->k ? x.b[(p->gathered ? x.col[e] : (e)) * p->ld + (f)] : (f) == p->k && p->border ? 1 : x.t[e])

#define CHECK(real, suffix, fused)                                                                                    \
    typedef struct {                                                                                                  \
        real *b, *w, *t;                                                                                              \
        int32_t *col;                                                                                                 \
    } data_##suffix;                                                                                                  \
    /* Element (i, j) of one chunk: a chain of fused multiply-adds over its entries. */                               \
    static real chain_##suffix(const problem *p, data_##suffix x, int64_t i, int64_t j, int64_t from, int64_t to)     \
    {                                                                                                                 \
        real sum = 0;                                                                                                 \
        for (int64_t e = from; e < to; e++) {                                                                         \
            real row = ENTRY(x, e, i);                                                                                \
            if (p->weighted && i < p->k + p->border)                                                                  \
                row *= x.w[e];                                                                                        \
            sum = fused(row, ENTRY(x, e, j), sum);                                                                    \
        }                                                                                                             \
        return sum;                                                                                                   \
    }                                                                                                                 \
    static void check_##suffix(const problem *p)                                                                      \
    {                                                                                                                 \
        int64_t lanes = rb_padded_##suffix(1), order = p->k + p->border + 1;                                          \
        int64_t rows = p->gathered ? p->n_cols : p->n;                                                                \
        rb_error err = { 0 };                                                                                         \
        data_##suffix x = { 0 };                                                                                      \
        real *g = NULL, *scratch = NULL;                                                                              \
        assert_ok(rb_alloc(&x.b, rows * p->ld, &err), &err);                                                          \
        assert_ok(rb_alloc(&x.w, p->n, &err), &err);                                                                  \
        assert_ok(rb_alloc(&x.t, p->n, &err), &err);                                                                  \
        assert_ok(rb_alloc(&x.col, p->n, &err), &err);                                                                \
        assert_ok(rb_alloc(&g, rb_gather_size_##suffix(p->k, p->border), &err), &err);                                \
        assert_ok(rb_alloc(&scratch, rb_gather_scratch_##suffix(p->k, p->border, p->n), &err), &err);                 \
        for (int64_t i = 0; i < rows * p->ld; i++)                                                                    \
            x.b[i] = i % p->ld < p->k ? (real)number(i) : 0;                                                          \
        for (int64_t e = 0; e < p->n; e++) {                                                                          \
            x.w[e] = (real)number(e + 1000000);                                                                       \
            x.t[e] = (real)number(e + 2000000);                                                                       \
            x.col[e] = (int32_t)((e * 7919 + 13) % rows);                                                             \
        }                                                                                                             \
        rb_gather_syrk_##suffix(g, x.b, p->ld, p->k, p->gathered ? x.col : NULL, p->weighted ? x.w : NULL, x.t, p->n, \
                                p->border, scratch);                                                                  \
        int64_t n_chunks = p->n == 0 ? 1 : (p->n + RB_GATHER_CHUNK - 1) / RB_GATHER_CHUNK;                            \
        for (int64_t i = 0; i < order; i++) {                                                                         \
            for (int64_t j = 0; j <= i && j < p->k + p->border; j++) {                                                \
                real part[64];                                                                                        \
                for (int64_t c = 0; c < n_chunks; c++)                                                                \
                    part[c] = chain_##suffix(p, x, i, j, c * RB_GATHER_CHUNK,                                         \
                                             c + 1 < n_chunks ? (c + 1) * RB_GATHER_CHUNK : p->n);                    \
                for (int64_t step = 1; step < n_chunks; step *= 2)                                                    \
                    for (int64_t c = 0; c + step < n_chunks; c += 2 * step)                                           \
                        part[c] += part[c + step];                                                                    \
                assert_true(g[rb_triangle_row(i, lanes) + j] == part[0]);                                             \
            }                                                                                                         \
        }                                                                                                             \
        rb_free(scratch);                                                                                             \
        rb_free(g);                                                                                                   \
        rb_free(x.col);                                                                                               \
        rb_free(x.t);                                                                                                 \
        rb_free(x.w);                                                                                                 \
        rb_free(x.b);                                                                                                 \
    }

CHECK(float, f32, fmaf)
CHECK(double, f64, fma)

static void check(problem p)
{
    p.ld = rb_padded_f32(p.k); /* at least that of double */
    check_f32(&p);
    check_f64(&p);
}

static void every_element_is_the_promised_chain_for_any_number_of_factors(void **unused)
{
    (void)unused;
    for (int64_t k = 1; k < 40; k++)
        for (int kind = 0; kind < 4; kind++)
            check((problem){ .k = k,
                             .n = 3 + k % 5 * 20,
                             .n_cols = 50,
                             .weighted = kind & 1,
                             .border = kind & 2,
                             .gathered = true });
    const int64_t larger[] = { 48, 63, 64, 65, 96, 100, 128 };
    for (int i = 0; i < 7; i++)
        for (int kind = 0; kind < 4; kind++)
            check((problem){ .k = larger[i],
                             .n = 33,
                             .n_cols = 20,
                             .weighted = kind & 1,
                             .border = kind & 2,
                             .gathered = kind != 3 });
}

static void a_long_row_is_cut_into_chunks_that_are_summed_in_the_tree(void **unused)
{
    (void)unused;
    const int64_t lengths[] = { 4095, 4096, 4097, 8192, 12289, 28700, 40000 };
    for (int i = 0; i < 7; i++)
        check((problem){ .k = i % 2 ? 3 : 16,
                         .n = lengths[i],
                         .n_cols = 300,
                         .weighted = i % 3 == 0,
                         .border = i % 2 == 0,
                         .gathered = true });
}

static void a_row_without_entries_gives_zeros(void **unused)
{
    (void)unused;
    check((problem){ .k = 5, .n = 0, .n_cols = 3, .border = true, .gathered = true });
    check((problem){ .k = 32, .n = 0, .n_cols = 3, .gathered = true });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_is_the_promised_chain_for_any_number_of_factors),
        cmocka_unit_test(a_long_row_is_cut_into_chunks_that_are_summed_in_the_tree),
        cmocka_unit_test(a_row_without_entries_gives_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
