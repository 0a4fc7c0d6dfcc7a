/* Memory: zeroed, aligned, refused where it overflows; failures and errors are kept as they happened first. */
#include <string.h>

#include "base/alloc.h"
#include "support/support.h"

static void memory_is_zeroed_and_aligned(void **unused)
{
    (void)unused;
    for (int64_t n = 0; n < 3000; n = 2 * n + 1) {
        rb_error err = { 0 };
        double *x = NULL;
        assert_ok(rb_alloc(&x, n, &err), &err);
        assert_non_null(x);
        assert_true((uintptr_t)x % 64 == 0);
        for (int64_t i = 0; i < n; i++) {
            assert_true(x[i] == 0);
            x[i] = 1;
        }
        rb_free(x);
    }
    rb_free(NULL);
}

static void what_cannot_be_had_is_refused(void **unused)
{
    (void)unused;
    const int64_t sizes[] = { -1, INT64_MIN, INT64_MAX, INT64_MAX / 8 };
    for (int k = 0; k < 4; k++) {
        rb_error err = { 0 };
        double *x = (double *)1;
        assert_int_equal(rb_alloc(&x, sizes[k], &err), RB_NO_MEMORY);
        assert_null(x);
        assert_non_null(strstr(err.message, "out of memory"));
    }
}

static void growing_keeps_what_was_there(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    int32_t *x = NULL;
    int64_t capacity = 0, n_grown = 0;
    for (int32_t i = 0; i < 10000; i++) {
        int64_t before = capacity;
        assert_ok(rb_grow(&x, &capacity, i + 1, &err), &err);
        n_grown += capacity != before;
        assert_true(capacity > i && x[i] == 0);
        x[i] = i;
    }
    assert_true(n_grown < 16); /* doubling */
    for (int32_t i = 0; i < 10000; i++)
        assert_int_equal(x[i], i);
    rb_alloc_fail_nth(1);
    assert_int_equal(rb_grow(&x, &capacity, capacity + 1, &err), RB_NO_MEMORY);
    rb_alloc_fail_nth(0);
    assert_int_equal(x[9999], 9999);
    rb_free(x);
}

static void only_the_nth_allocation_fails(void **unused)
{
    (void)unused;
    rb_alloc_fail_nth(3);
    for (int i = 1; i <= 5; i++) {
        rb_error err = { 0 };
        char *x = NULL;
        assert_int_equal(rb_alloc(&x, 8, &err), i == 3 ? RB_NO_MEMORY : RB_OK);
        rb_free(x);
    }
    assert_int_equal(rb_alloc_fail_nth(0), 5);
}

static void strings_are_copied(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char *whole = rb_strdup("title", &err), *part = rb_strndup("title", 3, &err);
    assert_string_equal(whole, "title");
    assert_string_equal(part, "tit");
    assert_null(rb_strdup(NULL, &err));
    assert_int_equal(err.status, RB_OK);
    rb_free(whole);
    rb_free(part);
    rb_alloc_fail_nth(1);
    assert_null(rb_strdup("x", &err));
    rb_alloc_fail_nth(0);
    assert_int_equal(err.status, RB_NO_MEMORY);
}

static void the_first_failure_is_kept(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    assert_int_equal(RB_FAIL(&err, RB_BAD_INPUT, "line %d", 7), RB_BAD_INPUT);
    assert_int_equal(RB_FAIL(&err, RB_IO, "later"), RB_BAD_INPUT);
    assert_string_equal(err.message, "line 7");
    rb_error_prefix(&err, "%s", "ratings.csv");
    assert_string_equal(err.message, "ratings.csv: line 7");
    rb_error none = { 0 };
    rb_error_prefix(&none, "nothing");
    assert_string_equal(none.message, "");
}

static void a_long_message_is_cut_and_not_broken(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char words[3000];
    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = 0;
    RB_FAIL(&err, RB_IO, "%s", words);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    rb_error_prefix(&err, "%s", words);
    assert_true(strlen(err.message) < sizeof err.message);
    rb_error_prefix(&err, "file");
    assert_memory_equal(err.message, "file: xxx", 9);
    assert_true(strlen(err.message) < sizeof err.message);
}

static void every_status_has_words_and_an_exit_status(void **unused)
{
    (void)unused;
    for (int s = 0; s < RB_N_STATUSES; s++) {
        assert_true(*rb_status_words((rb_status)s));
        assert_int_equal(rb_status_exit((rb_status)s) == 0, s == RB_OK);
    }
    assert_string_equal(rb_status_words((rb_status)999), "unknown status");
    assert_int_equal(rb_status_exit((rb_status)999), 1);
    assert_int_equal(rb_status_exit(RB_BAD_INPUT), 2);
    assert_int_equal(rb_status_exit(RB_ENVIRONMENT), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(what_cannot_be_had_is_refused),
        cmocka_unit_test(growing_keeps_what_was_there),
        cmocka_unit_test(only_the_nth_allocation_fails),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(the_first_failure_is_kept),
        cmocka_unit_test(a_long_message_is_cut_and_not_broken),
        cmocka_unit_test(every_status_has_words_and_an_exit_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
