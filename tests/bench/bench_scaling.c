/*
 * Scaling from one thread to two and from one rank to two, beside what a product (GEMM, in the precision of the work)
 * and a triad show in the same turns. One program on two ranks measures all shapes, one after the other: on 1 x 1 and
 * 1 x 2 the second rank sleeps.
 *
 * Predicted: all but the seeding is bound by arithmetic (bytes a flop: README.md), so it should scale as GEMM does;
 * what may be lost are serial parts (centres, the tree of sums), waiting at the end of a region for the last block, and
 * on two ranks the pages of shared windows, which are small ones.
 *
 * Usage: mpirun -n 2 bench_scaling [divisor [turns]]. Prints lines of the table of figures: value = seconds on one core
 * / seconds on two, reference = the same of GEMM or triad.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "support/bench.h"
#include "support/bench_work.h"
#include "support/support.h"

enum { SHAPES = 3, MOST_TURNS = 32, SQUARE = 1024, MOST_WORKERS = 2 };
enum { ONE, THREADS, RANKS };
enum { OURS, REFERENCE };

/* One core's share is half of it. */
typedef struct {
    float *single; /* [workers of this rank x 3 SQUARE^2] */
    double *twofold;
    double *stream; /* [3 x length] */
    int64_t length;
    int products;
} reference;

static void multiply(const reference *r, bool is_single, int worker)
{
    const int n = SQUARE;
    const int64_t size = (int64_t)n * n;
    if (is_single) {
        float *x = r->single + worker * 3 * size;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1, x, n, x + size, n, 0, x + 2 * size, n);
    } else {
        double *x = r->twofold + worker * 3 * size;
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1, x, n, x + size, n, 0, x + 2 * size, n);
    }
}

static void run_gemm(const reference *r, bool is_single, const rb_ctx *ctx)
{
    int products = r->products / ctx->n_ranks / ctx->n_threads;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int worker = 0; worker < ctx->n_threads; worker++)
        for (int p = 0; p < products; p++)
            multiply(r, is_single, worker);
}

static void run_triad(const reference *r, const rb_ctx *ctx)
{
    int64_t begin = r->length * ctx->rank / ctx->n_ranks, end = r->length * (ctx->rank + 1) / ctx->n_ranks;
    double *a = r->stream, *b = a + r->length, *c = b + r->length;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = begin; i < end; i++)
        a[i] = b[i] + 3 * c[i];
}

static void reference_init(reference *r, int divisor)
{
    rb_error err = { 0 };
    const int64_t size = (int64_t)SQUARE * SQUARE * 3 * MOST_WORKERS;
    *r = (reference){ .length = (16 << 20) / divisor, .products = divisor < 10 ? 20 : 4 };
    rb_bench_must(rb_alloc(&r->single, size, &err), &err);
    rb_bench_must(rb_alloc(&r->twofold, size, &err), &err);
    rb_bench_must(rb_alloc(&r->stream, 3 * r->length, &err), &err);
    for (int64_t i = 0; i < size; i++)
        r->single[i] = (float)(r->twofold[i] = (double)rb_mix(5, (uint64_t)i) * 0x1p-64 - 0.5);
    for (int64_t i = 0; i < 3 * r->length; i++)
        r->stream[i] = 1;
}

static void reference_fini(reference *r)
{
    rb_free(r->single);
    rb_free(r->twofold);
    rb_free(r->stream);
}

typedef struct {
    rb_ctx *world, alone; /* all ranks; this rank by itself */
    rb_bench_world of_world, of_alone;
    reference reference;
    int turns;
} rig;

static void run_reference(const reference *r, rb_bench_bound bound, const rb_ctx *ctx)
{
    if (bound == RB_BENCH_TRIAD)
        run_triad(r, ctx);
    else
        run_gemm(r, bound == RB_BENCH_SGEMM, ctx);
}

/* Seconds of the work and of its reference, once each. */
static void timed(double wall_s[2], const rig *g, const rb_bench_work *work, rb_bench_world *data, rb_ctx *ctx)
{
    for (int what = OURS; what <= REFERENCE; what++) {
        rb_barrier(ctx);
        double start = rb_clock_s();
        if (what == OURS)
            work->run(data, ctx);
        else
            run_reference(&g->reference, work->bound, ctx);
        rb_barrier(ctx);
        wall_s[what] = rb_clock_s() - start;
    }
}

/* One turn on a shape; the rank that sleeps learns nothing. */
static void on_shape(double wall_s[2], rig *g, int shape, const rb_bench_work *work)
{
    wall_s[OURS] = wall_s[REFERENCE] = 1;
    rb_bench_rest(g->world);
    if (shape == RANKS) {
        timed(wall_s, g, work, &g->of_world, g->world);
    } else if (g->world->rank == 0) {
        g->alone.n_threads = shape == THREADS ? 2 : 1;
        timed(wall_s, g, work, &g->of_alone, &g->alone);
    }
    rb_bench_rest(g->world);
}

/* How often two cores are faster than one, the work and its reference: medians over the turns. */
static void measure(rig *g, const rb_bench_work *work)
{
    static const char *const units[] = { "x, sgemm", "x, dgemm", "x, triad" };
    double gain[SHAPES][2][MOST_TURNS];
    for (int turn = -1; turn < g->turns; turn++) { /* the first one touches memory */
        double one[2], two[2];
        on_shape(one, g, ONE, work);
        for (int shape = THREADS; shape <= RANKS; shape++) {
            on_shape(two, g, shape, work);
            for (int what = OURS; turn >= 0 && what <= REFERENCE; what++)
                gain[shape][what][turn] = one[what] / two[what];
        }
    }
    for (int shape = THREADS; shape <= RANKS; shape++) {
        char figure[64];
        snprintf(figure, sizeof figure, "scaling of %s to 2 %s", work->name, shape == THREADS ? "threads" : "ranks");
        double ours = rb_bench_median(gain[shape][OURS], g->turns);
        double theirs = rb_bench_median(gain[shape][REFERENCE], g->turns);
        if (g->world->rank == 0)
            rb_bench_figure(figure, ours, units[work->bound], theirs, RB_BENCH_AT_LEAST, 0.9);
    }
}

int main(int argc, char **argv)
{
    const rb_bench_work *works[] = { &rb_bench_als,     &rb_bench_ials,          &rb_bench_kmeans,
                                     &rb_bench_seeds,   &rb_bench_silhouette,    &rb_bench_ranking,
                                     &rb_bench_hdbscan, &rb_bench_dbscan,        &rb_bench_gmm,
                                     &rb_bench_lda,     &rb_bench_agglomerative, &rb_bench_svd,
                                     &rb_bench_bpr,     &rb_bench_item_knn,      &rb_bench_ease,
                                     &rb_bench_slim,    &rb_bench_pure_svd };
    rb_error err = { 0 };
    rig g = { .world = &rb_test_ctx };
    rb_test_mpi_begin(&argc, &argv);
    int divisor = argc > 1 ? atoi(argv[1]) : 1;
    g.turns = argc > 2 ? atoi(argv[2]) : 5;
    openblas_set_num_threads(1);
    if (rb_test_ctx.n_ranks != 2 || divisor < 1 || g.turns < 1 || g.turns > MOST_TURNS) {
        fprintf(stderr, "usage: mpirun -n 2 bench_scaling [divisor [turns]]\n");
        return rb_test_mpi_end(2);
    }
    rb_test_ctx.n_threads = 1;
    rb_test_ctx.seed = 1;
    rb_bench_must(rb_ctx_split(&g.alone, &rb_test_ctx, rb_test_ctx.rank, &err), &err);
    reference_init(&g.reference, divisor);
    g.alone.n_threads = 2;
    if (rb_test_ctx.rank == 0)
        rb_bench_world_init(&g.of_alone, divisor, &g.alone);
    rb_bench_rest(g.world);
    rb_bench_world_init(&g.of_world, divisor, g.world);
    for (size_t w = 0; w < sizeof works / sizeof *works; w++)
        measure(&g, works[w]);
    rb_bench_world_fini(&g.of_world);
    if (rb_test_ctx.rank == 0)
        rb_bench_world_fini(&g.of_alone);
    reference_fini(&g.reference);
    rb_ctx_fini(&g.alone);
    return rb_test_mpi_end(0);
}
