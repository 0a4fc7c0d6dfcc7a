/*
 * DBSCAN on the shapes of the peers' table: seconds (least of 3, as other programs only add), clusters, noise.
 *
 *     bench_dbscan [blobs10|blobs2|blobs50]        and the same under mpirun; RB_THREADS sets the threads of a rank
 *
 * or one fit, not the least of several, of points of a file (doubles, n x d), as a turn of the peers' rig has one on
 * each side; writes the labels (int32) to OUT:
 *
 *     bench_dbscan fit FILE n d euclidean|cosine EPS MIN_SAMPLES OUT
 *
 * Blobs: 100 centres N(0, 16 I), points N(centre, I).
 *   blobs10  100,000 x 10, eps 2: 100 groups of 1,000 are 5 10^7 pairs of 20 flops: 1 GFLOP, .005 s on two cores; the
 *            tree moves 100,000 points ten times: .02 s
 *   blobs2   200,000 x 2, eps .05: the tree, eleven times: .04 s
 *   blobs50  20,000 x 50, eps 8.5: 2 10^8 pairs, of which boxes leave out most: at most 20 GFLOP, .07 s
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/param.h"
#include "cluster/cluster.h"
#include "support/bench.h"
#include "support/bench_growth.h"
#include "support/bench_points.h"
#include "support/raw_file.h"

#define REPEATS 3

extern const rb_algorithm rb_dbscan;

typedef struct {
    const char *name;
    int64_t n, d;
    const char *metric, *eps, *min_samples;
} workload;

static const workload workloads[] = {
    { "blobs10", 100000, 10, "euclidean", "2", "5" },
    { "blobs2", 200000, 2, "euclidean", "0.05", "5" },
    { "blobs50", 20000, 50, "euclidean", "8.5", "5" },
};

static void *config_of(const char *metric, const char *eps, const char *min_samples)
{
    void *config = calloc(1, rb_dbscan.config_size);
    rb_params_default(config, rb_dbscan.params);
    rb_bench_set(config, &rb_dbscan, "eps", eps);
    rb_bench_set(config, &rb_dbscan, "min_samples", min_samples);
    rb_bench_set(config, &rb_dbscan, "metric", metric);
    return config;
}

/* Fits `repeats` times and prints a line; the labels of the last fit where out is not NULL. */
static void measure(const workload *w, const rb_points *p, int repeats, int32_t *out, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *config = config_of(w->metric, w->eps, w->min_samples), *state = calloc(1, rb_dbscan.state_size);
    const rb_train_view view = { .space = p };
    double least = INFINITY;
    int64_t n = 0, noise = 0, n_clusters = 0;
    for (int repeat = 0; repeat < repeats; repeat++) {
        rb_dbscan.fini(state);
        rb_barrier(ctx);
        double begin_s = rb_clock_s();
        rb_bench_fit(state, &rb_dbscan, &view, NULL, config, ctx);
        least = fmin(least, rb_clock_s() - begin_s);
    }
    const int32_t *label = rb_dbscan.labels(state, &n);
    for (int64_t i = 0; i < n; i++) {
        noise += label[i] < 0;
        n_clusters = label[i] >= n_clusters ? label[i] + 1 : n_clusters;
    }
    if (out)
        memcpy(out, label, (size_t)n * sizeof *out);
    int32_t *again = calloc((size_t)n, sizeof *again);
    double begin = rb_clock_s();
    rb_bench_must(rb_dbscan.assign(again, state, p, config, ctx, &err), &err);
    if (ctx->rank == 0)
        printf("%s\t%lld\t%lld\t%s\t%d\t%d\t%.4f\t%.4f\t%lld\t%lld\n", w->name, (long long)p->n, (long long)p->d,
               w->eps, ctx->n_ranks, ctx->n_threads, least, rb_clock_s() - begin, (long long)n_clusters,
               (long long)noise);
    rb_dbscan.fini(state);
    free(again);
    free(config);
    free(state);
}

static void run_blobs(const workload *w, rb_ctx *ctx)
{
    rb_points p;
    rb_bench_blobs(&p, w->n, w->d, ctx);
    measure(w, &p, REPEATS, NULL, ctx);
    rb_points_fini(&p);
}

static void run_file(char **argv, rb_ctx *ctx)
{
    rb_error err = { 0 };
    workload w = { "fit", atoll(argv[3]), atoll(argv[4]), argv[5], argv[6], argv[7] };
    double *values = rb_raw_read(NULL, argv[2], w.n * w.d * (int64_t)sizeof(double));
    rb_points p = { .n = w.n, .d = w.d, .dense = values };
    int32_t *label = NULL;
    rb_bench_must(rb_alloc(&label, w.n, &err), &err);
    measure(&w, &p, 1, label, ctx);
    if (ctx->rank == 0)
        rb_raw_write(argv[8], label, w.n * (int64_t)sizeof *label);
    rb_free(label);
    rb_free(values);
}

int main(int argc, char **argv)
{
    rb_error err = { 0 };
    rb_ctx ctx;
    int provided;
    const char *threads = getenv("RB_THREADS");
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    rb_bench_must(rb_ctx_init(&ctx, MPI_COMM_WORLD, threads ? atoi(threads) : 2, false, &err), &err);
    if (ctx.rank == 0)
        printf("workload\tn\td\teps\tranks\tthreads\twall_s\tassign_s\tclusters\tnoise\n");
    if (argc == 9 && !strcmp(argv[1], "fit"))
        run_file(argv, &ctx);
    else
        for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++)
            if (argc < 2 || !strcmp(argv[1], workloads[w].name))
                run_blobs(&workloads[w], &ctx);
    rb_ctx_fini(&ctx);
    MPI_Finalize();
    return 0;
}
