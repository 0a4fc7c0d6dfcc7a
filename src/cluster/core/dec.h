/*
 * Clusters of codes as Student's t sees them: soft assignments, their target, and the loss between the two.
 *
 *     q_ij = t_ij / sum_j t_ij,  t_ij = 1 / (1 + |z_i - mu_j|^2)
 *     p_ij = (q_ij^2 / f_j) / sum_j (q_ij^2 / f_j),  f_j = sum_i q_ij
 *     loss = mean_i sum_j p_ij ln(p_ij / q_ij)
 *
 * Xie, Girshick, Farhadi (2016), arXiv:1511.06335. The centres mu are parameters of the network beside its layers.
 */
#ifndef RB_CLUSTER_CORE_DEC_H
#define RB_CLUSTER_CORE_DEC_H

#include "cluster/core/codes.h"

#define RB_DEC_MOST_CLUSTERS 4096

typedef struct rb_dec_state {
    int64_t k;
    double weight; /* of the loss beside the reconstruction */
    rb_shared target_memory, label_memory;
    double *target;    /* [n x k] p */
    int32_t *label;    /* [n] the cluster with the largest q, the lowest among equals */
    double *partial;   /* [own blocks x k] */
    double *frequency; /* [k] f */
    int64_t *begin;    /* [n_ranks + 1] rows of each rank */
} rb_dec_state;

/** The centres among the network's parameters, [k x width of the code]. */
double *rb_dec_centres(const rb_mlp *net);

rb_status rb_dec_begin(rb_dec_state *dec, const rb_points *x, int64_t k, double weight, const rb_ctx *ctx,
                       rb_error *err);
void rb_dec_fini(rb_dec_state *dec); /* collective over the same ctx */

/** Centres by K-Means on the codes: the best of n_init starts by k-means++, at most 300 iterations each. Collective. */
rb_status rb_dec_start(rb_codes *codes, const rb_points *x, int64_t k, int64_t n_init, const rb_ctx *ctx,
                       rb_error *err);

/** Labels and target of the codes as they stand; *n_changed labels that were others before. Collective. */
rb_status rb_dec_aim(rb_dec_state *dec, int64_t *n_changed, const rb_codes *codes, const rb_points *x,
                     const rb_ctx *ctx, rb_error *err);

/** The loss for rb_mlp_task; self is the rb_dec_state. */
double rb_dec_loss(double *delta, double *extra, const double *z, const int64_t *row, int64_t m, double scale,
                   const rb_mlp *net, const void *self);

/** The nearest of k centres to each of n codes of d dimensions, the lowest among equals. Local. */
void rb_dec_labels(int32_t *label, const double *code, int64_t n, const double *centres, int64_t k, int64_t d);

#endif
