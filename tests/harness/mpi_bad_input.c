/*
 * What no clustering is made for: each of the registry, with each choice of its parameters, gives a defined result or
 * one clear error, the same on every rank. A new one is held to it without an edit here.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/cluster.h"
#include "eval/dbcv.h"
#include "eval/silhouette.h"
#include "support/cluster_points.h"
#include "support/config.h"
#include "support/contract.h"
#include "support/support.h"
#include "support/world_run.h"

#define N 48
#define D 6

typedef enum { DEFINED, REFUSED, EITHER } outcome;

/* Points, and what is expected of them; the words stand in the error, whatever it says where they are "". */
typedef struct {
    const char *name;
    int64_t n;
    rb_test_value value;
    outcome expected;
    const char *words;
} input;

/* Three groups of whole numbers, which are counts of words, too. */
static double groups(int64_t i, int64_t f)
{
    return (double)((i % 3 == f / 2 ? 9 : 0) + (i * 7 + f * 5) % 4);
}

static double with_infinity(int64_t i, int64_t f)
{
    return i == 7 && f == 2 ? INFINITY : groups(i, f);
}

static double with_a_constant(int64_t i, int64_t f)
{
    return f == 2 ? 3 : groups(i, f);
}

static double equal(int64_t i, int64_t f)
{
    (void)i;
    return (double)f + 1;
}

static double nothing(int64_t i, int64_t f)
{
    (void)i, (void)f;
    return 0;
}

/* Rows of zeros: sparse ones hold nothing. */
static double with_empty_rows(int64_t i, int64_t f)
{
    return i % 5 == 3 ? 0 : groups(i, f);
}

static const input inputs[] = {
    { "usual", N, groups, DEFINED, NULL },
    { "nan", N, rb_test_with_nan, REFUSED, "point 7 has nan in dimension 2" },
    { "infinity", N, with_infinity, REFUSED, "point 7 has inf in dimension 2" },
    { "too large", N, rb_test_with_giant, EITHER, "" },
    { "a constant column", N, with_a_constant, DEFINED, NULL },
    { "equal points", N, equal, DEFINED, NULL },
    { "empty rows", N, with_empty_rows, DEFINED, NULL },
    { "nothing but zeros", N, nothing, EITHER, "none of the 48 documents has a word" },
    { "fewer points than clusters", 3, groups, EITHER, "there are only 3 points" },
    { "one point", 1, groups, EITHER, "there are only 1 points" },
};

/* ---- results ---- */

static bool is_told(rb_metric_value v)
{
    return (v.state == RB_VALUE_OK) == (bool)isfinite(v.value);
}

/* Values are numbers, or said not to apply. */
static bool metrics_are_defined(const rb_points *p, const rb_labelling *l)
{
    rb_error err = { 0 };
    rb_compactness c;
    rb_metric_value v;
    rb_agreement a;
    int32_t reference[N];
    int64_t n_skipped;
    bool good = rb_clustering_compactness(&c, p, l, &rb_test_ctx, &err) == RB_OK;
    good = good && is_told(c.davies_bouldin) && is_told(c.calinski_harabasz) && is_told(c.inertia);
    for (int d = RB_SILHOUETTE_EUCLIDEAN; d <= RB_SILHOUETTE_COSINE; d++)
        good = rb_silhouette_many(&v, NULL, p, l, 1, (rb_silhouette_distance)d, &rb_test_ctx, &err) == RB_OK && good &&
               is_told(v);
    good = rb_dbcv(&v, &n_skipped, p, l, &rb_test_ctx, &err) == RB_OK && good && is_told(v);
    for (int64_t i = 0; i < p->n; i++)
        reference[i] = (int32_t)(i % 3);
    good = rb_clustering_agreement(&a, l, reference, p->n, &err) == RB_OK && good;
    const rb_metric_value agreed[] = { a.ari, a.ami, a.nmi, a.homogeneity, a.completeness, a.v_measure, a.purity };
    for (size_t m = 0; m < sizeof agreed / sizeof *agreed; m++)
        good = good && is_told(agreed[m]);
    return good;
}

static bool counts_are_defined(const int32_t *labels, int64_t n)
{
    rb_error err = { 0 };
    rb_cluster_counts counts = { 0 };
    bool good = rb_cluster_counts_init(&counts, labels, n, &err) == RB_OK;
    good = good && counts.noise_fraction >= 0 && counts.noise_fraction <= 1 && isfinite(counts.middle);
    rb_cluster_counts_fini(&counts);
    return good;
}

static bool labels_are_valid(const int32_t *labels, int64_t n)
{
    bool good = true;
    for (int64_t i = 0; i < n; i++)
        good = good && labels[i] >= -1 && labels[i] < N;
    return good;
}

static bool is_defined(const rb_contract_model *m, const rb_points *p)
{
    const rb_algorithm *a = m->algorithm;
    rb_error err = { 0 };
    int64_t n, d;
    int32_t assigned[N];
    double value[RB_CONTRACT_MEASURES];
    bool good = rb_contract_measure(value, m);
    if (a->labels) {
        const int32_t *labels = a->labels(m->state, &n);
        good = good && n == p->n && labels_are_valid(labels, n);
        good = rb_true_everywhere(good) && counts_are_defined(labels, n);
        for (int noise = RB_NOISE_DROP; good && noise <= RB_NOISE_SCALED; noise++)
            good = rb_true_everywhere(metrics_are_defined(p, &(rb_labelling){ labels, noise }));
    }
    if (a->assign) {
        good = a->assign(assigned, m->state, p, m->config, &rb_test_ctx, &err) == RB_OK && good;
        good = good && labels_are_valid(assigned, p->n);
    }
    if (a->embed) {
        const double *made = a->embed(m->state, &n, &d);
        for (int64_t at = 0; at < n * d; at++)
            good = good && isfinite(made[at]);
    }
    return good;
}

/* ---- all of it ---- */

/* Its status is the same on every rank. */
static rb_status fit(rb_contract_model *m, const rb_points *p, rb_error *err)
{
    const rb_train_view view = { .space = p, .asked = ~0u };
    *err = (rb_error){ 0 };
    rb_contract_fit_to(m, &view, &rb_test_ctx, err);
    int64_t least = err->status, most = err->status;
    rb_min_int64(&rb_test_ctx, &least, 1);
    rb_max_int64(&rb_test_ctx, &most, 1);
    assert_int_equal(least, most);
    return err->status;
}

static rb_contract_model model_with(const rb_algorithm *a, const rb_param *choice, int index)
{
    rb_contract_model m = rb_contract_model_of(a);
    if (choice)
        rb_oracle_set_number(m.config, a, choice->name, index);
    return m;
}

static void expect(const rb_algorithm *a, const rb_param *choice, int index, const input *in, bool sparse)
{
    rb_error err;
    rb_points p;
    rb_contract_model m = model_with(a, choice, index);
    rb_test_points(&p, in->n, D, sparse, in->value);
    rb_status status = fit(&m, &p, &err);
    const char *wrong = NULL;
    if (status == RB_OK)
        wrong = in->expected == REFUSED ? "is not refused" : is_defined(&m, &p) ? NULL : "has no defined result";
    else if ((status != RB_BAD_INPUT && status != RB_NOT_FINITE) || !*err.message || in->expected == DEFINED ||
             !strstr(err.message, in->words))
        wrong = err.message;
    if (!rb_true_everywhere(!wrong))
        fail_msg("%s with %s %d, %s, %s points: %s", a->name, choice ? choice->name : "defaults", index, in->name,
                 sparse ? "sparse" : "dense", wrong ? wrong : "another rank fails");
    rb_contract_model_fini(&m);
    rb_points_fini(&p);
}

/* Whether a configuration is one, and takes points of this kind. */
static bool takes(const rb_algorithm *a, const rb_param *choice, int index, bool sparse)
{
    rb_error err = { 0 };
    rb_points p;
    rb_contract_model m = model_with(a, choice, index);
    bool good = !a->check || a->check(m.config, NULL, &err) == RB_OK;
    rb_test_points(&p, N, D, sparse, groups);
    good = good && fit(&m, &p, &err) == RB_OK;
    rb_contract_model_fini(&m);
    rb_points_fini(&p);
    return good;
}

static bool try_inputs(const rb_algorithm *a, const rb_param *choice, int index)
{
    bool any = false;
    for (int sparse = 0; sparse < 2; sparse++) {
        if (!takes(a, choice, index, sparse))
            continue;
        any = true;
        for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
            expect(a, choice, index, &inputs[i], sparse);
    }
    return any;
}

static void a_bad_space_is_refused_or_has_a_defined_result(void **of)
{
    const rb_algorithm *a = *of;
    char name[64];
    assert_true(try_inputs(a, NULL, 0));
    for (const rb_param *p = a->params; p->name; p++)
        for (int c = 0; p->kind == RB_PARAM_CHOICE && *rb_choice_name(name, p->choices, c); c++)
            if (c != (int)p->default_number)
                try_inputs(a, p, c);
}

/* nan and inf of `inputs`, among new points: labels and codes alike. */
static void expect_refused(const rb_contract_model *m, const input *in, bool sparse)
{
    const rb_algorithm *a = m->algorithm;
    int32_t label[N];
    int64_t n, d = 0;
    rb_points p;
    rb_error of_labels = { 0 }, of_codes = { 0 };
    if (a->embed)
        a->embed(m->state, &n, &d);
    double *code = calloc((size_t)(N * d + 1), sizeof *code);
    rb_test_points(&p, N, D, sparse, in->value);
    if (a->assign)
        a->assign(label, m->state, &p, m->config, &rb_test_ctx, &of_labels);
    if (a->embed_new)
        a->embed_new(code, m->state, &p, m->config, &rb_test_ctx, &of_codes);
    bool good = !a->assign || (of_labels.status == RB_BAD_INPUT && strstr(of_labels.message, in->words));
    good = good && (!a->embed_new || (of_codes.status == RB_BAD_INPUT && strstr(of_codes.message, in->words)));
    if (!rb_true_everywhere(good))
        fail_msg("%s, %s among new %s points: %s %s", a->name, in->name, sparse ? "sparse" : "dense", of_labels.message,
                 of_codes.message);
    free(code);
    rb_points_fini(&p);
}

static void new_points_that_are_no_numbers_are_refused(void **of)
{
    const rb_algorithm *a = *of;
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_error err;
        rb_points p;
        rb_contract_model m = rb_contract_model_of(a);
        rb_test_points(&p, N, D, sparse, groups);
        if (fit(&m, &p, &err) == RB_OK)
            for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
                if (inputs[i].expected == REFUSED)
                    expect_refused(&m, &inputs[i], sparse);
        rb_contract_model_fini(&m);
        rb_points_fini(&p);
    }
}

/* ---- catalogues ---- */

#define EQUAL "two sisters cross a river"

/* Titles that are equal but for what they are about. */
static void write_titles(const char *path, void (*describe)(FILE *f, int title))
{
    FILE *f = rb_test_ctx.rank == 0 ? fopen(path, "w") : NULL;
    if (rb_test_ctx.rank != 0)
        return;
    assert_non_null(f);
    fputs("show_id,type,title,release_year,rating,duration,listed_in,description\n", f);
    for (int i = 0; i < N; i++) {
        fprintf(f, "s%d,Movie,The same,2000,PG,90 min,Drama,", i);
        describe(f, i);
        fputc('\n', f);
    }
    fclose(f);
}

/* An entry of each clustering. */
static void write_entries(char *yaml, size_t size, const char *(*space_of)(const rb_algorithm *a))
{
    for (int k = 0; rb_cluster_registry[k]; k++) {
        const rb_algorithm *a = rb_cluster_registry[k];
        const size_t at = strlen(yaml);
        snprintf(yaml + at, size - at, "  - %s: { %s%s }\n", a->name,
                 a->needs & RB_NEEDS_SPACE ? space_of(a) : "init: [cao, huang]",
                 rb_param_find(a->params, "k") ? ", k: 4" : "");
    }
}

/* A run of all clusterings on titles, none of which fails. */
static rb_run_outcome run_on(const char *name, void (*describe)(FILE *f, int title),
                             const char *(*space_of)(const rb_algorithm *a))
{
    char path[256], file[64], yaml[4096];
    snprintf(file, sizeof file, "%s.csv", name);
    write_titles(rb_test_scratch(path, file), describe);
    snprintf(yaml, sizeof yaml,
             "experiment: %s\ndataset: { path: %s }\nmetrics: [silhouette, davies_bouldin, calinski_harabasz, dbcv, "
             "\"ari:type\", inertia, n_clusters, noise_fraction, cost, cophenetic, perplexity]\ntrials:\n",
             name, path);
    write_entries(yaml, sizeof yaml, space_of);
    rb_run_outcome run = rb_test_run(name, yaml, (rb_test_shape){ 0 });
    assert_int_equal(run.n_failed + run.n_left, 0);
    assert_int_equal(run.n_done, run.n_trials);
    return run;
}

/* What the first trial of an algorithm says. */
static void expect_message(const char *folder, const char *name, const char *expected)
{
    char of[256], message[256];
    int t = 0;
    do {
        rb_test_text(of, folder, "trials", "algorithm", t);
        rb_test_text(message, folder, "trials", "message", t);
        t++;
    } while (strcmp(of, name) != 0);
    assert_string_equal(message, expected);
}

static void describe_equally(FILE *f, int title)
{
    (void)title;
    fputs(EQUAL, f);
}

static const char *columns_and_words(const rb_algorithm *a)
{
    return a->needs & RB_NEEDS_COUNTS ? "space: counts" : "space: [numeric, mixed]";
}

static void equal_titles_are_clustered_all_the_same(void **unused)
{
    (void)unused;
    rb_run_outcome run = run_on("equal", describe_equally, columns_and_words);
    if (rb_test_ctx.rank != 0)
        return;
    expect_message(run.folder, "dbscan", "one cluster");
    expect_message(run.folder, "kprototypes", "one cluster");
    expect_message(run.folder, "hdbscan", "no cluster: all is noise");
}

/* Of every third title nothing is left. */
static void describe_by_stop_words(FILE *f, int title)
{
    fputs(title % 3 == 0 ? "of the and" : title % 3 == 1 ? EQUAL : "a robot learns to dance", f);
}

static const char *words_alone(const rb_algorithm *a)
{
    if (a->needs & RB_NEEDS_COUNTS)
        return "space: { name: counts, columns: description }";
    return takes(a, NULL, 0, true) ? "space: { name: tfidf, columns: description }"
                                   : "space: { name: lsa-2, columns: description }";
}

static void titles_of_stop_words_alone_are_clustered_all_the_same(void **unused)
{
    (void)unused;
    run_on("wordless", describe_by_stop_words, words_alone);
}

typedef struct {
    const char *name;
    void (*test)(void **of);
} law;

static const law laws[] = {
    { "a bad space is refused or has a defined result", a_bad_space_is_refused_or_has_a_defined_result },
    { "new points that are no numbers are refused", new_points_that_are_no_numbers_are_refused },
};

int main(int argc, char **argv)
{
    static char names[64][128];
    struct CMUnitTest tests[64] = { cmocka_unit_test(equal_titles_are_clustered_all_the_same),
                                    cmocka_unit_test(titles_of_stop_words_alone_are_clustered_all_the_same) };
    size_t n = 2;
    rb_test_mpi_begin(&argc, &argv);
    rb_test_ctx.seed = 17;
    for (const rb_algorithm *const *a = rb_cluster_registry; *a; a++)
        for (size_t l = 0; l < sizeof laws / sizeof *laws && ((*a)->needs & RB_NEEDS_SPACE); l++, n++) {
            assert_true(n < 64);
            snprintf(names[n], sizeof names[n], "%s: %s", (*a)->name, laws[l].name);
            tests[n] = (struct CMUnitTest){ .name = names[n], .test_func = laws[l].test, .initial_state = (void *)*a };
        }
    return rb_test_mpi_end(_cmocka_run_group_tests("bad input", tests, n, rb_test_runs_begin, rb_test_runs_end));
}
