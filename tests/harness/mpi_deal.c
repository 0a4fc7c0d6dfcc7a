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
                 DATA("busy") "trials:\n  - toy_waiting: { behind: 4 }\n  - toy_waiting: { number: [1, 2, 3, 4] }\n");
        rb_test_shape shape = { .algorithms = algorithms, .group_size = size };
        rb_run_outcome run = rb_test_run(size == 1 ? "busy-1" : "busy-2", yaml, shape);
        assert_int_equal(run.n_done, 5);
        assert_int_equal(run.n_failed, 0);
    }
}

/* Whatever the groups, and whichever of them share memory: nodes of one rank and of two, and of one rank alone. */
static void every_trial_is_run_once_for_any_groups_and_nodes(void **unused)
{
    (void)unused;
    static const char yaml[] = DATA("once") "trials:\n  - toy_shared: { k: [2, 8, 4], base: [5, 6] }\n";
    rb_ctx worlds[3] = { rb_test_ctx };
    rb_run_outcome first = { 0 };
    rb_error err = { 0 };
    rb_test_nodes(&worlds[1], rb_test_uneven);
    assert_ok(rb_ctx_init(&worlds[2], rb_test_ctx.comm, rb_test_ctx.n_threads, true, &err), &err);
    for (int w = 0; w < 3; w++)
        for (int size = 1; size <= (w == 0 ? rb_test_ctx.n_ranks : 1); size++) {
            char name[32];
            if (rb_test_ctx.n_ranks % size != 0)
                continue;
            snprintf(name, sizeof name, "once-%d-%d", w, size);
            rb_toy_shared_log = (rb_toy_log){ 0 };
            rb_test_shape shape = { .algorithms = algorithms, .group_size = size, .world = &worlds[w] };
            rb_run_outcome run = rb_test_run(name, yaml, shape);
            int64_t fitted = rb_test_ctx.rank % size == 0 ? rb_toy_shared_log.fitted : 0;
            rb_sum_int64(&rb_test_ctx, &fitted, 1);
            assert_int_equal(fitted, 6);
            assert_int_equal(run.n_done, 6);
            assert_int_equal(run.n_failed + run.n_left, 0);
            if (!first.n_done)
                first = run;
            assert_memory_equal(&run.digest, &first.digest, sizeof run.digest);
        }
    rb_ctx_fini(&worlds[1]);
    rb_ctx_fini(&worlds[2]);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_that_is_kept_busy_leaves_the_rest_to_the_others),
        cmocka_unit_test(every_trial_is_run_once_for_any_groups_and_nodes),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
