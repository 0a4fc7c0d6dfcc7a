/* Parameter tables: defaults, parsing with ranges, storing, and the canonical text. */
#include <string.h>

#include "base/param.h"
#include "support/support.h"

typedef struct {
    bool biases;
    int64_t factors;
    double regularization;
    int solver;
    const char *path;
    const char *space;
    rb_model_ref base;
    rb_array start;
} config;

static const rb_param params[] = {
    RB_BOOL(config, biases, true, "with biases"),
    RB_INT(config, factors, 64, 1, 4096, "", "latent factors"),
    RB_DOUBLE(config, regularization, 0.1, 0, 1e6, "", "lambda"),
    RB_CHOICE(config, solver, 1, "cholesky|cg|lu", "solver"),
    RB_STRING(config, path, NULL, "a file"),
    RB_SPACE(config, space, "tfidf", "points"),
    RB_MODEL(config, base, "another model"),
    RB_ARRAY(config, start, "given start"),
    RB_PARAM_END,
};

static void defaults_fill_a_config(void **unused)
{
    (void)unused;
    config c = { 0 };
    rb_params_default(&c, params);
    assert_true(c.biases && c.factors == 64 && c.regularization == 0.1 && c.solver == 1);
    assert_null(c.path);
    assert_string_equal(c.space, "tfidf");
    assert_int_equal(c.base.index, -1);
    assert_null(c.start.value);
}

static void a_value_is_read_stored_and_written(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *text, *canonical;
    } known[] = {
        { "biases", "false", "false" },
        { "factors", "128", "128" },
        { "factors", "+1", "1" },
        { "regularization", "1e-2", "0.01" },
        { "regularization", "0.50", "0.5" },
        { "solver", "cholesky", "cholesky" },
        { "solver", "lu", "lu" },
        { "path", "a b.txt", "a b.txt" },
        { "space", "lsa-50", "lsa-50" },
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        rb_error err = { 0 };
        rb_text text = { 0 };
        rb_value value;
        config c = { 0 };
        const rb_param *p = rb_param_find(params, known[k].name);
        assert_non_null(p);
        rb_params_default(&c, params);
        assert_ok(rb_param_parse(&value, p, "als", known[k].text, &err), &err);
        rb_param_store(&c, p, &value);
        assert_ok(rb_param_format(&text, p, &c, &err), &err);
        assert_string_equal(text.data, known[k].canonical);
        rb_text_fini(&text);
    }
}

static void what_does_not_fit_is_said(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *text, *words;
    } wrong[] = {
        { "factors", "0", "'als.factors' is 0, expected a whole number in [1, 4096]" },
        { "factors", "4097", "is 4097" },
        { "factors", "1.5", "is 1.5, expected a whole number" },
        { "regularization", "-1", "'als.regularization' is -1, expected a number in [0, " },
        { "regularization", "nan", "is nan" },
        { "solver", "qr", "'als.solver' is 'qr', expected one of cholesky|cg|lu" },
        { "solver", "c", "is 'c'" },
        { "biases", "yes", "'als.biases' is 'yes', expected true or false" },
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        rb_error err = { 0 };
        rb_value value;
        const rb_param *p = rb_param_find(params, wrong[k].name);
        assert_int_equal(rb_param_parse(&value, p, "als", wrong[k].text, &err), RB_BAD_INPUT);
        if (!strstr(err.message, wrong[k].words))
            fail_msg("'%s' gives: %s", wrong[k].text, err.message);
    }
}

static void choices_have_names_and_numbers(void **unused)
{
    (void)unused;
    char out[64];
    assert_int_equal(rb_choice_index("a|bc|d", "bc"), 1);
    assert_int_equal(rb_choice_index("a|bc|d", "b"), -1);
    assert_int_equal(rb_choice_index("a|bc|d", "a|bc"), -1);
    assert_int_equal(rb_choice_index("|warm", ""), 0);
    assert_int_equal(rb_choice_index(NULL, "a"), -1);
    assert_string_equal(rb_choice_name(out, "a|bc|d", 2), "d");
    assert_string_equal(rb_choice_name(out, "a|bc|d", 3), "");
    assert_string_equal(rb_choice_name(out, "a|bc|d", -1), "");
    assert_string_equal(rb_choice_name(out, NULL, 0), "");
    assert_null(rb_param_find(params, "factor"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_fill_a_config),
        cmocka_unit_test(a_value_is_read_stored_and_written),
        cmocka_unit_test(what_does_not_fit_is_said),
        cmocka_unit_test(choices_have_names_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
