/*
 * The work on which scaling and the cost of determinism are measured: the kernels through their public functions, on
 * data without signal in the shapes of the peers' workloads.
 */
#ifndef RB_SUPPORT_BENCH_WORK_H
#define RB_SUPPORT_BENCH_WORK_H

#include "eval/ranking.h"
#include "support/oracle_als.h"

typedef struct {
    rb_split_data split; /* als-10m: 71,567 x 10,681, 10 million draws, a tenth of them test */
    rb_split_data small; /* 10,000 x 3,000, 500,000 draws, for whole fits */
    rb_points blobs;     /* kmeans-1m: 1M x 64 around 50 centres */
    rb_points space;     /* silhouette: 8,807 x 100 */
    int32_t *labels;     /* [space.n] 20 clusters */
    rb_points groups;    /* 10,000 x 50, 100 blobs, for the clusterings of their own kind */
    rb_points few;       /* 5,000 x 10, likewise: all their distances are kept */
    rb_points titles;    /* 20,000 of 10 words */
    void *als_config, *als, *ials_config, *ials, *kmeans_config;
    rb_shared users; /* [split.train.n_users x 64] floats, for the Gram matrix */
} rb_bench_world;

/* What bounds the speed of a work on one core. */
typedef enum { RB_BENCH_SGEMM, RB_BENCH_DGEMM, RB_BENCH_TRIAD } rb_bench_bound;

typedef struct {
    const char *name;
    rb_bench_bound bound;
    void (*run)(rb_bench_world *w, rb_ctx *ctx);
} rb_bench_work;

/** Made, and the models begun, for as many threads as ctx has; the divisor makes all shapes smaller. Collective. */
void rb_bench_world_init(rb_bench_world *w, int divisor, rb_ctx *ctx);
void rb_bench_world_fini(rb_bench_world *w); /* collective over the same ctx */

/** Cut the blocks of the interactions anew by rb_blocks_init. Local. */
void rb_bench_world_cut(rb_bench_world *w);

/** Ranks the whole catalogue for all users who have test items, 3 metrics at 10. Returns how many. Collective; ends the
 *  program on failure. */
int32_t rb_bench_rank(const rb_scorer *scorer, const rb_split_data *split, const rb_ctx *ctx);

/* Each is collective over the ctx of the world, whose n_threads may shrink between calls. */
extern const rb_bench_work rb_bench_als; /* one iteration, factors 64, single, Cholesky */
extern const rb_bench_work rb_bench_ials;
extern const rb_bench_work rb_bench_kmeans;     /* a fit of 5 iterations of Lloyd, double */
extern const rb_bench_work rb_bench_seeds;      /* k-means++, 10 centres */
extern const rb_bench_work rb_bench_silhouette; /* euclidean, by pairs */
extern const rb_bench_work rb_bench_closed;     /* cosine, by the clusters' sums */
extern const rb_bench_work rb_bench_ranking;    /* ALS's scores of the whole catalogue, 3 metrics at 10 */
extern const rb_bench_work rb_bench_rating;     /* ALS's test RMSE and MAE */
extern const rb_bench_work rb_bench_gram;       /* Y'Y of the users' factors of iALS */

/* Whole fits of `small`, bench_work_recommenders.c. */
extern const rb_bench_work rb_bench_svd;      /* 64 factors, 5 epochs with the grid, single */
extern const rb_bench_work rb_bench_bpr;      /* likewise */
extern const rb_bench_work rb_bench_item_knn; /* cosine, k 100 */
extern const rb_bench_work rb_bench_ease;     /* double */
extern const rb_bench_work rb_bench_slim;     /* alpha .01 */
extern const rb_bench_work rb_bench_pure_svd; /* 64 factors, 3 power iterations */

/* Whole fits, bench_work_clusters.c. */
extern const rb_bench_work rb_bench_hdbscan;       /* groups, min_cluster_size 15, min_samples 5 */
extern const rb_bench_work rb_bench_dbscan;        /* groups, eps 7 */
extern const rb_bench_work rb_bench_gmm;           /* groups, k 8, full covariances, 5 iterations */
extern const rb_bench_work rb_bench_lda;           /* titles, 20 topics, 5 iterations of Gibbs sampling */
extern const rb_bench_work rb_bench_agglomerative; /* few, Ward, double */

#endif
