/* What a model says of the reasons of a score: over all items of the user they add up to it. */
#include <math.h>
#include <string.h>

#include "recommend/recommend.h"
#include "support/config.h"
#include "support/contract.h"
#include "support/oracle_als.h"
#include "support/support.h"

extern const rb_recommender rb_als, rb_ials, rb_pure_svd, rb_user_knn;

enum { N_ITEMS = RB_CONTRACT_ITEMS };

/* The reasons of all items of a user for each item, and the folded-in score; returns the sum of the weights. */
static double sum_of_reasons(const rb_contract_model *m, const rb_ratings *train, int32_t user, int32_t item)
{
    rb_error err = { 0 };
    int32_t items[N_ITEMS];
    double weights[N_ITEMS], sum = 0;
    int found = -1, few = -1;
    const int64_t from = train->user_begin[user], n = train->user_begin[user + 1] - from;
    assert_ok(m->algorithm->explain_given(items, weights, &found, N_ITEMS, m->state, train->user_item + from,
                                          train->user_rating + from, n, item, m->config, &err),
              &err);
    assert_int_equal(found, n);
    for (int k = 0; k < found; k++) {
        sum += weights[k];
        assert_true(k == 0 || weights[k - 1] >= weights[k]);
        assert_true(rb_ratings_has(train, user, items[k]));
    }
    const int32_t first = items[0];
    assert_ok(m->algorithm->explain_given(items, weights, &few, 1, m->state, train->user_item + from,
                                          train->user_rating + from, n, item, m->config, &err),
              &err);
    assert_true(few == (n > 0) && (n == 0 || items[0] == first));
    return sum;
}

/* bias: what of a score is nobody's doing, by item; the same offset for all items is the user's. */
static void check(const rb_recommender *a, const char *values, const rb_ratings *train, bool has_biases)
{
    rb_error err = { 0 };
    rb_contract_model m = rb_contract_model_of(a);
    rb_free(m.config);
    m.config = rb_oracle_config(a, values);
    assert_ok(rb_oracle_fit(m.state, NULL, a, m.config, &rb_contract_view, &rb_test_ctx, &err), &err);
    for (int32_t u = 0; u < RB_CONTRACT_USERS - 2; u += 43) {
        double scores[N_ITEMS], nobody[N_ITEMS];
        const int64_t from = train->user_begin[u], n = train->user_begin[u + 1] - from;
        assert_ok(a->fold_in(scores, m.state, train->user_item + from, train->user_rating + from, n, m.config, &err),
                  &err);
        assert_ok(a->fold_in(nobody, m.state, NULL, NULL, 0, m.config, &err), &err);
        const double user = scores[0] - nobody[0] - sum_of_reasons(&m, train, u, 0);
        assert_true(has_biases || fabs(user) < 1e-9);
        for (int32_t i = 1; i < N_ITEMS; i++)
            assert_near(sum_of_reasons(&m, train, u, i) + user, scores[i] - nobody[i], 1e-9);
    }
    rb_contract_model_fini(&m);
}

static void reasons_of_folded_in_users_add_up(void **unused)
{
    (void)unused;
    check(&rb_ials, "factors=6 iterations=2", rb_contract_view.positives, false);
    check(&rb_ials, "factors=6 iterations=2 objective=hu alpha=3 regularization=2", rb_contract_view.positives, false);
    check(&rb_als, "factors=6 iterations=2 biases=mean", rb_contract_view.ratings, false);
    check(&rb_als, "factors=6 iterations=2 biases=fixed", rb_contract_view.ratings, true);
    check(&rb_als, "factors=6 iterations=2 biases=joint precision=double", rb_contract_view.ratings, true);
    check(&rb_pure_svd, "factors=6", rb_contract_view.positives, false);
}

/* All reasons together are the score, also of a user who was revealed. */
static void reasons_by_neighbours_add_up(void **unused)
{
    (void)unused;
    rb_contract_model m = rb_contract_fitted_together(&rb_user_knn, 1);
    int64_t n_reasons = 0;
    for (int32_t u = 0; u <= RB_CONTRACT_REVEALED; u += u < RB_CONTRACT_REVEALED - 7 ? 7 : 1)
        for (int32_t i = 0; i < N_ITEMS; i++) {
            int32_t items[N_ITEMS];
            double weights[N_ITEMS], score, sum = 0;
            const rb_ratings *own =
                u == RB_CONTRACT_REVEALED ? rb_contract_view.revealed_positives : rb_contract_view.positives;
            const int n = rb_user_knn.explain(items, weights, N_ITEMS, m.state, u, i);
            rb_user_knn.score(&(rb_tile){ &score, 1 }, m.state, &u, 1, i, i + 1);
            for (int k = 0; k < n; k++) {
                sum += weights[k];
                assert_true(k == 0 || weights[k - 1] >= weights[k]);
                assert_true(rb_ratings_has(own, u, items[k]));
            }
            n_reasons += n;
            assert_near(sum, score, 1e-9);
        }
    assert_true(n_reasons > 0);
    rb_contract_model_fini(&m);
}

static void a_user_without_interactions_has_no_reasons(void **unused)
{
    (void)unused;
    rb_contract_model m = rb_contract_fitted_together(&rb_ials, 1);
    rb_error err = { 0 };
    int32_t item;
    double weight;
    int found = -1;
    assert_ok(rb_ials.explain_given(&item, &weight, &found, 1, m.state, NULL, NULL, 0, 3, m.config, &err), &err);
    assert_int_equal(found, 0);
    rb_contract_model_fini(&m);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_of_folded_in_users_add_up),
        cmocka_unit_test(reasons_by_neighbours_add_up),
        cmocka_unit_test(a_user_without_interactions_has_no_reasons),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_contract_begin, rb_contract_end));
}
