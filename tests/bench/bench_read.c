/*
 * Reading ratings text: megabytes a second and core, for several formats, from a file in the page cache.
 *
 * usage: [mpirun -n P] bench_read [ROWS [THREADS]]   (default 2,000,000 rows, 1 thread)
 *
 * Predicted for one core at 3 GHz and 24 bytes a line before the first measurement: parsing 450 MB/s (20 cycles a field
 * for the branch that ends it, one cycle a byte); duplicates 40 ns a row (three scatters), ids 10 ns, digest 13 ns: 220
 * MB/s in all. Target: 150 MB/s. Measured on a busy machine, by processor time: 200 (ratings.csv), 221 (ratings.dat),
 * 207 (u.data), 190 (libmf), 156 (ids that are text, in a hash table).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "data/read.h"
#include "parallel/ctx.h"
#include "support/bench.h"

#define N_RUNS 5

/* Distinct pairs, in the order of users: every user has the items of an arithmetic progression. */
static void write_file(const char *path, const char *head, const char *pattern, int64_t n_rows)
{
    FILE *f = fopen(path, "w");
    if (!f)
        abort();
    fputs(head, f);
    for (int64_t row = 0; row < n_rows; row++) {
        rb_rng rng = { .key = 1, .stream = rb_stream("bench"), .entity = (uint64_t)row };
        long long user = 1 + row / 100, item = 1 + (row % 100) * 263 + user * 37 % 263;
        double rating = (double)(1 + rb_rng_below(&rng, 0, 10)) / 2;
        fprintf(f, pattern, user, item, rating, 964982703LL + rb_rng_below(&rng, 1, 100000000));
    }
    fclose(f);
}

static void run(const char *format, const char *head, const char *pattern, int64_t n_rows, rb_ctx *ctx)
{
    char path[64] = "/tmp/bench_read_XXXXXX";
    double wall_s[N_RUNS], busy_s[N_RUNS], bytes = 0;
    if (ctx->rank == 0) {
        int fd = mkstemp(path);
        if (fd < 0)
            abort();
        close(fd);
        write_file(path, head, pattern, n_rows);
        FILE *f = fopen(path, "r");
        fseek(f, 0, SEEK_END);
        bytes = (double)ftell(f);
        fclose(f);
    }
    rb_bcast(ctx, path, sizeof path, 0);
    for (int k = 0; k < N_RUNS; k++) {
        rb_error err = { 0 };
        rb_dataset d = { 0 };
        rb_source source = RB_SOURCE_DEFAULT;
        source.path = path;
        source.format = format;
        rb_barrier(ctx);
        double begin_s = rb_clock_s(), cpu_begin_s = rb_bench_process_s();
        if (rb_dataset_read(&d, &source, ctx, &err) != RB_OK) {
            fprintf(stderr, "%s\n", err.message);
            abort();
        }
        rb_barrier(ctx);
        wall_s[k] = rb_clock_s() - begin_s;
        busy_s[k] = rb_bench_process_s() - cpu_begin_s;
        rb_dataset_fini(&d);
    }
    if (ctx->rank != 0)
        return;
    unlink(path);
    double median_s = rb_bench_median(wall_s, N_RUNS), cores = ctx->n_ranks * ctx->n_threads;
    double busy = rb_bench_median(busy_s, N_RUNS) * ctx->n_ranks; /* of all ranks, which work alike */
    printf("%-14s %6.1f MB  wall %7.3f s  %6.1f MB/s a core  processor %7.3f s  %6.1f MB/s a core  %5.1f ns a row\n",
           format, bytes / 1e6, median_s, bytes / 1e6 / median_s / cores, busy, bytes / 1e6 / busy,
           busy * 1e9 / (double)n_rows);
}

int main(int argc, char **argv)
{
    int64_t n_rows = argc > 1 ? atoll(argv[1]) : 2000000;
    rb_ctx ctx;
    rb_error err = { 0 };
    int level;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    if (rb_ctx_init(&ctx, MPI_COMM_WORLD, argc > 2 ? atoi(argv[2]) : 1, false, &err) != RB_OK)
        return 3;
    if (ctx.rank == 0)
        printf("%lld rows, %d ranks x %d threads, median of %d\n", (long long)n_rows, ctx.n_ranks, ctx.n_threads,
               N_RUNS);
    run("ratings.csv", "userId,movieId,rating,timestamp\n", "%lld,%lld,%.1f,%lld\n", n_rows, &ctx);
    run("ratings.dat", "", "%lld::%lld::%.0f::%lld\n", n_rows, &ctx);
    run("u.data", "", "%lld\t%lld\t%.0f\t%lld\n", n_rows, &ctx);
    run("libmf", "", "%lld %lld %.1f\n", n_rows, &ctx);
    run("csv", "user,item,rating,timestamp\n", "u%lld,i%lld,%.1f,%lld\n", n_rows, &ctx);
    rb_ctx_fini(&ctx);
    MPI_Finalize();
    return 0;
}
