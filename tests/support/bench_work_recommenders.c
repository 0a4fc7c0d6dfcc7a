#include "support/bench.h"
#include "support/bench_growth.h"
#include "support/bench_work.h"
#include "support/config.h"

extern const rb_algorithm rb_svd, rb_bpr, rb_item_knn, rb_ease, rb_slim, rb_pure_svd;

static void fit(const rb_algorithm *algorithm, const char *values, rb_bench_world *w, rb_ctx *ctx)
{
    rb_error err = { 0 };
    char *state = NULL;
    void *config = rb_oracle_config(algorithm, values);
    const rb_train_view view = { .ratings = &w->small.train, .positives = &w->small.train };
    rb_bench_must(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    rb_bench_fit(state, algorithm, &view, NULL, config, ctx);
    algorithm->fini(state);
    rb_free(state);
    rb_free(config);
}

static void run_svd(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_svd, "factors=64 iterations=5", w, ctx);
}

static void run_bpr(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_bpr, "factors=64 iterations=5", w, ctx);
}

static void run_item_knn(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_item_knn, "k=100", w, ctx);
}

static void run_ease(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_ease, "", w, ctx);
}

static void run_slim(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_slim, "alpha=0.01", w, ctx);
}

static void run_pure_svd(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_pure_svd, "factors=64 iterations=3 tolerance=0", w, ctx);
}

const rb_bench_work rb_bench_svd = { "svd", RB_BENCH_SGEMM, run_svd };
const rb_bench_work rb_bench_bpr = { "bpr", RB_BENCH_SGEMM, run_bpr };
const rb_bench_work rb_bench_item_knn = { "item_knn", RB_BENCH_DGEMM, run_item_knn };
const rb_bench_work rb_bench_ease = { "ease", RB_BENCH_DGEMM, run_ease };
const rb_bench_work rb_bench_slim = { "slim", RB_BENCH_DGEMM, run_slim };
const rb_bench_work rb_bench_pure_svd = { "pure_svd", RB_BENCH_DGEMM, run_pure_svd };
