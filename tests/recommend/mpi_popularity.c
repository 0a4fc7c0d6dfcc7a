/* Popularity that fades with time and popularity within segments, against counting from the definitions. */
#include <math.h>
#include <string.h>

#include "recommend/recommend.h"
#include "support/config.h"
#include "support/contract.h"
#include "support/oracle_als.h"
#include "support/support.h"

extern const rb_recommender rb_recency, rb_segment_popularity;

enum { N_USERS = RB_CONTRACT_USERS, N_ITEMS = RB_CONTRACT_ITEMS };

static int64_t time_at(int64_t e)
{
    return rb_contract_view.times[rb_contract_view.positives->user_row[e]];
}

static int64_t last_of(int32_t from, int32_t to)
{
    const rb_ratings *train = rb_contract_view.positives;
    int64_t last = INT64_MIN;
    for (int64_t e = train->user_begin[from]; e < train->user_begin[to]; e++)
        last = time_at(e) > last ? time_at(e) : last;
    return last;
}

static double faded(int32_t item, int64_t moment, double half_life)
{
    const rb_ratings *train = rb_contract_view.positives;
    double sum = 0;
    for (int64_t e = 0; e < train->n; e++)
        if (train->user_item[e] == item && time_at(e) <= moment)
            sum += pow(0.5, (double)(moment - time_at(e)) / 86400 / half_life);
    return sum;
}

static rb_status fit_with(rb_contract_model *m, const rb_recommender *a, const char *values, const rb_train_view *view,
                          rb_error *err)
{
    *m = rb_contract_model_of(a);
    rb_free(m->config);
    m->config = rb_oracle_config(a, values);
    return rb_oracle_fit(m->state, NULL, a, m->config, view, &rb_test_ctx, err);
}

static void check_recency(const char *values, double half_life, bool by_user)
{
    static double scores[N_USERS * N_ITEMS];
    rb_error err = { 0 };
    rb_contract_model m;
    assert_ok(fit_with(&m, &rb_recency, values, &rb_contract_view, &err), &err);
    rb_contract_score(scores, &m);
    for (int32_t u = 0; u < N_USERS; u += 17) {
        int64_t moment = by_user ? last_of(u, u + 1) : INT64_MIN;
        moment = moment == INT64_MIN ? last_of(0, N_USERS) : moment;
        for (int32_t i = 0; i < N_ITEMS; i++)
            assert_near(scores[u * N_ITEMS + i], faded(i, moment, half_life), 1e-9);
    }
    rb_contract_model_fini(&m);
}

static void interactions_fade_towards_the_end_or_the_last_of_the_user(void **unused)
{
    (void)unused;
    check_recency("half_life=30", 30, false);
    check_recency("half_life=30 at=user", 30, true);
    check_recency("half_life=0.001 at=user", 0.001, true);
}

static void a_user_without_interactions_gets_the_end(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_contract_model m;
    double scores[N_ITEMS], folded[N_ITEMS];
    const int32_t user = N_USERS - 1;
    assert_ok(fit_with(&m, &rb_recency, "at=user", &rb_contract_view, &err), &err);
    m.algorithm->score(&(rb_tile){ scores, N_ITEMS }, m.state, &user, 1, 0, N_ITEMS);
    assert_ok(m.algorithm->fold_in(folded, m.state, NULL, NULL, 0, m.config, &err), &err);
    assert_memory_equal(scores, folded, sizeof scores);
    for (int32_t i = 0; i < N_ITEMS; i++)
        assert_near(scores[i], faded(i, last_of(0, N_USERS), 365), 1e-9);
    rb_contract_model_fini(&m);
}

static void a_revealed_user_has_the_own_last_moment(void **unused)
{
    (void)unused;
    const rb_ratings *revealed = rb_contract_view.revealed_positives;
    const int32_t user = RB_CONTRACT_REVEALED;
    int64_t last = INT64_MIN;
    double scores[N_ITEMS];
    rb_error err = { 0 };
    rb_contract_model m;
    for (int64_t e = revealed->user_begin[user]; e < revealed->user_begin[user + 1]; e++)
        if (rb_contract_view.times[revealed->user_row[e]] > last)
            last = rb_contract_view.times[revealed->user_row[e]];
    assert_ok(fit_with(&m, &rb_recency, "at=user half_life=30", &rb_contract_view, &err), &err);
    assert_ok(rb_recency.reveal(m.state, &rb_contract_view, NULL, m.config, &rb_test_ctx, &err), &err);
    m.algorithm->score(&(rb_tile){ scores, N_ITEMS }, m.state, &user, 1, 0, N_ITEMS);
    for (int32_t i = 0; i < N_ITEMS; i++)
        assert_near(scores[i], faded(i, last, 30), 1e-9);
    rb_contract_model_fini(&m);
}

/* The same bits on one rank and on all. */
static void popularity_of_each_moment_has_the_same_bits(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_ctx serial;
    rb_contract_model together, alone = rb_contract_model_of(&rb_recency);
    rb_ctx_serial(&serial, 1);
    assert_ok(fit_with(&together, &rb_recency, "at=user half_life=20", &rb_contract_view, &err), &err);
    assert_ok(rb_oracle_fit(alone.state, NULL, &rb_recency, together.config, &rb_contract_view, &serial, &err), &err);
    const rb_digest expected = rb_contract_digest(&alone);
    assert_true(rb_true_everywhere(rb_contract_same_digest(&together, &expected)));
    rb_contract_model_fini(&alone);
    rb_contract_model_fini(&together);
}

static int64_t activity(int32_t user)
{
    return rb_contract_view.positives->user_begin[user + 1] - rb_contract_view.positives->user_begin[user];
}

/* Of the users with positives, those with fewer: which quarter it reaches. */
static int quarter(int32_t user)
{
    int fewer = 0, n = 0;
    for (int32_t u = 0; u < N_USERS; u++) {
        n += activity(u) > 0;
        fewer += activity(u) > 0 && activity(u) < activity(user);
    }
    return activity(user) > 0 ? 4 * fewer / n : -1;
}

static void check_segments(const rb_train_view *view, const char *values, const int segment[N_USERS], double damping)
{
    static double scores[N_USERS * N_ITEMS];
    const rb_ratings *train = view->positives;
    rb_error err = { 0 };
    rb_contract_model m;
    assert_ok(fit_with(&m, &rb_segment_popularity, values, view, &err), &err);
    rb_contract_score(scores, &m);
    for (int32_t u = 0; u < N_USERS; u += 9)
        for (int32_t i = 0; i < N_ITEMS; i++) {
            double own = 0, all = 0, n_own = 0;
            for (int32_t v = 0; v < N_USERS; v++)
                for (int64_t e = train->user_begin[v]; e < train->user_begin[v + 1]; e++) {
                    own += segment[v] == segment[u] && train->user_item[e] == i;
                    n_own += segment[v] == segment[u];
                    all += train->user_item[e] == i;
                }
            all /= (double)train->n;
            assert_near(scores[u * N_ITEMS + i], segment[u] < 0 ? all : (own + damping * all) / (n_own + damping),
                        1e-12);
        }
    rb_contract_model_fini(&m);
}

static void segments_have_their_own_popularity(void **unused)
{
    (void)unused;
    int by_activity[N_USERS], planted[N_USERS];
    int32_t given[N_USERS];
    rb_train_view view = rb_contract_view;
    for (int u = 0; u < N_USERS; u++) {
        by_activity[u] = quarter(u);
        planted[u] = given[u] = u % 7;
    }
    view.user_segment = given;
    check_segments(&view, "segments=4 damping=50", by_activity, 50);
    check_segments(&view, "by=planted damping=0", planted, 0);
}

static void data_without_planted_segments_are_refused(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_contract_model m;
    assert_int_equal(fit_with(&m, &rb_segment_popularity, "by=planted", &rb_contract_view, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, "segment_popularity: the data set has no planted segments; only generated data "
                                     "have them");
    rb_contract_model_fini(&m);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interactions_fade_towards_the_end_or_the_last_of_the_user),
        cmocka_unit_test(a_user_without_interactions_gets_the_end),
        cmocka_unit_test(a_revealed_user_has_the_own_last_moment),
        cmocka_unit_test(popularity_of_each_moment_has_the_same_bits),
        cmocka_unit_test(segments_have_their_own_popularity),
        cmocka_unit_test(data_without_planted_segments_are_refused),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_contract_begin, rb_contract_end));
}
