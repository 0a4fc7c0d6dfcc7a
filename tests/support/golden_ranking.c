#include "support/golden_ranking.h"

#include <math.h>

#include "eval/ranking.h"
#include "support/config.h"

static const char *const names[][2] = {
    { "precision@10", "precision@10" },
    { "recall@10", "recall@10" },
    { "ndcg@10", "ndcg@10" },
    { "ndcg_full_idcg@10", "ndcg:bin-rel@10" },
    { "map@10", "map@10" },
    { "mrr@10", "mrr@10" },
    { "hit_rate@10", "hit_rate@10" },
    { "f1@10", "f1@10" },
    { "item_coverage@10", "item_coverage@10" },
    { "gini@10", "gini@10" },
};
enum { N_METRICS = sizeof names / sizeof *names };

/* Fitted and ranked; value [n] of the metrics named. */
static void ranked(double *value, const char *const *asked, int n, const rb_recommender *algorithm, const char *values,
                   const rb_split_data *s, uint64_t seed)
{
    rb_ctx ctx;
    rb_error err = { 0 };
    rb_metric metrics[N_METRICS];
    rb_ranking ranking;
    rb_ctx_serial(&ctx, 2);
    ctx.seed = seed;
    rb_train_view view = { .ratings = &s->train, .positives = &s->train };
    void *config = rb_oracle_config(algorithm, values);
    char *state = NULL;
    assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, NULL, algorithm, config, &view, &ctx, &err), &err);
    for (int m = 0; m < n; m++)
        assert_ok(rb_metric_parse(&metrics[m], asked[m], &err), &err);
    rb_scorer scorer = { .score = algorithm->score,
                         .state = state,
                         .precision = algorithm->precision ? algorithm->precision(config) : RB_DOUBLE_PRECISION };
    rb_ranking_rules rules = {
        .n_users = s->train.n_users, .n_items = s->train.n_items, .train = &s->train, .ties = RB_TIES_INDEX
    };
    assert_ok(rb_rank(&ranking, &scorer, &rules, &s->test, NULL, metrics, n, 0, &ctx, &err), &err);
    for (int m = 0; m < n; m++)
        value[m] = ranking.value[m].mean.value;
    rb_ranking_fini(&ranking);
    algorithm->fini(state);
    rb_free(state);
    rb_free(config);
}

void rb_golden_ranking(const rb_recommender *algorithm, const char *values, const rb_split_data *s, json_t *golden,
                       const char *key, double tolerance)
{
    const char *asked[N_METRICS];
    double value[N_METRICS];
    for (int m = 0; m < N_METRICS; m++)
        asked[m] = names[m][1];
    ranked(value, asked, N_METRICS, algorithm, values, s, 0);
    for (int m = 0; m < N_METRICS; m++) {
        double known = rb_test_number(golden, "implicit", "results", key, names[m][0], NULL);
        double away = tolerance < 0 ? value[m] - known : value[m] / known - 1;
        if (!(away <= fabs(tolerance) && away >= -fabs(tolerance)))
            fail_msg("%s of %s: %.12g, known %.12g", names[m][0], key, value[m], known);
    }
}

double rb_golden_ndcg(const rb_recommender *algorithm, const char *values, const rb_split_data *s, uint64_t seed)
{
    static const char *const asked[] = { "ndcg@10" };
    double value;
    ranked(&value, asked, 1, algorithm, values, s, seed);
    return value;
}
