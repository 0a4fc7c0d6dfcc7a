/* The simple recommenders: equal to sums over the rows, the same bits for any shape, sound where nothing is known. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/synth.h"
#include "recommend/core/bias.h"
#include "recommend/recommend.h"
#include "support/config.h"
#include "support/contract.h"
#include "support/support.h"

#define N_USERS 120
#define N_ITEMS 80 /* the last item has no rating, and the last user none either */

static rb_dataset data;
static rb_ratings train, positives;

typedef struct {
    const rb_algorithm *algorithm;
    double config[8], state[64];
} model;

static int make_data(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_synth c = { 0 };
    rb_params_default(&c, rb_synth_params);
    c.users = N_USERS - 1;
    c.items = N_ITEMS - 1;
    c.ratings = 2000;
    c.half_stars = false; /* full mantissas: the order of sums shows */
    c.titles = false;
    assert_ok(rb_dataset_synth(&data, &c, 9, &rb_test_ctx, &err), &err);
    data.interactions.n_users = N_USERS;
    data.interactions.n_items = N_ITEMS;
    assert_ok(rb_ratings_build(&train, &data.interactions, NULL, 1u << RB_PART_TRAIN, -INFINITY, &rb_test_ctx, &err),
              &err);
    assert_ok(rb_ratings_build(&positives, &data.interactions, NULL, 1u << RB_PART_TRAIN, 4, &rb_test_ctx, &err), &err);
    return 0;
}

static int release(void **unused)
{
    (void)unused;
    rb_ratings_fini(&train);
    rb_ratings_fini(&positives);
    rb_dataset_fini(&data);
    return 0;
}

static model model_of(const char *name)
{
    model m = { .algorithm = rb_contract_algorithm(name) };
    assert_true(m.algorithm->config_size <= sizeof m.config && m.algorithm->state_size <= sizeof m.state);
    rb_params_default(m.config, m.algorithm->params);
    return m;
}

static rb_status fitted(model *m, rb_ctx *ctx, rb_error *err)
{
    rb_train_view view = { .ratings = &train, .positives = &positives };
    return m->algorithm->fit(m->state, &view, NULL, m->config, ctx, err);
}

static void fit(model *m)
{
    rb_error err = { 0 };
    assert_ok(fitted(m, &rb_test_ctx, &err), &err);
}

static double predicted(const model *m, int32_t user, int32_t item)
{
    double out = NAN;
    m->algorithm->predict(&out, m->state, &(rb_pairs){ 1, &user, &item });
    return out;
}

static double scored(const model *m, int32_t user, int32_t item)
{
    double tile[3] = { NAN, NAN, NAN };
    int32_t first = item > 0 ? item - 1 : 0, last = item < N_ITEMS - 1 ? item + 2 : N_ITEMS;
    m->algorithm->score(&(rb_tile){ tile, 3 }, m->state, &user, 1, first, last);
    return tile[item - first];
}

/* Sum and count of the rows of the source with this user (or any: -1) and this item (or any: -1). */
static double sum_of(int32_t user, int32_t item, double *count)
{
    double sum = 0;
    *count = 0;
    for (int64_t row = 0; row < data.interactions.n; row++) {
        if ((user < 0 || data.interactions.user[row] == user) && (item < 0 || data.interactions.item[row] == item)) {
            sum += (double)data.interactions.rating[row];
            *count += 1;
        }
    }
    return sum;
}

static void means_are_the_damped_means_of_the_rows(void **unused)
{
    (void)unused;
    const double dampings[] = { 0, 7.5 };
    double n, mean = sum_of(-1, -1, &n) / n;
    for (int k = 0; k < 2; k++) {
        model global = model_of("global_mean"), user = model_of("user_mean"), item = model_of("item_mean");
        rb_oracle_set_number(user.config, user.algorithm, "damping", dampings[k]);
        rb_oracle_set_number(item.config, item.algorithm, "damping", dampings[k]);
        fit(&global);
        fit(&user);
        fit(&item);
        assert_near(predicted(&global, 3, 4), mean, 1e-12);
        for (int32_t u = 0; u < N_USERS; u++) {
            double sum = sum_of(u, -1, &n) + dampings[k] * mean;
            assert_near(predicted(&user, u, 0), n + dampings[k] > 0 ? sum / (n + dampings[k]) : mean, 1e-12);
        }
        for (int32_t i = 0; i < N_ITEMS; i++) {
            double sum = sum_of(-1, i, &n) + dampings[k] * mean;
            assert_near(predicted(&item, 0, i), n + dampings[k] > 0 ? sum / (n + dampings[k]) : mean, 1e-12);
            assert_true(scored(&item, 5, i) == predicted(&item, 5, i));
        }
        global.algorithm->fini(global.state);
        user.algorithm->fini(user.state);
        item.algorithm->fini(item.state);
    }
}

/* One alternation over rows of the source: b[own] = sum (r - mean - b[other]) / (reg + n). */
static void alternate(double *own, int32_t n_own, const int32_t *own_id, const double *other, const int32_t *other_id,
                      double mean, double reg)
{
    for (int32_t a = 0; a < n_own; a++) {
        double sum = 0, n = reg;
        for (int64_t row = 0; row < data.interactions.n; row++)
            if (own_id[row] == a) {
                sum += (double)data.interactions.rating[row] - mean - other[other_id[row]];
                n += 1;
            }
        own[a] = n > 0 ? sum / n : 0;
    }
}

static void biases_are_the_alternating_means(void **unused)
{
    (void)unused;
    double user[N_USERS] = { 0 }, item[N_ITEMS] = { 0 }, n, mean = sum_of(-1, -1, &n) / n;
    model m = model_of("bias");
    rb_oracle_set_number(m.config, m.algorithm, "reg_user", 3);
    rb_oracle_set_number(m.config, m.algorithm, "reg_item", 0); /* the item without ratings then has 0 / 0 */
    rb_oracle_set_number(m.config, m.algorithm, "iterations", 4);
    fit(&m);
    for (int k = 0; k < 4; k++) {
        alternate(item, N_ITEMS, data.interactions.item, user, data.interactions.user, mean, 0);
        alternate(user, N_USERS, data.interactions.user, item, data.interactions.item, mean, 3);
    }
    for (int32_t u = 0; u < N_USERS; u++)
        for (int32_t i = 0; i < N_ITEMS; i++) {
            assert_near(predicted(&m, u, i), mean + user[u] + item[i], 1e-11);
            assert_true(scored(&m, u, i) == predicted(&m, u, i));
        }
    m.algorithm->fini(m.state);
}

static void popularity_counts_positives(void **unused)
{
    (void)unused;
    model m = model_of("popularity");
    fit(&m);
    for (int32_t i = 0; i < N_ITEMS; i++) {
        double n = 0;
        for (int64_t row = 0; row < data.interactions.n; row++)
            n += data.interactions.item[row] == i && data.interactions.rating[row] >= 4;
        assert_true(scored(&m, 17, i) == n);
    }
    m.algorithm->fini(m.state);
}

static void random_scores_are_uniform_and_follow_the_seed(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_ctx other = rb_test_ctx;
    other.seed = rb_test_ctx.seed + 1;
    model m = model_of("random"), again = model_of("random"), elsewhere = model_of("random");
    fit(&m);
    fit(&again);
    assert_ok(fitted(&elsewhere, &other, &err), &err);
    double sum = 0, square = 0;
    for (int32_t u = 0; u < N_USERS; u++)
        for (int32_t i = 0; i < N_ITEMS; i++) {
            double s = scored(&m, u, i);
            assert_true(s >= 0 && s < 1 && s == scored(&again, u, i) && s != scored(&elsewhere, u, i));
            assert_near(predicted(&m, u, i),
                        (double)train.min_rating + s * (double)(train.max_rating - train.min_rating), 1e-12);
            sum += s;
            square += s * s;
        }
    double n = (double)N_USERS * N_ITEMS;
    assert_near(sum / n, 0.5, 0.015); /* 5 standard deviations */
    assert_near(square / n, 1.0 / 3, 0.016);
}

/* A user known by the ratings that a training user has gets that user's scores. */
static void a_folded_in_user_is_scored_like_a_fitted_one(void **unused)
{
    (void)unused;
    const char *const names[] = { "bias", "item_mean", "popularity" };
    for (int k = 0; k < 3; k++) {
        rb_error err = { 0 };
        double scores[N_ITEMS];
        model m = model_of(names[k]);
        fit(&m);
        for (int32_t u = 0; u < N_USERS; u += 17) {
            int64_t begin = train.user_begin[u], n = train.user_begin[u + 1] - begin;
            assert_ok(m.algorithm->fold_in(scores, m.state, train.user_item + begin, train.user_rating + begin, n,
                                           m.config, &err),
                      &err);
            for (int32_t i = 0; i < N_ITEMS; i++)
                assert_near(scores[i], scored(&m, u, i), 1e-12);
        }
        m.algorithm->fini(m.state);
    }
}

static void the_bits_are_the_same_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    const char *const names[] = { "bias", "item_mean", "user_mean", "global_mean" };
    rb_ctx alone;
    rb_ctx_serial(&alone, 1);
    for (int k = 0; k < 4; k++) {
        rb_error err = { 0 };
        model one = model_of(names[k]), many = model_of(names[k]);
        assert_ok(fitted(&one, &alone, &err), &err);
        fit(&many);
        for (int32_t u = 0; u < N_USERS; u++)
            for (int32_t i = 0; i < N_ITEMS; i++)
                assert_true(predicted(&one, u, i) == predicted(&many, u, i));
        one.algorithm->fini(one.state);
        many.algorithm->fini(many.state);
    }
    rb_ctx_fini(&alone);
}

static void a_failed_allocation_on_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    const char *const names[] = { "bias", "item_mean", "user_mean", "global_mean", "popularity", "random" };
    for (int k = 0; k < 6; k++) {
        rb_status status = RB_NO_MEMORY;
        for (int64_t nth = 1; status != RB_OK; nth++) {
            rb_error err = { 0 };
            model m = model_of(names[k]);
            assert_true(nth < 100);
            rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
            status = fitted(&m, &rb_test_ctx, &err);
            rb_alloc_fail_nth(0);
            assert_true(status == RB_OK || status == RB_NO_MEMORY);
            m.algorithm->fini(m.state);
        }
    }
}

/* What a visitor meets, by name. */
typedef struct {
    rb_visitor visitor;
    int64_t n_values;
    int n_scalars;
} counter;

static void count_array(rb_visitor *v, const char *name, rb_type type, void **data_, int64_t *n_rows, int64_t *n_cols,
                        rb_shared *memory)
{
    counter *c = v->self;
    (void)memory;
    assert_true(*name && type == RB_FLOAT64 && *data_);
    c->n_values += *n_rows * *n_cols;
}

static void count_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)type;
    assert_true(*name && value);
    ((counter *)v->self)->n_scalars++;
}

static void the_visitor_meets_the_whole_state(void **unused)
{
    (void)unused;
    const struct {
        const char *name;
        int64_t n_values;
        int n_scalars;
    } wanted[] = { { "bias", N_USERS + N_ITEMS, 1 }, { "item_mean", N_ITEMS, 1 },  { "user_mean", N_USERS, 1 },
                   { "global_mean", 0, 1 },          { "popularity", N_ITEMS, 0 }, { "random", 0, 3 } };
    for (int k = 0; k < 6; k++) {
        counter c = { .visitor = { .array = count_array, .scalar = count_scalar, .self = &c } };
        model m = model_of(wanted[k].name);
        fit(&m);
        m.algorithm->arrays(m.state, &c.visitor);
        assert_int_equal(c.n_values, wanted[k].n_values);
        assert_int_equal(c.n_scalars, wanted[k].n_scalars);
        m.algorithm->fini(m.state);
    }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_the_damped_means_of_the_rows),
        cmocka_unit_test(biases_are_the_alternating_means),
        cmocka_unit_test(popularity_counts_positives),
        cmocka_unit_test(random_scores_are_uniform_and_follow_the_seed),
        cmocka_unit_test(a_folded_in_user_is_scored_like_a_fitted_one),
        cmocka_unit_test(the_bits_are_the_same_for_any_ranks_and_threads),
        cmocka_unit_test(a_failed_allocation_on_one_rank_is_known_to_all),
        cmocka_unit_test(the_visitor_meets_the_whole_state),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, make_data, release));
}
