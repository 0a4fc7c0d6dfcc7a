/* The inverse of a positive definite matrix: against A A^-1 = I, the same bits for any shape, clear failures. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/spd_inverse.h"
#include "support/support.h"

static double number(int64_t entity)
{
    rb_rng rng = { .key = 21, .stream = rb_stream("test_spd_inverse"), .entity = (uint64_t)entity };
    return rb_rng_uniform(&rng, 0) - 0.5;
}

/* Symmetric, with a dominant diagonal; full mantissas. */
static double element(int64_t i, int64_t j, int64_t n)
{
    int64_t low = i < j ? i : j, high = i < j ? j : i;
    return number(low * n + high) + (i == j ? 0.5 * (double)n : 0);
}

static double largest(double a, double b)
{
    return a > b ? a : b;
}

#define CHECK(real, suffix, tolerance)                                                          \
    static void fill_##suffix(rb_shared *a, int64_t n, const rb_ctx *ctx)                       \
    {                                                                                           \
        rb_error err = { 0 };                                                                   \
        assert_ok(rb_shared_alloc(a, n *n *(int64_t)sizeof(real), ctx, &err), &err);            \
        if (ctx->rank == 0)                                                                     \
            for (int64_t i = 0; i < n; i++)                                                     \
                for (int64_t j = 0; j < n; j++)                                                 \
                    ((real *)a->data)[i * n + j] = j <= i ? (real)element(i, j, n) : (real)NAN; \
        rb_shared_publish_from(a, 0, ctx);                                                      \
    }                                                                                           \
    static void check_##suffix(int64_t n)                                                       \
    {                                                                                           \
        rb_error err = { 0 };                                                                   \
        rb_ctx alone;                                                                           \
        rb_shared serial, together;                                                             \
        double worst = 0;                                                                       \
        rb_ctx_serial(&alone, 1);                                                               \
        fill_##suffix(&serial, n, &alone);                                                      \
        assert_ok(rb_spd_inverse_##suffix(&serial, n, &alone, &err), &err);                     \
        const real *inverse = serial.data;                                                      \
        for (int64_t i = 0; i < n; i += 1 + n / 10)                                             \
            for (int64_t j = 0; j < n; j++) {                                                   \
                double sum = i == j ? -1 : 0;                                                   \
                for (int64_t p = 0; p < n; p++)                                                 \
                    sum += (double)(real)element(i, p, n) * (double)inverse[p * n + j];         \
                worst = largest(worst, fabs(sum));                                              \
                assert_true(inverse[i * n + j] == inverse[j * n + i]);                          \
            }                                                                                   \
        assert_true(worst < (tolerance));                                                       \
        for (int threads = 1; threads <= 2; threads++) {                                        \
            rb_test_ctx.n_threads = threads;                                                    \
            fill_##suffix(&together, n, &rb_test_ctx);                                          \
            assert_ok(rb_spd_inverse_##suffix(&together, n, &rb_test_ctx, &err), &err);         \
            assert_memory_equal(together.data, serial.data, (size_t)(n * n) * sizeof(real));    \
            rb_shared_fini(&together);                                                          \
        }                                                                                       \
        rb_shared_fini(&serial);                                                                \
    }
CHECK(float, f32, 2e-5)
CHECK(double, f64, 1e-13)

static void the_product_with_the_matrix_is_one_and_the_bits_are_those_of_one_rank(void **unused)
{
    (void)unused;
    const int64_t sizes[] = { 1, 257, 520 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_f32(sizes[i]);
        check_f64(sizes[i]);
    }
}

static void a_matrix_that_is_not_positive_definite_names_its_row(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_shared a;
    const int64_t n = 400;
    fill_f64(&a, n, &rb_test_ctx);
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        ((double *)a.data)[300 * n + 300] = -1;
    rb_shared_publish_from(&a, 0, &rb_test_ctx);
    assert_int_equal(rb_spd_inverse_f64(&a, n, &rb_test_ctx, &err), RB_NOT_FINITE);
    assert_non_null(strstr(err.message, "row 300"));
    rb_shared_fini(&a);
}

static void a_failed_allocation_is_known_to_all(void **unused)
{
    (void)unused;
    rb_shared a;
    fill_f64(&a, 20, &rb_test_ctx);
    int failures = 0;
    for (int64_t n = 1; n <= 12; n++) {
        rb_error err = { 0 };
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? n : 0);
        rb_status status = rb_spd_inverse_f64(&a, 20, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        assert_true(status == RB_OK || status == RB_NO_MEMORY);
        failures += status == RB_NO_MEMORY;
    }
    assert_true(failures >= 4);
    rb_shared_fini(&a);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_product_with_the_matrix_is_one_and_the_bits_are_those_of_one_rank),
        cmocka_unit_test(a_matrix_that_is_not_positive_definite_names_its_row),
        cmocka_unit_test(a_failed_allocation_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
