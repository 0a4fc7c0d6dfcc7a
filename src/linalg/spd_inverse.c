#include "linalg/spd_inverse.h"

#include <cblas.h>
#include <lapacke.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/gemm.h"

#define TILE RB_INVERSE_TILE
#define SLAB 128 /* rows of a task; divides TILE */

/* First row of the tile, and the row after its last. */
static int64_t tile_begin(int64_t row)
{
    return row / TILE * TILE;
}

static int64_t tile_end(int64_t first, int64_t n)
{
    return first + TILE < n ? first + TILE : n;
}

/* Rows of equal work for each rank, cut between slabs; a row's work is taken at the first of its slab. */
static void cut_rows(int64_t *begin, int64_t n, double (*work)(int64_t row, int64_t n), const rb_ctx *ctx)
{
    double total = 0, done = 0;
    for (int64_t row = 0; row < n; row += SLAB)
        total += work(row, n);
    int rank = 0;
    for (int64_t row = 0; row < n; row += SLAB) {
        while (rank < ctx->n_ranks && done * ctx->n_ranks >= total * rank)
            begin[rank++] = row;
        done += work(row, n);
    }
    while (rank <= ctx->n_ranks)
        begin[rank++] = n;
}

static double work_of_inverse_row(int64_t row, int64_t n)
{
    return (double)(n - row) * (double)(n - row);
}

static double work_of_product_row(int64_t row, int64_t n)
{
    return (double)(row + SLAB) * (double)(n - row);
}

/* Rows [first, n) in equal parts. */
static void cut_evenly(int64_t *begin, int64_t first, int64_t n, int n_parts)
{
    for (int p = 0; p <= n_parts; p++)
        begin[p] = first + (n - first) * p / n_parts;
}

double rb_spd_inverse_rank_bytes(int64_t n, int n_threads, size_t element)
{
    return ((double)n + (double)n_threads * SLAB) * TILE * (double)element;
}

double rb_spd_inverse_node_bytes(int64_t n, size_t element)
{
    return (double)n * TILE * (double)element;
}

#define REAL float
#define POTRF LAPACKE_spotrf_work
#define TRTRI LAPACKE_strtri_work
#define NAME(x) x##_f32
#include "linalg/spd_inverse_kernel.h"
#undef REAL
#undef POTRF
#undef TRTRI
#undef NAME

#define REAL double
#define POTRF LAPACKE_dpotrf_work
#define TRTRI LAPACKE_dtrtri_work
#define NAME(x) x##_f64
#include "linalg/spd_inverse_kernel.h"
