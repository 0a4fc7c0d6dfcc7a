/* Sessions of a fold: who is left of them, against plain loops. */
#include "data/session_parts.h"
#include "support/oracle_session.h"
#include "support/support.h"

#define N_SESSIONS 120
#define N_ITEMS 60
#define N_USERS 30

static rb_part part_of(const uint8_t *part, int64_t k, bool refit)
{
    return refit && part[k] == RB_PART_VALIDATION ? RB_PART_TRAIN : (rb_part)part[k];
}

static int64_t support_of(const rb_sessions *all, const uint8_t *part, bool refit, int item)
{
    int64_t n = 0;
    for (int64_t k = 0; k < all->n; k++)
        for (int64_t e = all->begin[k]; e < all->begin[k + 1]; e++)
            n += part_of(part, k, refit) == RB_PART_TRAIN && all->item[e] == item &&
                 all->begin[k + 1] - all->begin[k] >= 2;
    return n;
}

static void check_part(const rb_session_parts *got, const rb_sessions *all, const uint8_t *part, rb_part p, bool refit)
{
    const rb_sessions *left = &got->part[p].left;
    int64_t session = 0, event = 0, n_sessions = 0;
    for (int64_t k = 0; k < all->n; k++) {
        int64_t n = 0;
        if (part_of(part, k, refit) != p)
            continue;
        n_sessions++;
        for (int64_t e = all->begin[k]; e < all->begin[k + 1]; e++)
            n += support_of(all, part, refit, all->item[e]) >= RB_SESSION_SUPPORT;
        if (n < 2)
            continue;
        assert_int_equal(left->user[session], all->user[k]);
        assert_int_equal(left->begin[session++], event);
        for (int64_t e = all->begin[k]; e < all->begin[k + 1]; e++)
            if (support_of(all, part, refit, all->item[e]) >= RB_SESSION_SUPPORT) {
                assert_int_equal(left->item[event], all->item[e]);
                assert_int_equal(left->time[event++], all->time[e]);
            }
    }
    assert_int_equal(left->n, session);
    assert_int_equal(left->n_events, event);
    assert_int_equal(left->begin[session], event);
    assert_int_equal(got->part[p].n_sessions, n_sessions);
}

static void parts_are_pruned_by_the_support_in_training(void **unused)
{
    (void)unused;
    rb_sessions all;
    uint8_t part[N_SESSIONS];
    oracle_sessions_walk(&all, N_SESSIONS, N_ITEMS, N_USERS, 5);
    for (int k = 0; k < N_SESSIONS; k++)
        part[k] = k % 3 == 0 ? RB_PART_TEST : k % 3 == 1 ? RB_PART_VALIDATION : RB_PART_TRAIN;
    for (int refit = 0; refit < 2; refit++) {
        rb_error err = { 0 };
        rb_session_parts got = { 0 };
        assert_ok(rb_session_parts_build(&got, &all, part, N_ITEMS, refit, &rb_test_ctx, &err), &err);
        for (rb_part p = RB_PART_TRAIN; p <= RB_PART_TEST; p++)
            check_part(&got, &all, part, p, refit);
        assert_true(got.n_items_left < got.n_items); /* else nothing was tested */
        assert_true((got.part[RB_PART_VALIDATION].left.n == 0) == refit);
        rb_session_parts_fini(&got);
    }
    rb_sessions_fini(&all);
}

/* Sessions of one event are none, in no part, and add nothing to the support. */
static void short_sessions_and_rare_items_go(void **unused)
{
    (void)unused;
    static const int32_t pair[] = { 0, 1, -1 }, single[] = { 2, -1 }, rare[] = { 0, 2, -1 }, empty[] = { -1 };
    static const int32_t *const lists[] = { pair,   pair,   pair,   pair,  pair, single, single,
                                            single, single, single, empty, pair, rare };
    uint8_t part[13] = { 0 };
    rb_sessions all;
    rb_error err = { 0 };
    rb_session_parts got = { 0 };
    part[11] = part[12] = RB_PART_TEST;
    oracle_sessions_make(&all, lists, 13, NULL, NULL);
    assert_ok(rb_session_parts_build(&got, &all, part, 3, false, &rb_test_ctx, &err), &err);
    assert_int_equal(got.part[RB_PART_TRAIN].left.n, 5);
    assert_int_equal(got.part[RB_PART_TEST].left.n, 1);
    assert_int_equal(got.part[RB_PART_TEST].n_events, 4);
    assert_int_equal(got.n_items, 3);
    assert_int_equal(got.n_items_left, 2);
    rb_session_parts_fini(&got);
    rb_sessions_fini(&all);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(parts_are_pruned_by_the_support_in_training),
                                        cmocka_unit_test(short_sessions_and_rare_items_go) };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
