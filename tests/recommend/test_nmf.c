/*
 * nmf against dense loops over all users and items, every sum written out; its own refusals.
 */
#include <math.h>
#include <string.h>

#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als.h"
#include "support/support.h"

extern const rb_recommender rb_nmf;

enum { N_USERS = 30, N_ITEMS = 20, K = 4, N_STEPS = 5 };
enum { MULTIPLICATIVE, HALS, BIASED };

typedef struct {
    bool rated[N_USERS][N_ITEMS];
    double rating[N_USERS][N_ITEMS], met[N_USERS][N_ITEMS]; /* met: the estimate in a biased step */
    double p[N_USERS][K], q[N_ITEMS][K], bu[N_USERS], bi[N_ITEMS], mean;
} model;

static double product(const model *m, int u, int i)
{
    double sum = 0;
    for (int f = 0; f < K; f++)
        sum += m->p[u][f] * m->q[i][f];
    return sum;
}

static bool has_ratings(const model *m, int user, int item)
{
    bool any = false;
    for (int u = 0; u < N_USERS; u++)
        for (int i = 0; i < N_ITEMS; i++)
            any = any || ((u == user || i == item) && m->rated[u][i]);
    return any;
}

static void begin(model *m, const rb_ratings *r)
{
    memset(m, 0, sizeof *m);
    for (int u = 0; u < N_USERS; u++)
        for (int64_t e = r->user_begin[u]; e < r->user_begin[u + 1]; e++) {
            m->rated[u][r->user_item[e]] = true;
            m->rating[u][r->user_item[e]] = (double)r->user_rating[e];
            m->mean += (double)r->user_rating[e] / (double)r->n;
        }
    for (int j = 0; j < N_ITEMS + N_USERS; j++)
        for (int f = 0; f < K; f++) {
            double z = rb_oracle_start(j, f, K);
            if (j < N_ITEMS && has_ratings(m, -1, j))
                m->q[j][f] = z;
            else if (j >= N_ITEMS && has_ratings(m, j - N_ITEMS, -1))
                m->p[j - N_ITEMS][f] = z;
        }
}

/* Factor f of user u (item -1) or of item i (user -1), from the model as it is. */
static double better(const model *m, int user, int item, int f, int method, double regularization)
{
    double above = 0, below = 0, own = user >= 0 ? m->p[user][f] : m->q[item][f];
    int n = 0;
    for (int u = 0; u < N_USERS; u++)
        for (int i = 0; i < N_ITEMS; i++) {
            if (!m->rated[u][i] || (u != user && i != item))
                continue;
            double b = user >= 0 ? m->q[i][f] : m->p[u][f], x = method == BIASED ? m->met[u][i] : product(m, u, i);
            n++;
            if (method == HALS)
                above += (m->rating[u][i] - x + own * b) * b;
            else
                above += m->rating[u][i] * b;
            below += method == HALS ? b * b : x * b;
        }
    if (n == 0)
        return own;
    return method == HALS ? fmax(0, above / (below + n * regularization))
                          : own * above / (below + n * regularization * own);
}

/* All factors of a side: at once, or one after the other, each as soon as it is known. */
static void update(model *out, const model *m, bool of_users, int method, double regularization)
{
    for (int j = 0; j < (of_users ? N_USERS : N_ITEMS); j++)
        for (int f = 0; f < K; f++) {
            double x =
                better(method == HALS ? out : m, of_users ? j : -1, of_users ? -1 : j, f, method, regularization);
            *(of_users ? &out->p[j][f] : &out->q[j][f]) = x;
        }
}

static void step_biases(model *m)
{
    for (int u = 0; u < N_USERS; u++)
        for (int i = 0; i < N_ITEMS; i++) {
            if (!m->rated[u][i])
                continue;
            m->met[u][i] = m->mean + m->bu[u] + m->bi[i] + product(m, u, i);
            double error = m->rating[u][i] - m->met[u][i];
            m->bu[u] += 0.01 * (error - 0.1 * m->bu[u]);
            m->bi[i] += 0.03 * (error - 0.2 * m->bi[i]);
        }
}

static void naive(model *m, int method, double reg_user, double reg_item)
{
    static model before;
    for (int step = 0; step < N_STEPS; step++) {
        if (method == BIASED)
            step_biases(m);
        before = *m;
        update(m, &before, true, method, reg_user);
        if (method == MULTIPLICATIVE)
            before = *m;
        update(m, &before, false, method, reg_item);
    }
}

/* Scores of a user who comes later: multiplicative steps from 1, whatever the method. */
static void naive_fold(double *scores, const model *m, int method, double regularization, const int32_t *items,
                       const float *ratings, int n)
{
    double x[K] = { 1, 1, 1, 1 }, bias = 0;
    for (int step = 0; step < N_STEPS; step++) {
        double above[K] = { 0 }, below[K] = { 0 };
        for (int e = 0; e < n; e++) {
            int i = items[e];
            double estimate = method == BIASED ? m->mean + bias + m->bi[i] : 0, rating = (double)ratings[e];
            for (int f = 0; f < K; f++)
                estimate += x[f] * m->q[i][f];
            if (method == BIASED)
                bias += 0.01 * (rating - estimate - 0.1 * bias);
            for (int f = 0; f < K; f++) {
                above[f] += rating * m->q[i][f];
                below[f] += estimate * m->q[i][f];
            }
        }
        for (int f = 0; f < K; f++) {
            double under = below[f] + n * regularization * x[f];
            x[f] *= under > 0 ? above[f] / under : 1; /* all items may have come to 0 there */
        }
    }
    for (int i = 0; i < N_ITEMS; i++) {
        scores[i] = method == BIASED ? m->mean + bias + m->bi[i] : 0;
        for (int f = 0; f < K; f++)
            scores[i] += x[f] * m->q[i][f];
    }
}

static void check(int method, const char *values, double reg_user, double reg_item)
{
    static model expected;
    rb_ctx ctx;
    rb_error err = { 0 };
    rb_split_data s = { 0 };
    rb_ctx_serial(&ctx, 2);
    rb_oracle_zipf(&s, N_USERS, N_ITEMS, 150, 0.6, 0.9, &ctx);
    rb_train_view view = { .ratings = &s.train };
    void *config = rb_oracle_config(&rb_nmf, values);
    char *state = NULL;
    assert_ok(rb_alloc(&state, (int64_t)rb_nmf.state_size, &err), &err);
    assert_ok(rb_nmf.check(config, NULL, &err), &err);
    assert_ok(rb_oracle_fit(state, NULL, &rb_nmf, config, &view, &ctx, &err), &err);
    begin(&expected, &s.train);
    naive(&expected, method, reg_user, reg_item);
    for (int32_t u = 0; u < N_USERS; u++)
        for (int32_t i = 0; i < N_ITEMS; i++) {
            double out, known = product(&expected, u, i);
            if (method == BIASED)
                known += expected.mean + expected.bu[u] + expected.bi[i];
            else if (known == 0)
                known = expected.mean;
            rb_nmf.predict(&out, state, &(rb_pairs){ 1, &u, &i });
            assert_near(out, known, 1e-10);
        }
    const rb_ratings *r = &s.train;
    for (int32_t u = 0; u < N_USERS; u++) {
        double scores[N_ITEMS], known[N_ITEMS];
        int64_t from = r->user_begin[u], n = r->user_begin[u + 1] - from;
        if (n == 0)
            continue;
        assert_ok(rb_nmf.fold_in(scores, state, r->user_item + from, r->user_rating + from, n, config, &err), &err);
        naive_fold(known, &expected, method, reg_user, r->user_item + from, r->user_rating + from, (int)n);
        for (int i = 0; i < N_ITEMS; i++)
            assert_near(scores[i], known[i], 1e-10);
    }
    rb_nmf.fini(state);
    rb_free(state);
    rb_free(config);
    rb_oracle_split_fini(&s);
}

#define COMMON "factors=4 iterations=5 init=splitmix "

static void multiplicative_steps_are_the_dense_loops(void **unused)
{
    (void)unused;
    check(MULTIPLICATIVE, COMMON "method=multiplicative regularization=0.1", 0.1, 0.1);
    check(MULTIPLICATIVE, COMMON "method=multiplicative regularization=0.1 regularization_user=0.4", 0.4, 0.1);
}

static void hals_is_the_dense_loops(void **unused)
{
    (void)unused;
    check(HALS, COMMON "method=hals regularization=0.05", 0.05, 0.05);
    check(HALS, COMMON "method=hals regularization_user=0.3 regularization_item=0.02", 0.3, 0.02);
    check(HALS, COMMON "method=hals regularization=3", 3, 3);
}

static void biases_step_with_the_estimates_that_factors_see(void **unused)
{
    (void)unused;
    check(BIASED,
          COMMON "biased=true regularization=0.1 regularization_item=0.3 learning_rate_user_bias=0.01 "
                 "learning_rate_item_bias=0.03 regularization_user_bias=0.1 regularization_item_bias=0.2",
          0.1, 0.3);
}

static void biases_go_with_one_method(void **unused)
{
    (void)unused;
    static const char *const refused[] = { "biased=true method=hals", "biased=true method=multiplicative" };
    for (int i = 0; i < 2; i++) {
        rb_error err = { 0 };
        void *config = rb_oracle_config(&rb_nmf, refused[i]);
        assert_int_equal(rb_nmf.check(config, NULL, &err), RB_BAD_INPUT);
        assert_non_null(strstr(err.message, "'nmf.biased' goes with 'nmf.method' surprise"));
        rb_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiplicative_steps_are_the_dense_loops),
        cmocka_unit_test(hals_is_the_dense_loops),
        cmocka_unit_test(biases_step_with_the_estimates_that_factors_see),
        cmocka_unit_test(biases_go_with_one_method),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
