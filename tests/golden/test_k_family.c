/* Labelled sets of points: the K-Means family finds their groups as well as scikit-learn's (generate_sets.py), and no
 * worse by what it minimises. Medians over ten seeds on both sides. */
#include <stdio.h>
#include <stdlib.h>

#include "support/k_family.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define SEEDS 10

extern const rb_algorithm rb_kmeans, rb_minibatch_kmeans, rb_bisecting_kmeans;

static json_t *golden;

static int set_up(void **unused)
{
    (void)unused;
    golden = rb_test_golden("sets.json");
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    json_decref(golden);
    return 0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double values[SEEDS])
{
    qsort(values, SEEDS, sizeof *values, ascending);
    return (values[SEEDS / 2 - 1] + values[SEEDS / 2]) / 2;
}

static void compare(const rb_algorithm *a, const rb_test_option *options, const char *set, const rb_points *p,
                    const int32_t *truth, double luck)
{
    double ari[SEEDS], inertia[SEEDS];
    for (int seed = 0; seed < SEEDS; seed++) {
        rb_test_fit fit;
        rb_test_ctx.seed = (uint64_t)seed;
        rb_test_fit_points(&fit, a, p, options, NULL, &rb_test_ctx);
        assert_int_equal(fit.status, RB_OK);
        ari[seed] = rb_oracle_ari(fit.label, truth, p->n);
        inertia[seed] = fit.inertia;
        rb_test_fit_fini(&fit);
    }
    double known = rb_test_number(golden, set, a->name, "ari", NULL), found = median(ari);
    double cost = rb_test_number(golden, set, a->name, "inertia", NULL), least = median(inertia);
    if (!(found >= known - luck && least <= cost * (1 + luck)))
        fail_msg("%s on %s: ARI %g, inertia %g; scikit-learn %g, %g", a->name, set, found, least, known, cost);
}

static void groups_are_found_as_well_as_by_the_reference(void **unused)
{
    (void)unused;
    static const char *const sets[] = { "blobs", "rings", "moons", "stretched" };
    int64_t n = (int64_t)rb_test_number(golden, "n", NULL);
    int32_t *truth = malloc((size_t)n * sizeof *truth);
    for (int s = RB_TEST_BLOBS; s <= RB_TEST_STRETCHED; s++) {
        rb_points p = { 0 };
        char k[8];
        double sum = 0;
        rb_test_points_of_set(&p, truth, (rb_test_set)s, n);
        for (int64_t e = 0; e < 2 * n; e++)
            sum += p.dense[e];
        assert_near(sum, rb_test_number(golden, sets[s], "sum", NULL), 1e-9);
        snprintf(k, sizeof k, "%d", (int)rb_test_number(golden, sets[s], "k", NULL));
        const rb_test_option lloyd[] = { { "k", k }, { "n_init", "10" }, { NULL, NULL } };
        const rb_test_option batches[] = { { "k", k }, { "batch_size", "200" }, { NULL, NULL } };
        compare(&rb_kmeans, lloyd, sets[s], &p, truth, 1e-3);
        const rb_test_option cuts[] = { { "k", k }, { "n_init", "5" }, { NULL, NULL } };
        compare(&rb_bisecting_kmeans, cuts, sets[s], &p, truth, 1e-3);
        compare(&rb_minibatch_kmeans, batches, sets[s], &p, truth, 0.02);
        rb_points_fini(&p);
    }
    free(truth);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(groups_are_found_as_well_as_by_the_reference) };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, set_up, tear_down));
}
