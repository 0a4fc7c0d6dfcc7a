/* The same rows written in every format are read as the same rows, on any number of ranks and threads. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "base/text.h"
#include "data/ratings_read.h"
#include "data/sniff.h"
#include "support/oracle_ratings.h"
#include "support/support.h"

#define N_USERS 60
#define N_ITEMS 45
#define N_ROWS 700

static oracle_row rows[N_ROWS];
static rb_error no_error;

/* Distinct pairs in random order; ids from two patterns of printf. Half stars; times at midnight, as the Netflix Prize
 * knows nothing finer. */
static void make_rows(const char *user, const char *item)
{
    int order[N_USERS * N_ITEMS];
    for (int k = 0; k < N_USERS * N_ITEMS; k++)
        order[k] = k;
    for (int k = 0; k < N_ROWS; k++) {
        rb_rng rng = { .key = 5, .stream = rb_stream("pairs"), .entity = (uint64_t)k };
        int other = k + (int)rb_rng_below(&rng, 0, N_USERS * N_ITEMS - k), pair = order[other];
        order[other] = order[k];
        snprintf(rows[k].user, sizeof rows[k].user, user, 1 + pair / N_ITEMS * 7);
        snprintf(rows[k].item, sizeof rows[k].item, item, 1 + pair % N_ITEMS * 3);
        rows[k].rating = (float)(1 + rb_rng_below(&rng, 1, 10)) / 2;
        rows[k].time = 86400 * (10000 + rb_rng_below(&rng, 2, 3000));
    }
}

static int by_item(const void *a, const void *b)
{
    const oracle_row *s = a, *t = b;
    int order = atoi(s->item) - atoi(t->item);
    return order ? order : atoi(s->user) - atoi(t->user);
}

/* One row as a line, by a pattern in which U I R T D stand for user, item, rating, time and date. */
static void add_line(rb_text *text, const char *pattern, const oracle_row *row)
{
    char date[16];
    time_t t = (time_t)row->time;
    struct tm parts;
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&t, &parts));
    for (const char *p = pattern; *p; p++)
        switch (*p) {
        case 'U':
            rb_text_addf(text, &no_error, "%s", row->user);
            break;
        case 'I':
            rb_text_addf(text, &no_error, "%s", row->item);
            break;
        case 'R':
            rb_text_addf(text, &no_error, "%g", (double)row->rating);
            break;
        case 'T':
            rb_text_addf(text, &no_error, "%lld", (long long)row->time);
            break;
        case 'D':
            rb_text_addf(text, &no_error, "%s", date);
            break;
        default:
            rb_text_add(text, p, 1, &no_error);
        }
}

static void add_lines(rb_text *text, const char *head, const char *pattern)
{
    rb_text_addf(text, &no_error, "%s", head);
    for (int k = 0; k < N_ROWS; k++)
        add_line(text, pattern, &rows[k]);
}

static rb_status read_text(rb_dataset *d, const char *format, const rb_text *text, const rb_source *source,
                           rb_error *err)
{
    *d = (rb_dataset){ 0 };
    return rb_ratings_read_buffer(d, rb_ratings_format_find(format), "text", text->data, text->length, source,
                                  &rb_test_ctx, err);
}

/* Reads a text with 1 to 3 threads, and checks it and what sniffing makes of it. The text is released. */
static void check_text(rb_text *text, const char *format, const rb_source *source, bool numeric, bool with_rating,
                       bool with_time)
{
    for (rb_test_ctx.n_threads = 1; rb_test_ctx.n_threads <= 3; rb_test_ctx.n_threads++) {
        rb_error err = { 0 };
        rb_dataset d;
        assert_ok(read_text(&d, format, text, source, &err), &err);
        oracle_ratings_check(&d, rows, N_ROWS, numeric, with_rating, with_time);
        rb_dataset_fini(&d);
    }
    rb_test_ctx.n_threads = 2;
    rb_text_fini(text);
}

static void check(const char *format, const char *head, const char *pattern, bool numeric, bool with_rating,
                  bool with_time)
{
    rb_source source = RB_SOURCE_DEFAULT;
    rb_text text = { 0 };
    add_lines(&text, head, pattern);
    check_text(&text, format, &source, numeric, with_rating, with_time);
}

static void every_format_gives_the_same_rows(void **unused)
{
    (void)unused;
    make_rows("%d", "%d");
    check("u.data", "", "U\tI\tR\tT\n", true, true, true);
    check("ratings.dat", "", "U::I::R::T\n", true, true, true);
    check("ratings.csv", "userId,movieId,rating,timestamp\n", "U,I,R,T\n", true, true, true);
    check("libmf", "", "U I R\n", true, true, false);
    check("inter", "item_id:token\tuser_id:token\ttimestamp:float\trating:float\n", "I\tU\tT\tR\n", true, true, true);
    check("csv", "", "U,I,R\n", true, true, false);
    check("csv", "user,item\n", "U,I\n", true, false, false);
    check("tsv", "Movie_ID\tStars\tUserID\tdate\n", "I\tR\tU\tD\n", true, true, true);
    check("text", "user;movie;rating\n", "U;I;R\n", true, true, false);
    check("text", "", "U|I|R|T\n", true, true, true);
}

static void ends_marks_blanks_and_quotes_change_nothing(void **unused)
{
    (void)unused;
    rb_source source = RB_SOURCE_DEFAULT;
    rb_text text = { 0 };
    make_rows("%d", "%d");
    check("ratings.csv", "\xef\xbb\xbfuserId,movieId,rating,timestamp\r\n", "U,I,R,T\r\n", true, true, true);
    check("csv", "\"user\",\"item\",\"rating\"\n", "\"U\",\"I\",\"R\"\n", true, true, false);
    check("csv", "user, item, rating\n", " U , I,\tR \n", true, true, false);
    check("libmf", "", "  U\t I   R \n", true, true, false);
    check("csv", "user,item,rating\n\n\n", "U,I,R\n\n", true, true, false);
    add_lines(&text, "user,item,rating\n", "U,I,R\n");
    text.length--; /* no newline after the last line */
    check_text(&text, "csv", &source, true, true, false);
}

static void matrix_market_and_netflix_prize_are_read(void **unused)
{
    (void)unused;
    rb_source source = RB_SOURCE_DEFAULT;
    rb_text text = { 0 };
    make_rows("%d", "%d");
    char head[128];
    snprintf(head, sizeof head, "%%%%MatrixMarket matrix coordinate real general\n%% a comment\n\n500 500 %d\n",
             N_ROWS);
    check("matrix-market", head, "U I R\n", true, true, false);
    qsort(rows, N_ROWS, sizeof *rows, by_item);
    for (int k = 0; k < N_ROWS; k++) {
        if (k == 0 || strcmp(rows[k].item, rows[k - 1].item) != 0)
            rb_text_addf(&text, &no_error, "%s:\n", rows[k].item);
        rows[k].rating = (float)(1 + k % 5);
        add_line(&text, "U,R,D\n", &rows[k]);
    }
    check_text(&text, "netflix-prize", &source, true, true, true);
}

static void both_sides(const char *user, const char *item, bool numeric)
{
    make_rows(user, item);
    check("tsv", "user\titem\trating\n", "U\tI\tR\n", numeric, true, false);
}

static void numbers_of_any_size_are_ordered_by_value(void **unused)
{
    (void)unused;
    both_sides("-%d", "%d000000000", true);
    both_sides("%d00000000", "%d", true);
    both_sides("9%015d", "-%d", true);
}

static void what_is_not_a_plain_whole_number_is_text(void **unused)
{
    (void)unused;
    both_sides("user %d", "film %d", false);
    both_sides("%04d", "%d.0", false);
    both_sides("\xc3\xa9%d", "+%d", false);
    both_sides("99999999999999999999%d", "0%d", false);
}

static void columns_delimiter_and_header_are_as_the_user_says(void **unused)
{
    (void)unused;
    rb_source source = { .user_column = "3", .item_column = "1", .rating_column = "5", .delimiter = '#', .header = 1 };
    rb_text text = { 0 };
    make_rows("%d", "%d");
    add_lines(&text, "1#2#3#4#5\n", "I#x#U##R\n");
    check_text(&text, "text", &source, true, true, false);
    source = (rb_source){ .user_column = "who", .item_column = "what", .timestamp_column = "when", .header = -1 };
    add_lines(&text, "who,when,what\n", "U,T,I\n");
    check_text(&text, "csv", &source, true, false, true);
}

static void quoted_ids_keep_delimiters_and_quotes(void **unused)
{
    (void)unused;
    static const char text[] = "user,item,rating\n"
                               "\"a,b\",\"say \"\"hi\"\"\",3\n"
                               "\"a,b\",plain,4\n"
                               "c,\"say \"\"hi\"\"\",5\n";
    rb_error err = { 0 };
    rb_dataset d = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    assert_ok(rb_ratings_read_buffer(&d, rb_ratings_format_find("csv"), "text", text, sizeof text - 1, &source,
                                     &rb_test_ctx, &err),
              &err);
    assert_int_equal(rb_ids_find(&d.users, "a,b"), 0);
    assert_int_equal(rb_ids_find(&d.items, "say \"hi\""), 1);
    assert_int_equal(d.interactions.item[2], 1);
    rb_dataset_fini(&d);
}

static void formats_are_told_by_name_and_first_bytes(void **unused)
{
    (void)unused;
    static const char *const cases[][3] = {
        { "ml/u.data", "1\t2\t3\t4\n", "u.data" },
        { "ratings.dat", "1::2::3::4\n", "ratings.dat" },
        { "x.csv", "userId,movieId,rating,timestamp\r\n", "ratings.csv" },
        { "x.csv", "\xef\xbb\xbfuserId,movieId,rating,timestamp", "ratings.csv" },
        { "x.csv", "userId,movieId,rating\n", "csv" },
        { "train.txt", "1 2 3.5\n", "libmf" },
        { "train.txt", "anna film 3.5\n", "text" },
        { "a.inter", "user_id:token\n", "inter" },
        { "x.txt", "%%MatrixMarket matrix coordinate real general\n", "matrix-market" },
        { "x.mtx", "", "matrix-market" },
        { "combined_data_1.txt", "1:\n1488844,3,2005-09-06\n", "netflix-prize" },
        { "x.tsv", "a\tb\n", "tsv" },
        { "x", "a;b;c", "text" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(rb_sniff_ratings(cases[i][0], cases[i][1], (int64_t)strlen(cases[i][1]))->name,
                            cases[i][2]);
}

static void read_duplicates(rb_dataset *d, rb_duplicates policy, const char *text)
{
    rb_error err = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    source.duplicates = policy;
    assert_ok(rb_ratings_read_buffer(d, rb_ratings_format_find("ratings.csv"), "text", text, (int64_t)strlen(text),
                                     &source, &rb_test_ctx, &err),
              &err);
}

static void duplicates_keep_the_last_or_the_mean_at_its_place(void **unused)
{
    (void)unused;
    static const char text[] = "userId,movieId,rating,timestamp\n1,1,1,10\n1,2,2,20\n1,1,2,30\n2,1,3,40\n1,1,5,50\n";
    const oracle_row last[] = { { "1", "2", 2, 20 }, { "2", "1", 3, 40 }, { "1", "1", 5, 50 } };
    oracle_row mean[3];
    rb_dataset d = { 0 };
    read_duplicates(&d, RB_DUPLICATES_LAST, text);
    oracle_ratings_check(&d, last, 3, true, true, true);
    rb_dataset_fini(&d);
    memcpy(mean, last, sizeof mean);
    mean[2].rating = (float)((1.0 + 2.0 + 5.0) / 3.0);
    read_duplicates(&d, RB_DUPLICATES_MEAN, text);
    oracle_ratings_check(&d, mean, 3, true, true, true);
    rb_dataset_fini(&d);
}

/* Every 7th row is malformed, in one of several ways; the others must be read as if it were not there. */
static void skipped_lines_are_counted_and_listed(void **unused)
{
    (void)unused;
    static oracle_row kept[N_ROWS];
    rb_source source = RB_SOURCE_DEFAULT;
    rb_text text = { 0 };
    int64_t n_kept = 0, n_bad = 0;
    make_rows("%d", "%d");
    source.skip_errors = true;
    rb_text_addf(&text, &no_error, "userId,movieId,rating,timestamp\n");
    for (int k = 0; k < N_ROWS; k++) {
        static const char *const bad[] = { "x,I,R,T\n", "U,I,bad,T\n", "U,I,R\n", "U,I,nan,T\n" };
        n_bad += k % 7 == 3;
        add_line(&text, k % 7 == 3 ? bad[k % 4] : "U,I,R,T\n", &rows[k]);
        if (k % 7 != 3)
            kept[n_kept++] = rows[k];
    }
    for (rb_test_ctx.n_threads = 1; rb_test_ctx.n_threads <= 3; rb_test_ctx.n_threads++) {
        rb_error err = { 0 };
        rb_dataset d;
        assert_ok(read_text(&d, "ratings.csv", &text, &source, &err), &err);
        oracle_ratings_check(&d, kept, n_kept, true, true, true);
        assert_int_equal(d.n_skipped, n_bad);
        assert_int_equal(d.n_skipped_listed, n_bad);
        for (int64_t b = 0; b < n_bad; b++)
            assert_int_equal(d.skipped[b].line, 2 + 3 + 7 * b);
        assert_string_equal(d.skipped[0].reason, "rating 'nan' is not finite");
        assert_string_equal(d.skipped[0].file, "text");
        rb_dataset_fini(&d);
    }
    rb_test_ctx.n_threads = 2;
    rb_text_fini(&text);
}

static void at_most_a_thousand_skipped_lines_are_listed(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_dataset d;
    rb_source source = RB_SOURCE_DEFAULT;
    rb_text text = { 0 };
    source.skip_errors = true;
    rb_text_addf(&text, &no_error, "1,1,3\n");
    for (int k = 0; k < 2500; k++)
        rb_text_addf(&text, &no_error, "1,2,bad%d\n", k);
    assert_ok(read_text(&d, "csv", &text, &source, &err), &err);
    assert_int_equal(d.n_skipped, 2500);
    assert_int_equal(d.n_skipped_listed, 1000);
    for (int64_t b = 0; b < 1000; b++) {
        char reason[64];
        snprintf(reason, sizeof reason, "rating 'bad%d' is not a number", (int)b);
        assert_string_equal(d.skipped[b].reason, reason);
        assert_int_equal(d.skipped[b].line, b + 2);
        assert_int_equal(d.skipped[b].column, 5);
    }
    rb_dataset_fini(&d);
    rb_text_fini(&text);
}

static void reading_survives_the_nth_failed_allocation_on_one_rank(void **unused)
{
    (void)unused;
    static const char *const patterns[] = { "U,I,R,T\n", "\"u\"\"U\",i I,R,T\n" };
    for (int way = 0; way < 2; way++) {
        rb_source source = RB_SOURCE_DEFAULT;
        rb_text text = { 0 };
        int64_t n_failed = 0;
        make_rows("%d", "%d");
        source.skip_errors = true;
        source.duplicates = RB_DUPLICATES_MEAN;
        add_lines(&text, "user,item,rating,timestamp\n", patterns[way]);
        add_line(&text, patterns[way], &rows[0]);
        rb_text_addf(&text, &no_error, "1,2\n");
        for (int64_t nth = 1;; nth++) {
            rb_error err = { 0 };
            rb_dataset d;
            rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks / 2 ? nth : 0);
            rb_status status = read_text(&d, "csv", &text, &source, &err);
            rb_alloc_fail_nth(0);
            rb_dataset_fini(&d);
            if (status == RB_OK)
                break;
            assert_int_equal(status, RB_NO_MEMORY);
            n_failed++;
        }
        assert_true(n_failed > 25);
        rb_text_fini(&text);
    }
}

/* No rank shares memory with another, as if each had a node of its own. */
static void nodes_of_their_own_read_the_same(void **unused)
{
    rb_error err = { 0 };
    rb_ctx shared = rb_test_ctx;
    assert_ok(rb_ctx_init(&rb_test_ctx, MPI_COMM_WORLD, 2, true, &err), &err);
    every_format_gives_the_same_rows(unused);
    duplicates_keep_the_last_or_the_mean_at_its_place(unused);
    skipped_lines_are_counted_and_listed(unused);
    rb_ctx_fini(&rb_test_ctx);
    rb_test_ctx = shared;
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_the_same_rows),
        cmocka_unit_test(ends_marks_blanks_and_quotes_change_nothing),
        cmocka_unit_test(matrix_market_and_netflix_prize_are_read),
        cmocka_unit_test(numbers_of_any_size_are_ordered_by_value),
        cmocka_unit_test(what_is_not_a_plain_whole_number_is_text),
        cmocka_unit_test(columns_delimiter_and_header_are_as_the_user_says),
        cmocka_unit_test(quoted_ids_keep_delimiters_and_quotes),
        cmocka_unit_test(formats_are_told_by_name_and_first_bytes),
        cmocka_unit_test(duplicates_keep_the_last_or_the_mean_at_its_place),
        cmocka_unit_test(skipped_lines_are_counted_and_listed),
        cmocka_unit_test(at_most_a_thousand_skipped_lines_are_listed),
        cmocka_unit_test(nodes_of_their_own_read_the_same),
        cmocka_unit_test(reading_survives_the_nth_failed_allocation_on_one_rank),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
