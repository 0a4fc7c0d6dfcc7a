/* Means and biases on ml-latest-small against NumPy (tests/golden/ml-latest-small.json, protocol in explicit). */
#include <math.h>

#include "data/read.h"
#include "data/split.h"
#include "recommend/recommend.h"
#include "support/contract.h"
#include "support/support.h"

static rb_ctx ctx;
static rb_dataset data;
static rb_ratings train, test;
static json_t *golden;

/* Every 5th row is test, the first one too. */
static int split_explicitly(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_split every = { 0 };
    rb_parts parts = { 0 };
    rb_ctx_serial(&ctx, 2);
    assert_ok(rb_dataset_named(&data, "ml-latest-small", rb_test_data(), NULL, &ctx, &err), &err);
    rb_params_default(&every, rb_split_params);
    every.kind = RB_SPLIT_EVERY_NTH;
    assert_ok(rb_split_fold(&parts, &every, &data, 0, 1, &ctx, &err), &err);
    assert_ok(rb_ratings_build(&train, &data.interactions, parts.row, 1u << RB_PART_TRAIN, -INFINITY, &ctx, &err),
              &err);
    assert_ok(rb_ratings_build(&test, &data.interactions, parts.row, 1u << RB_PART_TEST, -INFINITY, &ctx, &err), &err);
    rb_parts_fini(&parts);
    golden = rb_test_golden("ml-latest-small.json");
    return 0;
}

static int release(void **unused)
{
    (void)unused;
    json_decref(golden);
    rb_ratings_fini(&train);
    rb_ratings_fini(&test);
    rb_dataset_fini(&data);
    rb_ctx_fini(&ctx);
    return 0;
}

/* Errors over all test ratings, predictions clipped to [0.5, 5]. */
static void errors_of(double *rmse, double *mae, const rb_algorithm *model, const void *state)
{
    double square = 0, absolute = 0;
    for (int32_t u = 0; u < test.n_users; u++)
        for (int64_t e = test.user_begin[u]; e < test.user_begin[u + 1]; e++) {
            double rating;
            model->predict(&rating, state, &(rb_pairs){ 1, &u, &test.user_item[e] });
            double error = fmin(5, fmax(0.5, rating)) - (double)test.user_rating[e];
            square += error * error;
            absolute += fabs(error);
        }
    *rmse = sqrt(square / (double)test.n);
    *mae = absolute / (double)test.n;
}

static void assert_golden(const char *name, const char *entry)
{
    rb_error err = { 0 };
    const rb_algorithm *model = rb_contract_algorithm(name);
    char config[64] = { 0 }, state[512] = { 0 };
    double rmse, mae;
    assert_true(model->config_size <= sizeof config && model->state_size <= sizeof state);
    rb_params_default(config, model->params);
    assert_ok(model->fit(state, &(rb_train_view){ .ratings = &train }, NULL, config, &ctx, &err), &err);
    errors_of(&rmse, &mae, model, state);
    model->fini(state);
    double wanted_rmse = rb_test_number(golden, "explicit", "results", entry, "rmse", NULL);
    double wanted_mae = rb_test_number(golden, "explicit", "results", entry, "mae", NULL);
    assert_true(fabs(rmse / wanted_rmse - 1) < 1e-6);
    assert_true(fabs(mae / wanted_mae - 1) < 1e-6);
}

static void the_split_has_the_known_sizes(void **unused)
{
    (void)unused;
    assert_int_equal(data.users.n, (int)rb_test_number(golden, "explicit", "n_users", NULL));
    assert_int_equal(data.items.n, (int)rb_test_number(golden, "explicit", "n_items", NULL));
    assert_int_equal(train.n, (int)rb_test_number(golden, "explicit", "n_train", NULL));
    assert_int_equal(test.n, (int)rb_test_number(golden, "explicit", "n_test", NULL));
}

static void global_mean_has_the_known_errors(void **unused)
{
    (void)unused;
    assert_golden("global_mean", "global_mean");
}

static void user_mean_has_the_known_errors(void **unused)
{
    (void)unused;
    assert_golden("user_mean", "user_mean");
}

static void item_mean_has_the_known_errors(void **unused)
{
    (void)unused;
    assert_golden("item_mean", "item_mean");
}

static void biases_of_10_rounds_have_the_known_errors(void **unused)
{
    (void)unused;
    assert_golden("bias", "bias_als_e10_regi10_regu15");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_split_has_the_known_sizes),
        cmocka_unit_test(global_mean_has_the_known_errors),
        cmocka_unit_test(user_mean_has_the_known_errors),
        cmocka_unit_test(item_mean_has_the_known_errors),
        cmocka_unit_test(biases_of_10_rounds_have_the_known_errors),
    };
    return cmocka_run_group_tests(tests, split_explicitly, release);
}
