/*
 * An iteration of iALS in the shape of ials-20m: 138,493 x 26,744, 20 million draws, 16.2 million distinct for
 * training.
 *
 * Predicted from the kernels' measured speeds (bench_gram, bench_spd) for 2 x 16.2 M entries: k = 64, single, Cholesky
 * .90
 * + 165,000 solves .15 + Gram .01 = 1.06 processor seconds; k = 128, at 165 GFLOP/s and .18 million/s, 3.2 + .92 = 4.2.
 * Conjugate gradient, 3 steps: 4 passes of about 12 cycles an entry and a product with the base for each, .55 at k
 * = 64.
 * Measured on a machine that eight other processes shared: 1.46 (k = 64), 4.7 (k = 128); conjugate gradient 1.6
 * and 2.6: the factors of 138,493 users do not fit the cache, and each pass fetches them again.
 *
 * Usage: bench_ials [threads [divisor]], under mpirun for more ranks; the divisor makes the data smaller.
 */
#include <stdlib.h>

#include "recommend/recommend.h"
#include "support/oracle_als_bench.h"
#include "support/support.h"

extern const rb_recommender rb_ials;

static const char *const configs[] = { "factors=64 objective=hu", "factors=64", "factors=64 solver=cg", "factors=128",
                                       "factors=128 solver=cg" };

int main(int argc, char **argv)
{
    rb_split_data s = { 0 };
    rb_test_mpi_begin(&argc, &argv);
    rb_test_ctx.n_threads = argc > 1 ? atoi(argv[1]) : 2;
    rb_test_ctx.seed = 1;
    int divisor = argc > 2 ? atoi(argv[2]) : 1;
    rb_oracle_zipf(&s, 138493 / divisor, 26744 / divisor, 20000000 / divisor, 0.6, 0.9, &rb_test_ctx);
    rb_bench_iterations(&rb_ials, configs, sizeof configs / sizeof *configs, &s, &rb_test_ctx);
    rb_oracle_split_fini(&s);
    return rb_test_mpi_end(0);
}
