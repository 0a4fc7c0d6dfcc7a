/* Autoencoder and deep embedded clustering: gradients by differences, laws, bad input, the same bits everywhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/cluster.h"
#include "cluster/core/dec.h"
#include "harness/model.h"
#include "support/config.h"
#include "support/support.h"

#define N 150
#define D 6
#define GROUPS 3

extern const rb_algorithm rb_autoencoder, rb_dec;

typedef rb_test_option option;

typedef struct {
    const rb_algorithm *algorithm;
    void *config, *state;
    rb_error err;
    double first, last; /* objective */
} model;

/* Points around three corners of a plane, so that two numbers tell them. */
static double value_at(int64_t i, int64_t f)
{
    rb_rng rng = { 8, rb_stream("points"), 0, (uint64_t)i };
    double u = 3 * (double)(i % GROUPS == 1) + 0.3 * rb_rng_normal(&rng, 0);
    double v = 3 * (double)(i % GROUPS == 2) + 0.3 * rb_rng_normal(&rng, 1);
    return u * cos((double)f) + v * sin((double)(2 * f));
}

static void make_points(rb_points *p, bool sparse)
{
    rb_error err = { 0 };
    if (!sparse) {
        assert_ok(rb_points_alloc_dense(p, N, D, &rb_test_ctx, &err), &err);
        for (int64_t i = 0; i < N * D && rb_test_ctx.rank == 0; i++)
            ((double *)p->memory.data)[i] = value_at(i / D, i % D);
        rb_shared_publish_from(&p->memory, 0, &rb_test_ctx);
        return;
    }
    rb_csr x = { 0 };
    assert_ok(rb_csr_init(&x, N, D, N * D, &err), &err);
    for (int32_t i = 0; i < N * D; i++) {
        x.col[i] = i % D;
        x.value[i] = value_at(i / D, i % D);
        x.row_begin[i / D + 1] = i + 1;
    }
    assert_ok(rb_points_take_csr(p, &x, &err), &err);
}

static void configure(model *m, const rb_algorithm *algorithm, const option *options)
{
    *m = (model){ .algorithm = algorithm };
    m->config = calloc(1, algorithm->config_size);
    m->state = calloc(1, algorithm->state_size);
    rb_test_set_options(m->config, algorithm, options, NULL);
}

static rb_status fit(model *m, const rb_points *p, rb_ctx *ctx)
{
    rb_train_view view = { .space = p };
    rb_error *err = &m->err;
    bool done = false;
    RB_TRY(m->algorithm->begin(m->state, &view, NULL, m->config, ctx, err));
    for (int64_t i = 0; !done; i++) {
        RB_TRY(m->algorithm->iterate(m->state, i, &m->last, &done, &view, NULL, m->config, ctx, err));
        m->first = i == 0 ? m->last : m->first;
    }
    RB_TRY(m->algorithm->end(m->state, &view, NULL, m->config, ctx, err));
done:
    return err->status;
}

static model fitted(const rb_algorithm *algorithm, const rb_points *p, const option *options, rb_ctx *ctx)
{
    model m;
    configure(&m, algorithm, options);
    assert_ok(fit(&m, p, ctx), &m.err);
    return m;
}

static void release(model *m)
{
    rb_barrier(&rb_test_ctx);
    m->algorithm->fini(m->state);
    free(m->config);
    free(m->state);
}

static rb_digest digest_of(const model *m)
{
    rb_error err = { 0 };
    rb_digest digest;
    assert_ok(rb_model_digest(&digest, m->algorithm, m->state, &err), &err);
    return digest;
}

/* ---- gradients ---- */

static double loss_of(const rb_mlp *net, const rb_points *p, const int64_t *row, const rb_mlp_task *task)
{
    rb_error err = { 0 };
    double *gradient = calloc((size_t)net->n + 1, sizeof *gradient);
    assert_ok(rb_mlp_gradient(gradient, net, p, row, N, task, &rb_test_ctx, &err), &err);
    double loss = gradient[net->n];
    free(gradient);
    return loss;
}

/* Every parameter against (L(w + h) - L(w - h)) / 2h. Biases are moved from 0, where relu of a row of zeros has a
 * corner. */
static void check_gradient(const rb_points *p, double reconstruction, bool clusters)
{
    enum { K = 3 };
    const int64_t width[] = { 5, 2 };
    int64_t row[N], n_changed;
    rb_error err = { 0 };
    rb_codes codes = { 0 };
    rb_dec_state dec = { 0 };
    for (int64_t i = 0; i < N; i++)
        row[i] = (i * 7 + 3) % N;
    assert_ok(rb_codes_begin(&codes, p, "5-2", K * width[1], &rb_test_ctx, &err), &err);
    assert_ok(rb_dec_begin(&dec, p, K, 0.7, &rb_test_ctx, &err), &err);
    rb_mlp *net = &codes.net;
    rb_rng rng = { 2, rb_stream("biases"), 0, 0 };
    for (int64_t i = 0; i < net->n; i++)
        net->parameter[i] += 0.1 * rb_rng_normal(&rng, (uint32_t)i);
    assert_ok(rb_codes_encode(&codes, p, &rb_test_ctx, &err), &err);
    assert_ok(rb_dec_aim(&dec, &n_changed, &codes, p, &rb_test_ctx, &err), &err);
    rb_code_loss loss = { rb_dec_loss, &dec };
    rb_mlp_task task = { reconstruction, clusters ? &loss : NULL };
    rb_mlp_turn(net, 2);
    double *gradient = calloc((size_t)net->n + 1, sizeof *gradient), largest = 0;
    assert_ok(rb_mlp_gradient(gradient, net, p, row, N, &task, &rb_test_ctx, &err), &err);
    for (int64_t i = 0; i < net->n; i++) {
        double held = net->parameter[i], h = 1e-6;
        net->parameter[i] = held + h;
        double up = loss_of(net, p, row, &task);
        net->parameter[i] = held - h;
        double down = loss_of(net, p, row, &task);
        net->parameter[i] = held;
        assert_near(gradient[i], (up - down) / (2 * h), 2e-6);
        largest = fmax(largest, fabs(gradient[i]));
    }
    assert_true(largest > 1e-3);
    free(gradient);
    rb_barrier(&rb_test_ctx);
    rb_dec_fini(&dec);
    rb_codes_fini(&codes);
}

static void gradients_are_those_of_differences(void **unused)
{
    (void)unused;
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p = { 0 };
        make_points(&p, sparse);
        check_gradient(&p, 1, false);
        check_gradient(&p, 0, true);
        check_gradient(&p, 1, true);
        rb_points_fini(&p);
    }
}

/* ---- soft assignments ---- */

static void targets_are_those_of_the_formula(void **unused)
{
    (void)unused;
    enum { K = 3 };
    rb_error err = { 0 };
    rb_points p = { 0 };
    rb_codes codes = { 0 };
    rb_dec_state dec = { 0 };
    double q[N][K], f[K] = { 0 };
    int64_t n_changed;
    make_points(&p, false);
    assert_ok(rb_codes_begin(&codes, &p, "2", K * 2, &rb_test_ctx, &err), &err);
    assert_ok(rb_dec_begin(&dec, &p, K, 1, &rb_test_ctx, &err), &err);
    assert_ok(rb_codes_encode(&codes, &p, &rb_test_ctx, &err), &err);
    assert_ok(rb_dec_start(&codes, &p, K, 2, &rb_test_ctx, &err), &err);
    assert_ok(rb_dec_aim(&dec, &n_changed, &codes, &p, &rb_test_ctx, &err), &err);
    const double *mu = rb_dec_centres(&codes.net);
    for (int i = 0; i < N; i++) {
        double all = 0;
        for (int j = 0; j < K; j++)
            all += q[i][j] =
                1 / (1 + pow(hypot(codes.code[2 * i] - mu[2 * j], codes.code[2 * i + 1] - mu[2 * j + 1]), 2));
        for (int j = 0; j < K; j++)
            f[j] += q[i][j] /= all;
    }
    for (int i = 0; i < N; i++) {
        double all = 0;
        for (int j = 0; j < K; j++)
            all += q[i][j] * q[i][j] / f[j];
        for (int j = 0; j < K; j++) {
            assert_near(dec.target[i * K + j], q[i][j] * q[i][j] / f[j] / all, 1e-12);
            assert_true(q[i][j] <= q[i][dec.label[i]]);
        }
    }
    rb_barrier(&rb_test_ctx);
    rb_dec_fini(&dec);
    rb_codes_fini(&codes);
    rb_points_fini(&p);
}

/* ---- models ---- */

static const option narrow[] = {
    { "layers", "12-2" }, { "iterations", "120" }, { "batch_size", "50" }, { "learning_rate", "0.01" }, { NULL, NULL }
};
static const option idec[] = { { "layers", "12-2" },   { "pretrain", "60" },        { "iterations", "20" },
                               { "batch_size", "50" }, { "learning_rate", "0.01" }, { "k", "3" },
                               { NULL, NULL } };
static const option plain_dec[] = { { "layers", "12-2" },   { "pretrain", "40" },         { "iterations", "10" },
                                    { "batch_size", "64" }, { "objective", "dec" },       { "tolerance", "0" },
                                    { "k", "3" },           { "learning_rate", "0.005" }, { NULL, NULL } };

static const struct {
    const rb_algorithm *algorithm;
    const option *options;
} cases[] = { { &rb_autoencoder, narrow }, { &rb_dec, idec }, { &rb_dec, plain_dec } };

#define N_CASES (sizeof cases / sizeof *cases)

static void fits_have_the_same_bits_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p = { 0 };
        make_points(&p, sparse);
        for (size_t i = 0; i < N_CASES; i++) {
            rb_ctx serial;
            rb_ctx_serial(&serial, 1);
            serial.seed = rb_test_ctx.seed;
            model alone = fitted(cases[i].algorithm, &p, cases[i].options, &serial);
            rb_digest expected = digest_of(&alone);
            for (int threads = 1; threads <= 3; threads += 2) {
                rb_test_ctx.n_threads = threads;
                model m = fitted(cases[i].algorithm, &p, cases[i].options, &rb_test_ctx);
                rb_digest digest = digest_of(&m);
                assert_memory_equal(&digest, &expected, sizeof digest);
                release(&m);
            }
            release(&alone);
        }
        rb_test_ctx.n_threads = 2;
        rb_points_fini(&p);
    }
}

/* Two numbers tell all of the points but the noise of rounding and of corners. */
static void a_narrow_code_gives_its_points_back(void **unused)
{
    (void)unused;
    rb_points p = { 0 };
    make_points(&p, false);
    model m = fitted(&rb_autoencoder, &p, narrow, &rb_test_ctx);
    double squares = 0;
    for (int64_t i = 0; i < N * D; i++)
        squares += value_at(i / D, i % D) * value_at(i / D, i % D) / (N * D);
    assert_true(m.last < 0.02 * squares);
    assert_true(m.last < 0.1 * m.first);
    release(&m);
    rb_points_fini(&p);
}

static void planted_groups_are_found(void **unused)
{
    (void)unused;
    rb_points p = { 0 };
    make_points(&p, false);
    for (size_t i = 1; i < N_CASES; i++) {
        int64_t n;
        int wrong = 0;
        model m = fitted(&rb_dec, &p, cases[i].options, &rb_test_ctx);
        const int32_t *label = rb_dec.labels(m.state, &n);
        assert_int_equal(n, N);
        assert_true(label[0] != label[1] && label[1] != label[2] && label[0] != label[2]);
        for (int j = 0; j < N; j++)
            wrong += label[j] != label[j % GROUPS];
        assert_true(wrong <= N / 50);
        release(&m);
    }
    rb_points_fini(&p);
}

static void known_points_are_placed_as_in_the_fit(void **unused)
{
    (void)unused;
    rb_points p = { 0 };
    double again[N * 2];
    int32_t label[N];
    make_points(&p, false);
    for (size_t i = 0; i < N_CASES; i++) {
        const rb_algorithm *a = cases[i].algorithm;
        rb_error err = { 0 };
        int64_t n = N, d = D;
        model m = fitted(a, &p, cases[i].options, &rb_test_ctx);
        a->embed_shape(m.config, &(rb_shape){ .n_points = N, .n_dims = D }, &n, &d);
        assert_true(n == N && d == 2);
        const double *code = a->embed(m.state, &n, &d);
        assert_true(n == N && d == 2);
        assert_ok(a->embed_new(again, m.state, &p, m.config, &rb_test_ctx, &err), &err);
        assert_memory_equal(again, code, sizeof again);
        if (a->assign) {
            assert_ok(a->assign(label, m.state, &p, m.config, &rb_test_ctx, &err), &err);
            assert_memory_equal(label, a->labels(m.state, &n), sizeof label);
        }
        release(&m);
    }
    rb_points_fini(&p);
}

/* ---- bad input ---- */

static void expect_failure(const rb_algorithm *algorithm, const rb_points *p, const option *options, rb_status status,
                           const char *message)
{
    model m;
    rb_shape shape = { .n_points = p->n, .n_dims = p->d };
    configure(&m, algorithm, options);
    if (algorithm->check(m.config, &shape, &m.err) == RB_OK)
        fit(&m, p, &rb_test_ctx);
    assert_int_equal(m.err.status, status);
    if (!strstr(m.err.message, message))
        fail_msg("'%s' does not say '%s'", m.err.message, message);
    release(&m);
}

static void bad_input_is_one_clear_error(void **unused)
{
    (void)unused;
    static const char *const lists[] = { "", "12-", "12-x", "0", "5--2", "1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1" };
    rb_error err = { 0 };
    rb_points p = { 0 }, empty = { 0 };
    make_points(&p, true);
    assert_ok(rb_points_alloc_dense(&empty, 0, D, &rb_test_ctx, &err), &err);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const option wrong[] = { { "layers", lists[i] }, { NULL, NULL } };
        expect_failure(&rb_autoencoder, &p, wrong, RB_BAD_INPUT, "'autoencoder.layers' is '");
        expect_failure(&rb_dec, &p, wrong, RB_BAD_INPUT, "expected at most 16 widths in [1, 1000000] joined by -");
    }
    const option many[] = { { "k", "151" }, { NULL, NULL } };
    const option fast[] = {
        { "learning_rate", "10" }, { "iterations", "200" }, { "layers", "64-64-64-2" }, { NULL, NULL }
    };
    expect_failure(&rb_dec, &p, many, RB_BAD_INPUT, "'dec.k' is 151, but there are only 150 points");
    expect_failure(&rb_autoencoder, &empty, narrow, RB_BAD_INPUT, "there are no points to learn a code of");
    p.csr.value[7] = NAN;
    expect_failure(&rb_autoencoder, &p, narrow, RB_BAD_INPUT, "point 1 has nan in dimension 1");
    expect_failure(&rb_dec, &p, idec, RB_BAD_INPUT, "point 1 has nan in dimension 1");
    p.csr.value[7] = 1e200;
    expect_failure(&rb_autoencoder, &p, fast, RB_NOT_FINITE, "lower the learning_rate");
    rb_points_fini(&p);
    rb_points_fini(&empty);
}

/* Nothing tells them apart: one code, one cluster, no NaN. */
static void equal_points_have_one_label(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points p = { 0 };
    int64_t n;
    assert_ok(rb_points_alloc_dense(&p, N, D, &rb_test_ctx, &err), &err);
    model m = fitted(&rb_dec, &p, idec, &rb_test_ctx);
    const int32_t *label = rb_dec.labels(m.state, &n);
    for (int i = 0; i < N; i++)
        assert_int_equal(label[i], label[0]);
    assert_true(isfinite(m.last));
    release(&m);
    rb_points_fini(&p);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    rb_test_ctx.seed = 31;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_differences),
        cmocka_unit_test(targets_are_those_of_the_formula),
        cmocka_unit_test(fits_have_the_same_bits_for_any_ranks_and_threads),
        cmocka_unit_test(a_narrow_code_gives_its_points_back),
        cmocka_unit_test(planted_groups_are_found),
        cmocka_unit_test(known_points_are_placed_as_in_the_fit),
        cmocka_unit_test(bad_input_is_one_clear_error),
        cmocka_unit_test(equal_points_have_one_label),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
