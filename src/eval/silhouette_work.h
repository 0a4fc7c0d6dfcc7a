/*
 * What the two ways of computing silhouettes share: labellings made compact, and the score of a point from its summed
 * distances.
 */
#ifndef RB_EVAL_SILHOUETTE_WORK_H
#define RB_EVAL_SILHOUETTE_WORK_H

#include <math.h>

#include "eval/silhouette.h"

typedef struct rb_silhouette_labelling {
    rb_compact_labels labels;
    int64_t k_summed; /* clusters whose distances are summed; those beyond are single noise points, by the least */
    bool applies;     /* has 2 .. n - 1 clusters */
    bool by_pairs;    /* needs all distances */
} rb_silhouette_labelling;

typedef struct rb_silhouette_work {
    const rb_points *points;
    rb_silhouette_distance distance;
    rb_silhouette_labelling *labelling; /* [n_labellings] */
    int n_labellings;
    double *scale;    /* [n] 1 / length; cosine, else NULL */
    double *norm2;    /* [n] squared lengths, by the chain of the products */
    rb_shared scores; /* [n x n_labellings] */
} rb_silhouette_work;

/* Mean distances below this are rounding errors of 1 - x.y: they count as 0. */
#define RB_SILHOUETTE_ZERO 1e-14

/** Score from the summed distances to each summed cluster (stride apart) and the least distance to a single point.
 *  self: what the sum of the own cluster holds of the point itself. */
static inline double rb_silhouette_score(const rb_silhouette_labelling *l, int32_t own, const double *sum,
                                         int64_t stride, double single, double self, bool is_cosine)
{
    const int64_t *size = l->labels.size;
    if (own >= l->k_summed || size[own] == 1)
        return 0;
    double a = (sum[own * stride] - self) / (double)(size[own] - 1), b = single;
    for (int64_t c = 0; c < l->k_summed; c++)
        if (c != own)
            b = fmin(b, sum[c * stride] / (double)size[c]);
    a = is_cosine && a < RB_SILHOUETTE_ZERO ? 0 : a;
    b = is_cosine && b < RB_SILHOUETTE_ZERO ? 0 : b;
    double most = fmax(a, b);
    return most > 0 ? (b - a) / most : 0;
}

/** Scores of the labellings that need all pairs. Collective. */
rb_status rb_silhouette_pairs(rb_silhouette_work *work, const rb_ctx *ctx, rb_error *err);

/** Scores of the other labellings by cosine, in closed form. Collective. */
rb_status rb_silhouette_closed(rb_silhouette_work *work, const rb_ctx *ctx, rb_error *err);

#endif
