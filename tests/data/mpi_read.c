/* Whole data sets from files: real MovieLens, the digest for any ranks, threads and formats. */
#include <string.h>

#include "data/read.h"
#include "support/support.h"

static char *data_path(char out[512], const char *name)
{
    snprintf(out, 512, "%s/%s", rb_test_data(), name);
    return out;
}

static void movielens_has_its_ratings_users_and_items(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    assert_ok(rb_dataset_named(&d, "ml-latest-small", rb_test_data(), NULL, &rb_test_ctx, &err), &err);
    assert_true(d.has_interactions && d.has_catalogue && !d.has_sessions);
    assert_int_equal(d.interactions.n, 100836);
    assert_int_equal(d.users.n, 610);
    assert_int_equal(d.items.n, 9724);
    assert_int_equal(d.catalogue.n, 9724);
    assert_int_equal(d.interactions.n_items, 9724);
    assert_true(d.interactions.min_rating == 0.5f && d.interactions.max_rating == 5.0f);
    assert_int_equal(d.interactions.user[0], 0);
    assert_int_equal(d.interactions.time[0], 964982703);
    assert_int_equal(d.interactions.user[100835], 609);
    assert_true(d.interactions.rating[100835] == 3.0f);
    assert_string_equal(rb_strings_at(&d.catalogue.column[RB_COLUMN_TITLE], rb_ids_find(&d.items, "1")), "Toy Story (1995)");
    rb_dataset_fini(&d);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    char path[512];
    (void)data_path(path, "");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(movielens_has_its_ratings_users_and_items),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
