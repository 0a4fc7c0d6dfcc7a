/*
 * Prim's spanning tree (1957; Rohlf 1973 for single linkage): the tree grows by the point that is nearest to any of its
 * own. Its edges by ascending length are the merges.
 */
#include <math.h>

#include "cluster/core/linkage_rows.h"

/* Distances of the point that joined last may be nearer. */
static void look_from(double *least, int32_t *from, const rb_linkage_matrix *m, int64_t point)
{
    const int64_t n = m->n;
    if (m->is_single) {
        const float *row = (const float *)m->value + point * m->stride;
        for (int64_t j = 0; j < n; j++) {
            bool is_nearer = (double)row[j] < least[j];
            least[j] = is_nearer ? (double)row[j] : least[j];
            from[j] = is_nearer ? (int32_t)point : from[j];
        }
    } else {
        const double *row = (const double *)m->value + point * m->stride;
        for (int64_t j = 0; j < n; j++) {
            bool is_nearer = row[j] < least[j];
            least[j] = is_nearer ? row[j] : least[j];
            from[j] = is_nearer ? (int32_t)point : from[j];
        }
    }
}

rb_status rb_linkage_prim(rb_linkage_merge *merges, const rb_linkage_matrix *m, rb_error *err)
{
    double *least = NULL, *mask = NULL;
    int32_t *from = NULL;
    int64_t point = 0;

    rb_alloc(&least, m->stride, err);
    rb_alloc(&mask, m->stride, err);
    RB_TRY(rb_alloc(&from, m->n, err));
    for (int64_t j = 0; j < m->stride; j++) {
        least[j] = INFINITY;
        mask[j] = j < m->n ? 0 : INFINITY;
    }
    for (int64_t t = 0; t < m->n - 1; t++) {
        mask[point] = INFINITY;
        look_from(least, from, m, point);
        point = rb_linkage_least_f64(least, mask, m->stride);
        merges[t] = (rb_linkage_merge){ from[point], (int32_t)point, least[point] };
    }
done:
    rb_free(least);
    rb_free(mask);
    rb_free(from);
    return err->status;
}
