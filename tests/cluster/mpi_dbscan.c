/* DBSCAN: equal to plain loops over all pairs, the same bits for any ranks, threads and sharing, every odd input
 * defined. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "base/rng.h"
#include "cluster/cluster.h"
#include "support/cluster_points.h"
#include "support/config.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define N 900
#define D 7

extern const rb_algorithm rb_dbscan;

typedef struct {
    double eps;
    int64_t min_samples;
    bool cosine, curve;
} setting;

/* What a fit gives, copied out. */
typedef struct {
    rb_status status;
    char message[1024];
    int32_t label[N], assigned[N];
    uint8_t is_core[N];
    int64_t n_clusters, n_curve;
    double eps, suggested, curve[N];
} result;

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)type, (void)memory, (void)n_cols;
    result *r = v->self;
    if (!strcmp(name, "is_core"))
        memcpy(r->is_core, *data, (size_t)*n_rows);
    if (!strcmp(name, "k_distances") && (r->n_curve = *n_rows) > 0)
        memcpy(r->curve, *data, (size_t)*n_rows * sizeof *r->curve);
}

static void copy_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)type;
    result *r = v->self;
    if (!strcmp(name, "clusters"))
        r->n_clusters = *(int64_t *)value;
    if (!strcmp(name, "eps"))
        r->eps = *(double *)value;
}

static void *config_of(const setting *s)
{
    char *config = calloc(1, rb_dbscan.config_size);
    rb_params_default(config, rb_dbscan.params);
    rb_oracle_set_number(config, &rb_dbscan, "eps", s->eps);
    rb_oracle_set_number(config, &rb_dbscan, "min_samples", (double)s->min_samples);
    rb_oracle_set_number(config, &rb_dbscan, "metric", s->cosine);
    rb_oracle_set_number(config, &rb_dbscan, "k_distances", s->curve);
    return config;
}

/* Fits p from what is prepared, and assigns the points of fresh. */
static void fit_prepared(result *out, const void *prepared, const rb_points *p, const rb_points *fresh, void *config,
                         rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *state = calloc(1, rb_dbscan.state_size);
    memset(out, 0, sizeof *out);
    out->status = rb_dbscan.fit(state, &(rb_train_view){ .space = p }, prepared, config, ctx, &err);
    rb_dbscan.measure(&out->suggested, state, config);
    if (out->status == RB_OK) {
        rb_visitor visitor = { .array = copy_array, .scalar = copy_scalar, .self = out };
        int64_t n;
        const int32_t *labels = rb_dbscan.labels(state, &n);
        assert_int_equal(n, p->n);
        memcpy(out->label, labels, (size_t)n * sizeof *labels);
        rb_dbscan.arrays(state, &visitor);
        out->status = rb_dbscan.assign(out->assigned, state, fresh, config, ctx, &err);
    }
    memcpy(out->message, err.message, sizeof out->message);
    rb_dbscan.fini(state);
    free(state);
}

static void fit(result *out, const rb_points *p, const rb_points *fresh, const setting *s, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *config = config_of(s), *prepared = NULL;
    rb_status status =
        rb_dbscan.prepare(&prepared, &(rb_train_view){ .space = p }, (const void *const *)&config, 1, ctx, &err);
    if (status == RB_OK) {
        fit_prepared(out, prepared, p, fresh, config, ctx);
        rb_dbscan.unprepare(prepared);
    } else {
        out->status = status;
        memcpy(out->message, err.message, sizeof out->message);
    }
    free(config);
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

/* ---- laws ---- */

static double value_of[N * D];
static result one;

/* The label of the nearest core point within eps, by plain loops over the fit's points. */
static void expect_assigned(const setting *s, const double *distance, const int32_t *label, const uint8_t *is_core)
{
    for (int64_t i = 0; i < N; i++) {
        double least = INFINITY;
        int32_t expected = -1;
        for (int64_t j = 0; j < N; j++) {
            const double d = distance[i * N + j];
            if (is_core[j] && d <= (s->cosine ? s->eps : s->eps * s->eps) && d < least) {
                least = d;
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
    static double distance[N * N];
    for (int64_t at = 0; at < N * D; at++)
        value_of[at] = value(at / D, at % D);
    rb_oracle_distances(distance, value_of, N, D, s->cosine);
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
            expect_assigned(s, distance, label, is_core);
        }
        rb_points_fini(&p);
    }
}

static void the_clusters_are_those_of_all_pairs(void **unused)
{
    (void)unused;
    static const rb_test_value values[] = { on_a_grid, far_away, rb_test_mostly_zero };
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
        expect_oracle(rb_test_mostly_zero, &(setting){ .eps = eps[e], .min_samples = 4, .cosine = true });
    }
}

/* Labels on a line of N points a distance of 1 apart. */
static void expect_line(double eps, int64_t min_samples, int32_t first, int32_t last)
{
    rb_points p;
    rb_test_points(&p, N, D, false, rb_test_line);
    fit(&one, &p, &p, &(setting){ eps, min_samples, false, false }, &rb_test_ctx);
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
    rb_test_points(&p, N, D, false, rb_test_all_the_same);
    for (int64_t more = 0; more < 2; more++) {
        fit(&one, &p, &p, &(setting){ 1e-150, N + more, false, false }, &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        for (int i = 0; i < N; i++)
            assert_true(one.label[i] == (more ? -1 : 0) && one.assigned[i] == one.label[i]);
    }
    rb_points_fini(&p);
    rb_test_points(&p, 1, D, false, rb_test_all_the_same);
    fit(&one, &p, &p, &(setting){ 1, 1, false, false }, &rb_test_ctx);
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
    fit(&one, &p, &p, &(setting){ 3.5, 5, false, false }, &rb_test_ctx);
    assert_int_equal(one.status, RB_OK);
    assert_memory_equal(one.label, expected, sizeof expected);
    rb_points_fini(&p);
}

/* ---- sharing ---- */

enum { N_SETTINGS = 34, N_CURVE = 300 };

/* More eps than the pairs are sorted by, in no order; all of one graph, which not all pairs fit in. */
static setting shared_setting(int i)
{
    return (setting){ .eps = i == 7 ? 0 : 0.25 * ((i * 17) % N_SETTINGS + 1),
                      .min_samples = 1 + i % 7,
                      .curve = i % 11 == 0 };
}

static void *config_of_shared(int i)
{
    const setting s = shared_setting(i);
    return config_of(&s);
}

static void sharing_does_not_change_a_bit(void **unused)
{
    (void)unused;
    static result alone;
    rb_error err = { 0 };
    void *config[N_SETTINGS];
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p, moved;
        void *prepared = NULL;
        rb_test_points(&p, N, D, sparse, on_a_grid);
        rb_test_points(&moved, N, D, sparse, on_a_grid);
        for (int i = 0; i < N_SETTINGS; i++)
            config[i] = config_of_shared(i);
        rb_train_view view = { .space = &p };
        assert_ok(rb_dbscan.prepare(&prepared, &view, (const void *const *)config, N_SETTINGS, &rb_test_ctx, &err),
                  &err);
        rb_points_fini(&p); /* it keeps no address of the view */
        for (int i = 0; i < N_SETTINGS; i++) {
            const setting s = shared_setting(i);
            memset(&one, 0, sizeof one);
            memset(&alone, 0, sizeof alone);
            fit_prepared(&one, prepared, &moved, &moved, config[i], &rb_test_ctx);
            fit(&alone, &moved, &moved, &s, &rb_test_ctx);
            assert_int_equal(one.status, RB_OK);
            assert_memory_equal(&one, &alone, sizeof one);
            free(config[i]);
        }
        rb_dbscan.unprepare(prepared);
        rb_points_fini(&moved);
    }
}

/* ---- k-distances ---- */

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void expect_curve(bool cosine, int64_t min_samples)
{
    static double distance[N_CURVE * N_CURVE], expected[N_CURVE];
    rb_oracle_distances(distance, value_of, N_CURVE, D, cosine);
    for (int64_t i = 0; i < N_CURVE; i++) {
        double *row = distance + i * N_CURVE;
        qsort(row, N_CURVE, sizeof *row, descending);
        expected[i] =
            cosine ? row[N_CURVE - min_samples] : sqrt(row[N_CURVE - min_samples]); /* the point itself is the first */
    }
    qsort(expected, N_CURVE, sizeof *expected, descending);
    assert_int_equal(one.n_curve, N_CURVE);
    for (int64_t i = 0; i < N_CURVE; i++)
        assert_near(one.curve[i], expected[i], 1e-12);
}

static void the_curve_is_that_of_all_distances_and_eps_its_knee(void **unused)
{
    (void)unused;
    static const rb_test_value values[] = { on_a_grid, rb_test_mostly_zero };
    for (int v = 0; v < 2; v++)
        for (int cosine = 0; cosine < 2; cosine++) {
            rb_points p;
            rb_test_points(&p, N_CURVE, D, v == 1, values[v]);
            for (int64_t at = 0; at < N_CURVE * D; at++)
                value_of[at] = values[v](at / D, at % D);
            fit(&one, &p, &p, &(setting){ 0, 5, cosine, false }, &rb_test_ctx);
            assert_int_equal(one.status, RB_OK);
            expect_curve(cosine, 5);
            const double eps = one.eps;
            assert_true(eps > 0 && eps == one.suggested && eps < one.curve[0] && one.n_clusters > 0);
            fit(&one, &p, &p, &(setting){ 0.5 * eps, 5, cosine, true }, &rb_test_ctx);
            assert_true(one.suggested == eps && one.eps == 0.5 * eps);
            fit(&one, &p, &p, &(setting){ eps, 5, cosine, false }, &rb_test_ctx);
            assert_true(one.n_curve == 0 && isnan(one.suggested));
            rb_points_fini(&p);
        }
}

/* A third of the points lie alone: the distances fall off where the groups begin. */
static double groups_and_others(int64_t i, int64_t f)
{
    return f == 0 ? (i % 3 == 0 ? 500.0 * (double)i + (double)(i * i) + 1000 : (double)(i % 2) + 1e-4 * (double)i) : 0;
}

static void the_knee_lies_where_the_groups_begin(void **unused)
{
    (void)unused;
    rb_points p;
    rb_test_points(&p, N, D, false, groups_and_others);
    fit(&one, &p, &p, &(setting){ 0, 4, false, false }, &rb_test_ctx);
    assert_int_equal(one.status, RB_OK);
    assert_int_equal(one.n_clusters, 2);
    for (int64_t i = 0; i < N; i++)
        assert_true((one.label[i] < 0) == (i % 3 == 0));
    rb_points_fini(&p);
}

/* Pairs a distance of sqrt(3) apart, whose double squared is less than 3; a third of the points lie alone. */
static double pairs_and_others(int64_t i, int64_t f)
{
    if (i % 3 == 0)
        return groups_and_others(i, f);
    return f == 0 ? -10.0 * (double)(i / 3) + (double)(i % 3) : f < 3 ? (double)(i % 3 - 1) : 0;
}

static void the_suggested_eps_includes_its_own_distance(void **unused)
{
    (void)unused;
    assert_true(sqrt(3) * sqrt(3) < 3);
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p;
        rb_test_points(&p, N, D, sparse, pairs_and_others);
        fit(&one, &p, &p, &(setting){ 0, 2, false, false }, &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        assert_near(one.eps, sqrt(3), 1e-12);
        assert_int_equal(one.n_clusters, N / 3);
        rb_points_fini(&p);
    }
}

/* ---- bad input ---- */

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
    expect_refused(rb_test_with_nan, &(setting){ 1, 5, false, false }, "nan");
    expect_refused(rb_test_with_giant, &(setting){ 1, 5, false, false }, "point 7");
    expect_refused(rb_test_line, &(setting){ 2.5, 5, true, false }, "at most 2");
    expect_refused(rb_test_line, &(setting){ 1e-200, 5, false, false }, "at least 1e-150");
    expect_refused(rb_test_all_the_same, &(setting){ 0, 5, false, false }, "no knee");
    assert_int_equal(rb_param_parse(&value, eps, "dbscan", "-1", &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "dbscan.eps"));
    err = (rb_error){ 0 };
    assert_int_equal(rb_param_parse(&value, rb_param_find(rb_dbscan.params, "min_samples"), "dbscan", "0", &err),
                     RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "dbscan.min_samples"));
    rb_points p = { .d = D, .dense = value_of };
    fit(&one, &p, &p, &(setting){ 1, 5, false, false }, &rb_test_ctx);
    assert_int_equal(one.status, RB_BAD_INPUT);
    assert_non_null(strstr(one.message, "empty"));
}

static void new_points_of_another_kind_are_refused(void **unused)
{
    (void)unused;
    rb_points p, other;
    rb_test_points(&p, 60, D, false, rb_test_line);
    rb_test_points(&other, 60, D, true, rb_test_line);
    fit(&one, &p, &other, &(setting){ 1, 2, false, false }, &rb_test_ctx);
    assert_int_equal(one.status, RB_BAD_INPUT);
    assert_non_null(strstr(one.message, "the points are sparse"));
    rb_points narrow = { .n = 10, .d = D - 1, .dense = p.dense };
    fit(&one, &p, &narrow, &(setting){ 1, 2, false, false }, &rb_test_ctx);
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
    rb_test_points(&p, N, D, true, rb_test_mostly_zero);
    for (int64_t nth = 1; nth < 128; nth++) {
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        fit(&one, &p, &p, &(setting){ 0, 4, true, false }, &rb_test_ctx);
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
        cmocka_unit_test(sharing_does_not_change_a_bit),
        cmocka_unit_test(the_curve_is_that_of_all_distances_and_eps_its_knee),
        cmocka_unit_test(the_knee_lies_where_the_groups_begin),
        cmocka_unit_test(the_suggested_eps_includes_its_own_distance),
        cmocka_unit_test(what_cannot_be_clustered_is_refused),
        cmocka_unit_test(new_points_of_another_kind_are_refused),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
