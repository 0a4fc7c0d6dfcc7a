/* DBSCAN against scikit-learn: the same numbers of the same clusters, core points, border points and noise
 * (generate_dbscan.py). */
#include "support/cluster_points.h"
#include "support/k_family.h"
#include "support/support.h"

#define N 600
#define D 4

extern const rb_algorithm rb_dbscan;

static void expect_labels(const rb_test_fit *fit, json_t *expected)
{
    assert_int_equal(json_array_size(expected), N);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(fit->label[i], json_integer_value(json_array_get(expected, i)));
}

static void labels_are_those_of_scikit_learn(void **unused)
{
    (void)unused;
    json_t *root = rb_test_golden("dbscan.json"), *known;
    double n_noise = 0, n_contested = 0;
    size_t at;
    assert_true(json_array_size(json_object_get(root, "cases")) >= 6);
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p;
        rb_test_points(&p, N, D, sparse, rb_test_boxes);
        json_array_foreach(json_object_get(root, "cases"), at, known)
        {
            rb_test_fit fit;
            rb_test_option options[RB_TEST_MOST_OPTIONS];
            rb_test_options_of(options, json_object_get(known, "options"));
            rb_test_fit_points(&fit, &rb_dbscan, &p, options, NULL, &rb_test_ctx);
            if (fit.status != RB_OK)
                fail_msg("%s", fit.message);
            expect_labels(&fit, json_object_get(known, "labels"));
            n_noise += rb_test_number(known, "noise", NULL);
            n_contested += rb_test_number(known, "contested", NULL);
            rb_test_fit_fini(&fit);
        }
        rb_points_fini(&p);
    }
    assert_true(n_noise > 0 && n_contested > 0); /* else the rules for them were not looked at */
    json_decref(root);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = { cmocka_unit_test(labels_are_those_of_scikit_learn) };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
