/* HDBSCAN and DBCV against hdbscan 0.8.44, on points that generate_hdbscan.py makes from the same numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "cluster/cluster.h"
#include "eval/dbcv.h"
#include "support/cluster_points.h"
#include "support/config.h"
#include "support/oracle_cluster.h"
#include "support/support.h"
#include "support/visitor.h"

#define N 600
#define FRESH 100
#define D 4

extern const rb_algorithm rb_hdbscan;

typedef struct {
    int32_t label[N], assigned[FRESH];
    double probability[N], outlier[N];
} result;

static double fresh(int64_t i, int64_t f)
{
    return rb_test_boxes(N + i, f);
}

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)type, (void)memory, (void)n_cols;
    result *r = v->self;
    if (!strcmp(name, "probabilities"))
        memcpy(r->probability, *data, (size_t)*n_rows * sizeof(double));
    if (!strcmp(name, "outlier_scores"))
        memcpy(r->outlier, *data, (size_t)*n_rows * sizeof(double));
}

static void *config_of(const json_t *setting)
{
    void *config = calloc(1, rb_hdbscan.config_size);
    rb_params_default(config, rb_hdbscan.params);
    for (const rb_param *param = rb_hdbscan.params; param->name; param++) {
        char text[32];
        const json_t *given = json_object_get(setting, param->name);
        if (!given)
            continue;
        if (json_is_boolean(given))
            snprintf(text, sizeof text, "%s", json_is_true(given) ? "true" : "false");
        else if (json_is_string(given))
            snprintf(text, sizeof text, "%s", json_string_value(given));
        else
            snprintf(text, sizeof text, "%g", json_number_value(given));
        rb_oracle_set_text(config, &rb_hdbscan, param->name, text);
    }
    return config;
}

static void fit(result *out, const rb_points *p, const json_t *setting)
{
    rb_error err = { 0 };
    rb_points q;
    void *config = config_of(setting), *state = calloc(1, rb_hdbscan.state_size), *prepared = NULL;
    rb_train_view view = { .space = p };
    int64_t n;
    rb_visitor visitor = { .array = copy_array, .scalar = rb_test_skip_scalar, .self = out };
    rb_test_points(&q, FRESH, D, false, fresh);
    assert_ok(rb_hdbscan.prepare(&prepared, &view, (const void *const *)&config, 1, &rb_test_ctx, &err), &err);
    assert_ok(rb_hdbscan.fit(state, &view, prepared, config, &rb_test_ctx, &err), &err);
    assert_ok(rb_hdbscan.assign(out->assigned, state, &q, config, &rb_test_ctx, &err), &err);
    memcpy(out->label, rb_hdbscan.labels(state, &n), sizeof out->label);
    rb_hdbscan.arrays(state, &visitor);
    rb_hdbscan.unprepare(prepared);
    rb_hdbscan.fini(state);
    rb_points_fini(&q);
    free(config);
    free(state);
}

static void expect_labels(const int32_t *label, const json_t *expected, int64_t n)
{
    assert_int_equal((int64_t)json_array_size(expected), n);
    for (int64_t i = 0; i < n; i++)
        assert_int_equal(label[i], json_integer_value(json_array_get(expected, (size_t)i)));
}

/* hdbscan predicts with core distances that count the point itself, which its fit and ours do not. */
static void expect_most(const int32_t *label, const json_t *expected, int64_t n)
{
    int64_t same = 0;
    assert_int_equal((int64_t)json_array_size(expected), n);
    for (int64_t i = 0; i < n; i++)
        same += label[i] == json_integer_value(json_array_get(expected, (size_t)i));
    assert_in_range(same, n * 95 / 100, n);
}

static void expect_numbers(const double *number, const json_t *expected)
{
    for (size_t i = 0; i < N; i++)
        assert_near(number[i], json_number_value(json_array_get(expected, i)), 1e-9);
}

static void results_are_those_of_hdbscan(void **unused)
{
    (void)unused;
    json_t *root = rb_test_golden("hdbscan.json"), *setting;
    size_t at;
    int n_exact = 0;
    rb_points p;
    rb_test_points(&p, N, D, false, rb_test_boxes);
    json_array_foreach(json_object_get(root, "cases"), at, setting)
    {
        static result r;
        int32_t theirs[N];
        fit(&r, &p, setting);
        for (size_t i = 0; i < N; i++)
            theirs[i] = (int32_t)json_integer_value(json_array_get(json_object_get(setting, "labels"), i));
        assert_true(rb_oracle_ari(r.label, theirs, N) >= 0.99);
        if (!json_is_true(json_object_get(setting, "exact")))
            continue;
        n_exact++;
        expect_labels(r.label, json_object_get(setting, "labels"), N);
        if (json_is_true(json_object_get(setting, "values"))) {
            expect_numbers(r.probability, json_object_get(setting, "probabilities"));
            expect_numbers(r.outlier, json_object_get(setting, "outlier_scores"));
        }
        expect_most(r.assigned, json_object_get(setting, "predicted"), FRESH);
    }
    assert_true(n_exact >= 1);
    rb_points_fini(&p);
    json_decref(root);
}

/* Its weights count noise in n. */
static void dbcv_is_that_of_validity_index(void **unused)
{
    (void)unused;
    json_t *root = rb_test_golden("hdbscan.json"), *setting;
    size_t at;
    rb_points p;
    rb_test_points(&p, N, D, false, rb_test_boxes);
    json_array_foreach(json_object_get(root, "cases"), at, setting)
    {
        rb_error err = { 0 };
        int32_t theirs[N];
        int64_t n_skipped;
        rb_metric_value value;
        for (size_t i = 0; i < N; i++)
            theirs[i] = (int32_t)json_integer_value(json_array_get(json_object_get(setting, "labels"), i));
        assert_ok(rb_dbcv(&value, &n_skipped, &p, &(rb_labelling){ theirs, RB_NOISE_SCALED }, &rb_test_ctx, &err),
                  &err);
        assert_near(value.value, json_number_value(json_object_get(setting, "dbcv")), 1e-9);
    }
    rb_points_fini(&p);
    json_decref(root);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_those_of_hdbscan),
        cmocka_unit_test(dbcv_is_that_of_validity_index),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
