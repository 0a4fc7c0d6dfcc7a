/* Durable units: what is written is read back, what is half written is not seen. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "data/hdf.h"
#include "harness/journal.h"
#include "harness/model.h"
#include "harness/unit.h"
#include "support/support.h"

static char folder[64];

static int make_folder(void **unused)
{
    (void)unused;
    char units[80];
    snprintf(folder, sizeof folder, "/tmp/rb-unit-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(units, sizeof units, "%s/units", folder);
    return mkdir(units, 0755);
}

static int remove_folder(void **unused)
{
    (void)unused;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

#define KEY "0123456789abcdef0123456789abcdef"

static void a_fit_comes_back_as_it_was_written(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    double objective[] = { 3.5, NAN, 1.0 / 3 }, validation[] = { NAN, 0.25, NAN }, seconds[] = { 1, 2, 3 };
    int32_t labels[] = { 4, -1, 0, 2 }, unseen[] = { 2, -1 };
    rb_measured measured[] = { { "cost", 12.5 }, { "cophenetic", NAN } };
    rb_fit_record r = { .outcome = RB_FIT_TIMEOUT,
                        .message = "over 3 s",
                        .converged = true,
                        .wall_s = 1.5,
                        .model_bytes = 77,
                        .n_history = 3,
                        .objective = objective,
                        .validation = validation,
                        .iteration_s = seconds,
                        .labels = labels,
                        .n_labels = 4,
                        .unseen = unseen,
                        .n_unseen = 2,
                        .measured = measured,
                        .n_measured = 2 };
    memcpy(r.key, KEY, sizeof KEY);
    r.model.byte[5] = 9;
    assert_ok(rb_fit_record_write(&r, folder, &err), &err);
    rb_fit_record back;
    assert_ok(rb_fit_record_read(&back, folder, KEY, &err), &err);
    assert_int_equal(back.outcome, RB_FIT_TIMEOUT);
    assert_string_equal(back.message, "over 3 s");
    assert_int_equal(back.n_history, 3);
    assert_true(back.objective[2] == objective[2] && isnan(back.objective[1]));
    assert_memory_equal(back.labels, labels, sizeof labels);
    assert_int_equal(back.n_unseen, 2);
    assert_memory_equal(back.unseen, unseen, sizeof unseen);
    assert_memory_equal(&back.model, &r.model, sizeof r.model);
    assert_true(back.converged && back.wall_s == 1.5 && back.model_bytes == 77);
    assert_int_equal(back.n_measured, 2);
    assert_string_equal(back.measured[1].name, "cophenetic");
    assert_true(back.measured[0].value == 12.5 && isnan(back.measured[1].value));
    rb_fit_record_fini(&back);
}

static void metrics_of_two_files_are_united(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_metric_record a = { .key = KEY, .wall_s = 1 }, b = { .key = KEY, .wall_s = 2 }, both = { 0 };
    for (int twice = 0; twice < 2; twice++) /* what two files hold counts once */
        rb_metric_record_add(twice ? &a : &b, "validation", "ndcg:bin-min@10", &err)->value.value = 0.5;
    rb_metric_row *row = rb_metric_record_add(&a, "test", "ndcg:bin-min@10", &err);
    row->value = (rb_metric_value){ 0.25, RB_VALUE_OK };
    row->n = 3;
    row->n_left_out = 1;
    assert_ok(rb_alloc(&row->vector, 3, &err), &err);
    row->vector[2] = 0.75;
    row->n_vector = 3;
    row->population = RB_USERS_TEST_RANKING;
    assert_ok(rb_alloc(&a.users[RB_USERS_TEST_RANKING], 3, &err), &err);
    a.n_users[RB_USERS_TEST_RANKING] = 3;
    a.users[RB_USERS_TEST_RANKING][1] = 17;
    a.users[RB_USERS_TEST_RANKING][2] = 18;
    assert_ok(rb_digest_of(&row->per_user, row->vector, 3 * sizeof *row->vector, &err), &err);
    row = rb_metric_record_add(&b, "test", "rmse:global:all", &err);
    row->value = (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
    assert_ok(rb_metric_record_write(&a, folder, "aaaaaaaa", &err), &err);
    assert_ok(rb_metric_record_write(&b, folder, "aaaaaaaa", &err), &err);

    rb_unit_list list;
    int64_t first, last;
    assert_ok(rb_unit_list_init(&list, folder, &err), &err);
    rb_unit_list_range(&list, KEY, &first, &last);
    assert_int_equal(last - first, 3); /* two metric files and the fit of the test before */
    assert_ok(rb_metric_record_read(&both, &list, folder, KEY, "cccccccc", true, &err), &err);
    assert_int_equal(both.n_rows, 0); /* of another evaluation */
    assert_ok(rb_metric_record_read(&both, &list, folder, KEY, "aaaaaaaa", true, &err), &err);
    rb_unit_list_fini(&list);
    assert_int_equal(both.n_rows, 3);
    assert_true(both.wall_s == 3);
    const rb_metric_row *ndcg = rb_metric_record_find(&both, "test", "ndcg:bin-min@10");
    assert_non_null(ndcg);
    assert_true(ndcg->value.value == 0.25 && ndcg->n == 3 && ndcg->n_left_out == 1 && ndcg->vector[2] == 0.75);
    assert_int_equal(both.users[RB_USERS_TEST_RANKING][1], 17);
    assert_int_equal(rb_metric_record_find(&both, "test", "rmse:global:all")->value.state, RB_VALUE_NOT_APPLICABLE);
    assert_null(rb_metric_record_find(&both, "validation", "rmse:global:all"));
    rb_metric_record_fini(&a);
    rb_metric_record_fini(&b);
    rb_metric_record_fini(&both);
}

static void a_vector_over_points_is_as_long_as_there_are_points(void **unused)
{
    (void)unused;
    for (int n_left_out = 1; n_left_out <= 2; n_left_out++) { /* of 3 points, 2 of them counted */
        rb_error err = { 0 };
        rb_metric_record r = { .key = KEY }, back = { 0 };
        rb_unit_list list;
        double *vector;
        rb_metric_row *row = rb_metric_record_add(&r, "all", "silhouette", &err);
        row->value = (rb_metric_value){ 0.5, RB_VALUE_OK };
        row->n = 2;
        row->n_left_out = n_left_out;
        assert_ok(rb_alloc(&vector, 3, &err), &err);
        vector[0] = 0.75;
        vector[1] = NAN;
        vector[2] = 0.25;
        assert_ok(rb_metric_row_take(row, RB_POINTS, vector, 3, &err), &err);
        assert_ok(rb_metric_record_write(&r, folder, "dddddddd", &err), &err);
        assert_ok(rb_unit_list_init(&list, folder, &err), &err);
        if (n_left_out == 1) {
            assert_ok(rb_metric_record_read(&back, &list, folder, KEY, "dddddddd", true, &err), &err);
            assert_int_equal(back.n_rows, 1);
            assert_int_equal(back.rows[0].population, RB_POINTS);
            assert_int_equal(back.rows[0].n_vector, 3);
            assert_memory_equal(back.rows[0].vector, vector, 3 * sizeof *vector);
        } else {
            assert_int_equal(rb_metric_record_read(&back, &list, folder, KEY, "dddddddd", false, &err), RB_IO);
            assert_non_null(strstr(err.message, "has 3 values, expected one for each of 4 points"));
        }
        rb_unit_list_fini(&list);
        rb_metric_record_fini(&r);
        rb_metric_record_fini(&back);
    }
}

static void wider_lists_serve_for_fewer_places(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    int32_t user[] = { 3, 5 }, item[] = { 1, 2, 3, 4, 5, -1 };
    double score[] = { 6, 5, 4, 3, 2, NAN };
    const rb_stored_lists lists = { .n_users = 2, .k = 3, .user = user, .item = item, .score = score };
    rb_stored_lists back;
    rb_unit_list list;
    rb_digest whole, cut;
    assert_ok(rb_stored_lists_write(&lists, folder, KEY, "aaaaaaaa", 3, &err), &err);
    assert_ok(rb_unit_list_init(&list, folder, &err), &err);
    assert_int_equal(rb_stored_lists_width(&list, KEY, "aaaaaaaa"), 3);
    assert_int_equal(rb_stored_lists_width(&list, KEY, "bbbbbbbb"), 0);
    assert_ok(rb_stored_lists_read(&back, &list, folder, KEY, "aaaaaaaa", 2, &err), &err);
    const int32_t expected[] = { 1, 2, 4, 5 };
    assert_int_equal(back.k, 2);
    assert_memory_equal(back.item, expected, sizeof expected);
    assert_true(back.score[0] == 6 && back.score[3] == 2);
    assert_ok(rb_stored_lists_digest(&whole, &lists, 2, &err), &err);
    assert_ok(rb_stored_lists_digest(&cut, &back, 2, &err), &err);
    assert_memory_equal(&whole, &cut, sizeof whole);
    rb_stored_lists_fini(&back);
    assert_int_equal(rb_stored_lists_read(&back, &list, folder, KEY, "aaaaaaaa", 4, &err), RB_IO);
    err = (rb_error){ 0 };
    rb_stored_lists_fini(&back);
    rb_stored_lists_remove(&list, folder, KEY, NULL);
    rb_unit_list_fini(&list);
    assert_ok(rb_unit_list_init(&list, folder, &err), &err);
    assert_int_equal(rb_stored_lists_width(&list, KEY, "aaaaaaaa"), 0);
    rb_unit_list_fini(&list);
}

static void a_cut_off_file_is_an_error_and_never_a_value(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char path[4096];
    rb_unit_path(path, folder, "ffff", "fit");
    int fd = open(path, O_CREAT | O_WRONLY, 0644);
    assert_int_equal(write(fd, "\211HDF\r\n\032\n", 8), 8);
    close(fd);
    rb_fit_record r;
    assert_int_equal(rb_fit_record_read(&r, folder, "ffff", &err), RB_IO);
    assert_non_null(strstr(err.message, "not a whole HDF5 file"));
    rb_fit_record_fini(&r);
}

static void a_file_that_was_not_committed_is_not_there(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_hdf file;
    char path[4096];
    rb_unit_path(path, folder, "eeee", "fit");
    assert_ok(rb_hdf_create(&file, path, &err), &err);
    assert_ok(rb_hdf_put_int(file.id, "x", 1, &err), &err);
    assert_false(rb_unit_exists(folder, "eeee", "fit"));
    rb_hdf_close(&file);
    char part[RB_PART_BYTES];
    rb_file_part(part, path);
    assert_int_equal(access(part, F_OK), -1);
}

static void a_file_put_ahead_is_whole_and_leaves_nothing_aside(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_hdf file;
    char path[4096], part[RB_PART_BYTES];
    int64_t x = 0;
    rb_unit_path(path, folder, "abab", "model");
    assert_ok(rb_hdf_create(&file, path, &err), &err);
    assert_ok(rb_hdf_put_int(file.id, "x", 7, &err), &err);
    assert_ok(rb_hdf_commit_ahead(&file, &err), &err);
    assert_ok(rb_hdf_open(&file, path, &err), &err);
    assert_ok(rb_hdf_get_int(file.id, "x", &x, &err), &err);
    assert_int_equal(x, 7);
    rb_hdf_close(&file);
    rb_file_part(part, path);
    assert_int_equal(access(part, F_OK), -1);
    assert_int_equal(rb_file_place_ahead(path, &err), RB_IO); /* nothing stands aside */
    assert_int_equal(access(path, F_OK), 0);
}

static void a_table_gives_back_its_columns(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_hdf file;
    char path[4096];
    const char *names[] = { "one", "", "three \xc3\xa9" };
    int64_t counts[] = { 1, -5, 1LL << 40 };
    rb_unit_path(path, folder, "dddd", "fit");
    assert_ok(rb_hdf_create(&file, path, &err), &err);
    const rb_hdf_column columns[] = { { "name", RB_HDF_TEXT, names, NULL, 0 },
                                      { "count", RB_HDF_INT64, counts, "ratings", 0 } };
    assert_ok(rb_hdf_write_table(file.id, "deep/table", columns, 2, 3, &err), &err);
    assert_ok(rb_hdf_write(file.id, "texts", RB_HDF_TEXT, names, 3, 1, false, &err), &err);
    assert_ok(rb_hdf_commit(&file, &err), &err);
    char **texts, *all;
    void *data;
    int64_t n;
    assert_ok(rb_hdf_open(&file, path, &err), &err);
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 0)
            assert_ok(rb_hdf_read_column_texts(file.id, "deep/table", "name", &texts, &all, &n, &err), &err);
        else
            assert_ok(rb_hdf_read_texts(file.id, "texts", &texts, &all, &n, &err), &err);
        assert_int_equal(n, 3);
        for (int i = 0; i < 3; i++)
            assert_string_equal(texts[i], names[i]);
        rb_free(texts);
        rb_free(all);
    }
    assert_ok(rb_hdf_read_column(file.id, "deep/table", "count", RB_HDF_INT64, &data, &n, &err), &err);
    assert_memory_equal(data, counts, sizeof counts);
    rb_free(data);
    assert_int_equal(rb_hdf_read_column(file.id, "deep/table", "size", RB_HDF_INT64, &data, &n, &err), RB_BAD_INPUT);
    rb_hdf_close(&file);
}

static void a_line_that_a_kill_cut_off_does_not_swallow_the_next(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char path[128], text[256] = "";
    snprintf(path, sizeof path, "%s/journal", folder);
    FILE *f = fopen(path, "w");
    fputs("2026-11-21T14:02:11Z runn", f);
    fclose(f);
    rb_journal j;
    assert_ok(rb_journal_open(&j, path, &err), &err);
    assert_ok(rb_journal_note(&j, &err, "running %d", 3), &err);
    assert_ok(rb_journal_write(&j, &err, "done %d %s", 3, "a\nb"), &err);
    rb_journal_close(&j);
    f = fopen(path, "r");
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    assert_int_equal(text[n - 1], '\n');
    assert_non_null(strstr(text, "runn\n"));
    assert_non_null(strstr(text, "Z done 3 a b\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_comes_back_as_it_was_written),
        cmocka_unit_test(metrics_of_two_files_are_united),
        cmocka_unit_test(a_vector_over_points_is_as_long_as_there_are_points),
        cmocka_unit_test(wider_lists_serve_for_fewer_places),
        cmocka_unit_test(a_cut_off_file_is_an_error_and_never_a_value),
        cmocka_unit_test(a_file_that_was_not_committed_is_not_there),
        cmocka_unit_test(a_file_put_ahead_is_whole_and_leaves_nothing_aside),
        cmocka_unit_test(a_table_gives_back_its_columns),
        cmocka_unit_test(a_line_that_a_kill_cut_off_does_not_swallow_the_next),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
