/* HDBSCAN: equal to the tree grown from the matrix of all distances, the same bits for any ranks, threads, order of the
 * points, algorithm and sharing; every odd input defined. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "base/rng.h"
#include "cluster/cluster.h"
#include "support/cluster_points.h"
#include "support/config.h"
#include "support/oracle_hdbscan.h"
#include "support/support.h"

#define N 240
#define MANY 2600
#define D 5

extern const rb_algorithm rb_hdbscan;

typedef rb_oracle_hdbscan_setting setting;

/* What a fit gives, copied out. */
typedef struct {
    rb_status status;
    char message[1024];
    int32_t label[MANY], assigned[MANY];
    double probability[MANY], outlier[MANY];
    int64_t n_clusters;
} result;

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)type, (void)memory, (void)n_cols;
    result *r = v->self;
    if (!strcmp(name, "probabilities"))
        memcpy(r->probability, *data, (size_t)*n_rows * sizeof(double));
    if (!strcmp(name, "outlier_scores"))
        memcpy(r->outlier, *data, (size_t)*n_rows * sizeof(double));
}

static void copy_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)type;
    if (!strcmp(name, "clusters"))
        ((result *)v->self)->n_clusters = *(int64_t *)value;
}

static void *config_of(const setting *s, const char *algorithm)
{
    char *config = calloc(1, rb_hdbscan.config_size);
    rb_params_default(config, rb_hdbscan.params);
    rb_oracle_set_number(config, &rb_hdbscan, "min_cluster_size", (double)s->min_cluster_size);
    rb_oracle_set_number(config, &rb_hdbscan, "min_samples", (double)s->min_samples);
    rb_oracle_set_number(config, &rb_hdbscan, "metric", s->cosine);
    rb_oracle_set_number(config, &rb_hdbscan, "cluster_selection_method", s->leaf);
    rb_oracle_set_number(config, &rb_hdbscan, "cluster_selection_epsilon", s->epsilon);
    rb_oracle_set_number(config, &rb_hdbscan, "allow_single_cluster", s->allow_single);
    rb_oracle_set_number(config, &rb_hdbscan, "algorithm",
                         !strcmp(algorithm, "tree") ? 2 : !strcmp(algorithm, "dense"));
    return config;
}

/* Fits p from what is prepared, and assigns the points of fresh. */
static void fit_prepared(result *out, const void *prepared, const rb_points *p, const rb_points *fresh, void *config,
                         rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *state = calloc(1, rb_hdbscan.state_size);
    out->status = rb_hdbscan.fit(state, &(rb_train_view){ .space = p }, prepared, config, ctx, &err);
    if (out->status == RB_OK) {
        rb_visitor visitor = { .array = copy_array, .scalar = copy_scalar, .self = out };
        int64_t n;
        const int32_t *labels = rb_hdbscan.labels(state, &n);
        assert_int_equal(n, p->n);
        memcpy(out->label, labels, (size_t)n * sizeof *labels);
        rb_hdbscan.arrays(state, &visitor);
        if (fresh)
            out->status = rb_hdbscan.assign(out->assigned, state, fresh, config, ctx, &err);
    }
    memcpy(out->message, err.message, sizeof out->message);
    rb_hdbscan.fini(state);
    free(state);
}

static void fit(result *out, const rb_points *p, const rb_points *fresh, const setting *s, const char *algorithm,
                rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *config = config_of(s, algorithm), *prepared = NULL;
    memset(out, 0, sizeof *out);
    out->status =
        rb_hdbscan.prepare(&prepared, &(rb_train_view){ .space = p }, (const void *const *)&config, 1, ctx, &err);
    memcpy(out->message, err.message, sizeof out->message);
    if (out->status == RB_OK)
        fit_prepared(out, prepared, p, fresh, config, ctx);
    if (prepared)
        rb_hdbscan.unprepare(prepared);
    free(config);
}

/* ---- points ---- */

/* Blobs of unequal density on a grid of halves, with duplicates and rows of zeros: equal distances abound. */
static double on_a_grid(int64_t i, int64_t f)
{
    rb_rng rng = { 5, rb_stream("grid"), 0, (uint64_t)(i % 190) }, centre = { 5, rb_stream("centre"), 0, i % 5 };
    if (i % 97 == 0)
        return 0;
    return floor(2 * (rb_rng_normal(&rng, (uint32_t)f) * (i % 5 == 0 ? 1.4 : 0.5) +
                      3 * rb_rng_normal(&centre, (uint32_t)f))) /
           2;
}

static double blobs(int64_t i, int64_t f)
{
    rb_rng rng = { 8, rb_stream("blob"), 0, (uint64_t)i }, centre = { 8, rb_stream("centre"), 0, i % 7 };
    return rb_rng_normal(&rng, (uint32_t)f) * (1 + (double)(i % 3)) + 4 * rb_rng_normal(&centre, (uint32_t)f);
}

static double far_away(int64_t i, int64_t f)
{
    return 1e5 + 1e-3 * blobs(i, f);
}

static const rb_test_value values[] = { on_a_grid, blobs, far_away, rb_test_mostly_zero };
#define N_VALUES ((int)(sizeof values / sizeof *values))

/* ---- laws ---- */

static double value_of[N * D];
static result one, other;

static void expect_same(const result *a, const result *b, int64_t n)
{
    assert_memory_equal(a->label, b->label, (size_t)n * sizeof *a->label);
    assert_memory_equal(a->probability, b->probability, (size_t)n * sizeof *a->probability);
    assert_memory_equal(a->outlier, b->outlier, (size_t)n * sizeof *a->outlier);
}

/* Half of them are fitted ones, half are new. */
static rb_test_value fitted;

static double fresh_value(int64_t i, int64_t f)
{
    return fitted(i + N / 2, f);
}

static void expect_oracle(rb_test_value value, const setting *s)
{
    static double fresh_of[N * D];
    rb_oracle_hdbscan_result expected = { other.label, other.probability, other.outlier, fresh_of, N, other.assigned };
    fitted = value;
    for (int64_t at = 0; at < N * D; at++) {
        value_of[at] = value(at / D, at % D);
        fresh_of[at] = fresh_value(at / D, at % D);
    }
    rb_oracle_hdbscan(&expected, value_of, N, D, s);
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p, fresh;
        rb_test_points(&p, N, D, sparse, value);
        rb_test_points(&fresh, N, D, sparse, fresh_value);
        for (int shape = 0; shape < 3; shape++) {
            rb_test_ctx.n_threads = shape + 1;
            fit(&one, &p, &fresh, s, shape == 1 && !sparse ? "tree" : "dense", &rb_test_ctx);
            if (one.status != RB_OK)
                fail_msg("%s", one.message);
            expect_same(&one, &other, N);
            assert_memory_equal(one.assigned, other.assigned, N * sizeof *one.assigned);
        }
        rb_points_fini(&p);
        rb_points_fini(&fresh);
    }
}

static void results_are_those_of_the_matrix_of_distances(void **unused)
{
    (void)unused;
    for (int v = 0; v < N_VALUES; v++)
        for (int64_t size = 2; size <= 12; size += 5)
            for (int64_t samples = 1; samples <= 9; samples += 4)
                expect_oracle(values[v], &(setting){ .min_cluster_size = size,
                                                     .min_samples = samples,
                                                     .leaf = (size + samples) % 2 == 1,
                                                     .allow_single = samples == 5 });
}

static void cosine_results_are_those_of_the_matrix_of_distances(void **unused)
{
    (void)unused;
    for (int v = 0; v < N_VALUES; v++)
        for (int64_t samples = 1; samples <= 5; samples += 2)
            expect_oracle(values[v], &(setting){ .min_cluster_size = 6, .min_samples = samples, .cosine = true });
}

static void chosen_clusters_begin_beyond_epsilon(void **unused)
{
    (void)unused;
    static const double epsilon[] = { 0.5, 1, 1.5, 2.5, 4, 100 };
    for (size_t e = 0; e < sizeof epsilon / sizeof *epsilon; e++)
        for (int v = 0; v < 2; v++)
            for (int variant = 0; variant < 4; variant++)
                expect_oracle(values[v], &(setting){ .min_cluster_size = 5,
                                                     .min_samples = 3,
                                                     .epsilon = epsilon[e],
                                                     .leaf = variant & 1,
                                                     .allow_single = variant & 2 });
}

/* Lists longer than the default, and all points on each. */
static void many_samples_are_those_of_the_matrix_of_distances(void **unused)
{
    (void)unused;
    for (int v = 0; v < 2; v++)
        for (int64_t samples = 40; samples <= 2 * N; samples *= 3)
            expect_oracle(values[v], &(setting){ .min_cluster_size = 8, .min_samples = samples });
}

static int64_t shuffled(int64_t i)
{
    return i * 1021 % MANY; /* 1021 is prime to it */
}

static double permuted(int64_t i, int64_t f)
{
    return on_a_grid(shuffled(i), f);
}

static double in_order(int64_t i, int64_t f)
{
    return on_a_grid(i, f);
}

/* More points than one leaf, with many equal distances. */
static void permuted_points_have_permuted_results(void **unused)
{
    (void)unused;
    const setting s = { .min_cluster_size = 20, .min_samples = 4 };
    rb_points p, q;
    int32_t image[MANY];
    rb_test_points(&p, MANY, D, false, in_order);
    rb_test_points(&q, MANY, D, false, permuted);
    fit(&one, &p, NULL, &s, "auto", &rb_test_ctx);
    fit(&other, &q, NULL, &s, "auto", &rb_test_ctx);
    assert_true(one.status == RB_OK && other.status == RB_OK && one.n_clusters > 1);
    assert_int_equal(one.n_clusters, other.n_clusters);
    memset(image, -1, sizeof image);
    for (int64_t i = 0; i < MANY; i++) {
        int64_t j = shuffled(i);
        assert_true(one.probability[j] == other.probability[i] && one.outlier[j] == other.outlier[i]);
        assert_int_equal(one.label[j] < 0, other.label[i] < 0);
        if (one.label[j] < 0)
            continue;
        if (image[one.label[j]] < 0)
            image[one.label[j]] = other.label[i];
        assert_int_equal(image[one.label[j]], other.label[i]);
    }
    rb_points_fini(&p);
    rb_points_fini(&q);
}

static void dense_and_tree_give_the_same_bits(void **unused)
{
    (void)unused;
    static const rb_test_value of[] = { blobs, in_order, far_away };
    for (int v = 0; v < 3; v++)
        for (int cosine = 0; cosine < 2; cosine++) {
            rb_points p;
            const setting s = { .min_cluster_size = 15, .min_samples = 1 + 7 * v, .cosine = cosine };
            rb_test_points(&p, MANY, D, false, of[v]);
            rb_ctx alone;
            rb_ctx_serial(&alone, 1);
            fit(&one, &p, NULL, &s, "dense", &alone);
            for (int threads = 1; threads <= 3; threads++) {
                rb_test_ctx.n_threads = threads;
                fit(&other, &p, NULL, &s, "tree", &rb_test_ctx);
                assert_true(one.status == RB_OK && other.status == RB_OK);
                expect_same(&one, &other, MANY);
            }
            rb_points_fini(&p);
        }
}

static void what_is_shared_does_not_show(void **unused)
{
    (void)unused;
    setting s[] = { { .min_cluster_size = 5, .min_samples = 9 },
                    { .min_cluster_size = 7 },
                    { .min_cluster_size = 12, .min_samples = 2 },
                    { .min_cluster_size = 9, .min_samples = 9, .leaf = true } };
    rb_error err = { 0 };
    rb_points p;
    void *config[4], *prepared = NULL;
    rb_test_points(&p, N, D, false, blobs);
    for (int i = 0; i < 4; i++)
        config[i] = config_of(&s[i], "auto");
    assert_ok(rb_hdbscan.prepare(&prepared, &(rb_train_view){ .space = &p }, (const void *const *)config, 4,
                                 &rb_test_ctx, &err),
              &err);
    for (int i = 0; i < 4; i++) {
        memset(&one, 0, sizeof one);
        fit_prepared(&one, prepared, &p, NULL, config[i], &rb_test_ctx);
        fit(&other, &p, NULL, &s[i], "dense", &rb_test_ctx);
        assert_true(one.status == RB_OK && other.status == RB_OK);
        expect_same(&one, &other, N);
        free(config[i]);
    }
    rb_hdbscan.unprepare(prepared);
    rb_points_fini(&p);
}

/* ---- odd points ---- */

static void equal_points_are_noise_or_one_cluster(void **unused)
{
    (void)unused;
    rb_points p;
    rb_test_points(&p, N, D, false, rb_test_all_the_same);
    for (int single = 0; single < 2; single++) {
        fit(&one, &p, &p, &(setting){ .min_cluster_size = 5, .allow_single = single }, "auto", &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        for (int i = 0; i < N; i++) {
            assert_true(one.label[i] == (single ? 0 : -1) && one.assigned[i] == one.label[i]);
            assert_true(one.probability[i] == single && one.outlier[i] == 0);
        }
    }
    rb_points_fini(&p);
}

static void too_few_points_are_noise(void **unused)
{
    (void)unused;
    for (int64_t n = 1; n < 5; n++) {
        rb_points p;
        rb_test_points(&p, n, D, false, rb_test_line);
        fit(&one, &p, &p, &(setting){ .min_cluster_size = 5, .allow_single = true }, "auto", &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        for (int64_t i = 0; i < n; i++)
            assert_true(one.label[i] == -1 && one.assigned[i] == -1 && one.probability[i] == 0);
        rb_points_fini(&p);
    }
}

/* Two lines of points apart from each other, and one point far from both. */
static double two_lines(int64_t i, int64_t f)
{
    double x = i == 40 ? 1e4 : (double)(i % 20) + (i >= 20 ? 100 : 0);
    return f == 0 ? x : 0;
}

static void new_points_join_what_they_are_nearest_to(void **unused)
{
    (void)unused;
    static const double x[] = { -1, 5.5, 104, 119.5, 60, 1e4 };
    static const int32_t expected[] = { 0, 0, 1, 1, 1, -1 };
    double fresh_value[6 * D] = { 0 };
    rb_points p, fresh = { .n = 6, .d = D, .dense = fresh_value };
    for (int i = 0; i < 6; i++)
        fresh_value[i * D] = x[i];
    rb_test_points(&p, 41, D, false, two_lines);
    fit(&one, &p, &fresh, &(setting){ .min_cluster_size = 6, .min_samples = 2 }, "auto", &rb_test_ctx);
    assert_int_equal(one.status, RB_OK);
    assert_int_equal(one.n_clusters, 2);
    for (int i = 0; i < 41; i++)
        assert_int_equal(one.label[i], i == 40 ? -1 : i / 20);
    assert_memory_equal(one.assigned, expected, sizeof expected);
    rb_points_fini(&p);
}

static void expect_refused(rb_test_value value, bool sparse, const char *algorithm, const char *words)
{
    rb_points p;
    rb_test_points(&p, 40, D, sparse, value);
    fit(&one, &p, NULL, &(setting){ .min_cluster_size = 5 }, algorithm, &rb_test_ctx);
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
    expect_refused(rb_test_with_nan, false, "auto", "nan");
    expect_refused(rb_test_with_giant, false, "auto", "point 7");
    expect_refused(rb_test_line, true, "tree", "dense points");
    rb_points p = { .d = D, .dense = value_of };
    fit(&one, &p, NULL, &(setting){ .min_cluster_size = 5 }, "auto", &rb_test_ctx);
    assert_int_equal(one.status, RB_BAD_INPUT);
    assert_non_null(strstr(one.message, "empty"));
    assert_int_equal(rb_param_parse(&value, rb_param_find(rb_hdbscan.params, "min_cluster_size"), "hdbscan", "1", &err),
                     RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "hdbscan.min_cluster_size"));
}

static void new_points_of_another_kind_are_refused(void **unused)
{
    (void)unused;
    rb_points p;
    rb_test_points(&p, 60, D, false, rb_test_line);
    rb_points narrow = { .n = 10, .d = D - 1, .dense = p.dense };
    fit(&one, &p, &narrow, &(setting){ .min_cluster_size = 5 }, "auto", &rb_test_ctx);
    assert_int_equal(one.status, RB_BAD_INPUT);
    assert_non_null(strstr(one.message, "dimensions"));
    rb_points_fini(&p);
}

/* Dense and sparse fits and assignments while the n-th allocation of the last rank fails. */
static void fit_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p;
        int64_t n_failed = 0;
        rb_test_points(&p, N, D, sparse, rb_test_mostly_zero);
        for (int64_t nth = 1; nth < 160; nth++) {
            rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
            fit(&one, &p, &p, &(setting){ .min_cluster_size = 5, .min_samples = 3, .cosine = sparse },
                sparse ? "dense" : "tree", &rb_test_ctx);
            rb_alloc_fail_nth(0);
            int64_t same[2] = { one.status, -(int64_t)one.status };
            rb_max_int64(&rb_test_ctx, same, 2);
            assert_int_equal(same[0], -same[1]);
            assert_true(one.status == RB_OK || one.status == RB_NO_MEMORY);
            n_failed += one.status != RB_OK;
        }
        assert_true(n_failed > 40 && one.status == RB_OK);
        rb_points_fini(&p);
    }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_those_of_the_matrix_of_distances),
        cmocka_unit_test(cosine_results_are_those_of_the_matrix_of_distances),
        cmocka_unit_test(chosen_clusters_begin_beyond_epsilon),
        cmocka_unit_test(many_samples_are_those_of_the_matrix_of_distances),
        cmocka_unit_test(permuted_points_have_permuted_results),
        cmocka_unit_test(dense_and_tree_give_the_same_bits),
        cmocka_unit_test(what_is_shared_does_not_show),
        cmocka_unit_test(equal_points_are_noise_or_one_cluster),
        cmocka_unit_test(too_few_points_are_noise),
        cmocka_unit_test(new_points_join_what_they_are_nearest_to),
        cmocka_unit_test(what_cannot_be_clustered_is_refused),
        cmocka_unit_test(new_points_of_another_kind_are_refused),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
