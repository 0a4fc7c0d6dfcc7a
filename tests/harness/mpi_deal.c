/* Groups take the next piece of work when they are ready for it; who ran what shows in no result. */
#include <stdio.h>
#include <string.h>

#include "support/support.h"
#include "support/toy_models.h"
#include "support/world_run.h"

static const rb_algorithm *const algorithms[] = { &rb_toy_waiting, &rb_toy_shared, NULL };

#define DATA(name)                                                                      \
    "experiment: " name "\n"                                                            \
    "seed: 7\n"                                                                         \
    "dataset: { name: synthetic, users: 60, items: 40, ratings: 900, sessions: 600 }\n" \
    "split: { kind: random, test: 0.2, validation: 0.2 }\n"                             \
    "metrics: [rmse]\n"

/* The first trial ends after all others: whoever runs it, the others must run those, though all were predicted alike.
 */
static void a_group_that_is_kept_busy_leaves_the_rest_to_the_others(void **unused)
{
    (void)unused;
    char file[128], yaml[1024];
    for (int size = 1; size < rb_test_ctx.n_ranks; size++) {
        if (rb_test_ctx.n_ranks % size != 0)
            continue;
        snprintf(file, sizeof file, "%s/ended-%d", rb_test_runs_folder(), size);
        rb_toy_waiting_file = file;
        snprintf(yaml, sizeof yaml,
                 DATA("busy") "trials:\n  - toy_waiting: { behind: 7 }\n  - toy_waiting: { number: [1, 2, 3, 4, 5, 6, "
                              "7] }\n");
        rb_test_shape shape = { .algorithms = algorithms, .group_size = size };
        rb_run_outcome run = rb_test_run(size == 1 ? "busy-1" : "busy-2", yaml, shape);
        assert_int_equal(run.n_done, 8);
        assert_int_equal(run.n_failed, 0);
    }
}

/* Pieces are shared out among nodes that share no memory, too: every trial is run, and once. */
static void every_trial_is_run_once_for_any_groups(void **unused)
{
    (void)unused;
    static const char yaml[] =
        DATA("once") "repeats: 2\ntrials:\n  - toy_shared: { k: [2, 8, 4, 3, 9], base: [5, 6, 7] }\n";
    rb_run_outcome first = { 0 };
    for (int size = 1; size <= rb_test_ctx.n_ranks; size++) {
        char name[32];
        if (rb_test_ctx.n_ranks % size != 0)
            continue;
        snprintf(name, sizeof name, "once-%d", size);
        rb_test_shape shape = { .algorithms = algorithms, .group_size = size };
        rb_run_outcome run = rb_test_run(name, yaml, shape);
        assert_int_equal(run.n_done, 30);
        assert_int_equal(run.n_failed + run.n_left, 0);
        if (size == 1)
            first = run;
        assert_memory_equal(&run.digest, &first.digest, sizeof run.digest);
    }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_that_is_kept_busy_leaves_the_rest_to_the_others),
        cmocka_unit_test(every_trial_is_run_once_for_any_groups),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
