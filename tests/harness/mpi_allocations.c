/*
 * A whole run in which one allocation of one rank fails: it ends with an error or with a failed trial on record, never
 * with a crash or a hang, and the next start without failures gives the digest of a run that nobody disturbed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "harness/run.h"
#include "support/support.h"

static const char text[] = "experiment: tiny\n"
                           "seed: 3\n"
                           "dataset: { name: synthetic, users: 40, items: 30, ratings: 400, sessions: 200 }\n"
                           "split: { kind: random, test: 0.2, validation: 0.1 }\n"
                           "metrics: [ndcg@10, rmse, silhouette]\n"
                           "select: [ndcg@10, silhouette]\n"
                           "trials:\n"
                           "  - als: { factors: 2, iterations: 2 }\n"
                           "  - item_knn: { k: [3, 5] }\n"
                           "  - kmeans: { space: genre, k: 2, n_init: 1 }\n";

static char folder[64]; /* the same on every rank */

static rb_status run_once(rb_run_outcome *outcome, const char *name, rb_error *err)
{
    char file[96], root[96];
    rb_environment environment = { .instructions = "test" };
    snprintf(environment.blas_core, sizeof environment.blas_core, "test");
    snprintf(file, sizeof file, "%s/tiny.yaml", folder);
    snprintf(root, sizeof root, "%s/%s", folder, name);
    const rb_run_options options = {
        .file = file, .output_root = root, .cache_dir = "none", .environment = &environment
    };
    return rb_run(outcome, &options, &rb_test_ctx, err);
}

static void remove_root(const char *name)
{
    char command[160];
    rb_barrier(&rb_test_ctx);
    snprintf(command, sizeof command, "rm -rf %s%s%s", folder, *name ? "/" : "", name);
    if (rb_test_ctx.rank == 0)
        assert_int_equal(system(command), 0);
    rb_barrier(&rb_test_ctx);
}

/* One failure, then a start without. Returns whether the allocation was reached. */
static bool disturb(int64_t nth, int rank, const rb_digest *expected)
{
    rb_error err = { 0 }, again = { 0 };
    rb_run_outcome outcome;
    rb_alloc_fail_nth(rb_test_ctx.rank == rank ? nth : 0);
    rb_status status = run_once(&outcome, "disturbed", &err);
    int64_t reached = rb_alloc_fail_nth(0) >= nth;
    rb_bcast(&rb_test_ctx, &reached, sizeof reached, rank);
    int64_t both[2] = { status, -(int64_t)status };
    rb_max_int64(&rb_test_ctx, both, 2);
    if (both[0] != -both[1])
        fail_msg("allocation %lld of rank %d: ranks end with different statuses", (long long)nth, rank);
    if (reached && status == RB_OK && outcome.n_failed + outcome.n_left == 0 &&
        memcmp(&outcome.digest, expected, sizeof *expected) != 0)
        fail_msg("allocation %lld of rank %d: a failure that nobody noticed changed the digest", (long long)nth, rank);
    if (run_once(&outcome, "disturbed", &again) != RB_OK || outcome.n_failed + outcome.n_left > 0)
        fail_msg("allocation %lld of rank %d: the next start fails: %s", (long long)nth, rank, again.message);
    if (memcmp(&outcome.digest, expected, sizeof *expected) != 0)
        fail_msg("allocation %lld of rank %d: the next start gives another digest (first: %s)", (long long)nth, rank,
                 err.message);
    remove_root("disturbed");
    return reached;
}

static void any_failed_allocation_leaves_a_run_that_goes_on(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_run_outcome outcome;
    rb_alloc_fail_nth(0);
    double begin_s = rb_clock_s();
    assert_ok(run_once(&outcome, "whole", &err), &err);
    int64_t n = rb_alloc_fail_nth(0), steps = (int64_t)(10 / (rb_clock_s() - begin_s + 0.02));
    rb_min_int64(&rb_test_ctx, &n, 1);
    rb_bcast(&rb_test_ctx, &steps, sizeof steps, 0);
    const char *wanted = getenv("RB_ALLOCATIONS"); /* a deeper search by hand */
    steps = wanted ? strtoll(wanted, NULL, 10) : steps;
    steps = steps < 12 ? 12 : steps < n ? steps : n;
    assert_int_equal(outcome.n_done, 4);
    const uint64_t seed = 20261121;
    print_message("seed %llu, %lld allocations, %lld of them fail\n", (unsigned long long)seed, (long long)n,
                  (long long)steps);
    for (int64_t i = 0; i < steps; i++) { /* one of every piece of the run, on each rank in turn */
        int64_t from = n * i / steps, to = n * (i + 1) / steps;
        int64_t nth = 1 + from + (int64_t)(rb_mix(seed, (uint64_t)i) % (uint64_t)(to > from ? to - from : 1));
        disturb(nth, (int)(i % rb_test_ctx.n_ranks), &outcome.digest);
    }
    remove_root("whole");
}

static int make_folder(void **unused)
{
    (void)unused;
    const char *fast =
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* syncing to a disk takes most of the time */
    snprintf(folder, sizeof folder, "%s/rb-allocations-XXXXXX", fast);
    if (rb_test_ctx.rank == 0 && !mkdtemp(folder))
        return -1;
    rb_bcast(&rb_test_ctx, folder, sizeof folder, 0);
    char file[96];
    snprintf(file, sizeof file, "%s/tiny.yaml", folder);
    FILE *f = rb_test_ctx.rank == 0 ? fopen(file, "w") : NULL;
    if (f) {
        fputs(text, f);
        fclose(f);
    }
    rb_barrier(&rb_test_ctx);
    return 0;
}

static int remove_folder(void **unused)
{
    (void)unused;
    remove_root("");
    return 0;
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_failed_allocation_leaves_a_run_that_goes_on),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, make_folder, remove_folder));
}
