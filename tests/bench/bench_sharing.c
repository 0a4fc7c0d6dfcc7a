/*
 * Shared work: the fits of a sweep with one `prepare` for all of them, against as many fits that prepare alone.
 *
 *     bench_sharing [DIVISOR]       of users, items and draws; RB_THREADS sets the threads
 *
 * 10,000 x 3,000, 500,000 draws (user zipf .4, item zipf .9). item_knn and user_knn: 10 values of k from 10 to 100;
 * item_knn_rating: the same; rp3beta: 10 values of beta; slim: 3 x 3 penalties. Seconds are processor seconds of the
 * process, the least of 3, of 1 where that took more than a second.
 *
 * Lines: sweep, fits, seconds alone, seconds shared, ratio, seconds of one fit alone.
 *
 * Predicted: a neighbour search is nearly all of a fit of k-NN, and does not depend on k: the search for k 100 serves
 * all ten, so the ratio is near 10 where the search outweighs the cutting of lists. rp3beta shares its sums, but each
 * beta has lists of its own, to which all pairs are offered: 2 to 3 (measured 1.1: offers take most of a fit). slim
 * shares its Gram matrix alone, and its coordinate descent outweighs that: between 1 and 1.5.
 */
#include <stdlib.h>

#include "recommend/recommend.h"
#include "support/bench_sharing.h"
#include "support/oracle_als.h"

enum { MOST = 16 };

extern const rb_algorithm rb_item_knn, rb_user_knn, rb_item_knn_rating, rb_slim, rb_rp3beta;

typedef struct {
    const rb_algorithm *algorithm;
    int n;
    const char *config[MOST];
} sweep;

#define TEN_K                                                                           \
    {                                                                                   \
        "k=10", "k=20", "k=30", "k=40", "k=50", "k=60", "k=70", "k=80", "k=90", "k=100" \
    }

static const sweep sweeps[] = {
    { &rb_item_knn, 10, TEN_K },
    { &rb_user_knn, 10, TEN_K },
    { &rb_item_knn_rating, 10, TEN_K },
    { &rb_rp3beta,
      10,
      { "beta=0", "beta=0.1", "beta=0.2", "beta=0.3", "beta=0.4", "beta=0.5", "beta=0.6", "beta=0.7", "beta=0.8",
        "beta=0.9" } },
    { &rb_slim,
      9,
      { "alpha=0.003 l1_ratio=0.05", "alpha=0.003 l1_ratio=0.1", "alpha=0.003 l1_ratio=0.5",
        "alpha=0.001 l1_ratio=0.05", "alpha=0.001 l1_ratio=0.1", "alpha=0.001 l1_ratio=0.5",
        "alpha=0.0003 l1_ratio=0.05", "alpha=0.0003 l1_ratio=0.1", "alpha=0.0003 l1_ratio=0.5" } },
};

int main(int argc, char **argv)
{
    rb_ctx ctx;
    rb_split_data data;
    const char *threads = getenv("RB_THREADS");
    const int divisor = argc > 1 ? atoi(argv[1]) : 1;
    rb_ctx_serial(&ctx, threads ? atoi(threads) : 1);
    rb_oracle_zipf(&data, 10000 / divisor, 3000 / divisor, 500000 / divisor, 0.4, 0.9, &ctx);
    const rb_train_view view = { .ratings = &data.train, .positives = &data.train };
    rb_bench_sharing_heading();
    for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++)
        rb_bench_sharing(sweeps[i].algorithm, sweeps[i].config, sweeps[i].n, &view, &ctx);
    rb_oracle_split_fini(&data);
    return 0;
}
