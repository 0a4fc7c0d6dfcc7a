/* Fixed labels on the TF-IDF of the Netflix titles: the metrics are scikit-learn's. */
#include <stdio.h>
#include <stdlib.h>

#include "data/catalogue_read.h"
#include "data/space.h"
#include "eval/silhouette.h"
#include "support/support.h"

static json_t *golden;
static rb_ctx ctx;
static rb_points soup;
static int32_t *labels[2];
static const char *const references[] = { "type", "primary_genre" };

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
    for (int r = 0; r < 2; r++) {
        labels[r] = malloc((size_t)titles.n * sizeof **labels);
        assert_ok(rb_catalogue_labels(labels[r], &titles, references[r], &err), &err);
    }
    rb_space_spec_fini(&spec);
    rb_catalogue_fini(&titles);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    rb_points_fini(&soup);
    free(labels[0]);
    free(labels[1]);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silhouettes_are_those_of_scikit_learn),
        cmocka_unit_test(compactness_is_that_of_scikit_learn),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
