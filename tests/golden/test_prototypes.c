/* K-Modes and K-Prototypes on the Netflix titles: labels and costs of the package kmodes from the same prototypes
 * (generate_prototypes.py). */
#include <stdio.h>
#include <string.h>

#include "cluster/core/prototypes_fit.h"
#include "data/catalogue_read.h"
#include "support/support.h"

static rb_catalogue titles;
static json_t *golden;
static rb_ctx ctx;

static int set_up(void **unused)
{
    (void)unused;
    char path[4352];
    rb_error err = { 0 };
    rb_ctx_serial(&ctx, 2);
    snprintf(path, sizeof path, "%s/netflix-titles/netflix_titles.csv", rb_test_data());
    golden = rb_test_golden("prototypes.json");
    assert_ok(rb_catalogue_read(&titles, path, NULL, NULL, &ctx, &err), &err);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    rb_catalogue_fini(&titles);
    json_decref(golden);
    return 0;
}

static void fit(rb_prototypes_state *s, const rb_prototypes_options *o)
{
    rb_error err = { 0 };
    bool done = false;
    double objective;
    assert_ok(rb_prototypes_begin(s, &titles, o, &ctx, &err), &err);
    while (!done)
        assert_ok(rb_prototypes_iterate(s, &objective, &done, o, &ctx, &err), &err);
    assert_ok(rb_prototypes_end(s, &ctx, &err), &err);
    assert_true(s->converged);
}

/* Rows of numbers, as an array. */
static rb_array array_of(double *values, const json_t *rows)
{
    rb_array out = { values, (int64_t)json_array_size(rows), (int64_t)json_array_size(json_array_get(rows, 0)),
                     "json" };
    for (int64_t c = 0; c < out.n_rows; c++)
        for (int64_t j = 0; j < out.n_cols; j++)
            values[c * out.n_cols + j] = json_number_value(json_array_get(json_array_get(rows, (size_t)c), (size_t)j));
    return out;
}

static void assert_labels(const rb_prototypes_state *s, const json_t *known)
{
    const char *digits = json_string_value(json_object_get(known, "labels"));
    assert_int_equal(strlen(digits), s->n);
    for (int64_t i = 0; i < s->n; i++)
        assert_int_equal(s->label[i], digits[i] - '0');
}

/* In batches the optimum may be another, so long as it is hardly worse. */
static void assert_batch_is_near(rb_prototypes_options o, double cost)
{
    rb_prototypes_state s = { 0 };
    o.update = RB_PROTOTYPES_BATCH;
    fit(&s, &o);
    assert_true(s.cost <= 1.05 * cost);
    rb_prototypes_state_fini(&s);
}

static void modes_are_those_of_the_package(void **unused)
{
    (void)unused;
    size_t at;
    json_t *known, *runs = json_object_get(golden, "modes");
    double centres[64];
    assert_int_equal(json_array_size(runs), 2);
    json_array_foreach(runs, at, known)
    {
        rb_prototypes_state s = { 0 };
        double cost = rb_test_number(known, "cost", NULL);
        rb_prototypes_options o = { .name = "kmodes",
                                    .numeric = "",
                                    .gamma = 1,
                                    .k = (int64_t)rb_test_number(known, "k", NULL),
                                    .iterations = 100,
                                    .init = RB_PROTOTYPES_GIVEN,
                                    .update = RB_PROTOTYPES_ONE_BY_ONE,
                                    .centres = array_of(centres, json_object_get(known, "cao")) };
        fit(&s, &o);
        for (int64_t a = 0; a < 4; a++)
            assert_int_equal(s.schema.first[a + 1] - s.schema.first[a],
                             json_integer_value(json_array_get(json_object_get(golden, "n_categories"), (size_t)a)));
        assert_true(s.cost == cost);
        assert_labels(&s, known);
        assert_batch_is_near(o, cost);
        rb_prototypes_state_fini(&s);
    }
}

static void cao_takes_the_items_of_the_package(void **unused)
{
    (void)unused;
    size_t at;
    json_t *known;
    double centres[64];
    json_array_foreach(json_object_get(golden, "modes"), at, known)
    {
        rb_error err = { 0 };
        rb_prototypes_state s = { 0 };
        rb_array cao = array_of(centres, json_object_get(known, "cao"));
        rb_prototypes_options o = { .name = "kmodes", .numeric = "", .gamma = 1, .k = cao.n_rows, .iterations = 1 };
        assert_ok(rb_prototypes_begin(&s, &titles, &o, &ctx, &err), &err);
        for (int64_t c = 0; c < cao.n_rows; c++)
            for (int64_t a = 0; a < 4; a++)
                assert_int_equal(s.run->table.code[s.run->seed[c] * 4 + a], (int)centres[c * 4 + a]);
        rb_prototypes_state_fini(&s);
    }
}

static void prototypes_are_those_of_the_package(void **unused)
{
    (void)unused;
    size_t at;
    json_t *known, *runs = json_object_get(golden, "prototypes");
    double centres[64];
    assert_int_equal(json_array_size(runs), 2);
    json_array_foreach(runs, at, known)
    {
        rb_prototypes_state s = { 0 };
        double cost = rb_test_number(known, "cost", NULL);
        rb_prototypes_options o = { .name = "kprototypes",
                                    .numeric = "year",
                                    .standardize = true,
                                    .gamma = rb_test_number(known, "gamma", NULL),
                                    .k = (int64_t)rb_test_number(known, "k", NULL),
                                    .iterations = 100,
                                    .init = RB_PROTOTYPES_GIVEN,
                                    .update = RB_PROTOTYPES_ONE_BY_ONE,
                                    .centres = array_of(centres, json_object_get(known, "centres")) };
        fit(&s, &o);
        assert_near(s.gamma, rb_test_number(known, "gamma_used", NULL), 1e-12);
        assert_near(s.cost, cost, 1e-9);
        assert_labels(&s, known);
        assert_batch_is_near(o, cost);
        rb_prototypes_state_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_are_those_of_the_package),
        cmocka_unit_test(cao_takes_the_items_of_the_package),
        cmocka_unit_test(prototypes_are_those_of_the_package),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
