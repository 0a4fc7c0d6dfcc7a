/* Linear item models, neighbourhoods and PureSVD on ml-latest-small, `implicit`: every ranking metric of
 * golden/README.md. */
#include "support/golden_ranking.h"

extern const rb_recommender rb_ease, rb_item_knn, rb_pure_svd, rb_user_knn;

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
    rb_golden_ranking(&rb_ease, "regularization=250", &s, golden, "ease_lambda250", 1e-6);
    rb_golden_ranking(&rb_ease, "regularization=500", &s, golden, "ease_lambda500", 1e-6);
    rb_golden_ranking(&rb_ease, "regularization=250 precision=single", &s, golden, "ease_lambda250", 5e-3);
}

/* Equal similarities abound, and the last bit of one orders them: an absolute tolerance. */
static void neighbours_have_the_known_ranking_metrics(void **unused)
{
    (void)unused;
    rb_golden_ranking(&rb_item_knn, "k=100 similarity=cosine", &s, golden, "item_knn_cosine_k100", -2e-3);
    rb_golden_ranking(&rb_item_knn, "k=100 similarity=jaccard", &s, golden, "item_knn_jaccard_k100", -2e-3);
    rb_golden_ranking(&rb_user_knn, "k=80 similarity=cosine", &s, golden, "user_knn_cosine_k80", -2e-3);
    rb_golden_ranking(&rb_user_knn, "k=80 similarity=dice", &s, golden, "user_knn_dice_k80", -2e-3);
}

static void pure_svd_has_the_known_ranking_metrics(void **unused)
{
    (void)unused;
    rb_golden_ranking(&rb_pure_svd, "factors=16 tolerance=1e-12 iterations=1000", &s, golden, "pure_svd_k16", 1e-6);
    rb_golden_ranking(&rb_pure_svd, "factors=32 tolerance=1e-12 iterations=1000", &s, golden, "pure_svd_k32", 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ease_has_the_known_ranking_metrics),
        cmocka_unit_test(neighbours_have_the_known_ranking_metrics),
        cmocka_unit_test(pure_svd_has_the_known_ranking_metrics),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
