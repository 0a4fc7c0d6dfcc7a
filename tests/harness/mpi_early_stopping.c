/* Early stopping keeps the best iteration, not the last one. */
#include <math.h>
#include <string.h>

#include "support/support.h"
#include "support/toy_models.h"
#include "support/world_run.h"

static const rb_algorithm *const algorithms[] = { &rb_toy_turning, NULL };

#define DATA                                                                            \
    "seed: 7\n"                                                                         \
    "dataset: { name: synthetic, users: 60, items: 40, ratings: 900, sessions: 600 }\n" \
    "split: { kind: random, test: 0.2, validation: 0.2 }\n"                             \
    "metrics: [rmse]\n"                                                                 \
    "evaluation: { clip: false }\n"                                                     \
    "store: { models: all }\n"

#define STOPPING DATA "early_stopping: { metric: rmse, patience: 2 }\n"

static void the_best_iteration_is_kept_and_not_the_last(void **unused)
{
    (void)unused;
    rb_test_shape shape = { .algorithms = algorithms };
    rb_run_outcome stopped = rb_test_run("stopped", "experiment: stopped\n" STOPPING "trials: [toy_turning]\n", shape);
    rb_run_outcome exact =
        rb_test_run("exact", "experiment: exact\n" DATA "trials: [toy_turning: { iterations: 4 }]\n", shape);
    if (rb_test_ctx.rank != 0)
        return;
    const char *f = stopped.folder;
    assert_true(rb_test_cell(f, "trials", "iterations", 0) == 6); /* 0 .. 3 gained, 4 and 5 did not */
    assert_true(rb_test_cell(f, "trials", "kept_iteration", 0) == 3);
    for (int i = 0; i < 6; i++)
        assert_true(rb_test_cell(f, "history", "kept", i) == (i == 3));
    assert_true(rb_test_element(f, "models/1/at", RB_HDF_INT64, 0) == 3);
    assert_true(rb_test_element(f, "models/1/ended", RB_HDF_INT64, 0) == 3);
    assert_true(rb_test_element(f, "models/1/fault", RB_HDF_DOUBLE, 0) == 0);
    for (int i = 0; i < 40; i++)
        assert_true(rb_test_element(f, "models/1/item", RB_HDF_DOUBLE, i) ==
                    rb_test_element(exact.folder, "models/1/item", RB_HDF_DOUBLE, i));
    assert_true(rb_test_metric(f, 1, "test", "rmse:global") == rb_test_metric(exact.folder, 1, "test", "rmse:global"));
    assert_true(rb_test_metric(f, 1, "validation", "rmse:global") == rb_test_cell(f, "history", "validation", 3));
    assert_true(rb_test_cell(exact.folder, "trials", "kept_iteration", 0) == -1);
}

/* every: 4 sees iterations 3 and 7, and the last one in any case; min_delta is for patience alone. */
static void evaluations_may_be_rare_and_gains_small(void **unused)
{
    (void)unused;
    rb_test_shape shape = { .algorithms = algorithms };
    rb_run_outcome rare =
        rb_test_run("rare",
                    "experiment: rare\n" DATA "early_stopping: { metric: rmse, patience: 5, every: 4 }\n"
                    "trials: [toy_turning: { turn: 9, iterations: 10 }]\n",
                    shape);
    rb_run_outcome small =
        rb_test_run("small",
                    "experiment: small\n" DATA "early_stopping: { metric: rmse, patience: 2, min_delta: 1000 }\n"
                    "trials: [toy_turning: { turn: 5 }]\n",
                    shape);
    if (rb_test_ctx.rank != 0)
        return;
    assert_true(rb_test_cell(rare.folder, "trials", "kept_iteration", 0) == 9);
    assert_true(rb_test_cell(small.folder, "trials", "iterations", 0) == 3);
    assert_true(rb_test_cell(small.folder, "trials", "kept_iteration", 0) == 2); /* better, if by little */
}

static void bits_are_the_same_for_any_ranks(void **unused)
{
    (void)unused;
    static const char yaml[] = "experiment: bits\n" STOPPING "trials: [toy_turning: { turn: [0, 2, 9] }]\n";
    rb_run_outcome together = rb_test_run("together", yaml, (rb_test_shape){ .algorithms = algorithms });
    rb_run_outcome whole =
        rb_test_run("whole", yaml, (rb_test_shape){ .algorithms = algorithms, .group_size = rb_test_ctx.n_ranks });
    rb_run_outcome alone = rb_test_run("alone", yaml, (rb_test_shape){ .algorithms = algorithms, .alone = true });
    assert_memory_equal(&together.digest, &alone.digest, sizeof alone.digest);
    assert_memory_equal(&whole.digest, &alone.digest, sizeof alone.digest);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_iteration_is_kept_and_not_the_last),
        cmocka_unit_test(evaluations_may_be_rare_and_gains_small),
        cmocka_unit_test(bits_are_the_same_for_any_ranks),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
