/* Experiment files: what they say, and everything that can be wrong with them. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "harness/expand.h"
#include "support/support.h"
#include "support/toy_algorithms.h"

#define HEAD "experiment: x\ndataset: { name: synthetic, users: 50, items: 20, ratings: 300 }\n"
#define REST "metrics: [ndcg@10]\ntrials: [toy_popular]\n"

typedef struct {
    rb_experiment e;
    rb_messages m;
    rb_error err;
} parsed;

static rb_status parse(parsed *p, const char *text, const char *const *sets, int n_sets)
{
    memset(p, 0, sizeof *p);
    rb_experiment_input input = { .file = "x.yaml",
                                  .text = text,
                                  .n_bytes = (int64_t)strlen(text),
                                  .sets = sets,
                                  .n_sets = n_sets,
                                  .algorithms = toy_algorithms };
    return rb_experiment_parse(&p->e, &input, &p->m, &p->err);
}

static void parse_well(parsed *p, const char *text)
{
    if (parse(p, text, NULL, 0) != RB_OK)
        fail_msg("%s\n%s", p->err.message, p->m.n ? p->m.item[0].text : "");
    assert_int_equal(p->m.n, 0);
}

static void release(parsed *p)
{
    rb_experiment_fini(&p->e);
    rb_messages_fini(&p->m);
}

/* ---- the corpus: malformed/<name>.yaml gives the lines of malformed/<name>.expected, in this order ---- */

static void load(rb_text *out, const char *path)
{
    rb_error err = { 0 };
    assert_ok(rb_experiment_load(out, path, &err), &err);
}

/* The messages with the folder's name taken out, one a line. */
static void join_messages(rb_text *out, const rb_messages *m, const char *folder)
{
    rb_error err = { 0 };
    size_t length = strlen(folder);
    for (int64_t i = 0; i < m->n; i++) {
        for (const char *at = m->item[i].text; *at; at++)
            if (strncmp(at, folder, length) == 0)
                at += length - 1;
            else
                assert_ok(rb_text_add(out, at, 1, &err), &err);
        assert_ok(rb_text_add(out, "\n", 1, &err), &err);
    }
}

static void check_malformed(const char *folder, const char *name)
{
    char path[4096];
    rb_text expected = { 0 }, found = { 0 };
    parsed p = { 0 };
    snprintf(path, sizeof path, "%s%s", folder, name);
    rb_experiment_input input = { .file = path, .algorithms = toy_algorithms };
    rb_status status = rb_experiment_parse(&p.e, &input, &p.m, &p.err);
    if (status != RB_BAD_INPUT || p.m.n == 0)
        fail_msg("%s was not refused: %s", name, p.err.message);
    join_messages(&found, &p.m, folder);
    memcpy(strrchr(path, '.'), ".expected", sizeof ".expected");
    load(&expected, path);
    if (strcmp(found.data, expected.data) != 0)
        fail_msg("%s gives\n%sexpected\n%s", name, found.data, expected.data);
    rb_text_fini(&expected);
    rb_text_fini(&found);
    release(&p);
}

static void every_malformed_file_gives_its_messages(void **unused)
{
    (void)unused;
    char folder[4096], *real = realpath(rb_test_path("tests/harness/malformed"), NULL);
    assert_non_null(real);
    snprintf(folder, sizeof folder, "%s/", real);
    free(real);
    DIR *files = opendir(folder);
    assert_non_null(files);
    int n = 0;
    for (const struct dirent *file; (file = readdir(files));) {
        size_t length = strlen(file->d_name);
        if (length < 5 || strcmp(file->d_name + length - 5, ".yaml") != 0)
            continue;
        check_malformed(folder, file->d_name);
        n++;
    }
    closedir(files);
    assert_true(n >= 100);
}

static void overrides_are_checked_like_the_file(void **unused)
{
    (void)unused;
    static const struct {
        const char *set, *message;
    } cases[] = {
        { "sed=7", "--set sed=7: unknown key 'sed' of experiment; did you mean 'seed'?" },
        { "dataset.usrs=3", "--set dataset.usrs=3: unknown key 'usrs' of dataset; did you mean 'users'?" },
        { "seed=x", "--set seed=x: 'experiment.seed' is x, expected a whole number in [0, 9.2e18]" },
        { "trials.0.k=3", "--set trials.0.k=3: unknown parameter 'k' of toy_popular: it has none" },
        { "metrics=[rmse]", "--set metrics=[rmse]: no trial of this file can give 'rmse': none predicts ratings" },
        { "a.b.c=1", "--set a.b.c=1: unknown key 'a' of experiment" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parsed p;
        assert_int_equal(parse(&p, HEAD REST, &cases[i].set, 1), RB_BAD_INPUT);
        assert_int_equal(p.m.n, 1);
        assert_string_equal(p.m.item[0].text, cases[i].message);
        release(&p);
    }
}

static void a_file_that_is_no_experiment_file_is_refused(void **unused)
{
    (void)unused;
    parsed p = { 0 };
    rb_experiment_input input = { .file = "/no/such/file.yaml" };
    assert_int_equal(rb_experiment_parse(&p.e, &input, &p.m, &p.err), RB_BAD_INPUT);
    assert_non_null(strstr(p.err.message, "/no/such/file.yaml"));
    release(&p);

    memset(&p, 0, sizeof p);
    input.file = "/dev/zero"; /* endless */
    assert_int_equal(rb_experiment_parse(&p.e, &input, &p.m, &p.err), RB_BAD_INPUT);
    assert_string_equal(p.err.message, "/dev/zero is no experiment file: it has more than 16 MiB");
    release(&p);
}

/* ---- what a file says ---- */

static void what_is_left_out_has_its_default(void **unused)
{
    (void)unused;
    parsed p;
    parse_well(&p, HEAD REST);
    assert_string_equal(p.e.name, "x");
    assert_int_equal(p.e.seed, 0);
    assert_int_equal(p.e.data_kind, RB_DATA_SYNTHETIC);
    assert_int_equal(p.e.synth.users, 50);
    assert_true(p.e.relevance == -INFINITY && p.e.timeout_s == INFINITY && p.e.checkpoint_s == 600);
    assert_true(rb_filter_is_none(&p.e.filter));
    assert_int_equal(p.e.repeats, 1);
    assert_string_equal(p.e.output, "results");
    assert_int_equal(p.e.evaluation.ties, RB_TIES_HASH);
    assert_true(p.e.evaluation.clip);
    assert_int_equal(p.e.statistics.test, RB_TEST_WILCOXON);
    assert_int_equal(p.e.statistics.correction, RB_CORRECT_HOLM);
    assert_true(p.e.statistics.level == 0.95);
    assert_false(p.e.early_stopping.on);
    assert_int_equal(p.e.store.per_user, RB_KEEP_ALL);
    assert_int_equal(p.e.store.models, RB_KEEP_SELECTED);
    assert_int_equal(p.e.store.lists, RB_KEEP_SELECTED);
    assert_int_equal(p.e.n_select, 0);
    assert_int_equal(p.e.n_entries, 1);
    assert_int_equal(p.e.entry[0].n_configurations, 1);
    release(&p);
}

static void every_key_reaches_its_field(void **unused)
{
    (void)unused;
    parsed p;
    parse_well(
        &p, "experiment: all-keys_1.0\nseed: 9007199254740993\nrelevance: 3.5\nrepeats: 3\ntimeout: 1.5\ncheckpoint: "
            "0\noutput: out\n"
            "dataset: { path: sub/r.csv, format: csv, delimiter: tab, header: true, on_error: skip,\n"
            "           duplicates: mean, drop_duplicates: true, items: catalogue, scale: [0.5, 5],\n"
            "           columns: { user: u, item: 2, rating: r, timestamp: t } }\n"
            "filter: { threshold: 4, user_core: 5, item_core: 6 }\n"
            "split: { kind: k_fold, folds: 4, validation: 0.1 }\n"
            "metrics: [silhouette, rmse]\nselect: [silhouette, ndcg@10]\n"
            "evaluation: { ties: bounds, clip: false }\n"
            "statistics: { test: bootstrap, correction: bh, level: 0.9 }\n"
            "early_stopping: { patience: 7, every: 2, min_delta: 0.001 }\n"
            "store: { per_user: none, models: all, lists: none }\n"
            "trials:\n  - toy_mf: { label: \"a b\", biases: false }\n    as: first\n  - toy_cluster\n");
    const rb_experiment *e = &p.e;
    assert_true(e->seed == 9007199254740993u);
    assert_true(e->relevance == 3.5 && e->timeout_s == 1.5 && e->checkpoint_s == 0 && e->repeats == 3);
    assert_string_equal(e->output, "out");
    assert_int_equal(e->data_kind, RB_DATA_PATH);
    assert_int_equal(e->source.path[0], '/');
    assert_non_null(strstr(e->source.path, "/sub/r.csv"));
    assert_string_equal(e->source.format, "csv");
    assert_int_equal(e->source.delimiter, '\t');
    assert_int_equal(e->source.header, 1);
    assert_true(e->source.skip_errors && e->source.drop_duplicates);
    assert_int_equal(e->source.duplicates, RB_DUPLICATES_MEAN);
    assert_true(e->source.all_titles && e->source.has_scale && e->source.scale[0] == 0.5f && e->source.scale[1] == 5);
    assert_non_null(strstr(e->dataset_text, "items=catalogue scale=[0.5,5]"));
    assert_string_equal(e->source.user_column, "u");
    assert_string_equal(e->source.item_column, "2");
    assert_string_equal(e->source.rating_column, "r");
    assert_string_equal(e->source.timestamp_column, "t");
    assert_true(e->filter.threshold == 4 && e->filter.user_core == 5 && e->filter.item_core == 6);
    assert_int_equal(e->split.kind, RB_SPLIT_K_FOLD);
    assert_int_equal(e->split.folds, 4);
    assert_int_equal(e->n_metrics, 3); /* ndcg@10, which selects, is measured too */
    assert_string_equal(e->metrics[2].label, "ndcg@10");
    assert_int_equal(e->n_select, 2);
    assert_string_equal(e->select[0].label, "ndcg@10"); /* recommenders first */
    assert_string_equal(e->select[1].label, "silhouette");
    assert_int_equal(e->evaluation.ties, RB_TIES_BOUNDS);
    assert_true(!e->evaluation.clip);
    assert_int_equal(e->statistics.test, RB_TEST_BOOTSTRAP);
    assert_int_equal(e->statistics.correction, RB_CORRECT_BH);
    assert_true(e->statistics.level == 0.9);
    assert_true(e->early_stopping.on);
    assert_string_equal(e->early_stopping.metric.label, "ndcg@10");
    assert_true(e->early_stopping.patience == 7 && e->early_stopping.every == 2 &&
                e->early_stopping.min_delta == 0.001);
    assert_int_equal(e->store.per_user, RB_KEEP_NONE);
    assert_int_equal(e->store.models, RB_KEEP_ALL);
    assert_int_equal(e->store.lists, RB_KEEP_NONE);
    assert_true(e->entry[0].named);
    assert_string_equal(e->entry[0].name, "first");
    assert_string_equal(e->entry[1].name, "toy_cluster");
    release(&p);
}

static void a_seed_given_besides_replaces_the_files(void **unused)
{
    (void)unused;
    static const char text[] = HEAD "seed: 4\n" REST;
    uint64_t seed = 11;
    parsed p = { 0 };
    rb_experiment_input input = {
        .file = "x.yaml", .text = text, .n_bytes = sizeof text - 1, .seed = &seed, .algorithms = toy_algorithms
    };
    assert_int_equal(rb_experiment_parse(&p.e, &input, &p.m, &p.err), RB_OK);
    assert_int_equal(p.e.seed, 11);
    assert_non_null(strstr(p.e.text, "seed: 11\n"));
    release(&p);
}

static void digest_of(char hex[9], const char *text)
{
    parsed p;
    rb_digest digest;
    parse_well(&p, text);
    assert_ok(rb_experiment_folder_digest(&digest, &p.e, &p.err), &p.err);
    rb_digest_hex(hex, &digest, 8);
    release(&p);
}

static void a_folder_is_named_by_data_filter_relevance_split_and_seed(void **unused)
{
    (void)unused;
    char base[9], other[9];
    digest_of(base, HEAD REST);
    static const char *const same[] = {
        "trials: [toy_mf]\nmetrics: [rmse]\nstore: { models: all }\nrepeats: 3\n" HEAD,
        "experiment: y\ndataset: { ratings: 300, users: 50, items: 20, name: 'synthetic' }\nseed: 0\n" REST,
        HEAD "split: {}\nfilter: {}\n" REST,
    };
    static const char *const different[] = {
        "experiment: x\ndataset: { name: synthetic, users: 51, items: 20, ratings: 300 }\n" REST,
        "experiment: x\ndataset: { name: netflix-titles }\n" REST,
        HEAD "seed: 1\n" REST,
        HEAD "relevance: 4\n" REST,
        HEAD "filter: { threshold: 4 }\n" REST,
        HEAD "split: { test: 0.3 }\n" REST,
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        digest_of(other, same[i]);
        assert_string_equal(other, base);
    }
    for (size_t i = 0; i < sizeof different / sizeof *different; i++) {
        digest_of(other, different[i]);
        assert_string_not_equal(other, base);
    }
}

/* Two entries of one name are told of, unless they cluster in spaces of their own; re-ranking has none of its own. */
static void entries_of_one_name_are_found(void **unused)
{
    (void)unused;
    static const struct {
        const char *trials;
        bool found;
    } cases[] = {
        { "[toy_mf: { factors: 8 }, toy_mf: { factors: 16 }]", true },
        { "[toy_mf, toy_popular]", false },
        { "[{ toy_mf: {}, rerank: { space: genre } }, { toy_mf: {} }]", true },
        { "[{ toy_mf: {}, rerank: { space: genre } }, { toy_mf: {}, rerank: { space: numeric } }]", true },
        { "[toy_cluster: { space: genre }, toy_cluster: { space: numeric }]", false },
        { "[toy_cluster: { space: genre }, toy_cluster: { space: [numeric, genre] }]", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        parsed p;
        snprintf(text, sizeof text, HEAD "metrics: [%s]\ntrials: %s\n",
                 strstr(cases[i].trials, "toy_cluster") ? "silhouette" : "ndcg@10", cases[i].trials);
        parse_well(&p, text);
        assert_true(rb_experiment_namesake(&p.e, 1) == (cases[i].found ? &p.e.entry[0] : NULL));
        release(&p);
    }
}

/* ---- the kept file ---- */

static const char rich[] = HEAD
    "seed: 5\nsplit: { validation: 0.1 }\nselect: ndcg@10\nmetrics: [ndcg@10, silhouette]\n"
    "early_stopping: { metric: \"recall:min@5\" }\n"
    "trials:\n"
    "  - toy_mf: { factors: [8, 16], regularization: { log_uniform: [1e-4, 1], samples: 3 }, label: \"x: #1\\n\",\n"
    "              start: [[1, 2], [3, 4.5]], exclude: [{ factors: 8, regularization: 0.5 }, { factors: 16 }] }\n"
    "    as: mf\n"
    "  - toy_cluster: { space: [genre, { name: lsa-10, columns: [genres, description] }], k: { range: [2, 9] } }\n"
    "  - toy_blend: { first: mf, second: mf, weight: { range: [0.1, 0.3], step: 0.1 }, zip: [first, second] }\n";

static void the_kept_file_says_the_same(void **unused)
{
    (void)unused;
    char text[sizeof rich];
    memcpy(text, rich, sizeof rich);
    memcpy(strstr(text, "{ factors: 8, regularization: 0.5 }, "), "                                     ", 37);
    parsed once, again;
    rb_plan a = { 0 }, b = { 0 };
    parse_well(&once, text);
    parse_well(&again, once.e.text);
    assert_string_equal(once.e.text, again.e.text);
    assert_string_equal(once.e.early_stopping_text, again.e.early_stopping_text);
    assert_string_equal(once.e.dataset_text, again.e.dataset_text);
    assert_ok(rb_expand(&a, &once.e, &once.err), &once.err);
    assert_ok(rb_expand(&b, &again.e, &again.err), &again.err);
    assert_int_equal(a.n_configurations, b.n_configurations);
    assert_int_equal(a.n_configurations, 3 + 16 + 9);
    for (int32_t i = 0; i < a.n_configurations; i++) {
        assert_string_equal(a.configuration[i].text, b.configuration[i].text);
        assert_string_equal(a.configuration[i].canonical, b.configuration[i].canonical);
    }
    rb_plan_fini(&a);
    rb_plan_fini(&b);
    release(&once);
    release(&again);
}

/* ---- memory ---- */

static rb_status parse_and_expand(const char *text)
{
    parsed p;
    rb_plan plan = { 0 };
    rb_status status = parse(&p, text, NULL, 0);
    if (status == RB_OK)
        status = rb_expand(&plan, &p.e, &p.err);
    rb_plan_fini(&plan);
    release(&p);
    return status;
}

static void any_failed_allocation_ends_in_an_error(void **unused)
{
    (void)unused;
    static const char *const texts[] = { rich, HEAD "seed: x\nsed: 3\n" REST };
    for (int i = 0; i < 2; i++) {
        rb_alloc_fail_nth(0);
        rb_status whole = parse_and_expand(texts[i]);
        int64_t n = rb_alloc_fail_nth(0);
        assert_int_equal(whole, RB_BAD_INPUT); /* of rich: an exclude matches nothing */
        assert_true(n > 5);
        for (int64_t nth = 1; nth <= n; nth++) {
            rb_alloc_fail_nth(nth);
            rb_status status = parse_and_expand(texts[i]);
            rb_alloc_fail_nth(0);
            if (status != RB_NO_MEMORY)
                fail_msg("allocation %lld of %lld failed, and the status is %d", (long long)nth, (long long)n, status);
        }
    }
}

static void every_key_is_documented(void **unused)
{
    (void)unused;
    for (const rb_experiment_key *key = rb_experiment_keys; key->name; key++) {
        assert_true(*key->form && *key->help);
        for (const rb_param *p = key->params; p && p->name; p++)
            assert_true(p->help && *p->help);
    }
}

/* ---- the project's own experiments ---- */

static void the_projects_experiments_are_well_formed(void **unused)
{
    (void)unused;
    char folder[4096], path[8192];
    snprintf(folder, sizeof folder, "%s", rb_test_path("experiments"));
    DIR *files = opendir(folder);
    assert_non_null(files);
    int n = 0;
    for (const struct dirent *file; (file = readdir(files));) {
        size_t length = strlen(file->d_name);
        if (length < 5 || strcmp(file->d_name + length - 5, ".yaml") != 0)
            continue;
        parsed p = { 0 };
        rb_plan plan = { 0 };
        snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
        rb_experiment_input input = { .file = path };
        if (rb_experiment_parse(&p.e, &input, &p.m, &p.err) != RB_OK)
            fail_msg("%s\n%s", p.err.message, p.m.n ? p.m.item[0].text : "");
        assert_ok(rb_expand(&plan, &p.e, &p.err), &p.err);
        assert_true(plan.n_trials > 0);
        rb_plan_fini(&plan);
        release(&p);
        n++;
    }
    closedir(files);
    assert_true(n >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_malformed_file_gives_its_messages),
        cmocka_unit_test(overrides_are_checked_like_the_file),
        cmocka_unit_test(a_file_that_is_no_experiment_file_is_refused),
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(every_key_reaches_its_field),
        cmocka_unit_test(a_seed_given_besides_replaces_the_files),
        cmocka_unit_test(a_folder_is_named_by_data_filter_relevance_split_and_seed),
        cmocka_unit_test(entries_of_one_name_are_found),
        cmocka_unit_test(the_kept_file_says_the_same),
        cmocka_unit_test(any_failed_allocation_ends_in_an_error),
        cmocka_unit_test(every_key_is_documented),
        cmocka_unit_test(the_projects_experiments_are_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
