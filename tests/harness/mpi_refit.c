/* evaluation.refit: what is selected is fitted again on training and validation, as if there were no validation part.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recommend/recommend.h"
#include "support/support.h"
#include "support/toy_models.h"
#include "support/world_run.h"

extern const rb_algorithm rb_item_mean, rb_als, rb_popularity;

static const rb_algorithm *const algorithms[] = { &rb_als,         &rb_item_mean, &rb_popularity,
                                                  &rb_toy_turning, &rb_toy_echo,  NULL };
static const rb_test_shape usual = { .algorithms = algorithms };

#define DATA(split)                                                                        \
    "experiment: x\n"                                                                      \
    "seed: 7\n"                                                                            \
    "dataset: { name: synthetic, users: 120, items: 60, ratings: 2500, sessions: 1500 }\n" \
    "split: { " split " }\n"                                                               \
    "relevance: 3\n"                                                                       \
    "metrics: [rmse, ndcg@5, novelty@5]\n"                                                 \
    "store: { models: all, lists: all }\n"

#define SELECT "select: rmse\n"
#define REFIT SELECT "evaluation: { refit: true }\n"

#define TRIALS                                                            \
    "trials:\n"                                                           \
    "  - item_mean: { damping: [0, 9] }\n"                                \
    "    as: mean\n"                                                      \
    "  - als: { factors: 3, iterations: 3, regularization: [0.1, 30] }\n" \
    "  - toy_echo: { of: mean }\n"

/* A file with a validation part, and the same without. */
typedef struct {
    const char *name, *with, *without;
    int n_each; /* trials of a configuration */
} law;

/* Every value of a selected trial's refit is that of the same trial where there is no validation part. */
static void compare_trial(const rb_run_outcome *with, const rb_run_outcome *without, int t)
{
    static const char *const metrics[] = { "rmse:global", "ndcg:bin-min", "novelty" };
    bool selected = rb_test_cell(with->folder, "trials", "selected", t - 1) != 0;
    char state[256], name[64];
    rb_test_text(state, with->folder, "trials", "refit", t - 1);
    assert_string_equal(state, selected ? "done" : "");
    for (int m = 0; m < 3; m++) {
        double value = rb_test_metric(with->folder, t, "refit", metrics[m]);
        double expected = selected ? rb_test_metric(without->folder, t, "test", metrics[m]) : NAN;
        assert_true(value == expected || (isnan(value) && isnan(expected)));
    }
    assert_false(isnan(rb_test_metric(with->folder, t, "test", "rmse:global")));
    snprintf(name, sizeof name, "models/%d/row", t); /* of item_mean; the kept model is that of the refit */
    if (t > 2)
        return;
    for (int i = 0; i < 60; i++)
        assert_true((rb_test_element(with->folder, name, RB_HDF_DOUBLE, i) ==
                     rb_test_element(without->folder, name, RB_HDF_DOUBLE, i)) ||
                    !selected);
}

static void a_refit_is_a_fit_without_a_validation_part(void **unused)
{
    (void)unused;
    static const law laws[] = {
        { "random", DATA("kind: random, test: 0.2, validation: 0.2") REFIT "repeats: 2\n" TRIALS,
          DATA("kind: random, test: 0.2") "repeats: 2\n" TRIALS, 2 },
        { "folds", DATA("kind: k_fold, folds: 3, validation: 0.2") REFIT TRIALS, DATA("kind: k_fold, folds: 3") TRIALS,
          3 },
        { "strong", DATA("kind: strong, test: 0.2, validation: 0.2, reveal: 0.5") REFIT TRIALS,
          DATA("kind: strong, test: 0.2, reveal: 0.5") TRIALS, 1 },
        { "titles", DATA("kind: strong_titles, test: 0.2, validation: 0.2") REFIT TRIALS,
          DATA("kind: strong_titles, test: 0.2") TRIALS, 1 },
        { "last", DATA("kind: leave_last_out, validation: 0.5") REFIT TRIALS, DATA("kind: leave_last_out") TRIALS, 1 },
    };
    for (size_t l = 0; l < sizeof laws / sizeof *laws; l++) {
        char root[2][64];
        snprintf(root[0], sizeof root[0], "with-%s", laws[l].name);
        snprintf(root[1], sizeof root[1], "without-%s", laws[l].name);
        rb_run_outcome with = rb_test_run(root[0], laws[l].with, usual);
        rb_run_outcome without = rb_test_run(root[1], laws[l].without, usual);
        assert_int_equal(with.n_failed + with.n_left, 0);
        double n_selected = 0;
        for (int t = 1; rb_test_ctx.rank == 0 && t <= with.n_trials; t++) {
            compare_trial(&with, &without, t);
            n_selected += rb_test_cell(with.folder, "trials", "selected", t - 1);
        }
        assert_true(rb_test_ctx.rank != 0 || n_selected == 3 * laws[l].n_each);
    }
}

/* What is selected, and by which value, is the same with refits and without; only the test value is another. */
static void refits_have_no_say_in_the_selection(void **unused)
{
    (void)unused;
    rb_run_outcome with = rb_test_run("say", DATA("test: 0.2, validation: 0.2") REFIT TRIALS, usual);
    rb_run_outcome plain = rb_test_run("no-say", DATA("test: 0.2, validation: 0.2") SELECT TRIALS, usual);
    for (int t = 0; rb_test_ctx.rank == 0 && t < with.n_trials; t++) {
        assert_true(rb_test_cell(with.folder, "trials", "selected", t) ==
                    rb_test_cell(plain.folder, "trials", "selected", t));
        assert_true(rb_test_metric(with.folder, t + 1, "validation", "rmse:global") ==
                    rb_test_metric(plain.folder, t + 1, "validation", "rmse:global"));
        assert_true(rb_test_metric(with.folder, t + 1, "test", "rmse:global") ==
                    rb_test_metric(plain.folder, t + 1, "test", "rmse:global"));
    }
    for (int s = 0; rb_test_ctx.rank == 0 && s < 3; s++) {
        int trial = (int)rb_test_cell(with.folder, "selection", "trial", s);
        assert_true(rb_test_cell(with.folder, "selection", "refit", s) == 1);
        assert_true(rb_test_cell(plain.folder, "selection", "refit", s) == 0);
        assert_true(rb_test_cell(with.folder, "selection", "selection", s) ==
                    rb_test_metric(plain.folder, trial, "validation", "rmse:global"));
        assert_true(rb_test_cell(with.folder, "selection", "test", s) ==
                    rb_test_metric(with.folder, trial, "refit", "rmse:global"));
    }
}

/* The trial stops after iteration 5 and keeps iteration 3: its refit does iterations 0 .. 3 and is not watched. */
static void a_refit_does_the_iterations_of_the_model_that_was_kept(void **unused)
{
    (void)unused;
    rb_run_outcome with =
        rb_test_run("stops",
                    DATA("test: 0.2, validation: 0.2") REFIT
                    "early_stopping: { metric: rmse, patience: 2 }\ntrials: [toy_turning, popularity]\n",
                    usual);
    rb_run_outcome without =
        rb_test_run("fixed", DATA("test: 0.2") "trials: [toy_turning: { iterations: 4 }, popularity]\n", usual);
    if (rb_test_ctx.rank != 0)
        return;
    assert_true(rb_test_cell(with.folder, "trials", "iterations", 0) == 6);
    assert_true(rb_test_cell(with.folder, "trials", "refit_iterations", 0) == 4);
    assert_true(rb_test_metric(with.folder, 1, "refit", "rmse:global") ==
                rb_test_metric(without.folder, 1, "test", "rmse:global"));
    for (int i = 0; i < 10; i++)
        assert_true(rb_test_cell(with.folder, "history", "refit", i) == (i >= 6));
}

/* Removes the units that `pattern` names; on rank 0. */
static void lose(const rb_run_outcome *run, const char *pattern)
{
    char command[8400];
    snprintf(command, sizeof command, "rm %s/units/%s", run->folder, pattern);
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        assert_int_equal(system(command), 0);
    rb_barrier(&rb_test_ctx);
}

/* Both units of a refit are durable: what is there is kept, what is not is made again, with the same bits. */
static void refits_resume(void **unused)
{
    (void)unused;
    static const char yaml[] = DATA("test: 0.2, validation: 0.2") REFIT TRIALS;
    char key[256] = "", pattern[300];
    rb_run_outcome first = rb_test_run("resume", yaml, usual);
    rb_run_outcome alone = rb_test_run("alone", yaml, (rb_test_shape){ .algorithms = algorithms, .alone = true });
    assert_memory_equal(&first.digest, &alone.digest, sizeof first.digest);
    int selected = 0;
    while (rb_test_ctx.rank == 0 && rb_test_cell(first.folder, "trials", "selected", selected) == 0)
        selected++;
    if (rb_test_ctx.rank == 0)
        rb_test_text(key, first.folder, "trials", "refit_key", selected);
    snprintf(pattern, sizeof pattern, "%s.*.metric*.h5", key);
    lose(&first, pattern);
    rb_run_outcome second = rb_test_run("resume", yaml, usual);
    assert_memory_equal(&first.digest, &second.digest, sizeof first.digest);
    snprintf(pattern, sizeof pattern, "%s.*", key);
    lose(&first, pattern);
    rb_run_outcome third = rb_test_run("resume", yaml, usual);
    assert_memory_equal(&first.digest, &third.digest, sizeof first.digest);
    assert_int_equal(third.n_kept, third.n_trials);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refit_is_a_fit_without_a_validation_part),
        cmocka_unit_test(refits_have_no_say_in_the_selection),
        cmocka_unit_test(a_refit_does_the_iterations_of_the_model_that_was_kept),
        cmocka_unit_test(refits_resume),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
