/* Gaussian mixtures: the steps equal to plain loops, the same bits for any ranks and threads, odd input defined. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "base/rng.h"
#include "cluster/cluster.h"
#include "cluster/core/mixture.h"
#include "support/config.h"
#include "support/support.h"

#define N 1300
#define D 5
#define K 4
#define BYTES (1 << 16)

extern const rb_algorithm rb_gmm;

typedef struct {
    int64_t k, n_init, iterations;
    int diagonal;
} setting;

/* What a fit gives: every array and scalar, one after another. */
typedef struct {
    rb_status status;
    char message[1024];
    int64_t n_bytes;
    char bytes[BYTES];
    int32_t label[N], assigned[N];
    double log_likelihood;
} result;

static void keep(result *out, const void *data, size_t n_bytes)
{
    assert_true(out->n_bytes + (int64_t)n_bytes <= BYTES);
    memcpy(out->bytes + out->n_bytes, data, n_bytes);
    out->n_bytes += (int64_t)n_bytes;
}

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)name, (void)memory;
    keep(v->self, *data, (size_t)(*n_rows * *n_cols) * (type == RB_INT32 ? 4 : 8));
}

static void copy_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    result *out = v->self;
    keep(out, value, type == RB_INT32 ? 4 : 8);
    if (!strcmp(name, "log_likelihood"))
        out->log_likelihood = *(double *)value;
}

static void fit(result *out, const rb_points *points, const setting *how, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *config = calloc(1, rb_gmm.config_size), *state = calloc(1, rb_gmm.state_size);
    const rb_train_view view = { .space = points };
    double objective, before = INFINITY;
    bool done = false;
    int64_t n;

    memset(out, 0, sizeof *out);
    rb_params_default(config, rb_gmm.params);
    rb_oracle_set_number(config, &rb_gmm, "k", (double)how->k);
    rb_oracle_set_number(config, &rb_gmm, "n_init", (double)how->n_init);
    rb_oracle_set_number(config, &rb_gmm, "iterations", (double)how->iterations);
    rb_oracle_set_number(config, &rb_gmm, "covariance", how->diagonal);
    out->status = rb_gmm.begin(state, &view, NULL, config, ctx, &err);
    for (int64_t i = 0; out->status == RB_OK && !done; i++) {
        out->status = rb_gmm.iterate(state, i, &objective, &done, &view, NULL, config, ctx, &err);
        if (how->n_init == 1 && out->status == RB_OK)
            assert_true(objective <= before + 1e-9); /* never less likely */
        before = objective;
    }
    if (out->status == RB_OK)
        out->status = rb_gmm.end(state, &view, NULL, config, ctx, &err);
    if (out->status == RB_OK) {
        rb_visitor visitor = { .array = copy_array, .scalar = copy_scalar, .self = out };
        memcpy(out->label, rb_gmm.labels(state, &n), (size_t)points->n * sizeof *out->label);
        assert_int_equal(n, points->n);
        rb_gmm.arrays(state, &visitor);
        out->status = rb_gmm.assign(out->assigned, state, points, config, ctx, &err);
    }
    memcpy(out->message, err.message, sizeof out->message);
    rb_gmm.fini(state);
    free(state);
    free(config);
}

/* ---- points ---- */

static double blob(int64_t i, int64_t f)
{
    rb_rng rng = { 3, rb_stream("blob"), 0, (uint64_t)i }, centre = { 3, rb_stream("centre"), 0, (uint64_t)(i % K) };
    return 6 * rb_rng_normal(&centre, (uint32_t)f) + (1 + 0.4 * (double)(i % K)) * rb_rng_normal(&rng, (uint32_t)f);
}

static double one_place(int64_t i, int64_t f)
{
    (void)i;
    return 0.5 * (double)f;
}

static void make(rb_points *p, int64_t n, double (*value)(int64_t, int64_t))
{
    rb_error err = { 0 };
    memset(p, 0, sizeof *p);
    assert_ok(rb_points_alloc_dense(p, n, D, &rb_test_ctx, &err), &err);
    for (int64_t at = 0; rb_test_ctx.rank == 0 && at < n * D; at++)
        ((double *)p->memory.data)[at] = value(at / D, at % D);
    rb_shared_publish_from(&p->memory, 0, &rb_test_ctx);
}

/* ---- a step against plain loops ---- */

/* Solves a y = b by elimination; returns the determinant. */
static double solve(double *a, double *b)
{
    double determinant = 1;
    for (int p = 0; p < D; p++) {
        determinant *= a[p * D + p];
        for (int r = p + 1; r < D; r++) {
            double factor = a[r * D + p] / a[p * D + p];
            for (int c = p; c < D; c++)
                a[r * D + c] -= factor * a[p * D + c];
            b[r] -= factor * b[p];
        }
    }
    for (int p = D - 1; p >= 0; p--) {
        for (int c = p + 1; c < D; c++)
            b[p] -= a[p * D + c] * b[c];
        b[p] /= a[p * D + p];
    }
    return determinant;
}

static double density(const rb_mixture *m, int64_t c, const double *x)
{
    double a[D * D] = { 0 }, apart[D], y[D], quadratic = 0;
    for (int f = 0; f < D; f++) {
        apart[f] = y[f] = x[f] - m->mean[c * D + f];
        for (int g = 0; g < D; g++)
            a[f * D + g] = m->is_full ? m->covariance[c * D * D + f * D + g] : f == g ? m->covariance[c * D + f] : 0;
    }
    double determinant = solve(a, y);
    for (int f = 0; f < D; f++)
        quadratic += apart[f] * y[f];
    return m->weight[c] * exp(-0.5 * quadratic) / sqrt(pow(8 * atan(1), D) * determinant);
}

/* Labels i % K, one maximisation, one expectation, one maximisation: all against loops. */
static void steps_equal_plain_loops(void **unused)
{
    (void)unused;
    for (int is_full = 0; is_full < 2; is_full++) {
        rb_error err = { 0 };
        rb_points p;
        rb_mixture m = { 0 };
        rb_mixture_pass pass = { 0 };
        int32_t label[N];
        double got = 0, expected = 0, share[K], sum[K] = { 0 }, mean[K * D] = { 0 }, square[K] = { 0 };

        make(&p, N, blob);
        for (int i = 0; i < N; i++)
            label[i] = (i + (i % 7 == 0)) % K;
        assert_ok(rb_mixture_init(&m, K, D, is_full, &err), &err);
        assert_ok(rb_mixture_pass_init(&pass, &m, N, &rb_test_ctx, &err), &err);
        rb_mixture_share_labels(&pass, &m, label);
        assert_ok(rb_mixture_maximise(&m, &pass, &p, 1e-3, &rb_test_ctx, &err), &err);
        assert_ok(rb_mixture_expect(&got, &pass, &m, &p, &rb_test_ctx, &err), &err);
        for (int i = 0; i < N; i++) {
            double all = 0;
            for (int c = 0; c < K; c++)
                all += share[c] = density(&m, c, p.dense + (int64_t)i * D);
            expected += log(all) / N;
            for (int c = 0; c < K; c++) {
                sum[c] += share[c] / all;
                for (int f = 0; f < D; f++)
                    mean[c * D + f] += share[c] / all * p.dense[i * D + f];
                square[c] += share[c] / all * p.dense[i * D] * p.dense[i * D + 1];
            }
        }
        assert_near(got, expected, 1e-12);
        assert_ok(rb_mixture_maximise(&m, &pass, &p, 0, &rb_test_ctx, &err), &err);
        for (int c = 0; c < K; c++) {
            assert_near(m.weight[c], sum[c] / N, 1e-11);
            for (int f = 0; f < D; f++)
                assert_near(m.mean[c * D + f], mean[c * D + f] / sum[c], 1e-11);
            if (is_full)
                assert_near(m.covariance[c * D * D + 1],
                            square[c] / sum[c] - mean[c * D] * mean[c * D + 1] / sum[c] / sum[c], 1e-9);
        }
        rb_mixture_pass_fini(&pass);
        rb_mixture_fini(&m);
        rb_points_fini(&p);
    }
}

/* ---- whole fits ---- */

static void same_bits_for_any_shape(void **unused)
{
    (void)unused;
    static result whole, alone;
    rb_points p;
    make(&p, N, blob);
    for (int diagonal = 0; diagonal < 2; diagonal++) {
        const setting how = { .k = K, .n_init = 2, .iterations = 12, .diagonal = diagonal };
        rb_ctx serial;
        rb_ctx_serial(&serial, 3);
        serial.seed = rb_test_ctx.seed;
        fit(&whole, &p, &how, &rb_test_ctx);
        fit(&alone, &p, &how, &serial);
        assert_int_equal(whole.status, RB_OK);
        assert_int_equal(whole.n_bytes, alone.n_bytes);
        assert_memory_equal(whole.bytes, alone.bytes, (size_t)whole.n_bytes);
        assert_memory_equal(whole.label, whole.assigned, sizeof whole.label);
        rb_ctx_fini(&serial);
    }
    rb_points_fini(&p);
}

static void finds_the_planted_blobs(void **unused)
{
    (void)unused;
    static result one, three;
    rb_points p;
    make(&p, N, blob);
    fit(&one, &p, &(setting){ .k = K, .n_init = 1, .iterations = 100 }, &rb_test_ctx);
    fit(&three, &p, &(setting){ .k = K, .n_init = 3, .iterations = 100 }, &rb_test_ctx);
    assert_true(three.log_likelihood >= one.log_likelihood);
    int n_apart = 0;
    for (int i = K; i < N; i++)
        n_apart += three.label[i] != three.label[i % K];
    assert_true(n_apart < N / 50);
    rb_points_fini(&p);
}

static void refuses(const rb_points *p, int64_t k, rb_status status, const char *words)
{
    static result out;
    fit(&out, p, &(setting){ .k = k, .n_init = 1, .iterations = 10 }, &rb_test_ctx);
    assert_int_equal(out.status, status);
    if (!strstr(out.message, words))
        fail_msg("'%s' does not say '%s'", out.message, words);
}

static void bad_input_is_one_clear_error(void **unused)
{
    (void)unused;
    rb_points p;
    const rb_csr none = { 0 };
    make(&p, 20, blob);
    refuses(&p, 21, RB_BAD_INPUT, "there are only 20 points");
    rb_barrier(&rb_test_ctx);
    if (rb_test_ctx.rank == 0)
        ((double *)p.memory.data)[3 * D + 1] = NAN;
    rb_shared_publish_from(&p.memory, 0, &rb_test_ctx);
    refuses(&p, 3, RB_BAD_INPUT, "point 3");
    refuses(&(rb_points){ .n = 20, .d = D, .sparse = &none }, 3, RB_BAD_INPUT, "sparse");
    refuses(&(rb_points){ .d = D, .dense = p.dense }, 3, RB_BAD_INPUT, "empty");
    rb_points_fini(&p);
}

/* All points in one place: components without points have no label, and nothing is NaN. */
static void identical_points_are_defined(void **unused)
{
    (void)unused;
    static result out;
    rb_points p;
    make(&p, 40, one_place);
    fit(&out, &p, &(setting){ .k = 3, .n_init = 1, .iterations = 10 }, &rb_test_ctx);
    assert_int_equal(out.status, RB_OK);
    assert_true(isfinite(out.log_likelihood));
    for (int i = 1; i < 40; i++)
        assert_int_equal(out.label[i], out.label[0]);
    rb_points_fini(&p);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_equal_plain_loops),      cmocka_unit_test(same_bits_for_any_shape),
        cmocka_unit_test(finds_the_planted_blobs),      cmocka_unit_test(bad_input_is_one_clear_error),
        cmocka_unit_test(identical_points_are_defined),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
