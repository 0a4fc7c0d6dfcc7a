/*
 * An iteration of ALS in the shape of als-10m: 71,567 x 10,681, 10 million draws, 7.9 million distinct for training,
 * half stars, 64 factors.
 *
 * Predicted from the kernels' measured speeds (bench_gram, bench_spd): 2 x 7.9 M entries x 4,160 flops at 150 GFLOP/s,
 * .44 s, and 82,000 solves at 1.1 million/s, .075 s: .51 processor seconds in single, .26 s on 2 threads. Double: at 75
 * GFLOP/s and .58 million/s .88 + .14 = 1.0, .51 s on 2 threads. Received: (m + n) k (P - 1) / P elements a rank.
 * Measured on 2 cores among 16 other processes, least processor seconds: .57 in single, .58 with joint biases, 1.2 in
 * double; the kernels lose their caches at every turn of another process. Received: 1.000 of the formula, 1.016 with
 * joint biases.
 */
#include "recommend/recommend.h"
#include "support/oracle_als_bench.h"

extern const rb_recommender rb_als;

static const char *const configs[] = { "factors=64 biases=fixed", "factors=64 biases=joint",
                                       "factors=64 biases=joint precision=double",
                                       "factors=64 biases=fixed solver=cg" };

int main(int argc, char **argv)
{
    return rb_bench_iterations(argc, argv, &rb_als, configs, sizeof configs / sizeof *configs, 71567, 10681, 10000000);
}
