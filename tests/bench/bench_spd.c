/*
 * The batched solver against LAPACK's sposv and dposv (uplo L, one system a call), one thread.
 *
 * Predicted at k = 64 in single: k^3 / 6 = 43,700 vector multiply-adds for 16 systems, 1,365 cycles each at two a
 * cycle; interleaving about 600, the diagonal tiles and the back substitution about 600: 1.7 million solves/s at 4.3
 * GHz. Target: 5 times sposv at k = 64.
 * Measured on a quiet machine: 1.11 million at k = 64 (5.4 times sposv), .15 to .18 million at 128: L comes from the
 * second cache, and the tiles on the diagonal wait for their roots.
 *
 * Both sides begin from a filled triangle that is kept: ours interleaves, LAPACK's copies. Prints: precision, k,
 * solves/s of ours, of LAPACK, ratio. Medians of 9 interleaved runs.
 */
#include <cblas.h>
#include <lapacke.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "linalg/spd_batch.h"
#include "support/bench.h"

enum { RUNS = 9 };

#define BENCH(real, suffix, posv)                                                                                   \
    static rb_status bench_##suffix(int64_t k, rb_error *err)                                                       \
    {                                                                                                               \
        enum { LANES = RB_SIMD_BYTES / sizeof(real) };                                                              \
        real *systems = NULL, *x = NULL, *work = NULL, *full = NULL, *copy = NULL, lambda[LANES];                   \
        int64_t size = rb_gather_size_##suffix(k, false), batches = 4000000 / (k * k * LANES) + 1;                  \
        double ours[RUNS], theirs[RUNS];                                                                            \
        RB_TRY(rb_alloc(&systems, size *LANES, err));                                                               \
        RB_TRY(rb_alloc(&x, k *LANES, err));                                                                        \
        RB_TRY(rb_alloc(&work, rb_spd_work_##suffix(k, false), err));                                               \
        RB_TRY(rb_alloc(&full, k *k, err));                                                                         \
        RB_TRY(rb_alloc(&copy, k *(k + 1), err));                                                                   \
        real *xs[LANES];                                                                                            \
        const real *gs[LANES];                                                                                      \
        rb_rng rng = { .key = 4, .stream = rb_stream("bench") };                                                    \
        for (int s = 0; s < LANES; s++) {                                                                           \
            xs[s] = x + s * k;                                                                                      \
            gs[s] = systems + s * size;                                                                             \
            lambda[s] = (real)k;                                                                                    \
            for (int64_t i = 0; i <= k; i++)                                                                        \
                for (int64_t j = 0; j <= i; j++) {                                                                  \
                    rng.entity = (uint64_t)(i * k + j);                                                             \
                    real value = (real)rb_rng_uniform(&rng, (uint32_t)s);                                           \
                    systems[s * size + rb_triangle_row(i, LANES) + j] = value;                                      \
                    if (i < k)                                                                                      \
                        full[j * k + i] = value + (i == j ? (real)k : 0); /* column-major, lower */                 \
                }                                                                                                   \
        }                                                                                                           \
        for (int run = 0; run < RUNS; run++) {                                                                      \
            uint32_t bad = 0;                                                                                       \
            double start = rb_bench_thread_s();                                                                     \
            for (int64_t b = 0; b < batches; b++)                                                                   \
                bad |= rb_spd_batch_##suffix(xs, gs, NULL, lambda, LANES, k, false, work);                          \
            ours[run] = rb_bench_thread_s() - start;                                                                \
            start = rb_bench_thread_s();                                                                            \
            for (int64_t b = 0; b < batches * LANES; b++) {                                                         \
                memcpy(copy, full, (size_t)(k * k) * sizeof *copy);                                                 \
                memcpy(copy + k * k, full, (size_t)k * sizeof *copy);                                               \
                bad |= posv(LAPACK_COL_MAJOR, 'L', (int)k, 1, copy, (int)k, copy + k * k, (int)k) != 0;             \
            }                                                                                                       \
            theirs[run] = rb_bench_thread_s() - start;                                                              \
            if (bad)                                                                                                \
                RB_FAIL(err, RB_FAILED, "a system has no solution");                                                \
        }                                                                                                           \
        double n = (double)(batches * LANES), a = n / rb_bench_median(ours, RUNS),                                  \
               b = n / rb_bench_median(theirs, RUNS);                                                               \
        printf("%s\t%lld\t%.0f\t%.0f\t%.1f\n", sizeof(real) == 4 ? "single" : "double", (long long)k, a, b, a / b); \
    done:                                                                                                           \
        rb_free(copy);                                                                                              \
        rb_free(full);                                                                                              \
        rb_free(work);                                                                                              \
        rb_free(x);                                                                                                 \
        rb_free(systems);                                                                                           \
        return err->status;                                                                                         \
    }
BENCH(float, f32, LAPACKE_sposv_work)
BENCH(double, f64, LAPACKE_dposv_work)

int main(void)
{
    const int64_t ks[] = { 16, 32, 64, 128 };
    rb_error err = { 0 };
    openblas_set_num_threads(1);
    printf("precision\tk\tours\tlapack\tratio\n");
    for (int i = 0; i < 4; i++) {
        RB_TRY(bench_f32(ks[i], &err));
        RB_TRY(bench_f64(ks[i], &err));
    }
done:
    if (err.status != RB_OK)
        fprintf(stderr, "%s\n", err.message);
    return rb_status_exit(err.status);
}
