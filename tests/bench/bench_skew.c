/*
 * The item half of ALS for titles that nearly everybody rated: 3 items, 600,000 users, 64 factors, on 1, 2, 4 ...
 * threads. One thread a row would leave at most 3 threads at work, and one of them to the end.
 *
 * Predicted: the same processor seconds for any number of threads, at the speed of the kernel of bench_gram, and the
 * busiest thread of T has 1 / T of them; the sum of the blocks, 8 k^2 / 2 bytes for 4,096 entries or more, is under 1
 * %.
 * Measured among 16 other processes on 2 cores: .060 processor seconds (108 GFLOP/s) on 1, 2 and 4 threads, the busiest
 * with .50 of them on 2 and .27 on 4; whole rows could not have been divided better than .67 and .33.
 *
 * Prints: ranks, threads, entries of the longest row, processor seconds (least of 7), GFLOP/s of a processor, share of
 * the busiest thread (least of 7). Usage: bench_skew [most threads]
 */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "recommend/core/factor_model.h"
#include "recommend/core/factor_solve.h"
#include "support/oracle_als.h"
#include "support/support.h"

enum { RUNS = 7, K = 64, MOST_THREADS = 64 };

/* NOLINTNEXTLINE(readability-non-const-parameter): the type of the callback */
static double entries(const rb_normal *a, double *t, double *w, int64_t row, int64_t from, int64_t n)
{
    double constant = 0;
    (void)w, (void)row;
    for (int64_t e = 0; e < n; e++) {
        t[e] = (double)a->side.rating[from + e];
        constant += t[e] * t[e];
    }
    return constant;
}

static double lambda(const rb_normal *a, int64_t n)
{
    (void)a;
    return 0.1 * (double)n;
}

/* Seconds of each thread's processor: another process's turn does not count. */
static void thread_s(double *out, const rb_ctx *ctx)
{
#pragma omp parallel num_threads(ctx->n_threads)
    {
        struct timespec t;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        out[omp_get_thread_num()] = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    }
}

/* One half step: the processor seconds of all threads, and the share of the busiest. */
static void half_step(double *sum, double *busiest, const rb_normal *normal, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_half_step sums;
    double before[MOST_THREADS], after[MOST_THREADS], most = 0, total = 0;
    thread_s(before, ctx);
    assert_ok(rb_solve_rows(&sums, normal, ctx, &err), &err);
    thread_s(after, ctx);
    for (int t = 0; t < ctx->n_threads; t++) {
        total += after[t] - before[t];
        most = fmax(most, after[t] - before[t]);
    }
    *sum = fmin(*sum, total);
    *busiest = fmin(*busiest, most / total);
}

int main(int argc, char **argv)
{
    rb_error err = { 0 };
    rb_split_data s = { 0 };
    rb_factors users = { 0 }, items = { 0 };
    rb_test_mpi_begin(&argc, &argv);
    rb_ctx *ctx = &rb_test_ctx;
    rb_oracle_zipf(&s, 600000, 3, 6000000, 0.1, 0.1, ctx);
    assert_ok(rb_factors_alloc(&users, s.train.n_users, K, RB_SINGLE, ctx, &err), &err);
    assert_ok(rb_factors_alloc(&items, s.train.n_items, K, RB_SINGLE, ctx, &err), &err);
    const rb_factor_start start = rb_item_start(RB_START_RANDOM, 0.1, NULL, K);
    assert_ok(rb_factors_start(&users, &start, &s.train.users, ctx, &err), &err);
    const rb_normal normal = {
        .side = rb_side_items(&s.train), .own = &items, .other = &users, .entries = entries, .lambda = lambda
    };
    int most = argc > 1 ? atoi(argv[1]) : 2;
    if (ctx->rank == 0)
        printf("ranks\tthreads\tlongest\tprocessor_s\tGFLOP/s\tbusiest\n");
    for (ctx->n_threads = 1; ctx->n_threads <= most && ctx->n_threads <= MOST_THREADS; ctx->n_threads *= 2) {
        double sum = INFINITY, busiest = INFINITY;
        for (int run = 0; run < RUNS; run++)
            half_step(&sum, &busiest, &normal, ctx);
        if (ctx->rank == 0)
            printf("%d\t%d\t%lld\t%.4f\t%.0f\t%.2f\n", ctx->n_ranks, ctx->n_threads, (long long)s.train.item_begin[1],
                   sum, 1e-9 * (double)s.train.n * K * (K + 1) / sum / ctx->n_ranks, busiest);
    }
    rb_factors_fini(&items);
    rb_factors_fini(&users);
    rb_oracle_split_fini(&s);
    return rb_test_mpi_end(0);
}
