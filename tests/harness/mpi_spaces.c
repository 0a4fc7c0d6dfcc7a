/* Trials that cluster what other trials make of the points: spaces as nodes of a graph of trials. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster/cluster.h"
#include "recommend/recommend.h"
#include "support/oracle_cluster.h"
#include "support/support.h"
#include "support/toy_graph.h"
#include "support/world_run.h"

extern const rb_algorithm rb_kmeans, rb_popularity;

static const rb_algorithm *const algorithms[] = { &rb_kmeans, &rb_popularity, &rb_toy_embedding, NULL };
static const rb_test_shape usual = { .algorithms = algorithms };

#define N_ITEMS 60
#define HEAD(store)                                                                      \
    "experiment: x\n"                                                                    \
    "seed: 7\n"                                                                          \
    "dataset: { name: synthetic, users: 80, items: 60, ratings: 1500, sessions: 900 }\n" \
    "split: { test: 0.2, validation: 0.2 }\n"                                            \
    "repeats: 2\n"                                                                       \
    "store: { models: " store " }\n"
#define METRICS "metrics: [silhouette, inertia, n_clusters, ndcg@5]\nselect: [ndcg@5, silhouette]\n"
#define TRIALS                                            \
    "trials:\n"                                           \
    "  - kmeans: { space: [topics, genre], k: [3, 5] }\n" \
    "  - toy_embedding: { space: lsa-6, dims: [2, 4] }\n" \
    "    as: topics\n"                                    \
    "  - popularity\n"

/* What kmeans is given by trial 13 (topics, dims 2, repeat 1) is its embedding: its values are those of the oracle. */
static void a_clustering_is_of_the_points_that_another_trial_makes(void **unused)
{
    (void)unused;
    rb_run_outcome o = rb_test_run("made", HEAD("all") METRICS TRIALS, usual);
    assert_int_equal(o.n_failed + o.n_left, 0);
    if (rb_test_ctx.rank != 0)
        return;
    double y[N_ITEMS * 2], compactness[3], silhouette;
    double per_point[N_ITEMS];
    int32_t labels[N_ITEMS];
    char space[256];
    for (int t = 1; t <= 2; t++) { /* space topics(dims=2), k = 3, both repeats */
        char y_of[64], labels_of[64];
        int made_by = (int)rb_test_cell(o.folder, "trials", "space_trial", t - 1);
        assert_int_equal(made_by, 12 + t);
        rb_test_text(space, o.folder, "trials", "space", t - 1);
        assert_string_equal(space, "topics(space=lsa-6 dims=2)");
        snprintf(y_of, sizeof y_of, "models/%d/y", made_by);
        snprintf(labels_of, sizeof labels_of, "labels/%d", t);
        for (int i = 0; i < N_ITEMS * 2; i++)
            y[i] = rb_test_element(o.folder, y_of, RB_HDF_DOUBLE, i);
        for (int i = 0; i < N_ITEMS; i++)
            labels[i] = (int32_t)rb_test_element(o.folder, labels_of, RB_HDF_INT32, i);
        silhouette = rb_oracle_silhouette(per_point, y, N_ITEMS, 2, labels, false);
        rb_oracle_compactness(compactness, y, N_ITEMS, 2, labels, 3);
        assert_near(rb_test_metric(o.folder, t, "all", "silhouette:euclidean"), silhouette, 1e-9);
        assert_near(rb_test_metric(o.folder, t, "all", "inertia"), compactness[2], 1e-9);
    }
    assert_int_equal((int)rb_test_cell(o.folder, "trials", "space_trial", 9), 0);
}

/* Values of different spaces do not compare: each configuration of the embedding, and genre, has its own best. */
static void the_best_is_of_one_space(void **unused)
{
    (void)unused;
    rb_run_outcome o = rb_test_run("best", HEAD("selected") METRICS TRIALS, usual);
    if (rb_test_ctx.rank != 0)
        return;
    char entry[256];
    int n = 0;
    for (int row = 0; row < 4; row++) {
        rb_test_text(entry, o.folder, "selection", "entry", row);
        if (strcmp(entry, "kmeans") != 0)
            continue;
        n++;
        assert_int_equal((int)rb_test_cell(o.folder, "selection", "rank", row), 1);
    }
    assert_int_equal(n, 3);
}

/* Ranks, groups, sharing and what is stored have no say in the results. */
static void the_digest_is_the_same_for_any_shape(void **unused)
{
    (void)unused;
    rb_run_outcome first = rb_test_run("shape", HEAD("selected") METRICS TRIALS, usual);
    rb_run_outcome other[] = {
        rb_test_run("shape-alone", HEAD("all") METRICS TRIALS,
                    (rb_test_shape){ .algorithms = algorithms, .alone = true }),
        rb_test_run("shape-one", HEAD("none") METRICS TRIALS,
                    (rb_test_shape){ .algorithms = algorithms, .group_size = 1 }),
        rb_test_run("shape-all", HEAD("none") METRICS TRIALS,
                    (rb_test_shape){ .algorithms = algorithms, .group_size = rb_test_ctx.n_ranks, .no_share = true }),
    };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(other[i].n_failed + other[i].n_left, 0);
        assert_memory_equal(&first.digest, &other[i].digest, sizeof first.digest);
    }
}

static void lose(const rb_run_outcome *run, const char *pattern)
{
    char command[8400];
    snprintf(command, sizeof command, "rm %s/units/%s", run->folder, pattern);
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        assert_int_equal(system(command), 0);
    rb_barrier(&rb_test_ctx);
}

/* Whatever a kill leaves: the model of the embedding is made again where a clustering, or its values, need it. */
static void what_is_missing_is_made_again(void **unused)
{
    (void)unused;
    static const char yaml[] = HEAD("none") METRICS TRIALS,
                      more[] = HEAD("none") "metrics: [silhouette, inertia, n_clusters, ndcg@5, "
                                            "davies_bouldin]\nselect: [ndcg@5, silhouette]\n" TRIALS;
    static const char *const lost[] = { "*.metric.h5", "*.fit.h5" };
    rb_run_outcome first = rb_test_run("again", yaml, usual);
    for (int i = 0; i < 2; i++) {
        lose(&first, lost[i]); /* there are no models: none were kept */
        rb_run_outcome second = rb_test_run("again", yaml, usual);
        assert_int_equal(second.n_failed + second.n_left, 0);
        assert_memory_equal(&first.digest, &second.digest, sizeof first.digest);
    }
    rb_run_outcome wider = rb_test_run("again", more, usual);
    rb_run_outcome afresh = rb_test_run("afresh", more, usual);
    assert_int_equal(wider.n_failed + wider.n_left, 0);
    assert_memory_equal(&wider.digest, &afresh.digest, sizeof wider.digest);
}

/* A chain: an embedding of an embedding; and a space over ten dimensions is refused k by its points, as any. */
static void a_space_may_be_made_of_a_made_one(void **unused)
{
    (void)unused;
    rb_run_outcome o = rb_test_run("chain",
                                   HEAD("all") "metrics: [silhouette]\n"
                                               "trials:\n"
                                               "  - kmeans: { space: narrow, k: [3, 61] }\n"
                                               "  - toy_embedding: { space: wide, dims: 2 }\n"
                                               "    as: narrow\n"
                                               "  - toy_embedding: { dims: 5 }\n"
                                               "    as: wide\n",
                                   usual);
    assert_int_equal(o.n_failed, 2); /* k = 61 of 60 points */
    if (rb_test_ctx.rank == 0) {
        assert_false(isnan(rb_test_metric(o.folder, 1, "all", "silhouette:euclidean")));
        assert_near(rb_test_element(o.folder, "models/5/y", RB_HDF_DOUBLE, 0),
                    rb_test_element(o.folder, "models/7/y", RB_HDF_DOUBLE, 0) *
                            rb_test_element(o.folder, "models/5/w", RB_HDF_DOUBLE, 0) +
                        rb_test_element(o.folder, "models/7/y", RB_HDF_DOUBLE, 1) *
                            rb_test_element(o.folder, "models/5/w", RB_HDF_DOUBLE, 2) +
                        rb_test_element(o.folder, "models/7/y", RB_HDF_DOUBLE, 2) *
                            rb_test_element(o.folder, "models/5/w", RB_HDF_DOUBLE, 4) +
                        rb_test_element(o.folder, "models/7/y", RB_HDF_DOUBLE, 3) *
                            rb_test_element(o.folder, "models/5/w", RB_HDF_DOUBLE, 6) +
                        rb_test_element(o.folder, "models/7/y", RB_HDF_DOUBLE, 4) *
                            rb_test_element(o.folder, "models/5/w", RB_HDF_DOUBLE, 8),
                    1e-12);
    }
}

static void a_trial_fails_with_the_one_that_makes_its_space(void **unused)
{
    (void)unused;
    static const char *const fault[] = { "fit", "nan" };
    static const char *const says[] = { "trial 3 (topics), which it refers to, has no model: failed",
                                        "the space that trial 3 (topics) makes: point 1 has nan in dimension 0" };
    for (int i = 0; i < 2; i++) {
        char yaml[2048], message[256];
        snprintf(yaml, sizeof yaml,
                 HEAD("all") "metrics: [silhouette]\n"
                             "trials:\n"
                             "  - kmeans: { space: topics, k: 3 }\n"
                             "  - toy_embedding: { fault: %s }\n"
                             "    as: topics\n",
                 fault[i]);
        rb_run_outcome o = rb_test_run(fault[i], yaml, usual);
        assert_int_equal(o.n_failed, i == 0 ? 4 : 2);
        if (rb_test_ctx.rank != 0)
            continue;
        rb_test_text(message, o.folder, "trials", "message", 0);
        assert_non_null(strstr(message, says[i]));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clustering_is_of_the_points_that_another_trial_makes),
        cmocka_unit_test(the_best_is_of_one_space),
        cmocka_unit_test(the_digest_is_the_same_for_any_shape),
        cmocka_unit_test(what_is_missing_is_made_again),
        cmocka_unit_test(a_space_may_be_made_of_a_made_one),
        cmocka_unit_test(a_trial_fails_with_the_one_that_makes_its_space),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
