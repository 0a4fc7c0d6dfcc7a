#include "support/bench.h"
#include "support/bench_growth.h"
#include "support/bench_points.h"
#include "support/bench_work.h"
#include "support/config.h"

enum { COMPONENTS = 8 };

extern const rb_algorithm rb_hdbscan, rb_dbscan, rb_gmm, rb_lda, rb_agglomerative;

static void fit(const rb_algorithm *algorithm, void *config, const rb_points *points, rb_ctx *ctx)
{
    rb_error err = { 0 };
    char *state = NULL;
    const rb_train_view view = { .space = points };
    rb_bench_must(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    rb_bench_fit(state, algorithm, &view, NULL, config, ctx);
    algorithm->fini(state);
    rb_free(state);
    rb_free(config);
}

static void run_hdbscan(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_hdbscan, rb_oracle_config(&rb_hdbscan, "min_cluster_size=15 min_samples=5"), &w->groups, ctx);
}

static void run_dbscan(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_dbscan, rb_oracle_config(&rb_dbscan, "eps=7"), &w->groups, ctx);
}

static void run_gmm(rb_bench_world *w, rb_ctx *ctx)
{
    void *config = rb_oracle_config(&rb_gmm, "k=8 init=given iterations=5 tolerance=0 regularization=0.01");
    rb_bench_centres(config, &rb_gmm, &w->groups, COMPONENTS);
    fit(&rb_gmm, config, &w->groups, ctx);
}

static void run_lda(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_lda, rb_oracle_config(&rb_lda, "topics=20 iterations=5 samples=2"), &w->titles, ctx);
}

static void run_agglomerative(rb_bench_world *w, rb_ctx *ctx)
{
    fit(&rb_agglomerative, rb_oracle_config(&rb_agglomerative, "linkage=ward k=20"), &w->few, ctx);
}

const rb_bench_work rb_bench_hdbscan = { "hdbscan", RB_BENCH_DGEMM, run_hdbscan };
const rb_bench_work rb_bench_dbscan = { "dbscan", RB_BENCH_DGEMM, run_dbscan };
const rb_bench_work rb_bench_gmm = { "gmm", RB_BENCH_DGEMM, run_gmm };
const rb_bench_work rb_bench_lda = { "lda", RB_BENCH_TRIAD, run_lda };
const rb_bench_work rb_bench_agglomerative = { "agglomerative", RB_BENCH_TRIAD, run_agglomerative };
