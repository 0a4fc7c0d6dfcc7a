/* First centres: equal to plain greedy k-means++, whatever is pruned, on any ranks and threads. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "cluster/core/kmeans.h"
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
            if (10 * few > 8 * many) /* seeds against candidates are counted on every rank */
                fail_msg("seed %d: %ld of %ld distances", (int)ctx.seed, (long)few, (long)many);
        }
    rb_points_fini(&p);
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
        cmocka_unit_test(more_seeds_than_different_points_take_the_first_unused),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
