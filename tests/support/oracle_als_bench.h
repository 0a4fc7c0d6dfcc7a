/*
 * Timing of a factor model's iterations.
 */
#ifndef RB_SUPPORT_ORACLE_ALS_BENCH_H
#define RB_SUPPORT_ORACLE_ALS_BENCH_H

#include "support/oracle_als.h"

/**
 * The main function of such a bench: `n_draws` draws of user (zipf .6) and item (zipf .9), then a fit with each config.
 * Prints one line of tab-separated values each: config, ranks, threads, interactions, median wall seconds an iteration
 * (the first, which touches all memory, left out), least processor seconds of all ranks and threads an iteration,
 * GFLOP/s by the model's own cost and the wall, elements received by a rank an iteration over (m + n) k (P - 1) / P.
 *
 * Usage: PROGRAM [threads [divisor]], under mpirun for more ranks; the divisor makes the data smaller. The wall of a
 * busy machine says little; processor seconds / threads is what a free one gives.
 */
int rb_bench_iterations(int argc, char **argv, const rb_algorithm *algorithm, const char *const *configs, int n_configs,
                        int32_t n_users, int32_t n_items, int64_t n_draws);

#endif
