/* DBSCAN: equal to plain loops over all pairs, the same bits for any ranks and threads, every odd input defined. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "base/rng.h"
#include "cluster/cluster.h"
#include "support/cluster_points.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define N 900
#define D 7

extern const rb_algorithm rb_dbscan;

typedef struct {
    double eps;
    int64_t min_samples;
    bool cosine;
} setting;

/* What a fit gives, copied out. */
typedef struct {
    rb_status status;
    char message[1024];
    int32_t label[N], assigned[N];
    uint8_t is_core[N];
    int64_t n_clusters;
} result;

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)type, (void)memory, (void)n_cols;
    if (!strcmp(name, "is_core"))
        memcpy(((result *)v->self)->is_core, *data, (size_t)*n_rows);
}

static void copy_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)type;
    if (!strcmp(name, "clusters"))
        ((result *)v->self)->n_clusters = *(int64_t *)value;
}

static void *config_of(const setting *s)
{
    char *config = calloc(1, rb_dbscan.config_size);
    rb_value eps = { .kind = RB_PARAM_DOUBLE, .number = s->eps },
             least = { .kind = RB_PARAM_INT, .integer = s->min_samples },
             metric = { .kind = RB_PARAM_CHOICE, .number = s->cosine };
    rb_params_default(config, rb_dbscan.params);
    rb_param_store(config, rb_param_find(rb_dbscan.params, "eps"), &eps);
    rb_param_store(config, rb_param_find(rb_dbscan.params, "min_samples"), &least);
    rb_param_store(config, rb_param_find(rb_dbscan.params, "metric"), &metric);
    return config;
}

/* Fits p and assigns the points of fresh. */
static void fit(result *out, const rb_points *p, const rb_points *fresh, const setting *s, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *config = config_of(s), *state = calloc(1, rb_dbscan.state_size);
    memset(out, 0, sizeof *out);
    out->status = rb_dbscan.fit(state, &(rb_train_view){ .space = p }, NULL, config, ctx, &err);
    if (out->status == RB_OK) {
        rb_visitor visitor = { copy_array, copy_scalar, out };
        int64_t n;
        const int32_t *labels = rb_dbscan.labels(state, &n);
        assert_int_equal(n, p->n);
        memcpy(out->label, labels, (size_t)n * sizeof *labels);
        rb_dbscan.arrays(state, &visitor);
        out->status = rb_dbscan.assign(out->assigned, state, fresh, config, ctx, &err);
    }
    memcpy(out->message, err.message, sizeof out->message);
    rb_dbscan.fini(state);
    free(config);
    free(state);
}

/* ---- points ---- */

/* Blobs of unequal density and duplicates; whole halves, so that many distances are exactly eps; a few rows of zeros.
 */
static double on_a_grid(int64_t i, int64_t f)
{
    rb_rng rng = { 5, rb_stream("grid"), 0, (uint64_t)(i % 700) }, centre = { 5, rb_stream("centre"), 0, i % 6 };
    if (i % 97 == 0)
        return 0;
    return floor(2 * (rb_rng_normal(&rng, (uint32_t)f) * (i % 6 == 0 ? 1.5 : 0.6) +
                      3 * rb_rng_normal(&centre, (uint32_t)f))) /
           2;
}

/* Blobs far from the origin and of small scale: products alone would tell nothing apart. */
static double far_away(int64_t i, int64_t f)
{
    rb_rng rng = { 6, rb_stream("far"), 0, (uint64_t)i }, centre = { 6, rb_stream("centre"), 0, i % 5 };
    return 1e5 + 1e-3 * (rb_rng_normal(&rng, (uint32_t)f) + 2.5 * rb_rng_normal(&centre, (uint32_t)f));
}

/* Few dimensions hold anything. */
static double mostly_zero(int64_t i, int64_t f)
{
    rb_rng rng = { 7, rb_stream("sparse"), 0, (uint64_t)i };
    if (i % 50 == 0 || (f + i) % 3 == 0)
        return 0;
    return (i % 4 == f ? 4 : 0) + rb_rng_uniform(&rng, (uint32_t)f);
}

static double all_the_same(int64_t i, int64_t f)
{
    (void)i;
    return (double)f + 0.1;
}

static double line(int64_t i, int64_t f)
{
    return f == 0 ? (double)i : 0;
}

/* ---- laws ---- */

static double value_of[N * D];
static result one;

/* The label of the nearest core point within eps, by plain loops over the fit's points. */
static void expect_assigned(const setting *s, const int32_t *label, const uint8_t *is_core)
{
    for (int64_t i = 0; i < N; i++) {
        double least = INFINITY;
        int32_t expected = -1;
        for (int64_t j = 0; j < N; j++) {
            double d2 = 0;
            for (int64_t f = 0; f < D; f++)
                d2 = fma(value_of[i * D + f] - value_of[j * D + f], value_of[i * D + f] - value_of[j * D + f], d2);
            if (is_core[j] && d2 <= s->eps * s->eps && d2 < least) {
                least = d2;
                expected = label[j];
            }
        }
        assert_int_equal(one.assigned[i], expected);
    }
}

static void expect_oracle(rb_test_value value, const setting *s)
{
    static int32_t label[N];
    static uint8_t is_core[N];
    for (int64_t at = 0; at < N * D; at++)
        value_of[at] = value(at / D, at % D);
    rb_oracle_dbscan(label, is_core, value_of, N, D, s->eps, s->min_samples, s->cosine);
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p;
        rb_test_points(&p, N, D, sparse, value);
        for (int n_threads = 1; n_threads <= 3; n_threads++) {
            rb_test_ctx.n_threads = n_threads;
            fit(&one, &p, &p, s, &rb_test_ctx);
            if (one.status != RB_OK)
                fail_msg("%s", one.message);
            assert_memory_equal(one.is_core, is_core, sizeof is_core);
            assert_memory_equal(one.label, label, sizeof label);
            if (!s->cosine)
                expect_assigned(s, label, is_core);
        }
        rb_points_fini(&p);
    }
}

static void the_clusters_are_those_of_all_pairs(void **unused)
{
    (void)unused;
    static const rb_test_value values[] = { on_a_grid, far_away, mostly_zero };
    static const double scale[] = { 1, 1e-3, 0.4 };
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        for (int e = 1; e <= 4; e++)
            for (int64_t least = 1; least <= 12; least += 4)
                expect_oracle(values[v], &(setting){ .eps = e * 0.5 * scale[v], .min_samples = least });
}

static void cosine_clusters_are_those_of_all_pairs(void **unused)
{
    (void)unused;
    static const double eps[] = { 0.01, 0.05, 0.2, 0.999, 1, 1.5 };
    for (size_t e = 0; e < sizeof eps / sizeof *eps; e++) {
        expect_oracle(on_a_grid, &(setting){ .eps = eps[e], .min_samples = 4, .cosine = true });
        expect_oracle(mostly_zero, &(setting){ .eps = eps[e], .min_samples = 4, .cosine = true });
    }
}

/* Labels on a line of N points a distance of 1 apart. */
static void expect_line(double eps, int64_t min_samples, int32_t first, int32_t last)
{
    rb_points p;
    rb_test_points(&p, N, D, false, line);
    fit(&one, &p, &p, &(setting){ eps, min_samples, false }, &rb_test_ctx);
    assert_int_equal(one.status, RB_OK);
    assert_int_equal(one.label[0], first);
    assert_int_equal(one.label[N - 1], last);
    rb_points_fini(&p);
}

static void a_distance_of_exactly_eps_is_within_and_a_point_counts_itself(void **unused)
{
    (void)unused;
    expect_line(1, 3, 0, 0);
    assert_true(!one.is_core[0] && one.is_core[1] && one.n_clusters == 1); /* the ends are border points */
    expect_line(1, 4, -1, -1);
    assert_int_equal(one.n_clusters, 0); /* all noise */
    assert_int_equal(one.assigned[5], -1);
    expect_line(nextafter(1, 0), 1, 0, N - 1); /* each alone */
    expect_line(nextafter(1, 0), 2, -1, -1);
}

static void equal_points_are_one_cluster_unless_there_are_too_few(void **unused)
{
    (void)unused;
    rb_points p;
    rb_test_points(&p, N, D, false, all_the_same);
    for (int64_t more = 0; more < 2; more++) {
        fit(&one, &p, &p, &(setting){ 1e-150, N + more, false }, &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        for (int i = 0; i < N; i++)
            assert_true(one.label[i] == (more ? -1 : 0) && one.assigned[i] == one.label[i]);
    }
    rb_points_fini(&p);
    rb_test_points(&p, 1, D, false, all_the_same);
    fit(&one, &p, &p, &(setting){ 1, 1, false }, &rb_test_ctx);
    assert_true(one.status == RB_OK && one.label[0] == 0 && one.assigned[0] == 0);
    rb_points_fini(&p);
}

/* A border point between two clusters joins that of the lower number, whichever is nearer. */
static double border_value(int64_t i, int64_t f)
{
    static const double x[] = { 9.5, 9.5, 9, 3.25, 0, 0, 0.25, 0.25, 5.5, 9, 0.25, 9.5 };
    return f == 0 ? x[i] : 0;
}

static void a_border_point_joins_the_cluster_of_the_lowest_core_point(void **unused)
{
    (void)unused;
    static const int32_t expected[] = { 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 0 };
    rb_points p;
    rb_test_points(&p, 12, D, false, border_value);
    fit(&one, &p, &p, &(setting){ 3.5, 5, false }, &rb_test_ctx);
    assert_int_equal(one.status, RB_OK);
    assert_memory_equal(one.label, expected, sizeof expected);
    rb_points_fini(&p);
}

/* ---- bad input ---- */

static double with_nan(int64_t i, int64_t f)
{
    return i == 7 && f == 2 ? NAN : (double)(i + f);
}

static double with_giant(int64_t i, int64_t f)
{
    return i == 7 && f == 2 ? 1e160 : (double)(i + f);
}

static void expect_refused(rb_test_value value, const setting *s, const char *words)
{
    rb_points p;
    rb_test_points(&p, 40, D, false, value);
    fit(&one, &p, &p, s, &rb_test_ctx);
    assert_int_equal(one.status, RB_BAD_INPUT);
    if (!strstr(one.message, words))
        fail_msg("'%s' lacks '%s'", one.message, words);
    rb_points_fini(&p);
}

static void what_cannot_be_clustered_is_refused(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_value value;
    const rb_param *eps = rb_param_find(rb_dbscan.params, "eps");
    expect_refused(with_nan, &(setting){ 1, 5, false }, "nan");
    expect_refused(with_giant, &(setting){ 1, 5, false }, "point 7");
    expect_refused(line, &(setting){ 2.5, 5, true }, "at most 2");
    assert_int_equal(rb_param_parse(&value, eps, "dbscan", "0", &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "dbscan.eps"));
    err = (rb_error){ 0 };
    assert_int_equal(rb_param_parse(&value, rb_param_find(rb_dbscan.params, "min_samples"), "dbscan", "0", &err),
                     RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "dbscan.min_samples"));
    rb_points p = { .d = D, .dense = value_of };
    fit(&one, &p, &p, &(setting){ 1, 5, false }, &rb_test_ctx);
    assert_int_equal(one.status, RB_BAD_INPUT);
    assert_non_null(strstr(one.message, "empty"));
}

static void new_points_of_another_kind_are_refused(void **unused)
{
    (void)unused;
    rb_points p, other;
    rb_test_points(&p, 60, D, false, line);
    rb_test_points(&other, 60, D, true, line);
    fit(&one, &p, &other, &(setting){ 1, 2, false }, &rb_test_ctx);
    assert_int_equal(one.status, RB_BAD_INPUT);
    assert_non_null(strstr(one.message, "the points are sparse"));
    rb_points narrow = { .n = 10, .d = D - 1, .dense = p.dense };
    fit(&one, &p, &narrow, &(setting){ 1, 2, false }, &rb_test_ctx);
    assert_int_equal(one.status, RB_BAD_INPUT);
    assert_non_null(strstr(one.message, "dimensions"));
    rb_points_fini(&other);
    rb_points_fini(&p);
}

/* Sparse cosine fits and assignments while the n-th allocation of the last rank fails. */
static void fit_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    rb_points p;
    int64_t n_failed = 0;
    rb_test_points(&p, N, D, true, mostly_zero);
    for (int64_t nth = 1; nth < 64; nth++) {
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        fit(&one, &p, &p, &(setting){ 0.05, 4, true }, &rb_test_ctx);
        rb_alloc_fail_nth(0);
        int64_t same[2] = { one.status, -(int64_t)one.status };
        rb_max_int64(&rb_test_ctx, same, 2);
        assert_int_equal(same[0], -same[1]);
        assert_true(one.status == RB_OK || one.status == RB_NO_MEMORY);
        n_failed += one.status != RB_OK;
    }
    assert_true(n_failed > 10 && one.status == RB_OK);
    rb_points_fini(&p);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clusters_are_those_of_all_pairs),
        cmocka_unit_test(cosine_clusters_are_those_of_all_pairs),
        cmocka_unit_test(a_distance_of_exactly_eps_is_within_and_a_point_counts_itself),
        cmocka_unit_test(equal_points_are_one_cluster_unless_there_are_too_few),
        cmocka_unit_test(a_border_point_joins_the_cluster_of_the_lowest_core_point),
        cmocka_unit_test(what_cannot_be_clustered_is_refused),
        cmocka_unit_test(new_points_of_another_kind_are_refused),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
