/*
 * Measures of a clustering: agreement with a reference, and what needs points and labels alone.
 *
 * Labels are int32, -1 is noise, other values name clusters: 0 .. n + 2^20, gaps allowed. A clustering without noise
 * gives the same under every treatment. Definitions: METRICS.md; equal to scikit-learn's where it has the metric.
 *
 * Noise treatments (RB_NOISE_* of eval/metric.h): drop leaves noise points out, merge makes them one cluster,
 * singletons makes each a cluster of its own, scaled multiplies the dropped value by the share of points that are
 * not noise.
 */
#ifndef RB_EVAL_CLUSTERING_H
#define RB_EVAL_CLUSTERING_H

#include "data/points.h"
#include "eval/metric.h"

/* A clustering of points and what to do with its noise. */
typedef struct rb_labelling {
    const int32_t *labels; /* [n], borrowed; the same on every rank */
    int noise;             /* RB_NOISE_* */
} rb_labelling;

/* Labels 0 .. k - 1 without gaps, ascending as the originals; -1: left out. Noise treated. */
typedef struct rb_compact_labels {
    int64_t n, k;
    int64_t n_kept;   /* points that are not left out */
    int64_t n_noise;  /* points labelled -1 before the treatment */
    int64_t n_proper; /* clusters before the treatment; those beyond come from noise and stand last */
    int32_t *label;   /* [n] */
    int64_t *size;    /* [k] */
    double scale;     /* of the final value: the share without noise where the treatment is `scaled`, else 1 */
} rb_compact_labels;

/**
 * Local. O(n + largest label).
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: a label below -1 or above n + 2^20
 */
rb_status rb_compact_labels_init(rb_compact_labels *out, const rb_labelling *labelling, int64_t n, rb_error *err);
void rb_compact_labels_fini(rb_compact_labels *c);

/* Counts of a clustering, without noise. */
typedef struct rb_cluster_counts {
    int64_t n_clusters;
    int64_t *size;              /* [n_clusters] by ascending label; owned */
    double least, middle, most; /* of the sizes; middle: the mean of both where even; 0 without clusters */
    double noise_fraction;      /* 0 where there are no points */
} rb_cluster_counts;

/** Local. @return as rb_compact_labels_init */
rb_status rb_cluster_counts_init(rb_cluster_counts *out, const int32_t *labels, int64_t n, rb_error *err);
void rb_cluster_counts_fini(rb_cluster_counts *c);

/*
 * Agreement of a clustering with a reference labelling. A point whose reference is -1 (unknown) is always left out.
 * All are not applicable where no point is left.
 */
typedef struct rb_agreement {
    rb_metric_value ari;          /* Hubert and Arabie 1985, doi:10.1007/BF01908075 */
    rb_metric_value ami;          /* Vinh et al. 2010, JMLR 11:2837; arithmetic mean */
    rb_metric_value nmi;          /* 2 I / (H + H'); 1 where both are one cluster */
    rb_metric_value homogeneity;  /* Rosenberg and Hirschberg 2007; 1 where the reference is one class */
    rb_metric_value completeness; /* 1 where the clustering is one cluster */
    rb_metric_value v_measure;    /* beta 1; 0 where both are 0 */
    rb_metric_value purity;       /* share of points in their cluster's majority class */
} rb_agreement;

/**
 * Local; the same on every rank that calls it with the same labels.
 *
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT (labels out of range, see above)
 * Cost: O(n log n), and for `ami` one exp per (distinct sizes, common count): at most O(n sqrt n) of them.
 */
rb_status rb_clustering_agreement(rb_agreement *out, const rb_labelling *labelling, const int32_t *reference, int64_t n,
                                  rb_error *err);

/* Measures of a clustering in the euclidean geometry of its points. Centres are the means of the clusters. Not
 * applicable, too, where squares of distances leave double precision. */
typedef struct rb_compactness {
    rb_metric_value davies_bouldin;    /* Davies and Bouldin 1979, doi:10.1109/TPAMI.1979.4766909; 2 clusters or more.
                                          Two clusters with one centre: their term is 0 (scikit-learn's rule) */
    rb_metric_value calinski_harabasz; /* doi:10.1080/03610927408827101; 2 <= clusters < points; 1 where W = 0 */
    rb_metric_value inertia;           /* sum of squared distances to the cluster's mean; 1 cluster or more */
} rb_compactness;

/**
 * Collective over ctx.
 *
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT (labels out of range), the same on every rank
 * Bits: the same for any ranks and threads. Cost: two passes over the points, O(k^2 d) for davies_bouldin, a
 * node-shared table of 8 k d bytes (k with `singletons`: clusters and noise points).
 */
rb_status rb_clustering_compactness(rb_compactness *out, const rb_points *points, const rb_labelling *labelling,
                                    const rb_ctx *ctx, rb_error *err);

#endif
