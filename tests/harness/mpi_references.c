/* Trials that read other trials: labels of a clustering, and models that an ensemble goes on asking. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster/cluster.h"
#include "harness/apply.h"
#include "recommend/recommend.h"
#include "support/support.h"
#include "support/toy_graph.h"
#include "support/world_run.h"

extern const rb_algorithm rb_kmeans, rb_popularity, rb_random, rb_ials, rb_hybrid;

static const rb_algorithm *const algorithms[] = {
    &rb_kmeans,         &rb_popularity, &rb_random, &rb_ials, &rb_toy_embedding, &rb_toy_forgetful, &rb_toy_ensemble,
    &rb_toy_popular_of, &rb_toy_short,  &rb_hybrid, NULL
};
static const rb_test_shape usual = { .algorithms = algorithms };

#define N_ITEMS 60
#define HEAD                                                                             \
    "experiment: x\n"                                                                    \
    "seed: 7\n"                                                                          \
    "dataset: { name: synthetic, users: 80, items: 60, ratings: 1500, sessions: 900 }\n" \
    "split: { test: 0.2, validation: 0.2 }\n"                                            \
    "metrics: [ndcg@5]\n"

/* All that the clusters of three have together, the one cluster of all has. */
static void a_recommender_reads_the_labels_of_a_clustering(void **unused)
{
    (void)unused;
    rb_run_outcome o = rb_test_run("labels",
                                   HEAD "store: { models: all }\n"
                                        "trials:\n"
                                        "  - toy_popular_of: { clusters: groups }\n"
                                        "  - kmeans: { k: [1, 3], space: made }\n"
                                        "    as: groups\n"
                                        "  - toy_embedding:\n"
                                        "    as: made\n",
                                   usual);
    assert_int_equal(o.n_failed + o.n_left, 0);
    if (rb_test_ctx.rank != 0)
        return;
    double all = rb_test_element(o.folder, "models/1/item", RB_HDF_DOUBLE, 0), together = 0;
    bool counted[3] = { false };
    for (int i = 0; i < N_ITEMS; i++) {
        int label = (int)rb_test_element(o.folder, "labels/4", RB_HDF_INT32, i);
        together += counted[label] ? 0 : rb_test_element(o.folder, "models/2/item", RB_HDF_DOUBLE, i);
        counted[label] = true;
    }
    assert_true(all > 0 && all == together);
}

static void labels_of_other_points_than_the_items_are_refused(void **unused)
{
    (void)unused;
    char message[256];
    rb_run_outcome o = rb_test_run(
        "short", HEAD "trials:\n  - toy_popular_of: { clusters: all }\n  - toy_short:\n    as: all\n", usual);
    assert_int_equal(o.n_failed, 1);
    if (rb_test_ctx.rank != 0)
        return;
    rb_test_text(message, o.folder, "trials", "message", 0);
    assert_string_equal(message, "trial 2 (all), which it refers to, has labels of 59 points, expected one for each of "
                                 "the 60 items");
}

/* ---- ensembles ---- */

#define ENSEMBLE                                                            \
    HEAD "select: ndcg@5\n"                                                 \
         "repeats: 2\n"                                                     \
         "trials:\n"                                                        \
         "  - toy_ensemble: { first: inner, second: factors, weight: 1 }\n" \
         "    as: outer\n"                                                  \
         "  - toy_ensemble: { first: pop, second: noise, iterations: 4 }\n" \
         "    as: inner\n"                                                  \
         "  - popularity:\n"                                                \
         "    as: pop\n"                                                    \
         "  - ials: { factors: 3, iterations: 2, precision: double }\n"     \
         "    as: factors\n"                                                \
         "  - random:\n"                                                    \
         "    as: noise\n"

#define REFIT "evaluation: { refit: true }\n"
#define EARLY "early_stopping: { metric: ndcg@5, patience: 2 }\n"

/* With all the weight on the first, the outer ensemble is the inner one: on every repeat, and as refits. */
static void an_ensemble_asks_the_models_of_its_own_repeat(void **unused)
{
    (void)unused;
    rb_run_outcome o = rb_test_run("ensemble", ENSEMBLE EARLY REFIT, usual);
    assert_int_equal(o.n_failed + o.n_left, 0);
    if (rb_test_ctx.rank != 0)
        return;
    for (int t = 1; t <= 2; t++)
        for (int p = 0; p < 3; p++) {
            static const char *const parts[] = { "validation", "test", "refit" };
            double outer = rb_test_metric(o.folder, t, parts[p], "ndcg:bin-min");
            assert_true(outer > 0 && outer == rb_test_metric(o.folder, t + 2, parts[p], "ndcg:bin-min"));
        }
}

static void the_digest_is_the_same_for_any_shape(void **unused)
{
    (void)unused;
    rb_run_outcome first = rb_test_run("digest", ENSEMBLE EARLY REFIT, usual);
    rb_run_outcome alone =
        rb_test_run("alone", ENSEMBLE EARLY REFIT, (rb_test_shape){ .algorithms = algorithms, .alone = true });
    rb_run_outcome one = rb_test_run("one", ENSEMBLE EARLY REFIT "store: { models: none }\n",
                                     (rb_test_shape){ .algorithms = algorithms, .group_size = 1, .no_share = true });
    assert_memory_equal(&first.digest, &alone.digest, sizeof first.digest);
    assert_memory_equal(&first.digest, &one.digest, sizeof first.digest);
    rb_test_ctx.shm_bytes = 1; /* no window has room in /dev/shm */
    rb_run_outcome outside = rb_test_run("outside", ENSEMBLE EARLY REFIT, usual);
    rb_test_ctx.shm_bytes = 0;
    assert_memory_equal(&first.digest, &outside.digest, sizeof first.digest);
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

/* What a kill can leave: models without values, values without models, neither. */
static void ensembles_resume(void **unused)
{
    (void)unused;
    static const char yaml[] = ENSEMBLE EARLY "store: { models: all }\n";
    static const char *const lost[] = { "*.metric.h5", "*.model.h5", "*.fit.h5" };
    rb_run_outcome first = rb_test_run("resume", yaml, usual);
    for (int i = 0; i < 3; i++) {
        lose(&first, lost[i]);
        rb_run_outcome again = rb_test_run("resume", yaml, usual);
        assert_int_equal(again.n_failed + again.n_left, 0);
        assert_memory_equal(&first.digest, &again.digest, sizeof first.digest);
    }
}

/* ---- learning from validation ---- */

/* Users of a part that trial 1 was judged on. */
static int64_t n_judges(const rb_run_outcome *run, const char *part)
{
    for (int64_t row = 0;; row++) {
        char text[256];
        rb_test_text(text, run->folder, "metrics", "part", row);
        if (strcmp(text, part) == 0 && rb_test_cell(run->folder, "metrics", "trial", row) == 1)
            return (int64_t)rb_test_cell(run->folder, "metrics", "n", row);
    }
}

/* Users of even hash are learned from; the others judge every trial, on validation alone. */
static void odd_users_judge_where_a_trial_learns_from_validation(void **unused)
{
    (void)unused;
#define PLAIN                                                                                                     \
    HEAD "select: ndcg@5\nstore: { per_user: all }\ntrials:\n  - popularity:\n    as: pop\n  - random:\n    as: " \
         "noise\n"
    rb_run_outcome all = rb_test_run("plain", PLAIN, usual);
    rb_run_outcome half =
        rb_test_run("learning", PLAIN "  - hybrid: { first: pop, second: noise, fitted: true }\n", usual);
    assert_int_equal(all.n_failed + half.n_failed, 0);
    if (rb_test_ctx.rank != 0)
        return;
    const uint64_t seed = rb_seed_named(7, "validation users");
    int64_t n = n_judges(&all, "validation"), odd = 0;
    for (int64_t i = 0; i < n; i++) {
        int user = (int)rb_test_element(all.folder, "per_user/1/validation/users_ranking", RB_HDF_INT32, i);
        if (rb_mix(seed, (uint64_t)user) % 2 == 0)
            continue;
        assert_int_equal(user, rb_test_element(half.folder, "per_user/1/validation/users_ranking", RB_HDF_INT32, odd));
        odd++;
    }
    assert_true(odd > 0 && odd < n);
    assert_int_equal(n_judges(&half, "validation"), odd);
    assert_int_equal(n_judges(&half, "test"), n_judges(&all, "test"));
    assert_true(rb_test_metric(all.folder, 1, "test", "ndcg:bin-min") ==
                rb_test_metric(half.folder, 1, "test", "ndcg:bin-min"));
}

/* ---- stored models at work ---- */

/* The text that a command writes, at most 8 KiB of it. */
static void read_text(char text[8192], FILE *f)
{
    rewind(f);
    text[fread(text, 1, 8191, f)] = 0;
    fclose(f);
}

/* The same items as the lists of the run: the stored refit has the refits that it asks beside it. */
static void a_stored_ensemble_recommends(void **unused)
{
    (void)unused;
    rb_run_outcome o = rb_test_run("recommend", ENSEMBLE REFIT "store: { models: selected, lists: all }\n", usual);
    if (rb_test_ctx.rank != 0)
        return;
    char text[8192], name[96], user[32];
    rb_error err = { 0 };
    rb_ctx ctx;
    FILE *out = tmpfile();
    rb_apply_options options = { .run = o.folder, .trial = "1", .algorithms = algorithms, .out = out };
    int u = (int)rb_test_element(o.folder, "recommendations/1/user", RB_HDF_INT32, 0);
    snprintf(user, sizeof user, "%d", (int)rb_test_element(o.folder, "dataset/users", RB_HDF_INT64, u));
    rb_ctx_serial(&ctx, 1);
    assert_non_null(out);
    assert_ok(rb_apply_recommend(&options, (const char *const[]){ user }, 1, 5, 0, &ctx, &err), &err);
    read_text(text, out);
    char *line = strchr(text, '\n');
    for (int k = 0; k < 5; k++, line = strchr(line + 1, '\n')) {
        int i = (int)rb_test_element(o.folder, "recommendations/1/item", RB_HDF_INT32, k);
        snprintf(name, sizeof name, "\n%s\t%d\t%d\t", user, k + 1,
                 (int)rb_test_element(o.folder, "dataset/items", RB_HDF_INT64, i));
        assert_memory_equal(line, name, strlen(name));
    }
}

static void write_titles(const char *path)
{
    static const char *const genres[] = { "Dramas", "Comedies", "Horror", "Documentaries" };
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs("show_id,type,title,release_year,listed_in\n", f);
    for (int i = 0; i < 40; i++)
        fprintf(f, "s%02d,Movie,Title %d,%d,\"%s, %s\"\n", i + 1, i, 1990 + i % 17, genres[i % 4], genres[i / 10]);
    fclose(f);
}

/* Titles that were clustered come back with their labels, through two embeddings; one that cannot place any says so. */
static void new_titles_go_through_the_pipeline(void **unused)
{
    (void)unused;
    char path[256], yaml[2048], text[8192];
    rb_test_scratch(path, "titles.csv");
    if (rb_test_ctx.rank == 0)
        write_titles(path);
    rb_barrier(&rb_test_ctx);
    snprintf(yaml, sizeof yaml,
             "experiment: x\nseed: 3\ndataset: { path: %s }\nmetrics: [silhouette]\nselect: silhouette\n"
             "trials:\n"
             "  - kmeans: { space: narrow, k: 4 }\n"
             "  - kmeans: { space: closed, k: 4 }\n"
             "    as: lost\n"
             "  - toy_embedding: { space: wide, dims: 2 }\n"
             "    as: narrow\n"
             "  - toy_embedding: { dims: 5 }\n"
             "    as: wide\n"
             "  - toy_forgetful:\n"
             "    as: closed\n",
             path);
    rb_run_outcome o = rb_test_run("assign", yaml, usual);
    if (rb_test_ctx.rank != 0)
        return;
    rb_error err = { 0 };
    rb_ctx ctx;
    FILE *out = tmpfile();
    rb_apply_options options = { .run = o.folder, .trial = "kmeans", .algorithms = algorithms, .out = out };
    rb_ctx_serial(&ctx, 1);
    assert_ok(rb_apply_assign(&options, path, &ctx, &err), &err);
    read_text(text, out);
    char *line = text;
    for (int i = 0; i < 40; i++) {
        int label = -2;
        line = strchr(line, '\n') + 1;
        assert_int_equal(sscanf(line, "s%*d\t%d", &label), 1);
        assert_int_equal(label, (int)rb_test_element(o.folder, "labels/1", RB_HDF_INT32, i));
    }
    options.trial = "lost";
    assert_int_equal(rb_apply_assign(&options, path, &ctx, &err), RB_BAD_INPUT);
    assert_string_equal(err.message,
                        "'lost' stands in the space of 'closed', and toy_forgetful cannot place new titles in it");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recommender_reads_the_labels_of_a_clustering),
        cmocka_unit_test(labels_of_other_points_than_the_items_are_refused),
        cmocka_unit_test(an_ensemble_asks_the_models_of_its_own_repeat),
        cmocka_unit_test(the_digest_is_the_same_for_any_shape),
        cmocka_unit_test(ensembles_resume),
        cmocka_unit_test(odd_users_judge_where_a_trial_learns_from_validation),
        cmocka_unit_test(a_stored_ensemble_recommends),
        cmocka_unit_test(new_titles_go_through_the_pipeline),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
