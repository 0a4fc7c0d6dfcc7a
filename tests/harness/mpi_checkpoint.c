/*
 * A fit that is stopped after an iteration, written, and read by other ranks and threads into another state goes on as
 * if it had never been stopped: for every algorithm that has the slot, and for every branch of its state.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/state_file.h"
#include "support/config.h"
#include "support/contract.h"
#include "support/support.h"

#define MOST 64
#define N_FAILURES 40

/* What is tried beside the defaults: "parameter=value" of one algorithm, separated by spaces. */
typedef struct {
    const char *algorithm, *options;
} variant;

static const variant variants[] = {
    { "als", "biases=joint solver=cg" },
    { "als", "precision=single tolerance=0.1" },
    { "ials", "solver=cg" },
    { "svd", "order=given grid=3" },
    { "svd", "biased=false" },
    { "svd", "schedule=adagrad" },
    { "nmf", "method=hals" },
    { "nmf", "method=multiplicative" },
    { "nmf", "biased=true" },
    { "kmeans", "algorithm=lloyd n_init=3 iterations=2" },
    { "kmeans", "algorithm=elkan metric=spherical" },
    { "kmeans", "algorithm=yinyang precision=single n_init=2" },
    { "minibatch_kmeans", "batch_size=20 reassignment=0.9 iterations=9" },
    { "gmm", "n_init=3 iterations=2" },
    { "gmm", "covariance=diagonal" },
    { "kmodes", "init=huang n_init=3 iterations=3" },
    { "kprototypes", "update=one_by_one init=huang n_init=2 iterations=3" },
    { "lda", "method=variational batch_size=100" },
    { "lda", "method=variational priors=asymmetric" },
    { "lda", "priors=asymmetric samples=4" },
    { "dec", "pretrain=2 iterations=3" },
    { "dec", "pretrain=1 iterations=3 objective=dec tolerance=0.0" },
    { "bisecting_kmeans", "k=6" },
};

/* ---- a fit in parts ---- */

static rb_contract_model begun(const rb_algorithm *a, const char *options, rb_ctx *ctx)
{
    rb_error err = { 0 };
    const rb_train_view view = rb_contract_view_of(a);
    rb_contract_model m = rb_contract_model_of(a);
    if (rb_param_find(a->params, "iterations"))
        rb_oracle_set(m.config, a, "iterations=5");
    if (rb_param_find(a->params, "pretrain"))
        rb_oracle_set(m.config, a, "pretrain=2");
    rb_oracle_set(m.config, a, options);
    assert_null(a->prepare); /* else this test would have to */
    assert_ok(a->begin(m.state, &view, NULL, m.config, ctx, &err), &err);
    return m;
}

/* Iterations [from, to), or as many as there are; returns the number of the one that would follow. */
static int64_t iterate(rb_contract_model *m, int64_t from, int64_t to, bool *done, rb_ctx *ctx)
{
    const rb_train_view view = rb_contract_view_of(m->algorithm);
    for (*done = false; from < to && !*done; from++) {
        rb_error err = { 0 };
        double objective;
        assert_ok(m->algorithm->iterate(m->state, from, &objective, done, &view, NULL, m->config, ctx, &err), &err);
    }
    return from;
}

static rb_digest ended(rb_contract_model *m, rb_ctx *ctx)
{
    rb_error err = { 0 };
    const rb_train_view view = rb_contract_view_of(m->algorithm);
    if (m->algorithm->end)
        assert_ok(m->algorithm->end(m->state, &view, NULL, m->config, ctx, &err), &err);
    return rb_contract_digest(m);
}

/* ---- files ---- */

/* One path for all ranks. */
static const char *path_of(void)
{
    static char path[64];
    int64_t pid = getpid();
    rb_bcast(&rb_test_ctx, &pid, sizeof pid, 0);
    snprintf(path, sizeof path, "/tmp/rb_checkpoint_%lld.h5", (long long)pid);
    return path;
}

static void write_state(rb_contract_model *m, const rb_ctx *ctx, rb_digest *seal, rb_error *err)
{
    const bool writes = ctx->rank == 0 && rb_test_ctx.rank == 0;
    rb_hdf file = { .id = -1 };
    rb_hasher h = { 0 };
    rb_error none = { 0 };
    char own[80];
    snprintf(own, sizeof own, "%s%s", path_of(), writes ? "" : ".other"); /* an algorithm alone on rank 1 writes too */
    if (ctx->rank == 0) {
        assert_ok(rb_hdf_create(&file, own, &none), &none);
        assert_ok(rb_hasher_begin(&h, &none), &none);
    }
    rb_state_write(file.id, &h, m->algorithm, m->state, ctx, err);
    rb_hasher_end(&h, seal);
    if (writes && err->status == RB_OK)
        assert_ok(rb_hdf_commit(&file, &none), &none);
    rb_hdf_close(&file);
    rb_barrier(&rb_test_ctx);
}

static void read_state(rb_contract_model *m, const rb_ctx *ctx, rb_digest *seal, rb_error *err)
{
    rb_hdf file = { .id = -1 };
    rb_hasher h = { 0 };
    rb_error none = { 0 };
    assert_ok(rb_hdf_open(&file, path_of(), &none), &none);
    assert_ok(rb_hasher_begin(&h, &none), &none);
    rb_state_read(file.id, &h, m->algorithm, m->state, ctx, err);
    rb_hasher_end(&h, seal);
    rb_hdf_close(&file);
}

/* ---- the law ---- */

/* Stopped by `first` after `stop` iterations, continued by `second`: the same model, the same file. */
static bool goes_on(const variant *v, const rb_algorithm *a, int64_t stop, rb_ctx *first, rb_ctx *second,
                    const rb_digest *expected, int64_t n_expected)
{
    rb_error err = { 0 };
    rb_digest written, read, digest;
    bool done;
    rb_contract_model before = begun(a, v->options, first);
    int64_t n = iterate(&before, 0, stop, &done, first);
    write_state(&before, first, &written, &err);
    bool good = err.status == RB_OK && n == stop && !done;
    rb_contract_model_fini(&before);
    rb_contract_model after = begun(a, v->options, second);
    read_state(&after, second, &read, &err);
    good = good && err.status == RB_OK && (rb_test_ctx.rank > 0 || memcmp(&written, &read, sizeof read) == 0);
    good = good && iterate(&after, stop, INT64_MAX, &done, second) == n_expected;
    digest = ended(&after, second);
    rb_contract_model_fini(&after);
    rb_barrier(&rb_test_ctx);
    return good && memcmp(&digest, expected, sizeof digest) == 0;
}

static void its_fit_goes_on_from_a_file(void **of)
{
    const variant *v = *of;
    const rb_algorithm *a = rb_contract_algorithm(v->algorithm);
    rb_ctx alone, nodes;
    bool done, good = true;
    rb_ctx_serial(&alone, 1);
    alone.seed = rb_test_ctx.seed;
    rb_test_nodes(&nodes, rb_test_uneven);
    nodes.seed = rb_test_ctx.seed;
    rb_contract_model whole = begun(a, v->options, &alone);
    const int64_t n = iterate(&whole, 0, INT64_MAX, &done, &alone);
    const rb_digest expected = ended(&whole, &alone);
    rb_contract_model_fini(&whole);
    assert_true(n > 1); /* else there is nothing between two iterations */
    good = goes_on(v, a, 1, &alone, &rb_test_ctx, &expected, n) && good;
    good = goes_on(v, a, n - 1, &nodes, &alone, &expected, n) && good;
    if (!*v->options)
        good = goes_on(v, a, n / 2, &rb_test_ctx, &nodes, &expected, n) && good;
    if (!rb_true_everywhere(good))
        fail_msg("%s %s: another model, or another way to it, after %lld iterations were read back", a->name,
                 v->options, (long long)n);
    rb_ctx_fini(&nodes);
    unlink(path_of());
}

/* ---- what goes wrong ---- */

static void writing_and_reading_survive_a_failed_allocation_of_one_rank(void **unused)
{
    (void)unused;
    const bool is_last = rb_test_ctx.rank == rb_test_ctx.n_ranks - 1;
    rb_digest seal;
    bool done;
    rb_contract_model m = begun(rb_contract_algorithm("kmeans"), "", &rb_test_ctx);
    iterate(&m, 0, 1, &done, &rb_test_ctx);
    for (int reads = 0; reads < 2; reads++) {
        int64_t n_failed = 0;
        for (int64_t f = 1; f <= N_FAILURES; f++) {
            rb_error err = { 0 };
            path_of();
            rb_alloc_fail_nth(is_last ? f : 0);
            (reads ? read_state : write_state)(&m, &rb_test_ctx, &seal, &err);
            rb_alloc_fail_nth(0);
            int64_t least = err.status, most = err.status;
            rb_min_int64(&rb_test_ctx, &least, 1);
            rb_max_int64(&rb_test_ctx, &most, 1);
            assert_int_equal(least, most);
            assert_true(err.status == RB_OK || err.status == RB_NO_MEMORY);
            n_failed += err.status != RB_OK;
        }
        assert_in_range(n_failed, 1, N_FAILURES - 1);
    }
    rb_contract_model_fini(&m);
    rb_barrier(&rb_test_ctx);
    unlink(path_of());
}

static void a_state_of_another_size_is_refused(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_digest seal;
    rb_contract_model m = begun(rb_contract_algorithm("kmeans"), "k=3", &rb_test_ctx),
                      other = begun(rb_contract_algorithm("kmeans"), "k=5", &rb_test_ctx);
    write_state(&m, &rb_test_ctx, &seal, &err);
    assert_int_equal(err.status, RB_OK);
    read_state(&other, &rb_test_ctx, &seal, &err);
    assert_int_equal(err.status, RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "'best_centres' has 3 x"));
    rb_contract_model_fini(&other);
    rb_contract_model_fini(&m);
    rb_barrier(&rb_test_ctx);
    unlink(path_of());
}

int main(int argc, char **argv)
{
    static char names[MOST][128];
    static variant plain[MOST];
    struct CMUnitTest tests[MOST] = {
        cmocka_unit_test(writing_and_reading_survive_a_failed_allocation_of_one_rank),
        cmocka_unit_test(a_state_of_another_size_is_refused),
    };
    size_t n = 2;
    rb_test_mpi_begin(&argc, &argv);
    rb_test_ctx.seed = 4711;
    for (int r = 0; r < 2; r++)
        for (const rb_algorithm *const *a = rb_contract_registries[r]; *a; a++)
            if ((*a)->checkpoint) {
                plain[n] = (variant){ (*a)->name, "" };
                snprintf(names[n], sizeof names[n], "%s", (*a)->name);
                tests[n] = (struct CMUnitTest){ .name = names[n],
                                                .test_func = its_fit_goes_on_from_a_file,
                                                .initial_state = &plain[n] };
                n++;
            }
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++, n++) {
        snprintf(names[n], sizeof names[n], "%s %s", variants[i].algorithm, variants[i].options);
        tests[n] = (struct CMUnitTest){ .name = names[n],
                                        .test_func = its_fit_goes_on_from_a_file,
                                        .initial_state = (void *)&variants[i] };
    }
    return rb_test_mpi_end(_cmocka_run_group_tests("checkpoint", tests, n, rb_contract_begin, rb_contract_end));
}
