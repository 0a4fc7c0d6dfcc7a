/* Knees of falling curves: those that the package kneed 0.9.0 finds (S = 1, convex, decreasing). */
#include <math.h>

#include "linalg/knee.h"
#include "support/support.h"

#define MOST 20

static void the_knee_of_the_published_example_is_found(void **unused)
{
    (void)unused;
    double x[10], y[10], d[10];
    for (int i = 0; i < 10; i++) {
        x[i] = i / 9.0;
        y[i] = 1 / (x[i] + 0.1);
    }
    assert_int_equal(rb_knee(d, x, y, 10), 2);
    assert_near(d[0], 0, 1e-15);
    assert_near(d[9], 0, 1e-15);
    assert_true(d[2] > d[1] && d[2] > d[3]);
}

static void knees_are_those_of_the_package(void **unused)
{
    (void)unused;
    double x[MOST], y[MOST], d[MOST];
    for (int i = 0; i < 19; i++) {
        x[i] = i + 2;
        y[i] = 1000 / pow(x[i], 1.5) + 10;
    }
    assert_int_equal(rb_knee(d, x, y, 19), 4);
    for (int i = 0; i < 19; i++)
        y[i] = fmax(100 - 20 * i, 20) - 0.1 * x[i];
    assert_int_equal(rb_knee(d, x, y, 19), 4);
    const double uneven[] = { 2, 3, 4, 5, 8, 10, 20 }, falls[] = { 90, 50, 30, 28, 27, 26, 25 };
    assert_int_equal(rb_knee(d, uneven, falls, 7), 2);
    const double inertia[] = { 7895, 3960, 3300, 2900, 2600, 2500, 2450, 2400 };
    assert_int_equal(rb_knee(d, x, inertia, 8), 1);
}

static void a_curve_without_a_bend_has_none(void **unused)
{
    (void)unused;
    double x[MOST], y[MOST], d[MOST];
    for (int i = 0; i < 10; i++) {
        x[i] = i + 2;
        y[i] = 5;
    }
    assert_int_equal(rb_knee(d, x, y, 10), -1);
    assert_int_equal(rb_knee(d, x, y, 2), -1);
    for (int i = 0; i < 10; i++)
        y[i] = i * i; /* rises */
    assert_int_equal(rb_knee(d, x, y, 10), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_knee_of_the_published_example_is_found),
        cmocka_unit_test(knees_are_those_of_the_package),
        cmocka_unit_test(a_curve_without_a_bend_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
