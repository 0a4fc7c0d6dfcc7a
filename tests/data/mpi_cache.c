/* The cache: what comes back is what went in; another input is another key; a damaged file is never used. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/cache.h"
#include "data/synth.h"
#include "support/support.h"

static char folder[64]; /* the same on every rank, below /tmp */

static int make_folder(void **unused)
{
    (void)unused;
    if (rb_test_ctx.rank == 0) {
        strcpy(folder, "/tmp/rb_cache_XXXXXX");
        assert_non_null(mkdtemp(folder));
    }
    rb_bcast(&rb_test_ctx, folder, sizeof folder, 0);
    return 0;
}

static int remove_folder(void **unused)
{
    (void)unused;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return rb_test_ctx.rank == 0 ? system(command) : 0;
}

static rb_dataset made(int64_t sessions)
{
    rb_error err = { 0 };
    rb_synth c = { 0 };
    rb_dataset d = { 0 };
    rb_params_default(&c, rb_synth_params);
    c.users = 60;
    c.items = 50;
    c.ratings = 300;
    c.sessions = sessions;
    assert_ok(rb_dataset_synth(&d, &c, 5, &rb_test_ctx, &err), &err);
    d.n_skipped = 9;
    d.n_skipped_listed = 1;
    assert_ok(rb_alloc(&d.skipped, 1, &err), &err);
    d.skipped[0] = (rb_skipped){
        .file = rb_strdup("a.csv", &err), .line = 4, .column = 7, .reason = rb_strdup("not a number", &err)
    };
    return d;
}

static rb_digest key_of(const char *description)
{
    rb_error err = { 0 };
    rb_digest key;
    assert_ok(rb_cache_key(&key, description, NULL, 0, &rb_test_ctx, &err), &err);
    return key;
}

static bool loaded(rb_dataset *out, rb_text *note, const rb_digest *key)
{
    rb_error err = { 0 };
    bool found = false;
    assert_ok(rb_cache_load(out, &found, note, folder, key, &rb_test_ctx, &err), &err);
    return found;
}

static void stored(const rb_dataset *d, const rb_digest *key)
{
    rb_error err = { 0 };
    assert_ok(rb_cache_store(d, folder, key, &rb_test_ctx, &err), &err);
}

static void what_comes_back_is_what_went_in(void **unused)
{
    (void)unused;
    for (int64_t sessions = 0; sessions < 600; sessions += 500) {
        rb_error err = { 0 };
        rb_dataset d = made(sessions), back = { 0 };
        rb_digest key = key_of(sessions ? "with" : "without");
        assert_false(loaded(&back, NULL, &key));
        stored(&d, &key);
        assert_true(loaded(&back, NULL, &key));
        assert_memory_equal(&d.digest, &back.digest, sizeof d.digest);
        assert_ok(rb_dataset_digest(&back, &rb_test_ctx, &err), &err); /* of what is there, not of what was noted */
        assert_memory_equal(&d.digest, &back.digest, sizeof d.digest);
        assert_string_equal(back.name, "synthetic");
        assert_int_equal(back.has_sessions, sessions > 0);
        assert_int_equal(back.interactions.n, 300);
        assert_memory_equal(back.interactions.time, d.interactions.time, 300 * sizeof(int64_t));
        assert_memory_equal(back.user_segment, d.user_segment, 60 * sizeof(int32_t));
        assert_memory_equal(back.catalogue.topic, d.catalogue.topic, 50 * sizeof(int32_t));
        assert_memory_equal(&back.catalogue.cleaning, &d.catalogue.cleaning, sizeof d.catalogue.cleaning);
        assert_string_equal(rb_strings_at(&back.catalogue.genre.names, 1), rb_strings_at(&d.catalogue.genre.names, 1));
        assert_int_equal(back.n_skipped, 9);
        assert_string_equal(back.skipped[0].reason, "not a number");
        assert_int_equal(back.skipped[0].column, 7);
        rb_dataset_fini(&d);
        rb_dataset_fini(&back);
    }
}

static void write_file(const char *path, const char *text)
{
    if (rb_test_ctx.rank == 0) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(text, f);
        fclose(f);
    }
    rb_barrier(&rb_test_ctx);
}

static rb_digest key_with(const char *description, const char *one, const char *two)
{
    char path[2][128];
    const char *files[2] = { path[0], path[1] };
    rb_error err = { 0 };
    rb_digest key;
    snprintf(path[0], sizeof path[0], "%s/one", folder);
    snprintf(path[1], sizeof path[1], "%s/two", folder);
    write_file(path[0], one);
    write_file(path[1], two);
    assert_ok(rb_cache_key(&key, description, files, 2, &rb_test_ctx, &err), &err);
    return key;
}

static void a_changed_input_is_another_key(void **unused)
{
    (void)unused;
    rb_digest key = key_with("csv", "1,2,3\n", "4"), same = key_with("csv", "1,2,3\n", "4");
    const rb_digest others[] = { key_with("csv", "1,2,4\n", "4"), key_with("csv", "1,2,3\n4", ""),
                                 key_with("tsv", "1,2,3\n", "4"), key_of("csv") };
    assert_memory_equal(&key, &same, sizeof key);
    for (int k = 0; k < 4; k++)
        assert_memory_not_equal(&key, &others[k], sizeof key);
    const char *missing = "/nonexistent/ratings.csv";
    rb_error err = { 0 };
    assert_int_equal(rb_cache_key(&key, "csv", &missing, 1, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, missing));
}

/* Overwrite `n` bytes at a share of the file, or cut it there. */
static void damage(const rb_digest *key, double share, bool cut)
{
    char path[256], hex[65];
    rb_digest_hex(hex, key, 64);
    snprintf(path, sizeof path, "%s/%s/dataset.h5", folder, hex);
    if (rb_test_ctx.rank == 0) {
        struct stat s;
        assert_int_equal(stat(path, &s), 0);
        off_t at = (off_t)((double)s.st_size * share);
        if (cut) {
            assert_int_equal(truncate(path, at), 0);
        } else {
            FILE *f = fopen(path, "r+");
            assert_non_null(f);
            assert_int_equal(fseek(f, at, SEEK_SET), 0);
            for (int k = 0; k < 64; k++)
                fputc(0xA5, f);
            fclose(f);
        }
    }
    rb_barrier(&rb_test_ctx);
}

static void a_damaged_file_is_ignored_with_a_note_and_replaced(void **unused)
{
    (void)unused;
    rb_dataset d = made(500);
    rb_digest key = key_of("damaged");
    for (int k = 0; k < 24; k++) {
        rb_dataset back = { 0 };
        rb_text note = { 0 };
        stored(&d, &key);
        damage(&key, (k / 2 + 0.5) / 12, k % 2);
        assert_false(loaded(&back, &note, &key));
        assert_null(back.name);
        if (rb_test_ctx.rank == 0)
            assert_non_null(strstr(note.data, "cached data set ignored"));
        rb_text_fini(&note);
        rb_dataset_fini(&back);
    }
    rb_dataset back = { 0 };
    stored(&d, &key);
    assert_true(loaded(&back, NULL, &key));
    rb_dataset_fini(&back);
    rb_dataset_fini(&d);
}

static void a_folder_that_cannot_be_made_is_an_error_in_words(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_dataset d = made(0);
    rb_digest key = key_of("nowhere");
    assert_int_equal(rb_cache_store(&d, "/dev/null/cache", &key, &rb_test_ctx, &err), RB_IO);
    assert_non_null(strstr(err.message, "/dev/null"));
    rb_dataset_fini(&d);
}

static void a_failed_allocation_on_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    rb_dataset d = made(300);
    rb_digest key = key_of("allocation");
    stored(&d, &key);
    rb_status status = RB_NO_MEMORY;
    for (int64_t nth = 1; status != RB_OK; nth++) {
        rb_error err = { 0 };
        rb_dataset back = { 0 };
        bool found = false;
        assert_true(nth < 1000);
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        status = rb_cache_load(&back, &found, NULL, folder, &key, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        assert_true(status == RB_NO_MEMORY || (status == RB_OK && found));
        rb_dataset_fini(&back);
    }
    rb_dataset_fini(&d);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_back_is_what_went_in),
        cmocka_unit_test(a_changed_input_is_another_key),
        cmocka_unit_test(a_damaged_file_is_ignored_with_a_note_and_replaced),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_an_error_in_words),
        cmocka_unit_test(a_failed_allocation_on_one_rank_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, make_folder, remove_folder));
}
