/*
 * Points and parameters for benchmarks of clusterings.
 */
#ifndef RB_SUPPORT_BENCH_POINTS_H
#define RB_SUPPORT_BENCH_POINTS_H

#include "data/algorithm.h"

/** Blobs: 100 centres N(0, 16 I), point i N(centre i % 100, I). Collective over ctx; ends the program on failure. */
void rb_bench_blobs(rb_points *p, int64_t n, int64_t d, const rb_ctx *ctx);

enum { RB_BENCH_WORDS = 1000 };

/** Counts of the words of n titles: 10 of RB_BENCH_WORDS, all of one of 20 topics. Local; ends the program on failure.
 */
void rb_bench_titles(rb_points *p, int64_t n);

/** The first k points as the parameter `centres`, which keeps their address. */
void rb_bench_centres(void *config, const rb_algorithm *algorithm, const rb_points *p, int64_t k);

/** Sets a parameter of an algorithm's config from its text; ends the program where that is none. */
void rb_bench_set(void *config, const rb_algorithm *algorithm, const char *name, const char *text);

#endif
