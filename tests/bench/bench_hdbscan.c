/*
 * HDBSCAN on the shapes of the peers' table: seconds (least of 3, as other programs only add), clusters, noise.
 *
 *     bench_hdbscan [blobs10|blobs2|blobs50]        and the same under mpirun; RB_THREADS sets the threads of a rank
 *
 * or one fit, not the least of several, of points of a file (doubles, n x d), as a turn of the peers' rig has one on
 * each side; writes the labels (int32) to OUT:
 *
 *     bench_hdbscan fit FILE n d euclidean|cosine MIN_CLUSTER_SIZE MIN_SAMPLES OUT
 *
 * Blobs: 100 centres N(0, 16 I), points N(centre, I); min_cluster_size 15, min_samples 5.
 *   blobs10  100,000 x 10: a point looks into the 8 to 16 leaves of its group, 3 GFLOP, and takes products with 1,024
 *            balls, 2 GFLOP, for its list and in each of about 6 rounds that join the groups: 40 GFLOP at 100 GFLOP/s
 *            (rows of 10 numbers do not fill the kernel): .4 s on two cores; trees .1 s on one
 *   blobs2   200,000 x 2: nine leaves a point: little but the trees: .2 s
 *   blobs50  20,000 x 50: groups are two leaves: lists 1 GFLOP, balls .3 GFLOP a round: .05 s
 * The catalogue, 8,807 x 50: nothing is left out: 7.8 GFLOP at 300 GFLOP/s for the lists, as much for the points that
 * search in the rounds: .05 to .1 s.
 */
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

extern const rb_algorithm rb_hdbscan;

typedef struct {
    const char *name;
    int64_t n, d;
    const char *metric, *min_cluster_size, *min_samples;
} workload;

static const workload workloads[] = {
    { "blobs10", 100000, 10, "euclidean", "15", "5" },
    { "blobs2", 200000, 2, "euclidean", "15", "5" },
    { "blobs50", 20000, 50, "euclidean", "15", "5" },
};

static void *config_of(const char *metric, const char *min_cluster_size, const char *min_samples)
{
    void *config = calloc(1, rb_hdbscan.config_size);
    rb_params_default(config, rb_hdbscan.params);
    rb_bench_set(config, &rb_hdbscan, "metric", metric);
    rb_bench_set(config, &rb_hdbscan, "min_cluster_size", min_cluster_size);
    rb_bench_set(config, &rb_hdbscan, "min_samples", min_samples);
    return config;
}

/* Fits `repeats` times and prints a line; the labels of the last fit where out is not NULL. */
static void measure(const workload *w, const rb_points *p, int repeats, int32_t *out, rb_ctx *ctx)
{
    void *config = config_of(w->metric, w->min_cluster_size, w->min_samples), *state = calloc(1, rb_hdbscan.state_size);
    const rb_train_view view = { .space = p };
    double least = 0;
    int64_t n = 0, noise = 0, n_clusters = 0;
    for (int repeat = 0; repeat < repeats; repeat++) {
        rb_hdbscan.fini(state);
        rb_barrier(ctx);
        double begin = rb_clock_s();
        rb_bench_fit(state, &rb_hdbscan, &view, NULL, config, ctx);
        double wall_s = rb_clock_s() - begin;
        least = repeat == 0 || wall_s < least ? wall_s : least;
    }
    const int32_t *label = rb_hdbscan.labels(state, &n);
    for (int64_t i = 0; i < n; i++) {
        noise += label[i] < 0;
        n_clusters = label[i] >= n_clusters ? label[i] + 1 : n_clusters;
    }
    if (out)
        memcpy(out, label, (size_t)n * sizeof *out);
    if (ctx->rank == 0)
        printf("%s\t%lld\t%lld\t%s\t%d\t%d\t%.4f\t%lld\t%lld\n", w->name, (long long)p->n, (long long)p->d,
               w->min_samples, ctx->n_ranks, ctx->n_threads, least, (long long)n_clusters, (long long)noise);
    rb_hdbscan.fini(state);
    free(config);
    free(state);
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
        printf("workload\tn\td\tmin_samples\tranks\tthreads\twall_s\tclusters\tnoise\n");
    if (argc == 9 && !strcmp(argv[1], "fit"))
        run_file(argv, &ctx);
    else
        for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++)
            if (argc < 2 || !strcmp(argv[1], workloads[w].name)) {
                rb_points p;
                rb_bench_blobs(&p, workloads[w].n, workloads[w].d, &ctx);
                measure(&workloads[w], &p, REPEATS, NULL, &ctx);
                rb_points_fini(&p);
            }
    rb_ctx_fini(&ctx);
    MPI_Finalize();
    return 0;
}
