#include "support/bench_growth.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/bench.h"

enum { REPEATS = 3, FIT_WITHIN = 32 };

void rb_bench_fit(void *state, const rb_algorithm *a, const rb_train_view *view, const void *prepared,
                  const void *config, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *own = NULL;
    bool done = !a->iterate;
    double objective;
    if (a->prepare && !prepared)
        rb_bench_must(a->prepare(&own, view, &config, 1, ctx, &err), &err);
    const void *shared = own ? own : prepared;
    rb_bench_must((a->fit ? a->fit : a->begin)(state, view, shared, config, ctx, &err), &err);
    for (int64_t i = 0; !done; i++)
        rb_bench_must(a->iterate(state, i, &objective, &done, view, shared, config, ctx, &err), &err);
    if (a->end)
        rb_bench_must(a->end(state, view, shared, config, ctx, &err), &err);
    if (own)
        a->unprepare(own);
}

double rb_bench_bytes_highest(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss;
}

double rb_bench_bytes_begin(void)
{
    malloc_trim(0);
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (f) {
        fputs("5", f); /* Linux: the highest resident size becomes the present one */
        fclose(f);
    }
    return rb_bench_bytes_highest();
}

rb_bench_cost rb_bench_fit_cost(const rb_algorithm *a, const rb_train_view *view, const void *config, rb_ctx *ctx)
{
    rb_bench_cost least = { INFINITY, 0 };
    double before = rb_bench_bytes_begin();
    for (int r = 0; r < REPEATS && (r == 0 || least.seconds < 1); r++) {
        void *state = calloc(1, a->state_size);
        double begin_s = rb_clock_s();
        rb_bench_fit(state, a, view, NULL, config, ctx);
        least.seconds = fmin(least.seconds, rb_clock_s() - begin_s);
        a->fini(state);
        free(state);
    }
    least.bytes = rb_bench_bytes_highest() - before;
    return least;
}

rb_bench_cost rb_bench_apart(rb_bench_cost (*measure)(const void *self), const void *self)
{
    int ends[2], status;
    rb_bench_cost cost;
    if (pipe(ends) != 0)
        exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        cost = measure(self);
        _exit(write(ends[1], &cost, sizeof cost) == (ssize_t)sizeof cost ? 0 : 1);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], &cost, sizeof cost) != (ssize_t)sizeof cost || waitpid(child, &status, 0) < 0)
        exit(1);
    close(ends[0]);
    return cost;
}

void rb_bench_grew(rb_bench_growth *g, const char *head, double size, rb_bench_cost cost)
{
    g->size[g->n] = size;
    g->cost[g->n++] = cost;
    printf("%s\t%.0f\t%.9f\t%.0f\n", head, size, cost.seconds, cost.bytes);
    fflush(stdout);
}

static double exponent(const rb_bench_growth *g, bool of_bytes)
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0, m = 0;
    for (int i = 0; i < g->n; i++) {
        const double y = of_bytes ? g->cost[i].bytes : g->cost[i].seconds;
        if (g->size[i] * FIT_WITHIN < g->size[0] || !(y > 0))
            continue;
        double u = log(g->size[i]), v = log(y);
        sx += u;
        sy += v;
        sxx += u * u;
        sxy += u * v;
        m++;
    }
    return m < 2 ? NAN : (m * sxy - sx * sy) / (m * sxx - sx * sx);
}

void rb_bench_exponents(const rb_bench_growth *g, const char *head)
{
    printf("%s\texponent\t%.2f\t%.2f\n", head, exponent(g, false), exponent(g, true));
    fflush(stdout);
}
