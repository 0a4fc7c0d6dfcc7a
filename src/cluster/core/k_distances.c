#include "cluster/core/k_distances.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/core/spanning.h"
#include "linalg/knee.h"

int64_t rb_k_distances_list(int64_t min_samples, int64_t n)
{
    const int64_t k = min_samples > 2 ? min_samples - 1 : 1;
    return k < n - 1 ? k : n - 1;
}

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static double knee_of(const double *curve, int64_t n)
{
    double x[RB_K_DISTANCES_STEPS + 1], y[RB_K_DISTANCES_STEPS + 1] = { 0 }, below[RB_K_DISTANCES_STEPS + 1];
    const int64_t steps = n - 1 < RB_K_DISTANCES_STEPS ? n - 1 : RB_K_DISTANCES_STEPS;
    int64_t knee = 0;
    for (int64_t s = 0; s <= steps; s++) {
        x[s] = (double)s;
        y[s] = curve[steps > 0 ? s * (n - 1) / steps : 0];
    }
    rb_knee(below, x, y, steps + 1);
    for (int64_t s = 1; s <= steps; s++)
        knee = below[s] > below[knee] ? s : knee;
    return below[knee] > 0 && y[knee] > 0 ? y[knee] : NAN;
}

/* As an eps, a length includes its own distance: the square of a rounded root may fall below what it was taken of. */
static double length_within(double distance, bool is_cosine)
{
    const double length = rb_spanning_length(distance, is_cosine);
    return rb_metric_limit(length, is_cosine) < distance ? nextafter(length, INFINITY) : length;
}

static void draw_curve(double *curve, const rb_neighbours *nb, int64_t k, bool is_cosine)
{
    for (int64_t p = 0; p < nb->n; p++)
        curve[p] = length_within(nb->distance[p * nb->k + k - 1], is_cosine);
    qsort(curve, (size_t)nb->n, sizeof *curve, descending);
}

rb_status rb_k_distances_init(rb_k_distances *out, const rb_points *points, bool is_cosine, const int64_t *min_samples,
                              int n_sets, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = points->n;
    rb_neighbour_lists near = { 0 };
    if (n_sets == 0)
        return RB_OK;
    *out = (rb_k_distances){ .n = n, .n_sets = n_sets };
    rb_alloc(&out->min_samples, n_sets, err);
    rb_alloc(&out->curve, n_sets * n, err);
    RB_TRY_ALL(ctx, rb_alloc(&out->knee, n_sets, err));
    memcpy(out->min_samples, min_samples, (size_t)n_sets * sizeof *min_samples);
    if (n > 1)
        RB_TRY(rb_neighbour_lists_init(&near, points, is_cosine, rb_k_distances_list(min_samples[n_sets - 1], n),
                                       rb_neighbour_lists_by_balls(points), ctx, err));
    for (int s = 0; s < n_sets; s++) {
        if (n > 1)
            draw_curve(out->curve + s * n, &near.lists, rb_k_distances_list(min_samples[s], n), is_cosine);
        out->knee[s] = knee_of(out->curve + s * n, n);
    }
done:
    rb_neighbour_lists_fini(&near);
    return err->status;
}

void rb_k_distances_fini(rb_k_distances *k)
{
    rb_free(k->min_samples);
    rb_free(k->curve);
    rb_free(k->knee);
    memset(k, 0, sizeof *k);
}

int rb_k_distances_find(const rb_k_distances *k, int64_t min_samples)
{
    for (int s = 0; s < k->n_sets; s++)
        if (k->min_samples[s] == min_samples)
            return s;
    return -1;
}
