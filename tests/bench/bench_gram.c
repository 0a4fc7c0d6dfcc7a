/*
 * Gather-SYRK in useful flops, k (k + 1) an entry, against square GEMM of the same run, one thread.
 *
 * Predicted, from the flops that the tiles compute (linalg/gather_syrk_kernel.h: .78 and .88 of them useful at k = 64
 * and 128 in single, .88 and .93 in double) and about a tenth for gathering, loading and storing: .70 and .80 of GEMM
 * in single, .79 and .84 in double. Target: .55 single, .65 double.
 * Measured on a quiet machine: .69 and .83 single (150, 181 GFLOP/s), .70 and .69 double (76, 72).
 *
 * Rows of 110 entries with columns drawn from 10,681, as als-10m's users. Prints: precision, k, kind, GFLOP/s useful,
 * GFLOP/s of GEMM (the faster of OpenBLAS and linalg/gemm.h, n = 1024), ratio. Medians of 9 interleaved runs.
 */
#include <cblas.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "linalg/gather_syrk.h"
#include "linalg/gemm.h"
#include "support/bench.h"

enum { RUNS = 9, COLUMNS = 10681, ROWS = 500, ENTRIES = 110, SQUARE = 1024 };

static double uniform(int64_t entity)
{
    rb_rng rng = { .key = 3, .stream = rb_stream("bench"), .entity = (uint64_t)entity };
    return rb_rng_uniform(&rng, 0) - 0.5;
}

#define BENCH(real, suffix, blas)                                                                                     \
    static rb_status bench_##suffix(int64_t k, bool weighted, bool border, rb_error *err)                             \
    {                                                                                                                 \
        real *b = NULL, *t = NULL, *g = NULL, *scratch = NULL, *x = NULL;                                             \
        int32_t *col = NULL;                                                                                          \
        int64_t ld = rb_padded_##suffix(k);                                                                           \
        double gram[RUNS], ours[RUNS], theirs[RUNS];                                                                  \
        RB_TRY(rb_alloc(&b, COLUMNS *ld, err));                                                                       \
        RB_TRY(rb_alloc(&t, ROWS *ENTRIES, err));                                                                     \
        RB_TRY(rb_alloc(&col, ROWS *ENTRIES, err));                                                                   \
        RB_TRY(rb_alloc(&g, rb_gather_size_##suffix(k, border), err));                                                \
        RB_TRY(rb_alloc(&scratch, rb_gather_scratch_##suffix(k, border, ENTRIES), err));                              \
        RB_TRY(rb_alloc(&x, 3 * SQUARE * SQUARE, err));                                                               \
        for (int64_t i = 0; i < COLUMNS * ld; i++)                                                                    \
            b[i] = i % ld < k ? (real)uniform(i) : 0;                                                                 \
        for (int64_t i = 0; i < ROWS * ENTRIES; i++) {                                                                \
            t[i] = (real)uniform(i);                                                                                  \
            col[i] = (int32_t)((uniform(i) + 0.5) * COLUMNS);                                                         \
        }                                                                                                             \
        for (int64_t i = 0; i < 3 * SQUARE * SQUARE; i++)                                                             \
            x[i] = b[i % (COLUMNS * ld)];                                                                             \
        for (int run = 0; run < RUNS; run++) {                                                                        \
            double start = rb_bench_thread_s();                                                                       \
            for (int64_t r = 0; r < ROWS * ENTRIES; r += ENTRIES)                                                     \
                rb_gather_syrk_##suffix(g, b, ld, k, col + r, weighted ? t + r : NULL, t + r, ENTRIES, border,        \
                                        scratch);                                                                     \
            gram[run] = rb_bench_thread_s() - start;                                                                  \
            start = rb_bench_thread_s();                                                                              \
            rb_gemm_nt_##suffix(x, SQUARE, x + SQUARE * SQUARE, SQUARE, 256, x + 2 * SQUARE * SQUARE, SQUARE, SQUARE, \
                                SQUARE);                                                                              \
            ours[run] = rb_bench_thread_s() - start;                                                                  \
            start = rb_bench_thread_s();                                                                              \
            blas(CblasRowMajor, CblasNoTrans, CblasTrans, 256, SQUARE, SQUARE, 1, x + SQUARE * SQUARE, SQUARE,        \
                 x + 2 * SQUARE * SQUARE, SQUARE, 0, x, SQUARE);                                                      \
            theirs[run] = rb_bench_thread_s() - start;                                                                \
        }                                                                                                             \
        double useful = 1e-9 * (double)(k * (k + 1)) * ROWS * ENTRIES / rb_bench_median(gram, RUNS);                  \
        double a = rb_bench_median(ours, RUNS), c = rb_bench_median(theirs, RUNS),                                    \
               gemm = 512e-9 * SQUARE * SQUARE / (a < c ? a : c);                                                     \
        printf("%s\t%lld\t%s\t%.0f\t%.0f\t%.2f\n", sizeof(real) == 4 ? "single" : "double", (long long)k,             \
               weighted ? "weighted"                                                                                  \
               : border ? "border"                                                                                    \
                        : "plain",                                                                                    \
               useful, gemm, useful / gemm);                                                                          \
    done:                                                                                                             \
        rb_free(x);                                                                                                   \
        rb_free(scratch);                                                                                             \
        rb_free(g);                                                                                                   \
        rb_free(col);                                                                                                 \
        rb_free(t);                                                                                                   \
        rb_free(b);                                                                                                   \
        return err->status;                                                                                           \
    }
BENCH(float, f32, cblas_sgemm)
BENCH(double, f64, cblas_dgemm)

int main(void)
{
    rb_error err = { 0 };
    openblas_set_num_threads(1);
    printf("precision\tk\tkind\tuseful\tgemm\tratio\n");
    for (int64_t k = 64; k <= 128; k *= 2)
        for (int kind = 0; kind < 3; kind++) {
            RB_TRY(bench_f32(k, kind == 1, kind == 2, &err));
            RB_TRY(bench_f64(k, kind == 1, kind == 2, &err));
        }
done:
    if (err.status != RB_OK)
        fprintf(stderr, "%s\n", err.message);
    return rb_status_exit(err.status);
}
