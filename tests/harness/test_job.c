/* A trial that reads another's model: how it ends where that one has none. */
#include <string.h>

#include "harness/job.h"
#include "support/support.h"
#include "support/toy_algorithms.h"

/* The second of two trials reads the first, which ended so. */
static rb_status load_after(rb_fit_outcome child, bool by_a_twin, rb_error *err)
{
    rb_entry entry = { .algorithm = toy_algorithms[0], .name = "parent" };
    int32_t children[] = { 0 };
    rb_configuration configuration[] = {
        { .entry = &entry, .index = 0, .labels_child = -1, .space_child = -1, .aspects_child = -1 },
        { .entry = &entry,
          .index = 1,
          .children = children,
          .n_children = 1,
          .labels_child = -1,
          .space_child = -1,
          .aspects_child = -1 }
    };
    rb_trial trial[] = { { 1, 0, 0, 0 }, { 2, 1, 0, 0 }, { 3, 0, 0, 0 } };
    rb_work work[3] = { { .outcome = child }, { .fit_of = 1 }, { .outcome = child, .fit_of = 2 } };
    if (by_a_twin) /* what became of it is noted with the first alone */
        work[0] = (rb_work){ .twin = true, .twin_of = 2 };
    rb_run_state run = { .work = work,
                         .plan = { .configuration = configuration,
                                   .n_configurations = 2,
                                   .n_folds = 1,
                                   .n_repeats = 1,
                                   .trial = trial,
                                   .n_trials = 3 } };
    rb_job job = { .run = &run, .trial = &trial[1], .c = &configuration[1], .index = 1, .work = &work[1] };
    rb_ctx_serial(&job.ctx, 1);
    rb_job_load_children(&job, err);
    rb_job_release_children(&job);
    return err->status;
}

static void a_trial_ends_as_the_one_that_it_reads(void **unused)
{
    (void)unused;
    /* Stopped by time or memory is tried again by the next start, failed is not: so must be what reads it. */
    const rb_fit_outcome outcome[] = { RB_FIT_FAILED, RB_FIT_TIMEOUT, RB_FIT_OVER_BUDGET };
    const rb_status expected[] = { RB_FAILED, RB_TIMEOUT, RB_OVER_BUDGET };
    for (int i = 0; i < 3; i++)
        for (int twin = 0; twin < 2; twin++) {
            rb_error err = { 0 };
            assert_int_equal(load_after(outcome[i], twin, &err), expected[i]);
            assert_non_null(strstr(err.message, "trial 1 (parent)"));
            assert_non_null(strstr(err.message, rb_fit_outcome_name(outcome[i])));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trial_ends_as_the_one_that_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
