/*
 * Growth of time and memory with the size of the data: each size in a process of its own, so that its highest memory is
 * known, and the exponent that fits log-log.
 */
#ifndef RB_SUPPORT_BENCH_GROWTH_H
#define RB_SUPPORT_BENCH_GROWTH_H

#include "data/algorithm.h"

enum { RB_BENCH_MOST_SIZES = 8 };

typedef struct {
    double seconds, bytes;
} rb_bench_cost;

/** A whole fit: what `prepared` is NULL for is prepared first, inside; the state is the caller's, zeroed. Collective;
 *  ends the program on failure. */
void rb_bench_fit(void *state, const rb_algorithm *a, const rb_train_view *view, const void *prepared,
                  const void *config, rb_ctx *ctx);

/** Bytes that the process holds now, its highest starting anew from here (where the kernel allows; else the highest so
 *  far). */
double rb_bench_bytes_begin(void);

/** Highest bytes since rb_bench_bytes_begin. */
double rb_bench_bytes_highest(void);

/** Of one fit, with its preparation: the least seconds of 3 (of 1 where that took more than a second), and the highest
 *  bytes beyond what was held before. Collective; ends the program on failure. */
rb_bench_cost rb_bench_fit_cost(const rb_algorithm *a, const rb_train_view *view, const void *config, rb_ctx *ctx);

/** What `measure` returns in a forked process. The caller must not have started threads: OpenMP's do not survive a
 *  fork. Ends the program on failure. */
rb_bench_cost rb_bench_apart(rb_bench_cost (*measure)(const void *self), const void *self);

/** Sizes and what each took, the largest first. */
typedef struct {
    double size[RB_BENCH_MOST_SIZES];
    rb_bench_cost cost[RB_BENCH_MOST_SIZES];
    int n;
} rb_bench_growth;

/** Notes a size, and prints its line: the words of `head`, size, seconds, bytes, by tabs. */
void rb_bench_grew(rb_bench_growth *g, const char *head, double size, rb_bench_cost cost);

/** Prints the line of the exponents, "exponent" in place of the size: slopes of log seconds and log bytes over log
 * size, by least squares, of the sizes within a factor 32 of the largest; NAN where fewer than 2 are positive. */
void rb_bench_exponents(const rb_bench_growth *g, const char *head);

#endif
