/* `store.models: selected` keeps what may be selected until selection is done, and writes nothing else. */
#include <glob.h>
#include <stdio.h>

#include "support/support.h"
#include "support/toy_models.h"
#include "support/world_run.h"

static const rb_algorithm *const algorithms[] = { &rb_toy_measured, &rb_toy_turning, NULL };
static const rb_test_shape usual = { .algorithms = algorithms };

/* Model units of a run that was asked to stop in its first fit. */
static int64_t models_on_the_way(const char *name, const char *rest)
{
    char yaml[1024], pattern[4200];
    rb_run_outcome run;
    snprintf(
        yaml, sizeof yaml,
        "experiment: %s\nseed: 7\ndataset: { name: synthetic, users: 60, items: 40, ratings: 900, sessions: 600 }\n"
        "split: { kind: random, test: 0.2, validation: 0.2 }\nmetrics: [n_clusters, rmse]\n"
        "trials: [toy_measured: { k: [2, 3, 5, 6, 8] }, toy_turning]\n%s",
        name, rest);
    rb_toy_measured_stop = 0;
    rb_test_ctx.stop = &rb_toy_measured_stop;
    run = rb_test_run(name, yaml, usual);
    rb_test_ctx.stop = NULL;
    assert_true(run.stopped && run.n_left > 0);
    snprintf(pattern, sizeof pattern, "%s/units/*.model.h5", run.folder);
    glob_t found;
    int64_t n = rb_test_ctx.rank == 0 && glob(pattern, 0, NULL, &found) == 0 ? (int64_t)found.gl_pathc : 0;
    if (n > 0)
        globfree(&found);
    rb_bcast(&rb_test_ctx, &n, sizeof n, 0);
    return n;
}

static void a_model_is_written_where_it_may_be_selected(void **unused)
{
    (void)unused;
    assert_true(models_on_the_way("selectable", "select: silhouette\n") > 0);
    assert_true(models_on_the_way("all", "store: { models: all }\n") > 0);
}

static void a_model_that_nothing_selects_is_not_written(void **unused)
{
    (void)unused;
    assert_int_equal(models_on_the_way("nothing", ""), 0);
    assert_int_equal(models_on_the_way("others", "select: rmse\n"), 0); /* which is no metric of clusterings */
    assert_int_equal(models_on_the_way("none", "select: silhouette\nstore: { models: none }\n"), 0);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_is_written_where_it_may_be_selected),
        cmocka_unit_test(a_model_that_nothing_selects_is_not_written),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
