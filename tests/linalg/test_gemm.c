/* C = A B': equal, bit for bit, to the chain of fused multiply-adds that the header promises, in any tile. */
#include <math.h>

#include "base/rng.h"
#include "linalg/gemm.h"
#include "support/support.h"

#define MOST_ROWS 150
#define MOST_DEPTH 300

static double number(int64_t entity)
{
    rb_rng rng = { .key = 11, .stream = rb_stream("test_gemm"), .entity = (uint64_t)entity };
    return rb_rng_normal(&rng, 0);
}

static float chain_f32(const float *a, const float *b, int64_t k)
{
    float sum = 0;
    for (int64_t p = 0; p < k; p++)
        sum = fmaf(a[p], b[p], sum);
    return sum;
}

static double chain_f64(const double *a, const double *b, int64_t k)
{
    double sum = 0;
    for (int64_t p = 0; p < k; p++)
        sum = fma(a[p], b[p], sum);
    return sum;
}

static void every_element_is_one_chain_of_fused_products(void **unused)
{
    (void)unused;
    static float a[MOST_ROWS * MOST_DEPTH], b[MOST_ROWS * MOST_DEPTH], c[MOST_ROWS * MOST_ROWS];
    static double ad[MOST_ROWS * MOST_DEPTH], bd[MOST_ROWS * MOST_DEPTH], cd[MOST_ROWS * MOST_ROWS];
    const int64_t shapes[][3] = { { 1, 1, 1 },    { 7, 3, 5 },      { 6, 64, 128 },   { 13, 65, 129 }, { 64, 130, 16 },
                                  { 5, 150, 33 }, { 150, 31, 300 }, { 100, 97, 257 }, { 2, 17, 0 },    { 0, 5, 3 } };
    for (int64_t i = 0; i < MOST_ROWS * MOST_DEPTH; i++) {
        ad[i] = number(2 * i), bd[i] = number(2 * i + 1);
        a[i] = (float)ad[i], b[i] = (float)bd[i];
    }
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        int64_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2], lda = MOST_DEPTH, ldb = k > 200 ? 300 : k + 1;
        int64_t ldc = n == 31 ? 31 : MOST_ROWS;
        for (int64_t i = 0; i < MOST_ROWS * MOST_ROWS; i++)
            c[i] = 77, cd[i] = 77;
        rb_gemm_nt_f32(c, ldc, a, lda, m, b, ldb, n, k);
        rb_gemm_nt_f64(cd, ldc, ad, lda, m, bd, ldb, n, k);
        for (int64_t i = 0; i < m; i++) {
            for (int64_t j = 0; j < n; j++) {
                assert_true(c[i * ldc + j] == chain_f32(a + i * lda, b + j * ldb, k));
                assert_true(cd[i * ldc + j] == chain_f64(ad + i * lda, bd + j * ldb, k));
            }
            if (ldc > n) /* nothing is written beyond the row */
                assert_true(c[i * ldc + n] == 77 && cd[i * ldc + n] == 77);
        }
    }
}

static void a_value_that_is_not_finite_stays_in_its_row_and_column(void **unused)
{
    (void)unused;
    float a[8 * 20], b[70 * 20], c[8 * 70];
    for (int i = 0; i < 8 * 20; i++)
        a[i] = (float)number(i);
    for (int i = 0; i < 70 * 20; i++)
        b[i] = (float)number(i + 5000);
    a[3 * 20 + 4] = NAN;
    b[66 * 20 + 7] = INFINITY;
    rb_gemm_nt_f32(c, 70, a, 20, 8, b, 20, 70, 20);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 70; j++)
            assert_int_equal(isfinite(c[i * 70 + j]) != 0, i != 3 && j != 66);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_is_one_chain_of_fused_products),
        cmocka_unit_test(a_value_that_is_not_finite_stays_in_its_row_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
