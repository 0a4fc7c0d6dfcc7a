/*
 * Seconds and peak bytes of the generator: bench_synth [users items ratings sessions threads], by default the shape of
 * the Netflix Prize. Under mpirun the ranks share the work.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "data/synth.h"

static int64_t argument(int argc, char **argv, int k, int64_t otherwise)
{
    return argc > k ? strtoll(argv[k], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    rb_error err = { 0 };
    rb_ctx ctx = { 0 };
    rb_synth config = { 0 };
    rb_dataset d = { 0 };
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    if (rb_ctx_init(&ctx, MPI_COMM_WORLD, (int)argument(argc, argv, 5, 2), false, &err) != RB_OK)
        return 3;
    rb_params_default(&config, rb_synth_params);
    config.users = argument(argc, argv, 1, 480189);
    config.items = argument(argc, argv, 2, 17770);
    config.ratings = argument(argc, argv, 3, 100000000);
    config.sessions = argument(argc, argv, 4, 0);

    double start = rb_clock_s();
    rb_status status = rb_dataset_synth(&d, &config, 42, &ctx, &err);
    double wall_s = rb_clock_s() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    int64_t peak_bytes = (int64_t)usage.ru_maxrss * 1024;
    rb_max_int64(&ctx, &peak_bytes, 1);
    char hex[17];
    rb_digest_hex(hex, &d.digest, 16);
    if (ctx.rank == 0 && status == RB_OK)
        printf("users\titems\tratings\tsessions\tevents\tranks\tthreads\tseconds\tpeak_gib_a_rank\tdigest\n"
               "%d\t%d\t%lld\t%lld\t%lld\t%d\t%d\t%.2f\t%.2f\t%s\n",
               d.users.n, d.items.n, (long long)d.interactions.n, (long long)d.sessions.n,
               (long long)d.sessions.n_events, ctx.n_ranks, ctx.n_threads, wall_s, (double)peak_bytes * 0x1p-30, hex);
    if (status != RB_OK)
        fprintf(stderr, "%s\n", err.message);
    rb_dataset_fini(&d);
    rb_ctx_fini(&ctx);
    MPI_Finalize();
    return rb_status_exit(status);
}
