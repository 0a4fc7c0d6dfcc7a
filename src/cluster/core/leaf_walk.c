#include "cluster/core/leaf_walk.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/gemm.h"

#define SLACK 1e-5 /* relative, of gaps in single precision */

/* ---- balls ---- */

static double distance2(const float *x, const float *y, int64_t d)
{
    double sum = 0;
    for (int64_t f = 0; f < d; f++)
        sum += ((double)x[f] - (double)y[f]) * ((double)x[f] - (double)y[f]);
    return sum;
}

static void surround(rb_leaf_balls *b, const rb_leaves *l, int64_t leaf)
{
    const int64_t d = l->points->d, begin = l->begin[leaf], n = l->begin[leaf + 1] - begin;
    const float *rows = (const float *)l->rows.data + begin * d;
    float *centre = b->centre + leaf * d;
    double length2 = 0, most = 0;
    for (int64_t p = 0; p < n; p++)
        for (int64_t f = 0; f < d; f++)
            centre[f] += rows[p * d + f] / (float)n;
    for (int64_t f = 0; f < d; f++)
        length2 += (double)centre[f] * (double)centre[f];
    for (int64_t p = 0; p < n; p++)
        most = fmax(most, distance2(rows + p * d, centre, d));
    b->half[leaf] = (float)(length2 / 2);
    b->radius[leaf] = nextafterf((float)(sqrt(most) * (1 + SLACK)), INFINITY);
}

rb_status rb_leaf_balls_init(rb_leaf_balls *b, const rb_leaves *l, const rb_ctx *ctx, rb_error *err)
{
    rb_alloc(&b->centre, l->n_leaves * l->points->d, err);
    rb_alloc(&b->half, l->n_leaves, err);
    RB_TRY(rb_alloc(&b->radius, l->n_leaves, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t leaf = 0; leaf < l->n_leaves; leaf++)
        surround(b, l, leaf);
done:
    return err->status;
}

void rb_leaf_balls_fini(rb_leaf_balls *b)
{
    rb_free(b->centre);
    rb_free(b->half);
    rb_free(b->radius);
    memset(b, 0, sizeof *b);
}

/* ---- a walk ---- */

rb_status rb_leaf_walk_init(rb_leaf_walk *w, const rb_leaves *l, const rb_leaf_balls *balls, rb_error *err)
{
    const int64_t d = l->points->d;
    const bool is_sparse = l->points->sparse != NULL;
    *w = (rb_leaf_walk){ .leaves = l, .balls = balls };
    rb_alloc(&w->rows, is_sparse ? 0 : RB_LEAVES_MOST * d, err);
    rb_alloc(&w->some, is_sparse ? 0 : RB_LEAVES_MOST * d, err);
    rb_alloc(&w->gap, balls ? l->n_leaves * RB_LEAVES_MOST : 0, err);
    rb_alloc(&w->centres, balls ? l->n_leaves * d : 0, err);
    rb_alloc(&w->places, balls ? l->n_leaves : 0, err);
    rb_alloc(&w->nearest, l->n_leaves, err);
    rb_alloc(&w->order, l->n_leaves, err);
    rb_alloc(&w->tile, is_sparse ? l->points->n : (int64_t)RB_LEAVES_MOST * RB_LEAVES_MOST, err);
    return err->status;
}

void rb_leaf_walk_fini(rb_leaf_walk *w)
{
    rb_free(w->rows);
    rb_free(w->some);
    rb_free(w->gap);
    rb_free(w->centres);
    rb_free(w->places);
    rb_free(w->nearest);
    rb_free(w->order);
    rb_free(w->tile);
    memset(w, 0, sizeof *w);
}

double rb_leaf_walk_bytes(double n, double d, bool is_sparse, int n_threads)
{
    double leaves = 2 * n / RB_LEAVES_MOST + 1;
    if (is_sparse)
        return (4 * n + 8 * (n / RB_LEAVES_SPARSE_ROWS + 1)) * n_threads;
    return leaves * (4 * d + 8) +
           (8 * d * RB_LEAVES_MOST + leaves * (4 * RB_LEAVES_MOST + 4 * d + 16) + 65536) * n_threads;
}

float rb_leaf_limit(const rb_leaves *l, int64_t position, double half)
{
    double limit = half + rb_leaves_margin(l, (double)l->half[position], l->most_half);
    return nextafterf((float)fmin(limit, FLT_MAX / 2), INFINITY);
}

/* The least h between a ball and that of the own leaf: most leaves are told apart by it alone. */
static float gap_of_balls(const rb_leaf_walk *w, int64_t leaf)
{
    const rb_leaf_balls *b = w->balls;
    const int64_t d = w->leaves->points->d;
    const float *restrict x = b->centre + w->leaf * d, *restrict y = b->centre + leaf * d;
    float sum = 0;
    for (int64_t f = 0; f < d; f++)
        sum += (x[f] - y[f]) * (x[f] - y[f]);
    double away =
        sqrt((double)sum) * (1 - SLACK * (1 + 1e-2 * (double)d)) - (double)b->radius[w->leaf] - (double)b->radius[leaf];
    return away > 0 ? (float)(away * away / 2 * (1 - SLACK)) : 0;
}

/* The least h of each query and each of n leaves, from the triangle inequality. */
static void measure_gaps(rb_leaf_walk *w, const int32_t *leaves, int64_t n)
{
    const rb_leaves *l = w->leaves;
    const rb_leaf_balls *b = w->balls;
    const int64_t d = l->points->d;
    float half[RB_LEAVES_MOST];
    for (int64_t q = 0; q < w->n; q++)
        half[q] = l->half[w->position[q]];
    for (int64_t i = 0; i < n; i++)
        memcpy(w->centres + i * d, b->centre + leaves[i] * d, (size_t)d * sizeof *w->centres);
    rb_gemm_nt_f32(w->gap, RB_LEAVES_MOST, w->centres, d, n, w->rows, d, w->n, d);
    for (int64_t i = 0; i < n; i++) {
        float *restrict gap = w->gap + i * RB_LEAVES_MOST;
        const float own = b->half[leaves[i]], radius = b->radius[leaves[i]], tiny = (float)l->tiny;
        const float unit = 2 * (float)(l->unit * (1 + SLACK));
        float least = INFINITY;
        for (int64_t q = 0; q < w->n; q++) {
            float sum = own + half[q], h = sum - gap[q] - unit * sum - tiny;
            h = h > 0 ? h : 0;
            float away = sqrtf(2 * h) * (1 - (float)SLACK) - radius;
            away = away > 0 ? away : 0;
            gap[q] = away * away / 2 * (1 - (float)SLACK);
            least = gap[q] < least ? gap[q] : least;
        }
        w->nearest[i] = least;
    }
}

static float farthest(const rb_leaf_walk *w)
{
    float most = -1;
    for (int64_t q = 0; q < w->n; q++)
        most = w->limit[q] > most ? w->limit[q] : most;
    return most;
}

/* gap [n queries], NULL: all look. */
static void look_into(rb_leaf_walk *w, int64_t leaf, const float *gaps)
{
    const rb_leaves *l = w->leaves;
    const int64_t d = l->points->d, begin = l->begin[leaf], n = l->begin[leaf + 1] - begin;
    int32_t looking[RB_LEAVES_MOST];
    int64_t n_looking = 0;
    for (int64_t q = 0; q < w->n; q++) {
        float gap = gaps ? gaps[q] : 0;
        if (gap <= w->limit[q] && (!w->wants || w->wants(w->self, w, q, leaf)) && gap <= w->limit[q])
            looking[n_looking++] = (int32_t)q;
    }
    if (n_looking == 0 || n == 0)
        return;
    const float *rows = w->rows;
    if (n_looking < w->n) {
        for (int64_t i = 0; i < n_looking; i++)
            memcpy(w->some + i * d, w->rows + looking[i] * d, (size_t)d * sizeof *rows);
        rows = w->some;
    }
    rb_gemm_nt_f32(w->tile, RB_LEAVES_MOST, rows, d, n_looking, (const float *)l->rows.data + begin * d, d, n, d);
    for (int64_t i = 0; i < n_looking; i++)
        w->take(w->self, w, looking[i], begin, n, w->tile + i * RB_LEAVES_MOST);
}

static int by_gap(const void *a, const void *b)
{
    const rb_leaf_place *x = a, *y = b;
    if (x->gap != y->gap)
        return x->gap < y->gap ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* The own leaf first, which sets limits; then those whose balls are within them, the nearest first. */
static void walk_balls(rb_leaf_walk *w)
{
    const int64_t n_leaves = w->leaves->n_leaves;
    rb_leaf_place *placed = w->places;
    int64_t n = 0;
    look_into(w, w->leaf, NULL);
    const float most = farthest(w);
    for (int32_t leaf = 0; leaf < n_leaves; leaf++)
        if (leaf != w->leaf && gap_of_balls(w, leaf) <= most)
            w->order[n++] = leaf;
    measure_gaps(w, w->order, n);
    for (int64_t i = 0; i < n; i++)
        placed[i] = (rb_leaf_place){ w->nearest[i], (int32_t)i };
    qsort(placed, (size_t)n, sizeof *placed, by_gap);
    for (int64_t i = 0; i < n && placed[i].gap <= farthest(w); i++)
        look_into(w, w->order[placed[i].at], w->gap + placed[i].at * RB_LEAVES_MOST);
}

static void walk_sparse(rb_leaf_walk *w)
{
    const rb_leaves *l = w->leaves;
    for (int64_t q = 0; q < w->n; q++) {
        rb_leaves_products(w->tile, l, w->position[q], 0);
        for (int64_t leaf = 0; leaf < l->n_leaves; leaf++)
            if (w->limit[q] >= 0 && (!w->wants || w->wants(w->self, w, q, leaf)))
                w->take(w->self, w, q, l->begin[leaf], l->begin[leaf + 1] - l->begin[leaf], w->tile + l->begin[leaf]);
    }
}

void rb_leaf_walk_run(rb_leaf_walk *w)
{
    const rb_leaves *l = w->leaves;
    const int64_t d = l->points->d;
    if (l->points->sparse) {
        walk_sparse(w);
        return;
    }
    for (int64_t q = 0; q < w->n; q++)
        memcpy(w->rows + q * d, (const float *)l->rows.data + w->position[q] * d, (size_t)d * sizeof *w->rows);
    if (w->balls) {
        walk_balls(w);
        return;
    }
    for (int64_t at = 0; at < l->n_leaves; at++)
        look_into(w, (w->leaf + at) % l->n_leaves, NULL);
}

void rb_leaf_cut(int64_t *first, const rb_leaves *l, const int64_t *weight, int n_ranks)
{
    int64_t total = 0, sum = 0, leaf = 0;
    for (int64_t a = 0; a < l->n_leaves; a++)
        total += weight ? weight[a] : l->begin[a + 1] - l->begin[a];
    for (int k = 0; k < n_ranks; k++) {
        for (; leaf < l->n_leaves && sum * n_ranks < total * k; leaf++)
            sum += weight ? weight[leaf] : l->begin[leaf + 1] - l->begin[leaf];
        first[k] = leaf;
    }
    first[n_ranks] = l->n_leaves;
}
