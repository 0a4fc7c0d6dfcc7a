/* The definition of a distance, element by element, wherever a row stands. */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "linalg/distance.h"
#include "support/support.h"

#define MOST 70

static double value(int64_t i, int64_t f)
{
    rb_rng rng = { 1, rb_stream("distance"), 0, (uint64_t)i };
    return rb_rng_normal(&rng, (uint32_t)f) * 3;
}

static void every_element_is_the_chain_over_dimensions(void **unused)
{
    (void)unused;
    double x[MOST * MOST], out[MOST];
    float x32[MOST * MOST], out32[MOST];
    const double *rows[MOST];
    const float *rows32[MOST];
    for (int64_t d = 0; d < MOST; d += 1 + d / 9)
        for (int64_t n = 0; n < MOST; n += 1 + n / 5) {
            for (int64_t i = 0; i < n * d; i++)
                x32[i] = (float)(x[i] = value(i / d, i % d));
            for (int64_t i = 0; i < n; i++) {
                rows[i] = x + (n - 1 - i) * d; /* any order */
                rows32[i] = x32 + (n - 1 - i) * d;
            }
            rb_distance2_rows_f64(out, rows, n, x, d);
            rb_distance2_rows_f32(out32, rows32, n, x32, d);
            for (int64_t i = 0; i < n; i++) {
                double sum = 0;
                float sum32 = 0;
                for (int64_t f = 0; f < d; f++) {
                    sum = fma(rows[i][f] - x[f], rows[i][f] - x[f], sum);
                    sum32 = fmaf(rows32[i][f] - x32[f], rows32[i][f] - x32[f], sum32);
                }
                assert_true(out[i] == sum && out32[i] == sum32);
                assert_true(rb_distance2_f64(x, rows[i], d) == sum); /* symmetric */
                assert_true(rb_distance2_f32(x32, rows32[i], d) == sum32);
            }
        }
}

static void many_points_at_once_get_the_distances_of_each_alone(void **unused)
{
    (void)unused;
    enum { WIDE = RB_DISTANCE_TOGETHER_F64, WIDE32 = RB_DISTANCE_TOGETHER_F32 };
    double x[MOST * MOST], table[MOST * WIDE], out[MOST * WIDE];
    float x32[MOST * MOST], table32[MOST * WIDE32], out32[MOST * WIDE32];
    const double *rows[MOST];
    const float *rows32[MOST];
    for (int64_t d = 0; d < MOST; d += 1 + d / 9)
        for (int64_t n = 0; n < MOST; n += 1 + n / 5) {
            for (int64_t i = 0; i < n * d; i++)
                x32[i] = (float)(x[i] = value(i / d, i % d));
            for (int64_t i = 0; i < n; i++) {
                rows[i] = x + (n - 1 - i) * d;
                rows32[i] = x32 + (n - 1 - i) * d;
            }
            for (int64_t f = 0; f < d; f++) {
                for (int64_t c = 0; c < WIDE; c++)
                    table[f * WIDE + c] = value(900 + c, f);
                for (int64_t c = 0; c < WIDE32; c++)
                    table32[f * WIDE32 + c] = (float)value(900 + c, f);
            }
            rb_distance2_together_f64(out, rows, n, table, d);
            rb_distance2_together_f32(out32, rows32, n, table32, d);
            for (int64_t i = 0; i < n * WIDE32; i++) {
                double y[MOST];
                float y32[MOST];
                for (int64_t f = 0; f < d; f++)
                    y32[f] = (float)(y[f] = value(900 + i % WIDE32, f));
                assert_true(out32[i] == rb_distance2_f32(rows32[i / WIDE32], y32, d));
                assert_true(i % WIDE32 >= WIDE ||
                            out[i / WIDE32 * WIDE + i % WIDE32] == rb_distance2_f64(rows[i / WIDE32], y, d));
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_is_the_chain_over_dimensions),
        cmocka_unit_test(many_points_at_once_get_the_distances_of_each_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
