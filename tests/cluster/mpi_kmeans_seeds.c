/* First centres: equal to plain greedy k-means++, whatever is pruned, on any ranks and threads. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "cluster/core/kmeans_sketch.h"
#include "linalg/distance.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define N 700
#define D 13
#define K 24
#define MOST_TRIALS 19 /* more than one table of candidates in either precision */

/* Planted groups far apart; every third value is 0, so that the sparse form differs. */
static double value_at(int64_t i, int64_t f)
{
    rb_rng noise = { 5, rb_stream("noise"), 0, (uint64_t)i },
           centre = { 5, rb_stream("centre"), 0, (uint64_t)(i % 30) };
    if ((i + f) % 3 == 0)
        return 0;
    return (double)(float)(rb_rng_normal(&noise, (uint32_t)f) + 6 * rb_rng_normal(&centre, (uint32_t)f));
}

static double few_values(int64_t i, int64_t f)
{
    return (double)((i % 5) * (f + 1));
}

static void make_points(rb_points *p, bool sparse, double (*value)(int64_t, int64_t))
{
    rb_error err = { 0 };
    rb_csr csr = { 0 };
    if (!sparse) {
        assert_ok(rb_points_alloc_dense(p, N, D, &rb_test_ctx, &err), &err);
        for (int64_t i = 0; rb_test_ctx.rank == 0 && i < N; i++)
            for (int64_t f = 0; f < D; f++)
                ((double *)p->memory.data)[i * D + f] = value(i, f);
        rb_shared_publish_from(&p->memory, 0, &rb_test_ctx);
        return;
    }
    int64_t at = 0;
    assert_ok(rb_csr_init(&csr, N, D, N * D, &err), &err);
    for (int64_t i = 0; i < N; i++) {
        for (int64_t f = 0; f < D; f++)
            if (value(i, f) != 0) {
                csr.col[at] = (int32_t)f;
                csr.value[at++] = value(i, f);
            }
        csr.row_begin[i + 1] = at;
    }
    assert_ok(rb_points_take_csr(p, &csr, &err), &err);
}

/* Kernels that count the distances they compute; the tests that use them run one thread. */
static const rb_kmeans_kernels *counted;
static int64_t n_distances;

static void count_distances(double *out, const rb_kmeans_data *data, const int64_t *rows, int64_t n,
                            const rb_kmeans_table *table)
{
    n_distances += n * table->n;
    counted->distances(out, data, rows, n, table);
}

typedef enum { PRUNED, NOT_PRUNED } pruning;

/* Seeds of one call; returns the distances that all ranks computed. */
static int64_t seed(int64_t seeds[K], const rb_points *p, bool is_single, int64_t trials, pruning prune, rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_kmeans_data data = { 0 };
    assert_ok(rb_kmeans_data_init(&data, p, K, is_single, false, false, ctx, &err), &err);
    counted = data.kernels;
    rb_kmeans_kernels kernels = *counted;
    if (ctx->n_threads == 1)
        kernels.distances = count_distances;
    if (prune == NOT_PRUNED)
        kernels.is_metric = false;
    data.kernels = &kernels;
    n_distances = 0;
    assert_ok(rb_kmeans_seeds(seeds, &data, RB_KMEANS_PLUS_PLUS, trials, 3, ctx, &err), &err);
    rb_sum_int64(ctx, &n_distances, 1);
    rb_kmeans_data_fini(&data);
    return n_distances;
}

static void oracle(int64_t seeds[K], const rb_points *dense, int64_t trials, uint64_t key)
{
    double draw[K * MOST_TRIALS];
    rb_rng first = { key, rb_stream("kmeans first seed"), 3, 0 };
    seeds[0] = rb_rng_below(&first, 0, N);
    for (int64_t s = 1; s < K; s++)
        for (int64_t t = 0; t < trials; t++) {
            rb_rng rng = { key, rb_stream("kmeans plus_plus"), 3, (uint64_t)s };
            draw[s * trials + t] = rb_rng_uniform(&rng, (uint32_t)t);
        }
    rb_oracle_greedy_seeds(seeds, dense->dense, N, D, K, trials, draw);
}

static void seeds_are_those_of_plain_greedy_kmeans_plus_plus(void **unused)
{
    (void)unused;
    const int64_t trials[] = { 1, 2, 5, MOST_TRIALS };
    rb_points dense = { 0 }, sparse = { 0 };
    make_points(&dense, false, value_at);
    make_points(&sparse, true, value_at);
    for (int t = 0; t < 4; t++) {
        int64_t expected[K], seeds[K];
        rb_ctx ctx = rb_test_ctx;
        ctx.seed = 70 + (uint64_t)t;
        oracle(expected, &dense, trials[t], ctx.seed);
        for (int kind = 0; kind < 4; kind++)
            for (ctx.n_threads = 1; ctx.n_threads < 4; ctx.n_threads++) {
                seed(seeds, kind & 1 ? &sparse : &dense, kind & 2, trials[t], PRUNED, &ctx);
                assert_memory_equal(seeds, expected, sizeof seeds);
            }
    }
    rb_points_fini(&dense);
    rb_points_fini(&sparse);
}

static void pruning_leaves_out_distances_but_changes_no_seed(void **unused)
{
    (void)unused;
    const int64_t trials[] = { 1, 5 };
    rb_points p = { 0 };
    rb_ctx ctx = rb_test_ctx;
    ctx.n_threads = 1;
    make_points(&p, false, value_at);
    for (ctx.seed = 0; ctx.seed < 10; ctx.seed++)
        for (int t = 0; t < 2; t++) {
            int64_t pruned[K], all[K];
            int64_t few = seed(pruned, &p, false, trials[t], PRUNED, &ctx);
            int64_t many = seed(all, &p, false, trials[t], NOT_PRUNED, &ctx);
            assert_memory_equal(pruned, all, sizeof pruned);
            /* every point against every candidate, but the points that are seeds themselves */
            assert_in_range(many, N * trials[t] * (K - 2) * 9 / 10, N * (1 + trials[t] * (K - 1)));
            /* seeds against candidates are counted on every rank; the sketch knows one candidate */
            if (10 * few > (trials[t] == 1 ? 4 : 8) * many)
                fail_msg("seed %d: %ld of %ld distances", (int)ctx.seed, (long)few, (long)many);
        }
    rb_points_fini(&p);
}

static double scale, shift, outlier;

/* Of any scale, far from the origin, with rows that no sample of the ranges foresees. */
static double hard_value(int64_t i, int64_t f)
{
    return scale * value_at(i, f) + shift + (i == 650 && f == 3 ? outlier : 0);
}

/* Rows whose squared distance to `point` is below that to `other`, and how many of them and of all the sketch keeps. */
static void keep_near(int64_t counts[3], rb_kmeans_sketch *s, const double *x, int64_t point, int64_t other)
{
    const int64_t own = s->data->end - s->data->begin;
    for (int64_t i = 0; i < own; i++)
        rb_kmeans_sketch_limit(s, i, rb_distance2_f64(x + (s->data->begin + i) * D, x + other * D, D));
    rb_kmeans_sketch_aim(s, point);
    for (int64_t i = s->data->begin; i < s->data->end; i++) {
        int64_t row = i;
        const int kept = rb_kmeans_sketch_keep(&row, 1, s);
        const bool is_near =
            rb_distance2_f64(x + i * D, x + point * D, D) < rb_distance2_f64(x + i * D, x + other * D, D);
        counts[0] += is_near;
        counts[1] += is_near && kept;
        counts[2] += kept;
    }
}

static void a_sketch_leaves_out_no_row_that_is_in_reach(void **unused)
{
    (void)unused;
    const double cases[][3] = { { 1, 0, 0 },     { 1, 0, 1e6 },    { 1e-3, 1e6, 0 },   { 1e-9, 1e6, 0 },
                                { 1e100, 0, 0 }, { 1e-100, 0, 0 }, { 1e20, 1e22, -1 }, { 0, 5, 0 } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        rb_points p = { 0 };
        rb_kmeans_data data = { 0 };
        rb_kmeans_sketch s = { 0 };
        rb_error err = { 0 };
        int64_t counts[3] = { 0 };
        scale = cases[c][0];
        shift = cases[c][1];
        outlier = cases[c][2];
        make_points(&p, false, hard_value);
        assert_ok(rb_kmeans_data_init(&data, &p, K, false, false, false, &rb_test_ctx, &err), &err);
        assert_ok(rb_kmeans_sketch_init(&s, &data, &rb_test_ctx, &err), &err);
        assert_true((s.step > 0) == (scale > 1e-30 && scale < 1e30));
        for (int64_t q = 0; q < 40; q++)
            keep_near(counts, &s, p.dense, (q * 37) % N, (q * 53 + 11) % N);
        assert_int_equal(counts[0], counts[1]);
        rb_sum_int64(&rb_test_ctx, counts, 3);
        if (c == 0 && counts[2] > counts[0] + 40 * N / 20)
            fail_msg("%ld rows kept, %ld in reach", (long)counts[2], (long)counts[0]);
        rb_kmeans_sketch_fini(&s);
        rb_kmeans_data_fini(&data);
        rb_points_fini(&p);
    }
}

static void more_seeds_than_different_points_take_the_first_unused(void **unused)
{
    (void)unused;
    rb_points p = { 0 };
    int64_t seeds[K];
    bool taken[N] = { false };
    make_points(&p, false, few_values);
    seed(seeds, &p, false, 5, PRUNED, &rb_test_ctx);
    for (int s = 0; s < K; s++) {
        assert_in_range(seeds[s], 0, N - 1);
        assert_false(taken[seeds[s]]);
        taken[seeds[s]] = true;
    }
    int64_t next = 0;
    for (int s = 0; s < K; s++) {
        bool is_new = true;
        for (int t = 0; t < s; t++)
            is_new = is_new && seeds[s] % 5 != seeds[t] % 5;
        assert_true(is_new == (s < 5)); /* the five different points come first */
        if (s < 5)
            continue;
        for (bool used = true; used; next += used) {
            used = false;
            for (int t = 0; t < s; t++)
                used = used || seeds[t] == next;
        }
        assert_int_equal(seeds[s], next);
    }
    rb_points_fini(&p);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_those_of_plain_greedy_kmeans_plus_plus),
        cmocka_unit_test(pruning_leaves_out_distances_but_changes_no_seed),
        cmocka_unit_test(a_sketch_leaves_out_no_row_that_is_in_reach),
        cmocka_unit_test(more_seeds_than_different_points_take_the_first_unused),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
