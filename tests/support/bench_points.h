/*
 * Points for benchmarks of clusterings.
 */
#ifndef RB_SUPPORT_BENCH_POINTS_H
#define RB_SUPPORT_BENCH_POINTS_H

#include "data/points.h"

/** Blobs: 100 centres N(0, 16 I), point i N(centre i % 100, I). Collective over ctx; ends the program on failure. */
void rb_bench_blobs(rb_points *p, int64_t n, int64_t d, const rb_ctx *ctx);

#endif
