/* Records of delimited text: known answers by RFC 4180, and where each field stands. */
#include <string.h>

#include "base/text.h"
#include "data/csv.h"
#include "support/support.h"

/* All records as "field|field/..." */
static char *read_all(const char *bytes, int64_t n, const char *separator, bool quotes)
{
    rb_error err = { 0 };
    rb_csv csv = { 0 };
    rb_text all = { 0 };
    bool more;
    assert_ok(rb_text_add(&all, "", 0, &err), &err);
    rb_csv_begin(&csv, "f", bytes, n, separator, quotes);
    for (;;) {
        assert_ok(rb_csv_next(&csv, &more, &err), &err);
        if (!more)
            break;
        for (int64_t f = 0; f < csv.n_fields; f++) {
            assert_int_equal(strlen(rb_csv_text(&csv, f)), csv.field[f].n);
            assert_ok(rb_text_addf(&all, &err, "%s%s", f ? "|" : "", rb_csv_text(&csv, f)), &err);
        }
        assert_ok(rb_text_add(&all, "/", 1, &err), &err);
    }
    rb_csv_fini(&csv);
    return all.data;
}

static void fields_are_those_of_rfc_4180(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes, *separator;
        bool quotes;
        const char *fields;
    } known[] = {
        { "a,b\nc,d\n", ",", true, "a|b/c|d/" },
        { "a,b\r\nc,d", ",", true, "a|b/c|d/" },
        { "\"a,b\",\"c\"\"d\"\"\",\"e\nf\"\n", ",", true, "a,b|c\"d\"|e\nf/" },
        { "\"\",,\"\"\"\"\n", ",", true, "||\"/" },
        { "\xEF\xBB\xBF"
          "a,b\n\n\r\n\nc,\n",
          ",", true, "a|b/c|/" },
        { "a;b,c;\"d;e\"", ";", true, "a|b,c|d;e/" },
        { "1::Toy \"Story\"::a|b\n2::x:y::\n", "::", false, "1|Toy \"Story\"|a|b/2|x:y|/" },
        { "a\tb\t\n", "\t", false, "a|b|/" },
        { "a\rb,c\r\n", ",", true, "a\rb|c/" },
        { "", ",", true, "" },
        { "\n\n", ",", true, "" },
        { ",", ",", true, "|/" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char *got = read_all(known[i].bytes, (int64_t)strlen(known[i].bytes), known[i].separator, known[i].quotes);
        assert_string_equal(got, known[i].fields);
        rb_free(got);
    }
}

static void a_field_knows_its_line_and_column(void **unused)
{
    (void)unused;
    const char text[] = "a,b\r\n\"x\ny\",\"p\"\"q\",z\n\nlast,\xC3\xA9,end\n";
    static const int64_t places[][2] = {
        { 1, 1 }, { 1, 3 }, { 2, 1 }, { 3, 4 }, { 3, 11 }, { 5, 1 }, { 5, 6 }, { 5, 9 }
    };
    rb_error err = { 0 };
    rb_csv csv = { 0 };
    bool more = true;
    size_t k = 0;
    rb_csv_begin(&csv, "f", text, sizeof text - 1, ",", true);
    while (rb_csv_next(&csv, &more, &err) == RB_OK && more)
        for (int64_t f = 0; f < csv.n_fields; f++, k++) {
            assert_int_equal(csv.field[f].line, places[k][0]);
            assert_int_equal(csv.field[f].column, places[k][1]);
        }
    assert_int_equal(k, sizeof places / sizeof *places);
    rb_csv_fini(&csv);
}

static void reading_goes_on_behind_a_malformed_line(void **unused)
{
    (void)unused;
    const char text[] = "a,b\nc,\"d\ne,f\nx\"y,z\n\"p\"q,r\ng,h\xFF\ni,j\n";
    static const char *const messages[] = { "f:2:3: the quote that opens here is never closed",
                                            NULL,
                                            "f:4:2: a quote inside a field that does not begin with one",
                                            "f:5:4: text after a closing quote",
                                            "f:6:4: this byte is not UTF-8",
                                            NULL };
    /* A quote that is never closed is only known at the end: here the next one closes it, in line 4. */
    const char closed[] = "a,b\nc,\"d\ne,f\nx\"y,z\ni,j\n";
    rb_csv csv = { 0 };
    rb_error err = { 0 };
    bool more;
    rb_csv_begin(&csv, "f", closed, sizeof closed - 1, ",", true);
    assert_int_equal(rb_csv_next(&csv, &more, &err), RB_OK);
    assert_int_equal(rb_csv_next(&csv, &more, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, "f:4:3: text after a closing quote");
    err = (rb_error){ 0 };
    assert_int_equal(rb_csv_next(&csv, &more, &err), RB_OK);
    assert_string_equal(rb_csv_text(&csv, 0), "i");
    /* With every later quote gone it is never closed. */
    char open[sizeof text];
    memcpy(open, text, sizeof text);
    for (size_t i = 8; i < sizeof open; i++)
        if (open[i] == '"')
            open[i] = '\'';
    rb_csv_begin(&csv, "f", open, sizeof open - 1, ",", true);
    assert_int_equal(rb_csv_next(&csv, &more, &err), RB_OK);
    assert_int_equal(rb_csv_next(&csv, &more, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, messages[0]);
    err = (rb_error){ 0 };
    assert_int_equal(rb_csv_next(&csv, &more, &err), RB_OK);
    assert_string_equal(rb_csv_text(&csv, 0), "e");
    /* Without the open quote each bad line is one error. */
    rb_csv_begin(&csv, "f", text + 9, sizeof text - 10, ",", true);
    csv.line = 3;
    for (size_t k = 1; k < sizeof messages / sizeof *messages; k++) {
        err = (rb_error){ 0 };
        rb_status status = rb_csv_next(&csv, &more, &err);
        assert_int_equal(status, messages[k] ? RB_BAD_INPUT : RB_OK);
        if (messages[k])
            assert_string_equal(err.message, messages[k]);
    }
    assert_string_equal(rb_csv_text(&csv, 1), "j");
    rb_csv_fini(&csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_those_of_rfc_4180),
        cmocka_unit_test(a_field_knows_its_line_and_column),
        cmocka_unit_test(reading_goes_on_behind_a_malformed_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
