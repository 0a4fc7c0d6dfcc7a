#include "support/oracle_als_bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "support/bench.h"
#include "support/config.h"
#include "support/support.h"

enum { TIMED = 5 };

static double factors_of(const rb_algorithm *algorithm, const void *config)
{
    return (double)*(const int64_t *)((const char *)config + rb_param_find(algorithm->params, "factors")->offset);
}

static void bench(const rb_algorithm *algorithm, const char *values, const rb_split_data *s, rb_ctx *ctx)
{
    char text[512];
    rb_error err = { 0 };
    snprintf(text, sizeof text, "%s iterations=%d", values, TIMED + 1);
    void *config = rb_oracle_config(algorithm, text);
    rb_train_view view = { .ratings = &s->train, .positives = &s->train };
    char *state = NULL;
    double wall[TIMED], objective, processor = INFINITY;
    int64_t received = 0;
    bool done = false;
    assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    assert_ok(algorithm->begin(state, &view, NULL, config, ctx, &err), &err);
    for (int64_t i = 0; !done; i++) {
        rb_barrier(ctx);
        ctx->elements_received = i > 0 ? &received : NULL;
        double start = rb_clock_s(), start_processor = rb_bench_process_s();
        assert_ok(algorithm->iterate(state, i, &objective, &done, &view, NULL, config, ctx, &err), &err);
        if (i > 0) {
            wall[i - 1] = rb_clock_s() - start;
            processor = fmin(processor, rb_bench_process_s() - start_processor);
        }
    }
    ctx->elements_received = NULL;
    int64_t microseconds = (int64_t)(1e6 * processor);
    rb_sum_int64(ctx, &microseconds, 1);
    rb_sum_int64(ctx, &received, 1);
    double median_s = rb_bench_median(wall, TIMED);
    rb_shape shape = { .n_users = s->train.n_users,
                       .n_items = s->train.n_items,
                       .nnz = s->train.n,
                       .n_positives = s->train.n,
                       .n_ranks = ctx->n_ranks,
                       .n_node_ranks = ctx->n_node_ranks,
                       .n_threads = ctx->n_threads };
    double flops = algorithm->cost(config, &shape).flops / (TIMED + 1), p = ctx->n_ranks;
    double formula = (double)(shape.n_users + shape.n_items) * factors_of(algorithm, config) * (p - 1) / p;
    if (ctx->rank == 0)
        printf("%s\t%d\t%d\t%lld\t%.3f\t%.3f\t%.0f\t%.3f\n", values, ctx->n_ranks, ctx->n_threads,
               (long long)s->train.n, median_s, 1e-6 * (double)microseconds, 1e-9 * flops / median_s,
               p > 1 ? (double)received / p / TIMED / formula : 0);
    algorithm->fini(state);
    rb_free(state);
    rb_free(config);
}

int rb_bench_iterations(int argc, char **argv, const rb_algorithm *algorithm, const char *const *configs, int n_configs,
                        int32_t n_users, int32_t n_items, int64_t n_draws)
{
    rb_split_data s = { 0 };
    rb_test_mpi_begin(&argc, &argv);
    rb_test_ctx.n_threads = argc > 1 ? atoi(argv[1]) : 2;
    rb_test_ctx.seed = 1;
    int divisor = argc > 2 ? atoi(argv[2]) : 1;
    rb_oracle_zipf(&s, n_users / divisor, n_items / divisor, n_draws / divisor, 0.6, 0.9, &rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        printf("config\tranks\tthreads\tinteractions\twall_s\tprocessor_s\tGFLOP/s\treceived/formula\n");
    for (int c = 0; c < n_configs; c++)
        bench(algorithm, configs[c], &s, &rb_test_ctx);
    rb_oracle_split_fini(&s);
    return rb_test_mpi_end(0);
}
