/*
 * Sums of the points of each cluster, in one fixed order: members by ascending index.
 */
#ifndef RB_EVAL_CLUSTERING_SUMS_H
#define RB_EVAL_CLUSTERING_SUMS_H

#include "eval/clustering.h"

/* The points of each cluster, ascending: member[begin[c] .. begin[c + 1]). */
typedef struct rb_members {
    int64_t *begin; /* [k + 1] */
    int64_t *member;
} rb_members;

rb_status rb_members_init(rb_members *m, const rb_compact_labels *labels,
                          rb_error *err); /* local; fini also after a failure */
void rb_members_fini(rb_members *m);

/**
 * S_c = sum over the members of c of scale_i x_i, node-shared [k x d]. Collective over ctx.
 *
 * @param[in] scale  [n] or NULL: 1
 * A cluster is one unit of work; ranks own runs of clusters of about equal size.
 */
rb_status rb_cluster_sums(rb_shared *sums, const rb_points *points, const rb_compact_labels *labels,
                          const double *scale, const rb_ctx *ctx, rb_error *err);

#endif
