/* DBCV: equal to plain loops over the matrix of distances, the same bits for any ranks and threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/dbcv.h"
#include "support/cluster_points.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define N 170
#define D 4

static double distance[N * N], core[N], reach[N * N];

static double blobs(int64_t i, int64_t f)
{
    rb_rng rng = { 8, rb_stream("blob"), 0, (uint64_t)i }, centre = { 8, rb_stream("centre"), 0, i % 4 };
    return rb_rng_normal(&rng, (uint32_t)f) + 3 * rb_rng_normal(&centre, (uint32_t)f);
}

static void measure(const int32_t *label)
{
    double x[N * D];
    for (int64_t at = 0; at < N * D; at++)
        x[at] = blobs(at / D, at % D);
    rb_oracle_distances(distance, x, N, D, false);
    for (int i = 0; i < N; i++) {
        double sum = 0, others = 0;
        for (int j = 0; j < N; j++) {
            distance[i * N + j] = sqrt(distance[i * N + j]);
            if (j == i || label[j] != label[i])
                continue;
            sum += pow(distance[i * N + j], -D);
            others++;
        }
        core[i] = others > 0 ? pow(sum / others, -1.0 / D) : 0;
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            reach[i * N + j] = fmax(distance[i * N + j], fmax(core[i], core[j]));
}

/* The tree of a cluster that grows from its lowest point: the first edge in the order of (length, new point, old point)
 * each time. Degrees, and the longest inner edge. */
static double sparseness(int *degree, const int32_t *label, int32_t c)
{
    int from[N], to[N], n_edges = 0, first = 0;
    bool joined[N] = { false };
    double most = 0, most_inner = -1;
    while (first < N - 1 && label[first] != c)
        first++;
    joined[first] = true;
    for (;;) {
        int a = -1, b = -1;
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                if (label[i] == c && label[j] == c && !joined[i] && joined[j] &&
                    (a < 0 || reach[i * N + j] < reach[a * N + b])) {
                    a = i;
                    b = j;
                }
        if (a < 0)
            break;
        joined[a] = true;
        degree[a]++;
        degree[b]++;
        from[n_edges] = a;
        to[n_edges++] = b;
    }
    for (int e = 0; e < n_edges; e++) {
        double length = reach[from[e] * N + to[e]];
        most = fmax(most, length);
        if (degree[from[e]] > 1 && degree[to[e]] > 1)
            most_inner = fmax(most_inner, length);
    }
    return most_inner >= 0 ? most_inner : most;
}

/* Of clusters 0 .. k - 1; those of one point and noise count nowhere. */
static double oracle(const int32_t *label, int32_t k)
{
    int degree[N] = { 0 };
    double inside[N], sum = 0, n = 0;
    measure(label);
    for (int32_t c = 0; c < k; c++)
        inside[c] = sparseness(degree, label, c);
    for (int32_t c = 0; c < k; c++) {
        double away = INFINITY, size = 0;
        for (int i = 0; i < N; i++) {
            size += label[i] == c;
            for (int j = 0; j < N; j++)
                if (label[i] == c && label[j] >= 0 && label[j] != c && degree[i] > 1 && degree[j] > 1)
                    away = fmin(away, reach[i * N + j]);
        }
        if (size < 2)
            continue;
        sum += size * (away - inside[c]) / fmax(away, inside[c]);
        n += size;
    }
    return sum / n;
}

static rb_metric_value value_of(const int32_t *label, int noise, bool sparse, int64_t *n_skipped)
{
    rb_error err = { 0 };
    rb_points p;
    rb_metric_value value;
    rb_test_points(&p, N, D, sparse, blobs);
    assert_ok(rb_dbcv(&value, n_skipped, &p, &(rb_labelling){ label, noise }, &rb_test_ctx, &err), &err);
    rb_points_fini(&p);
    return value;
}

static void label_points(int32_t *label)
{
    for (int i = 0; i < N; i++)
        label[i] = i % 11 == 10 ? -1 : i % 4;
}

static void it_is_that_of_plain_loops(void **unused)
{
    (void)unused;
    int32_t label[N];
    int64_t n_skipped;
    label_points(label);
    double expected = oracle(label, 4), first = 0;
    for (int threads = 1; threads <= 3; threads++) {
        rb_test_ctx.n_threads = threads;
        rb_metric_value value = value_of(label, RB_NOISE_DROP, false, &n_skipped);
        assert_int_equal(value.state, RB_VALUE_OK);
        assert_int_equal(n_skipped, 0);
        assert_near(value.value, expected, 1e-12);
        first = threads == 1 ? value.value : first;
        assert_true(value.value == first);
    }
    assert_near(value_of(label, RB_NOISE_DROP, true, &n_skipped).value, expected, 1e-9);
    assert_near(value_of(label, RB_NOISE_SCALED, false, &n_skipped).value, expected * (N - N / 11) / N, 1e-12);
}

static void clusters_of_one_are_skipped_and_counted(void **unused)
{
    (void)unused;
    int32_t label[N];
    int64_t n_skipped;
    label_points(label);
    double expected = oracle(label, 4);
    label[10] = 4; /* both were noise */
    label[21] = 5;
    assert_near(value_of(label, RB_NOISE_DROP, false, &n_skipped).value, expected, 1e-12);
    assert_int_equal(n_skipped, 2);
}

static void it_needs_two_clusters(void **unused)
{
    (void)unused;
    int32_t label[N];
    int64_t n_skipped;
    for (int last = -1; last <= 1; last++) {
        for (int i = 0; i < N; i++)
            label[i] = last < 0 ? -1 : 0;
        if (last == 1)
            label[5] = 1;
        assert_int_equal(value_of(label, RB_NOISE_DROP, false, &n_skipped).state, RB_VALUE_NOT_APPLICABLE);
    }
    assert_int_equal(n_skipped, 1);
}

static double doubled(int64_t i, int64_t f)
{
    return blobs(i / 2, f);
}

static void points_in_one_place_are_as_near_as_can_be(void **unused)
{
    (void)unused;
    int32_t label[N];
    int64_t n_skipped;
    rb_error err = { 0 };
    rb_points p;
    rb_metric_value value;
    for (int i = 0; i < N; i++)
        label[i] = i / 2 % 4;
    rb_test_points(&p, N, D, false, doubled);
    assert_ok(rb_dbcv(&value, &n_skipped, &p, &(rb_labelling){ label, RB_NOISE_DROP }, &rb_test_ctx, &err), &err);
    assert_true(value.state == RB_VALUE_OK && value.value > -1 && value.value < 1);
    rb_points_fini(&p);
}

static void a_failed_allocation_is_an_error_on_every_rank(void **unused)
{
    (void)unused;
    int32_t label[N];
    int64_t n_skipped, n_failed = 0;
    rb_points p;
    label_points(label);
    rb_test_ctx.n_threads = 1;
    rb_test_points(&p, N, D, true, blobs);
    for (int64_t nth = 1; nth < 40; nth++) {
        rb_error err = { 0 };
        rb_metric_value value;
        rb_alloc_fail_nth(rb_test_ctx.rank == 0 ? nth : 0);
        rb_status status = rb_dbcv(&value, &n_skipped, &p, &(rb_labelling){ label, RB_NOISE_DROP }, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        int64_t same[2] = { status, -(int64_t)status };
        rb_max_int64(&rb_test_ctx, same, 2);
        assert_int_equal(same[0], -same[1]);
        assert_true(status == RB_OK || status == RB_NO_MEMORY);
        n_failed += status != RB_OK;
    }
    assert_true(n_failed > 8);
    rb_points_fini(&p);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_that_of_plain_loops),
        cmocka_unit_test(clusters_of_one_are_skipped_and_counted),
        cmocka_unit_test(it_needs_two_clusters),
        cmocka_unit_test(points_in_one_place_are_as_near_as_can_be),
        cmocka_unit_test(a_failed_allocation_is_an_error_on_every_rank),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
