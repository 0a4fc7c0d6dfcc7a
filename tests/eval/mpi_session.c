/* Judging of sessions against plain loops, for any ranks and threads. */
#include <math.h>
#include <string.h>

#include "eval/session.h"
#include "support/oracle_session.h"
#include "support/support.h"
#include "support/world_eval.h"

#define N_USERS 90
#define N_ITEMS 30
#define N_SESSIONS 700
#define SEED 77

/* A model of pure functions: which items a session makes it list, and few scores, so that there are ties. */
typedef struct {
    int32_t infinite; /* the item whose score is not finite, or -1 */
} toy;

static uint64_t bits_of(const int32_t *items, int64_t n, int item)
{
    return rb_mix((uint64_t)items[n - 1] * 1000 + (uint64_t)n, (uint64_t)item);
}

static double score_of(const int32_t *items, int64_t n, int item)
{
    uint64_t bits = bits_of(items, n, item);
    return bits % 3 == 0 ? 0 : 1 + (double)(bits / 3 % 4); /* a third is not listed */
}

static void next(rb_next *out, const void *state, const int32_t *items, int64_t n, const void *config)
{
    (void)config;
    for (int32_t k = 0; k < N_ITEMS; k++) {
        int32_t i = k * 7 % N_ITEMS; /* in no order */
        double score = score_of(items, n, i);
        if (score == 0)
            continue;
        out->item[out->n++] = i;
        out->score[i] = i == ((const toy *)state)->infinite ? INFINITY : score;
    }
}

/* The same by folding in, where every item is listed. */
static rb_status fold_in(double *scores, const void *state, const int32_t *items, const float *ratings, int64_t n,
                         const void *config, rb_error *err)
{
    (void)state;
    (void)config;
    for (int i = 0; i < N_ITEMS; i++)
        scores[i] = score_of(items, n, i) + (double)ratings[n - 1];
    return err->status;
}

static const rb_algorithm by_next = { .name = "toy", .can = RB_CAN_NEXT, .next = next };
static const rb_algorithm by_fold_in = { .name = "toy", .can = RB_CAN_RANK, .fold_in = fold_in };

static rb_sessions sessions;
static const toy sound = { .infinite = -1 };

static rb_session_rules rules_of(rb_ties ties, bool repeats)
{
    return (
        rb_session_rules){ .n_users = N_USERS, .n_items = N_ITEMS, .repeats = repeats, .ties = ties, .tie_seed = SEED };
}

static bool is_in(const int32_t *items, int64_t n, int item)
{
    for (int64_t k = 0; k < n; k++)
        if (items[k] == item)
            return true;
    return false;
}

/* Rank of the next item by sorting nothing: how many stand before it. order: 0 the rules, 1 best, 2 worst. */
static int rank_of(const int32_t *items, int64_t n, int user, const rb_session_rules *r, bool all_listed, int order)
{
    int wanted = items[n], rank = 1;
    double own = score_of(items, n, wanted);
    if (own == 0 && !all_listed)
        return 1000000;
    for (int i = 0; i < N_ITEMS; i++) {
        double score = score_of(items, n, i);
        if (i == wanted || (score == 0 && !all_listed) || (!r->repeats && is_in(items, n, i)))
            continue;
        bool first = r->ties == RB_TIES_INDEX
                         ? i < wanted
                         : world_eval_tie_key(SEED, user, i) < world_eval_tie_key(SEED, user, wanted);
        rank += score > own || (score == own && (order == 2 || (order == 0 && first)));
    }
    return rank;
}

/* Mean of a metric over the positions of a user, or of all (-1); and how many there are. */
static double mean_of(int64_t *n_positions, int user, const rb_metric *m, const rb_session_rules *r, bool all_listed,
                      int order)
{
    double sum = 0;
    *n_positions = 0;
    for (int64_t s = 0; s < sessions.n; s++)
        for (int64_t p = 1; p < sessions.begin[s + 1] - sessions.begin[s]; p++) {
            const int32_t *items = sessions.item + sessions.begin[s];
            if ((user >= 0 && sessions.user[s] != user) || (!r->repeats && is_in(items, p, items[p])))
                continue;
            int rank = rank_of(items, p, sessions.user[s], r, all_listed, order);
            ++*n_positions;
            sum += rank > m->cutoff ? 0 : m->def->kind == RB_METRIC_MRR ? 1.0 / rank : 1;
        }
    return sum / (double)*n_positions;
}

static void check(const rb_algorithm *a, rb_ties ties, bool repeats, int n_threads)
{
    static const char *const names[] = { "hit_rate:session@1", "hit_rate:session@5", "mrr:session@5",
                                         "mrr:session@20" };
    rb_metric metrics[4];
    rb_error err = { 0 };
    rb_session_result got;
    const rb_session_model model = { a, &sound, NULL };
    const rb_session_rules rules = rules_of(ties, repeats);
    int64_t n = 0, n_all = 0;
    for (int m = 0; m < 4; m++)
        assert_ok(rb_metric_parse(&metrics[m], names[m], &err), &err);
    rb_test_ctx.n_threads = n_threads;
    assert_ok(rb_judge_sessions(&got, &model, &rules, &sessions, metrics, 4, &rb_test_ctx, &err), &err);
    for (int m = 0; m < 4; m++) {
        const rb_session_value *v = &got.value[m];
        assert_near(v->mean.value, mean_of(&n_all, -1, &metrics[m], &rules, a == &by_fold_in, 0), 1e-13);
        assert_int_equal(v->best.state, ties == RB_TIES_BOUNDS ? RB_VALUE_OK : RB_VALUE_UNAVAILABLE);
        if (ties == RB_TIES_BOUNDS) {
            assert_near(v->best.value, mean_of(&n, -1, &metrics[m], &rules, a == &by_fold_in, 1), 1e-13);
            assert_near(v->worst.value, mean_of(&n, -1, &metrics[m], &rules, a == &by_fold_in, 2), 1e-13);
            assert_true(v->worst.value <= v->mean.value && v->mean.value <= v->best.value);
        }
        for (int32_t u = 0; u < got.n_users; u++)
            assert_near(got.per_user[u * 4 + m], mean_of(&n, got.user[u], &metrics[m], &rules, a == &by_fold_in, 0),
                        1e-13);
    }
    assert_int_equal(got.n_positions, n_all);
    assert_int_equal(got.n_positions + got.n_repeated, sessions.n_events - sessions.n);
    assert_true(repeats ? got.n_repeated == 0 : got.n_repeated > 0);
    rb_session_result_fini(&got);
}

static void values_are_those_of_plain_loops(void **unused)
{
    (void)unused;
    for (rb_ties ties = RB_TIES_HASH; ties <= RB_TIES_BOUNDS; ties++)
        for (int repeats = 0; repeats < 2; repeats++) {
            check(&by_next, ties, repeats, 1 + repeats);
            check(&by_fold_in, ties, repeats, 2 - repeats);
        }
}

/* Whole arrays of one rank against all ranks. */
static void bits_are_the_same_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_metric metric;
    rb_error err = { 0 };
    rb_session_result alone, together;
    rb_ctx serial;
    const rb_session_model model = { &by_next, &sound, NULL };
    const rb_session_rules rules = rules_of(RB_TIES_HASH, false);
    assert_ok(rb_metric_parse(&metric, "mrr:session@10", &err), &err);
    rb_ctx_serial(&serial, 1);
    assert_ok(rb_judge_sessions(&alone, &model, &rules, &sessions, &metric, 1, &serial, &err), &err);
    for (int t = 1; t <= 3; t++) {
        rb_test_ctx.n_threads = t;
        assert_ok(rb_judge_sessions(&together, &model, &rules, &sessions, &metric, 1, &rb_test_ctx, &err), &err);
        assert_true(together.value[0].mean.value == alone.value[0].mean.value);
        assert_int_equal(together.n_users, alone.n_users);
        assert_memory_equal(together.per_user, alone.per_user, (size_t)alone.n_users * sizeof(double));
        rb_session_result_fini(&together);
    }
    rb_session_result_fini(&alone);
}

static void a_score_that_is_not_finite_is_named(void **unused)
{
    (void)unused;
    const toy infinite = { .infinite = 11 };
    rb_metric metric;
    rb_error err = { 0 };
    rb_session_result got;
    const rb_session_model model = { &by_next, &infinite, NULL };
    const rb_session_rules rules = rules_of(RB_TIES_HASH, true);
    assert_ok(rb_metric_parse(&metric, "mrr:session@10", &err), &err);
    assert_int_equal(rb_judge_sessions(&got, &model, &rules, &sessions, &metric, 1, &rb_test_ctx, &err), RB_NOT_FINITE);
    assert_non_null(strstr(err.message, "item 11 "));
}

static void no_sessions_have_no_value(void **unused)
{
    (void)unused;
    rb_metric metric;
    rb_error err = { 0 };
    rb_session_result got;
    rb_sessions none;
    const rb_session_model model = { &by_next, &sound, NULL };
    const rb_session_rules rules = rules_of(RB_TIES_HASH, false);
    oracle_sessions_make(&none, NULL, 0, NULL, NULL);
    assert_ok(rb_metric_parse(&metric, "hit_rate:session@10", &err), &err);
    assert_ok(rb_judge_sessions(&got, &model, &rules, &none, &metric, 1, &rb_test_ctx, &err), &err);
    assert_int_equal(got.value[0].mean.state, RB_VALUE_NOT_APPLICABLE);
    assert_int_equal(got.n_users, 0);
    rb_session_result_fini(&got);
    rb_sessions_fini(&none);
}

static void it_survives_a_failed_allocation_of_one_rank(void **unused)
{
    (void)unused;
    bool is_last = rb_test_ctx.rank == rb_test_ctx.n_ranks - 1;
    rb_metric metric;
    const rb_session_model model = { &by_next, &sound, NULL };
    const rb_session_rules rules = rules_of(RB_TIES_HASH, false);
    rb_test_ctx.n_threads = 2;
    for (int64_t nth = 1;; nth++) {
        rb_error err = { 0 };
        rb_session_result got;
        assert_ok(rb_metric_parse(&metric, "mrr:session@10", &err), &err);
        rb_alloc_fail_nth(is_last ? nth : 0);
        rb_judge_sessions(&got, &model, &rules, &sessions, &metric, 1, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        if (err.status == RB_OK) {
            assert_true(nth > 8);
            rb_session_result_fini(&got);
            break;
        }
        assert_int_equal(err.status, RB_NO_MEMORY);
    }
}

static int make(void **unused)
{
    (void)unused;
    oracle_sessions_walk(&sessions, N_SESSIONS, N_ITEMS, N_USERS, 3);
    return 0;
}

static int release(void **unused)
{
    (void)unused;
    rb_sessions_fini(&sessions);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_plain_loops),
        cmocka_unit_test(bits_are_the_same_for_any_ranks_and_threads),
        cmocka_unit_test(a_score_that_is_not_finite_is_named),
        cmocka_unit_test(no_sessions_have_no_value),
        cmocka_unit_test(it_survives_a_failed_allocation_of_one_rank),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, make, release));
}
