/* Gaussian mixtures against scikit-learn from the same start: tests/golden/generate_mixtures.py. */
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "cluster/cluster.h"
#include "support/support.h"

extern const rb_algorithm rb_gmm;

static double *numbers(json_t *root, const char *name)
{
    json_t *list = json_object_get(root, name);
    double *out = calloc(json_array_size(list), sizeof *out);
    for (size_t i = 0; i < json_array_size(list); i++)
        out[i] = json_number_value(json_array_get(list, i));
    return out;
}

static json_t *expected; /* of one kind of covariance */

static void compare_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                          rb_shared *memory)
{
    (void)memory;
    json_t *list = json_object_get(expected, name);
    if (!list)
        return;
    assert_int_equal(json_array_size(list), *n_rows * *n_cols);
    for (int64_t i = 0; i < *n_rows * *n_cols; i++)
        assert_near(type == RB_INT32 ? ((int32_t *)*data)[i] : ((double *)*data)[i],
                    json_number_value(json_array_get(list, (size_t)i)), 1e-6);
    ++*(int *)v->self;
}

static void compare_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)v, (void)type;
    if (!strcmp(name, "log_likelihood"))
        assert_near(*(double *)value, json_number_value(json_object_get(expected, name)), 1e-9);
}

static void equals_scikit_learn(int covariance, const char *kind)
{
    json_t *root = rb_test_golden("mixtures.json");
    rb_error err = { 0 };
    int n_compared = 0;
    int64_t n_iterations = 0, n = (int64_t)rb_test_number(root, "n", NULL),
            d = (int64_t)rb_test_number(root, "d", NULL);
    double *x = numbers(root, "points"), objective;
    rb_points points = { .n = n, .d = d, .dense = x };
    rb_array means = { .value = numbers(root, "start"),
                       .n_rows = (int64_t)rb_test_number(root, "k", NULL),
                       .n_cols = d,
                       .source = "start" };
    void *config = calloc(1, rb_gmm.config_size), *state = calloc(1, rb_gmm.state_size);
    const struct {
        const char *name;
        rb_value value;
    } settings[] = {
        { "k", { .kind = RB_PARAM_INT, .integer = means.n_rows } },
        { "covariance", { .kind = RB_PARAM_CHOICE, .number = covariance } },
        { "init", { .kind = RB_PARAM_CHOICE, .number = 1 } },
        { "iterations", { .kind = RB_PARAM_INT, .integer = 2000 } },
        { "tolerance", { .kind = RB_PARAM_DOUBLE, .number = 1e-9 } },
        { "centres", { .kind = RB_PARAM_ARRAY, .array = means } },
    };
    rb_visitor visitor = { .array = compare_array, .scalar = compare_scalar, .self = &n_compared };
    bool done = false;

    expected = json_object_get(root, kind);
    rb_params_default(config, rb_gmm.params);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        rb_param_store(config, rb_param_find(rb_gmm.params, settings[i].name), &settings[i].value);
    const rb_train_view view = { .space = &points };
    assert_ok(rb_gmm.begin(state, &view, NULL, config, &rb_test_ctx, &err), &err);
    while (!done) {
        assert_ok(rb_gmm.iterate(state, n_iterations, &objective, &done, &view, NULL, config, &rb_test_ctx, &err),
                  &err);
        n_iterations++;
    }
    assert_ok(rb_gmm.end(state, &view, NULL, config, &rb_test_ctx, &err), &err);
    assert_true(rb_gmm.converged(state));
    assert_near((double)n_iterations, rb_test_number(expected, "iterations", NULL), 0);
    rb_gmm.arrays(state, &visitor);
    assert_int_equal(n_compared, 4);
    rb_gmm.fini(state);
    free(state);
    free(config);
    free((double *)means.value);
    free(x);
    json_decref(root);
}

static void full_equals_scikit_learn(void **unused)
{
    (void)unused;
    equals_scikit_learn(0, "full");
}

static void diagonal_equals_scikit_learn(void **unused)
{
    (void)unused;
    equals_scikit_learn(1, "diagonal");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_equals_scikit_learn),
        cmocka_unit_test(diagonal_equals_scikit_learn),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
