/*
 * Bounds of Hamerly (2010), doi:10.1137/1.9781611972801.12, that are safe against rounding: a label is kept only
 * where the definition's distances must agree.
 */
#ifndef RB_CLUSTER_CORE_KMEANS_BOUNDS_H
#define RB_CLUSTER_CORE_KMEANS_BOUNDS_H

#include <math.h>

#include "cluster/core/kmeans.h"

/* The squared gap between the bounds exceeds what rounding can hide: 4 margins, as scores are half distances. */
static inline bool rb_kmeans_label_is_safe(const rb_kmeans_pass *pass, int64_t row)
{
    if (!pass->upper)
        return false;
    const rb_kmeans_data *data = pass->data;
    int64_t own = row - data->begin;
    double u = pass->upper[own], l = pass->lower[own];
    double margin = data->unit * (data->norm2[own] + pass->centres->reach) + data->tiny;
    return l > u && (l - u) * (l + u) > 4 * margin;
}

/* After a row's scores are known: distance^2 = |x|^2 + 2 score (+ 1, the centre's length, where spherical). */
static inline void rb_kmeans_set_bounds(const rb_kmeans_pass *pass, int64_t own, double least, double second,
                                        double margin)
{
    const rb_kmeans_data *data = pass->data;
    if (pass->centres->has_zero) {
        pass->upper[own] = INFINITY;
        pass->lower[own] = 0;
        return;
    }
    double base = data->norm2[own] + (data->is_spherical ? 1 : 0);
    double u2 = base + 2 * least + 4 * margin, l2 = base + 2 * second - 4 * margin;
    pass->upper[own] = sqrt(u2 > 0 ? u2 : 0);
    pass->lower[own] = sqrt(l2 > 0 ? l2 : 0);
}

#endif
