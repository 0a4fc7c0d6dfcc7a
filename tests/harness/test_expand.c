/* Expansion, against configurations written out by hand. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "harness/expand.h"
#include "support/support.h"
#include "support/toy_algorithms.h"

#define HEAD "experiment: x\nseed: 3\ndataset: { name: synthetic }\nsplit: { validation: 0.1 }\nmetrics: [ndcg@10]\n"

typedef struct {
    rb_experiment e;
    rb_messages m;
    rb_plan plan;
    rb_error err;
} expanded;

static void expand(expanded *x, const char *text)
{
    memset(x, 0, sizeof *x);
    rb_experiment_input input = {
        .file = "x.yaml", .text = text, .n_bytes = (int64_t)strlen(text), .algorithms = toy_algorithms
    };
    if (rb_experiment_parse(&x->e, &input, &x->m, &x->err) != RB_OK)
        fail_msg("%s\n%s", x->err.message, x->m.n ? x->m.item[0].text : "");
    assert_ok(rb_expand(&x->plan, &x->e, &x->err), &x->err);
}

static void release(expanded *x)
{
    rb_plan_fini(&x->plan);
    rb_experiment_fini(&x->e);
    rb_messages_fini(&x->m);
}

/* The configurations of a file, as "name text", one after another; expected ends in NULL. */
static void check(const char *text, const char *const *expected)
{
    expanded x;
    expand(&x, text);
    int32_t n = 0;
    for (; expected[n]; n++) {
        char found[1024] = "nothing";
        if (n < x.plan.n_configurations)
            snprintf(found, sizeof found, "%s%s%s", x.plan.configuration[n].entry->name,
                     *x.plan.configuration[n].text ? " " : "", x.plan.configuration[n].text);
        assert_string_equal(found, expected[n]);
        assert_int_equal(x.plan.configuration[n].index, n);
    }
    assert_int_equal(x.plan.n_configurations, n);
    assert_int_equal(x.plan.n_trials, n);
    release(&x);
}

static void lists_are_crossed_in_the_order_written(void **unused)
{
    (void)unused;
    static const char *const expected[] = { "toy_mf solver=cg factors=8",
                                            "toy_mf solver=cg factors=16",
                                            "toy_mf solver=cholesky factors=8",
                                            "toy_mf solver=cholesky factors=16",
                                            "toy_popular",
                                            "fixed factors=3 label=a b biases=false",
                                            NULL };
    check(HEAD "trials:\n  - toy_mf: { solver: [cg, cholesky], factors: [8, 16] }\n  - toy_popular\n"
               "  - as: fixed\n    toy_mf: { factors: 3, label: a b, biases: false }\n",
          expected);
}

static void parameters_of_a_zip_move_together(void **unused)
{
    (void)unused;
    static const char *const expected[] = { "toy_mf factors=8 solver=cg regularization=0.5",
                                            "toy_mf factors=8 solver=cholesky regularization=0.5",
                                            "toy_mf factors=16 solver=cg regularization=0.25",
                                            "toy_mf factors=16 solver=cholesky regularization=0.25", NULL };
    check(HEAD "trials:\n  - toy_mf:\n      zip: [factors, regularization]\n      factors: [8, 16]\n"
               "      solver: [cg, cholesky]\n      regularization: [0.5, 0.25]\n",
          expected);
    static const char *const two_groups[] = { "toy_mf factors=1 solver=cg regularization=0.5 biases=true",
                                              "toy_mf factors=1 solver=cholesky regularization=0.5 biases=false",
                                              "toy_mf factors=2 solver=cg regularization=0.25 biases=true",
                                              "toy_mf factors=2 solver=cholesky regularization=0.25 biases=false",
                                              NULL };
    check(HEAD "trials:\n  - toy_mf: { factors: [1, 2], solver: [cg, cholesky], regularization: [0.5, 0.25],\n"
               "              biases: [true, false], zip: [[factors, regularization], [biases, solver]] }\n",
          two_groups);
}

static void what_an_exclude_names_is_left_out(void **unused)
{
    (void)unused;
    static const char *const expected[] = { "toy_mf factors=1 solver=cg", "toy_mf factors=3 solver=cholesky", NULL };
    check(HEAD "trials:\n  - toy_mf: { factors: [1, 2, 3], solver: [cg, cholesky],\n"
               "              exclude: [{ factors: 2 }, { factors: 1, solver: cholesky }, { factors: [3, 4], solver: "
               "cg }] }\n",
          expected);
}

static void a_range_holds_both_ends(void **unused)
{
    (void)unused;
    static const char *const whole[] = { "toy_mf factors=2", "toy_mf factors=3", "toy_mf factors=4", NULL };
    check(HEAD "trials:\n  - toy_mf: { factors: { range: [2, 4] } }\n", whole);
    static const char *const steps[] = { "toy_mf factors=2", "toy_mf factors=5", "toy_mf factors=8", NULL };
    check(HEAD "trials:\n  - toy_mf: { factors: { range: [2, 10], step: 3 } }\n", steps);
    static const char *const one[] = { "toy_mf factors=7", NULL };
    check(HEAD "trials:\n  - toy_mf: { factors: { range: [7, 7] } }\n", one);
    static const char *const real[] = { "toy_mf regularization=0.1", "toy_mf regularization=0.2",
                                        "toy_mf regularization=0.3", "toy_mf regularization=0.4", NULL };
    check(HEAD "trials:\n  - toy_mf: { regularization: { range: [0.1, 0.4], step: 0.1 } }\n", real);
}

static void a_configuration_holds_defaults_and_its_own_values(void **unused)
{
    (void)unused;
    expanded x;
    expand(&x, HEAD
           "trials:\n  - toy_mf: { factors: [8, 16], start: [[1, 2, 3], [4, 5, 6.5]], solver: cg }\n  - toy_cluster\n");
    const toy_mf_config *mf = x.plan.configuration[1].config;
    assert_int_equal(mf->factors, 16);
    assert_true(mf->regularization == 0.1 && mf->biases && !mf->label);
    assert_int_equal(mf->solver, 1);
    assert_int_equal(mf->start.n_rows, 2);
    assert_int_equal(mf->start.n_cols, 3);
    assert_true(mf->start.value[5] == 6.5);
    const toy_cluster_config *cluster = x.plan.configuration[2].config;
    assert_string_equal(cluster->space, "genre");
    assert_string_equal(x.plan.configuration[2].space, "genre");
    assert_int_equal(cluster->k, 8);
    assert_null(x.plan.configuration[0].space);
    assert_string_equal(x.plan.configuration[2].canonical, "space=genre k=8");
    assert_string_equal(x.plan.configuration[2].text, "");
    release(&x);
}

static void canonical_text_is_equal_where_the_meaning_is(void **unused)
{
    (void)unused;
    expanded x;
    expand(&x, HEAD "trials:\n  - toy_mf: { regularization: 0.1 }\n  - toy_mf\n"
                    "  - toy_mf: { biases: true, factors: 64, regularization: 1e-1 }\n"
                    "  - toy_mf: { label: \"~\" }\n  - toy_mf: { label: \"a\", regularization: 0.2 }\n"
                    "  - toy_mf: { label: \"a regularization=0.2\" }\n");
    const rb_configuration *c = x.plan.configuration;
    assert_string_equal(c[0].canonical, c[1].canonical);
    assert_string_equal(c[0].canonical, c[2].canonical);
    for (int i = 0; i < 6; i++)
        for (int j = i > 2 ? i + 1 : 3; j < 6; j++)
            if (i != 1 && i != 2)
                assert_string_not_equal(c[i].canonical, c[j].canonical);
    release(&x);
}

static void a_reference_to_a_swept_entry_is_swept(void **unused)
{
    (void)unused;
    expanded x;
    expand(
        &x, HEAD
        "trials:\n"
        "  - toy_blend: { second: mf, first: [pop, mf], weight: [0.1, 0.2], exclude: [{ first: mf, weight: 0.1 }] }\n"
        "    as: top\n"
        "  - toy_mf: { factors: [8, 16] }\n    as: mf\n"
        "  - toy_popular:\n    as: pop\n"
        "  - toy_cluster: { space: [mf, genre] }\n");
    /* second (2) x first (pop, mf8, mf16) x weight (2), without mf x 0.1 */
    assert_int_equal(x.plan.n_configurations, 8 + 2 + 1 + 3);
    const rb_configuration *c = x.plan.configuration;
    assert_string_equal(c[0].text, "second=mf(factors=8) first=pop weight=0.1");
    assert_string_equal(c[2].text, "second=mf(factors=8) first=mf(factors=8) weight=0.2");
    assert_string_equal(c[7].text, "second=mf(factors=16) first=mf(factors=16) weight=0.2");
    assert_string_equal(c[0].canonical, "first= second= weight=0.1");
    const toy_blend_config *blend = c[3].config; /* second=mf8 first=mf16: children in the order of the table */
    assert_int_equal(c[3].n_children, 2);
    assert_int_equal(blend->first.index, 0);
    assert_int_equal(blend->second.index, 1);
    assert_int_equal(c[3].children[0], 9);
    assert_int_equal(c[3].children[1], 8);
    assert_int_equal(c[0].children[0], 10);
    /* the space that a trial makes */
    assert_int_equal(c[11].space_child, 8);
    assert_int_equal(c[12].space_child, 9);
    assert_int_equal(c[12].n_children, 1);
    assert_null(c[12].space);
    assert_string_equal(c[12].space_name, "mf(factors=16)");
    assert_int_equal(c[13].space_child, -1);
    assert_string_equal(c[13].space, "genre");
    bool done[14] = { false };
    for (int32_t i = 0; i < x.plan.n_configurations; i++) {
        const rb_configuration *next = &c[x.plan.order[i]];
        for (int32_t k = 0; k < next->n_children; k++)
            assert_true(done[next->children[k]]);
        assert_false(done[next->index]);
        done[next->index] = true;
    }
    release(&x);
}

static void a_lone_entry_goes_by_its_algorithm(void **unused)
{
    (void)unused;
    expanded x;
    expand(&x, HEAD "trials:\n"
                    "  - toy_popular\n"
                    "  - toy_mf: { factors: 8 }\n"
                    "  - toy_mf: { factors: 16 }\n    as: wide\n"
                    "  - toy_blend: { first: toy_mf, second: [toy_popular, wide] }\n"
                    "  - toy_cluster: { space: toy_mf }\n");
    const rb_configuration *c = x.plan.configuration;
    assert_int_equal(x.plan.n_configurations, 6);
    assert_string_equal(c[3].text, "first=toy_mf second=toy_popular");
    assert_int_equal(c[3].children[0], 1);
    assert_int_equal(c[3].children[1], 0);
    assert_int_equal(c[4].children[1], 2);
    assert_int_equal(c[5].space_child, 1);
    release(&x);
}

static void what_is_fast_or_refers_to_it_says_so(void **unused)
{
    (void)unused;
    expanded x;
    expand(&x, HEAD "trials:\n"
                    "  - toy_blend: { first: pop, second: [mf, pop] }\n    as: top\n"
                    "  - toy_blend: { first: top, second: pop }\n    as: above\n"
                    "  - toy_mf: { mode: [exact, fast], factors: 8 }\n    as: mf\n"
                    "  - toy_popular:\n    as: pop\n"
                    "  - toy_cluster: { space: mf }\n");
    static const struct {
        const char *text;
        bool is_fast;
    } expected[] = {
        { "first=pop second=mf(mode=exact factors=8)", false },
        { "first=pop second=mf(mode=fast factors=8 [fast]) [fast]", true },
        { "first=pop second=pop", false },
        { "first=top(first=pop second=mf(mode=exact factors=8)) second=pop", false },
        { "first=top(first=pop second=mf(mode=fast factors=8 [fast]) [fast]) second=pop [fast]", true },
        { "first=top(first=pop second=pop) second=pop", false },
        { "mode=exact factors=8", false },
        { "mode=fast factors=8 [fast]", true },
        { "", false },
        { "space=mf(mode=exact factors=8)", false },
        { "space=mf(mode=fast factors=8 [fast]) [fast]", true },
    };
    assert_int_equal(x.plan.n_configurations, sizeof expected / sizeof *expected);
    for (int32_t c = 0; c < x.plan.n_configurations; c++) {
        assert_string_equal(x.plan.configuration[c].text, expected[c].text);
        assert_int_equal(x.plan.configuration[c].is_fast, expected[c].is_fast);
    }
    release(&x);
}

static void trials_are_configurations_by_folds_by_repeats(void **unused)
{
    (void)unused;
    expanded x;
    expand(&x, "experiment: x\ndataset: { name: synthetic }\nsplit: { kind: k_fold, folds: 3 }\nmetrics: [ndcg@10]\n"
               "repeats: 2\ntrials:\n  - toy_mf: { factors: [8, 16] }\n  - toy_popular\n");
    assert_int_equal(x.plan.n_trials, 3 * 3 * 2);
    int64_t number = 1;
    for (int32_t c = 0; c < 3; c++)
        for (int32_t f = 0; f < 3; f++)
            for (int32_t r = 0; r < 2; r++, number++) {
                const rb_trial *trial = rb_plan_trial(&x.plan, c, f, r);
                assert_int_equal(trial->number, number);
                assert_ptr_equal(trial, &x.plan.trial[number - 1]);
                assert_true(trial->configuration == c && trial->fold == f && trial->repeat == r);
            }
    assert_true(rb_plan_seed(&x.plan, 0) != rb_plan_seed(&x.plan, 1));
    release(&x);
}

/* Labels are no model: the index says none, and the clustering stands behind the models. */
static void a_reference_to_a_clustering_gives_labels(void **unused)
{
    (void)unused;
    expanded x;
    expand(&x, HEAD "trials:\n"
                    "  - toy_cluster: { k: [2, 3] }\n    as: groups\n"
                    "  - toy_grouped: { clusters: groups }\n");
    const rb_configuration *c = &x.plan.configuration[3];
    assert_int_equal(((const toy_grouped_config *)c->config)->clusters.index, -1);
    assert_int_equal(c->labels_child, 1);
    assert_int_equal(c->n_models, 0);
    assert_int_equal(c->n_children, 1);
    assert_int_equal(c->children[0], 1);
    assert_false(rb_configuration_reads_model(c, 0));
    release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_crossed_in_the_order_written),
        cmocka_unit_test(parameters_of_a_zip_move_together),
        cmocka_unit_test(what_an_exclude_names_is_left_out),
        cmocka_unit_test(a_range_holds_both_ends),
        cmocka_unit_test(a_configuration_holds_defaults_and_its_own_values),
        cmocka_unit_test(canonical_text_is_equal_where_the_meaning_is),
        cmocka_unit_test(a_reference_to_a_swept_entry_is_swept),
        cmocka_unit_test(a_reference_to_a_clustering_gives_labels),
        cmocka_unit_test(a_lone_entry_goes_by_its_algorithm),
        cmocka_unit_test(what_is_fast_or_refers_to_it_says_so),
        cmocka_unit_test(trials_are_configurations_by_folds_by_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
