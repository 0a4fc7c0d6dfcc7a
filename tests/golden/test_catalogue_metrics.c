/* Fixed labels of the Netflix titles: the metrics on their TF-IDF, and the agreement of labellings with and without
 * noise (generate_agreement.py), are scikit-learn's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/catalogue_read.h"
#include "data/space.h"
#include "eval/silhouette.h"
#include "support/cluster_points.h"
#include "support/support.h"

static json_t *golden;
static rb_ctx ctx;
static rb_points soup;
enum { TYPE, PRIMARY_GENRE, PARTED, DRAWN, N_LABELLINGS };
static int64_t n_titles;
static int32_t *labels[N_LABELLINGS];
static const char *const references[N_LABELLINGS] = { "type", "primary_genre", "parted", "drawn" };

/* Types at random in three parts each, and clusters at random that neighbours share, both with noise. */
static void draw_labels(void)
{
    for (int r = PARTED; r <= DRAWN; r++)
        labels[r] = malloc((size_t)n_titles * sizeof **labels);
    for (int64_t i = 0; i < n_titles; i++) {
        const uint64_t place = 4 * (uint64_t)i;
        labels[PARTED][i] = 3 * labels[TYPE][i] + (int32_t)(3 * rb_test_mixed(place + 1));
        labels[DRAWN][i] = (int32_t)(5 * rb_test_mixed(4 * (uint64_t)(i / 2) + 3));
        if (rb_test_mixed(place) < 1.0 / 7)
            labels[PARTED][i] = -1;
        if (rb_test_mixed(place + 2) < 1.0 / 20)
            labels[DRAWN][i] = -1;
    }
}

static int set_up(void **unused)
{
    (void)unused;
    char path[4352];
    rb_error err = { 0 };
    rb_catalogue titles = { 0 };
    rb_space_spec spec = { 0 };
    rb_ctx_serial(&ctx, 2);
    snprintf(path, sizeof path, "%s/netflix-titles/netflix_titles.csv", rb_test_data());
    golden = rb_test_golden("netflix-titles.json");
    assert_ok(rb_catalogue_read(&titles, path, NULL, NULL, &ctx, &err), &err);
    assert_ok(rb_space_parse(&spec, "tfidf(stop_words=none,min_df=2)", &err), &err);
    assert_ok(rb_space_build(&soup, &spec, &titles, &ctx, &err), &err);
    n_titles = titles.n;
    for (int r = TYPE; r <= PRIMARY_GENRE; r++) {
        labels[r] = malloc((size_t)titles.n * sizeof **labels);
        assert_ok(rb_catalogue_labels(labels[r], &titles, references[r], &err), &err);
    }
    draw_labels();
    rb_space_spec_fini(&spec);
    rb_catalogue_fini(&titles);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    rb_points_fini(&soup);
    for (int r = 0; r < N_LABELLINGS; r++)
        free(labels[r]);
    json_decref(golden);
    return 0;
}

static double known(int reference, const char *metric)
{
    return rb_test_number(golden, "fixed_labels_on_soup_min_df2", references[reference], metric, NULL);
}

static void silhouettes_are_those_of_scikit_learn(void **unused)
{
    (void)unused;
    static const char *const metrics[] = { "silhouette_euclidean", "silhouette_cosine" };
    const rb_labelling labellings[] = { { labels[0], RB_NOISE_DROP }, { labels[1], RB_NOISE_DROP } };
    for (int d = 0; d < 2; d++) {
        rb_error err = { 0 };
        rb_metric_value values[2];
        rb_silhouette_distance distance = d ? RB_SILHOUETTE_COSINE : RB_SILHOUETTE_EUCLIDEAN;
        assert_ok(rb_silhouette_many(values, NULL, &soup, labellings, 2, distance, &ctx, &err), &err);
        for (int r = 0; r < 2; r++)
            assert_near(values[r].value, known(r, metrics[distance]), 1e-12);
    }
}

static void compactness_is_that_of_scikit_learn(void **unused)
{
    (void)unused;
    for (int r = 0; r < 2; r++) {
        rb_error err = { 0 };
        rb_compactness c;
        rb_labelling labelling = { labels[r], RB_NOISE_DROP };
        assert_ok(rb_clustering_compactness(&c, &soup, &labelling, &ctx, &err), &err);
        assert_near(c.davies_bouldin.value, known(r, "davies_bouldin"), 1e-9);
        assert_near(c.calinski_harabasz.value, known(r, "calinski_harabasz"), 1e-9);
    }
}

static const int32_t *labels_named(json_t *name)
{
    for (int r = 0; r < N_LABELLINGS; r++)
        if (strcmp(references[r], json_string_value(name)) == 0)
            return labels[r];
    fail_msg("no labelling %s", json_string_value(name));
    return NULL;
}

static void agreement_is_that_of_scikit_learn(void **unused)
{
    (void)unused;
    static const char *const noises[] = { "drop", "merge", "singletons", "scaled" };
    json_t *root = rb_test_golden("agreement.json"), *pair;
    int n_compared = 0;
    size_t at;
    json_array_foreach(json_object_get(root, "cases"), at, pair)
    {
        rb_error err = { 0 };
        rb_cluster_counts counts = { 0 };
        const int32_t *own = labels_named(json_object_get(pair, "labels"));
        const int32_t *reference = labels_named(json_object_get(pair, "reference"));
        assert_ok(rb_cluster_counts_init(&counts, own, n_titles, &err), &err);
        assert_near(counts.noise_fraction, rb_test_number(pair, "noise_fraction", NULL), 1e-12);
        rb_cluster_counts_fini(&counts);
        for (int noise = RB_NOISE_DROP; noise <= RB_NOISE_SCALED; noise++) {
            rb_agreement a;
            json_t *theirs = json_object_get(json_object_get(pair, "values"), noises[noise]);
            if (!theirs)
                continue;
            assert_ok(rb_clustering_agreement(&a, &(rb_labelling){ own, noise }, reference, n_titles, &err), &err);
            assert_near(a.ari.value, rb_test_number(theirs, "ari", NULL), 1e-9);
            assert_near(a.ami.value, rb_test_number(theirs, "ami", NULL), 1e-9);
            assert_near(a.nmi.value, rb_test_number(theirs, "nmi", NULL), 1e-9);
            assert_near(a.homogeneity.value, rb_test_number(theirs, "homogeneity", NULL), 1e-9);
            assert_near(a.completeness.value, rb_test_number(theirs, "completeness", NULL), 1e-9);
            assert_near(a.v_measure.value, rb_test_number(theirs, "v_measure", NULL), 1e-9);
            assert_near(a.purity.value, rb_test_number(theirs, "purity", NULL), 1e-9);
            n_compared++;
        }
    }
    assert_int_equal(n_compared, 17);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silhouettes_are_those_of_scikit_learn),
        cmocka_unit_test(compactness_is_that_of_scikit_learn),
        cmocka_unit_test(agreement_is_that_of_scikit_learn),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
