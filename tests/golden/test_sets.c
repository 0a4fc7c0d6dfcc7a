/* Labelled sets of points: their groups are found as well as by scikit-learn and hdbscan (generate_sets.py), and the
 * K-Means family is no worse by what it minimises; medians over as many seeds on both sides. From the same first
 * centres K-Means ends at scikit-learn's labels. */
#include <stdlib.h>
#include <string.h>

#include "support/contract.h"
#include "support/k_family.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define MOST_SEEDS 16

extern const rb_algorithm rb_kmeans;

static const char *const sets[] = { "blobs", "rings", "moons", "stretched" };

static json_t *golden;
static rb_points points[4];
static int32_t *truth[4];

static int set_up(void **unused)
{
    (void)unused;
    golden = rb_test_golden("sets.json");
    const int64_t n = (int64_t)rb_test_number(golden, "n", NULL);
    for (int s = RB_TEST_BLOBS; s <= RB_TEST_STRETCHED; s++) {
        double sum = 0;
        truth[s] = malloc((size_t)n * sizeof *truth[s]);
        rb_test_points_of_set(&points[s], truth[s], (rb_test_set)s, n);
        for (int64_t e = 0; e < 2 * n; e++)
            sum += points[s].dense[e];
        assert_near(sum, rb_test_number(golden, sets[s], "sum", NULL), 1e-9);
    }
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    for (int s = RB_TEST_BLOBS; s <= RB_TEST_STRETCHED; s++) {
        rb_points_fini(&points[s]);
        free(truth[s]);
    }
    json_decref(golden);
    return 0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, ascending);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* How far a median over the seeds may lie below the reference's: one that draws batches varies more. */
static double luck_of(const rb_algorithm *a, int n_seeds)
{
    if (n_seeds == 1)
        return 1e-9;
    return strcmp(a->name, "minibatch_kmeans") == 0 ? 0.02 : 1e-3;
}

static void compare(const char *name, json_t *known, int set)
{
    const rb_algorithm *a = rb_contract_algorithm(json_string_value(json_object_get(known, "algorithm")));
    const int n_seeds = (int)rb_test_number(known, "seeds", NULL);
    double ari[MOST_SEEDS], inertia[MOST_SEEDS], luck = luck_of(a, n_seeds);
    rb_test_option options[RB_TEST_MOST_OPTIONS];
    assert_in_range(n_seeds, 1, MOST_SEEDS);
    rb_test_options_of(options, json_object_get(known, "options"));
    for (int seed = 0; seed < n_seeds; seed++) {
        rb_test_fit fit;
        rb_test_ctx.seed = (uint64_t)seed;
        rb_test_fit_points(&fit, a, &points[set], options, NULL, &rb_test_ctx);
        if (fit.status != RB_OK)
            fail_msg("%s on %s: %s", name, sets[set], fit.message);
        ari[seed] = rb_oracle_ari(fit.label, truth[set], points[set].n);
        inertia[seed] = fit.inertia;
        rb_test_fit_fini(&fit);
    }
    const double theirs = rb_test_number(known, "ari", NULL), found = median(ari, n_seeds);
    if (!(found >= theirs - luck))
        fail_msg("%s on %s: ARI %.9g; the reference's %.9g", name, sets[set], found, theirs);
    if (!json_object_get(known, "inertia"))
        return;
    const double cost = rb_test_number(known, "inertia", NULL), least = median(inertia, n_seeds);
    if (!(least <= cost * (1 + luck)))
        fail_msg("%s on %s: inertia %.9g; the reference's %.9g", name, sets[set], least, cost);
}

static void groups_are_found_as_well_as_by_the_references(void **unused)
{
    (void)unused;
    const char *name;
    json_t *known;
    for (int s = RB_TEST_BLOBS; s <= RB_TEST_STRETCHED; s++) {
        assert_int_equal(json_object_size(json_object_get(json_object_get(golden, sets[s]), "methods")), 10);
        json_object_foreach(json_object_get(json_object_get(golden, sets[s]), "methods"), name, known)
            compare(name, known, s);
    }
}

static void the_same_first_centres_give_the_labels_of_scikit_learn(void **unused)
{
    (void)unused;
    static const char *const algorithms[] = { "lloyd", "hamerly", "elkan", "yinyang" };
    for (int s = RB_TEST_BLOBS; s <= RB_TEST_STRETCHED; s++) {
        json_t *set = json_object_get(golden, sets[s]);
        const char *labels = json_string_value(json_object_get(json_object_get(set, "first_points"), "labels"));
        const int k = (int)rb_test_number(set, "k", NULL);
        const char digit[] = { (char)('0' + k), 0 };
        const rb_array centres = { points[s].dense, k, 2, "golden" };
        assert_int_equal(strlen(labels), points[s].n);
        for (int a = 0; a < 4; a++) {
            rb_test_fit fit;
            const rb_test_option options[] = { { "k", digit },
                                               { "init", "given" },
                                               { "tolerance", "0" },
                                               { "iterations", "1000" },
                                               { "algorithm", algorithms[a] },
                                               { NULL, NULL } };
            rb_test_fit_points(&fit, &rb_kmeans, &points[s], options, &centres, &rb_test_ctx);
            assert_int_equal(fit.status, RB_OK);
            for (int64_t i = 0; i < points[s].n; i++)
                assert_int_equal(fit.label[i], labels[i] - '0');
            assert_near(fit.inertia, rb_test_number(set, "first_points", "inertia", NULL), 1e-9);
            rb_test_fit_fini(&fit);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_found_as_well_as_by_the_references),
        cmocka_unit_test(the_same_first_centres_give_the_labels_of_scikit_learn),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, set_up, tear_down));
}
