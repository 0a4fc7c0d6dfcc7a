/* What a score loses without an item is, of a sum, what the item adds. */
#include <stdio.h>
#include <string.h>

#include "harness/apply_reasons.h"
#include "support/support.h"

enum { N_OWN = 4, N_LISTED = 3 };

static const double added[N_OWN][N_LISTED] = { { 0.5, -1, 0 }, { 2, 0.25, 0 }, { 1, -3, 0 }, { 0.125, 4, 0 } };

static rb_status sum_without(double *scores, void *self, int64_t without, rb_error *err)
{
    ++*(int *)self;
    for (int k = 0; k < N_LISTED; k++) {
        scores[k] = 10;
        for (int e = 0; e < N_OWN; e++)
            scores[k] += e == without ? 0 : added[e][k];
    }
    return err->status;
}

/* The line that is printed for a place of the list. */
static void printed(char out[256], rb_reasons *r, int64_t at)
{
    int64_t number[] = { 10, 11, 12, 13, 14 };
    rb_dataset d = { 0 };
    FILE *file = tmpfile();
    d.items.n = 5;
    d.items.number = number;
    assert_non_null(file);
    rb_reasons_print_lost(file, r, N_LISTED, at, &d);
    rewind(file);
    memset(out, 0, 256);
    assert_true(fread(out, 1, 255, file) > 0);
    fclose(file);
}

static void what_is_lost_is_what_was_added(void **unused)
{
    (void)unused;
    const int32_t own[N_OWN] = { 4, 0, 2, 1 };
    char line[256];
    rb_reasons r;
    rb_error err = { 0 };
    int n_asked = 0;
    assert_ok(rb_reasons_init(&r, 2, &err), &err);
    assert_ok(rb_reasons_leave_out(&r, own, N_OWN, N_LISTED, sum_without, &n_asked, &err), &err);
    assert_int_equal(n_asked, N_OWN + 1);
    printed(line, &r, 0);
    assert_string_equal(line, "\t10 (2); 12 (1)");
    printed(line, &r, 1);
    assert_string_equal(line, "\t11 (4); 10 (0.25)");
    printed(line, &r, 2); /* nothing adds to it */
    assert_string_equal(line, "\t");
    rb_reasons_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_lost_is_what_was_added) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
