/* ALS-WR on ml-latest-small, `explicit`: RMSE and MAE of every configuration of golden/README.md, in double. */
#include <math.h>
#include <stdio.h>

#include "recommend/recommend.h"
#include "support/golden_rating.h"
#include "support/support.h"

extern const rb_recommender rb_als;

static void check(const rb_split_data *s, json_t *golden, const char *name, const char *values, double tolerance)
{
    double rmse, mae;
    rb_golden_rating(&rmse, &mae, NULL, NULL, &rb_als, values, s, 0);
    assert_near(rmse, rb_test_number(golden, "explicit", "results", name, "rmse", NULL), tolerance);
    assert_near(mae, rb_test_number(golden, "explicit", "results", name, "mae", NULL), tolerance);
}

static const char *const cases[][2] = {
    { "als_wr_k10_lambda0.1_it15_mean", "factors=10 regularization=0.1 biases=mean" },
    { "als_wr_k20_lambda0.1_it15_mean", "factors=20 regularization=0.1 biases=mean" },
    { "als_wr_k10_lambda0.1_it15_bias", "factors=10 regularization=0.1 biases=fixed" },
    { "als_wr_k20_lambda0.15_it15_bias", "factors=20 regularization=0.15 biases=fixed" },
};

static void als_wr_has_the_known_errors(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_split_data s = { 0 };
    rb_ctx_serial(&ctx, 2);
    rb_oracle_movielens(&s, -INFINITY, &ctx);
    json_t *golden = rb_test_golden("ml-latest-small.json");
    assert_true(s.train.n == (int64_t)rb_test_number(golden, "explicit", "n_train", NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char values[256];
        snprintf(values, sizeof values, "%s iterations=15 init=splitmix precision=double", cases[i][1]);
        check(&s, golden, cases[i][0], values, 1e-6 / 2); /* values below 1: relative to 1e-6 */
        snprintf(values, sizeof values, "%s iterations=15 init=splitmix precision=single", cases[i][1]);
        check(&s, golden, cases[i][0], values, 2e-4);
    }
    check(&s, golden, cases[3][0], /* conjugate gradient until it has converged: the same systems */
          "factors=20 regularization=0.15 iterations=15 init=splitmix precision=double solver=cg cg_steps=60",
          1e-6 / 2);
    json_decref(golden);
    rb_oracle_split_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(als_wr_has_the_known_errors) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
