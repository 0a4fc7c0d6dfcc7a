/* Spectral clustering: eigenvalues of plain dense LAPACK, planted shapes, the same bits for any ranks and threads. */
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "cluster/cluster.h"
#include "support/cluster_points.h"
#include "support/config.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define N 600
#define K_MOST 12

extern const rb_algorithm rb_spectral;

typedef struct {
    int64_t k, n_neighbors;
    double tolerance;
} setting;

typedef struct {
    rb_status status;
    char message[1024];
    int32_t label[N];
    double embedding[N * K_MOST], eigenvalue[K_MOST];
    bool converged;
} result;

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)type, (void)memory;
    result *out = v->self;
    if (!strcmp(name, "embedding"))
        memcpy(out->embedding, *data, (size_t)(*n_rows * *n_cols) * sizeof(double));
    if (!strcmp(name, "eigenvalues"))
        memcpy(out->eigenvalue, *data, (size_t)*n_rows * sizeof(double));
}

static void *config_of(const setting *how)
{
    void *config = calloc(1, rb_spectral.config_size);
    rb_params_default(config, rb_spectral.params);
    rb_oracle_set_number(config, &rb_spectral, "k", (double)how->k);
    rb_oracle_set_number(config, &rb_spectral, "n_neighbors", (double)how->n_neighbors);
    if (how->tolerance > 0)
        rb_oracle_set_number(config, &rb_spectral, "tolerance", how->tolerance);
    return config;
}

static void fit_prepared(result *out, const void *prepared, const rb_points *points, void *config, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *state = calloc(1, rb_spectral.state_size);
    const rb_train_view view = { .space = points };
    int64_t n;

    out->status = rb_spectral.fit(state, &view, prepared, config, ctx, &err);
    if (out->status == RB_OK) {
        rb_visitor visitor = { .array = copy_array, .self = out };
        memcpy(out->label, rb_spectral.labels(state, &n), (size_t)points->n * sizeof *out->label);
        assert_int_equal(n, points->n);
        rb_spectral.arrays(state, &visitor);
        out->converged = rb_spectral.converged(state);
    }
    memcpy(out->message, err.message, sizeof out->message);
    rb_spectral.fini(state);
    free(state);
}

static void fit(result *out, const rb_points *points, const setting *how, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *config = config_of(how), *prepared = NULL;
    memset(out, 0, sizeof *out);
    out->status =
        rb_spectral.prepare(&prepared, &(rb_train_view){ .space = points }, (const void *const *)&config, 1, ctx, &err);
    memcpy(out->message, err.message, sizeof out->message);
    if (out->status == RB_OK)
        fit_prepared(out, prepared, points, config, ctx);
    if (prepared)
        rb_spectral.unprepare(prepared);
    free(config);
}

/* ---- points ---- */

static double noise(int64_t i, int64_t f)
{
    const rb_rng rng = { 5, rb_stream("noise"), 0, (uint64_t)i };
    return rb_rng_normal(&rng, (uint32_t)f);
}

/* Two rings around one middle, radius 1 and 3. */
static double ring(int64_t i, int64_t f)
{
    const double angle = 2 * acos(-1) * (double)(i - i % 2) / N;
    return (i % 2 ? 3 : 1) * (f ? sin(angle) : cos(angle)) + 0.05 * noise(i, f);
}

/* Two half circles that reach into each other. */
static double moon(int64_t i, int64_t f)
{
    const double angle = acos(-1) * (double)(i - i % 2) / N;
    const double at = f ? sin(angle) : cos(angle);
    return (i % 2 ? (f ? 0.5 : 1) - at : at) + 0.03 * noise(i, f);
}

static double blob(int64_t i, int64_t f)
{
    return (f == i % 3 ? 4 : 0) + noise(i, f);
}

/* Six places far apart. */
static double far(int64_t i, int64_t f)
{
    return (f == 0 ? 1000 * (double)(i % 6) : 0) + noise(i, f);
}

static double one_place(int64_t i, int64_t f)
{
    (void)i;
    return (double)f;
}

static double not_a_number(int64_t i, int64_t f)
{
    return i == 3 && f == 1 ? NAN : blob(i, f);
}

/* ---- against plain loops ---- */

/* Neighbours by all distances, the matrix (C + C') / 2, its Laplacian and LAPACK's eigenvalues of it. */
static void plain_eigenvalues(double *value, const rb_points *p, int64_t n_neighbors)
{
    const int64_t n = p->n;
    double *away = calloc((size_t)(n * n), sizeof *away), *a = calloc((size_t)(n * n), sizeof *a);
    double *degree = calloc((size_t)n, sizeof *degree);
    rb_oracle_distances(away, p->dense, n, p->d, false);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            int64_t n_nearer = 0;
            for (int64_t o = 0; o < n; o++)
                n_nearer += o != i && away[i * n + o] < away[i * n + j];
            if (j != i && n_nearer < n_neighbors - 1) {
                a[i * n + j] += 0.5;
                a[j * n + i] += 0.5;
            }
        }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            degree[i] += a[i * n + j];
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            a[i * n + j] = (i == j) - a[i * n + j] / sqrt(degree[i] * degree[j]);
    assert_int_equal(LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'N', 'U', (lapack_int)n, a, (lapack_int)n, value), 0);
    free(away);
    free(a);
    free(degree);
}

/* 600 points by the filter, 200 whole. */
static void eigenvalues_equal_dense_lapack(void **unused)
{
    (void)unused;
    static result got;
    static double expected[N];
    rb_test_value shapes[] = { blob, moon, far };
    for (int which = 0; which < 6; which++) {
        rb_points p;
        rb_test_points(&p, which < 3 ? N : 200, 3, false, shapes[which % 3]);
        fit(&got, &p, &(setting){ .k = K_MOST, .n_neighbors = 10, .tolerance = 1e-9 }, &rb_test_ctx);
        assert_int_equal(got.status, RB_OK);
        assert_true(got.converged);
        plain_eigenvalues(expected, &p, 10);
        for (int c = 0; c < K_MOST; c++)
            assert_near(got.eigenvalue[c], expected[c], 1e-8);
        rb_points_fini(&p);
    }
}

/* ---- planted shapes ---- */

static void finds(rb_test_value shape, int64_t d, int k, double least)
{
    static result got;
    int32_t planted[N];
    rb_points p;
    rb_test_points(&p, N, d, false, shape);
    for (int i = 0; i < N; i++)
        planted[i] = i % k;
    fit(&got, &p, &(setting){ .k = k, .n_neighbors = 10 }, &rb_test_ctx);
    assert_int_equal(got.status, RB_OK);
    assert_true(rb_oracle_ari(got.label, planted, N) >= least);
    rb_points_fini(&p);
}

/* Rings and places are graphs of several parts. */
static void finds_planted_shapes(void **unused)
{
    (void)unused;
    finds(ring, 2, 2, 1);
    finds(moon, 2, 2, 1);
    finds(blob, 3, 3, 0.95);
    finds(far, 2, 6, 1);
}

/* More parts than clusters: every eigenvalue is 0, and a part stays whole. */
static void more_parts_than_clusters_are_defined(void **unused)
{
    (void)unused;
    static result got;
    rb_points p;
    rb_test_points(&p, N, 2, false, far);
    fit(&got, &p, &(setting){ .k = 4, .n_neighbors = 10 }, &rb_test_ctx);
    assert_int_equal(got.status, RB_OK);
    for (int c = 0; c < 4; c++)
        assert_near(got.eigenvalue[c], 0, 1e-8);
    for (int i = 6; i < N; i++)
        assert_int_equal(got.label[i], got.label[i % 6]);
    rb_points_fini(&p);
}

static void same_bits_for_any_shape(void **unused)
{
    (void)unused;
    static result whole, alone;
    for (int sparse = 0; sparse < 2; sparse++) {
        const setting how = { .k = 5, .n_neighbors = 12 };
        rb_points p;
        rb_ctx serial;
        rb_test_points(&p, N, 3, sparse, blob);
        rb_ctx_serial(&serial, 3);
        serial.seed = rb_test_ctx.seed;
        fit(&whole, &p, &how, &rb_test_ctx);
        fit(&alone, &p, &how, &serial);
        assert_int_equal(whole.status, RB_OK);
        assert_memory_equal(&whole, &alone, sizeof whole);
        rb_ctx_fini(&serial);
        rb_points_fini(&p);
    }
}

/* ---- odd input ---- */

static void refuses(const rb_points *p, int64_t k, const char *words)
{
    static result out;
    fit(&out, p, &(setting){ .k = k, .n_neighbors = 5 }, &rb_test_ctx);
    assert_int_equal(out.status, RB_BAD_INPUT);
    if (!strstr(out.message, words))
        fail_msg("'%s' does not say '%s'", out.message, words);
}

static void bad_input_is_one_clear_error(void **unused)
{
    (void)unused;
    rb_points p;
    rb_test_points(&p, 20, 3, false, blob);
    refuses(&p, 21, "there are only 20 points");
    refuses(&(rb_points){ .d = 3, .dense = p.dense }, 3, "empty");
    rb_points_fini(&p);
    rb_test_points(&p, 20, 3, false, not_a_number);
    refuses(&p, 3, "point 3");
    rb_points_fini(&p);
}

/* One point; two; all in one place; fewer points than neighbours. */
static void few_and_identical_points_are_defined(void **unused)
{
    (void)unused;
    static result out;
    const int64_t n[] = { 1, 2, 7, N };
    for (int which = 0; which < 4; which++) {
        rb_points p;
        rb_test_points(&p, n[which], 3, false, one_place);
        fit(&out, &p, &(setting){ .k = n[which] > 1 ? 2 : 1, .n_neighbors = 10 }, &rb_test_ctx);
        assert_int_equal(out.status, RB_OK);
        for (int64_t i = 0; i < n[which]; i++)
            assert_true(isfinite(out.embedding[i]) && out.label[i] >= 0 && out.label[i] < 2);
        rb_points_fini(&p);
    }
}

/* Equally distant neighbours abound: those of a shorter list must begin a longer one. */
static double on_a_grid(int64_t i, int64_t f)
{
    return floor(2 * blob(i, f)) / 2;
}

static void sharing_does_not_change_a_bit(void **unused)
{
    (void)unused;
    static const setting settings[] = { { .k = 3, .n_neighbors = 5 },
                                        { .k = 6, .n_neighbors = 25 },
                                        { .k = 4, .n_neighbors = 12 } };
    static result shared, alone;
    rb_points p;
    rb_error err = { 0 };
    void *config[3], *prepared = NULL;
    rb_test_points(&p, N, 5, false, on_a_grid);
    for (int i = 0; i < 3; i++)
        config[i] = config_of(&settings[i]);
    rb_train_view view = { .space = &p };
    assert_ok(rb_spectral.prepare(&prepared, &view, (const void *const *)config, 3, &rb_test_ctx, &err), &err);
    for (int i = 0; i < 3; i++) {
        memset(&shared, 0, sizeof shared);
        fit_prepared(&shared, prepared, &p, config[i], &rb_test_ctx);
        fit(&alone, &p, &settings[i], &rb_test_ctx);
        assert_int_equal(shared.status, RB_OK);
        assert_memory_equal(&shared, &alone, sizeof shared);
        free(config[i]);
    }
    rb_spectral.unprepare(prepared);
    rb_points_fini(&p);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvalues_equal_dense_lapack),       cmocka_unit_test(finds_planted_shapes),
        cmocka_unit_test(more_parts_than_clusters_are_defined), cmocka_unit_test(same_bits_for_any_shape),
        cmocka_unit_test(bad_input_is_one_clear_error),         cmocka_unit_test(few_and_identical_points_are_defined),
        cmocka_unit_test(sharing_does_not_change_a_bit),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
