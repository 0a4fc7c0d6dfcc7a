/*
 * An iteration of iALS in the shape of ials-20m: 138,493 x 26,744, 20 million draws, 16.2 million distinct for
 * training.
 *
 * Predicted from the kernels' measured speeds (bench_gram, bench_spd) for 2 x 16.2 M entries in single, processor
 * seconds: k = 64, Cholesky .90 + 165,000 solves .15 + Gram .01 = 1.06; k = 128, at 165 GFLOP/s and .18 million/s, 3.2
 * + .92 = 4.2. Conjugate gradient, 3 steps: 4 passes of about 12 cycles an entry and a product with the base for each,
 * .55 at k = 64. Measured on 2 cores among 16 other processes, least processor seconds: 1.31 (1.48 with weights), 4.5;
 * conjugate gradient .68 and 1.63.
 */
#include "recommend/recommend.h"
#include "support/oracle_als_bench.h"

extern const rb_recommender rb_ials;

static const char *const configs[] = { "factors=64 objective=hu", "factors=64", "factors=64 solver=cg", "factors=128",
                                       "factors=128 solver=cg" };

int main(int argc, char **argv)
{
    return rb_bench_iterations(argc, argv, &rb_ials, configs, sizeof configs / sizeof *configs, 138493, 26744,
                               20000000);
}
