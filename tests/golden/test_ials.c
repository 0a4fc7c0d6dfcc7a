/* iALS on ml-latest-small, `implicit`: every ranking metric of golden/README.md, in double. */
#include <stdio.h>

#include "support/golden_ranking.h"

extern const rb_recommender rb_ials;

static const char key[] = "ials_k32_alpha0.1_reg0.01_nu1_it16";

static void ials_has_the_known_ranking_metrics(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_split_data s = { 0 };
    rb_ctx_serial(&ctx, 2);
    rb_oracle_movielens(&s, 4.0, &ctx);
    json_t *golden = rb_test_golden("ml-latest-small.json");
    assert_true(s.train.n == (int64_t)rb_test_number(golden, "implicit", "n_train", NULL));
    static const char base[] = "factors=32 unobserved=0.1 regularization=0.01 nu=1 iterations=16 init=splitmix";
    char values[256];
    snprintf(values, sizeof values, "%s precision=double", base);
    rb_golden_ranking(&rb_ials, values, &s, golden, key, 1e-6);
    snprintf(values, sizeof values, "%s precision=double solver=cg cg_steps=60", base); /* converged: the same system */
    rb_golden_ranking(&rb_ials, values, &s, golden, key, 1e-6);
    snprintf(values, sizeof values, "%s precision=single", base);
    rb_golden_ranking(&rb_ials, values, &s, golden, key, 5e-3);
    json_decref(golden);
    rb_oracle_split_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ials_has_the_known_ranking_metrics) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
