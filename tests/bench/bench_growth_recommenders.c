/*
 * Time and memory of recommenders and of the evaluation against interactions, factors and items: each size in a process
 * of its own, so that its highest memory is known, and the exponents that fit log-log.
 *
 *     bench_growth_recommenders [DIVISOR [MOST [AXIS [NAME]]]]
 *
 * The divisor makes all shapes smaller; MOST: draws of the largest data (10^7 without it). RB_THREADS sets the threads.
 * Draws are without signal, user zipf .6, item zipf .9, a tenth of them test; twice the same pair counts once, and the
 * size is what is left for training. 32 factors where they do not grow.
 *
 *   interactions   200,000 x 5,000, 10^5 to 10^7 draws by the root of 10
 *   factors        4,000 x 2,000, 200,000 draws, 16 to 512 by 2; als, ials, svd, pure_svd, evaluation
 *   items          20,000 users, 10^6 draws, 10^3 to 10^5 items by the root of 10; ease to 10^4
 *
 * als, ials: 1 iteration, Cholesky. svd: 3 epochs. item_knn: k 100. ease: single precision. pure_svd: 5 power
 * iterations. evaluation: the scores of svd for all items, masked, the best 10, three metrics; its seconds are those of
 * a user. Exponents, repeats and bytes: support/bench_growth.h.
 *
 * Lines: axis, workload, size ("exponent" for the exponents), seconds, bytes. What is predicted: README.md.
 */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "recommend/recommend.h"
#include "support/bench.h"
#include "support/bench_growth.h"
#include "support/bench_work.h"
#include "support/config.h"

enum { WORKLOADS = 7, LEAST_FACTORS = 16, MOST_FACTORS = 512, BASE_FACTORS = 32, EASE_ITEMS = 10000 };

extern const rb_algorithm rb_als, rb_ials, rb_svd, rb_item_knn, rb_ease, rb_pure_svd;

typedef struct {
    const char *name;
    const rb_algorithm *algorithm;
    const char *config;
    bool factors, evaluates;
    int64_t most_items; /* 0: any */
} workload;

static const workload workloads[WORKLOADS] = {
    { "als", &rb_als, "iterations=1", true, false, 0 },
    { "ials", &rb_ials, "iterations=1", true, false, 0 },
    { "svd", &rb_svd, "iterations=3", true, false, 0 },
    { "item_knn", &rb_item_knn, "k=100", false, false, 0 },
    { "ease", &rb_ease, "precision=single", false, false, EASE_ITEMS },
    { "pure_svd", &rb_pure_svd, "iterations=5 tolerance=0", true, false, 0 },
    { "evaluation", &rb_svd, "iterations=1", true, true, 0 },
};

typedef struct {
    int divisor, fewer_items, n_threads; /* items are divided by 10 at most */
    double most_draws;
    const char *axis, *name; /* NULL: all */
} request;

typedef struct {
    const workload *w;
    const rb_split_data *split;
    int factors, n_threads;
} task;

static rb_bench_cost rank(const task *t, const void *state, rb_ctx *ctx)
{
    const rb_scorer scorer = { .score = rb_svd.score, .state = state, .precision = RB_SINGLE };
    rb_bench_cost least = { INFINITY, 0 };
    double before = rb_bench_bytes_begin();
    for (int r = 0; r < 3 && (r == 0 || least.seconds < 1); r++) {
        double begin_s = rb_clock_s();
        int32_t n_users = rb_bench_rank(&scorer, t->split, ctx);
        least.seconds = fmin(least.seconds, (rb_clock_s() - begin_s) / n_users);
    }
    least.bytes = rb_bench_bytes_highest() - before;
    return least;
}

static rb_bench_cost measure(const void *self)
{
    const task *t = self;
    const rb_algorithm *a = t->w->algorithm;
    const rb_train_view view = { .ratings = &t->split->train, .positives = &t->split->train };
    char values[96];
    rb_ctx ctx;
    rb_bench_cost cost;
    rb_ctx_serial(&ctx, t->n_threads);
    snprintf(values, sizeof values, t->w->factors ? "%s factors=%d" : "%s", t->w->config, t->factors);
    void *config = rb_oracle_config(a, values);
    if (t->w->evaluates) {
        void *state = calloc(1, a->state_size);
        rb_bench_fit(state, a, &view, NULL, config, &ctx);
        cost = rank(t, state, &ctx);
        a->fini(state);
        free(state);
    } else {
        cost = rb_bench_fit_cost(a, &view, config, &ctx);
    }
    rb_free(config);
    return cost;
}

static bool asked(const request *r, const char *axis, const workload *w)
{
    return (!r->axis || strcmp(r->axis, axis) == 0) && (!r->name || strcmp(r->name, w->name) == 0);
}

static void draw(rb_split_data *split, double n_users, double n_items, double n)
{
    rb_ctx ctx;
    rb_ctx_serial(&ctx, 1); /* no threads before the forks */
    rb_oracle_zipf(split, (int32_t)llrint(n_users), (int32_t)llrint(n_items), llrint(n), 0.6, 0.9, &ctx);
}

static void note(rb_bench_growth *g, const request *r, const char *axis, const workload *w, const rb_split_data *split,
                 int factors, double size)
{
    const task t = { w, split, factors, r->n_threads };
    char head[64];
    snprintf(head, sizeof head, "%s\t%s", axis, w->name);
    rb_bench_grew(g, head, size, rb_bench_apart(measure, &t));
}

static void fitted(const rb_bench_growth *g, const char *axis)
{
    for (int w = 0; w < WORKLOADS; w++) {
        char head[64];
        snprintf(head, sizeof head, "%s\t%s", axis, workloads[w].name);
        if (g[w].n > 0)
            rb_bench_exponents(&g[w], head);
    }
}

/* Along interactions, or along items: data of each size for all workloads. */
static void along_data(const request *r, const char *axis, double most, double least)
{
    const bool items = strcmp(axis, "items") == 0;
    const int fewer = r->divisor < 4 ? r->divisor : 4;
    rb_bench_growth g[WORKLOADS] = { 0 };
    if (r->axis && strcmp(r->axis, axis) != 0)
        return;
    const int n_sizes = (int)lround(2 * log10(most / least)) + 1;
    for (int s = 0; s < n_sizes; s++) {
        const double size = most * pow(10, -0.5 * s);
        rb_split_data split = { 0 };
        if (items)
            draw(&split, 20000.0 / r->divisor, size, 1e6 / r->divisor);
        else
            draw(&split, 200000.0 / r->divisor, 5000.0 / fewer, size);
        for (int w = 0; w < WORKLOADS; w++)
            if (asked(r, axis, &workloads[w]) && (!items || workloads[w].most_items == 0 ||
                                                  split.train.n_items <= workloads[w].most_items / r->fewer_items))
                note(&g[w], r, axis, &workloads[w], &split, BASE_FACTORS, items ? size : (double)split.train.n);
        rb_oracle_split_fini(&split);
    }
    fitted(g, axis);
}

static void along_factors(const request *r)
{
    const char *axis = "factors";
    const int smaller = r->divisor < 8 ? r->divisor : 8, fewer = r->divisor < 4 ? r->divisor : 4;
    rb_bench_growth g[WORKLOADS] = { 0 };
    rb_split_data split = { 0 };
    if (r->axis && strcmp(r->axis, axis) != 0)
        return;
    draw(&split, 4000.0 / fewer, 2000.0 / fewer, 200000.0 / r->divisor);
    for (int factors = MOST_FACTORS / smaller; factors >= LEAST_FACTORS; factors /= 2)
        for (int w = 0; w < WORKLOADS; w++)
            if (workloads[w].factors && asked(r, axis, &workloads[w]))
                note(&g[w], r, axis, &workloads[w], &split, factors, factors);
    rb_oracle_split_fini(&split);
    fitted(g, axis);
}

int main(int argc, char **argv)
{
    const char *threads = getenv("RB_THREADS");
    const int divisor = argc > 1 ? atoi(argv[1]) : 1;
    const request r = { .divisor = divisor,
                        .fewer_items = divisor < 10 ? divisor : 10,
                        .n_threads = threads ? atoi(threads) : 2,
                        .most_draws = argc > 2 ? atof(argv[2]) : 1e7,
                        .axis = argc > 3 ? argv[3] : NULL,
                        .name = argc > 4 ? argv[4] : NULL };
    if (r.divisor < 1 || r.divisor > 100 || !(r.most_draws >= 1e5) || r.most_draws > 1e8) {
        fprintf(stderr, "usage: bench_growth_recommenders [DIVISOR [MOST [AXIS [NAME]]]]\n");
        return 2;
    }
    openblas_set_num_threads(1);
    printf("axis\tworkload\tsize\tseconds\tbytes\n");
    along_data(&r, "interactions", r.most_draws / r.divisor, 1e5 / r.divisor);
    along_factors(&r);
    along_data(&r, "items", 1e5 / r.fewer_items, 1e3 / r.fewer_items);
    return 0;
}
