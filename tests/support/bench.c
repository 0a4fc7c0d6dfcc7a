#include "support/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double rb_bench_process_s(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double rb_bench_thread_s(void)
{
    return seconds(CLOCK_THREAD_CPUTIME_ID);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double rb_bench_median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, ascending);
    return values[n / 2];
}

void rb_bench_must(rb_status status, const rb_error *err)
{
    if (status == RB_OK)
        return;
    fprintf(stderr, "%s\n", err->message);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

void rb_bench_rest(const rb_ctx *ctx)
{
    const struct timespec nap = { .tv_nsec = 200000 };
    MPI_Request request;
    int done = 0;
    RB_MPI(MPI_Ibarrier(ctx->comm, &request));
    for (;;) {
        RB_MPI(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
        if (done)
            return;
        nanosleep(&nap, NULL);
    }
}

void rb_bench_figure(const char *figure, double value, const char *unit, double reference, rb_bench_target kind,
                     double target)
{
    double ratio = value / reference;
    bool held = kind == RB_BENCH_AT_LEAST ? ratio >= target : ratio <= target;
    printf("%s\t%.4g\t%s\t%.4g\t%.3f\t%s%g\t%s\n", figure, value, unit, reference, ratio,
           kind == RB_BENCH_AT_LEAST ? ">=" : "<=", target, held ? "yes" : "no");
    fflush(stdout);
}
