/* Catalogues: every form that is read, what cleaning makes of it, and every malformed file with its message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/catalogue_read.h"
#include "data/catalogue_rows.h"
#include "data/dataset.h"
#include "data/read.h"
#include "support/support.h"

static const char header[] =
    "show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description\n";

static void parse(rb_catalogue *c, const char *text, const char *name, const char *format)
{
    rb_error err = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    source.format = format;
    assert_ok(rb_catalogue_parse(c, text, (int64_t)strlen(text), name, &source, NULL, &err), &err);
}

static const char *text_at(const rb_catalogue *c, rb_column column, int32_t i)
{
    assert_true(c->has[column]);
    return rb_strings_at(&c->column[column], i);
}

static const char *genre_at(const rb_catalogue *c, int32_t i, int64_t k)
{
    assert_true(c->genre.begin[i] + k < c->genre.begin[i + 1]);
    return rb_strings_at(&c->genre.names, c->genre.value[c->genre.begin[i] + k]);
}

static void titles_are_read_with_quotes_newlines_and_both_dates(void **unused)
{
    (void)unused;
    char text[2048];
    rb_catalogue c = { 0 };
    snprintf(text, sizeof text, "\xEF\xBB\xBF%s%s", header,
             "s10,Movie,\"Two, \"\"the\"\" second\", A Director ,\"B, C,B\",\"India,, Japan\",25-Sep-21,2019,TV-Y7,90 "
             "min,\"Dramas, Comedies\",\"Across\r\nlines\"\r\n"
             "s2,TV Show,Two\xC2\xA0,,,, \"September 25, 2021\",1999,,1 Season,Dramas,x\n");
    rb_error err = { 0 };
    assert_int_equal(rb_catalogue_parse(&c, text, (int64_t)strlen(text), "f.csv", NULL, NULL, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "f.csv:4:")); /* a space before a quote is no quote */
    memmove(strstr(text, " \"September"), strstr(text, "\"September"), strlen(strstr(text, "\"September")) + 1);
    parse(&c, text, "f.csv", NULL);
    assert_int_equal(c.n, 2);
    assert_string_equal(rb_ids_name((char[32]){ 0 }, &c.ids, 0), "s10");
    assert_string_equal(text_at(&c, RB_COLUMN_TITLE, 0), "Two, \"the\" second");
    assert_string_equal(text_at(&c, RB_COLUMN_DIRECTOR, 0), "A Director");
    assert_string_equal(text_at(&c, RB_COLUMN_DESCRIPTION, 0), "Across\r\nlines");
    assert_string_equal(text_at(&c, RB_COLUMN_TITLE, 1), "Two");
    assert_int_equal(c.date_added[0],
                     18895); /* both forms of one day: datetime.date(2021, 9, 25).toordinal() - 719163 */
    assert_int_equal(c.date_added[1], 18895);
    assert_int_equal(c.minutes[0], 90);
    assert_int_equal(c.seasons[0], -1);
    assert_int_equal(c.seasons[1], 1);
    assert_int_equal(c.year[0], 2019);
    assert_int_equal(c.age_group[0], RB_AGE_OLDER_KIDS);
    assert_int_equal(c.age_group[1], RB_AGE_UNRATED);
    assert_string_equal(genre_at(&c, 0, 0), "Dramas"); /* in the order written, over sorted names */
    assert_string_equal(genre_at(&c, 0, 1), "Comedies");
    assert_string_equal(rb_strings_at(&c.genre.names, 0), "Comedies");
    assert_int_equal(c.cast.begin[1], 2); /* B stands twice */
    assert_int_equal(c.country.begin[1], 2);
    assert_int_equal(c.cleaning.blank[RB_COLUMN_DIRECTOR], 1);
    assert_int_equal(c.cleaning.blank[RB_COLUMN_RATING], 1);
    rb_catalogue_fini(&c);
}

static void a_duration_in_the_rating_column_is_moved_back(void **unused)
{
    (void)unused;
    char text[1024];
    rb_catalogue c = { 0 };
    snprintf(text, sizeof text, "%s%s", header,
             "s1,Movie,One,,,,,2017,74 min,,Movies,x\ns2,Movie,Two,,,,,2017,74 min,80 min,Movies,x\n"
             "s3,Movie,Three,,,,not a date,20x7,R,about 3,Movies,x\n");
    parse(&c, text, "f.csv", NULL);
    assert_int_equal(c.cleaning.n_shifted, 1);
    assert_int_equal(c.cleaning.blank[RB_COLUMN_DURATION], 1);
    assert_string_equal(text_at(&c, RB_COLUMN_DURATION, 0), "74 min");
    assert_string_equal(text_at(&c, RB_COLUMN_RATING, 0), "");
    assert_string_equal(text_at(&c, RB_COLUMN_RATING, 1), "74 min"); /* its duration stands where it belongs */
    assert_int_equal(c.minutes[0], 74);
    assert_int_equal(c.minutes[1], 80);
    assert_int_equal(c.cleaning.n_bad_dates, 1);
    assert_int_equal(c.cleaning.n_bad_years, 1);
    assert_int_equal(c.cleaning.n_bad_durations, 1);
    assert_int_equal(c.date_added[2], INT32_MIN);
    assert_int_equal(c.year[2], -1);
    rb_catalogue_fini(&c);
}

static void dates_are_days_since_1970(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int32_t days; /* datetime.date(...).toordinal() - 719163; INT32_MIN: no date */
    } known[] = {
        { "January 1, 1970", 0 },
        { "December 31, 1969", -1 },
        { "February 29, 2000", 11016 },
        { "1-Mar-00", 11017 },
        { "31-Dec-68", 36159 },
        { "1-Jan-69", -365 },
        { "2021-09-25", 18895 },
        { "25-Sep-2021", 18895 },
        { "May 5, 2020", 18387 },
        { "February 29, 2021", INT32_MIN },
        { "31-Apr-21", INT32_MIN },
        { "Septem 25, 2021", INT32_MIN },
        { "25-09-2021", INT32_MIN },
        { "September 25 2021", INT32_MIN },
        { "25-Sep-21 ", INT32_MIN },
        { "", INT32_MIN },
        { "07:19", INT32_MIN },
        { "Feb-09", INT32_MIN },
        { "0-Jan-21", INT32_MIN },
        { "1900-02-29", INT32_MIN },
        { "January 99999999999, 2000", INT32_MIN },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int32_t days = INT32_MIN;
        bool is_date = rb_catalogue_date(&days, known[i].text);
        assert_int_equal(is_date, known[i].days != INT32_MIN);
        if (is_date)
            assert_int_equal(days, known[i].days);
    }
}

static void movielens_and_recbole_forms_are_read(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 };
    parse(&c,
          "movieId,title,genres\r\n11,\"American President, The (1995)\",Comedy|Drama\r\n2,Jumanji,(no genres "
          "listed)\r\n",
          "movies.csv", NULL);
    assert_int_equal(c.ids.number[0], 2); /* by value, not by bytes */
    assert_int_equal(c.year[1], 1995);
    assert_int_equal(c.year[0], -1);
    assert_int_equal(c.genre.begin[1] - c.genre.begin[0], 0);
    assert_string_equal(genre_at(&c, 1, 1), "Drama");
    rb_catalogue_fini(&c);
    parse(&c, "1::Caf\xE9 (1995)::Drama|War\n", "movies.dat", NULL);
    assert_string_equal(text_at(&c, RB_COLUMN_TITLE, 0), "Caf\xC3\xA9 (1995)"); /* Latin-1 */
    rb_catalogue_fini(&c);
    parse(&c, "3|Four Rooms (1995)|01-Jan-1995||http://x|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|1\n", "u.item", NULL);
    assert_int_equal(c.year[0], 1995);
    assert_string_equal(genre_at(&c, 0, 0), "Action");
    assert_string_equal(genre_at(&c, 0, 1), "Western");
    rb_catalogue_fini(&c);
    parse(&c,
          "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n1\tToy \"Story\t1995\tAnimation "
          "Comedy\n",
          "ml-100k.item", NULL);
    assert_string_equal(text_at(&c, RB_COLUMN_TITLE, 0), "Toy \"Story");
    assert_string_equal(genre_at(&c, 0, 1), "Comedy");
    assert_int_equal(c.year[0], 1995);
    rb_catalogue_fini(&c);
}

static void tags_are_joined_in_the_order_of_their_rows(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 }, tags = { 0 };
    rb_error err = { 0 };
    parse(&tags, "userId,movieId,tag,timestamp\n2,9,funny,1\n2,1,pixar,2\n3,9,\"very, funny\",3\n4,77,lost,4\n",
          "tags.csv", NULL);
    assert_int_equal(tags.n, 3);
    assert_string_equal(text_at(&tags, RB_COLUMN_TAGS, 1), "funny|very, funny");
    parse(&c, "movieId,title,genres\n1,A,X\n5,B,X\n9,C,X\n", "movies.csv", NULL);
    assert_ok(rb_catalogue_add_tags(&c, &tags, &err), &err);
    assert_string_equal(text_at(&c, RB_COLUMN_TAGS, 0), "pixar");
    assert_string_equal(text_at(&c, RB_COLUMN_TAGS, 1), "");
    assert_string_equal(text_at(&c, RB_COLUMN_TAGS, 2), "funny|very, funny");
    assert_int_equal(c.cleaning.blank[RB_COLUMN_TAGS], 1);
    rb_catalogue_fini(&c);
    rb_catalogue_fini(&tags);
}

static void duplicates_are_marked_and_dropped_on_demand(void **unused)
{
    (void)unused;
    char text[1024];
    rb_catalogue c = { 0 };
    rb_error err = { 0 };
    snprintf(
        text, sizeof text, "%s%s", header,
        "s9,Movie,\xC3\x89t\xC3\xA9 X,,,,,2017,R,80 min,B,x\ns1,Movie, \xC3\xA9T\xC3\x89 x ,,,,,2017,PG,74 min,A,x\n"
        "s5,TV Show,\xC3\xA9t\xC3\xA9 x,,,,,2017,R,1 Season,C,x\ns6,Movie,\xC3\xA9t\xC3\xA9 x,,,,,2018,R,80 min,C,x\n");
    parse(&c, text, "f.csv", NULL);
    assert_int_equal(c.cleaning.n_duplicates, 1);
    assert_int_equal(c.duplicate_of[0], 3); /* s1 repeats s9, which comes first in the file and last by id */
    assert_int_equal(c.duplicate_of[3], -1);
    assert_ok(rb_catalogue_drop_duplicates(&c, &err), &err);
    assert_int_equal(c.n, 3);
    assert_int_equal(c.cleaning.n_dropped, 1);
    assert_int_equal(c.genre.names.n, 2); /* A went with s1 */
    assert_string_equal(genre_at(&c, 2, 0), "B");
    int32_t labels[3];
    assert_ok(rb_catalogue_labels(labels, &c, "type", &err), &err);
    assert_int_equal(labels[0], 1);
    assert_int_equal(labels[1], 0);
    assert_ok(rb_catalogue_labels(labels, &c, "primary_genre", &err), &err);
    assert_int_equal(labels[0], 1);
    assert_int_equal(labels[2], 0);
    assert_int_equal(rb_catalogue_labels(labels, &c, "planted", &err), RB_NOT_APPLICABLE);
    rb_catalogue_fini(&c);
}

static void items_without_a_row_get_blanks(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 }, aligned = { 0 };
    rb_ids items = { 0 };
    rb_error err = { 0 };
    parse(&c, "movieId,title,genres\n1,A (1990),X|Y\n5,B (1991),X\n9,C (1992),Z\n", "movies.csv", NULL);
    assert_ok(rb_ids_init_numbers(&items, (int64_t[]){ 2, 5, 9, 10 }, 4, &err), &err);
    assert_ok(rb_catalogue_align(&aligned, &c, &items, &err), &err);
    assert_int_equal(aligned.n, 4);
    assert_string_equal(text_at(&aligned, RB_COLUMN_TITLE, 0), "");
    assert_string_equal(text_at(&aligned, RB_COLUMN_TITLE, 1), "B (1991)");
    assert_int_equal(aligned.year[2], 1992);
    assert_int_equal(aligned.year[3], -1);
    assert_int_equal(aligned.ids.number[3], 10);
    assert_string_equal(genre_at(&aligned, 2, 0), "Z");
    assert_int_equal(aligned.genre.begin[4] - aligned.genre.begin[3], 0);
    rb_catalogue_fini(&aligned);
    rb_catalogue_fini(&c);
    rb_ids_fini(&items);
}

static char *read_bytes(const char *path, int64_t *n)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot read %s", path);
    char *bytes = calloc(1, 1 << 16);
    *n = (int64_t)fread(bytes, 1, (1 << 16) - 1, file);
    fclose(file);
    return bytes;
}

/* Each line of tests/data/malformed/catalogue/expected is the message for the file that it begins with. */
static void every_malformed_file_has_its_message(void **unused)
{
    (void)unused;
    int64_t n_list, n;
    char *list = read_bytes(rb_test_path("tests/data/malformed/catalogue/expected"), &n_list), *rest = list, *line;
    int n_files = 0;
    while ((line = strsep(&rest, "\n")) && *line) {
        char name[256], path[512];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(line, ":"), line);
        snprintf(path, sizeof path, "tests/data/malformed/catalogue/%s", name);
        char *bytes = read_bytes(rb_test_path(path), &n);
        rb_catalogue c = { 0 };
        rb_error err = { 0 };
        assert_int_equal(rb_catalogue_parse(&c, bytes, n, name, NULL, NULL, &err), RB_BAD_INPUT);
        assert_string_equal(err.message, line);
        rb_catalogue_fini(&c);
        free(bytes);
        n_files++;
    }
    assert_true(n_files >= 25);
    free(list);
}

static void skipped_rows_are_counted_and_listed(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 };
    rb_dataset d = { 0 };
    rb_error err = { 0 };
    rb_source source = RB_SOURCE_DEFAULT;
    source.skip_errors = true;
    const char text[] = "movieId,title,genres\n1,A,X\n2,B\n1,C,X\n3,D\"E,X\n ,F,X\n4,G,X\n5,\"H,X\n6,I,X\n";
    assert_ok(rb_catalogue_parse(&c, text, sizeof text - 1, "movies.csv", &source, &d, &err), &err);
    assert_int_equal(c.n, 3); /* 1, 4, 6 */
    assert_int_equal(c.cleaning.n_skipped, 5);
    assert_int_equal(c.cleaning.n_rows, 3);
    assert_int_equal(d.n_skipped, 5);
    static const int64_t places[][2] = { { 3, 1 }, { 4, 1 }, { 5, 4 }, { 6, 1 }, { 8, 3 } };
    for (int k = 0; k < 5; k++) {
        assert_int_equal(d.skipped[k].line, places[k][0]);
        assert_int_equal(d.skipped[k].column, places[k][1]);
        assert_string_equal(d.skipped[k].file, "movies.csv");
    }
    assert_string_equal(d.skipped[0].reason, "2 fields, expected 3");
    for (int k = 0; k < 5; k++) {
        rb_free(d.skipped[k].file);
        rb_free(d.skipped[k].reason);
    }
    rb_free(d.skipped);
    rb_catalogue_fini(&c);
}

static void parsing_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    char text[1024];
    snprintf(text, sizeof text, "%s%s", header,
             "s9,Movie,X,A,B,C,25-Sep-21,2017,R,80 min,B,x\ns1,Movie,x,,,,,2017,80 min,,A,x\n");
    for (int64_t nth = 1;; nth++) {
        rb_catalogue c = { 0 };
        rb_error err = { 0 };
        rb_alloc_fail_nth(nth);
        rb_status status = rb_catalogue_parse(&c, text, (int64_t)strlen(text), "f.csv", NULL, NULL, &err);
        int64_t n_allocations = rb_alloc_fail_nth(0);
        rb_catalogue_fini(&c);
        if (status == RB_OK) {
            assert_true(n_allocations < nth);
            assert_true(nth > 50);
            break;
        }
        assert_int_equal(status, RB_NO_MEMORY);
    }
}

static void columns_have_names(void **unused)
{
    (void)unused;
    for (int k = 0; k < RB_N_COLUMNS; k++)
        assert_int_equal(rb_column_find(rb_column_name((rb_column)k)), k);
    assert_int_equal(rb_column_find("listed_in"), RB_COLUMN_GENRES);
    assert_int_equal(rb_column_find("plot"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_are_read_with_quotes_newlines_and_both_dates),
        cmocka_unit_test(a_duration_in_the_rating_column_is_moved_back),
        cmocka_unit_test(dates_are_days_since_1970),
        cmocka_unit_test(movielens_and_recbole_forms_are_read),
        cmocka_unit_test(tags_are_joined_in_the_order_of_their_rows),
        cmocka_unit_test(duplicates_are_marked_and_dropped_on_demand),
        cmocka_unit_test(items_without_a_row_get_blanks),
        cmocka_unit_test(every_malformed_file_has_its_message),
        cmocka_unit_test(skipped_rows_are_counted_and_listed),
        cmocka_unit_test(parsing_survives_the_nth_failed_allocation),
        cmocka_unit_test(columns_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
