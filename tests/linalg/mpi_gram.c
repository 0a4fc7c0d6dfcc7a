/* B'B: the same bits as on one rank and one thread, near a plain sum, and agreed failures. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/gather_syrk.h"
#include "linalg/gram.h"
#include "support/support.h"

static double number(int64_t entity)
{
    rb_rng rng = { .key = 8, .stream = rb_stream("test_gram"), .entity = (uint64_t)entity };
    return rb_rng_normal(&rng, 0);
}

#define CHECK(real, suffix, tolerance)                                                    \
    static void check_##suffix(int64_t n, int64_t k)                                      \
    {                                                                                     \
        rb_error err = { 0 };                                                             \
        rb_ctx alone;                                                                     \
        int64_t ld = rb_padded_##suffix(k);                                               \
        real *b = NULL;                                                                   \
        double *together = NULL, *serial = NULL;                                          \
        assert_ok(rb_alloc(&b, n *ld, &err), &err);                                       \
        assert_ok(rb_alloc(&together, k *k, &err), &err);                                 \
        assert_ok(rb_alloc(&serial, k *k, &err), &err);                                   \
        for (int64_t i = 0; i < n * ld; i++)                                              \
            b[i] = i % ld < k ? (real)number(i) : 0;                                      \
        rb_ctx_serial(&alone, 1);                                                         \
        assert_ok(rb_gram_##suffix(serial, b, ld, n, k, &alone, &err), &err);             \
        for (int threads = 1; threads <= 3; threads++) {                                  \
            rb_test_ctx.n_threads = threads;                                              \
            assert_ok(rb_gram_##suffix(together, b, ld, n, k, &rb_test_ctx, &err), &err); \
            assert_memory_equal(together, serial, (size_t)(k * k) * sizeof(double));      \
        }                                                                                 \
        for (int64_t i = 0; i < k; i++)                                                   \
            for (int64_t j = 0; j < k; j++) {                                             \
                double sum = 0;                                                           \
                for (int64_t r = 0; r < n; r++)                                           \
                    sum += (double)b[r * ld + i] * (double)b[r * ld + j];                 \
                assert_true(fabs(serial[i * k + j] - sum) <= (tolerance) * (double)n);    \
            }                                                                             \
        rb_free(serial);                                                                  \
        rb_free(together);                                                                \
        rb_free(b);                                                                       \
    }
CHECK(float, f32, 1e-6)
CHECK(double, f64, 1e-13)

static void the_gram_matrix_has_the_same_bits_for_any_shape(void **unused)
{
    (void)unused;
    const int64_t shapes[][2] = { { 0, 3 }, { 1, 1 }, { 255, 16 }, { 5000, 7 }, { 40000, 10 }, { 3000, 64 } };
    for (int i = 0; i < 6; i++) {
        check_f32(shapes[i][0], shapes[i][1]);
        check_f64(shapes[i][0], shapes[i][1]);
    }
}

static void a_failed_allocation_is_known_to_all(void **unused)
{
    (void)unused;
    float b[1600] = { 1 };
    double gram[256];
    int64_t n_failed = 0;
    for (int64_t nth = 1; nth < 30; nth++) {
        rb_error err = { 0 };
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        rb_status status = rb_gram_f32(gram, b, 16, 100, 16, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        assert_true(status == RB_OK || status == RB_NO_MEMORY);
        n_failed += status == RB_NO_MEMORY;
    }
    assert_in_range(n_failed, 4, 28);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gram_matrix_has_the_same_bits_for_any_shape),
        cmocka_unit_test(a_failed_allocation_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
