/*
 * Models of ratings against Surprise on ml-latest-small (generate_sgd.py): from the same start and in the same order
 * the same predictions; with our own start and the grid, the RMSE of five folds.
 */
#include <math.h>
#include <stdio.h>

#include "recommend/recommend.h"
#include "support/golden_rating.h"
#include "support/support.h"

extern const rb_recommender rb_bias, rb_svd, rb_svdpp, rb_nmf;

#define MOST 1000

typedef struct {
    const rb_algorithm *algorithm;
    const char *name, *values;
    double tolerance; /* of a prediction */
} setting;

/* Single precision leaves some 1e-6 of a rating after 20 epochs. */
static const setting settings[] = {
    { &rb_svd, "svd", "factors=20 grid=1 order=given init=splitmix precision=double", 1e-10 },
    { &rb_svd, "svd", "factors=20 grid=1 order=given init=splitmix precision=single", 1e-4 },
    { &rb_svd, "svd_rates",
      "factors=9 iterations=7 learning_rate_user_bias=0.01 learning_rate_item_bias=0.02 learning_rate_user=0.03 "
      "learning_rate_item=0.004 regularization_user_bias=0.1 regularization_item_bias=0.2 regularization_user=0.05 "
      "regularization_item=0.06 grid=1 order=given init=splitmix precision=double",
      1e-10 },
    { &rb_svd, "svd_unbiased",
      "factors=20 biased=false learning_rate=0.02 grid=1 order=given init=splitmix precision=double", 1e-10 },
    { &rb_svdpp, "svdpp", "factors=10 iterations=5 batch=1 init=splitmix", 1e-9 },
    { &rb_svdpp, "svdpp_rates",
      "factors=7 iterations=4 learning_rate_user_bias=0.01 learning_rate_item_bias=0.02 learning_rate_user=0.03 "
      "learning_rate_item=0.004 learning_rate_implicit=0.008 regularization_user_bias=0.1 regularization_item_bias=0.2 "
      "regularization_user=0.05 regularization_item=0.06 regularization_implicit=0.3 batch=1 init=splitmix",
      1e-9 },
    { &rb_nmf, "nmf", "factors=15 iterations=20 init=splitmix", 1e-9 },
    { &rb_nmf, "nmf_rates", "factors=6 iterations=12 regularization_user=0.02 regularization_item=0.3 init=splitmix",
      1e-9 },
    { &rb_nmf, "nmf_biased",
      "factors=4 iterations=15 biased=true regularization_user=0.4 regularization_item=0.3 "
      "learning_rate_user_bias=0.01 learning_rate_item_bias=0.02 regularization_user_bias=0.1 "
      "regularization_item_bias=0.05 init=splitmix",
      1e-9 },
    { &rb_bias, "bias", "", 1e-10 },
};

static void check(const setting *x, json_t *golden, const rb_split_data *s)
{
    static int32_t user[MOST], item[MOST];
    static double out[MOST];
    double rmse, mae;
    json_t *users = json_object_get(golden, "user"), *items = json_object_get(golden, "item"),
           *expected = json_object_get(json_object_get(golden, x->name), "predictions");
    size_t n = json_array_size(expected);
    assert_true(n > 100 && n <= MOST && json_array_size(users) == n && json_array_size(items) == n);
    for (size_t p = 0; p < n; p++) {
        user[p] = (int32_t)json_integer_value(json_array_get(users, p));
        item[p] = (int32_t)json_integer_value(json_array_get(items, p));
    }
    rb_golden_rating(&rmse, &mae, out, &(rb_pairs){ (int64_t)n, user, item }, x->algorithm, x->values, s, 0);
    for (size_t p = 0; p < n; p++)
        assert_near(out[p], json_number_value(json_array_get(expected, p)), x->tolerance);
    assert_near(rmse, rb_test_number(golden, x->name, "rmse", NULL), x->tolerance);
    assert_near(mae, rb_test_number(golden, x->name, "mae", NULL), x->tolerance);
}

static void the_same_start_and_order_give_the_same_predictions(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_split_data s = { 0 };
    rb_ctx_serial(&ctx, 2);
    rb_oracle_movielens(&s, -INFINITY, &ctx);
    json_t *golden = rb_test_golden("surprise.json");
    assert_true(s.train.n == (int64_t)rb_test_number(golden, "n_train", NULL));
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        check(settings + i, golden, &s);
    json_decref(golden);
    rb_oracle_split_fini(&s);
}

/* Means over five folds: equal within .3 %, or better. */
static void five_folds_have_the_rmse_of_surprise(void **unused)
{
    (void)unused;
    static const setting own[] = {
        { &rb_svd, "svd", "factors=100", 3e-3 },
        { &rb_svdpp, "svdpp", "factors=20", 3e-3 },
        { &rb_nmf, "nmf", "", 3e-3 },
        { &rb_bias, "bias", "", 1e-10 },
    };
    rb_ctx ctx;
    rb_split_data s = { 0 };
    rb_ctx_serial(&ctx, 2);
    rb_oracle_movielens(&s, -INFINITY, &ctx);
    json_t *golden = rb_test_golden("surprise.json");
    double ours[sizeof own / sizeof *own] = { 0 };
    for (int64_t fold = 0; fold < 5; fold++) {
        rb_oracle_fold(&s, fold, -INFINITY, &ctx);
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
            double rmse;
            rb_golden_rating(&rmse, NULL, NULL, NULL, own[i].algorithm, own[i].values, &s, 1);
            ours[i] += rmse / 5;
        }
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        json_t *folds = json_object_get(json_object_get(golden, "folds"), own[i].name);
        double theirs = 0;
        assert_int_equal(json_array_size(folds), 5);
        for (size_t fold = 0; fold < 5; fold++)
            theirs += json_number_value(json_array_get(folds, fold)) / 5;
        print_message("%s: RMSE %.5f, Surprise %.5f\n", own[i].name, ours[i], theirs);
        assert_true(ours[i] <= theirs * (1 + own[i].tolerance));
    }
    json_decref(golden);
    rb_oracle_split_fini(&s);
}

/* Threads that race lose some updates, not the model. */
static void fast_fits_have_the_error_of_exact_ones(void **unused)
{
    (void)unused;
    static const char *const values[] = { "factors=64 iterations=10",
                                          "factors=64 iterations=10 schedule=adagrad learning_rate=0.05",
                                          "factors=64 iterations=10 precision=double" };
    rb_ctx ctx;
    rb_split_data s = { 0 };
    rb_ctx_serial(&ctx, 2);
    rb_oracle_movielens(&s, -INFINITY, &ctx);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char fast[128];
        double rmse[2];
        snprintf(fast, sizeof fast, "%s mode=fast", values[i]);
        rb_golden_rating(&rmse[0], NULL, NULL, NULL, &rb_svd, values[i], &s, 1);
        rb_golden_rating(&rmse[1], NULL, NULL, NULL, &rb_svd, fast, &s, 1);
        print_message("%s: RMSE %.5f, fast %.5f\n", values[i], rmse[0], rmse[1]);
        assert_true(fabs(rmse[1] - rmse[0]) <= 0.01 * rmse[0]);
    }
    rb_oracle_split_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_start_and_order_give_the_same_predictions),
        cmocka_unit_test(five_folds_have_the_rmse_of_surprise),
        cmocka_unit_test(fast_fits_have_the_error_of_exact_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
