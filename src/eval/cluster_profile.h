/*
 * What tells the clusters of a labelling apart: terms, shares of values, and the points nearest to their means.
 *
 * Class-based TF-IDF (Grootendorst 2022, doi:10.48550/arXiv.2203.05794) of term t in class c:
 *
 *     tf_tc ln(1 + A / tf_t),   tf_tc = occurrences of t in c,  tf_t = sum over c of tf_tc,  A = sum of tf_t / classes
 *
 * Noise is a class of its own, as there. All functions are local and serial: the same bits for any ranks and threads.
 * Ties are decided by the lowest column or point.
 */
#ifndef RB_EVAL_CLUSTER_PROFILE_H
#define RB_EVAL_CLUSTER_PROFILE_H

#include "data/points.h"
#include "linalg/topk.h"

/* The points of each class: clusters by ascending label, then the noise where there is any. */
typedef struct {
    int64_t n_points;
    int64_t n;        /* classes */
    int64_t n_proper; /* without the noise */
    int32_t *label;   /* [n] as in the labelling; -1: noise */
    int64_t *begin;   /* [n + 1] */
    int32_t *point;   /* [n_points] ascending in each class */
} rb_classes;

/** @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: a label out of range (eval/clustering.h). Zeroed before. O(n) */
rb_status rb_classes_init(rb_classes *out, const int32_t *labels, int64_t n, rb_error *err);
void rb_classes_fini(rb_classes *c);

/** ln(1 + A / tf_t) of each term; 0 of those that do not occur. counts [n_points x terms]; weight [terms]. O(nnz) */
void rb_class_weights(double *weight, const rb_classes *c, const rb_csr *counts);

/**
 * Offer every column that occurs in a class: the sum of its values there, times its weight, or, where weight is NULL,
 * over the size of the class.
 *
 * @param[in]     x    [n_points x columns], values >= 0
 * @param[in,out] sum  [columns] scratch: zero, and zero again afterwards
 * Cost: O(values of the class); the caller finishes top.
 */
void rb_class_columns(rb_topk *top, double *sum, const rb_classes *c, int64_t of, const rb_csr *x,
                      const double *weight);

/**
 * Offer every point of a class by minus its squared distance to the mean of the class.
 *
 * @param[out] mean  [points->d] of the class
 * Cost: O(d + values of the class), and for sparse points one pass over the mean; the caller finishes top.
 */
void rb_class_nearest(rb_topk *top, double *mean, const rb_classes *c, int64_t of, const rb_points *points);

/**
 * The medoid: the point of a class with the least sum of distances to the others, the lowest index among equals.
 *
 * @param[out] mean  of its distances to the others; 0 where it is alone
 * @param[in]  sums  [2 x points of the class] scratch
 * @param[in]  is_cosine  1 - cosine, 1 to a zero row, in place of euclidean
 * Bits: the same for any number of threads. Cost: n_C^2 d, or n_C^2 times two rows of sparse points.
 */
int32_t rb_class_medoid(double *mean, double *sums, const rb_classes *c, int64_t of, const rb_points *points,
                        bool is_cosine, int n_threads);

/**
 * The mean of a value over the points of each class that have one, summed in the order of the points.
 *
 * @param[out] mean   [c->n] NAN where no point has one
 * @param[in]  value  [c->n_points] NAN: none
 * Cost: O(n_points)
 */
void rb_class_means(double *mean, const rb_classes *c, const double *value);

#endif
