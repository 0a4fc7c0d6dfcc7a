/*
 * The state of a seeding, shared by kmeans_seed.c (k-means++) and kmeans_seed_parallel.c (k-means||).
 */
#ifndef RB_CLUSTER_CORE_KMEANS_SEED_H
#define RB_CLUSTER_CORE_KMEANS_SEED_H

#include "cluster/core/kmeans_sketch.h"

typedef struct rb_kmeans_seeding {
    const rb_kmeans_data *data;
    const rb_ctx *ctx;
    int64_t local_trials;
    double *weight;     /* [own rows] squared distance to the nearest seed */
    int32_t *nearest;   /* [own rows] that seed */
    double *block_sum;  /* [n_blocks] of weight; of all ranks after rb_kmeans_seeding_total */
    double *between;    /* [groups of candidates x k] least squared distance of the group to each seed */
    double *trial;      /* [own rows x local_trials] distances to the candidates, where they were computed */
    double *gain;       /* [n_blocks x local_trials] by how much each candidate would lower the weights */
    int64_t *candidate; /* [local_trials] */
    double *apart;      /* [k x together] distances of the seeds to a table */
    int64_t *offsets;   /* [n_ranks + 1] */
    rb_kmeans_table table;
    rb_kmeans_sketch sketch; /* one candidate a step: limits are the weights */
    int64_t restart;
} rb_kmeans_seeding_state;

/** Point seeds[n] joins the seeds [0, n). Local: points are shared memory. */
void rb_kmeans_seeding_add(rb_kmeans_seeding_state *s, const int64_t *seeds, int32_t n);

/** Sum of the weights of the rows of a block, eight chains. */
double rb_kmeans_weight_sum(const double *weight, int64_t n);

/** Block sums of all ranks; their total in ascending order. Collective. */
double rb_kmeans_seeding_total(rb_kmeans_seeding_state *s);

/** Uniform number of (trial, stream, restart, entity, draw). */
double rb_kmeans_seeding_draw(const rb_kmeans_seeding_state *s, const char *stream, int64_t entity, int64_t draw);

/** Fill seeds [have, k) by k-means++; the first `have` are added already. Collective. */
void rb_kmeans_plus_plus(int64_t *seeds, rb_kmeans_seeding_state *s, int64_t have);

/** k-means||; seeds [0] is added already. Collective. */
rb_status rb_kmeans_parallel_seeds(int64_t *seeds, rb_kmeans_seeding_state *s, rb_error *err);

#endif
