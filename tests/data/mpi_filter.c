/* Filters: equal to dropping one user or item at a time, for any number of ranks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/filter.h"
#include "data/synth.h"
#include "support/support.h"

static rb_dataset made(int64_t sessions)
{
    rb_error err = { 0 };
    rb_synth c = { 0 };
    rb_dataset d = { 0 };
    rb_params_default(&c, rb_synth_params);
    c.users = 80;
    c.items = 60;
    c.ratings = 700;
    c.sessions = sessions;
    assert_ok(rb_dataset_synth(&d, &c, 3, &rb_test_ctx, &err), &err);
    return d;
}

static rb_filter filter_of(double threshold, int64_t user_core, int64_t item_core)
{
    return (rb_filter){ .threshold = threshold, .user_core = user_core, .item_core = item_core };
}

/* What is left, found by dropping the first poor user or item that is met, then starting anew. */
typedef struct {
    uint8_t row[700], user[80], item[60];
} survivors;

static bool drop_one(survivors *s, const rb_interactions *x, const rb_filter *f)
{
    for (int32_t who = 0; who < 140; who++) {
        bool is_user = who < 80;
        uint8_t *alive = is_user ? &s->user[who] : &s->item[who - 80];
        int64_t n = 0;
        for (int64_t row = 0; row < x->n; row++)
            n += s->row[row] && (is_user ? x->user[row] == who : x->item[row] == who - 80);
        if (!*alive || n >= (is_user ? f->user_core : f->item_core))
            continue;
        *alive = 0;
        for (int64_t row = 0; row < x->n; row++)
            if (is_user ? x->user[row] == who : x->item[row] == who - 80)
                s->row[row] = 0;
        return true;
    }
    return false;
}

static survivors survivors_of(const rb_dataset *d, const rb_filter *f)
{
    survivors s;
    memset(&s, 1, sizeof s);
    for (int64_t row = 0; row < d->interactions.n; row++)
        s.row[row] = (double)d->interactions.rating[row] >= f->threshold;
    while (drop_one(&s, &d->interactions, f))
        continue;
    return s;
}

static int32_t number_of(const rb_ids *ids, int32_t index)
{
    char buffer[32];
    return (int32_t)strtol(rb_ids_name(buffer, ids, index), NULL, 10); /* generated ids are the old numbers */
}

static void assert_rows(const rb_dataset *got, const rb_dataset *all, const survivors *s)
{
    int64_t at = 0;
    for (int64_t row = 0; row < all->interactions.n; row++) {
        if (!s->row[row])
            continue;
        assert_true(at < got->interactions.n);
        assert_int_equal(number_of(&got->users, got->interactions.user[at]), all->interactions.user[row]);
        assert_int_equal(number_of(&got->items, got->interactions.item[at]), all->interactions.item[row]);
        assert_true(got->interactions.rating[at] == all->interactions.rating[row]);
        assert_int_equal(got->interactions.time[at], all->interactions.time[row]);
        at++;
    }
    assert_int_equal(got->interactions.n, at);
    assert_int_equal(got->interactions.n_users, got->users.n);
    assert_int_equal(got->interactions.n_items, got->items.n);
    assert_true(got->interactions.min_rating == 0.5f && got->interactions.max_rating == 5.0f);
}

static void assert_descriptions(const rb_dataset *got, const rb_dataset *all, const survivors *s)
{
    int32_t n_users = 0, n_items = 0;
    for (int32_t u = 0; u < 80; u++)
        n_users += s->user[u];
    for (int32_t i = 0; i < 60; i++)
        n_items += s->item[i];
    assert_int_equal(got->users.n, n_users);
    assert_int_equal(got->items.n, n_items);
    assert_int_equal(got->catalogue.n, n_items);
    for (int32_t u = 0; u < n_users; u++)
        assert_int_equal(got->user_segment[u], all->user_segment[number_of(&got->users, u)]);
    for (int32_t i = 0; i < n_items; i++) {
        int32_t old = number_of(&got->items, i);
        assert_int_equal(got->catalogue.topic[i], all->catalogue.topic[old]);
        assert_string_equal(rb_strings_at(&got->catalogue.column[RB_COLUMN_TITLE], i),
                            rb_strings_at(&all->catalogue.column[RB_COLUMN_TITLE], old));
    }
}

static void a_filter_leaves_what_dropping_one_by_one_leaves(void **unused)
{
    (void)unused;
    const rb_filter filters[] = { filter_of(4, 0, 0), filter_of(-INFINITY, 5, 8), filter_of(3, 5, 6),
                                  filter_of(-INFINITY, 0, 10), filter_of(-INFINITY, 8, 0) };
    for (size_t k = 0; k < sizeof filters / sizeof *filters; k++) {
        rb_error err = { 0 };
        rb_dataset all = made(0), got = made(0);
        survivors s = survivors_of(&all, &filters[k]);
        assert_ok(rb_dataset_filter(&got, &filters[k], &rb_test_ctx, &err), &err);
        assert_rows(&got, &all, &s);
        assert_descriptions(&got, &all, &s);
        assert_memory_not_equal(&got.digest, &all.digest, sizeof got.digest);
        rb_dataset_fini(&all);
        rb_dataset_fini(&got);
    }
}

static void a_threshold_drops_neither_users_nor_items(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_dataset d = made(0);
    rb_filter f = filter_of(5, 0, 0);
    assert_ok(rb_dataset_filter(&d, &f, &rb_test_ctx, &err), &err);
    assert_int_equal(d.users.n, 80);
    assert_int_equal(d.items.n, 60);
    assert_true(d.interactions.n < 350);
    rb_dataset_fini(&d);
}

/* Events of kept users and items in their order; sessions with fewer than two of them are gone. */
static void sessions_follow_the_core(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_dataset all = made(600), got = made(600);
    rb_filter f = filter_of(-INFINITY, 6, 7);
    survivors v = survivors_of(&all, &f);
    assert_ok(rb_dataset_filter(&got, &f, &rb_test_ctx, &err), &err);
    int64_t session = 0, event = 0;
    for (int64_t k = 0; k < all.sessions.n; k++) {
        int64_t n = 0;
        for (int64_t e = all.sessions.begin[k]; e < all.sessions.begin[k + 1]; e++)
            n += v.item[all.sessions.item[e]];
        if (!v.user[all.sessions.user[k]] || n < 2)
            continue;
        assert_int_equal(number_of(&got.users, got.sessions.user[session]), all.sessions.user[k]);
        assert_int_equal(got.sessions.device[session], all.sessions.device[k]);
        assert_int_equal(got.sessions.begin[session++], event);
        for (int64_t e = all.sessions.begin[k]; e < all.sessions.begin[k + 1]; e++) {
            if (!v.item[all.sessions.item[e]])
                continue;
            assert_int_equal(number_of(&got.items, got.sessions.item[event]), all.sessions.item[e]);
            assert_int_equal(got.sessions.time[event], all.sessions.time[e]);
            assert_true(got.sessions.completion[event++] == all.sessions.completion[e]);
        }
    }
    assert_int_equal(got.sessions.n, session);
    assert_int_equal(got.sessions.n_events, event);
    assert_int_equal(got.sessions.begin[session], event);
    assert_true(session > 0 && session < all.sessions.n);
    rb_dataset_fini(&all);
    rb_dataset_fini(&got);
}

static void no_filter_changes_nothing(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_dataset d = made(0), all = made(0);
    rb_filter f = rb_filter_none();
    assert_true(rb_filter_is_none(&f));
    assert_ok(rb_dataset_filter(&d, &f, &rb_test_ctx, &err), &err);
    assert_memory_equal(&d.digest, &all.digest, sizeof d.digest);
    rb_dataset_fini(&d);
    rb_dataset_fini(&all);
}

static void assert_refused(rb_dataset *d, rb_filter f, const char *words)
{
    rb_error err = { 0 };
    assert_int_equal(rb_dataset_filter(d, &f, &rb_test_ctx, &err), RB_BAD_INPUT);
    if (!strstr(err.message, words))
        fail_msg("'%s' lacks '%s'", err.message, words);
}

static void bad_filters_are_refused_in_words(void **unused)
{
    (void)unused;
    rb_dataset d = made(0);
    rb_dataset bare = { .name = d.name };
    rb_dataset unrated = d;
    unrated.interactions.rating = NULL;
    assert_refused(&d, filter_of(6, 0, 0), "leaves no interaction (threshold 6");
    assert_refused(&d, filter_of(-INFINITY, 1000, 1000), "user_core 1000");
    assert_refused(&d, filter_of(-INFINITY, -1, 0), "k-core");
    assert_refused(&d, filter_of(NAN, 0, 0), "not a number");
    assert_refused(&bare, filter_of(3, 0, 0), "needs interactions");
    assert_refused(&unrated, filter_of(3, 0, 0), "no ratings");
    rb_dataset_fini(&d);
}

static void a_failed_allocation_on_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    rb_status status = RB_NO_MEMORY;
    rb_filter f = filter_of(1, 3, 3);
    for (int64_t nth = 1; status != RB_OK; nth += nth < 40 ? 1 : 5) {
        rb_error err = { 0 };
        rb_dataset d = made(200);
        assert_true(nth < 2000);
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        status = rb_dataset_filter(&d, &f, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        assert_true(status == RB_OK || status == RB_NO_MEMORY);
        rb_dataset_fini(&d);
    }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_leaves_what_dropping_one_by_one_leaves),
        cmocka_unit_test(a_threshold_drops_neither_users_nor_items),
        cmocka_unit_test(sessions_follow_the_core),
        cmocka_unit_test(no_filter_changes_nothing),
        cmocka_unit_test(bad_filters_are_refused_in_words),
        cmocka_unit_test(a_failed_allocation_on_one_rank_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
