/* Values of points and clusters: they make up the metric, and stand in results.h5 as it is asked for. */
#include <math.h>
#include <stdio.h>

#include "support/support.h"
#include "support/world_run.h"

extern const rb_algorithm rb_kmeans, rb_dbscan;

static const rb_algorithm *const algorithms[] = { &rb_kmeans, &rb_dbscan, NULL };
static const rb_test_shape usual = { .algorithms = algorithms };

#define N_ITEMS 60
#define HEAD(name)           \
    "experiment: " name "\n" \
    "seed: 7\n"              \
    "dataset: { name: synthetic, users: 60, items: 60, ratings: 900, sessions: 600 }\n"
#define TRIALS                             \
    "trials:\n"                            \
    "  - kmeans: { space: lsa-4, k: 4 }\n" \
    "  - dbscan: { space: lsa-4, eps: 0.35, min_samples: 3 }\n"

static bool stored(const char *folder, const char *name)
{
    char path[512];
    rb_error err = { 0 };
    rb_hdf file = { 0 };
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(rb_hdf_open(&file, path, &err), &err);
    bool found = rb_hdf_has(file.id, name);
    rb_hdf_close(&file);
    return found;
}

/* The mean over points, and the clusters' means weighed by their points, are the metric; noise has none. */
static void expect_sums(const char *folder, int trial, const char *part, const char *labels, int n)
{
    char points[64], clusters[64], label[32];
    double sum = 0, weighed = 0;
    int n_kept = 0, n_left_out = 0, n_in_clusters = 0;
    snprintf(points, sizeof points, "per_point/%d/%s/silhouette", trial, part);
    snprintf(clusters, sizeof clusters, "per_cluster/%d/%s/silhouette", trial, part);
    snprintf(label, sizeof label, "%s/%d", labels, trial);
    double value = rb_test_metric(folder, trial, part, "silhouette:euclidean");
    for (int i = 0; i < n; i++) {
        double score = rb_test_element(folder, points, RB_HDF_DOUBLE, i);
        bool is_noise = rb_test_element(folder, label, RB_HDF_INT32, i) < 0;
        assert_int_equal(isnan(score), is_noise);
        n_left_out += is_noise;
        n_kept += !is_noise;
        sum += is_noise ? 0 : score;
    }
    assert_near(sum / n_kept, value, 1e-12);
    for (int c = 0; n_in_clusters < n; c++) {
        int size = (int)rb_test_cell(folder, clusters, "points", c);
        double mean = rb_test_cell(folder, clusters, "mean", c);
        bool is_noise = rb_test_cell(folder, clusters, "cluster", c) < 0;
        assert_true(size > 0);
        assert_int_equal(isnan(mean), is_noise);
        if (is_noise)
            assert_int_equal(size, n_left_out);
        n_in_clusters += size;
        weighed += is_noise ? 0 : size * mean;
    }
    assert_int_equal(n_in_clusters, n);
    assert_near(weighed / n_kept, value, 1e-12);
}

static void points_and_clusters_make_up_the_metric(void **unused)
{
    (void)unused;
    const char *yaml = HEAD("sums") "metrics: [silhouette, \"silhouette:sample-30\"]\n" TRIALS;
    rb_run_outcome run = rb_test_run("sums", yaml, usual);
    assert_int_equal(run.n_done, 2);
    expect_sums(run.folder, 1, "all", "labels", N_ITEMS);
    expect_sums(run.folder, 2, "all", "labels", N_ITEMS);
    assert_true(rb_test_cell(run.folder, "metrics", "left_out", 2) > 0); /* dbscan left noise to test with */
    assert_false(stored(run.folder, "per_point/1/all/silhouette:sample-30"));

    rb_test_shape alone = usual; /* and each silhouette in a pass of its own */
    alone.alone = alone.no_share = true;
    rb_run_outcome one = rb_test_run("alone", yaml, alone);
    if (rb_test_ctx.rank == 0)
        assert_memory_equal(&one.digest, &run.digest, sizeof run.digest);
}

static void unseen_titles_have_their_own(void **unused)
{
    (void)unused;
    char path[256], yaml[640];
    rb_test_scratch(path, "titles.csv");
    if (rb_test_ctx.rank == 0) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs("show_id,type,title,release_year\n", f);
        for (int i = 0; i < N_ITEMS; i++)
            fprintf(f, "s%d,Movie,T%d,%d\n", i, i, 1950 + i * i % 67);
        fclose(f);
    }
    snprintf(yaml, sizeof yaml,
             "experiment: unseen\ndataset: { path: %s }\nsplit: { kind: titles, test: 0.25 }\nmetrics: [silhouette]\n"
             "trials: [kmeans: { space: numeric, k: 3 }]\n",
             path);
    rb_run_outcome run = rb_test_run("unseen", yaml, usual);
    const int n_train = (int)rb_test_cell(run.folder, "metrics", "n", 0);
    const int n_test = (int)rb_test_cell(run.folder, "metrics", "n", 1);
    assert_true(n_test > 5 && n_train + n_test == N_ITEMS);
    expect_sums(run.folder, 1, "train", "labels", n_train);
    expect_sums(run.folder, 1, "test", "unseen_labels", n_test);
}

static void a_silhouette_that_comes_later_has_them_and_none_are_kept_where_none_are_asked_for(void **unused)
{
    (void)unused;
    rb_run_outcome run = rb_test_run("later", HEAD("later") "metrics: [n_clusters]\n" TRIALS, usual);
    assert_false(stored(run.folder, "per_point"));
    run = rb_test_run("later", HEAD("later") "metrics: [n_clusters, silhouette]\n" TRIALS, usual);
    expect_sums(run.folder, 1, "all", "labels", N_ITEMS);
    run = rb_test_run("later", HEAD("later") "metrics: [n_clusters, silhouette]\nstore: { per_user: none }\n" TRIALS,
                      usual);
    assert_false(stored(run.folder, "per_point"));
    assert_false(stored(run.folder, "per_cluster"));
    run = rb_test_run("later",
                      HEAD("later") "metrics: [n_clusters, silhouette]\nselect: silhouette\n"
                                    "store: { per_user: selected }\ntrials: [kmeans: { space: lsa-4, k: [4, 5] }]\n",
                      usual);
    bool first = rb_test_cell(run.folder, "trials", "selected", 0) == 1;
    expect_sums(run.folder, first ? 1 : 2, "all", "labels", N_ITEMS);
    assert_int_equal(stored(run.folder, "per_point/1"), first);
    assert_int_equal(stored(run.folder, "per_cluster/2"), !first);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_and_clusters_make_up_the_metric),
        cmocka_unit_test(unseen_titles_have_their_own),
        cmocka_unit_test(a_silhouette_that_comes_later_has_them_and_none_are_kept_where_none_are_asked_for),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
