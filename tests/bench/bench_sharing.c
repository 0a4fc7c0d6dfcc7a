/*
 * Shared work: the fits of a sweep with one `prepare` for all of them, against as many fits that prepare alone.
 *
 *     bench_sharing [DIVISOR]       of users, items and draws; RB_THREADS sets the threads
 *
 * 10,000 x 3,000, 500,000 draws (user zipf .4, item zipf .9). item_knn and user_knn: 10 values of k from 10 to 100;
 * item_knn_rating: the same; slim: 3 x 3 penalties. Seconds are processor seconds of the process, the least of 3, of 1
 * where that took more than a second.
 *
 * Lines: sweep, fits, seconds alone, seconds shared, ratio, seconds of one fit alone.
 *
 * Predicted: a neighbour search is nearly all of a fit of k-NN, and does not depend on k: the search for k 100 serves
 * all ten, so the ratio is near 10 where the search outweighs the cutting of lists. slim shares its Gram matrix alone,
 * and its coordinate descent outweighs that: between 1 and 1.5.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "recommend/recommend.h"
#include "support/bench.h"
#include "support/bench_growth.h"
#include "support/oracle_als.h"

enum { REPEATS = 3, MOST = 16 };

extern const rb_algorithm rb_item_knn, rb_user_knn, rb_item_knn_rating, rb_slim;

typedef struct {
    const rb_algorithm *algorithm;
    int n;
    const char *config[MOST];
} sweep;

#define TEN_K                                                                           \
    {                                                                                   \
        "k=10", "k=20", "k=30", "k=40", "k=50", "k=60", "k=70", "k=80", "k=90", "k=100" \
    }

static const sweep sweeps[] = {
    { &rb_item_knn, 10, TEN_K },
    { &rb_user_knn, 10, TEN_K },
    { &rb_item_knn_rating, 10, TEN_K },
    { &rb_slim,
      9,
      { "alpha=0.003 l1_ratio=0.05", "alpha=0.003 l1_ratio=0.1", "alpha=0.003 l1_ratio=0.5",
        "alpha=0.001 l1_ratio=0.05", "alpha=0.001 l1_ratio=0.1", "alpha=0.001 l1_ratio=0.5",
        "alpha=0.0003 l1_ratio=0.05", "alpha=0.0003 l1_ratio=0.1", "alpha=0.0003 l1_ratio=0.5" } },
};

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

static void run(const sweep *s, const rb_train_view *view, rb_ctx *ctx)
{
    void *config[MOST];
    const int n = s->n;
    for (int i = 0; i < n; i++)
        config[i] = rb_oracle_config(s->algorithm, s->config[i]);
    const void *const *configs = (const void *const *)config;
    double alone = seconds(s->algorithm, view, configs, n, 1, ctx);
    double shared = seconds(s->algorithm, view, configs, n, n, ctx);
    double last = seconds(s->algorithm, view, configs + n - 1, 1, 1, ctx);
    printf("%s\t%d\t%.6f\t%.6f\t%.3f\t%.6f\n", s->algorithm->name, n, alone, shared, alone / shared, last);
    fflush(stdout);
    for (int i = 0; i < n; i++)
        rb_free(config[i]);
}

int main(int argc, char **argv)
{
    rb_ctx ctx;
    rb_split_data data;
    const char *threads = getenv("RB_THREADS");
    const int divisor = argc > 1 ? atoi(argv[1]) : 1;
    rb_ctx_serial(&ctx, threads ? atoi(threads) : 1);
    rb_oracle_zipf(&data, 10000 / divisor, 3000 / divisor, 500000 / divisor, 0.4, 0.9, &ctx);
    const rb_train_view view = { .ratings = &data.train, .positives = &data.train };
    printf("sweep\tfits\talone\tshared\tratio\tone\n");
    for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++)
        run(&sweeps[i], &view, &ctx);
    rb_oracle_split_fini(&data);
    return 0;
}
