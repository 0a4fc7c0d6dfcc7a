/* Metrics that only the fit knows: stored with it, whatever the experiment asks for. */
#include <math.h>
#include <string.h>

#include "recommend/recommend.h"
#include "support/support.h"
#include "support/toy_models.h"
#include "support/world_run.h"

extern const rb_algorithm rb_item_mean, rb_kmeans, rb_agglomerative;

static const rb_algorithm *const algorithms[] = { &rb_item_mean, &rb_kmeans, &rb_toy_measured, &rb_agglomerative,
                                                  NULL };
static const rb_test_shape usual = { .algorithms = algorithms };

#define DATA(name)                                                                      \
    "experiment: " name "\n"                                                            \
    "seed: 7\n"                                                                         \
    "dataset: { name: synthetic, users: 60, items: 40, ratings: 900, sessions: 600 }\n" \
    "split: { kind: random, test: 0.2, validation: 0.2 }\n"                             \
    "store: { models: none }\n"
#define MEASURED "toy_measured: { k: [2, 5, 4] }"

static void expect_state(const rb_run_outcome *run, int64_t row, const char *expected)
{
    char state[256];
    rb_test_text(state, run->folder, "metrics", "state", row);
    assert_string_equal(state, expected);
}

static void a_metric_of_the_fit_is_the_value_that_it_measured(void **unused)
{
    (void)unused;
    rb_run_outcome run =
        rb_test_run("values",
                    DATA("values") "metrics: [cost, cophenetic, coherence]\n"
                                   "trials: [" MEASURED ", kmeans: { space: genre, k: 3 }, item_mean]\n",
                    usual);
    assert_int_equal(run.n_done, 5);
    assert_int_equal(run.n_failed, 0);
    for (int t = 1; t <= 3; t++)
        assert_true(rb_test_metric(run.folder, t, "all", "cost") == 100.0 / (t == 1 ? 2 : t == 2 ? 5 : 4));
    assert_true(rb_test_metric(run.folder, 2, "all", "coherence:npmi") == 0.2);
    assert_true(isnan(rb_test_metric(run.folder, 1, "all", "coherence:npmi")));
    expect_state(&run, 0, "ok");
    expect_state(&run, 1, "unavailable");  /* cophenetic: measured, and not defined */
    for (int64_t row = 9; row < 15; row++) /* of kmeans, of item_mean */
        expect_state(&run, row, "not applicable");
    assert_true(run.has_digest);
}

static void a_clustering_is_selected_by_its_cost(void **unused)
{
    (void)unused;
    rb_run_outcome run = rb_test_run("selected",
                                     DATA("selected") "metrics: [n_clusters]\nselect: cost\n"
                                                      "trials: [" MEASURED ", kmeans: { space: genre, k: 3 }]\n",
                                     usual);
    for (int t = 1; t <= 4; t++)
        assert_int_equal((int)rb_test_cell(run.folder, "trials", "selected", t - 1), t == 2);
    assert_true(rb_test_cell(run.folder, "selection", "selection", 0) == 20);
}

/* The same units answer: nothing is fitted again, though no model was kept, and the digest is that of asking at once.
 */
static void asking_for_it_later_fits_nothing(void **unused)
{
    (void)unused;
    rb_run_outcome later, once;
    for (int only = 0; only < 2; only++) {
        const char *few = only ? DATA("few") "metrics: [n_clusters]\ntrials: [" MEASURED "]\n"
                               : DATA("many") "metrics: [n_clusters]\ntrials: [" MEASURED ", item_mean]\n";
        const char *all = only ? DATA("few") "metrics: [cost]\ntrials: [" MEASURED "]\n"
                               : DATA("many") "metrics: [n_clusters, cost]\ntrials: [" MEASURED ", item_mean]\n";
        rb_test_run(only ? "few" : "many", few, usual);
        rb_toy_measured_fits = 0;
        later = rb_test_run(only ? "few" : "many", all, usual);
        assert_int_equal(rb_toy_measured_fits, 0);
        assert_int_equal(later.n_kept, only ? 3 : 4);
        assert_true(rb_test_metric(later.folder, 3, "all", "cost") == 25);
        once = rb_test_run(only ? "few-once" : "many-once", all, usual);
        rb_max_int64(&rb_test_ctx, &rb_toy_measured_fits, 1);
        assert_int_not_equal(rb_toy_measured_fits, 0); /* the count counts */
        assert_memory_equal(&later.digest, &once.digest, sizeof once.digest);
    }
}

/* What costs as much as a fit is not in the unit of a fit that nobody asked for it: it is fitted once more, and never
 * again. The model is the same with it and without. */
static void a_dear_metric_is_measured_when_it_is_asked_for(void **unused)
{
    (void)unused;
    for (int kept = 0; kept < 2; kept++) {
        char without[1024], with[1024];
        const char *form =
            "experiment: dear-%s\nseed: 7\ndataset: { name: synthetic, users: 60, items: 40, ratings: 900 }\n"
            "split: { kind: random, test: 0.2 }\nstore: { models: %s }\nmetrics: [%s]\n"
            "trials: [agglomerative: { space: tfidf, linkage: average, k: [2, 3] }]\n";
        snprintf(without, sizeof without, form, kept ? "a" : "b", kept ? "all" : "none", "n_clusters");
        snprintf(with, sizeof with, form, kept ? "a" : "b", kept ? "all" : "none", "n_clusters, cophenetic");
        rb_test_run(kept ? "dear-a" : "dear-b", without, usual);
        rb_run_outcome later = rb_test_run(kept ? "dear-a" : "dear-b", with, usual);
        assert_int_equal(later.n_kept, 0);
        assert_int_equal(later.n_done, 2);
        assert_int_equal(later.n_failed + later.n_left, 0);
        rb_run_outcome again = rb_test_run(kept ? "dear-a" : "dear-b", with, usual);
        assert_int_equal(again.n_kept, 2);
        rb_run_outcome once = rb_test_run(kept ? "dear-c" : "dear-d", with, usual);
        double value = rb_test_metric(later.folder, 1, "all", "cophenetic");
        assert_true(value > 0.1 && value <= 1);
        assert_true(value == rb_test_metric(once.folder, 2, "all", "cophenetic"));
        assert_memory_equal(&later.digest, &once.digest, sizeof once.digest);
        assert_memory_equal(&later.digest, &again.digest, sizeof again.digest);
    }
}

static void what_nothing_measures_is_an_error(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_run_outcome run;
    assert_int_equal(rb_test_try_run(&run, "none",
                                     DATA("none") "metrics: [n_clusters, perplexity]\ntrials: [" MEASURED "]\n", usual,
                                     &err),
                     RB_BAD_INPUT);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_of_the_fit_is_the_value_that_it_measured),
        cmocka_unit_test(a_clustering_is_selected_by_its_cost),
        cmocka_unit_test(asking_for_it_later_fits_nothing),
        cmocka_unit_test(a_dear_metric_is_measured_when_it_is_asked_for),
        cmocka_unit_test(what_nothing_measures_is_an_error),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
