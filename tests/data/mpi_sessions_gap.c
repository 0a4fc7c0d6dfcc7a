/* Sessions cut from histories, against plain loops. */
#include <string.h>

#include "base/rng.h"
#include "data/sessions_gap.h"
#include "support/support.h"

#define N 900
#define N_USERS 40
#define N_ITEMS 50

static int32_t user_of(int64_t row)
{
    return (int32_t)(rb_mix(1, (uint64_t)row) % N_USERS);
}

/* Few moments, so that some are equal. */
static int64_t time_of(int64_t row)
{
    return (int64_t)(rb_mix(2, (uint64_t)row) % 300) * 10 - 500;
}

static void make(rb_dataset *d, bool with_time)
{
    rb_error err = { 0 };
    int64_t begin[64];
    rb_interactions *x = &d->interactions;
    memset(d, 0, sizeof *d);
    assert_ok(rb_interactions_alloc(x, N, false, with_time, &rb_test_ctx, &err), &err);
    d->has_interactions = true;
    d->name = rb_strdup("made", &err);
    x->n_users = N_USERS;
    x->n_items = N_ITEMS;
    for (int64_t row = 0; row < N && rb_test_ctx.rank == 0; row++) {
        ((int32_t *)x->user_memory.data)[row] = user_of(row);
        ((int32_t *)x->item_memory.data)[row] = (int32_t)(row % N_ITEMS);
        if (with_time)
            ((int64_t *)x->time_memory.data)[row] = time_of(row);
    }
    for (int r = 0; r <= rb_test_ctx.n_ranks; r++)
        begin[r] = r == 0 ? 0 : N;
    rb_interactions_publish(x, begin, &rb_test_ctx);
}

/* The row of the user that comes next in time behind (time, row), or -1. */
static int64_t next_row(int32_t user, int64_t time, int64_t row)
{
    int64_t best = -1;
    for (int64_t r = 0; r < N; r++) {
        bool behind = time_of(r) > time || (time_of(r) == time && r > row);
        if (user_of(r) == user && behind && (best < 0 || time_of(r) < time_of(best)))
            best = r;
    }
    return best;
}

static void check(const rb_sessions *s, int64_t gap)
{
    int64_t session = 0, event = 0;
    for (int32_t u = 0; u < N_USERS; u++) {
        int64_t rows[N], n = 0;
        for (int64_t r = next_row(u, INT64_MIN, -1); r >= 0; r = next_row(u, time_of(r), r))
            rows[n++] = r;
        for (int64_t at = 0, end; at < n; at = end) {
            for (end = at + 1; end < n && (gap == 0 || time_of(rows[end]) - time_of(rows[end - 1]) <= gap);)
                end++;
            if (end - at < 2)
                continue;
            assert_int_equal(s->user[session], u);
            assert_int_equal(s->begin[session++], event);
            for (int64_t k = at; k < end; k++, event++) {
                assert_int_equal(s->item[event], rows[k] % N_ITEMS);
                assert_int_equal(s->time[event], time_of(rows[k]));
            }
        }
    }
    assert_int_equal(s->n, session);
    assert_int_equal(s->n_events, event);
    assert_int_equal(s->begin[session], event);
}

static void histories_are_cut_at_pauses(void **unused)
{
    (void)unused;
    static const int64_t gaps[] = { 0, 10, 100, 1000000 };
    for (int g = 0; g < 4; g++) {
        rb_dataset d;
        rb_error err = { 0 };
        make(&d, true);
        assert_ok(rb_sessions_by_gap(&d, gaps[g], &rb_test_ctx, &err), &err);
        check(&d.sessions, gaps[g]);
        assert_true(gaps[g] != 10 || d.sessions.n_events < N);                         /* single interactions went */
        assert_int_equal(rb_sessions_by_gap(&d, 5, &rb_test_ctx, &err), RB_BAD_INPUT); /* it has sessions now */
        rb_dataset_fini(&d);
    }
}

static void without_times_there_are_none(void **unused)
{
    (void)unused;
    rb_dataset d;
    rb_error err = { 0 };
    make(&d, false);
    assert_int_equal(rb_sessions_by_gap(&d, 5, &rb_test_ctx, &err), RB_BAD_INPUT);
    rb_dataset_fini(&d);
}

static void a_failed_allocation_of_the_first_rank_is_known_to_all(void **unused)
{
    (void)unused;
    for (int64_t nth = 1; nth <= 2; nth++) {
        rb_dataset d;
        rb_error err = { 0 };
        make(&d, true);
        rb_alloc_fail_nth(rb_test_ctx.rank == 0 ? nth : 0);
        assert_int_equal(rb_sessions_by_gap(&d, 10, &rb_test_ctx, &err), RB_NO_MEMORY);
        rb_alloc_fail_nth(0);
        rb_dataset_fini(&d);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histories_are_cut_at_pauses),
        cmocka_unit_test(without_times_there_are_none),
        cmocka_unit_test(a_failed_allocation_of_the_first_rank_is_known_to_all),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
