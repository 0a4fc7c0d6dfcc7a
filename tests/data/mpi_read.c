/* Whole data sets from files and folders: real MovieLens, the digest for any ranks and threads. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "data/read.h"
#include "support/support.h"

static void movielens_has_its_ratings_users_and_items(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    assert_ok(rb_dataset_named(&d, "ml-latest-small", rb_test_data(), NULL, &rb_test_ctx, &err), &err);
    assert_true(d.has_interactions && d.has_catalogue && !d.has_sessions);
    assert_string_equal(d.name, "ml-latest-small");
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
    assert_string_equal(rb_strings_at(&d.catalogue.column[RB_COLUMN_TITLE], rb_ids_find(&d.items, "1")),
                        "Toy Story (1995)");
    rb_dataset_fini(&d);
}

static void titles_without_ratings_are_a_catalogue_alone(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    assert_ok(rb_dataset_named(&d, "netflix-titles", rb_test_data(), NULL, &rb_test_ctx, &err), &err);
    assert_true(d.has_catalogue && !d.has_interactions && !d.has_sessions);
    assert_int_equal(d.catalogue.n, 8807);
    assert_int_equal(d.items.n, 8807);
    assert_int_equal(d.users.n, 0);
    rb_dataset_fini(&d);
}

static void an_unknown_name_is_an_error_that_suggests(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    assert_int_equal(rb_dataset_named(&d, "ml-latest-smal", rb_test_data(), NULL, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, "unknown data set 'ml-latest-smal'; did you mean 'ml-latest-small'?");
    rb_dataset_fini(&d);
}

static rb_digest digest_of(const char *path, rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    source.path = path;
    assert_ok(rb_dataset_read(&d, &source, ctx, &err), &err);
    rb_digest digest = d.digest;
    rb_dataset_fini(&d);
    return digest;
}

static void assert_same(const rb_digest *a, const rb_digest *b, bool same)
{
    assert_int_equal(memcmp(a, b, sizeof *a) == 0, same);
}

/* Each rank also reads alone, with one thread: the digest is the same. */
static void the_digest_is_the_same_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    char path[512];
    rb_ctx alone;
    snprintf(path, sizeof path, "%s/ml-latest-small", rb_test_data());
    rb_ctx_serial(&alone, 1);
    rb_digest wanted = digest_of(path, &alone);
    for (rb_test_ctx.n_threads = 1; rb_test_ctx.n_threads <= 3; rb_test_ctx.n_threads++) {
        rb_digest got = digest_of(path, &rb_test_ctx);
        assert_same(&got, &wanted, true);
    }
    rb_test_ctx.n_threads = 2;
}

/* A folder for one test, made by rank 0. */
static void make_folder(char folder[64])
{
    strcpy(folder, "/tmp/mpi_read_XXXXXX");
    if (rb_test_ctx.rank == 0)
        assert_non_null(mkdtemp(folder));
    rb_bcast(&rb_test_ctx, folder, 64, 0);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (rb_test_ctx.rank == 0) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(text, f);
        fclose(f);
    }
    rb_barrier(&rb_test_ctx);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        assert_int_equal(*name ? unlink(path) : rmdir(folder), 0);
}

static void the_same_rows_have_one_digest_whatever_the_format(void **unused)
{
    (void)unused;
    char folder[64], path[128];
    static const char *const files[][2] = {
        { "u.data", "1\t20\t3\t5\n1\t7\t4\t6\n3\t7\t2.5\t7\n" },
        { "ratings.dat", "1::20::3::5\n1::7::4::6\n3::7::2.5::7\n" },
        { "x.csv", "\xef\xbb\xbfitem,user,time,score\r\n20,1,5,3.0\r\n7,1,6,4\r\n\r\n7,3,7,2.5e0" },
        { "y.csv", "item,user,time,score\n20,1,5,3.0\n7,1,6,4\n7,3,7,2\n" },   /* another rating */
        { "z.csv", "item,user,time,score\n7,1,6,4\n20,1,5,3.0\n7,3,7,2.5\n" }, /* another order */
        { "w.csv", "item,user,time,score\n20,1,5,3.0\n8,1,6,4\n8,3,7,2.5\n" }, /* another id */
    };
    rb_digest first = { { 0 } };
    make_folder(folder);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_file(folder, files[i][0], files[i][1]);
        snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
        rb_digest digest = digest_of(path, &rb_test_ctx);
        first = i == 0 ? digest : first;
        assert_same(&digest, &first, i < 3);
        remove_file(folder, files[i][0]);
    }
    remove_file(folder, "");
}

static void a_folder_of_prize_files_is_one_data_set(void **unused)
{
    (void)unused;
    char folder[64], inner[128], message[256];
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    make_folder(folder);
    snprintf(inner, sizeof inner, "%s/training_set", folder);
    if (rb_test_ctx.rank == 0)
        assert_int_equal(mkdir(inner, 0700), 0);
    write_file(inner, "mv_0000001.txt",
               "\xef\xbb\xbf"
               "1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n");
    write_file(inner, "mv_0000000.txt", "");
    write_file(inner, "mv_0000002.txt", "");
    write_file(inner, "mv_0000010.txt", "10:\n822109,4,1999-12-31");
    source.path = folder;
    assert_ok(rb_dataset_read(&d, &source, &rb_test_ctx, &err), &err);
    assert_int_equal(d.interactions.n, 3);
    assert_int_equal(d.users.n, 2);
    assert_int_equal(d.items.n, 2);
    assert_int_equal(rb_ids_find(&d.items, "10"), 1);
    assert_int_equal(d.interactions.user[0], 1);
    assert_int_equal(d.interactions.time[0], 1125964800);
    assert_int_equal(d.interactions.time[2], 946598400);
    rb_dataset_fini(&d);
    write_file(inner, "mv_0000010.txt", "10:\n822109,4,1999-12-31\n822109,x,1999-12-31\n");
    assert_int_equal(rb_dataset_read(&d, &source, &rb_test_ctx, &err), RB_BAD_INPUT);
    snprintf(message, sizeof message,
             "%s/mv_0000010.txt:3:8: rating 'x' is not a number (on_error: skip counts such lines and goes on)", inner);
    assert_string_equal(err.message, message);
    rb_dataset_fini(&d);
    remove_file(inner, "mv_0000000.txt");
    remove_file(inner, "mv_0000001.txt");
    remove_file(inner, "mv_0000002.txt");
    remove_file(inner, "mv_0000010.txt");
    remove_file(inner, "");
    remove_file(folder, "");
}

static void ratings_and_items_of_one_folder_are_aligned(void **unused)
{
    (void)unused;
    char folder[64];
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    make_folder(folder);
    write_file(folder, "small.inter", "user_id:token\titem_id:token\trating:float\nu\tb\t3\nu\ta\t4\nv\tz\t1\n");
    write_file(folder, "small.item", "item_id:token\tmovie_title:token_seq\nb\tBee\nc\tSea\na\tAye\n");
    source.path = folder;
    assert_ok(rb_dataset_read(&d, &source, &rb_test_ctx, &err), &err);
    assert_true(d.has_interactions && d.has_catalogue);
    assert_int_equal(d.catalogue.n, 3);
    assert_string_equal(rb_strings_at(&d.catalogue.column[RB_COLUMN_TITLE], 0), "Aye");
    assert_string_equal(rb_strings_at(&d.catalogue.column[RB_COLUMN_TITLE], 1), "Bee");
    assert_string_equal(rb_strings_at(&d.catalogue.column[RB_COLUMN_TITLE], 2), "");
    rb_dataset_fini(&d);
    remove_file(folder, "small.inter");
    remove_file(folder, "small.item");
    remove_file(folder, "");
}

/* Rated titles without a row in the catalogue stay, too; ratings are those of the same titles. */
static void titles_that_nobody_rated_are_items_where_asked_for(void **unused)
{
    (void)unused;
    static const char *const title[] = { "Aye", "Bee", "Sea", "" };
    static const int32_t item[] = { 1, 0, 3 };
    char folder[64];
    rb_error err = { 0 }, none = { 0 };
    rb_dataset d = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    make_folder(folder);
    write_file(folder, "small.inter", "user_id:token\titem_id:token\trating:float\nu\tb\t3\nu\ta\t4\nv\tz\t1\n");
    write_file(folder, "small.item", "item_id:token\tmovie_title:token_seq\nb\tBee\nc\tSea\na\tAye\n");
    source.path = folder;
    rb_digest rated = digest_of(folder, &rb_test_ctx);
    source.all_titles = true;
    assert_ok(rb_dataset_read(&d, &source, &rb_test_ctx, &err), &err);
    assert_true(d.items.n == 4 && d.catalogue.n == 4 && d.interactions.n_items == 4 && d.users.n == 2);
    assert_memory_equal(d.interactions.item, item, sizeof item);
    for (int32_t i = 0; i < 4; i++)
        assert_string_equal(rb_strings_at(&d.catalogue.column[RB_COLUMN_TITLE], i), title[i]);
    assert_same(&d.digest, &rated, false);
    rb_dataset_fini(&d);
    remove_file(folder, "small.item");
    assert_int_equal(rb_dataset_read(&d, &source, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "'items: catalogue' needs a catalogue"));
    rb_dataset_fini(&d);
    remove_file(folder, "small.inter");
    remove_file(folder, "");
    assert_ok(rb_dataset_named(&d, "ml-latest-small", rb_test_data(), &source, &rb_test_ctx, &none), &none);
    assert_true(d.items.n == 9742 && d.interactions.n_items == 9742 && d.interactions.n == 100836);
    rb_dataset_fini(&d);
}

static void a_scale_that_is_given_is_that_of_the_ratings(void **unused)
{
    (void)unused;
    char folder[64];
    rb_dataset d = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    source.path = folder;
    source.has_scale = true;
    source.scale[0] = 0.5f;
    source.scale[1] = 5;
    make_folder(folder);
    write_file(folder, "ratings.csv",
               "userId,movieId,rating,timestamp\n1,1,4,1\n1,2,5,2\n2,1,50,3\n2,2,3,4\n2,3,0,5\n");
    for (rb_test_ctx.n_threads = 1; rb_test_ctx.n_threads <= 2; rb_test_ctx.n_threads++) {
        rb_error err = { 0 }, none = { 0 };
        char message[256];
        source.skip_errors = false;
        assert_int_equal(rb_dataset_read(&d, &source, &rb_test_ctx, &err), RB_BAD_INPUT);
        snprintf(message, sizeof message,
                 "%s/ratings.csv:4:5: rating '50' is outside the scale 0.5 .. 5 (on_error: skip", folder);
        assert_memory_equal(err.message, message, strlen(message));
        rb_dataset_fini(&d);
        source.skip_errors = true;
        assert_ok(rb_dataset_read(&d, &source, &rb_test_ctx, &none), &none);
        assert_true(d.interactions.n == 3 && d.n_skipped == 2 && d.skipped[1].line == 6);
        assert_true(d.interactions.min_rating == 0.5f && d.interactions.max_rating == 5);
        rb_digest wide = d.digest;
        rb_dataset_fini(&d);
        source.scale[1] = 10;
        assert_ok(rb_dataset_read(&d, &source, &rb_test_ctx, &none), &none);
        assert_same(&d.digest, &wide, false);
        rb_dataset_fini(&d);
        source.scale[1] = 5;
    }
    rb_test_ctx.n_threads = 2;
    rb_error err = { 0 };
    char path[128];
    write_file(folder, "ratings.csv", "userId,movieId\n1,1\n1,2\n");
    snprintf(path, sizeof path, "%s/ratings.csv", folder);
    source.path = path;
    source.format = "csv";
    assert_int_equal(rb_dataset_read(&d, &source, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "'scale' is of ratings, and data set"));
    rb_dataset_fini(&d);
    remove_file(folder, "ratings.csv");
    remove_file(folder, "");
}

/* What `data synth` writes, by hand. */
static const char *const made[][2] = {
    { "ratings.csv", "userId,movieId,rating,timestamp\n1,0,3.5,10\n1,2,4,11\n3,2,1,12\n" },
    { "users.csv", "userId,gender,age,country,device,segment\n0,male,30,Peru,tv,1\n1,male,31,Peru,tv,0\n"
                   "2,male,32,Peru,tv,1\n3,male,33,Peru,tv,2\n" },
    { "titles.csv", "show_id,title\n0,Aye\n1,Bee\n2,Sea\n" },
    { "topics.csv", "show_id,topic\n0,7\n1,8\n2,7\n" },
    { "sessions.csv", "session,userId,movieId,timestamp,completion,device\n0,1,0,10,0.5,phone\n0,1,2,11,1,phone\n"
                      "1,2,1,20,0.25,tv\n1,2,0,21,0,tv\n" },
};
enum { N_MADE = sizeof made / sizeof *made };

static void write_made(char folder[64])
{
    make_folder(folder);
    for (int i = 0; i < N_MADE; i++)
        write_file(folder, made[i][0], made[i][1]);
}

static void remove_made(const char *folder)
{
    for (int i = 0; i < N_MADE; i++)
        remove_file(folder, made[i][0]);
    remove_file(folder, "");
}

static void a_generated_folder_has_its_sessions_and_planted_truth(void **unused)
{
    (void)unused;
    char folder[64];
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    write_made(folder);
    source.path = folder;
    assert_ok(rb_dataset_read(&d, &source, &rb_test_ctx, &err), &err);
    assert_true(d.has_interactions && d.has_catalogue && d.has_sessions);
    assert_true(d.users.n == 4 && d.items.n == 3); /* the unrated too */
    static const int32_t user[] = { 1, 1, 3 }, item[] = { 0, 2, 2 }, segment[] = { 1, 0, 1, 2 }, topic[] = { 7, 8, 7 };
    assert_memory_equal(d.interactions.user, user, sizeof user);
    assert_memory_equal(d.interactions.item, item, sizeof item);
    assert_memory_equal(d.user_segment, segment, sizeof segment);
    assert_memory_equal(d.catalogue.topic, topic, sizeof topic);
    static const int64_t begin[] = { 0, 2, 4 }, time[] = { 10, 11, 20, 21 };
    static const int32_t walker[] = { 1, 2 }, met[] = { 0, 2, 1, 0 };
    static const float share[] = { 0.5f, 1, 0.25f, 0 };
    static const uint8_t device[] = { RB_DEVICE_PHONE, RB_DEVICE_TV };
    assert_true(d.sessions.n == 2 && d.sessions.n_events == 4);
    assert_memory_equal(d.sessions.begin, begin, sizeof begin);
    assert_memory_equal(d.sessions.user, walker, sizeof walker);
    assert_memory_equal(d.sessions.item, met, sizeof met);
    assert_memory_equal(d.sessions.time, time, sizeof time);
    assert_memory_equal(d.sessions.completion, share, sizeof share);
    assert_memory_equal(d.sessions.device, device, sizeof device);
    rb_dataset_fini(&d);
    remove_made(folder);
}

static void a_damaged_generated_folder_is_named_with_its_line(void **unused)
{
    (void)unused;
    static const struct {
        int file;
        const char *text, *message;
    } bad[] = {
        { 1, "userId,gender,age,country,device,segment\n1,m,1,P,tv,0\n0,m,1,P,tv,0\n", "users.csv:3:1: " },
        { 1, "userId,gender,age,country,device,segment\n1,m,1,P,tv\n", "users.csv:2:1: 5 fields, expected 6" },
        { 1, "userId,gender,age,country,device,segment\n1,m,1,P,tv,0\n", "user '3' of the ratings is missing" },
        { 3, "show_id,topic\n0,7\n", "topics.csv: topics of 1 titles, expected 3" },
        { 3, "show_id,topic\n0,7\n1,7\n5,7\n", "topics.csv:4:1: '5' is no title" },
        { 4, "session,userId,movieId,timestamp,completion,device\n0,9,0,1,1,tv\n", "sessions.csv:2:3: '9' is no user" },
        { 4, "session,userId,movieId,timestamp,completion,device\n0,1,0,x,1,tv\n", "sessions.csv:2:7: 'x' is not a" },
    };
    char folder[64];
    rb_source source = RB_SOURCE_DEFAULT;
    write_made(folder);
    source.path = folder;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        rb_error err = { 0 };
        rb_dataset d = { 0 };
        write_file(folder, made[bad[k].file][0], bad[k].text);
        assert_int_equal(rb_dataset_read(&d, &source, &rb_test_ctx, &err), RB_BAD_INPUT);
        if (!strstr(err.message, bad[k].message))
            fail_msg("'%s' lacks '%s'", err.message, bad[k].message);
        rb_dataset_fini(&d);
        write_file(folder, made[bad[k].file][0], made[bad[k].file][1]);
    }
    remove_made(folder);
}

static void reading_survives(const char *folder, bool all_titles, int64_t n_least)
{
    rb_source source = RB_SOURCE_DEFAULT;
    int64_t n_failed = 0;
    source.path = folder;
    source.all_titles = all_titles;
    for (int64_t nth = 1;; nth++) {
        rb_error err = { 0 };
        rb_dataset d = { 0 };
        rb_alloc_fail_nth(rb_test_ctx.rank == 0 ? nth : 0);
        rb_status status = rb_dataset_read(&d, &source, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        rb_dataset_fini(&d);
        if (status == RB_OK)
            break;
        assert_int_equal(status, RB_NO_MEMORY);
        n_failed++;
    }
    assert_true(n_failed > n_least);
}

static void reading_a_folder_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    char folder[64];
    make_folder(folder);
    write_file(folder, "u.data", "1\t20\t3\t5\n1\t7\t4\t6\n");
    reading_survives(folder, false, 30);
    remove_file(folder, "u.data");
    write_file(folder, "x.inter", "user_id:token\titem_id:token\trating:float\nu\tb\t3\nu\ta\t4\n");
    write_file(folder, "x.item", "item_id:token\tmovie_title:token_seq\nb\tBee\nc\tSea\n");
    reading_survives(folder, true, 40);
    remove_file(folder, "x.inter");
    remove_file(folder, "x.item");
    remove_file(folder, "");
    write_made(folder);
    reading_survives(folder, false, 100);
    remove_made(folder);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(movielens_has_its_ratings_users_and_items),
        cmocka_unit_test(titles_without_ratings_are_a_catalogue_alone),
        cmocka_unit_test(an_unknown_name_is_an_error_that_suggests),
        cmocka_unit_test(the_digest_is_the_same_for_any_ranks_and_threads),
        cmocka_unit_test(the_same_rows_have_one_digest_whatever_the_format),
        cmocka_unit_test(a_folder_of_prize_files_is_one_data_set),
        cmocka_unit_test(ratings_and_items_of_one_folder_are_aligned),
        cmocka_unit_test(titles_that_nobody_rated_are_items_where_asked_for),
        cmocka_unit_test(a_scale_that_is_given_is_that_of_the_ratings),
        cmocka_unit_test(a_generated_folder_has_its_sessions_and_planted_truth),
        cmocka_unit_test(a_damaged_generated_folder_is_named_with_its_line),
        cmocka_unit_test(reading_a_folder_survives_the_nth_failed_allocation),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
