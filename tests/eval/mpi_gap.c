/* Reference sets of the gap statistic. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/gap.h"
#include "support/support.h"

#define N 40
#define D 7

/* Column f has f + 1 values, 100 f + 1 and on, in the first rows; the last column has one in every row. */
static void make_sparse(rb_points *out)
{
    rb_error err = { 0 };
    rb_csr x = { 0 };
    assert_ok(rb_csr_init(&x, N, D, (int64_t)N * D, &err), &err);
    for (int64_t i = 0; i < N; i++) {
        int64_t at = x.row_begin[i];
        for (int32_t f = 0; f < D; f++)
            if (f == D - 1 || i <= f) {
                x.col[at] = f;
                x.value[at++] = 100.0 * f + (double)i + 1;
            }
        x.row_begin[i + 1] = at;
    }
    assert_ok(rb_points_take_csr(out, &x, &err), &err);
}

static void take_column(double *sorted, int64_t *n, const rb_csr *x, int32_t f)
{
    *n = 0;
    for (int64_t i = 0; i < x->n_rows; i++)
        for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++) {
            if (e > x->row_begin[i])
                assert_true(x->col[e] > x->col[e - 1]);
            if (x->col[e] == f)
                sorted[(*n)++] = x->value[e];
        }
    for (int64_t i = 1; i < *n; i++)
        for (int64_t k = i; k > 0 && sorted[k] < sorted[k - 1]; k--) {
            const double t = sorted[k];
            sorted[k] = sorted[k - 1];
            sorted[k - 1] = t;
        }
}

static bool same(const rb_csr *a, const rb_csr *b)
{
    const int64_t nnz = a->row_begin[N];
    return memcmp(a->row_begin, b->row_begin, (N + 1) * sizeof *a->row_begin) == 0 &&
           memcmp(a->col, b->col, (size_t)nnz * sizeof *a->col) == 0 &&
           memcmp(a->value, b->value, (size_t)nnz * sizeof *a->value) == 0;
}

static void a_sparse_set_keeps_the_values_of_every_column(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points points, first, second, again;
    make_sparse(&points);
    assert_ok(rb_gap_reference(&first, &points, 0, 5, &rb_test_ctx, &err), &err);
    assert_ok(rb_gap_reference(&second, &points, 1, 5, &rb_test_ctx, &err), &err);
    assert_ok(rb_gap_reference(&again, &points, 0, 5, &rb_test_ctx, &err), &err);
    assert_true(first.n == N && first.d == D && first.sparse);
    for (int32_t f = 0; f < D; f++) {
        double own[N], drawn[N];
        int64_t n_own, n_drawn;
        take_column(own, &n_own, points.sparse, f);
        take_column(drawn, &n_drawn, first.sparse, f);
        assert_int_equal(n_own, f == D - 1 ? N : f + 1);
        assert_int_equal(n_drawn, n_own);
        assert_memory_equal(drawn, own, (size_t)n_own * sizeof *own);
    }
    assert_true(same(first.sparse, again.sparse));
    assert_false(same(first.sparse, second.sparse));
    assert_false(same(first.sparse, points.sparse));
    rb_points_fini(&points);
    rb_points_fini(&first);
    rb_points_fini(&second);
    rb_points_fini(&again);
}

/* Over many sets each row holds the one value of column 0 about as often, and with the one of column 1 as chance has
 * it. */
static void rows_are_drawn_evenly_and_columns_apart(void **unused)
{
    (void)unused;
    enum { SETS = 4000 };
    rb_error err = { 0 };
    rb_points points, drawn;
    int n_at[N] = { 0 }, n_together = 0;
    make_sparse(&points);
    for (int64_t b = 0; b < SETS; b++) {
        assert_ok(rb_gap_reference(&drawn, &points, b, 5, &rb_test_ctx, &err), &err);
        for (int64_t i = 0; i < N; i++) {
            const int32_t *row = drawn.sparse->col + drawn.sparse->row_begin[i];
            n_at[i] += row[0] == 0;
            n_together += row[0] == 0 && row[1] == 1;
        }
        rb_points_fini(&drawn);
    }
    double chi = 0;
    for (int64_t i = 0; i < N; i++)
        chi += (n_at[i] - SETS / (double)N) * (n_at[i] - SETS / (double)N) / (SETS / (double)N);
    assert_true(chi < 80);                       /* 39 degrees of freedom: .9999 */
    assert_near(n_together, SETS * 2.0 / N, 60); /* of two values in N rows; 4 standard deviations */
    rb_points_fini(&points);
}

static void a_failed_allocation_is_told_to_all(void **unused)
{
    (void)unused;
    rb_points points;
    make_sparse(&points);
    for (int64_t nth = 1, failed = 1; failed; nth++) {
        rb_error err = { 0 };
        rb_points drawn = { 0 };
        rb_alloc_fail_nth(rb_test_ctx.rank == 0 ? nth : 0);
        rb_gap_reference(&drawn, &points, 0, 5, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        failed = err.status != RB_OK;
        assert_int_equal(err.status, failed ? RB_NO_MEMORY : RB_OK);
        assert_true(failed || nth > 8);
        rb_points_fini(&drawn);
    }
    rb_points_fini(&points);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sparse_set_keeps_the_values_of_every_column),
        cmocka_unit_test(rows_are_drawn_evenly_and_columns_apart),
        cmocka_unit_test(a_failed_allocation_is_told_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
