/*
 * Shared work of clusterings: the fits of a sweep with one `prepare` for all of them, against as many fits alone.
 *
 *     bench_sharing_clusters [DIVISOR]       of points; RB_THREADS sets the threads
 *
 * Blobs in 10 dimensions (100 centres N(0, 16 I), points N(centre, I)). hdbscan: 20 values of min_cluster_size by 5 of
 * min_samples, 20,000 points; dbscan: 10 values of eps from .2 to 2, 100,000 points; agglomerative: Ward's tree of
 * 5,000 points cut into 5, 10, 20, 50 clusters and at 4 heights. Lines and seconds: support/bench_sharing.h.
 *
 * Predicted, with L the neighbour lists, T the spanning tree and C the clusters of one fit of hdbscan: alone 100 (L + T
 * + C), shared L' + 5 T + 100 C, where L' has 18 neighbours in place of 2 to 18 and takes about twice the mean L. L is
 * a third, T a half and C a tenth or more of a fit, so 5 to 8. dbscan: one search of the largest eps in place of ten,
 * which find 385 / 100 of its pairs in two dimensions of growth and fewer in ten, where the largest eps has nearly all:
 * 2 to 4. agglomerative: distances and merges are nearly all of a fit: near 8.
 *
 * Measured: hdbscan 34, as the clusters of a tree take less than 3 hundredths of a fit and the trees of the other
 * min_samples hardly more; dbscan 6.4, as a search takes nearly the same for every eps; agglomerative 7.7.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/bench_points.h"
#include "support/bench_sharing.h"

enum { SIZES = 20, SAMPLES = 5, EPS = 10, CUTS = 8, MOST = SIZES * SAMPLES, TEXT = 64 };

extern const rb_algorithm rb_hdbscan, rb_dbscan, rb_agglomerative;

typedef struct {
    const rb_algorithm *algorithm;
    int64_t n_points;
    int n_fits;
    void (*configure)(char *text, int i);
} sweep;

static void size_and_samples(char *text, int i)
{
    snprintf(text, TEXT, "min_cluster_size=%d min_samples=%d", 5 + 2 * (i % SIZES), 2 + 4 * (i / SIZES));
}

static void eps(char *text, int i)
{
    snprintf(text, TEXT, "eps=%.1f", 0.2 * (i + 1));
}

static void cut(char *text, int i)
{
    static const char *const cuts[CUTS] = { "k=5",
                                            "k=10",
                                            "k=20",
                                            "k=50",
                                            "cut=height height=10",
                                            "cut=height height=20",
                                            "cut=height height=40",
                                            "cut=height height=80" };
    snprintf(text, TEXT, "linkage=ward %s", cuts[i]);
}

static const sweep sweeps[] = {
    { &rb_hdbscan, 20000, SIZES *SAMPLES, size_and_samples },
    { &rb_dbscan, 100000, EPS, eps },
    { &rb_agglomerative, 5000, CUTS, cut },
};

static void run(const sweep *s, int64_t n_points, rb_ctx *ctx)
{
    char text[MOST][TEXT];
    const char *config[MOST];
    rb_points p;
    rb_bench_blobs(&p, n_points, 10, ctx);
    const rb_train_view view = { .space = &p };
    for (int i = 0; i < s->n_fits; i++) {
        s->configure(text[i], i);
        config[i] = text[i];
    }
    rb_bench_sharing(s->algorithm, config, s->n_fits, &view, ctx);
    rb_points_fini(&p);
}

int main(int argc, char **argv)
{
    rb_ctx ctx;
    const char *threads = getenv("RB_THREADS");
    const int divisor = argc > 1 ? atoi(argv[1]) : 1;
    rb_ctx_serial(&ctx, threads ? atoi(threads) : 1);
    rb_bench_sharing_heading();
    for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++)
        run(&sweeps[i], sweeps[i].n_points / divisor, &ctx);
    return 0;
}
