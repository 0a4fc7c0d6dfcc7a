/* Neighbourhood models for ratings against Surprise, by tests/golden/generate_rating_knn.py. */
#include <math.h>
#include <string.h>

#include "data/read.h"
#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als.h"
#include "support/support.h"

extern const rb_recommender rb_item_knn_rating, rb_user_knn_rating;

enum { N_FOLDS = 5 };

static rb_ctx ctx;
static rb_dataset data;
static rb_ratings train[N_FOLDS], test[N_FOLDS];
static json_t *golden;

static int split(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    uint8_t *part = NULL;
    rb_ctx_serial(&ctx, 2);
    golden = rb_test_golden("rating-knn.json");
    assert_ok(rb_dataset_named(&data, "ml-latest-small", rb_test_data(), NULL, &ctx, &err), &err);
    const rb_interactions *x = &data.interactions;
    assert_ok(rb_alloc(&part, x->n, &err), &err);
    for (int f = 0; f < N_FOLDS; f++) {
        for (int64_t row = 0; row < x->n; row++)
            part[row] = row % N_FOLDS == f ? RB_PART_TEST : RB_PART_TRAIN;
        assert_ok(rb_ratings_build(&train[f], x, part, 1u << RB_PART_TRAIN, -INFINITY, &ctx, &err), &err);
        assert_ok(rb_ratings_build(&test[f], x, part, 1u << RB_PART_TEST, -INFINITY, &ctx, &err), &err);
    }
    rb_free(part);
    return 0;
}

static int release(void **unused)
{
    (void)unused;
    json_decref(golden);
    for (int f = 0; f < N_FOLDS; f++) {
        rb_ratings_fini(&train[f]);
        rb_ratings_fini(&test[f]);
    }
    rb_dataset_fini(&data);
    rb_ctx_fini(&ctx);
    return 0;
}

static double clipped(const rb_algorithm *a, const void *state, int32_t user, int32_t item)
{
    double rating;
    a->predict(&rating, state, &(rb_pairs){ 1, &user, &item });
    return fmin(5, fmax(0.5, rating));
}

static double rmse_of(const rb_algorithm *a, const void *state, const rb_ratings *held)
{
    double square = 0;
    for (int32_t u = 0; u < held->n_users; u++)
        for (int64_t e = held->user_begin[u]; e < held->user_begin[u + 1]; e++) {
            double error = clipped(a, state, u, held->user_item[e]) - (double)held->user_rating[e];
            square += error * error;
        }
    return sqrt(square / (double)held->n);
}

static int32_t number_of(const rb_ids *ids, json_t *pair, size_t side)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)json_integer_value(json_array_get(pair, side)));
    int32_t number = rb_ids_find(ids, text);
    assert_true(number >= 0);
    return number;
}

static void check_predictions(const rb_algorithm *a, const void *state, json_t *predictions)
{
    json_t *pairs = json_object_get(golden, "pairs");
    assert_int_equal(json_array_size(pairs), json_array_size(predictions));
    for (size_t p = 0; p < json_array_size(pairs); p++) {
        json_t *pair = json_array_get(pairs, p);
        double value = clipped(a, state, number_of(&data.users, pair, 0), number_of(&data.items, pair, 1));
        assert_near(value, json_real_value(json_array_get(predictions, p)), 1e-9);
    }
}

/* `name` is the entry: the algorithm's id and its parameters. */
static void check_model(const char *name, json_t *entry)
{
    const rb_algorithm *a = strncmp(name, "user", 4) == 0 ? &rb_user_knn_rating : &rb_item_knn_rating;
    void *config = rb_oracle_config(a, strchr(name, ' ') + 1), *state = NULL;
    for (int f = 0; f < N_FOLDS; f++) {
        rb_error err = { 0 };
        state = rb_alloc_array(1, a->state_size, &err);
        assert_non_null(state);
        assert_ok(rb_oracle_fit(state, NULL, a, config, &(rb_train_view){ .ratings = &train[f] }, &ctx, &err), &err);
        double known = json_real_value(json_array_get(json_object_get(entry, "rmse"), (size_t)f));
        print_message("%s: RMSE %.9g, Surprise %.9g\n", name, rmse_of(a, state, &test[f]), known);
        assert_near(rmse_of(a, state, &test[f]), known, 1e-5);
        if (f == 0)
            check_predictions(a, state, json_object_get(entry, "predictions"));
        a->fini(state);
        rb_free(state);
    }
    rb_free(config);
}

static void predictions_and_errors_are_those_of_surprise(void **unused)
{
    (void)unused;
    const char *name;
    json_t *entry;
    assert_true(json_object_size(json_object_get(golden, "models")) > 0);
    json_object_foreach(json_object_get(golden, "models"), name, entry) check_model(name, entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(predictions_and_errors_are_those_of_surprise) };
    return cmocka_run_group_tests(tests, split, release);
}
