/* Reading a catalogue on several ranks: all get the same one, and all hear of a failure. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/catalogue_read.h"
#include "support/support.h"

static const char text[] = "show_id,title,release_year,listed_in\n"
                           "s2,\"A, \"\"quoted\"\" title\",2001,\"B, A\"\ns10,Other,1999,A\ns1,Third,,C\n";

/* One file for all ranks, written by rank 0. */
static const char *write_file(const char *bytes)
{
    static char path[256];
    snprintf(path, sizeof path, "/tmp/reelbench-mpi-catalogue-%d.csv", rb_test_ctx.rank == 0 ? (int)getpid() : 0);
    if (rb_test_ctx.rank == 0) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(bytes, file);
        fclose(file);
    }
    rb_bcast(&rb_test_ctx, path, sizeof path, 0);
    return path;
}

static void every_rank_gets_the_same_catalogue(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 };
    rb_error err = { 0 };
    const char *path = write_file(text);
    assert_ok(rb_catalogue_read(&c, path, NULL, NULL, &rb_test_ctx, &err), &err);
    assert_int_equal(c.n, 3);
    assert_string_equal(rb_strings_at(&c.column[RB_COLUMN_TITLE], 0), "Third"); /* s1, s10, s2 */
    assert_string_equal(rb_strings_at(&c.column[RB_COLUMN_TITLE], 2), "A, \"quoted\" title");
    assert_int_equal(c.year[1], 1999);
    assert_int_equal(c.genre.names.n, 3);
    rb_catalogue_fini(&c);
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        unlink(path);
}

static void every_rank_hears_of_a_failure(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 };
    rb_error err = { 0 };
    assert_int_equal(rb_catalogue_read(&c, "/nowhere/titles.csv", NULL, NULL, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, "/nowhere/titles.csv: No such file or directory");
    err = (rb_error){ 0 };
    assert_int_equal(rb_catalogue_read(&c, "/tmp", NULL, NULL, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, "/tmp: not a regular file");
    err = (rb_error){ 0 };
    const char *path = write_file("show_id,title\ns1\n");
    assert_int_equal(rb_catalogue_read(&c, path, NULL, NULL, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, ":2:1: 1 fields, expected 2"));
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        unlink(path);
}

static void a_failed_allocation_on_the_last_rank_is_known_to_all(void **unused)
{
    (void)unused;
    const char *path = write_file(text);
    for (int64_t nth = 1;; nth += 1 + nth / 16) {
        rb_catalogue c = { 0 };
        rb_error err = { 0 };
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        rb_status status = rb_catalogue_read(&c, path, NULL, NULL, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        rb_catalogue_fini(&c);
        if (status == RB_OK) {
            assert_true(nth > 30);
            break;
        }
        assert_int_equal(status, RB_NO_MEMORY);
    }
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        unlink(path);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rank_gets_the_same_catalogue),
        cmocka_unit_test(every_rank_hears_of_a_failure),
        cmocka_unit_test(a_failed_allocation_on_the_last_rank_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
