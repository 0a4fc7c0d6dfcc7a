/* One table in all its forms, and what a failed allocation leaves behind. */
#include <math.h>
#include <stdlib.h>

#include "report/table.h"
#include "support/support.h"

static const rb_table_column columns[] = {
    { "name", RB_CELL_TEXT },
    { "value", RB_CELL_NUMBER },
    { "kept", RB_CELL_BOOL },
};

/* Two rows: text that every form must treat with care, a number with more digits than the eye sees, no value. */
static rb_status fill(rb_table *t, rb_error *err)
{
    RB_TRY(rb_table_text(t, "a,\"b\"\tc", err));
    RB_TRY(rb_table_double(t, 0.12345678901234568, 3, err));
    RB_TRY(rb_table_bool(t, true, err));
    RB_TRY(rb_table_text(t, "Amélie", err));
    RB_TRY(rb_table_int(t, 1234567, err));
    RB_TRY(rb_table_bool(t, false, err));
    RB_TRY(rb_table_letters(t, NULL, err));
    RB_TRY(rb_table_double(t, NAN, 3, err));
    RB_TRY(rb_table_bool(t, false, err));
done:
    return err->status;
}

static void expect_form(rb_format format, const char *expected)
{
    rb_error err = { RB_OK };
    rb_table table;
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    rb_table_init(&table, columns, 3);
    assert_ok(fill(&table, &err), &err);
    assert_ok(rb_table_write(out, &table, format, &err), &err);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    rb_table_fini(&table);
}

static void the_form_for_the_eye_is_aligned(void **unused)
{
    (void)unused;
    rb_error err = { RB_OK };
    rb_table table;
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    rb_table_init(&table, columns, 2);
    table.indent = "  ";
    assert_ok(rb_table_text(&table, "Amélie", &err), &err);
    assert_ok(rb_table_int(&table, 1234567, &err), &err);
    assert_ok(rb_table_text(&table, "ials", &err), &err);
    assert_ok(rb_table_shown(&table, 0.5, "0.50 [0.4, 0.6]", &err), &err);
    assert_ok(rb_table_text(&table, "none", &err), &err);
    assert_ok(rb_table_double(&table, INFINITY, 2, &err), &err);
    assert_ok(rb_table_write(out, &table, RB_FORMAT_TABLE, &err), &err);
    fclose(out);
    assert_string_equal(text, "  name              value\n"
                              "  Amélie        1,234,567\n"
                              "  ials    0.50 [0.4, 0.6]\n"
                              "  none\n");
    free(text);
    rb_table_fini(&table);
}

static void csv_quotes_and_keeps_all_digits(void **unused)
{
    (void)unused;
    expect_form(RB_FORMAT_CSV, "name,value,kept\n"
                               "\"a,\"\"b\"\"\tc\",0.12345678901234568,true\n"
                               "Amélie,1234567,false\n"
                               ",,false\n");
}

static void tsv_has_no_tabs_inside(void **unused)
{
    (void)unused;
    expect_form(RB_FORMAT_TSV, "name\tvalue\tkept\n"
                               "a,\"b\" c\t0.12345678901234568\ttrue\n"
                               "Amélie\t1234567\tfalse\n"
                               "\t\tfalse\n");
}

static void json_has_numbers_and_null(void **unused)
{
    (void)unused;
    expect_form(RB_FORMAT_JSON, "[\n"
                                "  {\"name\": \"a,\\\"b\\\"\\tc\", \"value\": 0.12345678901234568, \"kept\": true},\n"
                                "  {\"name\": \"Amélie\", \"value\": 1234567, \"kept\": false},\n"
                                "  {\"name\": null, \"value\": null, \"kept\": false}\n"
                                "]\n");
}

static void letters_are_aligned_for_the_eye_alone(void **unused)
{
    (void)unused;
    const rb_format forms[] = { RB_FORMAT_TABLE, RB_FORMAT_CSV, RB_FORMAT_TSV, RB_FORMAT_JSON };
    const char *const expected[] = { "name\na\n  c\n\n", "name\na\nc\n\n", "name\na\nc\n\n",
                                     "[\n  {\"name\": \"a\"},\n  {\"name\": \"c\"},\n  {\"name\": null}\n]\n" };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        rb_error err = { RB_OK };
        rb_table table;
        char *text;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        rb_table_init(&table, columns, 1);
        assert_ok(rb_table_letters(&table, "a", &err), &err);
        assert_ok(rb_table_letters(&table, "  c", &err), &err);
        assert_ok(rb_table_letters(&table, NULL, &err), &err);
        assert_ok(rb_table_write(out, &table, forms[i], &err), &err);
        fclose(out);
        assert_string_equal(text, expected[i]);
        free(text);
        rb_table_fini(&table);
    }
}

static void markdown_aligns_numbers_on_the_right(void **unused)
{
    (void)unused;
    rb_error err = { RB_OK };
    rb_table table;
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    rb_table_init(&table, columns, 2);
    assert_ok(rb_table_text(&table, "als|bias", &err), &err);
    assert_ok(rb_table_double(&table, 0.5, 4, &err), &err);
    assert_ok(rb_table_write(out, &table, RB_FORMAT_MARKDOWN, &err), &err);
    fclose(out);
    assert_string_equal(text, "| name      |  value |\n"
                              "|-----------|-------:|\n"
                              "| als\\|bias | 0.5000 |\n");
    free(text);
    rb_table_fini(&table);
}

static void an_empty_table_is_an_empty_list(void **unused)
{
    (void)unused;
    rb_error err = { RB_OK };
    rb_table table;
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    rb_table_init(&table, columns, 3);
    assert_ok(rb_table_write(out, &table, RB_FORMAT_JSON, &err), &err);
    assert_ok(rb_table_write(out, &table, RB_FORMAT_CSV, &err), &err);
    fclose(out);
    assert_string_equal(text, "[]\nname,value,kept\n");
    free(text);
    rb_table_fini(&table);
}

static void the_nth_failed_allocation_is_reported(void **unused)
{
    (void)unused;
    rb_table counted;
    rb_error none = { RB_OK };
    rb_table_init(&counted, columns, 3);
    rb_alloc_fail_nth(0);
    assert_ok(fill(&counted, &none), &none);
    int64_t n = rb_alloc_fail_nth(0);
    rb_table_fini(&counted);
    assert_true(n > 0);
    for (int64_t i = 1; i <= n; i++) {
        rb_error err = { RB_OK };
        rb_table table;
        rb_table_init(&table, columns, 3);
        rb_alloc_fail_nth(i);
        assert_int_equal(fill(&table, &err), RB_NO_MEMORY);
        rb_alloc_fail_nth(0);
        rb_table_fini(&table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_for_the_eye_is_aligned),
        cmocka_unit_test(csv_quotes_and_keeps_all_digits),
        cmocka_unit_test(tsv_has_no_tabs_inside),
        cmocka_unit_test(json_has_numbers_and_null),
        cmocka_unit_test(letters_are_aligned_for_the_eye_alone),
        cmocka_unit_test(markdown_aligns_numbers_on_the_right),
        cmocka_unit_test(an_empty_table_is_an_empty_list),
        cmocka_unit_test(the_nth_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
