#include "support/bench_work.h"

#include <math.h>

#include "cluster/core/kmeans.h"
#include "eval/rating.h"
#include "eval/silhouette.h"
#include "linalg/gram.h"
#include "support/bench.h"
#include "support/bench_points.h"
#include "support/config.h"

enum { FACTORS = 64, CENTRES = 50, SEEDS = 10, CLUSTERS = 20, LEAST_POINTS = 500, LEAST_ROWS = 200 };

extern const rb_algorithm rb_als, rb_ials, rb_kmeans;

/* Points around n_groups planted centres. */
static void plant(rb_points *p, int64_t n, int64_t d, int n_groups, double spread, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    int64_t *offsets = NULL;
    rb_bench_must(rb_alloc(&offsets, ctx->n_ranks + 1, &err), &err);
    rb_bench_must(rb_points_alloc_dense(p, n, d, ctx, &err), &err);
    rb_blocks_offsets(offsets, &p->blocks, ctx);
    double *x = p->memory.data;
#pragma omp parallel for num_threads(ctx->n_threads)
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++) {
        rb_rng group = { 1, rb_stream("group"), 0, (uint64_t)i }, noise = { 1, rb_stream("noise"), 0, (uint64_t)i };
        rb_rng centre = { 1, rb_stream("centre"), 0, (uint64_t)rb_rng_below(&group, 0, n_groups) };
        for (int64_t f = 0; f < d; f++)
            x[i * d + f] = spread * rb_rng_normal(&centre, (uint32_t)f) + rb_rng_normal(&noise, (uint32_t)f);
    }
    rb_shared_publish(&p->memory, offsets, d * (int64_t)sizeof *x, ctx);
    rb_free(offsets);
}

static void *begin(const rb_algorithm *algorithm, const void *config, rb_bench_world *w, rb_ctx *ctx)
{
    rb_error err = { 0 };
    char *state = NULL;
    rb_train_view view = { .ratings = &w->split.train, .positives = &w->split.train };
    rb_bench_must(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    rb_bench_must(algorithm->begin(state, &view, NULL, config, ctx, &err), &err);
    return state;
}

static void fill(rb_bench_world *w, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    int64_t n = w->split.train.n_users;
    rb_bench_must(rb_shared_alloc(&w->users, n * FACTORS * (int64_t)sizeof(float), ctx, &err), &err);
    float *x = w->users.data;
    for (int64_t i = 0; ctx->rank == 0 && i < n * FACTORS; i++)
        x[i] = (float)((double)rb_mix(7, (uint64_t)i) * 0x1p-64 - 0.5);
    rb_shared_publish_from(&w->users, 0, ctx);
}

void rb_bench_world_init(rb_bench_world *w, int divisor, rb_ctx *ctx)
{
    rb_error err = { 0 };
    *w = (rb_bench_world){ 0 };
    rb_oracle_zipf(&w->split, 71567 / divisor, 10681 / divisor, 10000000 / divisor, 0.6, 0.9, ctx);
    rb_oracle_zipf(&w->small, LEAST_ROWS + (10000 - LEAST_ROWS) / divisor, LEAST_ROWS + (3000 - LEAST_ROWS) / divisor,
                   500000 / divisor, 0.4, 0.9, ctx);
    plant(&w->blobs, 1000000 / divisor, 64, CENTRES, 2, ctx);
    plant(&w->space, 8807 / divisor, 100, CLUSTERS, .3, ctx);
    rb_bench_must(rb_alloc(&w->labels, w->space.n, &err), &err);
    for (int64_t i = 0; i < w->space.n; i++)
        w->labels[i] = (int32_t)(rb_mix(3, (uint64_t)i) % CLUSTERS);
    rb_bench_blobs(&w->groups, LEAST_POINTS + (10000 - LEAST_POINTS) / divisor, 50, ctx);
    rb_bench_blobs(&w->few, LEAST_POINTS + (5000 - LEAST_POINTS) / divisor, 10, ctx);
    rb_bench_titles(&w->titles, 20000 / divisor);
    fill(w, ctx);
    w->als_config = rb_oracle_config(&rb_als, "factors=64 biases=fixed iterations=10000");
    w->ials_config = rb_oracle_config(&rb_ials, "factors=64 iterations=10000");
    w->kmeans_config =
        rb_oracle_config(&rb_kmeans, "k=50 init=given iterations=5 tolerance=0 algorithm=lloyd precision=double");
    rb_bench_centres(w->kmeans_config, &rb_kmeans, &w->blobs, CENTRES);
    w->als = begin(&rb_als, w->als_config, w, ctx);
    w->ials = begin(&rb_ials, w->ials_config, w, ctx);
}

void rb_bench_world_fini(rb_bench_world *w)
{
    rb_als.fini(w->als);
    rb_ials.fini(w->ials);
    rb_free(w->als);
    rb_free(w->ials);
    rb_free(w->als_config);
    rb_free(w->ials_config);
    rb_free(w->kmeans_config);
    rb_free(w->labels);
    rb_shared_fini(&w->users);
    rb_points_fini(&w->titles);
    rb_points_fini(&w->few);
    rb_points_fini(&w->groups);
    rb_points_fini(&w->space);
    rb_points_fini(&w->blobs);
    rb_oracle_split_fini(&w->small);
    rb_oracle_split_fini(&w->split);
}

static void cut(rb_blocks *blocks, int64_t n, const int64_t *prefix)
{
    rb_error err = { 0 };
    rb_blocks_fini(blocks);
    rb_bench_must(rb_blocks_init(blocks, n, prefix, 4096, &err), &err); /* as rb_ratings_build */
}

void rb_bench_world_cut(rb_bench_world *w)
{
    rb_ratings *parts[] = { &w->split.train, &w->split.test, &w->small.train };
    for (int p = 0; p < 3; p++) {
        cut(&parts[p]->users, parts[p]->n_users, parts[p]->user_begin);
        cut(&parts[p]->items, parts[p]->n_items, parts[p]->item_begin);
    }
}

static void iterate(const rb_algorithm *algorithm, const void *config, void *state, const rb_bench_world *w,
                    rb_ctx *ctx)
{
    rb_error err = { 0 };
    double objective;
    bool done;
    rb_train_view view = { .ratings = &w->split.train, .positives = &w->split.train };
    rb_bench_must(algorithm->iterate(state, 0, &objective, &done, &view, NULL, config, ctx, &err), &err);
}

static void run_als(rb_bench_world *w, rb_ctx *ctx)
{
    iterate(&rb_als, w->als_config, w->als, w, ctx);
}

static void run_ials(rb_bench_world *w, rb_ctx *ctx)
{
    iterate(&rb_ials, w->ials_config, w->ials, w, ctx);
}

static void run_kmeans(rb_bench_world *w, rb_ctx *ctx)
{
    rb_error err = { 0 };
    char *state = NULL;
    rb_train_view view = { .space = &w->blobs };
    rb_bench_must(rb_alloc(&state, (int64_t)rb_kmeans.state_size, &err), &err);
    rb_bench_must(rb_oracle_fit(state, NULL, &rb_kmeans, w->kmeans_config, &view, ctx, &err), &err);
    rb_kmeans.fini(state);
    rb_free(state);
}

static void run_seeds(rb_bench_world *w, rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_kmeans_data data = { 0 };
    int64_t seeds[SEEDS];
    rb_bench_must(rb_kmeans_data_init(&data, &w->blobs, SEEDS, false, false, false, ctx, &err), &err);
    rb_bench_must(rb_kmeans_seeds(seeds, &data, RB_KMEANS_PLUS_PLUS, rb_kmeans_local_trials(SEEDS), 0, ctx, &err),
                  &err);
    rb_kmeans_data_fini(&data);
}

static void silhouette(rb_bench_world *w, rb_silhouette_distance distance, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_metric_value value;
    const rb_labelling labelling = { w->labels, RB_NOISE_DROP };
    rb_bench_must(rb_silhouette_many(&value, NULL, &w->space, &labelling, 1, distance, ctx, &err), &err);
}

static void run_silhouette(rb_bench_world *w, rb_ctx *ctx)
{
    silhouette(w, RB_SILHOUETTE_EUCLIDEAN, ctx);
}

static void run_closed(rb_bench_world *w, rb_ctx *ctx)
{
    silhouette(w, RB_SILHOUETTE_COSINE, ctx);
}

int32_t rb_bench_rank(const rb_scorer *scorer, const rb_split_data *split, const rb_ctx *ctx)
{
    static const char *const names[] = { "precision@10", "recall@10", "ndcg@10" };
    rb_error err = { 0 };
    rb_metric metrics[3];
    rb_ranking ranking = { 0 };
    const rb_ratings *train = &split->train;
    const rb_ranking_rules rules = {
        .n_users = train->n_users, .n_items = train->n_items, .train = train, .tie_seed = 1
    };
    for (int m = 0; m < 3; m++)
        rb_bench_must(rb_metric_parse(&metrics[m], names[m], &err), &err);
    rb_bench_must(rb_rank(&ranking, scorer, &rules, &split->test, NULL, metrics, 3, 0, ctx, &err), &err);
    const int32_t n_users = ranking.n_evaluated;
    rb_ranking_fini(&ranking);
    return n_users;
}

static void run_ranking(rb_bench_world *w, rb_ctx *ctx)
{
    const rb_scorer scorer = { .score = rb_als.score, .state = w->als, .precision = RB_SINGLE };
    rb_bench_rank(&scorer, &w->split, ctx);
}

static void run_rating(rb_bench_world *w, rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_metric metrics[2];
    rb_rating rating = { 0 };
    const rb_predictor predictor = { .predict = rb_als.predict, .state = w->als };
    rb_bench_must(rb_metric_parse(&metrics[0], "rmse", &err), &err);
    rb_bench_must(rb_metric_parse(&metrics[1], "mae", &err), &err);
    rb_bench_must(rb_rate(&rating, &predictor, &w->split.train, &w->split.test, false, metrics, 2, ctx, &err), &err);
    rb_rating_fini(&rating);
}

static void run_gram(rb_bench_world *w, rb_ctx *ctx)
{
    rb_error err = { 0 };
    double gram[FACTORS * FACTORS];
    rb_bench_must(rb_gram_f32(gram, w->users.data, FACTORS, w->split.train.n_users, FACTORS, ctx, &err), &err);
}

const rb_bench_work rb_bench_als = { "als", RB_BENCH_SGEMM, run_als };
const rb_bench_work rb_bench_ials = { "ials", RB_BENCH_SGEMM, run_ials };
const rb_bench_work rb_bench_kmeans = { "kmeans", RB_BENCH_DGEMM, run_kmeans };
const rb_bench_work rb_bench_seeds = { "kmeans-init", RB_BENCH_TRIAD, run_seeds };
const rb_bench_work rb_bench_silhouette = { "silhouette", RB_BENCH_DGEMM, run_silhouette };
const rb_bench_work rb_bench_closed = { "silhouette-cosine", RB_BENCH_TRIAD, run_closed };
const rb_bench_work rb_bench_ranking = { "evaluation", RB_BENCH_SGEMM, run_ranking };
const rb_bench_work rb_bench_rating = { "rmse", RB_BENCH_TRIAD, run_rating };
const rb_bench_work rb_bench_gram = { "gram", RB_BENCH_SGEMM, run_gram };
