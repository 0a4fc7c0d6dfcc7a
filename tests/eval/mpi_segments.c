/* Metrics by segment against the dense oracle, to which all other users, or other relevant items, are as if absent. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/segments.h"
#include "support/support.h"
#include "support/world_eval.h"

enum { N_GROUPS = 3 };
static const char *const ids[] = { "ndcg:bin-min@10", "ndcg:exp-min@10", "recall:rel@5", "precision:micro-min@10",
                                   "f1:mean@10",      "map:min@10",      "auc",          "novelty@10" };
enum { N_METRICS = sizeof ids / sizeof *ids };

/* The group of a row among all rows of a part: by its size, then by number. */
static int naive_group(const int64_t *begin, int n, int i)
{
    int64_t own = begin[i + 1] - begin[i];
    int before = 0, warm = 0;
    for (int j = 0; j < n; j++) {
        int64_t other = begin[j + 1] - begin[j];
        warm += other > 0;
        before += other > 0 && (other < own || (other == own && j < i));
    }
    return own > 0 && warm > 0 ? before * N_GROUPS / warm : N_GROUPS;
}

static void every_segment_equals_the_oracle_of_its_own(void **unused)
{
    (void)unused;
    world_eval w;
    rb_metric metrics[N_METRICS];
    rb_error err = { 0 };
    rb_ranking r;
    rb_segments s;
    world_eval_init(&w, 140, 60, 9);
    for (int m = 0; m < N_METRICS; m++)
        assert_ok(rb_metric_parse(&metrics[m], ids[m], &err), &err);
    rb_scorer scorer = world_eval_scorer(&w, RB_DOUBLE_PRECISION);
    rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_INDEX);
    w.oracle.key = NULL;
    assert_ok(rb_rank(&r, &scorer, &rules, &w.test, &w.facts, metrics, N_METRICS, 0, &rb_test_ctx, &err), &err);
    assert_ok(rb_rank_segments(&s, &w.train_part, &r, &rules, &w.test, &w.facts, metrics, N_GROUPS, &err), &err);
    assert_int_equal(s.n, 2 * (N_GROUPS + 1));
    assert_string_equal(s.segment[0].name, "activity 1/3");
    assert_string_equal(s.segment[N_GROUPS].name, "cold users");
    assert_string_equal(s.segment[2 * N_GROUPS].name, "popularity 3/3");
    const size_t size = (size_t)w.n_users * (size_t)w.n_items;
    float *relevant = world_eval_zeroed(size, sizeof *relevant);
    int n_values = 0;
    for (int i = 0; i < s.n; i++) {
        const bool of_users = i <= N_GROUPS;
        bool any = false;
        for (int u = 0; u < w.n_users; u++)
            for (int j = 0; j < w.n_items; j++) {
                int group = of_users ? naive_group(w.train_part.user_begin, w.n_users, u)
                                     : naive_group(w.train_part.item_begin, w.n_items, j);
                size_t at = (size_t)u * (size_t)w.n_items + (size_t)j;
                relevant[at] = group == i % (N_GROUPS + 1) ? w.relevant[at] : 0;
                any = any || relevant[at] > 0;
            }
        w.oracle.relevant = relevant;
        for (int m = 0; m < N_METRICS; m++) {
            const bool applies = any && (of_users || (metrics[m].family == RB_FAMILY_RANKING && metrics[m].cutoff > 0));
            double expected =
                applies ? oracle_metric(&w.oracle, metrics[m].definition, (int)metrics[m].cutoff) : (double)NAN;
            assert_int_equal(s.segment[i].value[m].state, isnan(expected) ? RB_VALUE_NOT_APPLICABLE : RB_VALUE_OK);
            if (!isnan(expected)) {
                rb_test_near(s.segment[i].value[m].value, expected, 1e-12, s.segment[i].name, __FILE__, __LINE__);
                n_values++;
            }
        }
    }
    assert_true(n_values > 40);
    free(relevant);
    rb_segments_fini(&s);
    rb_ranking_fini(&r);
    world_eval_fini(&w);
}

static void the_nth_failed_allocation_leaves_nothing(void **unused)
{
    (void)unused;
    world_eval w;
    rb_metric metric;
    rb_error err = { 0 };
    rb_ranking r;
    bool succeeded = false;
    world_eval_init(&w, 40, 30, 9);
    assert_ok(rb_metric_parse(&metric, "ndcg@10", &err), &err);
    rb_scorer scorer = world_eval_scorer(&w, RB_DOUBLE_PRECISION);
    rb_ranking_rules rules = world_eval_rules(&w, RB_TIES_INDEX);
    assert_ok(rb_rank(&r, &scorer, &rules, &w.test, &w.facts, &metric, 1, 0, &rb_test_ctx, &err), &err);
    for (int n = 1; n < 40 && !succeeded; n++) {
        rb_segments s;
        rb_error failure = { 0 };
        rb_alloc_fail_nth(n);
        rb_status status = rb_rank_segments(&s, &w.train_part, &r, &rules, &w.test, &w.facts, &metric, 2, &failure);
        rb_alloc_fail_nth(0);
        succeeded = status == RB_OK;
        assert_true(succeeded || status == RB_NO_MEMORY);
        assert_true(succeeded || !s.segment);
        rb_segments_fini(&s);
    }
    assert_true(succeeded);
    rb_ranking_fini(&r);
    world_eval_fini(&w);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_segment_equals_the_oracle_of_its_own),
        cmocka_unit_test(the_nth_failed_allocation_leaves_nothing),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
