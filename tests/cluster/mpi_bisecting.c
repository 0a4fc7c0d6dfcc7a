/* Bisecting K-Means: every cut is K-Means on the points of one cluster, the worst one comes first, bad input. */
#include <math.h>
#include <string.h>

#include "support/k_family.h"
#include "support/support.h"

#define N 1500
#define K 6

extern const rb_algorithm rb_bisecting_kmeans;

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

/* Size, inertia around the mean, and the mean of a cluster. */
static double inertia_of(int64_t *size, double mean[2], const int32_t *label, int32_t cluster)
{
    double inertia = 0;
    *size = 0;
    mean[0] = mean[1] = 0;
    for (int64_t i = 0; i < N; i++)
        for (int j = 0; label[i] == cluster && j < 2; j++) {
            mean[j] += blobs.dense[2 * i + j];
            *size += j;
        }
    for (int j = 0; j < 2; j++)
        mean[j] /= (double)*size;
    for (int64_t i = 0; i < N; i++)
        for (int j = 0; label[i] == cluster && j < 2; j++)
            inertia += pow(blobs.dense[2 * i + j] - mean[j], 2);
    return inertia;
}

/* The clusters of k are those of k - 1 but for one, the worst, whose points are divided as two centres divide them. */
static void each_cut_divides_the_worst_cluster_and_no_other(void **unused)
{
    (void)unused;
    for (int by_size = 0; by_size < 2; by_size++) {
        rb_test_fit before = { 0 }, fit;
        for (int k = 1; k <= K; k++) {
            const char number[2] = { (char)('0' + k), 0 };
            const rb_test_option options[] = {
                { "k", number }, { "split", by_size ? "size" : "inertia" }, { "tolerance", "0" }, { NULL, NULL }
            };
            int32_t worst = -1;
            double most = -1, mean[2];
            rb_test_fit_points(&fit, &rb_bisecting_kmeans, &blobs, options, NULL, &rb_test_ctx);
            assert_int_equal(fit.status, RB_OK);
            assert_memory_equal(fit.assigned, fit.label, N * sizeof *fit.label);
            for (int32_t c = 0; c < k - 1; c++) {
                int64_t size;
                double inertia = inertia_of(&size, mean, before.label, c), value = by_size ? (double)size : inertia;
                worst = value > most ? c : worst;
                most = value > most ? value : most;
            }
            int64_t n_second = 0, n_first = 0;
            for (int64_t i = 0; k > 1 && i < N; i++) {
                bool is_cut = before.label[i] == worst;
                assert_true(fit.label[i] == (is_cut && fit.label[i] != worst ? k - 1 : before.label[i]));
                n_second += fit.label[i] == k - 1;
                n_first += fit.label[i] == worst;
            }
            assert_true(k == 1 || (n_first > 0 && n_second > 0));
            rb_test_fit_fini(&before);
            before = fit;
        }
        rb_test_fit_fini(&before);
    }
}

static void a_cut_is_an_optimum_of_k_means(void **unused)
{
    (void)unused;
    const rb_test_option options[] = { { "k", "2" }, { "tolerance", "0" }, { NULL, NULL } };
    rb_test_fit fit;
    double mean[2][2], inertia = 0;
    int64_t size;
    rb_test_fit_points(&fit, &rb_bisecting_kmeans, &blobs, options, NULL, &rb_test_ctx);
    assert_int_equal(fit.status, RB_OK);
    for (int32_t c = 0; c < 2; c++) {
        inertia += inertia_of(&size, mean[c], fit.label, c);
        for (int j = 0; j < 2; j++)
            assert_near(fit.centres[2 * c + j], mean[c][j], 1e-9);
    }
    assert_near(fit.inertia, inertia, 1e-9);
    for (int64_t i = 0; i < N; i++) {
        double d[2] = { 0 };
        for (int e = 0; e < 4; e++)
            d[e / 2] += pow(blobs.dense[2 * i + e % 2] - mean[e / 2][e % 2], 2);
        assert_int_equal(fit.label[i], d[1] < d[0]);
    }
    rb_test_fit_fini(&fit);
}

static void equal_points_are_never_divided(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points few;
    rb_test_fit fit;
    const rb_test_option options[] = { { "k", "5" }, { NULL, NULL } };
    assert_ok(rb_points_alloc_dense(&few, 30, 2, &rb_test_ctx, &err), &err);
    for (int i = 0; rb_test_ctx.rank == 0 && i < 30; i++)
        ((double *)few.memory.data)[2 * i] = i % 3;
    rb_shared_publish_from(&few.memory, 0, &rb_test_ctx);
    rb_test_fit_points(&fit, &rb_bisecting_kmeans, &few, options, NULL, &rb_test_ctx);
    assert_int_equal(fit.status, RB_OK);
    assert_int_equal(fit.n_iterations, 2); /* cuts */
    assert_true(fit.inertia == 0);
    for (int i = 0; i < 30; i++)
        for (int j = 0; j < i; j++)
            assert_int_equal(fit.label[i] == fit.label[j], i % 3 == j % 3);
    rb_test_fit_fini(&fit);
    rb_points_fini(&few);
}

static void assert_refused(const rb_points *p, const char *k, const char *message)
{
    rb_test_fit fit;
    const rb_test_option options[] = { { "k", k }, { NULL, NULL } };
    rb_test_fit_points(&fit, &rb_bisecting_kmeans, p, options, NULL, &rb_test_ctx);
    assert_int_equal(fit.status, RB_BAD_INPUT);
    assert_non_null(strstr(fit.message, message));
}

static void bad_input_is_one_clear_error(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points empty = { .d = 2 }, odd;
    assert_refused(&empty, "2", "the space is empty");
    assert_refused(&blobs, "1501", "'bisecting_kmeans.k' is 1501, but there are only 1500 points");
    assert_ok(rb_points_alloc_dense(&odd, 8, 2, &rb_test_ctx, &err), &err);
    ((double *)odd.memory.data)[5] = INFINITY;
    assert_refused(&odd, "2", "point 2");
    rb_points_fini(&odd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cut_divides_the_worst_cluster_and_no_other),
        cmocka_unit_test(a_cut_is_an_optimum_of_k_means),
        cmocka_unit_test(equal_points_are_never_divided),
        cmocka_unit_test(bad_input_is_one_clear_error),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, set_up, tear_down));
}
