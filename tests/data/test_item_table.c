/* Columns of a catalogue as numbers and categories: values by hand, unknown categories, what is refused. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/catalogue_read.h"
#include "data/item_table.h"
#include "support/support.h"

static rb_ctx ctx;

static const char head[] =
    "show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description\n";

/* Titles as a file has them. */
static void read_titles(rb_catalogue *out, const char *rows)
{
    char path[] = "/tmp/rb_item_table_XXXXXX";
    rb_error err = { 0 };
    FILE *f = fdopen(mkstemp(path), "w");
    fprintf(f, "%s%s", head, rows);
    fclose(f);
    assert_ok(rb_catalogue_read(out, path, NULL, NULL, &ctx, &err), &err);
    unlink(path);
}

static const char rows[] = "s1,Movie,A,,,\"France, Spain\",,2000,R,90 min,\"Dramas, Comedies\",x\n"
                           "s2,TV Show,B,,,Spain,,2010,,2 Seasons,Comedies,x\n"
                           "s3,Movie,C,,,,,2005,PG,110 min,Dramas,x\n"
                           "s4,Movie,D,,,Spain,,2005,R,100 min,Action,x\n";

static int set_up(void **unused)
{
    (void)unused;
    rb_ctx_serial(&ctx, 1);
    return 0;
}

static void numbers_are_standardised_and_gaps_are_the_mean(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_catalogue c = { 0 };
    rb_item_schema s = { 0 };
    rb_item_table t = { 0 };
    const double year[] = { -2, 2, 0, 0 }, minutes[] = { -1, 0, 1, 0 }; /* over sqrt(2) 2.5, sqrt(200 / 3) */
    read_titles(&c, rows);
    assert_ok(rb_item_schema_fit(&s, "year+minutes", "", true, &c, &err), &err);
    assert_ok(rb_item_table_init(&t, &s, &c, &err), &err);
    assert_int_equal(s.n_numbers, 2);
    assert_int_equal(s.n_categorical, 0);
    for (int i = 0; i < 4; i++) {
        assert_near(t.number[2 * i], year[i] * 2.5 / 3.5355339059327378, 1e-15);
        assert_near(t.number[2 * i + 1], minutes[i] * 10 / 8.1649658092772603, 1e-15);
    }
    rb_item_table_fini(&t);
    rb_item_schema_fini(&s);
    assert_ok(rb_item_schema_fit(&s, "minutes", "", false, &c, &err), &err);
    assert_ok(rb_item_table_init(&t, &s, &c, &err), &err);
    assert_true(t.number[0] == 90 && t.number[1] == 100 && t.number[2] == 110);
    rb_item_table_fini(&t);
    rb_item_schema_fini(&s);
    rb_catalogue_fini(&c);
}

static void categories_ascend_by_bytes_and_a_blank_is_one(void **unused)
{
    (void)unused;
    static const int32_t codes[4][4] = { { 0, 2, 1, 2 }, { 1, 0, 2, 1 }, { 0, 1, 0, 2 }, { 0, 2, 2, 0 } };
    rb_error err = { 0 };
    rb_catalogue c = { 0 };
    rb_item_schema s = { 0 };
    rb_item_table t = { 0 };
    read_titles(&c, rows);
    assert_ok(rb_item_schema_fit(&s, "", NULL, false, &c, &err), &err); /* type, rating, first country, first genre */
    assert_ok(rb_item_table_init(&t, &s, &c, &err), &err);
    assert_string_equal(s.columns, "|type+rating+country:first+genres:first");
    assert_memory_equal(t.code, codes, sizeof codes);
    assert_string_equal(rb_strings_at(&s.names, s.first[2] + 1), "France");
    rb_item_table_fini(&t);
    rb_catalogue_fini(&c);
    read_titles(&c, "s1,Series,A,,,Spain,,1990,PG,1 Season,Dramas,x\n");
    assert_ok(rb_item_table_init(&t, &s, &c, &err), &err);
    assert_int_equal(t.code[0], -1);
    assert_int_equal(t.code[1], 1);
    assert_int_equal(t.code[3], 2);
    rb_item_table_fini(&t);
    rb_item_schema_fini(&s);
    rb_catalogue_fini(&c);
}

static void assert_refused(const char *text, bool are_numbers, const char *message)
{
    rb_error err = { 0 };
    rb_item_columns columns;
    assert_int_equal(rb_item_columns_parse(&columns, text, are_numbers, "x", &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, message));
}

static void unknown_columns_are_refused(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_catalogue c = { 0 };
    rb_item_schema s = { 0 };
    assert_refused("year+colour", true, "'colour'");
    assert_refused("year+year", true, "twice");
    assert_refused("year+", true, "''");
    assert_refused("type+colour", false, "'colour'");
    assert_refused("genre:first+genres", false, "twice");
    assert_refused("type:first", false, "hold lists");
    assert_refused("genre:last", false, "hold lists");
    read_titles(&c, "s1,Movie,A,,,Spain,,1990,PG,90 min,Dramas,x\n");
    assert_int_equal(rb_item_schema_fit(&s, "seasons", NULL, false, &c, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "'seasons'"));
    rb_item_schema_fini(&s);
    rb_catalogue_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_standardised_and_gaps_are_the_mean),
        cmocka_unit_test(categories_ascend_by_bytes_and_a_blank_is_one),
        cmocka_unit_test(unknown_columns_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
