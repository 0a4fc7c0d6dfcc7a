/* Exposure and lists: small cases that can be computed by hand. */
#include <math.h>

#include "eval/beyond.h"
#include "support/support.h"

static void exposure_of_one_item_is_as_unequal_as_can_be(void **unused)
{
    (void)unused;
    double scratch[4];
    int64_t one[] = { 0, 7, 0, 0 }, even[] = { 3, 3, 3, 3 }, none[] = { 0, 0, 0, 0 };
    assert_true(rb_item_coverage(one, 4) == .25 && rb_item_coverage(even, 4) == 1 && rb_item_coverage(none, 4) == 0);
    assert_true(rb_exposure_entropy(one, 4, scratch) == 0);
    assert_near(rb_exposure_entropy(even, 4, scratch), log(4), 1e-15);
    assert_true(isnan(rb_exposure_entropy(none, 4, scratch)));
    assert_true(rb_gini(one, 4) == .75 && rb_gini(even, 4) == 0 && isnan(rb_gini(none, 4)));
}

static void gini_is_exact_beyond_what_a_double_holds(void **unused)
{
    (void)unused;
    int64_t big[] = { INT64_MAX / 4, 0, INT64_MAX / 4 };
    assert_near(rb_gini(big, 3), 1.0 / 3, 1e-15);
}

/* Three users, four items: train (0: 0 1), (1: 0), (2: nothing). */
static rb_ratings small_train(void)
{
    static const int64_t user_begin[] = { 0, 2, 3, 3 }, item_begin[] = { 0, 2, 3, 3, 3 };
    static const int32_t user_item[] = { 0, 1, 0 }, item_user[] = { 0, 1, 0 };
    static const float rating[] = { 1, 1, 1 };
    return (rb_ratings){ .n_users = 3,
                         .n_items = 4,
                         .n = 3,
                         .user_begin = user_begin,
                         .user_item = user_item,
                         .user_rating = rating,
                         .item_begin = item_begin,
                         .item_user = item_user,
                         .item_rating = rating };
}

static void lists_are_measured_by_the_formulas(void **unused)
{
    (void)unused;
    rb_ratings train = small_train();
    int64_t genre_begin[] = { 0, 2, 3, 3, 5 };
    int32_t genre_value[] = { 1, 0, 1, 0, 2 };
    rb_multi genre = { .begin = genre_begin, .value = genre_value };
    int64_t row_begin[] = { 0, 2, 3, 3, 5 };
    int32_t col[] = { 0, 3, 3, 0, 3 };
    double value[] = { 3, 4, 2, 6, 8 };
    rb_csr tfidf = { .n_rows = 4, .n_cols = 4, .row_begin = row_begin, .col = col, .value = value };
    const int32_t list[] = { 0, 1, 2, 3 };
    rb_item_facts f;
    rb_error err = { 0 };
    assert_ok(rb_item_facts_init(&f, &train, &genre, &tfidf, &err), &err);

    assert_int_equal(f.n_train_users, 2);
    const int32_t order[] = { 0, 1, 2, 3 };
    assert_memory_equal(f.by_popularity, order, sizeof order);
    /* popularity 2, 1, 0, 0 of two users: 0, 1, 1 and 1 bit */
    assert_near(rb_list_novelty(&f, list, 4), .75, 1e-15);
    assert_true(isnan(rb_list_novelty(&f, list, 0)));
    /* cosines of (0,1): 1/sqrt(2), of (0,3): 1/2, all others 0 */
    assert_near(rb_list_diversity_genre(&f, list, 4), (6 - sqrt(.5) - .5) / 6, 1e-15);
    /* (0,1): .8, (0,3): 1, (1,3): .8 */
    assert_near(rb_list_diversity_tfidf(&f, list, 4), (6 - .8 - 1 - .8) / 6, 1e-15);
    assert_true(isnan(rb_list_diversity_genre(&f, list, 1)) && isnan(rb_list_diversity_tfidf(&f, list, 1)));
    /* recommended: mean popularity .5; own: 1.5 */
    assert_near(rb_list_popularity_bias(&f, list + 1, 2, 0), .5 / 1.5, 1e-15);
    assert_true(isnan(rb_list_popularity_bias(&f, list, 2, 2)) && isnan(rb_list_popularity_bias(&f, list, 0, 0)));
    rb_item_facts_fini(&f);
}

static void facts_survive_failed_allocations(void **unused)
{
    (void)unused;
    rb_ratings train = small_train();
    int64_t row_begin[] = { 0, 0, 0, 0, 0 };
    rb_csr tfidf = { .n_rows = 4, .n_cols = 1, .row_begin = row_begin };
    for (int64_t nth = 1; nth <= 4; nth++) {
        rb_item_facts f;
        rb_error err = { 0 };
        rb_alloc_fail_nth(nth);
        assert_int_equal(rb_item_facts_init(&f, &train, NULL, &tfidf, &err), RB_NO_MEMORY);
        rb_alloc_fail_nth(0);
        rb_item_facts_fini(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exposure_of_one_item_is_as_unequal_as_can_be),
        cmocka_unit_test(gini_is_exact_beyond_what_a_double_holds),
        cmocka_unit_test(lists_are_measured_by_the_formulas),
        cmocka_unit_test(facts_survive_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
