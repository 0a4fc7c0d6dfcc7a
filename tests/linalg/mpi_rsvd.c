/* The randomised SVD: equal to LAPACK's dense one where the rank allows it, near it elsewhere, and to the last bit the
 * same for any ranks and threads. */
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/rsvd.h"
#include "support/support.h"

#define M 90
#define N 70

/* Full-mantissa values, about one in five; of the given rank where rank > 0 (then dense rows). */
static void random_matrix(rb_csr *a, double *dense, int rank)
{
    rb_error err = { 0 };
    memset(dense, 0, M * N * sizeof *dense);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            rb_rng rng = { .key = 3, .stream = rb_stream("matrix"), .entity = (uint64_t)(i * N + j) };
            if (rank == 0 && rb_rng_uniform(&rng, 0) < .2)
                dense[i * N + j] = rb_rng_normal(&rng, 1) + (j < 4);
            for (int f = 0; f < rank; f++) {
                rb_rng u = { .key = 4, .entity = (uint64_t)i }, v = { .key = 5, .entity = (uint64_t)j };
                dense[i * N + j] += rb_rng_normal(&u, (uint32_t)f) * rb_rng_normal(&v, (uint32_t)f) / (1 + f);
            }
        }
    int64_t nnz = 0;
    for (int k = 0; k < M * N; k++)
        nnz += dense[k] != 0;
    assert_ok(rb_csr_init(a, M, N, nnz, &err), &err);
    nnz = 0;
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < N; j++)
            if (dense[i * N + j] != 0) {
                a->col[nnz] = j;
                a->value[nnz++] = dense[i * N + j];
            }
        a->row_begin[i + 1] = nnz;
    }
}

/* Singular values and right vectors (rows of vt) by LAPACK. */
static void dense_svd(double *s, double *vt, const double *dense)
{
    double *copy = malloc(M * N * sizeof *copy), superb[N], u[1];
    memcpy(copy, dense, M * N * sizeof *copy);
    assert_int_equal(LAPACKE_dgesvd(LAPACK_ROW_MAJOR, 'N', 'A', M, N, copy, N, s, u, M, vt, N, superb), 0);
    free(copy);
}

static void check_sign_and_length(const rb_rsvd *svd)
{
    for (int64_t c = 0; c < svd->k; c++) {
        double largest = 0, squares = 0;
        for (int64_t j = 0; j < svd->n; j++) {
            double v = svd->v[j * svd->k + c];
            largest = fabs(v) > fabs(largest) ? v : largest;
            squares += v * v;
        }
        assert_true(largest > 0);
        assert_near(squares, 1, 1e-13);
    }
}

static void with_full_oversampling_it_is_the_dense_svd(void **unused)
{
    (void)unused;
    double *dense = malloc(M * N * sizeof *dense), s[N], *vt = malloc(N * N * sizeof *vt);
    rb_csr a = { 0 };
    rb_rsvd svd = { 0 };
    rb_error err = { 0 };
    random_matrix(&a, dense, 0);
    dense_svd(s, vt, dense);
    rb_rsvd_options o = { .n_components = 20, .oversampling = 1000, .power_iterations = 1, .seed = 1 };
    assert_ok(rb_rsvd_init(&svd, &a, &o, &rb_test_ctx, &err), &err);
    assert_int_equal(svd.k, 20);
    assert_int_equal(svd.n, N);
    check_sign_and_length(&svd);
    for (int c = 0; c < 20; c++) {
        double dot = 0;
        assert_near(svd.singular[c], s[c], 1e-12);
        for (int j = 0; j < N; j++)
            dot += svd.v[j * svd.k + c] * vt[c * N + j];
        assert_near(fabs(dot), 1, 1e-9);
    }
    rb_rsvd_fini(&svd);
    rb_csr_fini(&a);
    free(dense);
    free(vt);
}

static void power_iterations_bring_it_near_the_dense_svd(void **unused)
{
    (void)unused;
    double *dense = malloc(M * N * sizeof *dense), s[N], *vt = malloc(N * N * sizeof *vt), last = INFINITY;
    rb_csr a = { 0 };
    random_matrix(&a, dense, 0);
    dense_svd(s, vt, dense);
    for (int q = 0; q <= 12; q += 4) {
        rb_rsvd svd = { 0 };
        rb_error err = { 0 };
        double error = 0;
        rb_rsvd_options o = { .n_components = 5, .oversampling = 5, .power_iterations = q, .seed = 1 };
        assert_ok(rb_rsvd_init(&svd, &a, &o, &rb_test_ctx, &err), &err);
        for (int c = 0; c < 5; c++) {
            assert_true(svd.singular[c] <= s[c] * (1 + 1e-12)); /* a projection has no larger ones */
            error += s[c] - svd.singular[c];
        }
        assert_true(error < last);
        last = error;
        rb_rsvd_fini(&svd);
    }
    assert_true(last < .01 * s[0]);
    rb_csr_fini(&a);
    free(dense);
    free(vt);
}

static void a_lower_rank_gives_fewer_components(void **unused)
{
    (void)unused;
    double *dense = malloc(M * N * sizeof *dense), s[N], *vt = malloc(N * N * sizeof *vt);
    rb_csr a = { 0 };
    rb_rsvd svd = { 0 };
    rb_error err = { 0 };
    random_matrix(&a, dense, 6);
    dense_svd(s, vt, dense);
    rb_rsvd_options o = { .n_components = 30, .oversampling = 10, .power_iterations = 3, .seed = 1 };
    assert_ok(rb_rsvd_init(&svd, &a, &o, &rb_test_ctx, &err), &err);
    assert_int_equal(svd.k, 6);
    for (int c = 0; c < 6; c++)
        assert_near(svd.singular[c], s[c], 1e-10);
    check_sign_and_length(&svd);
    rb_rsvd_fini(&svd);
    memset(a.value, 0, (size_t)a.row_begin[M] * sizeof *a.value);
    assert_ok(rb_rsvd_init(&svd, &a, &o, &rb_test_ctx, &err), &err);
    assert_int_equal(svd.k, 0);
    rb_rsvd_fini(&svd);
    rb_csr_fini(&a);
    free(dense);
    free(vt);
}

static void bits_are_the_same_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    double *dense = malloc(M * N * sizeof *dense);
    rb_csr a = { 0 };
    random_matrix(&a, dense, 0);
    rb_rsvd reference = { 0 };
    rb_rsvd_options o = { .n_components = 11, .oversampling = 6, .power_iterations = 4, .seed = 9 };
    for (int threads = 0; threads <= 3; threads++) { /* 0: every rank alone */
        rb_rsvd svd = { 0 };
        rb_error err = { 0 };
        rb_ctx ctx = rb_test_ctx;
        ctx.n_threads = threads;
        if (threads == 0)
            rb_ctx_serial(&ctx, 1);
        assert_ok(rb_rsvd_init(threads ? &svd : &reference, &a, &o, &ctx, &err), &err);
        if (threads == 0)
            continue;
        assert_int_equal(svd.k, 11);
        assert_memory_equal(svd.singular, reference.singular, 11 * sizeof(double));
        assert_memory_equal(svd.v, reference.v, (size_t)(N * svd.k) * sizeof(double));
        rb_rsvd_fini(&svd);
    }
    rb_rsvd_fini(&reference);
    rb_csr_fini(&a);
    free(dense);
}

static void what_cannot_be_decomposed_is_said(void **unused)
{
    (void)unused;
    double *dense = malloc(M * N * sizeof *dense);
    rb_csr a = { 0 };
    rb_rsvd svd = { 0 };
    rb_error err = { 0 };
    random_matrix(&a, dense, 0);
    rb_rsvd_options o = { .n_components = N + 1 };
    assert_int_equal(rb_rsvd_init(&svd, &a, &o, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, "71 components of a matrix of 90 x 70, expected 1 to 70");
    err = (rb_error){ 0 };
    o.n_components = 3;
    a.value[17] = NAN;
    assert_int_equal(rb_rsvd_init(&svd, &a, &o, &rb_test_ctx, &err), RB_NOT_FINITE);
    assert_null(svd.v);
    rb_csr_fini(&a);
    free(dense);
}

static void it_survives_the_nth_failed_allocation_on_the_last_rank(void **unused)
{
    (void)unused;
    double *dense = malloc(M * N * sizeof *dense);
    rb_csr a = { 0 };
    random_matrix(&a, dense, 0);
    for (int64_t nth = 1;; nth++) {
        rb_rsvd svd = { 0 };
        rb_error err = { 0 };
        rb_rsvd_options o = { .n_components = 3, .oversampling = 2 };
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        rb_status status = rb_rsvd_init(&svd, &a, &o, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        rb_rsvd_fini(&svd);
        if (status == RB_OK) {
            assert_true(nth > 15);
            break;
        }
        assert_int_equal(status, RB_NO_MEMORY);
    }
    rb_csr_fini(&a);
    free(dense);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_full_oversampling_it_is_the_dense_svd),
        cmocka_unit_test(power_iterations_bring_it_near_the_dense_svd),
        cmocka_unit_test(a_lower_rank_gives_fewer_components),
        cmocka_unit_test(bits_are_the_same_for_any_ranks_and_threads),
        cmocka_unit_test(what_cannot_be_decomposed_is_said),
        cmocka_unit_test(it_survives_the_nth_failed_allocation_on_the_last_rank),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
