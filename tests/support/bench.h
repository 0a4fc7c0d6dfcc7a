/*
 * What the programs of tests/bench share: clocks, medians, waiting without work, and lines of the table of figures.
 */
#ifndef RB_SUPPORT_BENCH_H
#define RB_SUPPORT_BENCH_H

#include <stdbool.h>

#include "parallel/ctx.h"

/** Processor seconds of this process, all its threads. */
double rb_bench_process_s(void);

/** Processor seconds of this thread: another process's turn does not count. */
double rb_bench_thread_s(void);

/** Median of n values, the upper one where n is even; sorts them. */
double rb_bench_median(double *values, int n);

/** Prints the message and ends the job where the status is not RB_OK. */
void rb_bench_must(rb_status status, const rb_error *err);

/** A barrier that sleeps, so that a rank without work leaves its core and its memory to the others. Collective. */
void rb_bench_rest(const rb_ctx *ctx);

typedef enum { RB_BENCH_AT_LEAST, RB_BENCH_AT_MOST } rb_bench_target;

/**
 * One line: figure, value, unit, reference, ratio, target, held ("yes" or "no"), by tabs. The ratio is value /
 * reference, and is what the target bounds.
 */
void rb_bench_figure(const char *figure, double value, const char *unit, double reference, rb_bench_target kind,
                     double target);

#endif
