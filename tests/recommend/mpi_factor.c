/* ALS and iALS on several ranks: the same bits as alone, in both precisions; failures known to all. */
#include <string.h>

#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als_identity.h"
#include "support/support.h"

extern const rb_recommender rb_als, rb_ials;

typedef struct {
    const rb_algorithm *algorithm;
    const char *config;
} setting;

static void check_bits(const setting *settings, size_t n, const rb_split_data *s)
{
    for (size_t i = 0; i < n; i++)
        rb_oracle_same_bits(settings[i].algorithm, settings[i].config, s);
}

static void factors_have_the_same_bits_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 700, 300, 30000, 0.6, 0.9, &rb_test_ctx);
    static const setting settings[] = {
        { &rb_als, "factors=20 iterations=3" },
        { &rb_als, "factors=20 iterations=3 precision=double" },
        { &rb_als, "factors=32 iterations=2 biases=joint" },
        { &rb_als, "factors=9 iterations=2 biases=joint precision=double weighted=false regularization=2" },
        { &rb_als, "factors=7 iterations=2 biases=none" },
        { &rb_als, "factors=20 iterations=2 solver=cg" },
        { &rb_als, "factors=9 iterations=2 biases=joint solver=cg precision=double" },
        { &rb_ials, "factors=20 iterations=3" },
        { &rb_ials, "factors=20 iterations=3 precision=double" },
        { &rb_ials, "factors=16 iterations=2 objective=hu regularization=1" },
        { &rb_ials, "factors=16 iterations=3 solver=cg" },
        { &rb_ials, "factors=9 iterations=2 objective=hu solver=cg regularization=1 precision=double" },
    };
    check_bits(settings, sizeof settings / sizeof *settings, &s);
    rb_oracle_split_fini(&s);
}

static void a_rank_without_rows_works(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 3, 2, 12, 0.6, 0.9, &rb_test_ctx);
    static const setting settings[] = { { &rb_als, "factors=5 iterations=2" }, { &rb_ials, "factors=5 iterations=2" } };
    check_bits(settings, sizeof settings / sizeof *settings, &s);
    rb_oracle_split_fini(&s);
}

static void a_row_that_all_ranks_share_has_the_same_bits(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 14000, 3, 60000, 0.1, 0.9, &rb_test_ctx);
    assert_true(s.train.item_begin[1] > 2 * 4096); /* several blocks */
    static const setting settings[] = {
        { &rb_als, "factors=6 iterations=2" },
        { &rb_als, "factors=6 iterations=2 biases=joint solver=cg" },
        { &rb_ials, "factors=6 iterations=2" },
        { &rb_ials, "factors=6 iterations=2 objective=hu solver=cg precision=double" },
    };
    check_bits(settings, sizeof settings / sizeof *settings, &s);
    rb_oracle_split_fini(&s);
}

static void fit_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 }, shared = { 0 };
    rb_oracle_zipf(&s, 60, 40, 800, 0.6, 0.9, &rb_test_ctx);
    rb_oracle_zipf(&shared, 5000, 1, 40000, 0.1, 0.9, &rb_test_ctx);
    assert_true(shared.train.n > 4096);
    rb_test_ctx.n_threads = 1;
    rb_oracle_nth_failures(&rb_als, "factors=5 iterations=1", &s, 15, 80);
    rb_oracle_nth_failures(&rb_ials, "factors=5 iterations=1", &s, 15, 80);
    rb_oracle_nth_failures(&rb_als, "factors=5 iterations=1 biases=mean", &shared, 15, 80);
    rb_oracle_split_fini(&shared);
    rb_oracle_split_fini(&s);
}

static void check_singular(const rb_algorithm *algorithm, const char *values, const rb_split_data *s)
{
    rb_error err = { 0 };
    rb_train_view view = { .ratings = &s->train, .positives = &s->train };
    void *config = rb_oracle_config(algorithm, values);
    char *state = NULL;
    assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    assert_int_equal(rb_oracle_fit(state, NULL, algorithm, config, &view, &rb_test_ctx, &err), RB_NOT_FINITE);
    assert_non_null(strstr(err.message, "the system of user number"));
    algorithm->fini(state);
    rb_free(state);
    rb_free(config);
}

static void a_singular_row_is_one_error_on_every_rank(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 60, 40, 300, 0.6, 0.9, &rb_test_ctx);
    check_singular(&rb_als, "factors=48 regularization=0 iterations=1 precision=double biases=none", &s);
    check_singular(&rb_ials, "factors=48 regularization=0 iterations=1 precision=double unobserved=0", &s);
    rb_oracle_split_fini(&s);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_have_the_same_bits_for_any_ranks_and_threads),
        cmocka_unit_test(a_rank_without_rows_works),
        cmocka_unit_test(a_row_that_all_ranks_share_has_the_same_bits),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation),
        cmocka_unit_test(a_singular_row_is_one_error_on_every_rank),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
