/* Every algorithm can be asked about a configuration before its data are known. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/param.h"
#include "cluster/cluster.h"
#include "harness/check.h"
#include "recommend/recommend.h"
#include "support/support.h"

static void checks_take_the_defaults_without_a_shape(void **unused)
{
    (void)unused;
    const rb_algorithm *const *const families[] = { rb_recommend_registry, rb_cluster_registry };
    for (int f = 0; f < 2; f++)
        for (const rb_algorithm *const *a = families[f]; *a; a++) {
            rb_error err = { 0 };
            char *config = NULL;
            if (!(*a)->check || (*a)->needs & RB_NEEDS_MODELS) /* which an experiment must name */
                continue;
            assert_ok(rb_alloc(&config, (int64_t)(*a)->config_size, &err), &err);
            rb_params_default(config, (*a)->params);
            assert_ok((*a)->check(config, NULL, &err), &err);
            rb_free(config);
        }
}

/* Messages of a plan, whose data are a file that nobody opens. */
static int64_t count_messages(const char *trials)
{
    char text[1024];
    rb_error err = { 0 };
    rb_experiment e = { 0 };
    rb_plan plan = { 0 };
    rb_messages messages = { 0 };
    int n = snprintf(text, sizeof text,
                     "experiment: x\ndataset: { path: none.csv }\nsplit: { kind: random, test: 0.2 }\n"
                     "metrics: [rmse]\ntrials: [%s]\n",
                     trials);
    rb_experiment_input input = { .file = "x.yaml", .text = text, .n_bytes = n };
    assert_ok(rb_experiment_parse(&e, &input, &messages, &err), &err);
    assert_ok(rb_expand(&plan, &e, &err), &err);
    assert_ok(rb_check_plan(&messages, &plan, &err), &err);
    int64_t found = messages.n;
    rb_plan_fini(&plan);
    rb_experiment_fini(&e);
    rb_messages_fini(&messages);
    return found;
}

static void sizes_are_not_judged_where_the_data_are_not_known(void **unused)
{
    (void)unused;
    assert_int_equal(count_messages("als, slim, pure_svd: { factors: 4000 }, kmeans: { k: 100000 }"), 0);
}

static void parameters_are_judged_all_the_same(void **unused)
{
    (void)unused;
    assert_int_equal(count_messages("als: { init: file, factors: [4, 8] }, svd: { init: file }, "
                                    "kmeans: { init: given }, item_mean"),
                     4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_take_the_defaults_without_a_shape),
        cmocka_unit_test(sizes_are_not_judged_where_the_data_are_not_known),
        cmocka_unit_test(parameters_are_judged_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
