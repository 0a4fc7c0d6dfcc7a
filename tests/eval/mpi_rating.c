/* Rating errors against plain loops, for any ranks and threads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/rating.h"
#include "support/support.h"

#define N_USERS 800
#define N_ITEMS 40

static uint64_t pair_bits(int user, int item, uint64_t what)
{
    return rb_mix((uint64_t)(user * N_ITEMS + item), what);
}

static float rating_of(int user, int item)
{
    return 0.5F + 0.5F * (float)(pair_bits(user, item, 1) % 10);
}

/* Users 3, 10, 17, ... and items 0 to 3 are not seen in training; every ninth user has no test ratings. */
static rb_part part_of(int user, int item)
{
    bool test = pair_bits(user, item, 2) % 5 == 0;
    if (test)
        return user % 9 == 0 ? RB_PART_NONE : RB_PART_TEST;
    return user % 7 == 3 || item < 4 ? RB_PART_NONE : RB_PART_TRAIN;
}

/* Beyond the scale on both sides, so that clipping shows. */
static double prediction_of(int user, int item)
{
    return (double)(pair_bits(user, item, 3) % 10000) / 10000.0 * 8 - 1.5;
}

/* state: the user whose prediction for item 7 is not finite, or -1 */
static void predict(double *out, const void *state, const rb_pairs *pairs)
{
    for (int64_t i = 0; i < pairs->n; i++) {
        bool bad = pairs->user[i] == *(const int *)state && pairs->item[i] == 7;
        out[i] = bad ? (double)NAN : prediction_of(pairs->user[i], pairs->item[i]);
    }
}

typedef struct {
    rb_interactions all;
    rb_ratings train, test;
} world;

static void world_init(world *w)
{
    const rb_ctx *ctx = &rb_test_ctx;
    rb_error err = { 0 };
    int64_t n = N_USERS * N_ITEMS, begin[64];
    uint8_t *part = malloc((size_t)n);
    assert_ok(rb_interactions_alloc(&w->all, n, true, false, ctx, &err), &err);
    w->all.n_users = N_USERS;
    w->all.n_items = N_ITEMS;
    w->all.min_rating = 0.5F;
    w->all.max_rating = 5.0F;
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = n * r / ctx->n_ranks;
    for (int64_t row = 0; row < n; row++) {
        int user = (int)(row / N_ITEMS), item = (int)(row % N_ITEMS);
        part[row] = (uint8_t)part_of(user, item);
        if (row < begin[ctx->rank] || row >= begin[ctx->rank + 1])
            continue;
        ((int32_t *)w->all.user_memory.data)[row] = user;
        ((int32_t *)w->all.item_memory.data)[row] = item;
        ((float *)w->all.rating_memory.data)[row] = rating_of(user, item);
    }
    rb_interactions_publish(&w->all, begin, ctx);
    assert_ok(rb_ratings_build(&w->train, &w->all, part, 1u << RB_PART_TRAIN, -INFINITY, ctx, &err), &err);
    assert_ok(rb_ratings_build(&w->test, &w->all, part, 1u << RB_PART_TEST, -INFINITY, ctx, &err), &err);
    free(part);
}

static void world_fini(world *w)
{
    rb_ratings_fini(&w->train);
    rb_ratings_fini(&w->test);
    rb_interactions_fini(&w->all);
}

enum { N_METRICS = 9 };

static void parse_metrics(rb_metric *metrics)
{
    static const char *const ids[N_METRICS] = { "rmse",           "mae",           "rmse:user",
                                                "mae:user",       "rmse:warm",     "mae:warm",
                                                "rmse:user:warm", "mae:user:warm", "ndcg@5" };
    rb_error err = { 0 };
    for (int m = 0; m < N_METRICS; m++)
        assert_ok(rb_metric_parse(&metrics[m], ids[m], &err), &err);
}

/* By the formulas, in plain loops. */
static double expected(bool squares, bool by_user, bool warm, bool clip)
{
    double sum = 0, n = 0, means = 0, n_users = 0;
    for (int u = 0; u < N_USERS; u++) {
        double own = 0, n_own = 0;
        for (int i = 0; i < N_ITEMS; i++) {
            if (part_of(u, i) != RB_PART_TEST || (warm && (u % 7 == 3 || i < 4)))
                continue;
            double p = prediction_of(u, i);
            p = clip ? (p < .5 ? .5 : p > 5 ? 5 : p) : p;
            own += squares ? pow(p - (double)rating_of(u, i), 2) : fabs(p - (double)rating_of(u, i));
            n_own++;
        }
        sum += own;
        n += n_own;
        if (n_own > 0) {
            means += squares ? sqrt(own / n_own) : own / n_own;
            n_users++;
        }
    }
    if (by_user)
        return means / n_users;
    return squares ? sqrt(sum / n) : sum / n;
}

static void errors_are_those_of_plain_loops(void **unused)
{
    (void)unused;
    world w = { 0 };
    rb_metric metrics[N_METRICS];
    int no_user = -1;
    rb_predictor predictor = { predict, &no_user };
    world_init(&w);
    parse_metrics(metrics);
    for (int clip = 0; clip < 2; clip++) {
        rb_error err = { 0 };
        rb_rating r;
        assert_ok(rb_rate(&r, &predictor, &w.train, &w.test, clip, metrics, N_METRICS, &rb_test_ctx, &err), &err);
        for (int m = 0; m < 8; m++) {
            assert_int_equal(r.value[m].value.state, RB_VALUE_OK);
            assert_near(r.value[m].value.value, expected(m % 2 == 0, m / 2 % 2 == 1, m >= 4, clip), 1e-13);
        }
        assert_int_equal(r.value[8].value.state, RB_VALUE_NOT_APPLICABLE);
        int64_t n_unseen = 0, n_users = 0, n_items = 0;
        for (int64_t e = 0; e < w.test.n; e++)
            n_items += w.test.user_item[e] < 4;
        for (int u = 3; u < N_USERS; u += 7)
            n_users += w.test.user_begin[u + 1] - w.test.user_begin[u];
        for (int u = 0; u < N_USERS; u++)
            for (int i = 0; i < N_ITEMS; i++)
                n_unseen += part_of(u, i) == RB_PART_TEST && (u % 7 == 3 || i < 4);
        assert_true(r.n_unseen == n_unseen && r.n_unseen_users == n_users && r.n_unseen_items == n_items);
        assert_true(r.n_test == w.test.n && r.value[0].n_ratings == w.test.n);
        assert_true(r.value[4].n_ratings == w.test.n - n_unseen);
        rb_rating_fini(&r);
    }
    world_fini(&w);
}

static void the_bits_do_not_depend_on_ranks_or_threads(void **unused)
{
    (void)unused;
    world w = { 0 };
    rb_metric metrics[N_METRICS];
    int no_user = -1;
    rb_predictor predictor = { predict, &no_user };
    rb_error err = { 0 };
    rb_rating one, r;
    rb_ctx alone, ctx = rb_test_ctx;
    rb_ctx_serial(&alone, 1);
    world_init(&w);
    parse_metrics(metrics);
    assert_ok(rb_rate(&one, &predictor, &w.train, &w.test, true, metrics, N_METRICS, &alone, &err), &err);
    for (ctx.n_threads = 1; ctx.n_threads <= 3; ctx.n_threads++) {
        assert_ok(rb_rate(&r, &predictor, &w.train, &w.test, true, metrics, N_METRICS, &ctx, &err), &err);
        assert_int_equal(r.n_users, one.n_users);
        assert_memory_equal(r.user, one.user, (size_t)one.n_users * sizeof(int32_t));
        assert_memory_equal(r.per_user, one.per_user, (size_t)one.n_users * N_METRICS * sizeof(double));
        for (int m = 0; m < N_METRICS; m++)
            assert_memory_equal(&r.value[m].value.value, &one.value[m].value.value, sizeof(double));
        rb_rating_fini(&r);
    }
    rb_rating_fini(&one);
    world_fini(&w);
}

static void a_prediction_that_is_not_finite_is_named(void **unused)
{
    (void)unused;
    world w = { 0 };
    rb_metric metrics[N_METRICS];
    rb_error err = { 0 };
    rb_rating r;
    int user = 400;
    char words[64];
    while (part_of(user, 7) != RB_PART_TEST)
        user++;
    rb_predictor predictor = { predict, &user };
    world_init(&w);
    parse_metrics(metrics);
    snprintf(words, sizeof words, "user %d for item 7 is not finite", user);
    assert_int_equal(rb_rate(&r, &predictor, &w.train, &w.test, true, metrics, N_METRICS, &rb_test_ctx, &err),
                     RB_NOT_FINITE);
    assert_non_null(strstr(err.message, words));
    world_fini(&w);
}

static void without_test_ratings_nothing_applies(void **unused)
{
    (void)unused;
    world w = { 0 };
    rb_metric metrics[N_METRICS];
    rb_error err = { 0 };
    rb_rating r;
    rb_ratings none;
    int no_user = -1;
    rb_predictor predictor = { predict, &no_user };
    world_init(&w);
    parse_metrics(metrics);
    assert_ok(rb_ratings_build(&none, &w.all, NULL, 1u << RB_PART_TRAIN, 100, &rb_test_ctx, &err), &err);
    assert_ok(rb_rate(&r, &predictor, &w.train, &none, true, metrics, N_METRICS, &rb_test_ctx, &err), &err);
    assert_int_equal(r.n_users, 0);
    for (int m = 0; m < N_METRICS; m++)
        assert_int_equal(r.value[m].value.state, RB_VALUE_NOT_APPLICABLE);
    rb_rating_fini(&r);
    rb_ratings_fini(&none);
    world_fini(&w);
}

static void a_failed_allocation_on_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    world w = { 0 };
    rb_metric metrics[N_METRICS];
    int no_user = -1, last = rb_test_ctx.n_ranks - 1;
    rb_predictor predictor = { predict, &no_user };
    world_init(&w);
    parse_metrics(metrics);
    for (int64_t nth = 1;; nth++) {
        rb_error err = { 0 };
        rb_rating r;
        rb_alloc_fail_nth(rb_test_ctx.rank == last ? nth : 0);
        rb_status status = rb_rate(&r, &predictor, &w.train, &w.test, true, metrics, N_METRICS, &rb_test_ctx, &err);
        int64_t reached = rb_alloc_fail_nth(0) >= nth;
        rb_bcast(&rb_test_ctx, &reached, sizeof reached, last);
        assert_int_equal(status, reached ? RB_NO_MEMORY : RB_OK);
        rb_rating_fini(&r);
        if (!reached)
            break;
    }
    world_fini(&w);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_those_of_plain_loops),
        cmocka_unit_test(the_bits_do_not_depend_on_ranks_or_threads),
        cmocka_unit_test(a_prediction_that_is_not_finite_is_named),
        cmocka_unit_test(without_test_ratings_nothing_applies),
        cmocka_unit_test(a_failed_allocation_on_one_rank_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
