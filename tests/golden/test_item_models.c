/* Linear item models and neighbourhoods on ml-latest-small, `implicit`: every ranking metric of golden/README.md. */
#include "support/golden_ranking.h"

extern const rb_recommender rb_ease;

static rb_split_data s;
static json_t *golden;

static int begin(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_ctx_serial(&ctx, 2);
    rb_oracle_movielens(&s, 4.0, &ctx);
    golden = rb_test_golden("ml-latest-small.json");
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    json_decref(golden);
    rb_oracle_split_fini(&s);
    return 0;
}

static void ease_has_the_known_ranking_metrics(void **unused)
{
    (void)unused;
    rb_golden_ranking(&rb_ease, "regularization=100", &s, golden, "ease_lambda100", 1e-6);
    rb_golden_ranking(&rb_ease, "regularization=250 precision=single", &s, golden, "ease_lambda250", 5e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ease_has_the_known_ranking_metrics) };
    return cmocka_run_group_tests(tests, begin, end);
}
