/* SLIM's weights satisfy the conditions of their optimum, written down densely; same bits as alone. */
#include <math.h>
#include <stdio.h>

#include "recommend/core/item_lists.h"
#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als.h"
#include "support/oracle_als_identity.h"
#include "support/support.h"

extern const rb_recommender rb_slim;

enum { N_USERS = 80, N_ITEMS = 50 };

static rb_split_data s;
static double x[N_USERS][N_ITEMS];

static double inner(int i, const double *r)
{
    double sum = 0;
    for (int u = 0; u < N_USERS; u++)
        sum += x[u][i] * r[u];
    return sum;
}

/* Karush-Kuhn-Tucker: the slope of the smooth part equals minus l1 where w > 0 and is not below it where w = 0. */
static void check_column(const rb_item_lists *m, int j, double alpha, double l1_ratio, int64_t *n_positive)
{
    double r[N_USERS], w[N_ITEMS];
    for (int i = 0; i < N_ITEMS; i++)
        w[i] = rb_knn_at(&m->targets, i, j);
    assert_true(w[j] == 0);
    for (int u = 0; u < N_USERS; u++) {
        r[u] = x[u][j];
        for (int i = 0; i < N_ITEMS; i++)
            r[u] -= x[u][i] * w[i];
    }
    for (int i = 0; i < N_ITEMS; i++) {
        double slope = inner(i, r) / N_USERS - alpha * (1 - l1_ratio) * w[i], l1 = alpha * l1_ratio;
        assert_true(w[i] >= 0);
        *n_positive += w[i] > 0;
        if (i != j && w[i] > 0)
            assert_near(slope, l1, 1e-8);
        else if (i != j)
            assert_true(slope <= l1 + 1e-8);
    }
}

static void weights_meet_the_conditions_of_the_optimum(void **unused)
{
    (void)unused;
    static const double alphas[] = { 1e-3, 2e-2 }, ratios[] = { 0.1, 0.9 };
    rb_train_view view = { .positives = &s.train };
    for (int a = 0; a < 2; a++)
        for (int l = 0; l < 2; l++) {
            char values[128];
            rb_error err = { 0 };
            rb_item_lists m = { 0 };
            int64_t n_positive = 0;
            snprintf(values, sizeof values, "alpha=%g l1_ratio=%g tolerance=1e-12 iterations=100000", alphas[a],
                     ratios[l]);
            void *config = rb_oracle_config(&rb_slim, values);
            assert_ok(rb_oracle_fit(&m, NULL, &rb_slim, config, &view, &rb_test_ctx, &err), &err);
            for (int j = 0; j < N_ITEMS; j++)
                check_column(&m, j, alphas[a], ratios[l], &n_positive);
            assert_true(n_positive > N_ITEMS && n_positive < N_ITEMS * N_ITEMS);
            rb_slim.fini(&m);
            rb_free(config);
        }
}

static void weights_have_the_same_bits_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_oracle_same_bits(&rb_slim, "alpha=0.002", &s);
}

static int begin(void **unused)
{
    (void)unused;
    rb_oracle_zipf(&s, N_USERS, N_ITEMS, 900, 0.4, 0.6, &rb_test_ctx);
    for (int u = 0; u < N_USERS; u++)
        for (int64_t e = s.train.user_begin[u]; e < s.train.user_begin[u + 1]; e++)
            x[u][s.train.user_item[e]] = 1;
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    rb_oracle_split_fini(&s);
    return 0;
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_meet_the_conditions_of_the_optimum),
        cmocka_unit_test(weights_have_the_same_bits_for_any_ranks_and_threads),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, begin, end));
}
