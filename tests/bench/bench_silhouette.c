/*
 * Silhouettes on the shapes of the peers' table: seconds (median of 5) beside what flops and bytes predict.
 *
 *     bench_silhouette        and the same under mpirun; RB_THREADS sets the threads of a rank
 *
 * Predictions for two cores of 138 GFLOP/s, double:
 *   euclidean           8,807^2 x 100 products: 15.5 GFLOP, .056 s; 78 M roots, .01 s; 10 M vectors added, .003 s
 *   euclidean, 20       the same and 194 M vectors of 64 bytes added (one a cycle and core): .03 s more
 *   cosine              8,807 x 100 x 20 products: .0002 s; reading and sums: .001 s
 *   sparse cosine       340,000 x 24 products, twice, from a table of 4 MB: .002 s
 *   sparse euclidean    276 groups x 340,000 non-zeros x 4 vectors, two loads a cycle at best: .03 s
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "eval/silhouette.h"
#include "support/bench.h"

#define REPEATS 5
#define POINTS 8807
#define LABELLINGS 20

static int32_t labels[LABELLINGS][POINTS];
static rb_labelling labellings[LABELLINGS];

static void make_dense(rb_points *p, int64_t d, const rb_ctx *ctx, rb_error *err)
{
    rb_bench_must(rb_points_alloc_dense(p, POINTS, d, ctx, err), err);
    double *x = p->memory.data;
    for (int64_t i = 0; ctx->rank == 0 && i < POINTS; i++) {
        rb_rng noise = { 1, rb_stream("noise"), 0, (uint64_t)i };
        rb_rng centre = { 1, rb_stream("centre"), 0, (uint64_t)labels[LABELLINGS - 1][i] };
        for (int64_t f = 0; f < d; f++)
            x[i * d + f] = .3 * rb_rng_normal(&centre, (uint32_t)f) + rb_rng_normal(&noise, (uint32_t)f);
    }
    rb_shared_publish_from(&p->memory, 0, ctx);
}

/* 20 to 56 non-zeros a row on columns of Zipf's law. */
static void make_sparse(rb_points *p, int64_t d, rb_error *err)
{
    rb_csr x = { 0 };
    rb_bench_must(rb_csr_init(&x, POINTS, d, POINTS * 60, err), err);
    unsigned char *seen = calloc((size_t)d, 1);
    int64_t at = 0;
    for (int64_t i = 0; i < POINTS; i++) {
        rb_rng rng = { 2, rb_stream("text"), 0, (uint64_t)i };
        int64_t first = at, wanted = 20 + rb_rng_below(&rng, 0, 37);
        for (uint32_t t = 1; at - first < wanted && t < 1000; t++) {
            int64_t c = (int64_t)(10 * (1.0 / (rb_rng_uniform(&rng, t) + 10.0 / (double)d) - 1)) % d;
            if (c < 0 || seen[c])
                continue;
            seen[c] = 1;
            int64_t e = at++;
            for (; e > first && x.col[e - 1] > c; e--)
                x.col[e] = x.col[e - 1];
            x.col[e] = (int32_t)c;
        }
        for (int64_t e = first; e < at; e++) {
            seen[x.col[e]] = 0;
            x.value[e] = 1 + rb_rng_uniform(&rng, 2000 + (uint32_t)(e - first));
        }
        x.row_begin[i + 1] = at;
    }
    free(seen);
    rb_bench_must(rb_points_take_csr(p, &x, err), err);
}

static void measure(const char *label, const rb_points *p, int n, rb_silhouette_distance distance, double predicted,
                    rb_ctx *ctx)
{
    double seconds[REPEATS], cpu[REPEATS];
    rb_metric_value values[LABELLINGS];
    for (int r = 0; r < REPEATS; r++) {
        rb_error err = { 0 };
        rb_barrier(ctx);
        double start = rb_clock_s(), cpu_start = rb_bench_process_s();
        rb_bench_must(rb_silhouette_many(values, NULL, p, labellings + LABELLINGS - n, n, distance, ctx, &err), &err);
        rb_barrier(ctx);
        seconds[r] = rb_clock_s() - start;
        cpu[r] = rb_bench_process_s() - cpu_start;
    }
    if (ctx->rank == 0)
        printf("%-24s ranks %d threads %d  predicted %.4f  median %.4f s (cpu %.4f)  value %.10g\n", label,
               ctx->n_ranks, ctx->n_threads, predicted, rb_bench_median(seconds, REPEATS),
               rb_bench_median(cpu, REPEATS), values[n - 1].value);
}

int main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    rb_error err = { 0 };
    rb_ctx ctx = { 0 };
    const char *threads = getenv("RB_THREADS");
    rb_bench_must(rb_ctx_init(&ctx, MPI_COMM_WORLD, threads ? atoi(threads) : 2, false, &err), &err);
    for (int l = 0; l < LABELLINGS; l++) {
        for (int64_t i = 0; i < POINTS; i++) {
            rb_rng rng = { 3, rb_stream("label"), 0, (uint64_t)i };
            labels[l][i] = (int32_t)rb_rng_below(&rng, (uint32_t)l, l + 1 < LABELLINGS ? l + 2 : 20);
        }
        labellings[l] = (rb_labelling){ labels[l], RB_NOISE_DROP };
    }
    rb_points dense = { 0 }, sparse = { 0 };
    make_dense(&dense, 100, &ctx, &err);
    make_sparse(&sparse, 20000, &err);
    measure("euclidean", &dense, 1, RB_SILHOUETTE_EUCLIDEAN, .07, &ctx);
    measure("euclidean, 20 labellings", &dense, LABELLINGS, RB_SILHOUETTE_EUCLIDEAN, .1, &ctx);
    measure("cosine", &dense, 1, RB_SILHOUETTE_COSINE, .0015, &ctx);
    measure("sparse cosine", &sparse, 1, RB_SILHOUETTE_COSINE, .002, &ctx);
    measure("sparse euclidean", &sparse, 1, RB_SILHOUETTE_EUCLIDEAN, .045, &ctx);
    rb_points_fini(&dense);
    rb_points_fini(&sparse);
    rb_ctx_fini(&ctx);
    MPI_Finalize();
    return 0;
}
