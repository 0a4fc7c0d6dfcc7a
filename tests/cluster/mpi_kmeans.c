/* K-Means: equal to plain loops, the same bits for any ranks, threads and algorithm, every odd input defined. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "base/rng.h"
#include "cluster/cluster.h"
#include "support/config.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define N 1100
#define D 21
#define K 9
#define MANY 23 /* yinyang: three groups of centres, the last one short */
#define MOST_ITERATIONS 64

extern const rb_algorithm rb_kmeans;

typedef rb_test_option option;

/* What a fit gives, copied out. */
typedef struct {
    rb_status status;
    char message[1024];
    int64_t n_iterations;
    double objective[MOST_ITERATIONS];
    int32_t label[N], assigned[N];
    double centres[MANY * D], inertia;
} result;

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)type, (void)memory;
    result *out = v->self;
    if (!strcmp(name, "labels"))
        memcpy(out->label, *data, (size_t)(*n_rows * *n_cols) * sizeof(int32_t));
    else
        memcpy(out->centres, *data, (size_t)(*n_rows * *n_cols) * sizeof(double));
}

static void copy_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)type;
    if (!strcmp(name, "inertia"))
        ((result *)v->self)->inertia = *(double *)value;
}

static rb_status run(result *out, void *state, const void *config, const rb_points *p, rb_ctx *ctx, rb_error *err)
{
    rb_train_view view = { .space = p };
    bool done = false;
    RB_TRY(rb_kmeans.begin(state, &view, NULL, config, ctx, err));
    for (out->n_iterations = 0; !done; out->n_iterations++)
        RB_TRY(rb_kmeans.iterate(state, out->n_iterations, &out->objective[out->n_iterations % MOST_ITERATIONS], &done,
                                 &view, NULL, config, ctx, err));
    RB_TRY(rb_kmeans.end(state, &view, NULL, config, ctx, err));
    RB_TRY(rb_kmeans.assign(out->assigned, state, p, config, ctx, err));
done:
    return err->status;
}

static void fit(result *out, const rb_points *p, const option *options, const rb_array *centres, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *config = calloc(1, rb_kmeans.config_size), *state = calloc(1, rb_kmeans.state_size);
    memset(out, 0, sizeof *out);
    rb_test_set_options(config, &rb_kmeans, options, centres);
    out->status = run(out, state, config, p, ctx, &err);
    memcpy(out->message, err.message, sizeof out->message);
    if (out->status == RB_OK) {
        rb_visitor visitor = { .array = copy_array, .scalar = copy_scalar, .self = out };
        int64_t n;
        const int32_t *labels = rb_kmeans.labels(state, &n);
        rb_kmeans.arrays(state, &visitor);
        assert_int_equal(n, p->n);
        assert_memory_equal(out->label, labels, (size_t)n * sizeof(int32_t));
    }
    rb_kmeans.fini(state);
    free(config);
    free(state);
}

static double value_at(int64_t i, int64_t f)
{
    rb_rng rng = { 11, rb_stream("value"), 0, (uint64_t)i }, centre = { 11, rb_stream("centre"), 0, (uint64_t)(i % 7) };
    if ((i * 5 + f) % 3 == 0)
        return 0;
    return rb_rng_normal(&rng, (uint32_t)f) + 2 * rb_rng_normal(&centre, (uint32_t)f);
}

static void make_points(rb_points *p, int64_t n, bool sparse, double (*value)(int64_t, int64_t))
{
    rb_error err = { 0 };
    rb_csr csr = { 0 };
    if (!sparse) {
        assert_ok(rb_points_alloc_dense(p, n, D, &rb_test_ctx, &err), &err);
        for (int64_t i = 0; rb_test_ctx.rank == 0 && i < n; i++)
            for (int64_t f = 0; f < D; f++)
                ((double *)p->memory.data)[i * D + f] = value(i, f);
        rb_shared_publish_from(&p->memory, 0, &rb_test_ctx);
        return;
    }
    int64_t at = 0;
    assert_ok(rb_csr_init(&csr, n, D, n * D, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t f = 0; f < D; f++)
            if (value(i, f) != 0) {
                csr.col[at] = (int32_t)f;
                csr.value[at++] = value(i, f);
            }
        csr.row_begin[i + 1] = at;
    }
    assert_ok(rb_points_take_csr(p, &csr, &err), &err);
}

static void assert_same(const result *a, const result *b)
{
    assert_int_equal(a->n_iterations, b->n_iterations);
    assert_memory_equal(a->objective, b->objective, sizeof a->objective);
    assert_memory_equal(a->label, b->label, sizeof a->label);
    assert_memory_equal(a->assigned, b->assigned, sizeof a->assigned);
    assert_memory_equal(a->centres, b->centres, sizeof a->centres);
    assert_memory_equal(&a->inertia, &b->inertia, sizeof a->inertia);
}

static result one, other; /* large */

/* Every storage, metric, precision and start; serial Lloyd is what all must equal. */
static void the_result_is_the_same_for_any_shape_and_algorithm(void **unused)
{
    (void)unused;
    const char *const metrics[] = { "euclidean", "spherical" }, *const precisions[] = { "double", "single" };
    const char *const inits[] = { "plus_plus", "parallel" }, *const algorithms[] = { "hamerly", "elkan", "yinyang" };
    for (int kind = 0; kind < 32; kind++) {
        rb_points p = { 0 };
        rb_ctx serial;
        rb_ctx_serial(&serial, 1);
        serial.seed = 42;
        make_points(&p, N, kind & 1, value_at);
        option options[] = { { "k", kind >> 4 ? "23" : "9" },
                             { "n_init", "2" },
                             { "metric", metrics[kind >> 1 & 1] },
                             { "precision", precisions[kind >> 2 & 1] },
                             { "init", inits[kind >> 3 & 1] },
                             { "algorithm", "lloyd" },
                             { NULL, NULL } };
        fit(&one, &p, options, NULL, &serial);
        assert_int_equal(one.status, RB_OK);
        assert_memory_equal(one.label, one.assigned, sizeof one.label);
        for (int threads = 1; threads < 4; threads++) {
            rb_ctx ctx = rb_test_ctx;
            ctx.n_threads = threads;
            ctx.seed = 42;
            for (int a = 0; a < 3; a++) {
                options[5].value = algorithms[a];
                fit(&other, &p, options, NULL, &ctx);
                assert_int_equal(other.status, RB_OK);
                assert_same(&one, &other);
            }
        }
        rb_points_fini(&p);
    }
}

static void given_centres(double *centres, const rb_points *p)
{
    for (int64_t c = 0; c < K; c++)
        for (int64_t f = 0; f < D; f++)
            centres[c * D + f] = p ? p->dense[c * D + f] : 1e3 + (double)(c * f);
}

static void dense_euclidean_is_the_plain_algorithm(void **unused)
{
    (void)unused;
    const option options[] = { { "k", "9" }, { "init", "given" }, { "tolerance", "0" }, { NULL, NULL } };
    for (int far = 0; far < 2; far++) { /* far: all but one cluster are empty at first */
        rb_points p = { 0 };
        double centres[K * D], start[K * D];
        int32_t labels[N];
        make_points(&p, N, false, value_at);
        given_centres(start, far ? NULL : &p);
        memcpy(centres, start, sizeof centres);
        fit(&one, &p, options, &(rb_array){ start, K, D, "inline" }, &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        double inertia = rb_oracle_kmeans(labels, centres, p.dense, N, D, K, 300);
        assert_near(one.inertia, inertia, 1e-12);
        for (int i = 0; i < N; i++)
            assert_int_equal(one.label[i], labels[i]);
        for (int i = 0; i < K * D; i++)
            assert_near(one.centres[i], centres[i], 1e-12);
        rb_points_fini(&p);
    }
}

static void sparse_points_give_the_labels_of_the_same_dense_points(void **unused)
{
    (void)unused;
    const option options[] = { { "k", "9" }, { "init", "given" }, { "tolerance", "0" }, { NULL, NULL } };
    rb_points dense = { 0 }, sparse = { 0 };
    double start[K * D];
    make_points(&dense, N, false, value_at);
    make_points(&sparse, N, true, value_at);
    given_centres(start, &dense);
    rb_array centres = { start, K, D, "inline" };
    fit(&one, &dense, options, &centres, &rb_test_ctx);
    fit(&other, &sparse, options, &centres, &rb_test_ctx);
    assert_memory_equal(one.label, other.label, sizeof one.label);
    assert_near(one.inertia, other.inertia, 1e-12);
    for (int64_t t = 0; t < one.n_iterations; t++)
        assert_near(one.objective[t], other.objective[t], 1e-10);
    rb_points_fini(&dense);
    rb_points_fini(&sparse);
}

static double permuted_value(int64_t i, int64_t f)
{
    return value_at((i * 7 + 3) % N, f);
}

static void permuted_points_get_permuted_labels(void **unused)
{
    (void)unused;
    const option options[] = { { "k", "9" }, { "init", "given" }, { "tolerance", "0" }, { NULL, NULL } };
    rb_points p = { 0 }, permuted = { 0 };
    double start[K * D];
    make_points(&p, N, false, value_at);
    make_points(&permuted, N, false, permuted_value);
    given_centres(start, &p);
    rb_array centres = { start, K, D, "inline" };
    fit(&one, &p, options, &centres, &rb_test_ctx);
    fit(&other, &permuted, options, &centres, &rb_test_ctx);
    for (int64_t i = 0; i < N; i++)
        assert_int_equal(other.label[i], one.label[(i * 7 + 3) % N]);
    rb_points_fini(&p);
    rb_points_fini(&permuted);
}

static void the_objective_never_rises(void **unused)
{
    (void)unused;
    const option options[] = { { "k", "9" }, { "tolerance", "0" }, { NULL, NULL } };
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p = { 0 };
        make_points(&p, N, sparse, value_at);
        fit(&one, &p, options, NULL, &rb_test_ctx);
        assert_in_range(one.n_iterations, 2, MOST_ITERATIONS);
        for (int64_t t = 1; t < one.n_iterations; t++)
            assert_true(one.objective[t] <= one.objective[t - 1] * (1 + 1e-12));
        assert_near(one.inertia, one.objective[one.n_iterations - 1], 1e-10);
        rb_points_fini(&p);
    }
}

static double same_value(int64_t i, int64_t f)
{
    (void)i;
    return 0.1 * (double)(f + 1);
}

static double far_value(int64_t i, int64_t f)
{
    return 1e8 + value_at(i, f); /* products cancel: the definition must decide */
}

static double pair_value(int64_t i, int64_t f)
{
    return f > 0 ? 0 : i % 2 ? (double)-(i + 1) : (double)(i + 2); /* 2, -2, 4, -4, ... */
}

static void of_two_farthest_points_the_first_fills_an_empty_cluster(void **unused)
{
    (void)unused;
    const option options[] = { { "k", "2" }, { "init", "given" }, { "iterations", "1" }, { NULL, NULL } };
    double start[2 * D] = { 0 };
    start[D] = 1e6;
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p = { 0 };
        make_points(&p, 600, sparse, pair_value);
        fit(&one, &p, options, &(rb_array){ start, 2, D, "inline" }, &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        assert_true(one.centres[D] == 600); /* point 598, not -600 of point 599 */
        rb_points_fini(&p);
    }
}

static double nan_value(int64_t i, int64_t f)
{
    return i == N - 2 && f == 4 ? NAN : value_at(i, f);
}

static double huge_value(int64_t i, int64_t f)
{
    return i == 5 && f == 1 ? 1e30 : value_at(i, f);
}

static void identical_points_share_the_first_cluster(void **unused)
{
    (void)unused;
    const char *const inits[] = { "plus_plus", "parallel" };
    for (int kind = 0; kind < 4; kind++) {
        rb_points p = { 0 };
        const option options[] = { { "k", "9" }, { "init", inits[kind >> 1] }, { NULL, NULL } };
        make_points(&p, 50, kind & 1, same_value);
        fit(&one, &p, options, NULL, &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        assert_near(one.inertia, 0, 1e-12);
        for (int i = 0; i < 50; i++)
            assert_int_equal(one.label[i], 0);
        rb_points_fini(&p);
    }
}

static void points_far_from_the_origin_are_decided_by_the_definition(void **unused)
{
    (void)unused;
    const char *const algorithms[] = { "lloyd", "hamerly", "elkan", "yinyang" };
    rb_points p = { 0 };
    double start[K * D], centres[K * D];
    int32_t labels[N];
    make_points(&p, N, false, far_value);
    given_centres(start, &p);
    memcpy(centres, start, sizeof start);
    double inertia = rb_oracle_kmeans(labels, centres, p.dense, N, D, K, 300);
    for (int a = 0; a < 4; a++) {
        const option options[] = {
            { "k", "9" }, { "init", "given" }, { "tolerance", "0" }, { "algorithm", algorithms[a] }, { NULL, NULL }
        };
        fit(&one, &p, options, &(rb_array){ start, K, D, "inline" }, &rb_test_ctx);
        assert_near(one.inertia, inertia, 1e-6);
        for (int i = 0; i < N; i++)
            assert_int_equal(one.label[i], labels[i]);
    }
    rb_points_fini(&p);
}

static void as_many_clusters_as_points_leave_no_distance(void **unused)
{
    (void)unused;
    const option options[] = { { "k", "9" }, { NULL, NULL } };
    rb_points p = { 0 };
    make_points(&p, K, false, value_at);
    fit(&one, &p, options, NULL, &rb_test_ctx);
    assert_int_equal(one.status, RB_OK);
    assert_true(one.inertia == 0);
    rb_points_fini(&p);
}

static void expect_refusal(int64_t n, double (*value)(int64_t, int64_t), const option *options, const rb_array *centres,
                           const char *words)
{
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p = { 0 };
        make_points(&p, n, sparse, value);
        fit(&one, &p, options, centres, &rb_test_ctx);
        assert_int_equal(one.status, RB_BAD_INPUT);
        if (!strstr(one.message, words))
            fail_msg("'%s' does not say '%s'", one.message, words);
        rb_points_fini(&p);
    }
}

static void bad_input_is_one_clear_error(void **unused)
{
    (void)unused;
    const option plain[] = { { "k", "9" }, { NULL, NULL } };
    const option single[] = { { "k", "9" }, { "precision", "single" }, { NULL, NULL } };
    const option given[] = { { "k", "9" }, { "init", "given" }, { NULL, NULL } };
    double start[K * D] = { 0 };
    expect_refusal(N, nan_value, plain, NULL, "point 1098 has nan in dimension 4");
    expect_refusal(N, huge_value, single, NULL, "point 5 is too large for single precision");
    expect_refusal(5, value_at, plain, NULL, "'kmeans.k' is 9, but there are only 5 points");
    expect_refusal(N, value_at, given, NULL, "'kmeans.centres' is not set");
    expect_refusal(N, value_at, plain, &(rb_array){ start, K, D, "inline" }, "'kmeans.init' is not given");
    expect_refusal(N, value_at, given, &(rb_array){ start, K - 1, D, "inline" }, "has 8 rows, expected k = 9");
    expect_refusal(N, value_at, given, &(rb_array){ start, K, D - 1, "inline" }, "has 20 columns");
    start[3] = INFINITY;
    expect_refusal(N, value_at, given, &(rb_array){ start, K, D, "inline" }, "has inf in row 0");
}

static void fit_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    const int last = rb_test_ctx.n_ranks - 1;
    const char *const inits[] = { "plus_plus", "parallel" }, *const precisions[] = { "single", "double" };
    for (int kind = 0; kind < 4; kind++)
        for (int64_t nth = 1, failed = 1; failed; nth++) {
            rb_points p = { 0 };
            const option options[] = { { "k", "9" },
                                       { "init", inits[kind >> 1] },
                                       { "precision", precisions[kind & 1] },
                                       { "iterations", "2" },
                                       { "algorithm", kind & 1 ? "elkan" : "hamerly" },
                                       { NULL, NULL } };
            make_points(&p, 300, kind & 1, value_at);
            rb_alloc_fail_nth(rb_test_ctx.rank == last ? nth : 0);
            fit(&one, &p, options, NULL, &rb_test_ctx);
            failed = rb_alloc_fail_nth(0) >= nth && rb_test_ctx.rank == last;
            rb_max_int64(&rb_test_ctx, &failed, 1);
            assert_int_equal(one.status, failed ? RB_NO_MEMORY : RB_OK);
            rb_points_fini(&p);
        }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_result_is_the_same_for_any_shape_and_algorithm),
        cmocka_unit_test(dense_euclidean_is_the_plain_algorithm),
        cmocka_unit_test(sparse_points_give_the_labels_of_the_same_dense_points),
        cmocka_unit_test(permuted_points_get_permuted_labels),
        cmocka_unit_test(the_objective_never_rises),
        cmocka_unit_test(identical_points_share_the_first_cluster),
        cmocka_unit_test(points_far_from_the_origin_are_decided_by_the_definition),
        cmocka_unit_test(as_many_clusters_as_points_leave_no_distance),
        cmocka_unit_test(of_two_farthest_points_the_first_fills_an_empty_cluster),
        cmocka_unit_test(bad_input_is_one_clear_error),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
