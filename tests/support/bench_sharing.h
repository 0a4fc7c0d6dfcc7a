/*
 * Shared work: the fits of a sweep with one `prepare` for all of them, against as many fits that prepare alone.
 */
#ifndef RB_SUPPORT_BENCH_SHARING_H
#define RB_SUPPORT_BENCH_SHARING_H

#include "data/algorithm.h"

/** The heading of the lines below. */
void rb_bench_sharing_heading(void);

/**
 * Prints the line of a sweep, by tabs: algorithm, fits, seconds alone, seconds shared, ratio, seconds of the last fit
 * alone. Seconds are processor seconds of the process, the least of 3, of 1 where that took more than a second.
 *
 * @param[in] config  [n] parameters as "name=value name=value"; what is not named has its default
 * @param[in] view    what the algorithm needs
 *
 * Collective; ends the program on failure.
 */
void rb_bench_sharing(const rb_algorithm *a, const char *const *config, int n, const rb_train_view *view, rb_ctx *ctx);

#endif
