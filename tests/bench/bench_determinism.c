/*
 * The cost of determinism: the kernels as they are against the same object code with plain reductions, on one data set.
 *
 * The linker hands every call of rb_blocks_init, rb_blocks_sum and rb_tree_sum to this file (--wrap). Plain, the data
 * are cut into one or 16 parts a thread in place of up to 1,024 blocks, partial sums are added in the order of the
 * parts, and ranks add by MPI_Allreduce; that depends on the shape and is what a program without our promise does. The
 * faster of the two counts (16 parts balance the threads, one has fewest sums). Fixed inside the kernels and so on both
 * sides: the chunks of 4,096 entries of a row, the tiles of a product.
 *
 * Predicted: K-Means adds 1,024 partials of 27 kB an iteration of 27 ms, 27 MB through the second cache: 1 ms on two
 * cores, 4 %. Gram: 128 partials of 17 kB, 2 MB: .1 ms of 4 ms. The others add a few numbers a block: nothing.
 *
 * Usage: [mpirun -n P] bench_determinism [threads [divisor [turns]]]. Prints lines of the table of figures: value =
 * seconds of ours, reference = seconds of the plain one, ratio = 1 + the cost.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/bench.h"
#include "support/bench_work.h"
#include "support/support.h"

enum { MODES = 3, MOST_TURNS = 64 };

static const int parts_of_mode[MODES] = { 0, 1, 16 }; /* 0: ours */
static int n_parts;                                   /* of all ranks and threads; 0: ours */

rb_status __real_rb_blocks_init(rb_blocks *b, int64_t n, const int64_t *prefix, int64_t min_weight, rb_error *err);
rb_status __real_rb_blocks_sum(double *sum, double *partial, int64_t width, const rb_blocks *b, const rb_ctx *ctx,
                               rb_error *err);
double __real_rb_tree_sum(double *values, int64_t n);
rb_status __wrap_rb_blocks_init(rb_blocks *b, int64_t n, const int64_t *prefix, int64_t min_weight, rb_error *err);
rb_status __wrap_rb_blocks_sum(double *sum, double *partial, int64_t width, const rb_blocks *b, const rb_ctx *ctx,
                               rb_error *err);
double __wrap_rb_tree_sum(double *values, int64_t n);

rb_status __wrap_rb_blocks_init(rb_blocks *b, int64_t n, const int64_t *prefix, int64_t min_weight, rb_error *err)
{
    int64_t total = prefix ? prefix[n] - prefix[0] : n;
    if (n_parts > 0 && total / n_parts > min_weight)
        min_weight = total / n_parts;
    return __real_rb_blocks_init(b, n, prefix, min_weight, err);
}

rb_status __wrap_rb_blocks_sum(double *sum, double *partial, int64_t width, const rb_blocks *b, const rb_ctx *ctx,
                               rb_error *err)
{
    if (n_parts == 0)
        return __real_rb_blocks_sum(sum, partial, width, b, ctx, err);
    int32_t own = rb_blocks_of(b, ctx->rank + 1, ctx->n_ranks) - rb_blocks_of(b, ctx->rank, ctx->n_ranks);
    memset(sum, 0, (size_t)width * sizeof *sum);
    for (int32_t k = 0; k < own; k++)
        for (int64_t i = 0; i < width; i++)
            sum[i] += partial[k * width + i];
    if (ctx->n_ranks > 1)
        RB_MPI(MPI_Allreduce(MPI_IN_PLACE, sum, (int)width, MPI_DOUBLE, MPI_SUM, ctx->comm));
    return RB_OK;
}

double __wrap_rb_tree_sum(double *values, int64_t n)
{
    if (n_parts == 0)
        return __real_rb_tree_sum(values, n);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += values[i];
    return sum;
}

static void measure(const rb_bench_work *work, rb_bench_world *w, int turns, rb_ctx *ctx)
{
    double seconds[MODES][MOST_TURNS];
    for (int turn = -1; turn < turns; turn++) /* the first one touches memory */
        for (int mode = 0; mode < MODES; mode++) {
            n_parts = parts_of_mode[mode] * ctx->n_ranks * ctx->n_threads;
            rb_bench_world_cut(w);
            rb_barrier(ctx);
            double start = rb_clock_s();
            work->run(w, ctx);
            rb_barrier(ctx);
            if (turn >= 0)
                seconds[mode][turn] = rb_clock_s() - start;
        }
    n_parts = 0;
    double ours = rb_bench_median(seconds[0], turns), plain = rb_bench_median(seconds[1], turns);
    double balanced = rb_bench_median(seconds[2], turns);
    char figure[96];
    snprintf(figure, sizeof figure, "determinism of %s on %dx%d", work->name, ctx->n_ranks, ctx->n_threads);
    if (ctx->rank == 0)
        rb_bench_figure(figure, ours, "s", plain < balanced ? plain : balanced, RB_BENCH_AT_MOST, 1.1);
}

int main(int argc, char **argv)
{
    const rb_bench_work *works[] = {
        &rb_bench_als,        &rb_bench_ials,     &rb_bench_gram,   &rb_bench_kmeans,        &rb_bench_seeds,
        &rb_bench_silhouette, &rb_bench_closed,   &rb_bench_rating, &rb_bench_ranking,       &rb_bench_hdbscan,
        &rb_bench_dbscan,     &rb_bench_gmm,      &rb_bench_lda,    &rb_bench_agglomerative, &rb_bench_svd,
        &rb_bench_bpr,        &rb_bench_item_knn, &rb_bench_ease,   &rb_bench_slim,          &rb_bench_pure_svd
    };
    rb_bench_world world;
    rb_test_mpi_begin(&argc, &argv);
    rb_test_ctx.n_threads = argc > 1 ? atoi(argv[1]) : 2;
    rb_test_ctx.seed = 1;
    int divisor = argc > 2 ? atoi(argv[2]) : 1, turns = argc > 3 ? atoi(argv[3]) : 7;
    openblas_set_num_threads(1);
    if (rb_test_ctx.n_threads < 1 || divisor < 1 || turns < 1 || turns > MOST_TURNS) {
        fprintf(stderr, "usage: bench_determinism [threads [divisor [turns]]]\n");
        return rb_test_mpi_end(2);
    }
    rb_bench_world_init(&world, divisor, &rb_test_ctx);
    for (size_t k = 0; k < sizeof works / sizeof *works; k++)
        measure(works[k], &world, turns, &rb_test_ctx);
    rb_bench_world_fini(&world);
    return rb_test_mpi_end(0);
}
