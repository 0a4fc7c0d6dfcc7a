/* Splits: equal to their definitions for any number of ranks, exact in their counts, and clear in their refusals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/read.h"
#include "data/synth.h"
#include "support/oracle_split.h"
#include "support/support.h"

#define SEED 7

static rb_dataset data; /* with many equal times */

static rb_split split_of(int kind)
{
    rb_split s = { 0 };
    rb_params_default(&s, rb_split_params);
    s.kind = kind;
    s.validation = 0.15;
    return s;
}

static int make_data(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_synth c = { 0 };
    rb_params_default(&c, rb_synth_params);
    c.users = 70;
    c.items = 90;
    c.ratings = 1203;
    c.sessions = 900;
    c.days = 30;
    c.topics = 5;
    assert_ok(rb_dataset_synth(&data, &c, SEED, &rb_test_ctx, &err), &err);
    int64_t *time = data.interactions.time_memory.data;
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.node_rank == 0)
        for (int64_t row = 0; row < data.interactions.n; row++)
            time[row] = time[row] / 259200 * 259200 - (row % 2 ? 1577836800 + 864000 : 0); /* also before 1970 */
    rb_shared_publish_from(&data.interactions.time_memory, 0, &rb_test_ctx);
    return 0;
}

static int release(void **unused)
{
    (void)unused;
    rb_dataset_fini(&data);
    return 0;
}

static rb_parts parts_of(const rb_split *s, int64_t fold)
{
    rb_error err = { 0 };
    rb_parts p = { 0 };
    assert_ok(rb_split_fold(&p, s, &data, fold, SEED, &rb_test_ctx, &err), &err);
    return p;
}

static void assert_as_defined(const rb_split *s)
{
    uint8_t *wanted = calloc((size_t)data.interactions.n, 1);
    for (int64_t fold = 0; fold < rb_split_n_folds(s); fold++) {
        rb_parts p = parts_of(s, fold);
        oracle_split(wanted, s, &data, fold, SEED);
        for (int64_t row = 0; row < data.interactions.n; row++)
            if (p.row[row] != wanted[row])
                fail_msg("kind %d fold %lld row %lld: part %d, expected %d", s->kind, (long long)fold, (long long)row,
                         p.row[row], wanted[row]);
        rb_parts_fini(&p);
    }
    free(wanted);
}

static void every_kind_is_as_defined(void **unused)
{
    (void)unused;
    const int kinds[] = { RB_SPLIT_RANDOM, RB_SPLIT_PER_USER,    RB_SPLIT_LEAVE_LAST_OUT, RB_SPLIT_TEMPORAL,
                          RB_SPLIT_K_FOLD, RB_SPLIT_LOO_SAMPLED, RB_SPLIT_EVERY_NTH,      RB_SPLIT_STRONG_TITLES };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        rb_split s = split_of(kinds[k]);
        assert_as_defined(&s);
        s.validation = 0;
        assert_as_defined(&s);
        s.test = 0.5;
        s.validation = 0.4999999;
        s.folds = 3;
        s.every = 4;
        s.offset = 3;
        assert_as_defined(&s);
    }
}

static void each_row_is_test_in_exactly_one_fold(void **unused)
{
    (void)unused;
    rb_split s = split_of(RB_SPLIT_K_FOLD);
    int32_t *n_tests = calloc((size_t)data.interactions.n, sizeof *n_tests);
    for (int64_t fold = 0; fold < s.folds; fold++) {
        int64_t n[RB_N_PARTS] = { 0 };
        rb_parts p = parts_of(&s, fold);
        for (int64_t row = 0; row < p.n_rows; row++) {
            n[p.row[row]]++;
            n_tests[row] += p.row[row] == RB_PART_TEST;
        }
        assert_true(n[RB_PART_TEST] == 240 || n[RB_PART_TEST] == 241);
        assert_int_equal(n[RB_PART_VALIDATION], 180); /* 0.15 x 1203 = 180.45 */
        rb_parts_fini(&p);
    }
    for (int64_t row = 0; row < data.interactions.n; row++)
        assert_int_equal(n_tests[row], 1);
    free(n_tests);
}

static void strong_holds_out_whole_users_and_reveals_a_share(void **unused)
{
    (void)unused;
    rb_split s = split_of(RB_SPLIT_STRONG);
    rb_parts p = parts_of(&s, 0);
    int64_t n_roles[RB_N_PARTS] = { 0 };
    for (int32_t u = 0; u < data.users.n; u++) {
        int64_t n[RB_N_PARTS] = { 0 }, all = 0;
        for (int64_t row = 0; row < p.n_rows; row++)
            if (data.interactions.user[row] == u) {
                n[p.row[row]]++;
                all++;
            }
        int role = n[RB_PART_TEST] ? RB_PART_TEST : n[RB_PART_VALIDATION] ? RB_PART_VALIDATION : RB_PART_TRAIN;
        n_roles[role]++;
        if (role == RB_PART_TRAIN) {
            assert_true(n[RB_PART_TRAIN] == all || (all == 1 && n[RB_PART_REVEALED] == 1));
            continue;
        }
        int64_t revealed = (int64_t)floor(0.8 * (double)all + 0.5);
        revealed = revealed > all - 1 ? all - 1 : revealed;
        assert_int_equal(n[RB_PART_REVEALED], revealed);
        assert_int_equal(n[role], all - revealed);
    }
    assert_int_equal(n_roles[RB_PART_TEST], 14);       /* 0.2 x 70 */
    assert_int_equal(n_roles[RB_PART_VALIDATION], 11); /* 0.15 x 70 = 10.5 */
    rb_parts_fini(&p);
}

static void strong_titles_holds_out_whole_titles(void **unused)
{
    (void)unused;
    rb_split s = split_of(RB_SPLIT_STRONG_TITLES);
    rb_parts p = parts_of(&s, 0);
    int64_t n_titles[RB_N_PARTS] = { 0 }, n_rated = 0;
    for (int32_t i = 0; i < data.items.n; i++) {
        int part = -1;
        for (int64_t row = 0; row < p.n_rows; row++)
            if (data.interactions.item[row] == i) {
                assert_true(part < 0 || part == p.row[row]);
                part = p.row[row];
            }
        if (part >= 0)
            n_titles[part]++;
        n_rated += part >= 0;
    }
    assert_int_equal(n_rated, data.items.n);
    assert_int_equal(n_titles[RB_PART_TEST], 18);       /* 0.2 x 90 */
    assert_int_equal(n_titles[RB_PART_VALIDATION], 14); /* 0.15 x 90 = 13.5 */
    rb_parts_fini(&p);
}

/* The session of its user that started last before the rating, sought among all. */
static uint8_t part_of_session(int64_t row, const uint8_t *session)
{
    const rb_sessions *s = &data.sessions;
    int64_t best = -1;
    for (int64_t k = 0; k < s->n; k++)
        if (s->user[k] == data.interactions.user[row] && s->time[s->begin[k]] <= data.interactions.time[row] &&
            (best < 0 || s->time[s->begin[k]] >= s->time[s->begin[best]]))
            best = k;
    return best < 0 ? RB_PART_TRAIN : session[best];
}

static void sessions_are_split_by_start_and_ratings_follow(void **unused)
{
    (void)unused;
    rb_split s = split_of(RB_SPLIT_SESSIONS);
    rb_parts p = parts_of(&s, 0);
    int64_t n[RB_N_PARTS] = { 0 }, first[RB_N_PARTS] = { INT64_MAX, INT64_MAX, INT64_MAX },
            last[RB_N_PARTS] = { INT64_MIN, INT64_MIN, INT64_MIN };
    for (int64_t k = 0; k < p.n_sessions; k++) {
        int part = p.session[k];
        int64_t start = data.sessions.time[data.sessions.begin[k]];
        n[part]++;
        first[part] = start < first[part] ? start : first[part];
        last[part] = start > last[part] ? start : last[part];
    }
    assert_int_equal(n[RB_PART_TEST], 180);
    assert_int_equal(n[RB_PART_VALIDATION], 135);
    assert_true(last[RB_PART_TRAIN] <= first[RB_PART_VALIDATION] && last[RB_PART_VALIDATION] <= first[RB_PART_TEST]);
    for (int64_t row = 0; row < p.n_rows; row++)
        assert_int_equal(p.row[row], part_of_session(row, p.session));
    rb_parts_fini(&p);
}

/* Rows 10 .. 19 as a file of pairs. */
static void write_pairs(const char *path, int64_t from, int64_t to)
{
    if (rb_test_ctx.rank == 0) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fprintf(f, "userId,movieId,rating,timestamp\n");
        for (int64_t row = from; row < to; row++)
            fprintf(f, "%d,%d,%g,0\n", data.interactions.user[row], data.interactions.item[row],
                    (double)data.interactions.rating[row]);
        fclose(f);
    }
    rb_barrier(&rb_test_ctx);
}

static void files_say_which_pairs_are_which(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char name[3][64];
    int64_t pid = getpid();
    rb_bcast(&rb_test_ctx, &pid, sizeof pid, 0);
    const int64_t begin[] = { 0, 900, 1000, 1100 };
    for (int k = 0; k < 3; k++) {
        snprintf(name[k], sizeof name[k], "/tmp/rb_split_%lld_%d.csv", (long long)pid, k);
        write_pairs(name[k], begin[k], begin[k + 1]);
    }
    rb_split s = split_of(RB_SPLIT_FILES);
    s.train_file = name[0];
    s.validation_file = name[1];
    s.test_file = name[2];
    rb_parts p = parts_of(&s, 0);
    for (int64_t row = 0; row < p.n_rows; row++)
        assert_int_equal(p.row[row], row < 900    ? RB_PART_TRAIN
                                     : row < 1000 ? RB_PART_VALIDATION
                                     : row < 1100 ? RB_PART_TEST
                                                  : RB_PART_NONE);
    rb_parts_fini(&p);
    s.validation_file = name[2];
    assert_int_equal(rb_split_fold(&p, &s, &data, 0, SEED, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "another file"));
    rb_barrier(&rb_test_ctx);
    for (int k = 0; k < 3 && rb_test_ctx.rank == 0; k++)
        unlink(name[k]);
}

static void negatives_are_distinct_unseen_and_equally_likely(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_ratings all = { 0 };
    int32_t item[90];
    int64_t n_drawn[90] = { 0 };
    assert_ok(rb_ratings_build(&all, &data.interactions, NULL, 1u << RB_PART_TRAIN, -INFINITY, &rb_test_ctx, &err),
              &err);
    for (int32_t u = 0; u < data.users.n; u++) {
        int64_t unseen = 90 - (all.user_begin[u + 1] - all.user_begin[u]);
        for (int64_t n = 1; n < 90; n += 22) {
            int64_t given = rb_split_negatives(item, n, u, &all, SEED);
            assert_int_equal(given, n < unseen ? n : unseen);
            for (int64_t k = 0; k < given; k++)
                assert_true(!rb_ratings_has(&all, u, item[k]) && (k == 0 || item[k - 1] < item[k]));
        }
    }
    /* 4,000 sets of 5 out of one user's unseen items: each about 4,000 x 5 / unseen times. */
    int64_t unseen = 90 - (all.user_begin[1] - all.user_begin[0]);
    for (uint64_t seed = 0; seed < 4000; seed++)
        for (int64_t k = 0, n = rb_split_negatives(item, 5, 0, &all, seed); k < n; k++)
            n_drawn[item[k]]++;
    for (int32_t i = 0; i < 90; i++)
        if (!rb_ratings_has(&all, 0, i))
            assert_true(fabs((double)n_drawn[i] - 20000.0 / (double)unseen) < 6 * sqrt(20000.0 / (double)unseen));
    rb_ratings_fini(&all);
}

static void assert_refused(rb_split s, const rb_dataset *d, const char *words)
{
    rb_error err = { 0 };
    rb_parts p = { 0 };
    assert_int_equal(rb_split_fold(&p, &s, d, 0, SEED, &rb_test_ctx, &err), RB_BAD_INPUT);
    if (!strstr(err.message, words))
        fail_msg("'%s' lacks '%s'", err.message, words);
    assert_null(p.row);
}

static void bad_splits_are_refused_in_words(void **unused)
{
    (void)unused;
    rb_dataset timeless = data, bare = data;
    timeless.interactions.time = NULL;
    bare.has_sessions = false;
    rb_split s = split_of(RB_SPLIT_RANDOM);
    s.test = 0.9;
    assert_refused(s, &data, "leave nothing to train on");
    assert_refused(split_of(RB_SPLIT_TEMPORAL), &timeless, "needs times");
    assert_refused(split_of(RB_SPLIT_LEAVE_LAST_OUT), &timeless, "needs times");
    assert_refused(split_of(RB_SPLIT_SESSIONS), &bare, "needs sessions");
    assert_refused(split_of(RB_SPLIT_TITLES), &data, "kind strong_titles holds out titles with theirs");
    assert_refused(split_of(RB_SPLIT_FILES), &data, "train_file");
    s = split_of(RB_SPLIT_EVERY_NTH);
    s.offset = 5;
    assert_refused(s, &data, "split.offset");
    s = split_of(RB_SPLIT_K_FOLD);
    s.folds = 1300;
    s.validation = 0;
    assert_refused(s, &data, "1203 interactions");
}

static void a_failed_allocation_on_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    const int kinds[] = { RB_SPLIT_RANDOM, RB_SPLIT_PER_USER, RB_SPLIT_STRONG, RB_SPLIT_SESSIONS,
                          RB_SPLIT_STRONG_TITLES };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        rb_split s = split_of(kinds[k]);
        rb_status status = RB_NO_MEMORY;
        for (int64_t nth = 1; status != RB_OK; nth++) {
            rb_error err = { 0 };
            rb_parts p = { 0 };
            assert_true(nth < 100);
            rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
            status = rb_split_fold(&p, &s, &data, 0, SEED, &rb_test_ctx, &err);
            rb_alloc_fail_nth(0);
            assert_true(status == RB_OK || status == RB_NO_MEMORY);
            rb_parts_fini(&p);
        }
    }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_as_defined),
        cmocka_unit_test(each_row_is_test_in_exactly_one_fold),
        cmocka_unit_test(strong_holds_out_whole_users_and_reveals_a_share),
        cmocka_unit_test(strong_titles_holds_out_whole_titles),
        cmocka_unit_test(sessions_are_split_by_start_and_ratings_follow),
        cmocka_unit_test(files_say_which_pairs_are_which),
        cmocka_unit_test(negatives_are_distinct_unseen_and_equally_likely),
        cmocka_unit_test(bad_splits_are_refused_in_words),
        cmocka_unit_test(a_failed_allocation_on_one_rank_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, make_data, release));
}
