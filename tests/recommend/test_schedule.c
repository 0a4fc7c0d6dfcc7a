/*
 * svd with rates that fall (`schedule: adagrad`) against a plain loop over the users as they are numbered (`grid: 1,
 * order: given`), one number after the other, in double.
 */
#include <math.h>
#include <stdio.h>

#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als.h"
#include "support/support.h"

extern const rb_recommender rb_svd;

enum { N_USERS = 40, N_ITEMS = 25, MOST = 40, FIRST = 8 };

static const double rate = 0.1, reg = 0.05;

/* A row: its factors and bias, and the sums of the three parts that fall apart from each other. */
typedef struct {
    double x[MOST], bias, first, other, of_bias;
} row;

typedef struct {
    row user[N_USERS], item[N_ITEMS];
    double mean;
    int k;
    bool biased;
} model;

static row started(int j, int k, bool has_ratings)
{
    row r = { .first = 1, .other = 1, .of_bias = 1 };
    for (int f = 0; f < k && has_ratings; f++)
        r.x[f] = 0.2 * (rb_oracle_start(j, f, k) - 0.5);
    return r;
}

static void begin(model *m, const rb_ratings *r)
{
    double sum = 0;
    for (int i = 0; i < N_ITEMS; i++)
        m->item[i] = started(i, m->k, r->item_begin[i] < r->item_begin[i + 1]);
    for (int u = 0; u < N_USERS; u++)
        m->user[u] = started(N_ITEMS + u, m->k, r->user_begin[u] < r->user_begin[u + 1]);
    for (int64_t e = 0; e < r->n; e++)
        sum += (double)r->user_rating[e];
    m->mean = m->biased ? sum / (double)r->n : 0;
}

static double predicted(const model *m, const row *a, const row *b)
{
    double sum = m->mean + a->bias + b->bias;
    for (int f = 0; f < m->k; f++)
        sum += a->x[f] * b->x[f];
    return sum;
}

/* What a rating with error e makes of row a, where b is the row on the other side. */
static row moved(const model *m, const row *a, const row *b, double e, bool others)
{
    row next = *a;
    int n = m->k < FIRST ? m->k : FIRST;
    double squares = 0;
    for (int f = 0; f < n; f++) {
        double g = reg * a->x[f] - e * b->x[f];
        next.x[f] -= rate / sqrt(a->first) * g;
        squares += g * g;
    }
    next.first += squares / n;
    squares = 0;
    for (int f = n; f < m->k && others; f++) {
        double g = reg * a->x[f] - e * b->x[f];
        next.x[f] -= rate / sqrt(a->other) * g;
        squares += g * g;
    }
    next.other += m->k > n ? squares / (m->k - n) : 0;
    if (m->biased) {
        double g = reg * a->bias - e;
        next.bias -= rate / sqrt(a->of_bias) * g;
        next.of_bias += g * g;
    }
    return next;
}

static void naive(model *m, const rb_ratings *r, int epochs)
{
    begin(m, r);
    for (int epoch = 0; epoch < epochs; epoch++)
        for (int u = 0; u < N_USERS; u++)
            for (int64_t at = r->user_begin[u]; at < r->user_begin[u + 1]; at++) {
                row *a = m->user + u, *b = m->item + r->user_item[at];
                double e = (double)r->user_rating[at] - predicted(m, a, b);
                row user = moved(m, a, b, e, epoch > 0), item = moved(m, b, a, e, epoch > 0);
                *a = user;
                *b = item;
            }
}

/* A user of the same ratings as user u, after the fit: the items stay where they are. */
static row folded(const model *m, const rb_ratings *r, int u, int epochs)
{
    row a = { .first = 1, .other = 1, .of_bias = 1 };
    for (int epoch = 0; epoch < epochs; epoch++)
        for (int64_t at = r->user_begin[u]; at < r->user_begin[u + 1]; at++) {
            const row *b = m->item + r->user_item[at];
            a = moved(m, &a, b, (double)r->user_rating[at] - predicted(m, &a, b), epoch > 0);
        }
    return a;
}

static void check_user(const model *m, int32_t u, const char *state, const void *config, const rb_ratings *r,
                       int epochs, double tolerance)
{
    rb_error err = { 0 };
    int32_t users[N_ITEMS], items[N_ITEMS];
    double out[N_ITEMS];
    for (int32_t i = 0; i < N_ITEMS; i++) {
        users[i] = u;
        items[i] = i;
    }
    rb_svd.predict(out, state, &(rb_pairs){ N_ITEMS, users, items });
    for (int i = 0; i < N_ITEMS; i++)
        assert_near(out[i], predicted(m, m->user + u, m->item + i), tolerance);
    int64_t from = r->user_begin[u];
    row late = folded(m, r, u, epochs);
    assert_ok(rb_svd.fold_in(out, state, r->user_item + from, r->user_rating + from, r->user_begin[u + 1] - from,
                             config, &err),
              &err);
    for (int i = 0; i < N_ITEMS; i++)
        assert_near(out[i], predicted(m, &late, m->item + i), tolerance);
}

static void check(int k, int epochs, bool biased, const char *precision, double tolerance)
{
    static model expected;
    rb_ctx ctx;
    rb_error err = { 0 };
    rb_split_data s = { 0 };
    char values[256], *state = NULL;
    rb_ctx_serial(&ctx, 2);
    rb_oracle_zipf(&s, N_USERS, N_ITEMS, 600, 0.4, 0.4, &ctx);
    rb_train_view view = { .ratings = &s.train };
    snprintf(values, sizeof values,
             "schedule=adagrad factors=%d iterations=%d biased=%s precision=%s learning_rate=0.1 regularization=0.05 "
             "grid=1 order=given init=splitmix",
             k, epochs, biased ? "true" : "false", precision);
    void *config = rb_oracle_config(&rb_svd, values);
    assert_ok(rb_alloc(&state, (int64_t)rb_svd.state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, NULL, &rb_svd, config, &view, &ctx, &err), &err);
    expected = (model){ .k = k, .biased = biased };
    naive(&expected, &s.train, epochs);
    for (int32_t u = 0; u < N_USERS; u++)
        if (s.train.user_begin[u] < s.train.user_begin[u + 1])
            check_user(&expected, u, state, config, &s.train, epochs, tolerance);
    rb_svd.fini(state);
    rb_free(state);
    rb_free(config);
    rb_oracle_split_fini(&s);
}

static void rates_fall_with_the_gradients_of_a_row(void **unused)
{
    (void)unused;
    static const int widths[] = { 1, 5, 8, 9, 16, 20, 33, 40 };
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (int biased = 0; biased < 2; biased++) {
            check(widths[w], 4, biased, "double", 1e-12);
            check(widths[w], 4, biased, "single", 2e-5);
        }
}

static void behind_the_first_eight_factors_the_first_epoch_changes_nothing(void **unused)
{
    (void)unused;
    check(20, 1, true, "double", 1e-12);
    check(20, 1, false, "single", 2e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_fall_with_the_gradients_of_a_row),
        cmocka_unit_test(behind_the_first_eight_factors_the_first_epoch_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
