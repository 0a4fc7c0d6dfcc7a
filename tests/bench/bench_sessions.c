/*
 * Models of sessions judged on the next items of held-out sessions: positions a second, fits aside.
 *
 *     bench_sessions [SESSIONS]        and the same under mpirun; RB_THREADS sets the threads of a rank
 *
 * Generated data, 5,000 users x 2,000 titles and 60,000 sessions unless told otherwise; every tenth session is judged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "data/session_parts.h"
#include "data/synth.h"
#include "eval/session.h"
#include "recommend/recommend.h"
#include "support/bench.h"

#define REPEATS 3

static void measure(const rb_algorithm *a, const rb_train_view *view, const rb_session_parts *parts, rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_metric metric;
    char *config = NULL, *state = NULL;
    double seconds[REPEATS], value = 0;
    int64_t n = 0;
    rb_bench_must(rb_alloc(&config, (int64_t)a->config_size, &err), &err);
    rb_bench_must(rb_alloc(&state, (int64_t)a->state_size, &err), &err);
    rb_params_default(config, a->params);
    rb_bench_must(rb_metric_parse(&metric, "mrr:session@20", &err), &err);
    double begin_s = rb_clock_s();
    rb_bench_must(a->fit(state, view, NULL, config, ctx, &err), &err);
    double fit_s = rb_clock_s() - begin_s;
    for (int r = 0; r < REPEATS; r++) {
        rb_session_result result;
        const rb_session_model model = { a, state, config };
        const rb_session_rules rules = { .n_users = view->ratings->n_users, .n_items = view->ratings->n_items };
        rb_barrier(ctx);
        begin_s = rb_clock_s();
        rb_bench_must(
            rb_judge_sessions(&result, &model, &rules, &parts->part[RB_PART_TEST].left, &metric, 1, ctx, &err), &err);
        rb_barrier(ctx);
        seconds[r] = rb_clock_s() - begin_s;
        n = result.n_positions;
        value = result.value[0].mean.value;
        rb_session_result_fini(&result);
    }
    if (ctx->rank == 0)
        printf("%-20s ranks %d threads %d  fit %.4f s  %10.0f positions/s  mrr@20 %.4f\n", a->name, ctx->n_ranks,
               ctx->n_threads, fit_s, (double)n / rb_bench_median(seconds, REPEATS), value);
    a->fini(state);
    rb_free(state);
    rb_free(config);
}

int main(int argc, char **argv)
{
    rb_error err = { 0 };
    rb_ctx ctx;
    rb_synth c = { 0 };
    rb_dataset data = { 0 };
    rb_session_parts parts = { 0 };
    uint8_t *part = NULL;
    const char *threads = getenv("RB_THREADS");
    MPI_Init(&argc, &argv);
    rb_bench_must(rb_ctx_init(&ctx, MPI_COMM_WORLD, threads ? atoi(threads) : 2, false, &err), &err);
    rb_params_default(&c, rb_synth_params);
    c.users = 5000;
    c.items = 2000;
    c.sessions = argc > 1 ? atoll(argv[1]) : 60000;
    c.ratings = c.sessions;
    rb_bench_must(rb_dataset_synth(&data, &c, 1, &ctx, &err), &err);
    rb_bench_must(rb_alloc(&part, data.sessions.n, &err), &err);
    for (int64_t k = 0; k < data.sessions.n; k++)
        part[k] = k % 10 == 0 ? RB_PART_TEST : RB_PART_TRAIN;
    rb_bench_must(rb_session_parts_build(&parts, &data.sessions, part, data.items.n, false, &ctx, &err), &err);
    const rb_ratings shape = { .n_users = data.users.n, .n_items = data.items.n };
    const rb_train_view view = { .ratings = &shape, .sessions = &parts.part[RB_PART_TRAIN].left };
    for (const rb_algorithm *const *a = rb_recommend_registry; *a; a++)
        if ((*a)->next)
            measure(*a, &view, &parts, &ctx);
    rb_free(part);
    rb_session_parts_fini(&parts);
    rb_dataset_fini(&data);
    rb_ctx_fini(&ctx);
    MPI_Finalize();
    return 0;
}
