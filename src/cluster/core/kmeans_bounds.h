/*
 * Bounds of Hamerly (2010), doi:10.1137/1.9781611972801.12, that are safe against rounding: a label is kept only
 * where the definition's distances must agree.
 */
#ifndef RB_CLUSTER_CORE_KMEANS_BOUNDS_H
#define RB_CLUSTER_CORE_KMEANS_BOUNDS_H

#include <math.h>

#include "cluster/core/kmeans.h"

/* The squared gap between the bounds exceeds what rounding can hide: 4 margins, as scores are half distances. */
static inline bool rb_kmeans_is_apart(double upper, double lower, double margin)
{
    return lower > upper && (lower - upper) * (lower + upper) > 4 * margin;
}

static inline double rb_kmeans_margin(const rb_kmeans_pass *pass, int64_t own)
{
    const rb_kmeans_data *data = pass->data;
    return data->unit * (data->norm2[own] + pass->centres->reach) + data->tiny;
}

static inline bool rb_kmeans_label_is_safe(const rb_kmeans_pass *pass, int64_t row)
{
    if (!pass->upper)
        return false;
    int64_t own = row - pass->data->begin;
    const double *lower = pass->lower + own * pass->n_groups;
    double least = lower[0];
    for (int64_t g = 1; g < pass->n_groups; g++)
        least = lower[g] < least ? lower[g] : least;
    return rb_kmeans_is_apart(pass->upper[own], least, rb_kmeans_margin(pass, own));
}

/* Bounds of a distance from its score: distance^2 = |x|^2 + 2 score (+ 1, the centre's length, where spherical). */
static inline double rb_kmeans_upper(const rb_kmeans_data *data, int64_t own, double score, double margin)
{
    double square = data->norm2[own] + (data->is_spherical ? 1 : 0) + 2 * score + 4 * margin;
    return sqrt(square > 0 ? square : 0);
}

static inline double rb_kmeans_lower(const rb_kmeans_data *data, int64_t own, double score, double margin)
{
    double square = data->norm2[own] + (data->is_spherical ? 1 : 0) + 2 * score - 4 * margin;
    return sqrt(square > 0 ? square : 0);
}

static inline void rb_kmeans_forget_bounds(const rb_kmeans_pass *pass, int64_t own)
{
    pass->upper[own] = INFINITY;
    for (int64_t g = 0; g < pass->n_groups; g++)
        pass->lower[own * pass->n_groups + g] = 0;
}

/* After a row's scores to all centres are known. */
static inline void rb_kmeans_set_bounds(const rb_kmeans_pass *pass, int64_t own, double least, double second,
                                        double margin)
{
    if (pass->centres->has_zero) {
        rb_kmeans_forget_bounds(pass, own);
        return;
    }
    double lower = rb_kmeans_lower(pass->data, own, second, margin);
    pass->upper[own] = rb_kmeans_upper(pass->data, own, least, margin);
    for (int64_t g = 0; g < pass->n_groups; g++)
        pass->lower[own * pass->n_groups + g] = lower;
}

#endif
