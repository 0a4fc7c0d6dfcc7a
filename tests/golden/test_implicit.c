/*
 * Rankings of ml-latest-small against the package implicit on the same five folds (generate_implicit.py), with the same
 * parameters: nDCG at 10 within 1 % of implicit's mean over its seeds or two of its standard errors, the larger, or
 * better. What differs: implicit takes the k nearest of the user's items, item_knn those of the item that is scored;
 * its logistic factors climb by AdaGrad with 30 negatives a positive, ours with 4 at one rate.
 */
#include <math.h>

#include "support/golden_ranking.h"

extern const rb_recommender rb_ials, rb_bpr, rb_logistic_mf, rb_item_knn;

typedef struct {
    const rb_recommender *algorithm;
    const char *name, *values;
} setting;

static const setting settings[] = {
    { &rb_ials, "als", "objective=hu factors=32 regularization=10 alpha=1 iterations=15 init_scale=0.01" },
    { &rb_bpr, "bpr",
      "factors=100 learning_rate=0.01 reg_user=0.01 reg_item=0.01 reg_bias=0.01 iterations=100 negatives=popular "
      "negative_tries=1 init_std=0.0029" },
    { &rb_logistic_mf, "logistic_mf", "factors=30 iterations=30 alpha=0.25" },
    { &rb_item_knn, "item_knn_cosine", "k=100" },
    { &rb_item_knn, "item_knn_tf_idf", "k=100 weighting=tf_idf" },
    { &rb_item_knn, "item_knn_bm25", "k=100 weighting=bm25 similarity=dot" },
};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

static void five_folds_have_the_ndcg_of_implicit(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_split_data s = { 0 };
    double ours[N_SETTINGS] = { 0 };
    rb_ctx_serial(&ctx, 2);
    rb_oracle_movielens(&s, -INFINITY, &ctx);
    json_t *golden = rb_test_golden("implicit.json");
    for (int64_t fold = 0; fold < 5; fold++) {
        rb_oracle_fold(&s, fold, 4.0, &ctx);
        assert_true(s.train.n == json_integer_value(json_array_get(json_object_get(golden, "n_train"), (size_t)fold)));
        for (int i = 0; i < N_SETTINGS; i++)
            ours[i] += rb_golden_ndcg(settings[i].algorithm, settings[i].values, &s, 1) / 5;
    }
    bool held = true;
    for (int i = 0; i < N_SETTINGS; i++) {
        double mean = rb_test_number(golden, "results", settings[i].name, "ndcg@10", "mean", NULL),
               error = rb_test_number(golden, "results", settings[i].name, "ndcg@10", "error", NULL);
        bool ok = ours[i] >= mean - fmax(0.01 * mean, 2 * error);
        print_message("%s: nDCG@10 %.5f, implicit %.5f +- %.5f%s\n", settings[i].name, ours[i], mean, error,
                      ok ? "" : ": worse");
        held = held && ok;
    }
    assert_true(held);
    json_decref(golden);
    rb_oracle_split_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(five_folds_have_the_ndcg_of_implicit) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
