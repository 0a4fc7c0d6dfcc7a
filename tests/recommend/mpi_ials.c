/* iALS on several ranks: the same bits as alone, in both precisions; failures known to all. */
#include <string.h>

#include "recommend/recommend.h"
#include "support/oracle_als_identity.h"
#include "support/support.h"

extern const rb_recommender rb_ials;

static void factors_have_the_same_bits_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 700, 300, 30000, 0.6, 0.9, &rb_test_ctx);
    static const char *const configs[] = {
        "factors=20 iterations=3", "factors=20 iterations=3 precision=double",
        "factors=16 iterations=2 objective=hu regularization=1", "factors=16 iterations=3 solver=cg",
        "factors=9 iterations=2 objective=hu solver=cg regularization=1 precision=double"
    };
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++)
        rb_oracle_same_bits(&rb_ials, configs[i], &s);
    rb_oracle_split_fini(&s);
}

static void a_rank_without_rows_works(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 3, 2, 12, 0.6, 0.9, &rb_test_ctx);
    rb_oracle_same_bits(&rb_ials, "factors=5 iterations=2", &s);
    rb_oracle_split_fini(&s);
}

static void a_row_over_the_chunk_length_has_the_same_bits(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 9000, 3, 24000, 0.1, 0.9, &rb_test_ctx);
    assert_true(s.train.item_begin[1] > 4096);
    rb_oracle_same_bits(&rb_ials, "factors=6 iterations=2", &s);
    rb_oracle_split_fini(&s);
}

static void fit_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 60, 40, 800, 0.6, 0.9, &rb_test_ctx);
    rb_test_ctx.n_threads = 1;
    rb_oracle_nth_failures(&rb_ials, "factors=5 iterations=1", &s, 15, 80);
    rb_oracle_split_fini(&s);
}

static void a_singular_row_is_one_error_on_every_rank(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_split_data s = { 0 };
    rb_oracle_zipf(&s, 60, 40, 300, 0.6, 0.9, &rb_test_ctx);
    rb_train_view view = { .ratings = &s.train, .positives = &s.train };
    void *config = rb_oracle_config(&rb_ials, "factors=48 regularization=0 iterations=1 precision=double unobserved=0");
    char *state = NULL;
    assert_ok(rb_alloc(&state, (int64_t)rb_ials.state_size, &err), &err);
    assert_int_equal(rb_oracle_fit(state, NULL, &rb_ials, config, &view, &rb_test_ctx, &err), RB_NOT_FINITE);
    assert_non_null(strstr(err.message, "the system of user number"));
    rb_ials.fini(state);
    rb_free(state);
    rb_free(config);
    rb_oracle_split_fini(&s);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_have_the_same_bits_for_any_ranks_and_threads),
        cmocka_unit_test(a_rank_without_rows_works),
        cmocka_unit_test(a_row_over_the_chunk_length_has_the_same_bits),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation),
        cmocka_unit_test(a_singular_row_is_one_error_on_every_rank),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
