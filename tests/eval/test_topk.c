/* The list of the best against a full sort, and the scans against plain loops. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "linalg/topk.h"
#include "support/support.h"

static int in_order(const void *a, const void *b)
{
    return rb_topk_before(a, b) ? -1 : rb_topk_before(b, a);
}

static void the_best_are_those_of_a_sort(void **unused)
{
    (void)unused;
    enum { N = 300 };
    for (uint64_t seed = 0; seed < 40; seed++)
        for (int32_t k = 0; k <= N + 5; k += seed % 2 ? 1 + k : 61) {
            rb_topk_entry all[N], kept[N + 5];
            rb_topk t = { .entry = kept, .k = k };
            for (int32_t i = 0; i < N; i++) {
                all[i] = (rb_topk_entry){ .score = (double)(rb_mix(seed, (uint64_t)i) % 20),
                                          .key = rb_mix(seed + 1, (uint64_t)i) % 3,
                                          .item = i };
                rb_topk_offer(&t, all[i].score, all[i].key, all[i].item);
            }
            rb_topk_finish(&t);
            qsort(all, N, sizeof *all, in_order);
            assert_int_equal(t.n, k < N ? k : N);
            for (int32_t j = 0; j < t.n; j++)
                assert_int_equal(kept[j].item, all[j].item);
        }
}

/* Odd lengths and starts, so that whole chunks and the rest are both met. */
static void scans_stop_where_a_plain_loop_does(void **unused)
{
    (void)unused;
    enum { N = 333 };
    float single[N];
    double twofold[N];
    for (uint64_t seed = 0; seed < 60; seed++) {
        for (int i = 0; i < N; i++) {
            twofold[i] = (double)(rb_mix(seed, (uint64_t)i) % 97);
            if (rb_mix(seed, 1000 + (uint64_t)i) % 100 == 0)
                twofold[i] = seed % 3 == 0 ? (double)NAN : seed % 3 == 1 ? INFINITY : -INFINITY;
            single[i] = (float)twofold[i];
        }
        const double bounds[] = { 95, 96, 97, -FLT_MAX, FLT_MAX };
        for (int b = 0; b < 5; b++)
            for (int64_t from = 0; from <= N; from++) {
                int64_t n = N - (int64_t)(seed % 5), expected = from;
                while (expected < n && twofold[expected] < bounds[b])
                    expected++;
                assert_int_equal(rb_scan_float(single, from, n, (float)bounds[b]), expected);
                assert_int_equal(rb_scan_double(twofold, from, n, bounds[b]), expected);
            }
    }
}

static void counts_are_those_of_a_plain_loop(void **unused)
{
    (void)unused;
    enum { N = 333 };
    float single[N];
    double twofold[N];
    int64_t below = 0, equal = 0, b, e;
    for (int i = 0; i < N; i++) {
        twofold[i] = i % 50 == 0 ? (double)NAN : i % 41 == 0 ? -INFINITY : (double)(rb_mix(7, (uint64_t)i) % 9);
        single[i] = (float)twofold[i];
        below += twofold[i] < 4;
        equal += twofold[i] == 4;
    }
    rb_count_float(&b, &e, single, N, 4);
    assert_true(b == below && e == equal);
    rb_count_double(&b, &e, twofold, N, 4);
    assert_true(b == below && e == equal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_are_those_of_a_sort),
        cmocka_unit_test(scans_stop_where_a_plain_loop_does),
        cmocka_unit_test(counts_are_those_of_a_plain_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
