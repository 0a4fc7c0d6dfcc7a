/*
 * Time and memory of clusterings against the number of points: each size in a process of its own, so that its highest
 * memory is known, and the exponents that fit log-log.
 *
 *     bench_growth_clusters [DIVISOR [NAME]]       of the sizes, 1 without it; RB_THREADS sets the threads
 *
 * Points: blobs of support/bench_points.h. kmeans: k 20 from the first points, 10 iterations whatever happens.
 * minibatch_kmeans: k 20, 200 batches of 1,024. bisecting_kmeans: k 8. hdbscan: 15 and 5. dbscan: eps of a few
 * neighbours in d dimensions at the largest size. agglomerative: Ward, single precision. lda: titles of 10 words out of
 * 1,000, 20 topics, 10 iterations. Sizes fall from the largest by the root of 10; exponents are of those within a
 * factor 32 of it. Seconds are the least of 3, of 1 where that took more than a second; bytes are the highest of the
 * process beyond those of the points.
 *
 * Lines: workload, dimensions, points ("exponent" for the exponents), seconds, bytes.
 *
 * Predicted exponents of time and memory: 1 and 1 for kmeans, bisecting_kmeans, lda; for minibatch_kmeans 0 and 1 while
 * its batches outweigh the pass over all points that ends it; 2 and 2 for agglomerative. 100 groups hold n / 100 points
 * each: hdbscan has n^2 / 100 pairs where boxes and balls leave out nothing inside a group (d = 50), less where they
 * do, n log n at d = 2; dbscan with its fixed eps n^2 pairs within it, of which it keeps 64 a point.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "cluster/cluster.h"
#include "support/bench.h"
#include "support/bench_growth.h"
#include "support/bench_points.h"

#define LEAST_SIZE 300
#define LEAST_MOST 3000 /* points of the largest size, whatever divides it */

extern const rb_algorithm rb_kmeans, rb_minibatch_kmeans, rb_bisecting_kmeans, rb_hdbscan, rb_dbscan, rb_agglomerative,
    rb_lda;

typedef struct {
    const rb_algorithm *algorithm;
    int64_t d, most; /* d 0: titles of words */
    struct {
        const char *name, *value;
    } option[4];
    int64_t n_start; /* first points as centres; 0: none */
} workload;

static const workload workloads[] = {
    { &rb_kmeans,
      10,
      1000000,
      { { "k", "20" }, { "init", "given" }, { "iterations", "10" }, { "tolerance", "0" } },
      20 },
    { &rb_minibatch_kmeans, 10, 1000000, { { "k", "20" }, { "iterations", "200" }, { "patience", "0" } }, 0 },
    { &rb_bisecting_kmeans, 10, 1000000, { { "k", "8" } }, 0 },
    { &rb_lda, 0, 1000000, { { "topics", "20" }, { "iterations", "10" }, { "samples", "5" } }, 0 },
    { &rb_hdbscan, 2, 200000, { { "min_cluster_size", "15" }, { "min_samples", "5" } }, 0 },
    { &rb_hdbscan, 10, 200000, { { "min_cluster_size", "15" }, { "min_samples", "5" } }, 0 },
    { &rb_hdbscan, 50, 200000, { { "min_cluster_size", "15" }, { "min_samples", "5" } }, 0 },
    { &rb_dbscan, 2, 200000, { { "eps", "0.05" } }, 0 },
    { &rb_dbscan, 10, 200000, { { "eps", "1.5" } }, 0 },
    { &rb_dbscan, 50, 200000, { { "eps", "7" } }, 0 },
    { &rb_agglomerative, 10, 30000, { { "linkage", "ward" }, { "k", "20" }, { "precision", "single" } }, 0 },
};

static void configure(void *config, const workload *w, const rb_points *p)
{
    rb_params_default(config, w->algorithm->params);
    for (int o = 0; o < 4 && w->option[o].name; o++)
        rb_bench_set(config, w->algorithm, w->option[o].name, w->option[o].value);
    if (w->n_start > 0)
        rb_bench_centres(config, w->algorithm, p, w->n_start);
}

typedef struct {
    const workload *w;
    int64_t n;
    int n_threads;
} task;

static rb_bench_cost measure(const void *self)
{
    const task *t = self;
    const workload *w = t->w;
    rb_ctx ctx;
    rb_points p = { 0 };
    void *config = calloc(1, w->algorithm->config_size);
    rb_ctx_serial(&ctx, t->n_threads);
    if (w->d > 0)
        rb_bench_blobs(&p, t->n, w->d, &ctx);
    else
        rb_bench_titles(&p, t->n);
    configure(config, w, &p);
    const rb_train_view view = { .space = &p };
    rb_bench_cost cost = rb_bench_fit_cost(w->algorithm, &view, config, &ctx);
    rb_points_fini(&p);
    free(config);
    return cost;
}

static void grow(const workload *w, int64_t divisor, int n_threads)
{
    const int64_t d = w->d > 0 ? w->d : RB_BENCH_WORDS, most = w->most / divisor;
    rb_bench_growth g = { .n = 0 };
    char head[64];
    snprintf(head, sizeof head, "%s\t%lld", w->algorithm->name, (long long)d);
    for (double size = (double)(most > LEAST_MOST ? most : LEAST_MOST); size >= LEAST_SIZE && g.n < RB_BENCH_MOST_SIZES;
         size /= sqrt(10)) {
        const task t = { w, llrint(size), n_threads };
        rb_bench_grew(&g, head, size, rb_bench_apart(measure, &t));
    }
    rb_bench_exponents(&g, head);
}

int main(int argc, char **argv)
{
    const int64_t divisor = argc > 1 ? atoll(argv[1]) : 1;
    const int n_threads = getenv("RB_THREADS") ? atoi(getenv("RB_THREADS")) : 2;
    printf("workload\td\tpoints\tseconds\tbytes\n");
    for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++)
        if (argc < 3 || strcmp(argv[2], workloads[w].algorithm->name) == 0)
            grow(&workloads[w], divisor, n_threads);
    return 0;
}
