/*
 * Timing of a factor model's iterations.
 */
#ifndef RB_SUPPORT_ORACLE_ALS_BENCH_H
#define RB_SUPPORT_ORACLE_ALS_BENCH_H

#include "support/oracle_als.h"

/**
 * Fit with each config and print one line of tab-separated values each: config, ranks, threads, interactions, median
 * wall seconds an iteration (the first, which touches all memory, left out), processor seconds of all ranks and threads
 * an iteration, GFLOP/s by the model's own cost, elements received by a rank an iteration over (m + n) k (P - 1) / P.
 *
 * Collective over ctx. The wall of a busy machine says little; processor seconds / threads is what a free one gives.
 */
void rb_bench_iterations(const rb_algorithm *algorithm, const char *const *configs, int n_configs,
                         const rb_split_data *s, rb_ctx *ctx);

#endif
