/* Batched Cholesky against elimination with pivoting, and the laws of its lanes. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/spd_batch.h"
#include "support/oracle_als.h"
#include "support/support.h"

#define ENTRIES 60

/* Systems of one vector, made of random rows. */
typedef struct {
    int64_t k, lanes;
    bool border;
    double *b, *t; /* [lanes][ENTRIES x m], [lanes][ENTRIES] */
    double *base;  /* [k x k] */
    double *g64, *base64, *x64, *work64;
    float *g32, *base32, *x32, *work32;
} batch;

static double number(int64_t entity)
{
    rb_rng rng = { .key = 6, .stream = rb_stream("test_spd"), .entity = (uint64_t)entity };
    return rb_rng_normal(&rng, 0);
}

/* Fills the triangle of a system, element by element. */
static double element(const batch *a, int64_t s, int64_t i, int64_t j)
{
    int64_t m = a->k + a->border;
    const double *b = a->b + s * ENTRIES * m, *t = a->t + s * ENTRIES;
    double sum = 0;
    for (int64_t e = 0; e < ENTRIES; e++)
        sum += (i < m ? b[e * m + i] : t[e]) * (j < m ? b[e * m + j] : t[e]);
    return sum;
}

static void make(batch *a, int64_t k, bool border)
{
    rb_error err = { 0 };
    int64_t m = k + border, n = RB_LANES_F32;
    *a = (batch){ .k = k, .border = border, .lanes = n };
    rb_alloc(&a->b, n * ENTRIES * m, &err);
    rb_alloc(&a->t, n * ENTRIES, &err);
    rb_alloc(&a->base, k * k, &err);
    rb_alloc(&a->g64, n * rb_gather_size_f64(k, border), &err);
    rb_alloc(&a->g32, n * rb_gather_size_f32(k, border), &err);
    rb_alloc(&a->base64, rb_triangle_size(k, RB_LANES_F64), &err);
    rb_alloc(&a->base32, rb_triangle_size(k, RB_LANES_F32), &err);
    rb_alloc(&a->x64, n * m, &err);
    rb_alloc(&a->x32, n * m, &err);
    rb_alloc(&a->work64, rb_spd_work_f64(k, border), &err);
    assert_ok(rb_alloc(&a->work32, rb_spd_work_f32(k, border), &err), &err);
    for (int64_t i = 0; i < n * ENTRIES * m; i++)
        a->b[i] = border && i % m == k ? 1 : number(i);
    for (int64_t i = 0; i < n * ENTRIES; i++)
        a->t[i] = number(i + 900000);
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j < k; j++)
            a->base[i * k + j] = (i == j ? 2.0 : 0.0) + 1.0 / (double)(1 + i + j);
        for (int64_t j = 0; j <= i; j++) {
            a->base64[rb_triangle_row(i, RB_LANES_F64) + j] = a->base[i * k + j];
            a->base32[rb_triangle_row(i, RB_LANES_F32) + j] = (float)a->base[i * k + j];
        }
    }
    for (int64_t s = 0; s < n; s++)
        for (int64_t i = 0; i <= m; i++)
            for (int64_t j = 0; j <= i; j++) {
                double x = element(a, s, i, j);
                a->g64[s * rb_gather_size_f64(k, border) + rb_triangle_row(i, RB_LANES_F64) + j] = x;
                a->g32[s * rb_gather_size_f32(k, border) + rb_triangle_row(i, RB_LANES_F32) + j] = (float)x;
            }
}

static void drop(batch *a)
{
    void *all[] = { a->b, a->t, a->base, a->g64, a->base64, a->x64, a->work64, a->g32, a->base32, a->x32, a->work32 };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        rb_free(all[i]);
}

/* Systems first .. first + n of the batch; returns the lanes without a solution. */
static uint32_t solve_f64(batch *a, int first, int n, const double *base, const double *lambda)
{
    double *x[RB_LANES_F64];
    const double *g[RB_LANES_F64];
    for (int s = 0; s < n; s++) {
        x[s] = a->x64 + (first + s) * (a->k + a->border);
        g[s] = a->g64 + (first + s) * rb_gather_size_f64(a->k, a->border);
    }
    return rb_spd_batch_f64(x, g, base, lambda + first, n, a->k, a->border, a->work64);
}

static uint32_t solve_f32(batch *a, int first, int n, const float *base, const float *lambda)
{
    float *x[RB_LANES_F32];
    const float *g[RB_LANES_F32];
    for (int s = 0; s < n; s++) {
        x[s] = a->x32 + (first + s) * (a->k + a->border);
        g[s] = a->g32 + (first + s) * rb_gather_size_f32(a->k, a->border);
    }
    return rb_spd_batch_f32(x, g, base, lambda + first, n, a->k, a->border, a->work32);
}

static void solutions_are_those_of_elimination(void **unused)
{
    (void)unused;
    for (int64_t k = 1; k < 50; k += k < 20 ? 1 : 7) {
        for (int kind = 0; kind < 4; kind++) {
            batch a;
            double lambda[RB_LANES_F32], known[64];
            float narrow[RB_LANES_F32];
            bool border = kind & 1, with_base = kind & 2 && !border;
            make(&a, k, border);
            int64_t m = k + border;
            for (int s = 0; s < RB_LANES_F32; s++)
                narrow[s] = (float)(lambda[s] = 0.5 + s);
            assert_int_equal(solve_f64(&a, 0, RB_LANES_F64, with_base ? a.base64 : NULL, lambda), 0);
            assert_int_equal(solve_f32(&a, 0, RB_LANES_F32, with_base ? a.base32 : NULL, narrow), 0);
            for (int s = 0; s < RB_LANES_F32; s++) {
                rb_oracle_row(known, with_base ? a.base : NULL, a.b + s * ENTRIES * m, NULL, a.t + s * ENTRIES, ENTRIES,
                              m, lambda[s]);
                for (int64_t i = 0; i < m; i++) {
                    if (s < RB_LANES_F64)
                        assert_near(a.x64[s * m + i], known[i], 1e-10);
                    assert_near((double)a.x32[s * m + i], known[i], 2e-4);
                }
            }
            drop(&a);
        }
    }
}

static void a_solution_does_not_depend_on_its_lane_or_companions(void **unused)
{
    (void)unused;
    batch a;
    double lambda[RB_LANES_F32], x[33];
    float narrow[RB_LANES_F32], y[33];
    make(&a, 32, true);
    for (int s = 0; s < RB_LANES_F32; s++)
        narrow[s] = (float)(lambda[s] = 0.1 * (s + 1));
    solve_f64(&a, 0, RB_LANES_F64, NULL, lambda);
    solve_f32(&a, 0, RB_LANES_F32, NULL, narrow);
    for (int s = 0; s < RB_LANES_F64; s++) {
        memcpy(x, a.x64 + s * 33L, sizeof x);
        solve_f64(&a, s, 1, NULL, lambda);
        assert_memory_equal(x, a.x64 + s * 33L, sizeof x);
    }
    for (int s = 0; s < RB_LANES_F32; s++) {
        memcpy(y, a.x32 + s * 33L, sizeof y);
        solve_f32(&a, s, 1, NULL, narrow);
        assert_memory_equal(y, a.x32 + s * 33L, sizeof y);
    }
    drop(&a);
}

static void a_system_without_a_solution_is_named_and_harms_no_other(void **unused)
{
    (void)unused;
    batch a;
    double lambda[RB_LANES_F32];
    float narrow[RB_LANES_F32];
    make(&a, 9, false);
    for (int s = 0; s < RB_LANES_F32; s++)
        narrow[s] = (float)(lambda[s] = 1.0);
    solve_f64(&a, 0, RB_LANES_F64, NULL, lambda);
    double kept = a.x64[2 * 9 + 3];
    memset(a.g64, 0, (size_t)rb_gather_size_f64(9, false) * sizeof(double)); /* with lambda 0: singular */
    memset(a.g32, 0, (size_t)rb_gather_size_f32(9, false) * sizeof(float));
    a.g64[rb_gather_size_f64(9, false) + rb_triangle_row(5, RB_LANES_F64) + 2] = NAN;
    a.g32[rb_gather_size_f32(9, false) + rb_triangle_row(9, RB_LANES_F32) + 2] = INFINITY; /* right-hand side */
    lambda[0] = narrow[0] = 0;
    assert_int_equal(solve_f64(&a, 0, RB_LANES_F64, NULL, lambda), 3);
    assert_int_equal(solve_f32(&a, 0, RB_LANES_F32, NULL, narrow), 3);
    assert_true(a.x64[2 * 9 + 3] == kept);
    drop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solutions_are_those_of_elimination),
        cmocka_unit_test(a_solution_does_not_depend_on_its_lane_or_companions),
        cmocka_unit_test(a_system_without_a_solution_is_named_and_harms_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
