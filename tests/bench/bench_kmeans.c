/*
 * K-Means on the shapes of the peers' table: seconds (median of 3) beside what flops and bytes predict.
 *
 *     bench_kmeans [1m|init|cat|sparse [words of one line]]        and the same under mpirun; RB_THREADS sets the
 * threads of a rank
 *
 * or one fit of points of a file (doubles, n x d), as the peers' rig takes it: 50 clusters, the first rows as start, 20
 * iterations; or their k-means++ seeds. Prints a heading and a line; writes labels or the seeds' rows (int32) to OUT:
 *
 *     bench_kmeans fit FILE n d PRECISION ALGORITHM OUT
 *     bench_kmeans seeds FILE n d SEED CANDIDATES OUT        (0 candidates: the default)
 *
 * Predictions for two cores of 138 (double) and 276 (single) GFLOP/s and 46 GB/s:
 *   1m      1M x 64, 50 centres, 20 iterations: 128 GFLOP of products and 10.2 GB (double) read: .47 + .22 s without
 *           bounds; single .23 + .11 s and .02 s to convert
 *   init    k-means++ of the same: 50 passes of 512 MB are .56 s; about half of the rows are pruned: .28 s; with five
 *           candidates a step the same passes, and .05 s to keep and to take their distances
 *   cat     8,807 x 100, 10 restarts: 35 MFLOP (k 20) and 88 MFLOP (k 50) an iteration: .13 and .32 ms
 *   sparse  8,807 x 20,000, 38 non-zeros a row, k 20: 340,000 x 24 multiply-adds and twice as many loads: .4 ms
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/param.h"
#include "base/rng.h"
#include "cluster/cluster.h"
#include "cluster/core/kmeans.h"
#include "support/raw_file.h"

#define REPEATS 3
#define CLUSTERS 50 /* of 1m and of points from a file; the options say it too */

extern const rb_algorithm rb_kmeans;

typedef struct {
    const char *name, *value;
} option;

static void must(rb_status status, const rb_error *err)
{
    if (status != RB_OK) {
        fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

/* Points around n_groups planted centres. */
static void blobs(rb_points *p, int64_t n, int64_t d, int n_groups, double spread, const rb_ctx *ctx, rb_error *err)
{
    must(rb_points_alloc_dense(p, n, d, ctx, err), err);
    int64_t offsets[1025];
    rb_blocks_offsets(offsets, &p->blocks, ctx);
    double *x = p->memory.data;
#pragma omp parallel for num_threads(ctx->n_threads)
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++) {
        rb_rng group = { 1, rb_stream("group"), 0, (uint64_t)i }, noise = { 1, rb_stream("noise"), 0, (uint64_t)i };
        rb_rng centre = { 1, rb_stream("centre"), 0, (uint64_t)rb_rng_below(&group, 0, n_groups) };
        for (int64_t f = 0; f < d; f++)
            x[i * d + f] = spread * rb_rng_normal(&centre, (uint32_t)f) + rb_rng_normal(&noise, (uint32_t)f);
    }
    rb_shared_publish(&p->memory, offsets, d * (int64_t)sizeof *x, ctx);
}

/* Rows of length 1 with 20 to 56 non-zeros on columns of Zipf's law, a third of them from the group's own columns. */
static void texts(rb_points *p, int64_t n, int64_t d, rb_error *err)
{
    rb_csr x = { 0 };
    must(rb_csr_init(&x, n, d, n * 60, err), err);
    int64_t at = 0;
    unsigned char *seen = calloc((size_t)d, 1);
    for (int64_t i = 0; i < n; i++) {
        rb_rng rng = { 2, rb_stream("text"), 0, (uint64_t)i };
        int64_t first = at, wanted = 20 + rb_rng_below(&rng, 0, 37), base = 500 * (i % 25);
        for (uint32_t t = 1; at - first < wanted && t < 1000; t++) {
            double u = rb_rng_uniform(&rng, t);
            int64_t c = (int64_t)(10 * (1.0 / (u + 10.0 / (double)d) - 1)) % d;
            c = t % 3 == 0 ? (base + c) % d : c;
            if (c < 0 || seen[c])
                continue;
            seen[c] = 1;
            int64_t e = at++;
            for (; e > first && x.col[e - 1] > c; e--)
                x.col[e] = x.col[e - 1];
            x.col[e] = (int32_t)c;
        }
        double sum = 0;
        for (int64_t e = first; e < at; e++) {
            seen[x.col[e]] = 0;
            x.value[e] = 1 + rb_rng_uniform(&rng, 2000 + (uint32_t)(e - first));
            sum += x.value[e] * x.value[e];
        }
        for (int64_t e = first; e < at; e++)
            x.value[e] /= __builtin_sqrt(sum);
        x.row_begin[i + 1] = at;
    }
    free(seen);
    must(rb_points_take_csr(p, &x, err), err);
    p->unit_rows = true;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const char *wanted = ""; /* only lines whose label has this */

/* What one fit took. */
typedef struct {
    double seconds, cpu, loop, objective;
    int64_t iterations;
} fit_times;

/* One fit; its labels to the file `out` where that is given. An array option is how many of the first rows it has. */
static fit_times fit_once(const rb_points *p, const option *options, const char *out, rb_ctx *ctx)
{
    fit_times t = { 0 };
    rb_error err = { 0 };
    rb_train_view view = { .space = p };
    void *config = calloc(1, rb_kmeans.config_size), *state = calloc(1, rb_kmeans.state_size);
    rb_params_default(config, rb_kmeans.params);
    for (const option *o = options; o->name; o++) {
        const rb_param *param = rb_param_find(rb_kmeans.params, o->name);
        rb_value value;
        if (param->kind == RB_PARAM_ARRAY)
            value = (rb_value){ .kind = RB_PARAM_ARRAY, .array = { p->dense, atoll(o->value), p->d, "inline" } };
        else
            must(rb_param_parse(&value, param, "kmeans", o->value, &err), &err);
        rb_param_store(config, param, &value);
    }
    bool done = false;
    rb_barrier(ctx);
    double start = rb_clock_s(), cpu_start = (double)clock();
    must(rb_kmeans.begin(state, &view, NULL, config, ctx, &err), &err);
    double loop_start = rb_clock_s();
    for (; !done; t.iterations++)
        must(rb_kmeans.iterate(state, t.iterations, &t.objective, &done, &view, NULL, config, ctx, &err), &err);
    t.loop = rb_clock_s() - loop_start;
    must(rb_kmeans.end(state, &view, NULL, config, ctx, &err), &err);
    rb_barrier(ctx);
    t.seconds = rb_clock_s() - start;
    t.cpu = ((double)clock() - cpu_start) / CLOCKS_PER_SEC;
    if (out && ctx->rank == 0) {
        int64_t n;
        const int32_t *label = rb_kmeans.labels(state, &n);
        rb_raw_write(out, label, n * (int64_t)sizeof *label);
    }
    rb_kmeans.fini(state);
    free(state);
    free(config);
    return t;
}

static void measure(const char *label, const rb_points *p, const option *options, double predicted, rb_ctx *ctx)
{
    double seconds[REPEATS], cpu[REPEATS], loop[REPEATS];
    fit_times t = { 0 };
    if (!strstr(label, wanted))
        return;
    for (int r = 0; r < REPEATS; r++) {
        t = fit_once(p, options, NULL, ctx);
        seconds[r] = t.seconds;
        cpu[r] = t.cpu;
        loop[r] = t.loop;
    }
    qsort(seconds, REPEATS, sizeof *seconds, ascending);
    qsort(loop, REPEATS, sizeof *loop, ascending);
    qsort(cpu, REPEATS, sizeof *cpu, ascending);
    if (ctx->rank == 0)
        printf("%-28s ranks %d threads %d  predicted %.4f  median %.4f s (cpu %.4f)  %lld iterations, %.5f s each, "
               "objective %.10g\n",
               label, ctx->n_ranks, ctx->n_threads, predicted, seconds[REPEATS / 2], cpu[REPEATS / 2],
               (long long)t.iterations, loop[REPEATS / 2] / (double)t.iterations, t.objective);
}

/* The seeds alone; returns the seconds. */
static double seeds_once(int64_t *seeds, const rb_points *p, int64_t trials, int64_t restart, rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_kmeans_data data = { 0 };
    must(rb_kmeans_data_init(&data, p, CLUSTERS, false, false, false, ctx, &err), &err);
    rb_barrier(ctx);
    double start = rb_clock_s();
    must(rb_kmeans_seeds(seeds, &data, RB_KMEANS_PLUS_PLUS, trials, restart, ctx, &err), &err);
    rb_barrier(ctx);
    double seconds = rb_clock_s() - start;
    rb_kmeans_data_fini(&data);
    return seconds;
}

static void measure_seeds(const rb_points *p, int64_t trials, double predicted, rb_ctx *ctx)
{
    double seconds[REPEATS];
    int64_t seeds[CLUSTERS];
    for (int r = 0; r < REPEATS; r++)
        seconds[r] = seeds_once(seeds, p, trials, r, ctx);
    qsort(seconds, REPEATS, sizeof *seconds, ascending);
    if (ctx->rank == 0)
        printf("kmeans-init, %lld candidates   ranks %d threads %d  predicted %.4f  median %.4f s, last seed %lld\n",
               (long long)trials, ctx->n_ranks, ctx->n_threads, predicted, seconds[REPEATS / 2],
               (long long)seeds[CLUSTERS - 1]);
}

/* Points of a file; every rank reads its own rows of them. */
static void read_points(rb_points *p, const char *file, int64_t n, int64_t d, const rb_ctx *ctx, rb_error *err)
{
    int64_t offsets[1025];
    must(rb_points_alloc_dense(p, n, d, ctx, err), err);
    rb_blocks_offsets(offsets, &p->blocks, ctx);
    double *x = rb_raw_read(NULL, file, n * d * (int64_t)sizeof *x);
    int64_t first = offsets[ctx->rank] * d, end = offsets[ctx->rank + 1] * d;
    memcpy((double *)p->memory.data + first, x + first, (size_t)(end - first) * sizeof *x);
    rb_free(x);
    rb_shared_publish(&p->memory, offsets, d * (int64_t)sizeof *x, ctx);
}

/* fit FILE n d PRECISION ALGORITHM OUT, seeds FILE n d SEED CANDIDATES OUT */
static void points_of_a_file(char **argument, rb_ctx *ctx, rb_error *err)
{
    rb_points p = { 0 };
    read_points(&p, argument[1], atoll(argument[2]), atoll(argument[3]), ctx, err);
    if (!strcmp(argument[0], "fit")) {
        option options[] = {
            { "k", "50" },        { "init", "given" },          { "centres", "50" },          { "iterations", "20" },
            { "tolerance", "0" }, { "precision", argument[4] }, { "algorithm", argument[5] }, { NULL, NULL }
        };
        fit_times t = fit_once(&p, options, argument[6], ctx);
        if (ctx->rank == 0)
            printf("seconds\titerations\tobjective\n%.6f\t%lld\t%.17g\n", t.seconds, (long long)t.iterations,
                   t.objective);
    } else {
        int64_t trials = atoll(argument[5]), seeds[CLUSTERS];
        int32_t rows[CLUSTERS];
        double seconds =
            seeds_once(seeds, &p, trials > 0 ? trials : rb_kmeans_local_trials(CLUSTERS), atoll(argument[4]), ctx);
        for (int c = 0; c < CLUSTERS; c++)
            rows[c] = (int32_t)seeds[c];
        if (ctx->rank == 0) {
            rb_raw_write(argument[6], rows, sizeof rows);
            printf("seconds\n%.6f\n", seconds);
        }
    }
    rb_points_fini(&p);
}

static void workload_1m(const rb_points *p, rb_ctx *ctx)
{
    const char *const precision[] = { "double", "single" }, *const algorithm[] = { "lloyd", "hamerly" };
    for (int a = 0; a < 4; a++) {
        option options[] = { { "k", "50" },
                             { "init", "given" },
                             { "centres", "50" },
                             { "iterations", "20" },
                             { "tolerance", "0" },
                             { "algorithm", algorithm[a % 2] },
                             { "precision", precision[a / 2] },
                             { NULL, NULL } };
        char label[64];
        snprintf(label, sizeof label, "kmeans-1m %s %s", precision[a / 2], algorithm[a % 2]);
        measure(label, p, options, a < 2 ? .69 : .36, ctx);
    }
}

int main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    rb_error err = { 0 };
    rb_ctx ctx = { 0 };
    const char *threads = getenv("RB_THREADS"), *only = argc > 1 ? argv[1] : "";
    wanted = argc > 2 ? argv[2] : "";
    must(rb_ctx_init(&ctx, MPI_COMM_WORLD, threads ? atoi(threads) : 2, false, &err), &err);
    rb_points p = { 0 };
    if (argc == 8 && (!strcmp(only, "fit") || !strcmp(only, "seeds")))
        points_of_a_file(argv + 1, &ctx, &err);
    if (!*only || !strcmp(only, "1m") || !strcmp(only, "init")) {
        blobs(&p, 1000000, 64, CLUSTERS, 2, &ctx, &err);
        if (strcmp(only, "init") != 0)
            workload_1m(&p, &ctx);
        measure_seeds(&p, rb_kmeans_local_trials(50), .33, &ctx);
        measure_seeds(&p, 1, .28, &ctx);
        rb_points_fini(&p);
    }
    if (!*only || !strcmp(only, "cat")) {
        blobs(&p, 8807, 100, 40, .3, &ctx, &err);
        option few[] = { { "k", "20" }, { "n_init", "10" }, { NULL, NULL } };
        option many[] = { { "k", "50" }, { "n_init", "10" }, { NULL, NULL } };
        option many_lloyd[] = { { "k", "50" }, { "n_init", "10" }, { "algorithm", "lloyd" }, { NULL, NULL } };
        measure("kmeans-cat k 20", &p, few, .06, &ctx);
        measure("kmeans-cat k 50", &p, many, .12, &ctx);
        measure("kmeans-cat k 50 lloyd", &p, many_lloyd, .12, &ctx);
        rb_points_fini(&p);
    }
    if (!*only || !strcmp(only, "sparse")) {
        texts(&p, 8807, 20000, &err);
        option options[] = { { "k", "20" }, { "iterations", "50" }, { "tolerance", "0" }, { NULL, NULL } };
        option lloyd[] = {
            { "k", "20" }, { "iterations", "50" }, { "tolerance", "0" }, { "algorithm", "lloyd" }, { NULL, NULL }
        };
        measure("kmeans-sparse", &p, options, .02, &ctx);
        measure("kmeans-sparse lloyd", &p, lloyd, .02, &ctx);
        rb_points_fini(&p);
    }
    rb_ctx_fini(&ctx);
    MPI_Finalize();
    return 0;
}
