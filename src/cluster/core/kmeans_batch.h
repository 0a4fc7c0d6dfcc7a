/*
 * Random batches of points, for mini-batch K-Means: drawn by counters, labelled by the ranks that own the points.
 */
#ifndef RB_CLUSTER_CORE_KMEANS_BATCH_H
#define RB_CLUSTER_CORE_KMEANS_BATCH_H

#include "cluster/core/kmeans.h"

typedef struct {
    int64_t size;     /* draws */
    int64_t n_rows;   /* different points among them */
    int64_t *row;     /* [n_rows] ascending */
    int64_t *times;   /* [n_rows] how often each was drawn */
    int32_t *label;   /* [n_rows] */
    double *distance; /* [n_rows] to the nearest centre, squared */
    int64_t *share;   /* [n_ranks + 1] bytes of the ranks' pieces */
} rb_kmeans_batch;

/** Room for a batch. Local. */
rb_status rb_kmeans_batch_init(rb_kmeans_batch *b, int64_t size, const rb_ctx *ctx, rb_error *err);
void rb_kmeans_batch_fini(rb_kmeans_batch *b);

/** Draw batch number `number` out of n points, with replacement, by ctx->seed. Local; the same on every rank. */
void rb_kmeans_batch_draw(rb_kmeans_batch *b, int64_t number, int64_t n, const rb_ctx *ctx);

/**
 * Nearest centre and distance of every point of a batch, known to all ranks. Collective over ctx.
 *
 * @param[in] pass     without bounds and updates; pass->label is written for this rank's points
 * @param[in] offsets  [n_ranks + 1] rows of the ranks
 */
void rb_kmeans_batch_label(rb_kmeans_batch *b, const rb_kmeans_pass *pass, const int64_t *offsets, const rb_ctx *ctx);

/** Add a point, so many times, to a vector [d]. Local. */
void rb_kmeans_add_row(double *to, double times, const rb_kmeans_data *data, int64_t row);

/** The first `wanted` <= n different points of a sequence of draws by ctx->seed, ascending; the same on every rank.
 *  Collective over ctx. @return RB_OK, RB_NO_MEMORY */
rb_status rb_kmeans_sample(int64_t *row, int64_t wanted, int64_t n, const rb_ctx *ctx, rb_error *err);

#endif
