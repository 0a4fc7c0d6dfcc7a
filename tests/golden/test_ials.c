/* iALS on ml-latest-small, `implicit`: every ranking metric of golden/README.md, in double. */
#include <stdio.h>

#include "eval/ranking.h"
#include "recommend/recommend.h"
#include "support/oracle_als.h"
#include "support/support.h"

extern const rb_recommender rb_ials;

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

static void check(const rb_split_data *s, json_t *golden, const char *values, double tolerance)
{
    rb_ctx ctx;
    rb_error err = { 0 };
    rb_metric metrics[N_METRICS];
    rb_ranking ranking;
    rb_ctx_serial(&ctx, 2);
    rb_train_view view = { .positives = &s->train };
    void *config = rb_oracle_config(&rb_ials, values);
    char *state = NULL;
    assert_ok(rb_alloc(&state, (int64_t)rb_ials.state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, NULL, &rb_ials, config, &view, &ctx, &err), &err);
    for (int m = 0; m < N_METRICS; m++)
        assert_ok(rb_metric_parse(&metrics[m], names[m][1], &err), &err);
    rb_scorer scorer = { .score = rb_ials.score, .state = state, .precision = rb_ials.precision(config) };
    rb_ranking_rules rules = {
        .n_users = s->train.n_users, .n_items = s->train.n_items, .train = &s->train, .ties = RB_TIES_INDEX
    };
    assert_ok(rb_rank(&ranking, &scorer, &rules, &s->test, NULL, metrics, N_METRICS, 0, &ctx, &err), &err);
    for (int m = 0; m < N_METRICS; m++) {
        double known =
            rb_test_number(golden, "implicit", "results", "ials_k32_alpha0.1_reg0.01_nu1_it16", names[m][0], NULL);
        assert_near(ranking.value[m].mean.value / known, 1.0, tolerance);
    }
    rb_ranking_fini(&ranking);
    rb_ials.fini(state);
    rb_free(state);
    rb_free(config);
}

static void ials_has_the_known_ranking_metrics(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_split_data s = { 0 };
    rb_ctx_serial(&ctx, 2);
    rb_oracle_movielens(&s, 4.0, &ctx);
    json_t *golden = rb_test_golden("ml-latest-small.json");
    assert_true(s.train.n == (int64_t)rb_test_number(golden, "implicit", "n_train", NULL));
    static const char base[] = "factors=32 unobserved=0.1 regularization=0.01 nu=1 iterations=16 init=splitmix";
    char values[256];
    snprintf(values, sizeof values, "%s precision=double", base);
    check(&s, golden, values, 1e-6);
    snprintf(values, sizeof values, "%s precision=double solver=cg cg_steps=60", base); /* converged: the same system */
    check(&s, golden, values, 1e-6);
    snprintf(values, sizeof values, "%s precision=single", base);
    check(&s, golden, values, 5e-3);
    json_decref(golden);
    rb_oracle_split_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ials_has_the_known_ranking_metrics) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
