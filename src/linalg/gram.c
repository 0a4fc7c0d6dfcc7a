#include "linalg/gram.h"

#include <omp.h>

#include "base/alloc.h"
#include "linalg/gather_syrk.h"
#include "parallel/blocks.h"

#define MOST_BLOCKS 128
#define LEAST_ROWS 256

/* Blocks large enough that their k^2 / 2 doubles cost little beside the rows that they sum. */
static rb_status cut_rows(rb_blocks *blocks, int64_t n, int64_t k, rb_error *err)
{
    int64_t least = LEAST_ROWS;
    if (least < 4 * k)
        least = 4 * k;
    if (least < n / MOST_BLOCKS)
        least = n / MOST_BLOCKS;
    return rb_blocks_init(blocks, n, NULL, least, err);
}

static void unpack(double *gram, const double *triangle, int64_t k)
{
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j <= i; j++)
            gram[i * k + j] = gram[j * k + i] = *triangle++;
}

#define REAL float
#define LANES RB_LANES_F32
#define NAME(x) x##_f32
#include "linalg/gram_kernel.h"
#undef REAL
#undef LANES
#undef NAME

#define REAL double
#define LANES RB_LANES_F64
#define NAME(x) x##_f64
#include "linalg/gram_kernel.h"
