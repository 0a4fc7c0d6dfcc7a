#include "support/bench_sharing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "support/bench.h"
#include "support/bench_growth.h"
#include "support/config.h"

enum { REPEATS = 3 };

static void fit(const rb_algorithm *a, const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx)
{
    void *state = calloc(1, a->state_size);
    rb_bench_fit(state, a, view, prepared, config, ctx);
    a->fini(state);
    free(state);
}

/* Fits of `n` configurations in turns of `together`, which share what is prepared. */
static double seconds(const rb_algorithm *a, const rb_train_view *view, const void *const *configs, int n, int together,
                      rb_ctx *ctx)
{
    double least = 0;
    for (int r = 0; r < REPEATS; r++) {
        double begin_s = rb_bench_process_s();
        for (int first = 0; first < n; first += together) {
            rb_error err = { 0 };
            void *prepared = NULL;
            rb_bench_must(a->prepare(&prepared, view, configs + first, together, ctx, &err), &err);
            for (int i = first; i < first + together; i++)
                fit(a, view, prepared, configs[i], ctx);
            a->unprepare(prepared);
        }
        double s = rb_bench_process_s() - begin_s;
        least = r == 0 || s < least ? s : least;
        if (s > 1)
            break;
    }
    return least;
}

void rb_bench_sharing_heading(void)
{
    printf("sweep\tfits\talone\tshared\tratio\tone\n");
}

void rb_bench_sharing(const rb_algorithm *a, const char *const *config, int n, const rb_train_view *view, rb_ctx *ctx)
{
    void **parsed = calloc((size_t)n, sizeof *parsed);
    for (int i = 0; i < n; i++)
        parsed[i] = rb_oracle_config(a, config[i]);
    const void *const *configs = (const void *const *)parsed;
    double alone = seconds(a, view, configs, n, 1, ctx);
    double shared = seconds(a, view, configs, n, n, ctx);
    double last = seconds(a, view, configs + n - 1, 1, 1, ctx);
    printf("%s\t%d\t%.6f\t%.6f\t%.3f\t%.6f\n", a->name, n, alone, shared, alone / shared, last);
    fflush(stdout);
    for (int i = 0; i < n; i++)
        rb_free(parsed[i]);
    free(parsed);
}
