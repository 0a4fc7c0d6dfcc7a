/* iALS++ against ials: the same model with one block, the same objective in the end with several; the same bits. */
#include <math.h>
#include <stdio.h>

#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als_identity.h"
#include "support/support.h"

extern const rb_recommender rb_ials, rb_ialspp;

enum { N_USERS = 150, N_ITEMS = 80 };

static double fitted(double *scores, const rb_algorithm *algorithm, const char *values, const rb_split_data *s)
{
    rb_error err = { 0 };
    rb_train_view view = { .positives = &s->train };
    void *config = rb_oracle_config(algorithm, values);
    int32_t users[N_USERS];
    char *state = NULL;
    double objective = NAN;
    for (int32_t u = 0; u < N_USERS; u++)
        users[u] = u;
    assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, &objective, algorithm, config, &view, &rb_test_ctx, &err), &err);
    algorithm->score(&(rb_tile){ scores, N_ITEMS }, state, users, N_USERS, 0, N_ITEMS);
    rb_barrier(&rb_test_ctx);
    algorithm->fini(state);
    rb_free(state);
    rb_free(config);
    return objective;
}

static void one_block_is_ials(void **unused)
{
    (void)unused;
    static double one[N_USERS * N_ITEMS], two[N_USERS * N_ITEMS];
    static const char *const settings[] = {
        "factors=12 iterations=3 init=splitmix precision=double",
        "factors=21 iterations=3 init=splitmix precision=double objective=hu regularization=1 alpha=3",
    };
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, N_USERS, N_ITEMS, 4000, 0.6, 0.9, &rb_test_ctx);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char values[256];
        snprintf(values, sizeof values, "%s block=64", settings[i]);
        double expected = fitted(one, &rb_ials, settings[i], &s), objective = fitted(two, &rb_ialspp, values, &s);
        assert_near(objective / expected, 1, 1e-10);
        for (int p = 0; p < N_USERS * N_ITEMS; p++)
            assert_near(two[p], one[p], 1e-9);
    }
    rb_oracle_split_fini(&s);
}

static void blocks_lower_the_objective_to_that_of_ials(void **unused)
{
    (void)unused;
    static double scores[N_USERS * N_ITEMS];
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, N_USERS, N_ITEMS, 4000, 0.6, 0.9, &rb_test_ctx);
    double goal = fitted(scores, &rb_ials, "factors=24 iterations=60 precision=double regularization=0.05", &s),
           before = INFINITY;
    for (int n = 1; n <= 8; n *= 2) {
        char values[128];
        snprintf(values, sizeof values, "factors=24 iterations=%d block=8 precision=double regularization=0.05", n);
        double now = fitted(scores, &rb_ialspp, values, &s);
        assert_true(now < before);
        before = now;
    }
    double now =
        fitted(scores, &rb_ialspp, "factors=24 iterations=60 block=8 precision=double regularization=0.05", &s);
    assert_true(fabs(now / goal - 1) < 5e-3);
    rb_oracle_split_fini(&s);
}

static void factors_have_the_same_bits_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 700, 300, 30000, 0.6, 0.9, &rb_test_ctx);
    rb_oracle_same_bits(&rb_ialspp, "factors=40 iterations=2 block=16", &s);
    rb_oracle_same_bits(&rb_ialspp, "factors=40 iterations=2 block=16 objective=hu precision=double", &s);
    rb_oracle_same_bits(&rb_ialspp, "factors=5 iterations=2", &s);
    rb_oracle_split_fini(&s);
}

static void fit_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 60, 40, 800, 0.6, 0.9, &rb_test_ctx);
    rb_test_ctx.n_threads = 1;
    rb_oracle_nth_failures(&rb_ialspp, "factors=5 iterations=1", &s, 15, 120);
    rb_oracle_split_fini(&s);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_block_is_ials),
        cmocka_unit_test(blocks_lower_the_objective_to_that_of_ials),
        cmocka_unit_test(factors_have_the_same_bits_for_any_ranks_and_threads),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
