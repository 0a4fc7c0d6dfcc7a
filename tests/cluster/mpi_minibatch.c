/* Mini-batch K-Means: plain loops over the same batches, unused centres are put elsewhere, bad input. */
#include <math.h>
#include <string.h>

#include "support/k_family.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define N 3000
#define K 4
#define BATCH 50
#define BATCHES 30

extern const rb_algorithm rb_minibatch_kmeans;

static int32_t truth[N];
static rb_points blobs;

static int set_up(void **unused)
{
    (void)unused;
    rb_test_points_of_set(&blobs, truth, RB_TEST_BLOBS, N);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    rb_points_fini(&blobs);
    return 0;
}

static int nearest_of(double *distance, const double *x, const double centre[K][2])
{
    int best = 0;
    *distance = INFINITY;
    for (int c = 0; c < K; c++) {
        double d = pow(x[0] - centre[c][0], 2) + pow(x[1] - centre[c][1], 2);
        if (d < *distance) {
            *distance = d;
            best = c;
        }
    }
    return best;
}

/* One point of a batch after the other moves its centre by one over the points that centre has had, as published; the
 * labels of a batch are those before it. */
static void by_definition(double centre[K][2], double *last)
{
    int64_t had[K] = { 0 };
    for (int64_t t = 0; t < BATCHES; t++) {
        rb_rng rng = { rb_test_ctx.seed, rb_stream("minibatch batch"), 0, (uint64_t)t };
        int64_t row[BATCH];
        int label[BATCH];
        double distance;
        *last = 0;
        for (uint32_t b = 0; b < BATCH; b++) {
            row[b] = rb_rng_below(&rng, b, N);
            label[b] = nearest_of(&distance, blobs.dense + 2 * row[b], centre);
            *last += distance / BATCH;
        }
        for (int b = 0; b < BATCH; b++) {
            double rate = 1.0 / (double)++had[label[b]];
            for (int j = 0; j < 2; j++)
                centre[label[b]][j] = (1 - rate) * centre[label[b]][j] + rate * blobs.dense[2 * row[b] + j];
        }
    }
}

static void its_centres_are_those_of_the_definition(void **unused)
{
    (void)unused;
    double start[K][2] = { { 0, 1 }, { 5, 1 }, { 1, 5 }, { 9, 9 } }, last, distance;
    rb_array given = { start[0], K, 2, "inline" };
    const rb_test_option options[] = { { "k", "4" },           { "init", "given" },     { "batch_size", "50" },
                                       { "iterations", "30" }, { "reassignment", "0" }, { "patience", "0" },
                                       { NULL, NULL } };
    rb_test_fit fit;
    rb_test_fit_points(&fit, &rb_minibatch_kmeans, &blobs, options, &given, &rb_test_ctx);
    assert_int_equal(fit.status, RB_OK);
    assert_int_equal(fit.n_iterations, BATCHES);
    by_definition(start, &last);
    assert_near(fit.last_objective, last, 1e-9);
    for (int c = 0; c < K; c++)
        for (int j = 0; j < 2; j++)
            assert_near(fit.centres[2 * c + j], start[c][j], 1e-9);
    double inertia = 0;
    for (int64_t i = 0; i < N; i++) {
        assert_int_equal(fit.label[i], nearest_of(&distance, blobs.dense + 2 * i, start));
        inertia += distance;
    }
    assert_near(fit.inertia, inertia, 1e-9);
    assert_memory_equal(fit.assigned, fit.label, N * sizeof *fit.label);
    rb_test_fit_fini(&fit);
}

static void a_centre_that_gets_no_points_is_put_on_one(void **unused)
{
    (void)unused;
    double start[K][2] = { { 0, 1 }, { 5, 1 }, { 1e6, 1e6 }, { -1e6, 1e6 } };
    rb_array given = { start[0], K, 2, "inline" };
    const rb_test_option stays[] = { { "k", "4" }, { "init", "given" }, { "reassignment", "0" }, { NULL, NULL } };
    const rb_test_option moves[] = { { "k", "4" }, { "init", "given" }, { NULL, NULL } };
    for (int is_moved = 0; is_moved < 2; is_moved++) {
        rb_test_fit fit;
        int64_t count[K] = { 0 };
        rb_test_fit_points(&fit, &rb_minibatch_kmeans, &blobs, is_moved ? moves : stays, &given, &rb_test_ctx);
        assert_int_equal(fit.status, RB_OK);
        for (int64_t i = 0; i < N; i++)
            count[fit.label[i]]++;
        for (int c = 2; c < K; c++)
            assert_true((count[c] > 0) == (is_moved != 0));
        rb_test_fit_fini(&fit);
    }
}

static void it_finds_groups_from_a_sample_and_stops_by_itself(void **unused)
{
    (void)unused;
    const rb_test_option options[] = { { "k", "4" }, { "batch_size", "200" }, { NULL, NULL } };
    rb_test_fit fit;
    rb_test_fit_points(&fit, &rb_minibatch_kmeans, &blobs, options, NULL, &rb_test_ctx);
    assert_int_equal(fit.status, RB_OK);
    assert_true(fit.n_iterations < 1000);
    assert_true(rb_oracle_ari(fit.label, truth, N) > 0.9);
    rb_test_fit_fini(&fit);
}

static void sparse_points_have_the_centres_of_dense_ones(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_csr csr = { 0 };
    rb_points sparse = { 0 };
    double start[K][2] = { { 0, 1 }, { 5, 1 }, { 1, 5 }, { 9, 9 } };
    rb_array given = { start[0], K, 2, "inline" };
    assert_ok(rb_csr_init(&csr, N, 2, 2 * N, &err), &err);
    for (int64_t e = 0; e < 2 * N; e++) {
        csr.col[e] = (int32_t)(e % 2);
        csr.value[e] = blobs.dense[e];
        csr.row_begin[e / 2 + 1] = e + 1;
    }
    assert_ok(rb_points_take_csr(&sparse, &csr, &err), &err);
    for (const char *const *p = (const char *const[]){ "double", "single", NULL }; *p; p++) {
        const rb_test_option options[] = { { "k", "4" },           { "init", "given" }, { "batch_size", "50" },
                                           { "iterations", "30" }, { "precision", *p }, { NULL, NULL } };
        rb_test_fit fit, other;
        rb_test_fit_points(&fit, &rb_minibatch_kmeans, &blobs, options, &given, &rb_test_ctx);
        rb_test_fit_points(&other, &rb_minibatch_kmeans, &sparse, options, &given, &rb_test_ctx);
        assert_true(fit.status == RB_OK && other.status == RB_OK);
        for (int j = 0; j < 2 * K; j++)
            assert_near(other.centres[j], fit.centres[j], **p == 'd' ? 1e-10 : 1e-4);
        rb_test_fit_fini(&fit);
        rb_test_fit_fini(&other);
    }
    rb_points_fini(&sparse);
}

static void assert_refused(const rb_points *p, const rb_test_option *options, const rb_array *centres,
                           const char *message)
{
    rb_test_fit fit;
    rb_test_fit_points(&fit, &rb_minibatch_kmeans, p, options, centres, &rb_test_ctx);
    assert_int_equal(fit.status, RB_BAD_INPUT);
    assert_non_null(strstr(fit.message, message));
}

static void bad_input_is_one_clear_error(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points empty = { .d = 2 }, odd;
    double start[6] = { 0, 0, NAN, 0 };
    rb_array given = { start, 2, 2, "inline" };
    const rb_test_option usual[] = { { "k", "2" }, { NULL, NULL } }, many[] = { { "k", "3001" }, { NULL, NULL } };
    const rb_test_option from[] = { { "k", "2" }, { "init", "given" }, { NULL, NULL } };
    assert_refused(&empty, usual, NULL, "the space is empty");
    assert_refused(&blobs, many, NULL, "there are only 3000 points");
    assert_refused(&blobs, from, NULL, "'minibatch_kmeans.centres' is not set");
    assert_refused(&blobs, usual, &given, "'minibatch_kmeans.init' is not given");
    assert_refused(&blobs, from, &given, "expected finite numbers");
    given.n_cols = 3;
    assert_refused(&blobs, from, &given, "has 3 columns, but the space has 2 dimensions");
    assert_ok(rb_points_alloc_dense(&odd, 8, 2, &rb_test_ctx, &err), &err);
    ((double *)odd.memory.data)[5] = NAN;
    assert_refused(&odd, usual, NULL, "point 2");
    rb_points_fini(&odd);
}

static void points_that_are_all_equal_lie_in_the_first_cluster(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points same;
    rb_test_fit fit;
    const rb_test_option options[] = { { "k", "3" }, { "iterations", "20" }, { NULL, NULL } };
    assert_ok(rb_points_alloc_dense(&same, 40, 2, &rb_test_ctx, &err), &err);
    rb_test_fit_points(&fit, &rb_minibatch_kmeans, &same, options, NULL, &rb_test_ctx);
    assert_int_equal(fit.status, RB_OK);
    assert_true(fit.inertia == 0);
    for (int i = 0; i < 40; i++)
        assert_int_equal(fit.label[i], 0);
    rb_test_fit_fini(&fit);
    rb_points_fini(&same);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_centres_are_those_of_the_definition),
        cmocka_unit_test(a_centre_that_gets_no_points_is_put_on_one),
        cmocka_unit_test(it_finds_groups_from_a_sample_and_stops_by_itself),
        cmocka_unit_test(sparse_points_have_the_centres_of_dense_ones),
        cmocka_unit_test(bad_input_is_one_clear_error),
        cmocka_unit_test(points_that_are_all_equal_lie_in_the_first_cluster),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, set_up, tear_down));
}
