/* The ranking pass against a dense oracle, for any ranks and threads; its edges and its failures. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/ranking.h"
#include "support/support.h"
#include "support/world_eval.h"

static const char *const definitions[] = {
    "precision:k",     "precision:len", "precision:micro-min", "recall:rel",   "recall:min", "f1:user",
    "f1:mean",         "ndcg:bin-min",  "ndcg:bin-rel",        "ndcg:exp-min", "map:min",    "map:rel",
    "mrr:k",           "hit_rate",      "item_coverage",       "gini",         "entropy",    "novelty",
    "diversity:genre", "serendipity",   "popularity_bias",
};
enum { N_DEFINITIONS = sizeof definitions / sizeof *definitions, MAX_METRICS = 4 * N_DEFINITIONS + 1 };
static const int cutoffs[] = { 1, 3, 10, 400 };

static int all_metrics(rb_metric *metrics)
{
    rb_error err = { 0 };
    int n = 0;
    for (int c = 0; c < 4; c++)
        for (int d = 0; d < N_DEFINITIONS; d++) {
            char id[64];
            snprintf(id, sizeof id, "%s@%d", definitions[d], cutoffs[c]);
            assert_ok(rb_metric_parse(&metrics[n++], id, &err), &err);
            assert_string_equal(metrics[n - 1].id, id);
        }
    assert_ok(rb_metric_parse(&metrics[n++], "auc", &err), &err);
    return n;
}

static void compare_with_oracle(world_eval *w, rb_ties ties, rb_precision precision)
{
    rb_metric metrics[MAX_METRICS];
    rb_error err = { 0 };
    rb_ranking r;
    rb_scorer scorer = world_eval_scorer(w, precision);
    rb_ranking_rules rules = world_eval_rules(w, ties);
    int n = all_metrics(metrics);
    w->oracle.key = ties == RB_TIES_INDEX ? NULL : world_eval_tie_key;
    assert_ok(rb_rank(&r, &scorer, &rules, &w->test, &w->facts, metrics, n, 0, &rb_test_ctx, &err), &err);
    for (int m = 0; m < n; m++) {
        double expected = oracle_metric(&w->oracle, metrics[m].definition, (int)metrics[m].cutoff);
        assert_int_equal(r.value[m].mean.state, isnan(expected) ? RB_VALUE_NOT_APPLICABLE : RB_VALUE_OK);
        if (!isnan(expected))
            rb_test_near(r.value[m].mean.value, expected, 1e-12, metrics[m].id, __FILE__, __LINE__);
    }
    int *list = world_eval_zeroed((size_t)w->n_items, sizeof *list);
    for (int32_t p = 0; p < r.lists.n; p++) {
        int length = oracle_ranking(list, &w->oracle, r.lists.user[p]);
        for (int32_t j = 0; j < r.lists.k; j++) {
            assert_int_equal(r.lists.item[(int64_t)p * r.lists.k + j], j < length ? list[j] : -1);
            double score = r.lists.score[(int64_t)p * r.lists.k + j];
            assert_true(j < length ? score == w->score[(int64_t)r.lists.user[p] * w->n_items + list[j]] : isnan(score));
        }
    }
    free(list);
    rb_ranking_fini(&r);
}

static void every_metric_equals_the_dense_oracle(void **unused)
{
    (void)unused;
    static const int shapes[][3] = { { 90, 50, 7 }, { 70, 30, 1000000 }, { 1, 60, 3 }, { 300, 1, 2 }, { 3, 600, 50 } };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        world_eval w;
        world_eval_init(&w, shapes[s][0], shapes[s][1], shapes[s][2]);
        for (rb_ties ties = RB_TIES_HASH; ties <= RB_TIES_BOUNDS; ties++)
            for (rb_precision precision = RB_SINGLE; precision <= RB_DOUBLE_PRECISION; precision++)
                compare_with_oracle(&w, ties, precision);
        world_eval_fini(&w);
    }
}

/* One rank of its own is the reference; the bits of all ranks with 1, 2 and 3 threads must be the same. */
static void the_bits_do_not_depend_on_ranks_or_threads(void **unused)
{
    (void)unused;
    world_eval w;
    rb_metric metrics[MAX_METRICS];
    rb_error err = { 0 };
    rb_ranking one, r;
    rb_ctx alone;
    int n = all_metrics(metrics);
    rb_ctx_serial(&alone, 1);
    world_eval_init(&w, 500, 60, 40);
    rb_scorer scorer = world_eval_scorer(&w, RB_SINGLE);
    rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_BOUNDS);
    assert_ok(rb_rank(&one, &scorer, &rules, &w.test, &w.facts, metrics, n, 0, &alone, &err), &err);
    rb_ctx ctx = rb_test_ctx;
    for (ctx.n_threads = 1; ctx.n_threads <= 3; ctx.n_threads++) {
        assert_ok(rb_rank(&r, &scorer, &rules, &w.test, &w.facts, metrics, n, 0, &ctx, &err), &err);
        assert_int_equal(r.n_evaluated, one.n_evaluated);
        assert_memory_equal(r.per_user, one.per_user, (size_t)one.n_evaluated * (size_t)n * sizeof(double));
        size_t places = (size_t)one.lists.n * (size_t)one.lists.k;
        assert_memory_equal(r.lists.item, one.lists.item, places * sizeof(int32_t));
        assert_memory_equal(r.lists.score, one.lists.score, places * sizeof(double));
        for (int m = 0; m < n; m++) {
            assert_memory_equal(&r.value[m].mean.value, &one.value[m].mean.value, sizeof(double));
            assert_memory_equal(&r.value[m].best.value, &one.value[m].best.value, sizeof(double));
            assert_memory_equal(&r.value[m].worst.value, &one.value[m].worst.value, sizeof(double));
            assert_int_equal(r.value[m].n_users, one.value[m].n_users);
        }
        rb_ranking_fini(&r);
    }
    rb_ranking_fini(&one);
    world_eval_fini(&w);
}

/* best >= any order >= worst; where nothing is tied all three are equal. */
static void bounds_enclose_every_order_of_ties(void **unused)
{
    (void)unused;
    for (int tied = 0; tied < 2; tied++) {
        world_eval w;
        rb_metric metrics[MAX_METRICS];
        rb_error err = { 0 };
        rb_ranking r;
        int n = all_metrics(metrics), n_open = 0;
        world_eval_init(&w, 80, 60, tied ? 3 : 1 << 30);
        rb_scorer scorer = world_eval_scorer(&w, RB_DOUBLE_PRECISION);
        rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_BOUNDS);
        assert_ok(rb_rank(&r, &scorer, &rules, &w.test, &w.facts, metrics, n, 0, &rb_test_ctx, &err), &err);
        for (int m = 0; m < n; m++) {
            if (metrics[m].family != RB_FAMILY_RANKING) {
                assert_int_equal(r.value[m].best.state, RB_VALUE_UNAVAILABLE);
                continue;
            }
            w.oracle.key = NULL;
            double by_index = oracle_metric(&w.oracle, metrics[m].definition, (int)metrics[m].cutoff);
            assert_true(r.value[m].best.value >= r.value[m].mean.value);
            assert_true(r.value[m].worst.value <= r.value[m].mean.value);
            assert_true(r.value[m].best.value >= by_index - 1e-12 && r.value[m].worst.value <= by_index + 1e-12);
            n_open += r.value[m].best.value > r.value[m].worst.value;
        }
        assert_true(tied ? n_open > 20 : n_open == 0);
        rb_ranking_fini(&r);
        world_eval_fini(&w);
    }
}

/* The bounds are reached: scores moved by less than the gap between ties, towards or away from the relevant. */
static void bounds_are_reached_by_some_order(void **unused)
{
    (void)unused;
    world_eval w;
    rb_metric metrics[MAX_METRICS];
    rb_error err = { 0 };
    rb_ranking r;
    int n = all_metrics(metrics);
    world_eval_init(&w, 80, 60, 3);
    rb_scorer scorer = world_eval_scorer(&w, RB_DOUBLE_PRECISION);
    rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_BOUNDS);
    assert_ok(rb_rank(&r, &scorer, &rules, &w.test, &w.facts, metrics, n, 0, &rb_test_ctx, &err), &err);
    for (int sign = -1; sign <= 1; sign += 2) {
        for (int at = 0; at < w.n_users * w.n_items; at++)
            w.score[at] = rint(w.score[at] * 2) / 2 + sign * 0.01 * (double)w.relevant[at];
        for (int m = 0; m < n; m++) {
            if (metrics[m].family != RB_FAMILY_RANKING)
                continue;
            double reached = oracle_metric(&w.oracle, metrics[m].definition, (int)metrics[m].cutoff);
            assert_near(sign > 0 ? r.value[m].best.value : r.value[m].worst.value, reached, 1e-12);
        }
    }
    rb_ranking_fini(&r);
    world_eval_fini(&w);
}

/* Candidates given by lists: the oracle masks everything else. */
static void sampled_candidates_are_the_only_ones(void **unused)
{
    (void)unused;
    world_eval w;
    rb_metric metrics[MAX_METRICS];
    rb_error err = { 0 };
    rb_ranking r;
    int n = all_metrics(metrics);
    world_eval_init(&w, 60, 50, 9);
    int64_t *begin = world_eval_zeroed((size_t)w.n_users + 1, sizeof *begin);
    int32_t *item = world_eval_zeroed((size_t)w.n_users * (size_t)w.n_items, sizeof *item);
    for (int u = 0; u < w.n_users; u++) {
        begin[u + 1] = begin[u];
        for (int i = 0; i < w.n_items; i++) {
            size_t at = (size_t)u * (size_t)w.n_items + (size_t)i;
            if (w.relevant[at] > 0 || rb_mix(at, 3) % 4 == 0)
                item[begin[u + 1]++] = i;
            else
                w.masked[at] = true;
        }
    }
    rb_candidates candidates = { .begin = begin, .item = item };
    rb_scorer scorer = world_eval_scorer(&w, RB_SINGLE);
    rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_HASH);
    rules.candidates = &candidates;
    w.oracle.key = world_eval_tie_key;
    assert_ok(rb_rank(&r, &scorer, &rules, &w.test, &w.facts, metrics, n, 0, &rb_test_ctx, &err), &err);
    for (int m = 0; m < n; m++) {
        double expected = oracle_metric(&w.oracle, metrics[m].definition, (int)metrics[m].cutoff);
        if (!isnan(expected))
            rb_test_near(r.value[m].mean.value, expected, 1e-12, metrics[m].id, __FILE__, __LINE__);
    }
    rb_ranking_fini(&r);
    free(begin);
    free(item);
    world_eval_fini(&w);
}

static void without_relevant_items_nothing_applies(void **unused)
{
    (void)unused;
    world_eval w;
    rb_metric metrics[MAX_METRICS];
    rb_error err = { 0 };
    rb_ranking r;
    rb_ratings none;
    int n = all_metrics(metrics);
    world_eval_init(&w, 20, 30, 9);
    assert_ok(rb_ratings_build(&none, &w.all, NULL, 1u << RB_PART_TRAIN, 100.0, &rb_test_ctx, &err), &err);
    rb_scorer scorer = world_eval_scorer(&w, RB_SINGLE);
    rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_HASH);
    assert_ok(rb_rank(&r, &scorer, &rules, &none, &w.facts, metrics, n, 0, &rb_test_ctx, &err), &err);
    assert_true(r.n_evaluated == 0 && r.n_left_out == 20);
    for (int m = 0; m < n; m++)
        assert_int_equal(r.value[m].mean.state, RB_VALUE_NOT_APPLICABLE);
    rb_ranking_fini(&r);
    rb_ratings_fini(&none);
    world_eval_fini(&w);
}

static void what_is_not_known_does_not_apply(void **unused)
{
    (void)unused;
    static const char *const ids[] = { "novelty@3", "diversity@3", "diversity:tfidf@3", "rmse", "ndcg@3", "gini@3" };
    world_eval w;
    rb_metric metrics[6];
    rb_error err = { 0 };
    rb_ranking r;
    world_eval_init(&w, 20, 30, 9);
    for (int m = 0; m < 6; m++)
        assert_ok(rb_metric_parse(&metrics[m], ids[m], &err), &err);
    rb_scorer scorer = world_eval_scorer(&w, RB_SINGLE);
    rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_HASH);
    assert_ok(rb_rank(&r, &scorer, &rules, &w.test, NULL, metrics, 6, 8, &rb_test_ctx, &err), &err);
    for (int m = 0; m < 6; m++)
        assert_int_equal(r.value[m].mean.state, m < 4 ? RB_VALUE_NOT_APPLICABLE : RB_VALUE_OK);
    assert_int_equal(r.lists.k, 8);
    assert_true(r.value[4].best.state == RB_VALUE_UNAVAILABLE && isnan(r.value[4].best.value));
    rb_ranking_fini(&r);
    world_eval_fini(&w);
}

static void lists_are_for_the_users_asked_for(void **unused)
{
    (void)unused;
    static const int32_t users[] = { 44, 0, 17, 5 };
    world_eval w;
    rb_error err = { 0 };
    rb_lists lists;
    int list[50];
    world_eval_init(&w, 60, 50, 9);
    rb_scorer scorer = world_eval_scorer(&w, RB_DOUBLE_PRECISION);
    rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_INDEX);
    assert_ok(rb_rank_users(&lists, &scorer, &rules, users, 4, 6, &rb_test_ctx, &err), &err);
    for (int p = 0; p < 4; p++) {
        int n = oracle_ranking(list, &w.oracle, users[p]);
        assert_int_equal(lists.user[p], users[p]);
        for (int j = 0; j < 6; j++)
            assert_int_equal(lists.item[p * 6 + j], j < n ? list[j] : -1);
    }
    rb_lists_fini(&lists);
    world_eval_fini(&w);
}

/* Every kind of bad number, whether the item is a candidate or not; the lowest user and item are named. */
static void a_score_that_is_not_finite_is_named(void **unused)
{
    (void)unused;
    const double bad[] = { NAN, -NAN, INFINITY, -INFINITY };
    int64_t begin[201];
    int32_t last_ten[2000];
    rb_candidates sampled = { begin, last_ten };
    for (int32_t c = 0; c <= 2000; c++) {
        begin[c / 10] = c / 10 * 10;
        if (c < 2000)
            last_ten[c] = 20 + c % 10;
    }
    for (int k = 0; k < 8; k++)
        for (rb_precision precision = RB_SINGLE; precision <= RB_DOUBLE_PRECISION; precision++)
            for (int masked = 0; masked < 2; masked++) {
                world_eval w;
                rb_metric metric;
                rb_error err = { 0 };
                rb_ranking r;
                world_eval_init(&w, 200, 30, 9);
                assert_ok(rb_metric_parse(&metric, k % 2 ? "auc" : "ndcg@5", &err), &err);
                int u = 100, i = 10;
                while (!(world_eval_part(&w, u, i) == (masked ? RB_PART_TRAIN : RB_PART_NONE)))
                    i++;
                w.score[u * 30 + i] = bad[k % 4];
                w.score[u * 30 + 29] = bad[k % 4];
                w.score[152 * 30 + 3] = bad[k % 4];
                rb_scorer scorer = world_eval_scorer(&w, precision);
                rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_HASH);
                rules.candidates = k < 4 ? NULL : &sampled; /* the first bad one is none of them */
                char words[64];
                snprintf(words, sizeof words, "the score of user %d for item %d is not finite", u, i);
                assert_int_equal(rb_rank(&r, &scorer, &rules, &w.test, &w.facts, &metric, 1, 0, &rb_test_ctx, &err),
                                 RB_NOT_FINITE);
                assert_non_null(strstr(err.message, words));
                world_eval_fini(&w);
            }
}

static void a_failed_allocation_on_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    world_eval w;
    rb_metric metrics[MAX_METRICS];
    int n = all_metrics(metrics), last = rb_test_ctx.n_ranks - 1;
    world_eval_init(&w, 100, 30, 9);
    rb_scorer scorer = world_eval_scorer(&w, RB_SINGLE);
    rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_BOUNDS);
    for (int64_t nth = 1;; nth++) {
        rb_error err = { 0 };
        rb_ranking r;
        rb_alloc_fail_nth(rb_test_ctx.rank == last ? nth : 0);
        rb_status status = rb_rank(&r, &scorer, &rules, &w.test, &w.facts, metrics, n, 0, &rb_test_ctx, &err);
        int64_t reached = rb_alloc_fail_nth(0) >= nth;
        rb_bcast(&rb_test_ctx, &reached, sizeof reached, last);
        assert_int_equal(status, reached ? RB_NO_MEMORY : RB_OK);
        rb_ranking_fini(&r); /* zeroed where it failed */
        if (!reached)
            break;
    }
    world_eval_fini(&w);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_equals_the_dense_oracle),
        cmocka_unit_test(the_bits_do_not_depend_on_ranks_or_threads),
        cmocka_unit_test(bounds_enclose_every_order_of_ties),
        cmocka_unit_test(bounds_are_reached_by_some_order),
        cmocka_unit_test(sampled_candidates_are_the_only_ones),
        cmocka_unit_test(without_relevant_items_nothing_applies),
        cmocka_unit_test(what_is_not_known_does_not_apply),
        cmocka_unit_test(lists_are_for_the_users_asked_for),
        cmocka_unit_test(a_score_that_is_not_finite_is_named),
        cmocka_unit_test(a_failed_allocation_on_one_rank_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
