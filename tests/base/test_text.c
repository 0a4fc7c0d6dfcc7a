/* Strings that grow, names that were meant, numbers read strictly and written shortly. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "support/support.h"

static void a_text_grows_by_pieces(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_text t = { 0 };
    for (int i = 0; i < 1000; i++)
        assert_ok(rb_text_addf(&t, &err, "%d,", i), &err);
    assert_ok(rb_text_add(&t, "end!", 3, &err), &err);
    assert_int_equal(t.length, strlen(t.data));
    assert_memory_equal(t.data, "0,1,2,3,", 8);
    assert_string_equal(t.data + t.length - 7, "999,end");
    rb_text_fini(&t);
    rb_text_fini(&t);
}

static void a_text_that_cannot_grow_stays_valid(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_text t = { 0 };
    assert_ok(rb_text_add(&t, "abc", 3, &err), &err);
    rb_alloc_fail_nth(1);
    assert_int_equal(rb_text_addf(&t, &err, "%1000d", 1), RB_NO_MEMORY);
    rb_alloc_fail_nth(0);
    assert_string_equal(t.data, "abc");
    rb_text_fini(&t);
}

static void distances_are_levenshteins(void **unused)
{
    (void)unused;
    assert_int_equal(rb_text_distance("kitten", "sitting"), 3);
    assert_int_equal(rb_text_distance("", "abc"), 3);
    assert_int_equal(rb_text_distance("abc", ""), 3);
    assert_int_equal(rb_text_distance("factor", "factors"), 1);
    assert_int_equal(rb_text_distance("same", "same"), 0);
    assert_int_equal(rb_text_distance("flaw", "lawn"), 2);
    assert_int_equal(rb_text_distance("iasl", "ials"), 1);
    assert_int_equal(rb_text_distance("ilsa", "ials"), 2);
    assert_int_equal(rb_text_distance("NDCG", "ndcg"), 0);
    assert_int_equal(rb_text_distance("ca", "abc"), 3);
}

static void the_nearest_name_is_suggested_where_it_is_near(void **unused)
{
    (void)unused;
    static const char *const names[] = { "factors", "regularization", "iterations", NULL };
    assert_string_equal(rb_text_nearest("factor", names), "factors");
    assert_string_equal(rb_text_nearest("iteratoins", names), "iterations");
    assert_string_equal(rb_text_nearest("FACTORS", names), "factors");
    assert_null(rb_text_nearest("xyz", names));
    static const char *const others[] = { "f1", "als", "ials", "k", NULL };
    assert_null(rb_text_nearest("foo", others));
    assert_null(rb_text_nearest("z", others));
    assert_string_equal(rb_text_nearest("ALS", others), "als");
    assert_string_equal(rb_text_nearest("ials", others), "ials");
    assert_string_equal(rb_text_nearest("iasl", others), "ials");
}

static void doubles_are_short_and_read_back(void **unused)
{
    (void)unused;
    static const struct {
        double value;
        const char *text;
    } known[] = { { 0.1, "0.1" },
                  { 1e-5, "1e-5" },
                  { 0, "0" },
                  { -2.5, "-2.5" },
                  { 1e6, "1000000" },
                  { -3e4, "-30000" },
                  { 123456789012000, "123456789012000" },
                  { 999999999999999, "999999999999999" },
                  { 1e15, "1e15" },
                  { 9.2e18, "9.2e18" },
                  { 5e-324, "5e-324" },
                  { -1.7976931348623157e308, "-1.7976931348623157e308" },
                  { INFINITY, "inf" } };
    char text[32];
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        rb_text_double(text, known[k].value);
        assert_true(strtod(text, NULL) == known[k].value);
        assert_string_equal(text, known[k].text);
    }
    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t bits = rb_splitmix(i);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        rb_text_double(text, x);
        assert_true(strtod(text, NULL) == x);
    }
}

static void whole_numbers_are_read_strictly(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = { { "0", 0 },
                 { "-7", -7 },
                 { "+12", 12 },
                 { "9223372036854775807", INT64_MAX },
                 { "-9223372036854775808", INT64_MIN },
                 { "007", 7 } };
    static const char *const bad[] = { "", "-", "+", " 1", "1 ", "1.0", "1e3", "9223372036854775808", "0x10", "--1" };
    int64_t value;
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        assert_true(rb_parse_int(&value, good[k].text, (int64_t)strlen(good[k].text)));
        assert_true(value == good[k].value);
    }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_false(rb_parse_int(&value, bad[k], (int64_t)strlen(bad[k])));
}

static void numbers_are_read_strictly(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        double value;
    } good[] = { { "0.5", .5 }, { "-1e-3", -1e-3 }, { ".25", .25 }, { "4.", 4 }, { "+3", 3 }, { "1e308", 1e308 } };
    static const char *const bad[] = { "", "x4.5", "4.5x", " 1", "nan", "inf", "-inf", "0x1p3", "1e999", "1,5", "1e" };
    double value;
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        assert_true(rb_parse_double(&value, good[k].text, (int64_t)strlen(good[k].text)));
        assert_true(value == good[k].value);
    }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_false(rb_parse_double(&value, bad[k], (int64_t)strlen(bad[k])));
    assert_true(rb_parse_double(&value, "2.5,rest", 3) && value == 2.5);
}

static void counts_and_bytes_read_well(void **unused)
{
    (void)unused;
    char out[32];
    assert_string_equal(rb_text_count(out, 0), "0");
    assert_string_equal(rb_text_count(out, 999), "999");
    assert_string_equal(rb_text_count(out, 1234567), "1,234,567");
    assert_string_equal(rb_text_count(out, -1000), "-1,000");
    assert_string_equal(rb_text_bytes(out, 12), "12 B");
    assert_string_equal(rb_text_bytes(out, 1500), "1.5 kB");
    assert_string_equal(rb_text_bytes(out, 310e6), "310 MB");
    assert_string_equal(rb_text_bytes(out, 5.1e9), "5.1 GB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_grows_by_pieces),
        cmocka_unit_test(a_text_that_cannot_grow_stays_valid),
        cmocka_unit_test(distances_are_levenshteins),
        cmocka_unit_test(the_nearest_name_is_suggested_where_it_is_near),
        cmocka_unit_test(doubles_are_short_and_read_back),
        cmocka_unit_test(whole_numbers_are_read_strictly),
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(counts_and_bytes_read_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
