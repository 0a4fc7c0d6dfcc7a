/* What an entry is judged by, from tables of results made by hand: its configuration, part, definition and mean. */
#include <math.h>

#include "report/expected.h"
#include "support/support.h"

enum { N = 4 };

static rb_trial_line trials[N];
static rb_value_line values[2 * N];

static rb_results_file results_of(int n_trials, int n_values)
{
    return (rb_results_file){ .trial = trials, .n_trials = n_trials, .value = values, .n_values = n_values };
}

static void set_trial(int number, int configuration, bool selected)
{
    trials[number - 1] = (rb_trial_line){
        .trial = number, .configuration = configuration, .entry = "a", .algorithm = "kmeans", .selected = selected
    };
}

static void set_value(int at, int trial, const char *part, const char *definition, double value)
{
    const char *colon = strchr(definition, ':');
    static char name[2 * N][32];
    snprintf(name[at], sizeof name[at], "%.*s", (int)(colon ? colon - definition : (long)strlen(definition)),
             definition);
    values[at] = (rb_value_line){ .trial = trial,
                                  .value = value,
                                  .part = part,
                                  .segment = "all",
                                  .name = name[at],
                                  .definition = definition,
                                  .state = "ok",
                                  .cutoff = strcmp(name[at], "ndcg") == 0 ? 10 : 0 };
}

static double measured(int n_trials, int n_values, const char *metric)
{
    const rb_results_file r = results_of(n_trials, n_values);
    rb_expected x = { .entry = "a" };
    rb_error err = { 0 };
    assert_ok(rb_metric_parse(&x.metric, metric, &err), &err);
    return rb_expected_measured(&r, &x);
}

static void definitions_that_a_trial_completes_are_found(void **unused)
{
    (void)unused;
    set_trial(1, 1, false);
    set_value(0, 1, "all", "silhouette:cosine", .25);
    set_value(1, 1, "all", "gap:box-8", 2);
    set_value(2, 1, "all", "gap:error:box-8", 3);
    assert_true(measured(1, 3, "silhouette") == .25);
    assert_true(measured(1, 3, "silhouette:cosine") == .25);
    assert_true(isnan(measured(1, 3, "silhouette:euclidean")));
    assert_true(measured(1, 3, "gap") == 2);
    assert_true(measured(1, 3, "gap:error") == 3);
    set_value(1, 1, "all", "gap:columns-8", 4);
    assert_true(measured(1, 3, "gap") == 4);
    set_value(1, 1, "all", "silhouette:euclidean", .5); /* the trial's own, or asked for beside it */
    assert_true(isnan(measured(1, 2, "silhouette")));
    assert_true(measured(1, 2, "silhouette:euclidean") == .5);
}

static void the_part_is_the_one_that_the_report_prints(void **unused)
{
    (void)unused;
    set_trial(1, 1, false);
    set_value(0, 1, "validation", "ndcg:bin-min", .1);
    set_value(1, 1, "test", "ndcg:bin-min", .2);
    set_value(2, 1, "refit", "ndcg:bin-min", .4);
    assert_true(measured(1, 2, "ndcg@10") == .2);
    assert_true(measured(1, 3, "ndcg@10") == .4);
    set_value(0, 1, "train", "silhouette:euclidean", .1);
    set_value(1, 1, "test", "silhouette:euclidean", .2);
    assert_true(measured(1, 2, "silhouette") == .2);
}

static void a_fold_without_a_value_leaves_no_mean(void **unused)
{
    (void)unused;
    set_trial(1, 1, false);
    set_trial(2, 1, false);
    set_value(0, 1, "test", "ndcg:bin-min", .2);
    set_value(1, 2, "test", "ndcg:bin-min", .4);
    assert_true(fabs(measured(2, 2, "ndcg@10") - .3) < 1e-15);
    assert_true(isnan(measured(2, 1, "ndcg@10")));
    values[1].state = "unavailable";
    assert_true(isnan(measured(2, 2, "ndcg@10")));
}

static void the_only_configuration_is_judged_or_the_only_selected_one(void **unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        set_trial(i + 1, i + 1, false);
        set_value(i, i + 1, "test", "ndcg:bin-min", i);
    }
    assert_true(isnan(measured(3, 3, "ndcg@10")));
    assert_true(measured(1, 3, "ndcg@10") == 0);
    trials[1].selected = true;
    assert_true(measured(3, 3, "ndcg@10") == 1);
    trials[2].selected = true; /* in another space */
    assert_true(isnan(measured(3, 3, "ndcg@10")));
    trials[2].entry = "b";
    assert_true(measured(3, 3, "ndcg@10") == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(definitions_that_a_trial_completes_are_found),
        cmocka_unit_test(the_part_is_the_one_that_the_report_prints),
        cmocka_unit_test(a_fold_without_a_value_leaves_no_mean),
        cmocka_unit_test(the_only_configuration_is_judged_or_the_only_selected_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
