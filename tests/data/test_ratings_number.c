/* Numbers and times of ratings text: singles equal strtof's to the last bit, dates equal timegm's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "data/ratings_number.h"
#include "support/support.h"

static void check_float(const char *text)
{
    float got = -1, wanted = strtof(text, NULL);
    rb_number number = rb_number_float(&got, text, (int64_t)strlen(text));
    if (isinf(wanted)) {
        if (number != RB_NUMBER_NOT_FINITE)
            fail_msg("%s is taken as %g", text, (double)got);
    } else if (number != RB_NUMBER_OK || got != wanted) {
        fail_msg("%s: got %.9g, strtof says %.9g", text, (double)got, (double)wanted);
    }
}

static void random_decimals_equal_strtof(void **unused)
{
    (void)unused;
    for (uint64_t k = 0; k < 300000; k++) {
        rb_rng rng = { .key = 3, .stream = rb_stream("decimals"), .entity = k };
        char text[64];
        int digits = 1 + (int)rb_rng_below(&rng, 0, 22), point = (int)rb_rng_below(&rng, 1, digits + 1), n = 0;
        for (int i = 0; i < digits; i++) {
            if (i == point)
                text[n++] = '.';
            text[n++] = (char)('0' + rb_rng_below(&rng, (uint32_t)i + 4, 10));
        }
        text[n] = 0;
        if (k % 3 == 0)
            snprintf(text + n, sizeof text - (size_t)n, "e%d", (int)rb_rng_below(&rng, 2, 100) - 60);
        check_float(text);
    }
}

/* Decimals that lie exactly between two singles, and just beside: rounding twice would get some of them wrong. */
static void decimals_between_two_singles_are_rounded_once(void **unused)
{
    (void)unused;
    for (uint64_t k = 0; k < 20000; k++) {
        rb_rng rng = { .key = 4, .stream = rb_stream("halfway"), .entity = k };
        float low = (float)(1 + rb_rng_below(&rng, 0, 1 << 23)) / 64.0f, high = nextafterf(low, INFINITY);
        double middle = ((double)low + (double)high) / 2;
        char text[64];
        snprintf(text, sizeof text, "%.12f", middle);
        check_float(text);
        snprintf(text, sizeof text, "%.17g", nextafter(middle, 0));
        check_float(text);
        snprintf(text, sizeof text, "%.17g", nextafter(middle, INFINITY));
        check_float(text);
        snprintf(text, sizeof text, "%.12f0000000000000001", middle);
        check_float(text);
    }
}

static void known_forms_are_numbers(void **unused)
{
    (void)unused;
    static const char *const good[] = {
        "4",     "4.",           ".5",           "+4",   "-1",
        "4e0",   "1E+2",         "5e-1",         "0",    "-0.0",
        "1e-40", "3.4028235e38", "3.4028236e38", "1e39", "0.00000000000000000000000001"
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_float(good[i]);
}

static void other_forms_are_not_numbers(void **unused)
{
    (void)unused;
    static const char *const bad[] = { "", ".", "+", "-", "e5", "4e", "4e+", "0x4", "4 ", " 4", "1,5", "--4", "4.5.6" };
    static const char *const not_finite[] = { "nan", "NaN", "-inf", "Infinity", "1e999999999999" };
    float value;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(rb_number_float(&value, bad[i], (int64_t)strlen(bad[i])), RB_NUMBER_NOT);
    for (size_t i = 0; i < sizeof not_finite / sizeof *not_finite; i++)
        assert_int_equal(rb_number_float(&value, not_finite[i], (int64_t)strlen(not_finite[i])), RB_NUMBER_NOT_FINITE);
}

static void a_whole_number_is_written_as_it_was_read(void **unused)
{
    (void)unused;
    static const char *const bad[] = { "", "-", "007", "-0", "00", "+1", "1.0", "1 ", "9223372036854775808", "x1" };
    static const char *const good[] = { "0", "-1", "10", "9223372036854775807", "-9223372036854775807" };
    int64_t value;
    char text[32];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(rb_number_whole(&value, bad[i], (int64_t)strlen(bad[i])));
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(rb_number_whole(&value, good[i], (int64_t)strlen(good[i])));
        snprintf(text, sizeof text, "%lld", (long long)value);
        assert_string_equal(text, good[i]);
    }
}

static int64_t seconds(const char *text)
{
    int64_t value = -1;
    if (!rb_number_time(&value, text, (int64_t)strlen(text)))
        fail_msg("%s is no time", text);
    return value;
}

static void dates_equal_timegm(void **unused)
{
    (void)unused;
    for (int64_t day = -20000; day < 40000; day += 17) {
        time_t t = (time_t)(day * 86400 + 3661);
        struct tm parts;
        char text[32];
        gmtime_r(&t, &parts);
        strftime(text, sizeof text, "%Y-%m-%d", &parts);
        assert_int_equal(seconds(text), day * 86400);
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
        assert_int_equal(seconds(text), t);
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
        assert_int_equal(seconds(text), t);
    }
    assert_int_equal(seconds("964982703"), 964982703);
    assert_int_equal(seconds("8.81250949E8"), 881250949);
    assert_int_equal(seconds("-1.5"), -2);
}

static void what_is_no_date_is_no_time(void **unused)
{
    (void)unused;
    static const char *const bad[] = { "",          "2005-13-01", "2005-00-10",      "2005-02-29",
                                       "2005-1-01", "2005/01/01", "2005-01-0x",      "2005-01-01 24:00:00",
                                       "tomorrow",  "1e30",       "2005-01-01 12:00" };
    int64_t value;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (rb_number_time(&value, bad[i], (int64_t)strlen(bad[i])))
            fail_msg("%s is taken as a time", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_decimals_equal_strtof),
        cmocka_unit_test(decimals_between_two_singles_are_rounded_once),
        cmocka_unit_test(known_forms_are_numbers),
        cmocka_unit_test(other_forms_are_not_numbers),
        cmocka_unit_test(a_whole_number_is_written_as_it_was_read),
        cmocka_unit_test(dates_equal_timegm),
        cmocka_unit_test(what_is_no_date_is_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
