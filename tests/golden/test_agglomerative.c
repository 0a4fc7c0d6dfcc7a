/* Agglomerative clustering and its gap statistic against SciPy and NumPy, on points that generate_agglomerative.py
 * makes from the same numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "cluster/cluster.h"
#include "eval/clustering.h"
#include "eval/gap.h"
#include "support/cluster_points.h"
#include "support/config.h"
#include "support/support.h"
#include "support/visitor.h"

#define N 600
#define D 4

extern const rb_algorithm rb_agglomerative;

typedef struct {
    int32_t label[N];
    double tree[4 * (N - 1)], cophenetic;
} result;

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)type, (void)memory;
    if (!strcmp(name, "tree"))
        memcpy(((result *)v->self)->tree, *data, (size_t)(*n_rows * *n_cols) * sizeof(double));
}

static void fit(result *out, const rb_points *p, const json_t *setting, const char *precision)
{
    rb_error err = { 0 };
    void *config = calloc(1, rb_agglomerative.config_size), *state = calloc(1, rb_agglomerative.state_size);
    void *prepared = NULL;
    rb_train_view view = { .space = p, .asked = 1 };
    rb_visitor visitor = { .array = copy_array, .scalar = rb_test_skip_scalar, .self = out };
    int64_t n;
    rb_params_default(config, rb_agglomerative.params);
    rb_oracle_set(config, &rb_agglomerative, "k=5");
    rb_oracle_set_text(config, &rb_agglomerative, "linkage", json_string_value(json_object_get(setting, "linkage")));
    rb_oracle_set_text(config, &rb_agglomerative, "metric", json_string_value(json_object_get(setting, "metric")));
    rb_oracle_set_text(config, &rb_agglomerative, "precision", precision);
    assert_ok(rb_agglomerative.prepare(&prepared, &view, (const void *const *)&config, 1, &rb_test_ctx, &err), &err);
    assert_ok(rb_agglomerative.fit(state, &view, prepared, config, &rb_test_ctx, &err), &err);
    memcpy(out->label, rb_agglomerative.labels(state, &n), sizeof out->label);
    rb_agglomerative.measure(&out->cophenetic, state, config);
    rb_agglomerative.arrays(state, &visitor);
    rb_agglomerative.unprepare(prepared);
    rb_agglomerative.fini(state);
    free(config);
    free(state);
}

/* Relative to each height; a cosine distance is a difference to 1, of which rounding takes a few units of 2^-53. */
static void expect_heights(const result *r, const json_t *heights, double tolerance)
{
    assert_int_equal(json_array_size(heights), N - 1);
    for (size_t t = 0; t < N - 1; t++) {
        const double theirs = json_number_value(json_array_get(heights, t)), ours = r->tree[4 * t + 2];
        if (!(fabs(ours - theirs) <= tolerance * theirs + 1e-15))
            fail_msg("merge %zu is at %.17g, in SciPy at %.17g", t, ours, theirs);
    }
}

static void results_are_those_of_scipy(void **unused)
{
    (void)unused;
    json_t *root = rb_test_golden("agglomerative.json"), *setting;
    size_t at;
    rb_points p;
    assert_int_equal(json_array_size(json_object_get(root, "cases")), 11);
    rb_test_points(&p, N, D, false, rb_test_boxes);
    json_array_foreach(json_object_get(root, "cases"), at, setting)
    {
        static result r;
        const json_t *heights = json_object_get(setting, "heights"), *labels = json_object_get(setting, "labels");
        fit(&r, &p, setting, "double");
        assert_near(r.cophenetic, json_number_value(json_object_get(setting, "cophenetic")), 1e-9);
        expect_heights(&r, heights, 1e-9);
        assert_int_equal(json_array_size(labels), N);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(r.label[i], json_integer_value(json_array_get(labels, i)));
        fit(&r, &p, setting, "single");
        expect_heights(&r, heights, 1e-5);
    }
    rb_points_fini(&p);
    json_decref(root);
}

static double scatter_of(const rb_points *p, const json_t *setting)
{
    static result r;
    rb_error err = { 0 };
    rb_compactness c;
    fit(&r, p, setting, "double");
    assert_ok(rb_clustering_compactness(&c, p, &(rb_labelling){ r.label, RB_NOISE_DROP }, &rb_test_ctx, &err), &err);
    return c.inertia.value;
}

static void the_gap_statistic_is_that_of_numpy(void **unused)
{
    (void)unused;
    json_t *root = rb_test_golden("agglomerative.json"), *golden = json_object_get(root, "gap");
    json_t *setting = json_pack("{s:s,s:s}", "linkage", "ward", "metric", "euclidean");
    const int64_t n = json_integer_value(json_object_get(golden, "sets"));
    const uint64_t seed = (uint64_t)json_integer_value(json_object_get(golden, "seed"));
    double reference[16];
    rb_points p;
    rb_metric_value gap, error;
    assert_true(n > 1 && n <= 16);
    rb_test_points(&p, N, D, false, rb_test_boxes);
    for (int64_t b = 0; b < n; b++) {
        rb_error err = { 0 };
        rb_points set = { 0 };
        assert_ok(rb_gap_reference(&set, &p, b, seed, &rb_test_ctx, &err), &err);
        reference[b] = scatter_of(&set, setting);
        rb_points_fini(&set);
    }
    rb_gap_statistic(&gap, &error, scatter_of(&p, setting), reference, n);
    assert_near(gap.value, json_number_value(json_object_get(golden, "gap")), 1e-9);
    assert_near(error.value, json_number_value(json_object_get(golden, "error")), 1e-9);
    rb_gap_statistic(&gap, &error, 0, reference, n); /* each point a cluster of its own */
    assert_int_equal(gap.state, RB_VALUE_UNAVAILABLE);
    assert_int_equal(error.state, RB_VALUE_UNAVAILABLE);
    rb_points_fini(&p);
    json_decref(setting);
    json_decref(root);
}

static void the_smallest_k_stands_a_standard_error_below_the_next(void **unused)
{
    (void)unused;
    double margin[3];
    assert_int_equal(rb_gap_smallest(margin, (double[]){ 1, 2, 2.1 }, (double[]){ 0, 0.5, 0.2 }, 3), 1);
    assert_near(margin[0], -0.5, 1e-15);
    assert_near(margin[1], 0.1, 1e-15);
    assert_true(isnan(margin[2]));
    assert_int_equal(rb_gap_smallest(margin, (double[]){ 1, 2, 3 }, (double[]){ 0, 0.5, 0.2 }, 3), -1);
    assert_int_equal(rb_gap_smallest(margin, (double[]){ 1 }, (double[]){ 0 }, 1), -1);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_those_of_scipy),
        cmocka_unit_test(the_gap_statistic_is_that_of_numpy),
        cmocka_unit_test(the_smallest_k_stands_a_standard_error_below_the_next),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
