/* External ids: found by value or by bytes, printed as written, selected. */
#include <string.h>

#include "data/ids.h"
#include "support/support.h"

static void numbers_are_found_by_value(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_ids ids = { 0 };
    const int64_t sorted[] = { -5, 0, 7, 4000000000, INT64_MAX };
    char buffer[32];
    assert_ok(rb_ids_init_numbers(&ids, sorted, 5, &err), &err);
    for (int32_t i = 0; i < 5; i++)
        assert_int_equal(rb_ids_find(&ids, rb_ids_name(buffer, &ids, i)), i);
    assert_string_equal(rb_ids_name(buffer, &ids, 3), "4000000000");
    assert_int_equal(rb_ids_find(&ids, "007"), 2);
    assert_int_equal(rb_ids_find(&ids, "6"), -1);
    assert_int_equal(rb_ids_find(&ids, "-6"), -1);
    assert_int_equal(rb_ids_find(&ids, "9223372036854775808"), -1);
    assert_int_equal(rb_ids_find(&ids, "x"), -1);
    assert_int_equal(rb_ids_find(&ids, ""), -1);
    rb_ids_fini(&ids);
}

static void texts_are_found_by_bytes(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_ids ids = { 0 };
    const char *const sorted[] = { "", "10", "9", "B", "a", "a b", "\xc3\xa9" };
    char buffer[32];
    assert_ok(rb_ids_init_texts(&ids, sorted, 7, &err), &err);
    for (int32_t i = 0; i < 7; i++) {
        assert_int_equal(rb_ids_find(&ids, sorted[i]), i);
        assert_string_equal(rb_ids_name(buffer, &ids, i), sorted[i]);
    }
    assert_int_equal(rb_ids_find(&ids, "b"), -1);
    assert_int_equal(rb_ids_find(&ids, "a "), -1);
    rb_ids_fini(&ids);
}

static void selected_ids_keep_their_names(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_ids range = { 0 }, texts = { 0 }, some = { 0 };
    const char *const sorted[] = { "anna", "bert", "carla" };
    const int32_t kept[] = { 0, 2 };
    char buffer[32];
    assert_ok(rb_ids_init_range(&range, 3, &err), &err);
    assert_ok(rb_ids_select(&some, &range, kept, 2, &err), &err);
    assert_int_equal(some.n, 2);
    assert_string_equal(rb_ids_name(buffer, &some, 1), "2");
    rb_ids_fini(&some);
    assert_ok(rb_ids_init_texts(&texts, sorted, 3, &err), &err);
    assert_ok(rb_ids_select(&some, &texts, kept, 2, &err), &err);
    assert_int_equal(rb_ids_find(&some, "carla"), 1);
    assert_int_equal(rb_ids_find(&some, "bert"), -1);
    rb_ids_fini(&some);
    assert_ok(rb_ids_select(&some, &texts, kept, 0, &err), &err);
    assert_int_equal(rb_ids_find(&some, "anna"), -1);
    rb_ids_fini(&some);
    rb_ids_fini(&texts);
    rb_ids_fini(&range);
}

static void assert_joined(const rb_ids *a, const rb_ids *b, const char *const *wanted, int32_t n, bool numbers)
{
    rb_error err = { 0 };
    rb_ids all = { 0 };
    char buffer[32];
    assert_ok(rb_ids_join(&all, a, b, &err), &err);
    assert_int_equal(all.n, n);
    assert_true((all.number != NULL) == numbers);
    for (int32_t i = 0; i < n; i++)
        assert_string_equal(rb_ids_name(buffer, &all, i), wanted[i]);
    rb_ids_fini(&all);
    for (int64_t nth = 1; nth <= (numbers ? 1 : 5); nth++) {
        rb_error failed = { 0 };
        rb_alloc_fail_nth(nth);
        assert_int_equal(rb_ids_join(&all, a, b, &failed), RB_NO_MEMORY);
        rb_alloc_fail_nth(0);
        rb_ids_fini(&all);
    }
}

static void joined_ids_hold_each_once(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_ids few = { 0 }, many = { 0 }, texts = { 0 };
    const int64_t some[] = { 7, 10 }, others[] = { -2, 9, 10, 11 };
    const char *const words[] = { "10", "9", "a" };
    assert_ok(rb_ids_init_numbers(&few, some, 2, &err), &err);
    assert_ok(rb_ids_init_numbers(&many, others, 4, &err), &err);
    assert_ok(rb_ids_init_texts(&texts, words, 3, &err), &err);
    assert_joined(&few, &many, (const char *const[]){ "-2", "7", "9", "10", "11" }, 5, true);
    assert_joined(&many, &few, (const char *const[]){ "-2", "7", "9", "10", "11" }, 5, true);
    assert_joined(&few, &texts, (const char *const[]){ "10", "7", "9", "a" }, 4, false);
    assert_joined(&texts, &many, (const char *const[]){ "-2", "10", "11", "9", "a" }, 5, false);
    rb_ids_fini(&texts);
    assert_ok(rb_ids_init_texts(&texts, (const char *const[]){ "007", "a" }, 2, &err), &err);
    assert_joined(&texts, &few, (const char *const[]){ "007", "10", "a" }, 3, false); /* 7 is 007 */
    rb_ids_fini(&few);
    rb_ids_fini(&many);
    rb_ids_fini(&texts);
}

static void a_failed_allocation_leaves_nothing(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_ids texts = { 0 }, some = { 0 };
    const char *const sorted[] = { "a", "b", "c" };
    const int32_t kept[] = { 1 };
    for (int64_t nth = 1; nth <= 2; nth++) {
        rb_error failed = { 0 };
        rb_alloc_fail_nth(nth);
        assert_int_equal(rb_ids_init_texts(&texts, sorted, 3, &failed), RB_NO_MEMORY);
        rb_alloc_fail_nth(0);
        assert_null(texts.begin);
    }
    assert_ok(rb_ids_init_texts(&texts, sorted, 3, &err), &err);
    for (int64_t nth = 1; nth <= 3; nth++) {
        rb_error failed = { 0 };
        rb_alloc_fail_nth(nth);
        assert_int_equal(rb_ids_select(&some, &texts, kept, 1, &failed), RB_NO_MEMORY);
        rb_alloc_fail_nth(0);
        assert_null(some.begin);
    }
    rb_ids_fini(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_found_by_value),         cmocka_unit_test(texts_are_found_by_bytes),
        cmocka_unit_test(selected_ids_keep_their_names),      cmocka_unit_test(joined_ids_hold_each_once),
        cmocka_unit_test(a_failed_allocation_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
