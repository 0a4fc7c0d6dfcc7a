/*
 * Time and memory of clusterings against the number of points: each size in a process of its own, so that its highest
 * memory is known, and the exponents that fit log-log.
 *
 *     bench_growth_clusters [MOST]        points of the largest size, 1,000,000 without it; RB_THREADS sets the threads
 *
 * Points: blobs of support/bench_points.h in 10 dimensions. kmeans: k 20 from the first points, 10
 * iterations whatever happens. minibatch_kmeans: k 20, 200 batches of 1,024. bisecting_kmeans: k 8. Seconds are the
 * least of 3; bytes are the highest of the process beyond those of the points.
 *
 * Predicted exponents of time and memory: 1 and 1 for kmeans and bisecting_kmeans; for minibatch_kmeans 0 and 1 while
 * its batches outweigh the pass over all points that ends it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/param.h"
#include "cluster/cluster.h"
#include "support/bench.h"
#include "support/bench_points.h"

#define D 10
#define REPEATS 3
#define MOST_SIZES 8

extern const rb_algorithm rb_kmeans, rb_minibatch_kmeans, rb_bisecting_kmeans;

typedef struct {
    const rb_algorithm *algorithm;
    struct {
        const char *name, *value;
    } option[4];
    int64_t n_start; /* first points as centres; 0: none */
} workload;

static const workload workloads[] = {
    { &rb_kmeans, { { "k", "20" }, { "init", "given" }, { "iterations", "10" }, { "tolerance", "0" } }, 20 },
    { &rb_minibatch_kmeans, { { "k", "20" }, { "iterations", "200" }, { "patience", "0" } }, 0 },
    { &rb_bisecting_kmeans, { { "k", "8" } }, 0 },
};

typedef struct {
    double seconds, bytes;
} figures;

static double peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss;
}

static void configure(void *config, const workload *w, const rb_points *p)
{
    rb_error err = { 0 };
    rb_params_default(config, w->algorithm->params);
    for (int o = 0; o < 4 && w->option[o].name; o++) {
        const rb_param *param = rb_param_find(w->algorithm->params, w->option[o].name);
        rb_value value;
        rb_bench_must(rb_param_parse(&value, param, w->algorithm->name, w->option[o].value, &err), &err);
        rb_param_store(config, param, &value);
    }
    if (w->n_start > 0) {
        rb_value value = { .kind = RB_PARAM_ARRAY, .array = { p->dense, w->n_start, D, "inline" } };
        rb_param_store(config, rb_param_find(w->algorithm->params, "centres"), &value);
    }
}

static double fit(const workload *w, const rb_points *p, const void *config, rb_ctx *ctx)
{
    const rb_algorithm *a = w->algorithm;
    rb_error err = { 0 };
    rb_train_view view = { .space = p };
    void *state = calloc(1, a->state_size);
    bool done = false;
    double objective, begin_s = rb_clock_s();
    rb_bench_must(a->begin(state, &view, NULL, config, ctx, &err), &err);
    for (int64_t i = 0; !done; i++)
        rb_bench_must(a->iterate(state, i, &objective, &done, &view, NULL, config, ctx, &err), &err);
    if (a->end)
        rb_bench_must(a->end(state, &view, NULL, config, ctx, &err), &err);
    double seconds = rb_clock_s() - begin_s;
    a->fini(state);
    free(state);
    return seconds;
}

/* In the child: the least time, and what it took beyond the points. */
static figures measure_here(const workload *w, int64_t n, int n_threads)
{
    rb_ctx ctx;
    rb_points p = { 0 };
    figures f = { INFINITY, 0 };
    void *config = calloc(1, w->algorithm->config_size);
    rb_ctx_serial(&ctx, n_threads);
    rb_bench_blobs(&p, n, D, &ctx);
    configure(config, w, &p);
    double before = peak_bytes();
    for (int r = 0; r < REPEATS; r++)
        f.seconds = fmin(f.seconds, fit(w, &p, config, &ctx));
    f.bytes = peak_bytes() - before;
    rb_points_fini(&p);
    free(config);
    return f;
}

static figures measure(const workload *w, int64_t n, int n_threads)
{
    int ends[2], status;
    figures f;
    if (pipe(ends) != 0)
        exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        f = measure_here(w, n, n_threads);
        _exit(write(ends[1], &f, sizeof f) == (ssize_t)sizeof f ? 0 : 1);
    }
    if (child < 0 || read(ends[0], &f, sizeof f) != (ssize_t)sizeof f || waitpid(child, &status, 0) < 0)
        exit(1);
    close(ends[0]);
    close(ends[1]);
    return f;
}

/* Slope of log y over log n, sizes of at least 10,000, below which starting up shows. */
static double exponent(const double *n, const double *y, int count)
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0, m = 0;
    for (int i = 0; i < count; i++) {
        if (n[i] < 1e4 || !(y[i] > 0))
            continue;
        double u = log(n[i]), v = log(y[i]);
        sx += u;
        sy += v;
        sxx += u * u;
        sxy += u * v;
        m++;
    }
    return m < 2 ? NAN : (m * sxy - sx * sy) / (m * sxx - sx * sx);
}

int main(int argc, char **argv)
{
    const int64_t most = argc > 1 ? atoll(argv[1]) : 1000000;
    const int n_threads = getenv("RB_THREADS") ? atoi(getenv("RB_THREADS")) : 2;
    for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++) {
        double n[MOST_SIZES], seconds[MOST_SIZES], bytes[MOST_SIZES];
        int count = 0;
        for (int64_t size = 1000; size <= most && count < MOST_SIZES; size *= 10, count++) {
            figures f = measure(&workloads[w], size, n_threads);
            n[count] = (double)size;
            seconds[count] = f.seconds;
            bytes[count] = f.bytes;
            printf("%-18s n %8lld  %.5f s  %8.2f MB\n", workloads[w].algorithm->name, (long long)size, f.seconds,
                   f.bytes / 1e6);
        }
        printf("%-18s exponent of time %.2f, of memory %.2f\n", workloads[w].algorithm->name,
               exponent(n, seconds, count), exponent(n, bytes, count));
    }
    return 0;
}
