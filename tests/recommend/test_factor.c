/* ALS and iALS against their formulas written as loops over users and items; scores, fold-in, starts, bad input. */
#include <math.h>
#include <string.h>

#include "recommend/core/factor_solve.h"
#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als.h"
#include "support/support.h"

extern const rb_recommender rb_als, rb_ials;

/* A fitted model with its arrays, found by name. */
typedef struct {
    const rb_algorithm *algorithm;
    void *config;
    char *state;
    double objective, mean;
    const void *users, *items; /* factors */
    const double *user_bias, *item_bias;
    int64_t k;
    bool single;
} model;

static void see_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                      rb_shared *memory)
{
    model *m = v->self;
    (void)n_rows, (void)memory;
    if (strcmp(name, "user_factors") == 0) {
        m->users = *data;
        m->k = *n_cols;
        m->single = type == RB_FLOAT32;
    } else if (strcmp(name, "item_factors") == 0) {
        m->items = *data;
    } else if (strcmp(name, "bias_user") == 0) {
        m->user_bias = *data;
    } else if (strcmp(name, "bias_item") == 0) {
        m->item_bias = *data;
    }
}

static void see_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)type;
    if (strcmp(name, "bias_mean") == 0)
        ((model *)v->self)->mean = *(double *)value;
}

static model fitted(const rb_algorithm *algorithm, const char *values, const rb_split_data *s)
{
    model m = { .algorithm = algorithm, .config = rb_oracle_config(algorithm, values) };
    rb_ctx ctx;
    rb_error err = { 0 };
    rb_train_view view = { .ratings = &s->train, .positives = &s->train };
    rb_ctx_serial(&ctx, 2);
    ctx.seed = 99;
    assert_ok(rb_alloc(&m.state, (int64_t)algorithm->state_size, &err), &err);
    assert_ok(rb_oracle_fit(m.state, &m.objective, algorithm, m.config, &view, &ctx, &err), &err);
    algorithm->arrays(m.state, &(rb_visitor){ .array = see_array, .scalar = see_scalar, .self = &m });
    return m;
}

static void drop(model *m)
{
    m->algorithm->fini(m->state);
    rb_free(m->state);
    rb_free(m->config);
}

static double at(const model *m, const void *factors, int64_t j, int64_t f)
{
    return m->single ? (double)((const float *)factors)[j * m->k + f] : ((const double *)factors)[j * m->k + f];
}

static double product(const model *m, int64_t u, int64_t i)
{
    double sum = 0;
    for (int64_t f = 0; f < m->k; f++)
        sum += at(m, m->users, u, f) * at(m, m->items, i, f);
    return sum;
}

static double square(const model *m, const void *factors, int64_t j)
{
    double sum = 0;
    for (int64_t f = 0; f < m->k; f++)
        sum += at(m, factors, j, f) * at(m, factors, j, f);
    return sum;
}

static void data(rb_split_data *s)
{
    rb_ctx ctx;
    rb_ctx_serial(&ctx, 1);
    *s = (rb_split_data){ 0 };
    rb_oracle_zipf(s, 90, 70, 1800, 0.6, 0.9, &ctx);
}

static void the_objective_of_als_is_its_formula(void **unused)
{
    (void)unused;
    rb_split_data s;
    data(&s);
    static const char *const configs[] = {
        "factors=6 iterations=4 precision=double biases=fixed",
        "factors=6 iterations=4 precision=double biases=joint",
        "factors=16 iterations=3 precision=double biases=joint weighted=false regularization=3",
        "factors=90 iterations=2 precision=double biases=none weighted=false regularization=3", /* k > rows */
        "factors=6 iterations=4 biases=mean",
        "factors=6 iterations=4 precision=double biases=fixed solver=cg", /* 1, 4 and, for the bias, 5 vectors a row */
        "factors=20 iterations=3 solver=cg biases=joint",
        "factors=30 iterations=3 precision=double biases=joint solver=cg cg_steps=2"
    };
    for (size_t c = 0; c < sizeof configs / sizeof *configs; c++) {
        model m = fitted(&rb_als, configs[c], &s);
        bool weighted = !strstr(configs[c], "weighted=false"), joint = strstr(configs[c], "joint") != NULL;
        double sum = 0, reg = weighted ? 0.1 : 3;
        for (int32_t u = 0; u < s.train.n_users; u++) {
            int64_t n = s.train.user_begin[u + 1] - s.train.user_begin[u];
            double bias = joint ? m.user_bias[u] * m.user_bias[u] : 0;
            sum += reg * (weighted ? (double)n : 1) * (square(&m, m.users, u) + bias);
            for (int64_t e = s.train.user_begin[u]; e < s.train.user_begin[u + 1]; e++) {
                int32_t i = s.train.user_item[e];
                double miss = (double)s.train.user_rating[e] - m.mean - m.user_bias[u] - m.item_bias[i];
                sum += pow(miss - product(&m, u, i), 2);
            }
        }
        for (int32_t i = 0; i < s.train.n_items; i++) {
            int64_t n = s.train.item_begin[i + 1] - s.train.item_begin[i];
            double bias = joint ? m.item_bias[i] * m.item_bias[i] : 0;
            sum += reg * (weighted ? (double)n : 1) * (square(&m, m.items, i) + bias);
        }
        assert_near(m.objective / sum, 1.0, m.single ? 1e-5 : 1e-11);
        drop(&m);
    }
    rb_oracle_split_fini(&s);
}

static void the_objective_of_ials_is_its_formula(void **unused)
{
    (void)unused;
    rb_split_data s;
    data(&s);
    static const char *const configs[] = {
        "factors=6 iterations=3 precision=double nu=0.5 regularization=0.05",
        "factors=6 iterations=3 precision=double objective=hu alpha=2 regularization=4",
        "factors=6 iterations=3 precision=double solver=cg nu=0.5 regularization=0.05",
        "factors=6 iterations=3 nu=0.5 regularization=0.05",
        "factors=16 iterations=3 objective=hu alpha=2 regularization=4 solver=cg", /* 1, 2, 3 and 4 vectors a row */
        "factors=32 iterations=3 objective=hu alpha=2 regularization=4 solver=cg",
        "factors=40 iterations=3 objective=hu alpha=2 regularization=4 solver=cg",
        "factors=61 iterations=3 solver=cg nu=0.5 regularization=0.05"
    };
    for (size_t c = 0; c < sizeof configs / sizeof *configs; c++) {
        model m = fitted(&rb_ials, configs[c], &s);
        bool hu = strstr(configs[c], "hu") != NULL;
        double sum = 0;
        for (int32_t u = 0; u < s.train.n_users; u++) {
            int64_t n = s.train.user_begin[u + 1] - s.train.user_begin[u];
            for (int32_t i = 0; i < s.train.n_items; i++)
                sum += (hu ? 1 : 0.1) * pow(product(&m, u, i), 2);
            for (int64_t e = s.train.user_begin[u]; e < s.train.user_begin[u + 1]; e++) {
                double x = product(&m, u, s.train.user_item[e]), c_ui = 1 + 2 * (double)s.train.user_rating[e];
                sum += hu ? c_ui * pow(1 - x, 2) - x * x : pow(1 - x, 2);
            }
            sum += (hu ? 4 : 0.05 * sqrt((double)n + 0.1 * s.train.n_items)) * square(&m, m.users, u);
        }
        for (int32_t i = 0; i < s.train.n_items; i++) {
            int64_t n = s.train.item_begin[i + 1] - s.train.item_begin[i];
            sum += (hu ? 4 : 0.05 * sqrt((double)n + 0.1 * s.train.n_users)) * square(&m, m.items, i);
        }
        assert_near(m.objective / sum, 1.0, m.single ? 1e-5 : 1e-11);
        drop(&m);
    }
    rb_oracle_split_fini(&s);
}

static void scores_are_inner_products_for_any_users(void **unused)
{
    (void)unused;
    rb_split_data s;
    data(&s);
    const int32_t users[] = { 5, 6, 7, 3, 88, 89, 0, 0, 41, 42, 43 };
    enum { N = sizeof users / sizeof *users, FROM = 13, TO = 66, LD = 60 };
    for (int precision = 0; precision < 2; precision++) {
        model m = fitted(&rb_als, precision ? "factors=7 iterations=2 precision=double" : "factors=7 iterations=2", &s);
        double wide[N * LD], predicted;
        float narrow[N * LD];
        rb_tile tile = { .data = precision ? (void *)wide : (void *)narrow, .ld = LD };
        rb_als.score(&tile, m.state, users, N, FROM, TO);
        for (int32_t u = 0; u < N; u++)
            for (int32_t i = FROM; i < TO; i++) {
                double known = m.mean + m.user_bias[users[u]] + m.item_bias[i] + product(&m, users[u], i);
                rb_als.predict(&predicted, m.state, &(rb_pairs){ 1, users + u, &i });
                assert_near(predicted, known, 1e-12);
                assert_near(precision ? wide[u * LD + i - FROM] : (double)narrow[u * LD + i - FROM], known,
                            precision ? 1e-12 : 1e-5);
            }
        const int32_t nobody = -1, item = 3;
        rb_als.predict(&predicted, m.state, &(rb_pairs){ 1, &nobody, &item });
        assert_near(predicted, m.mean + m.item_bias[3], 1e-15);
        drop(&m);
    }
    rb_oracle_split_fini(&s);
}

/* x for a user from the items' final factors, by elimination. */
static void known_user(double *x, const model *m, const rb_split_data *s, int32_t user, const double *base, bool joint,
                       const double *t, double lambda)
{
    int64_t from = s->train.user_begin[user], n = s->train.user_begin[user + 1] - from, k = m->k + joint;
    double b[70 * 20];
    for (int64_t e = 0; e < n; e++)
        for (int64_t f = 0; f < k; f++)
            b[e * k + f] = f < m->k ? at(m, m->items, s->train.user_item[from + e], f) : 1;
    rb_oracle_row(x, base, b, NULL, t, n, k, lambda);
}

static void a_user_folded_in_gets_the_row_of_the_half_step(void **unused)
{
    (void)unused;
    rb_split_data s;
    data(&s);
    const int32_t user = 4;
    int64_t from = s.train.user_begin[user], n = s.train.user_begin[user + 1] - from;
    double t[70], x[20], scores[70];
    for (int joint = 0; joint < 2; joint++) {
        rb_error err = { 0 };
        model m = fitted(
            &rb_als, joint ? "factors=5 precision=double biases=joint" : "factors=5 precision=double biases=mean", &s);
        for (int64_t e = 0; e < n; e++)
            t[e] = (double)s.train.user_rating[from + e] - m.mean - m.item_bias[s.train.user_item[from + e]];
        known_user(x, &m, &s, user, NULL, joint, t, 0.1 * (double)n);
        assert_ok(
            rb_als.fold_in(scores, m.state, s.train.user_item + from, s.train.user_rating + from, n, m.config, &err),
            &err);
        for (int32_t i = 0; i < s.train.n_items; i++) {
            double known = m.mean + m.item_bias[i] + (joint ? x[m.k] : 0);
            for (int64_t f = 0; f < m.k; f++)
                known += x[f] * at(&m, m.items, i, f);
            assert_near(scores[i], known, 1e-10);
        }
        drop(&m);
    }
    rb_error err = { 0 };
    model m = fitted(&rb_ials, "factors=5 precision=double", &s);
    double base[25] = { 0 };
    for (int32_t i = 0; i < s.train.n_items; i++)
        for (int f = 0; f < 25; f++)
            base[f] += 0.1 * at(&m, m.items, i, f / 5) * at(&m, m.items, i, f % 5);
    for (int64_t e = 0; e < n; e++)
        t[e] = 1;
    known_user(x, &m, &s, user, base, false, t, 0.003 * ((double)n + 0.1 * s.train.n_items));
    assert_ok(rb_ials.fold_in(scores, m.state, s.train.user_item + from, s.train.user_rating + from, n, m.config, &err),
              &err);
    for (int32_t i = 0; i < s.train.n_items; i++) {
        double known = 0;
        for (int64_t f = 0; f < m.k; f++)
            known += x[f] * at(&m, m.items, i, f);
        assert_near(scores[i], known, 1e-10);
    }
    drop(&m);
    rb_oracle_split_fini(&s);
}

static void check_enough_steps(const rb_algorithm *algorithm, const char *values, const rb_split_data *s)
{
    char steps[160];
    snprintf(steps, sizeof steps, "%s solver=cg cg_steps=120", values);
    model a = fitted(algorithm, values, s), b = fitted(algorithm, steps, s);
    for (int32_t u = 0; u < s->train.n_users; u++) {
        for (int64_t f = 0; f < a.k; f++)
            assert_near(at(&b, b.users, u, f), at(&a, a.users, u, f), 1e-8);
        assert_true(!a.user_bias || fabs(a.user_bias[u] - b.user_bias[u]) < 1e-8);
    }
    drop(&a);
    drop(&b);
}

static void enough_steps_of_conjugate_gradient_give_the_exact_factors(void **unused)
{
    (void)unused;
    rb_split_data s;
    data(&s);
    static const int counts[] = { 7, 9, 20, 30 }; /* 1, 2, 3 and 4 vectors a row */
    static const char *const biases[] = { "none", "fixed", "joint" };
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        char values[120];
        snprintf(values, sizeof values, "factors=%d iterations=3 precision=double", counts[c]);
        check_enough_steps(&rb_ials, values, &s);
        for (size_t b = 0; b < sizeof biases / sizeof *biases; b++) {
            snprintf(values, sizeof values, "factors=%d iterations=3 precision=double biases=%s", counts[c], biases[b]);
            check_enough_steps(&rb_als, values, &s);
        }
    }
    rb_oracle_split_fini(&s);
}

/* Items with thousands of users: each is a row that all ranks and threads share, in several blocks. */
static void a_row_that_is_shared_solves_its_system(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_split_data s = { 0 };
    rb_ctx_serial(&ctx, 1);
    rb_oracle_zipf(&s, 14000, 2, 60000, 0.1, 0.9, &ctx);
    static const char *const configs[] = { "factors=5 iterations=1 precision=double biases=mean",
                                           "factors=5 iterations=1 precision=double biases=joint",
                                           "factors=5 iterations=1 precision=double biases=joint solver=cg" };
    for (size_t c = 0; c < sizeof configs / sizeof *configs; c++) {
        model m = fitted(&rb_als, configs[c], &s);
        bool joint = strstr(configs[c], "joint") != NULL;
        for (int32_t i = 0; i < 2; i++) {
            int64_t from = s.train.item_begin[i], n = s.train.item_begin[i + 1] - from, k = m.k + joint;
            rb_error err = { 0 };
            double *b = NULL, *t = NULL, x[8];
            assert_true(n > 2 * 4096);
            assert_ok(rb_alloc(&b, n * k, &err), &err);
            assert_ok(rb_alloc(&t, n, &err), &err);
            for (int64_t e = 0; e < n; e++) {
                int32_t user = s.train.item_user[from + e];
                t[e] = (double)s.train.item_rating[from + e] - m.mean - m.user_bias[user];
                for (int64_t f = 0; f < k; f++)
                    b[e * k + f] = f < m.k ? at(&m, m.users, user, f) : 1;
            }
            rb_oracle_row(x, NULL, b, NULL, t, n, k, 0.1 * (double)n);
            for (int64_t f = 0; f < m.k; f++)
                assert_near(at(&m, m.items, i, f), x[f], 1e-11);
            assert_true(!joint || fabs(m.item_bias[i] - x[m.k]) < 1e-11);
            rb_free(t);
            rb_free(b);
        }
        drop(&m);
    }
    rb_oracle_split_fini(&s);
}

/* A snapshot for early stopping looks at a model between two iterations. */
static void a_look_at_a_model_that_is_being_fitted_changes_nothing(void **unused)
{
    (void)unused;
    rb_split_data s;
    rb_error err = { 0 };
    rb_ctx ctx;
    data(&s);
    rb_ctx_serial(&ctx, 2);
    ctx.seed = 99;
    rb_train_view view = { .ratings = &s.train, .positives = &s.train };
    model whole = fitted(&rb_als, "factors=5 iterations=3", &s);
    model m = { .algorithm = &rb_als, .config = rb_oracle_config(&rb_als, "factors=5 iterations=3") };
    bool done = false;
    double objective = NAN;
    assert_ok(rb_alloc(&m.state, (int64_t)rb_als.state_size, &err), &err);
    assert_ok(rb_als.begin(m.state, &view, NULL, m.config, &ctx, &err), &err);
    for (int64_t i = 0; !done; i++) {
        assert_ok(rb_als.iterate(m.state, i, &objective, &done, &view, NULL, m.config, &ctx, &err), &err);
        rb_als.arrays(m.state, &(rb_visitor){ .array = see_array, .scalar = see_scalar, .self = &m });
        assert_true(m.k > 5); /* the padding is part of what a snapshot keeps */
    }
    assert_true(objective == whole.objective);
    drop(&m);
    drop(&whole);
    rb_oracle_split_fini(&s);
}

static void als_stops_where_the_objective_hardly_falls(void **unused)
{
    (void)unused;
    rb_split_data s;
    data(&s);
    model all = fitted(&rb_als, "factors=4 iterations=200 precision=double", &s);
    model some = fitted(&rb_als, "factors=4 iterations=200 precision=double tolerance=0.01", &s);
    assert_true(some.objective > all.objective * (1 + 1e-9));
    assert_true(some.objective < all.objective * 1.5);
    drop(&all);
    drop(&some);
    rb_oracle_split_fini(&s);
}

static void start_factors_of_another_shape_are_refused(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_shape shape = { .n_users = 3, .n_items = 7 };
    void *config = rb_oracle_config(&rb_als, "factors=2 init=file");
    assert_int_equal(rb_als.check(config, &shape, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "7 x 2"));
    err = (rb_error){ 0 };
    const double values[14] = { 0 };
    rb_array given = { .value = values, .n_rows = 7, .n_cols = 2, .source = "start.txt" };
    rb_param_store(config, rb_param_find(rb_als.params, "start"),
                   &(rb_value){ .kind = RB_PARAM_ARRAY, .array = given });
    assert_int_equal(rb_als.check(config, &shape, &err), RB_OK);
    shape.n_items = 8;
    assert_int_equal(rb_als.check(config, &shape, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "start.txt"));
    rb_free(config);
}

static void cost_grows_with_factors_and_names_what_is_shared(void **unused)
{
    (void)unused;
    rb_shape shape = { .n_users = 1000,
                       .n_items = 500,
                       .nnz = 20000,
                       .n_positives = 20000,
                       .n_ranks = 2,
                       .n_node_ranks = 2,
                       .n_threads = 2 };
    void *small = rb_oracle_config(&rb_ials, "factors=16"), *large = rb_oracle_config(&rb_ials, "factors=64");
    rb_cost a = rb_ials.cost(small, &shape), b = rb_ials.cost(large, &shape);
    assert_true(a.bytes_per_node >= 1500 * 16 * 4);
    assert_true(b.bytes_per_node >= 4 * a.bytes_per_node * 0.99);
    assert_true(b.flops > 8 * a.flops && b.bytes_per_rank > a.bytes_per_rank);
    rb_free(small);
    rb_free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_objective_of_als_is_its_formula),
        cmocka_unit_test(the_objective_of_ials_is_its_formula),
        cmocka_unit_test(scores_are_inner_products_for_any_users),
        cmocka_unit_test(a_user_folded_in_gets_the_row_of_the_half_step),
        cmocka_unit_test(enough_steps_of_conjugate_gradient_give_the_exact_factors),
        cmocka_unit_test(a_row_that_is_shared_solves_its_system),
        cmocka_unit_test(a_look_at_a_model_that_is_being_fitted_changes_nothing),
        cmocka_unit_test(als_stops_where_the_objective_hardly_falls),
        cmocka_unit_test(start_factors_of_another_shape_are_refused),
        cmocka_unit_test(cost_grows_with_factors_and_names_what_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
