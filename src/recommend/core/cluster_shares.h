/*
 * Clusters of items that a user prefers, the clusters beside them, and the share of a list's places of each: what
 * models/cluster_aware.c recommends by, with the formulas.
 */
#ifndef RB_RECOMMEND_CORE_CLUSTER_SHARES_H
#define RB_RECOMMEND_CORE_CLUSTER_SHARES_H

#include "data/algorithm.h"

typedef struct {
    int32_t *cluster; /* [n_items] 0 .. n_clusters - 1 without gaps, ascending as the labels; -1 noise */
    int32_t *nearest; /* [n_clusters x adjacent], -1 where there are fewer */
    double *nearness; /* the same */
    int64_t n_items, n_clusters, adjacent;
} rb_cluster_map;

/* What shares of a user need, zero between users. */
typedef struct {
    int64_t *count;   /* [n_clusters] */
    int32_t *touched; /* [n_clusters] clusters of one user */
    double *beside;   /* [n_clusters] */
} rb_cluster_scratch;

/** Clusters by the labels of the items. Local; RB_NO_MEMORY. */
rb_status rb_cluster_map_number(rb_cluster_map *m, const int32_t *labels, int64_t n_items, rb_error *err);

/**
 * The `adjacent` nearest clusters of each, by the users with positives in both; ties by the lower one. Collective; each
 * rank counts the users from begin[rank] to begin[rank + 1].
 *
 * @return RB_OK, RB_NO_MEMORY (agreed)
 *
 * Time O(nnz + clusters^2 adjacent), memory 8 clusters^2 bytes a rank. Bits: counts are whole numbers.
 */
rb_status rb_cluster_map_relate(rb_cluster_map *m, rb_cluster_scratch *s, const rb_ratings *positives, int64_t adjacent,
                                const int64_t *begin, const rb_ctx *ctx, rb_error *err);

/**
 * Clusters of a user with their shares, the preferred ones first. Local.
 *
 * @param[out] cluster, share  [preferred (1 + adjacent)], cluster -1 behind the last; none where no item has a cluster
 * @param[in]  items           [n] the user's positives
 */
void rb_cluster_shares(int32_t *cluster, double *share, const rb_cluster_map *m, rb_cluster_scratch *s,
                       const int32_t *items, int64_t n, int64_t preferred, double diversification);

/** Local. @return RB_OK, RB_NO_MEMORY */
rb_status rb_cluster_scratch_alloc(rb_cluster_scratch *s, const rb_cluster_map *m, rb_error *err);
void rb_cluster_scratch_free(rb_cluster_scratch *s);

/** Names the arrays of the map, of which n_clusters and adjacent follow. */
void rb_cluster_map_visit(rb_cluster_map *m, rb_visitor *v);
void rb_cluster_map_fini(rb_cluster_map *m);

#endif
