/*
 * The product kernel against OpenBLAS, one thread, on the shapes used for scoring.
 *
 * Predicted: with 24 accumulators the kernel is bound by the multiply-add units (2 a cycle) but for the packing of B,
 * one shuffle network a panel: 1 / (2 m / 16) of the time in single, so 3 % at m = 64 and less beyond. OpenBLAS packs
 * both sides. Predicted .95 to 1.1 of OpenBLAS where k >= 64; above it for small k, where OpenBLAS's overhead shows.
 * Measured: 1.03 to 1.43, as OpenBLAS does not reach its speed of square matrices on these shapes.
 *
 * Prints: precision, m, n, k, GFLOP/s ours, GFLOP/s OpenBLAS, ratio (medians of interleaved runs).
 */
#include <cblas.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "linalg/gemm.h"
#include "support/bench.h"

#define RUNS 9

static void single(int64_t m, int64_t n, int64_t k, float *a, float *b, float *c)
{
    double ours[RUNS], theirs[RUNS];
    int64_t repeats = 1 + (int64_t)(2e8 / (2.0 * (double)(m * n * k)));
    for (int r = 0; r < RUNS; r++) {
        double start = rb_clock_s();
        for (int64_t q = 0; q < repeats; q++)
            rb_gemm_nt_f32(c, n, a, k, m, b, k, n, k);
        ours[r] = rb_clock_s() - start;
        start = rb_clock_s();
        for (int64_t q = 0; q < repeats; q++)
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, 1, a, (int)k, b, (int)k, 0, c,
                        (int)n);
        theirs[r] = rb_clock_s() - start;
    }
    double flops = 2e-9 * (double)(m * n * k * repeats), x = flops / rb_bench_median(ours, RUNS),
           y = flops / rb_bench_median(theirs, RUNS);
    printf("single\t%lld\t%lld\t%lld\t%.0f\t%.0f\t%.2f\n", (long long)m, (long long)n, (long long)k, x, y, x / y);
}

static void twofold(int64_t m, int64_t n, int64_t k, double *a, double *b, double *c)
{
    double ours[RUNS], theirs[RUNS];
    int64_t repeats = 1 + (int64_t)(1e8 / (2.0 * (double)(m * n * k)));
    for (int r = 0; r < RUNS; r++) {
        double start = rb_clock_s();
        for (int64_t q = 0; q < repeats; q++)
            rb_gemm_nt_f64(c, n, a, k, m, b, k, n, k);
        ours[r] = rb_clock_s() - start;
        start = rb_clock_s();
        for (int64_t q = 0; q < repeats; q++)
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, 1, a, (int)k, b, (int)k, 0, c,
                        (int)n);
        theirs[r] = rb_clock_s() - start;
    }
    double flops = 2e-9 * (double)(m * n * k * repeats), x = flops / rb_bench_median(ours, RUNS),
           y = flops / rb_bench_median(theirs, RUNS);
    printf("double\t%lld\t%lld\t%lld\t%.0f\t%.0f\t%.2f\n", (long long)m, (long long)n, (long long)k, x, y, x / y);
}

int main(void)
{
    const int64_t ms[] = { 64, 256 }, ns[] = { 1024, 10000 }, ks[] = { 16, 64, 128, 512 };
    rb_error err = { 0 };
    double *a = NULL, *b = NULL, *c = NULL;
    RB_TRY(rb_alloc(&a, 256 * 512, &err));
    RB_TRY(rb_alloc(&b, 10000 * 512, &err));
    RB_TRY(rb_alloc(&c, 256 * 10000, &err));
    openblas_set_num_threads(1);
    rb_rng rng = { .key = 1, .stream = rb_stream("bench") };
    printf("precision\tm\tn\tk\tours\topenblas\tratio\n");
    for (int precision = 0; precision < 2; precision++) {
        for (int64_t i = 0; i < 10000 * 512; i++) {
            rng.entity = (uint64_t)i;
            double x = rb_rng_uniform(&rng, 0);
            if (precision == 0) {
                ((float *)b)[i] = (float)x;
                ((float *)a)[i % (256 * 512)] = (float)x;
            } else {
                b[i] = a[i % (256 * 512)] = x;
            }
        }
        for (int q = 0; q < 16; q++)
            if (precision == 0)
                single(ms[q / 8], ns[q / 4 % 2], ks[q % 4], (float *)a, (float *)b, (float *)c);
            else
                twofold(ms[q / 8], ns[q / 4 % 2], ks[q % 4], a, b, c);
    }
done:
    rb_free(c);
    rb_free(b);
    rb_free(a);
    if (err.status != RB_OK)
        fprintf(stderr, "%s\n", err.message);
    return rb_status_exit(err.status);
}
