/* Trials that agree on what their algorithm prepares share it, and their results do not show it. */
#include <stdio.h>
#include <string.h>

#include "support/support.h"
#include "support/toy_models.h"
#include "support/world_run.h"

static const rb_algorithm *const algorithms[] = { &rb_toy_shared, &rb_toy_turning, NULL };

#define DATA(name)                                                                      \
    "experiment: " name "\n"                                                            \
    "seed: 7\n"                                                                         \
    "dataset: { name: synthetic, users: 60, items: 40, ratings: 900, sessions: 600 }\n" \
    "split: { kind: random, test: 0.2, validation: 0.2 }\n"                             \
    "metrics: [rmse]\n"                                                                 \
    "evaluation: { clip: false }\n"                                                     \
    "store: { models: all }\n"

/* All ranks are one group. */
static rb_test_shape whole(bool no_share)
{
    return (rb_test_shape){ .algorithms = algorithms, .group_size = rb_test_ctx.n_ranks, .no_share = no_share };
}

static rb_run_outcome run(const char *root, const char *yaml, rb_test_shape shape)
{
    rb_toy_shared_log = (rb_toy_log){ 0 };
    return rb_test_run(root, yaml, shape);
}

static void expect_log(int64_t prepared, int64_t n_configs, int64_t longest)
{
    assert_int_equal(rb_toy_shared_log.prepared, prepared);
    assert_int_equal(rb_toy_shared_log.unprepared, prepared);
    assert_int_equal(rb_toy_shared_log.n_configs, n_configs);
    assert_int_equal(rb_toy_shared_log.longest, longest);
}

static void one_preparation_serves_all_that_agree(void **unused)
{
    (void)unused;
    static const char yaml[] = DATA("one") "trials: [toy_shared: { k: [3, 9, 1, 5] }]\n";
    rb_run_outcome shared = run("one", yaml, whole(false));
    expect_log(1, 4, 9);
    rb_run_outcome each = run("each", yaml, whole(true));
    expect_log(4, 1, 5);
    assert_int_equal(shared.n_done, 4);
    assert_memory_equal(&shared.digest, &each.digest, sizeof each.digest);
}

/* The marked parameter varies fastest, and others stand between: the trials of one list still follow each other. */
static void each_value_of_a_marked_parameter_is_prepared_once(void **unused)
{
    (void)unused;
    static const char yaml[] = DATA("marked") "repeats: 2\n"
                                              "trials:\n"
                                              "  - toy_shared: { k: [2, 8, 4], base: [5, 6] }\n"
                                              "  - toy_turning\n"
                                              "  - toy_shared: { k: 3, base: 5 }\n";
    rb_run_outcome shared = run("marked", yaml, whole(false));
    assert_int_equal(rb_toy_shared_log.prepared, 2); /* the seed of a repeat has no say */
    assert_int_equal(rb_toy_shared_log.unprepared, 2);
    rb_run_outcome each = run("marked-each", yaml, whole(true));
    assert_int_equal(rb_toy_shared_log.prepared, 14);
    assert_int_equal(shared.n_done, 16);
    assert_memory_equal(&shared.digest, &each.digest, sizeof each.digest);
}

/* Folds have their own data, and so has a refit. */
static void every_fold_and_every_refit_has_its_own(void **unused)
{
    (void)unused;
    static const char yaml[] = "experiment: folds\n"
                               "dataset: { name: synthetic, users: 60, items: 40, ratings: 900, sessions: 600 }\n"
                               "split: { kind: k_fold, folds: 2, validation: 0.2 }\n"
                               "metrics: [rmse]\n"
                               "select: rmse\n"
                               "evaluation: { refit: true }\n"
                               "trials: [toy_shared: { k: [3, 9, 1] }]\n";
    rb_run_outcome outcome = run("folds", yaml, whole(false));
    assert_int_equal(rb_toy_shared_log.prepared, 4);
    assert_int_equal(rb_toy_shared_log.unprepared, 4);
    assert_int_equal(outcome.n_done, 6);
}

static void what_is_finished_is_not_prepared_for(void **unused)
{
    (void)unused;
    run("rest", DATA("rest") "trials: [toy_shared: { k: [9, 2] }]\n", whole(false));
    expect_log(1, 2, 9);
    static const char all[] = DATA("rest") "trials: [toy_shared: { k: [9, 2, 4, 6] }]\n";
    rb_run_outcome resumed = run("rest", all, whole(false));
    expect_log(1, 2, 6);
    assert_int_equal(resumed.n_kept, 2);
    rb_run_outcome fresh = run("rest-fresh", all, whole(false));
    expect_log(1, 4, 9);
    assert_memory_equal(&resumed.digest, &fresh.digest, sizeof fresh.digest);
}

/* What cannot be shared is prepared for each: only those fail that fail without the others, for their reason. */
static void a_failure_ends_only_the_trials_that_fail_alone(void **unused)
{
    (void)unused;
    static const char yaml[] = DATA("greedy") "trials:\n"
                                              "  - toy_shared: { k: [3, 5], greedy: [false, true] }\n"
                                              "  - toy_shared: { k: [4, 6], base: 1 }\n"
                                              "  - toy_shared: { k: [4, 6], base: 2, greedy: true }\n";
    rb_run_outcome shared = run("greedy", yaml, whole(false));
    assert_int_equal(shared.n_done, 4);
    assert_int_equal(shared.n_failed, 4);
    assert_int_equal(rb_toy_shared_log.prepared, (1 + 4) + 1 + (1 + 2));
    assert_int_equal(rb_toy_shared_log.unprepared, 2 + 1);
    rb_run_outcome each = run("greedy-each", yaml, whole(true));
    assert_memory_equal(&shared.digest, &each.digest, sizeof each.digest);
    if (rb_test_ctx.rank != 0)
        return;
    static const char *const state[] = { "done", "failed", "done", "failed", "done", "done", "failed", "failed" };
    for (int t = 0; t < 8; t++) {
        char text[256];
        rb_test_text(text, shared.folder, "trials", "outcome", t);
        assert_string_equal(text, state[t]);
        rb_test_text(text, shared.folder, "trials", "message", t);
        assert_true((strstr(text, "toy_shared cannot prepare") != NULL) == (t % 2 == 1 ? t != 5 : t == 6));
    }
}

/* Groups of ranks that work on other parts of a plan give the bits of one rank alone. */
static void bits_are_the_same_for_any_groups(void **unused)
{
    (void)unused;
    static const char yaml[] = DATA("bits") "trials:\n"
                                            "  - toy_shared: { k: [2, 8, 4, 7, 5], base: [5, 6, 7] }\n"
                                            "  - toy_turning\n";
    rb_run_outcome alone = run("alone", yaml, (rb_test_shape){ .algorithms = algorithms, .alone = true });
    rb_run_outcome together = run("together", yaml, whole(false));
    assert_int_equal(rb_toy_shared_log.prepared, 3);
    rb_run_outcome apart = run("apart", yaml, (rb_test_shape){ .algorithms = algorithms, .group_size = 1 });
    int64_t n = rb_toy_shared_log.prepared;
    rb_sum_int64(&rb_test_ctx, &n, 1);
    assert_int_equal(n, rb_test_ctx.n_ranks == 4 ? 6 : 3); /* each is more than a quarter of the work, so cut once */
    assert_memory_equal(&together.digest, &alone.digest, sizeof alone.digest);
    assert_memory_equal(&apart.digest, &alone.digest, sizeof alone.digest);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_preparation_serves_all_that_agree),
        cmocka_unit_test(each_value_of_a_marked_parameter_is_prepared_once),
        cmocka_unit_test(every_fold_and_every_refit_has_its_own),
        cmocka_unit_test(what_is_finished_is_not_prepared_for),
        cmocka_unit_test(a_failure_ends_only_the_trials_that_fail_alone),
        cmocka_unit_test(bits_are_the_same_for_any_groups),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
