/* What a fit is told of its view before it is built is what it is given, whatever divides the data. */
#include <stdio.h>
#include <stdlib.h>

#include "support/support.h"
#include "support/toy_models.h"
#include "support/world_run.h"

static const rb_algorithm *const algorithms[] = { &rb_toy_shaped, NULL };
static const rb_test_shape usual = { .algorithms = algorithms };

static void expect_told(const char *name, const char *dataset, const char *split)
{
    char yaml[2048];
    snprintf(yaml, sizeof yaml,
             "experiment: %s\nseed: 5\ndataset: { %s }\nsplit: { %s }\nrelevance: 3\nmetrics: [rmse]\nselect: rmse\n"
             "evaluation: { refit: true }\ntrials: [toy_shaped]\n",
             name, dataset, split);
    rb_run_outcome run = rb_test_run(name, yaml, usual);
    if (run.n_failed > 0) {
        char message[256];
        rb_test_text(message, run.folder, "trials", "message", 0);
        fail_msg("%s: %s", split, message);
    }
    char refit[256];
    rb_test_text(refit, run.folder, "trials", "refit", 0);
    assert_string_equal(refit, "done");
}

static void a_fit_is_given_what_it_was_told_of(void **unused)
{
    (void)unused;
    static const char *const splits[] = {
        "kind: random, test: 0.23, validation: 0.13",
        "kind: per_user, test: 0.3, validation: 0.17",
        "kind: leave_last_out, validation: 0.1",
        "kind: temporal, test: 0.21, validation: 0.11",
        "kind: k_fold, folds: 3, validation: 0.19",
        "kind: sessions, test: 0.3, validation: 0.2",
        "kind: strong, test: 0.3, validation: 0.2, reveal: 0.4",
        "kind: strong_titles, test: 0.3, validation: 0.2",
        "kind: loo_sampled, negatives: 5, validation: 0.1",
        "kind: every_nth, every: 7, offset: 3, validation: 0.1",
    };
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        char name[32];
        snprintf(name, sizeof name, "split-%zu", i);
        expect_told(name, "name: synthetic, users: 61, items: 43, ratings: 1201, sessions: 800", splits[i]);
    }
}

/* Pairs (u, i) of a grid, from row `from` on. */
static void write_pairs(char path[256], const char *name, int from, int to)
{
    snprintf(path, 256, "%s/%s.csv", rb_test_runs_folder(), name);
    FILE *f = rb_test_ctx.rank == 0 ? fopen(path, "we") : NULL;
    for (int row = from; f && row < to; row++)
        fprintf(f, "u%d,i%d,%d\n", row / 10, row % 10, 1 + row % 5);
    if (f && fclose(f) != 0)
        fail_msg("%s cannot be written", path);
    rb_barrier(&rb_test_ctx);
}

static void parts_given_by_files_are_counted(void **unused)
{
    (void)unused;
    char all[256], train[256], validation[256], test[256], dataset[300], split[1024];
    write_pairs(all, "all", 0, 200);
    write_pairs(train, "train", 0, 120);
    write_pairs(validation, "validation", 120, 150);
    write_pairs(test, "test", 150, 190);
    snprintf(dataset, sizeof dataset, "path: %s, format: csv", all);
    snprintf(split, sizeof split, "kind: files, train_file: %s, validation_file: %s, test_file: %s", train, validation,
             test);
    expect_told("by-files", dataset, split);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_is_given_what_it_was_told_of),
        cmocka_unit_test(parts_given_by_files_are_counted),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_test_runs_begin, rb_test_runs_end));
}
