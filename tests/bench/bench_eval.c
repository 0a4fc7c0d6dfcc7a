/*
 * Full-catalogue evaluation (PEERS eval-138k): 138,493 users x 10,000 items, 64 factors in single precision, top 10
 * with precision, recall and nDCG; 8 million draws, a fifth of them test.
 *
 * Predicted: 2 m n k = 177 GFLOP of scores, .69 s on one core at 258 GFLOP/s. Every score is written once and read
 * twice (the check for -inf, the threshold) in the second-level cache: 5.5 GB written and 5.5 GB read from there, the
 * second reading from the first-level one, about 5 cycles for 16 scores, .1 s. Offers to the lists: k (1 + ln(n / k)) =
 * 80 a user, 11 million at 10 ns: .1 s. So one core .9 s, two cores .45 s.
 *
 * Measured (2 cores with AVX-512): one thread 1.25 s, of which scoring alone .92 (193 GFLOP/s: at 64 factors the
 * product does not reach the speed of square matrices); two threads .69 s and .43. What is not scoring is .33 s of one
 * core, not .2; by the profile about 60 % of it are the offers and what leads to them, not the scans.
 *
 * Usage: [mpirun -n P] bench_eval [n_users n_items n_draws]. Prints, as medians of RUNS: what, ranks x threads,
 * seconds, GFLOP/s of scores, and the share of the time that scoring alone takes.
 *
 * Or, as the peers' rig takes it, one evaluation of the factors and pairs of a folder:
 *
 *     bench_eval FOLDER n_users n_items seen|all
 *
 * reads users.f32 and items.f32 [n x 64], train.i32 and test.i32 [n x 2] (user, item); writes lists.i32 [users with a
 * test item x 11], the user and the ten best items that are not in train (all: of the whole catalogue).
 */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "eval/ranking.h"
#include "linalg/gemm.h"
#include "support/bench.h"
#include "support/raw_file.h"

#define RUNS 5
#define FACTORS 64
#define MAX_BATCH 256

typedef struct {
    int32_t n_users, n_items;
    float *user, *item; /* [n x FACTORS] */
} factors;

static void score(rb_tile *tile, const void *state, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const factors *f = state;
    float rows[MAX_BATCH * FACTORS];
    for (int32_t u = 0; u < n_users; u++)
        memcpy(rows + u * FACTORS, f->user + (int64_t)users[u] * FACTORS, FACTORS * sizeof *rows);
    rb_gemm_nt_f32(tile->data, tile->ld, rows, FACTORS, n_users, f->item + (int64_t)item_begin * FACTORS, FACTORS,
                   item_end - item_begin, FACTORS);
}

static rb_status random_factors(float **out, int32_t n, const char *name, rb_error *err)
{
    rb_rng rng = { .key = 1, .stream = rb_stream(name) };
    if (rb_alloc(out, (int64_t)n * FACTORS, err) != RB_OK)
        return err->status;
    for (int64_t i = 0; i < (int64_t)n * FACTORS; i++) {
        rng.entity = (uint64_t)i;
        (*out)[i] = (float)rb_rng_normal(&rng, 0);
    }
    return RB_OK;
}

/* Cumulative weights of index i: (i + 11)^-a. */
static rb_status zipf(double **out, int32_t n, double a, rb_error *err)
{
    if (rb_alloc(out, n, err) != RB_OK)
        return err->status;
    double sum = 0;
    for (int32_t i = 0; i < n; i++)
        (*out)[i] = sum += pow(i + 11.0, -a);
    return RB_OK;
}

static int32_t drawn(const double *cumulative, int32_t n, double uniform)
{
    int32_t low = 0, high = n - 1;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (cumulative[middle] <= uniform * cumulative[n - 1])
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int ascending_pair(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Distinct pairs in ascending order; every rank makes them all. */
static rb_status draw_pairs(int64_t **out, int64_t *n, int32_t n_users, int32_t n_items, int64_t n_draws, rb_error *err)
{
    double *user = NULL, *item = NULL;
    rb_rng rng = { .key = 2, .stream = rb_stream("pairs") };
    int64_t kept = 0;
    RB_TRY(zipf(&user, n_users, .6, err));
    RB_TRY(zipf(&item, n_items, .9, err));
    RB_TRY(rb_alloc(out, n_draws, err));
    int64_t *pair = *out;
    for (int64_t d = 0; d < n_draws; d++) {
        rng.entity = (uint64_t)d;
        pair[d] = (int64_t)drawn(user, n_users, rb_rng_uniform(&rng, 0)) * n_items +
                  drawn(item, n_items, rb_rng_uniform(&rng, 1));
    }
    qsort(pair, (size_t)n_draws, sizeof *pair, ascending_pair);
    for (int64_t d = 0; d < n_draws; d++)
        if (d == 0 || pair[d] != pair[kept - 1])
            pair[kept++] = pair[d];
    *n = kept;
done:
    rb_free(user);
    rb_free(item);
    return err->status;
}

/* Train and test of n pairs user * n_items + item. */
static rb_status build_ratings(rb_ratings *train, rb_ratings *test, const factors *f, const int64_t *pair,
                               const uint8_t *part, int64_t n, const rb_ctx *ctx, rb_error *err)
{
    int64_t *begin = NULL;
    rb_interactions x = { 0 };
    RB_TRY(rb_interactions_alloc(&x, n, false, false, ctx, err));
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    x.n_users = f->n_users;
    x.n_items = f->n_items;
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = n * r / ctx->n_ranks;
    for (int64_t i = begin[ctx->rank]; i < begin[ctx->rank + 1]; i++) {
        ((int32_t *)x.user_memory.data)[i] = (int32_t)(pair[i] / f->n_items);
        ((int32_t *)x.item_memory.data)[i] = (int32_t)(pair[i] % f->n_items);
    }
    rb_interactions_publish(&x, begin, ctx);
    RB_TRY(rb_ratings_build(train, &x, part, 1u << RB_PART_TRAIN, -INFINITY, ctx, err));
    RB_TRY(rb_ratings_build(test, &x, part, 1u << RB_PART_TEST, -INFINITY, ctx, err));
done:
    rb_interactions_fini(&x);
    rb_free(begin);
    return err->status;
}

static rb_status make_ratings(rb_ratings *train, rb_ratings *test, const factors *f, int64_t n_draws, const rb_ctx *ctx,
                              rb_error *err)
{
    int64_t *pair = NULL, n = 0;
    uint8_t *part = NULL;
    RB_TRY_ALL(ctx, draw_pairs(&pair, &n, f->n_users, f->n_items, n_draws, err));
    RB_TRY_ALL(ctx, rb_alloc(&part, n, err));
    for (int64_t i = 0; i < n; i++)
        part[i] = rb_mix(3, (uint64_t)i) % 5 == 0 ? RB_PART_TEST : RB_PART_TRAIN;
    RB_TRY(build_ratings(train, test, f, pair, part, n, ctx, err));
done:
    rb_free(part);
    rb_free(pair);
    return err->status;
}

/* The pairs of train.i32 (unless the whole catalogue is ranked) and test.i32. */
static rb_status read_ratings(rb_ratings *train, rb_ratings *test, const factors *f, const char *folder, bool all,
                              const rb_ctx *ctx, rb_error *err)
{
    static const char *const names[] = { "train.i32", "test.i32" };
    int32_t *coordinates[2];
    int64_t *pair = NULL, n_bytes[2], n = 0;
    uint8_t *part = NULL;
    char path[4096];
    for (int p = 0; p < 2; p++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[p]);
        coordinates[p] = rb_raw_read(&n_bytes[p], path, -1);
    }
    int64_t n_all = (n_bytes[0] + n_bytes[1]) / (2 * (int64_t)sizeof(int32_t));
    RB_TRY_ALL(ctx, rb_alloc(&pair, n_all, err));
    RB_TRY_ALL(ctx, rb_alloc(&part, n_all, err));
    for (int p = all; p < 2; p++)
        for (int64_t i = 0; i < n_bytes[p] / 8; i++, n++) {
            pair[n] = (int64_t)coordinates[p][2 * i] * f->n_items + coordinates[p][2 * i + 1];
            part[n] = p == 0 ? RB_PART_TRAIN : RB_PART_TEST;
        }
    RB_TRY(build_ratings(train, test, f, pair, part, n, ctx, err));
done:
    rb_free(coordinates[0]);
    rb_free(coordinates[1]);
    rb_free(part);
    rb_free(pair);
    return err->status;
}

/* The same tiles without anything that looks at them. */
static rb_status score_only(const factors *f, const rb_ctx *ctx, rb_error *err)
{
    const int32_t batch = 136, width = 512; /* as the pass cuts this workload */
    int32_t own_begin = (int32_t)((int64_t)f->n_users * ctx->rank / ctx->n_ranks);
    int32_t own_end = (int32_t)((int64_t)f->n_users * (ctx->rank + 1) / ctx->n_ranks);
    float *memory = NULL;
    int32_t *users = NULL;
    RB_TRY(rb_alloc(&memory, (int64_t)ctx->n_threads * batch * (width + 16), err));
    RB_TRY(rb_alloc(&users, f->n_users, err));
    for (int32_t u = 0; u < f->n_users; u++)
        users[u] = u;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t u = own_begin; u < own_end; u += batch) {
        rb_tile tile = { .data = memory + (int64_t)omp_get_thread_num() * batch * (width + 16), .ld = width + 16 };
        for (int32_t i = 0; i < f->n_items; i += width)
            score(&tile, f, users + u, u + batch < own_end ? batch : own_end - u, i,
                  i + width < f->n_items ? i + width : f->n_items);
    }
done:
    rb_free(memory);
    rb_free(users);
    return err->status;
}

static rb_status evaluate(rb_ranking *ranking, const factors *f, const rb_ratings *train, const rb_ratings *test,
                          const rb_ctx *ctx, rb_error *err)
{
    static const char *const names[] = { "precision@10", "recall@10", "ndcg:bin-min@10" };
    rb_metric metrics[3];
    rb_scorer scorer = { .score = score, .state = f, .precision = RB_SINGLE };
    rb_ranking_rules rules = { .n_users = f->n_users, .n_items = f->n_items, .train = train, .tie_seed = 1 };
    for (int i = 0; i < 3; i++)
        RB_TRY(rb_metric_parse(&metrics[i], names[i], err));
    RB_TRY(rb_rank(ranking, &scorer, &rules, test, NULL, metrics, 3, 0, ctx, err));
done:
    return err->status;
}

/* One evaluation of what a folder holds. */
static rb_status evaluate_folder(factors *f, const char *folder, bool all, const rb_ctx *ctx, rb_error *err)
{
    const int64_t width = FACTORS * (int64_t)sizeof(float);
    rb_ratings train = { 0 }, test = { 0 };
    rb_ranking ranking = { 0 };
    int32_t *rows = NULL;
    char path[4096];
    snprintf(path, sizeof path, "%s/users.f32", folder);
    f->user = rb_raw_read(NULL, path, f->n_users * width);
    snprintf(path, sizeof path, "%s/items.f32", folder);
    f->item = rb_raw_read(NULL, path, f->n_items * width);
    RB_TRY(read_ratings(&train, &test, f, folder, all, ctx, err));
    rb_barrier(ctx);
    double start = rb_clock_s();
    RB_TRY(evaluate(&ranking, f, &train, &test, ctx, err));
    double seconds = rb_clock_s() - start;
    const rb_lists *lists = &ranking.lists;
    int64_t row = lists->k + 1;
    RB_TRY_ALL(ctx, rb_alloc(&rows, lists->n * row, err));
    for (int32_t i = 0; i < lists->n; i++) {
        rows[i * row] = lists->user[i];
        memcpy(rows + i * row + 1, lists->item + (int64_t)i * lists->k, (size_t)lists->k * sizeof *rows);
    }
    snprintf(path, sizeof path, "%s/lists.i32", folder);
    if (ctx->rank == 0) {
        rb_raw_write(path, rows, lists->n * row * (int64_t)sizeof *rows);
        printf("seconds\tndcg@10\n%.6f\t%.17g\n", seconds, ranking.value[2].mean.value);
    }
done:
    rb_free(rows);
    rb_ranking_fini(&ranking);
    rb_ratings_fini(&train);
    rb_ratings_fini(&test);
    return err->status;
}

static rb_status measure(const factors *f, const rb_ratings *train, const rb_ratings *test, rb_ctx *ctx, rb_error *err)
{
    rb_ranking ranking = { 0 };
    double alone[RUNS], whole[RUNS], ndcg = 0, gflop = 2e-9 * FACTORS * f->n_users * (double)f->n_items;
    for (int r = 0; r < RUNS; r++) {
        rb_barrier(ctx);
        double start = rb_clock_s();
        RB_TRY_ALL(ctx, score_only(f, ctx, err));
        alone[r] = rb_clock_s() - start;
        rb_barrier(ctx);
        start = rb_clock_s();
        RB_TRY(evaluate(&ranking, f, train, test, ctx, err));
        whole[r] = rb_clock_s() - start;
        ndcg = ranking.value[2].mean.value;
        rb_ranking_fini(&ranking);
        ranking = (rb_ranking){ 0 };
    }
    double scoring = rb_bench_median(alone, RUNS), all = rb_bench_median(whole, RUNS);
    if (ctx->rank == 0)
        printf("%dx%d\t%.3f\t%.0f\t%.3f\t%.0f\t%.2f\t%.17g\n", ctx->n_ranks, ctx->n_threads, scoring, gflop / scoring,
               all, gflop / all, scoring / all, ndcg);
done:
    rb_ranking_fini(&ranking);
    return err->status;
}

int main(int argc, char **argv)
{
    int provided;
    rb_error err = { 0 };
    rb_ctx ctx = { 0 };
    rb_ratings train = { 0 }, test = { 0 };
    bool from_folder = argc == 5;
    char **shape = argv + (from_folder ? 2 : 1);
    factors f = { .n_users = argc > 3 ? atoi(shape[0]) : 138493, .n_items = argc > 3 ? atoi(shape[1]) : 10000 };
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    RB_TRY(rb_ctx_init(&ctx, MPI_COMM_WORLD, 2, false, &err));
    if (from_folder) {
        ctx.n_threads = omp_get_max_threads();
        RB_TRY(evaluate_folder(&f, argv[1], !strcmp(argv[4], "all"), &ctx, &err));
        goto done;
    }
    RB_TRY(random_factors(&f.user, f.n_users, "users", &err));
    RB_TRY(random_factors(&f.item, f.n_items, "items", &err));
    RB_TRY(make_ratings(&train, &test, &f, argc > 3 ? atoll(argv[3]) : 8000000, &ctx, &err));
    if (ctx.rank == 0)
        printf("shape\tscore_s\tGFLOP/s\teval_s\tGFLOP/s\tshare\tndcg@10\n");
    for (ctx.n_threads = 1; ctx.n_threads <= 2; ctx.n_threads++)
        RB_TRY(measure(&f, &train, &test, &ctx, &err));
done:
    if (err.status != RB_OK)
        fprintf(stderr, "%s\n", err.message);
    rb_ratings_fini(&train);
    rb_ratings_fini(&test);
    rb_free(f.user);
    rb_free(f.item);
    rb_ctx_fini(&ctx);
    MPI_Finalize();
    return rb_status_exit(err.status);
}
