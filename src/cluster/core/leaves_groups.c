#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/rng.h"
#include "cluster/core/leaves.h"
#include "linalg/gemm.h"

static int64_t n_pivots(int64_t n)
{
    int64_t pivots = (int64_t)(2 * sqrt((double)n));
    return pivots < n ? pivots : n;
}

int64_t rb_leaves_most(int64_t n)
{
    return n / RB_LEAVES_MOST + n_pivots(n);
}

/* What groups are made of. */
typedef struct {
    int64_t n_pivots;
    float *pivot;    /* [n_pivots x d] */
    float *half;     /* [n_pivots] half the squared length */
    float *products; /* [n_threads x RB_LEAVES_MOST x n_pivots] */
    float *box;      /* [n_threads x 2 d] */
    int32_t *group;  /* [n] of a point */
    int64_t *begin;  /* [n_pivots + 1] positions */
    int64_t *leaf;   /* [n_pivots + 1] */
} groups;

/* Even steps would meet the order of the points. */
static void choose_pivots(groups *g, const float *rows, int64_t n, int64_t d)
{
    for (int64_t k = 0; k < g->n_pivots; k++) {
        rb_rng rng = { 0, rb_stream("pivots"), 0, (uint64_t)k };
        const float *x = rows + (int64_t)(rb_rng_uniform(&rng, 0) * (double)n) * d;
        double sum = 0;
        memcpy(g->pivot + k * d, x, (size_t)d * sizeof *x);
        for (int64_t f = 0; f < d; f++)
            sum += (double)x[f] * (double)x[f];
        g->half[k] = (float)(sum / 2);
    }
}

static int32_t nearest_pivot(const groups *g, const float *product)
{
    float least = INFINITY;
    int32_t nearest = 0;
    for (int64_t k = 0; k < g->n_pivots; k++)
        least = g->half[k] - product[k] < least ? g->half[k] - product[k] : least;
    while (nearest < g->n_pivots - 1 && !(g->half[nearest] - product[nearest] <= least))
        nearest++;
    return nearest;
}

static void join_pivots(groups *g, const float *rows, int64_t d, int64_t begin, int64_t end, const rb_ctx *ctx)
{
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t first = begin; first < end; first += RB_LEAVES_MOST) {
        int64_t n = end - first < RB_LEAVES_MOST ? end - first : RB_LEAVES_MOST;
        float *products = g->products + omp_get_thread_num() * RB_LEAVES_MOST * g->n_pivots;
        rb_gemm_nt_f32(products, g->n_pivots, rows + first * d, d, n, g->pivot, d, g->n_pivots, d);
        for (int64_t i = 0; i < n; i++)
            g->group[first + i] = nearest_pivot(g, products + i * g->n_pivots);
    }
}

/* Points by group, by index within it; groups get as many leaves as they need. */
static void lay_out(groups *g, rb_leaves *l)
{
    const int64_t n = l->points->n;
    for (int64_t i = 0; i < n; i++)
        g->begin[g->group[i] + 1]++;
    for (int64_t k = 0; k < g->n_pivots; k++) {
        g->leaf[k + 1] = g->leaf[k] + (g->begin[k + 1] + RB_LEAVES_MOST - 1) / RB_LEAVES_MOST;
        g->begin[k + 1] += g->begin[k];
    }
    for (int64_t i = n - 1; i >= 0; i--)
        l->order[--g->begin[g->group[i] + 1]] = (int32_t)i;
    for (int64_t k = 0; k < g->n_pivots; k++)
        g->begin[k] = g->begin[k + 1];
    g->begin[g->n_pivots] = n;
    l->n_leaves = g->leaf[g->n_pivots];
    l->begin[l->n_leaves] = n;
}

/* Cuts [begin, end) into n leaves of about equal size, from `leaf` on. */
static void cut(rb_leaves *l, const float *rows, float *box, int64_t begin, int64_t end, int64_t leaf, int64_t n)
{
    const int64_t d = l->points->d;
    for (; n > 1; n /= 2) {
        int64_t upper = n - n / 2, middle = begin + (end - begin) / n * (n / 2) + (end - begin) % n * (n / 2) / n;
        rb_leaves_bound(box, rows, l->order + begin, end - begin, d);
        if (d > 0)
            rb_leaves_halve(l->order + begin, end - begin, middle - begin, rows + rb_leaves_widest(box, d), d);
        cut(l, rows, box, middle, end, leaf + n / 2, upper);
        end = middle;
    }
    l->begin[leaf] = begin;
}

static rb_status allocate(groups *g, int64_t n, int64_t d, const rb_ctx *ctx, rb_error *err)
{
    rb_alloc(&g->pivot, g->n_pivots * d, err);
    rb_alloc(&g->half, g->n_pivots, err);
    rb_alloc(&g->products, ctx->n_threads * RB_LEAVES_MOST * g->n_pivots, err);
    rb_alloc(&g->box, ctx->n_threads * 2 * d, err);
    rb_alloc(&g->group, n, err);
    rb_alloc(&g->begin, g->n_pivots + 1, err);
    return rb_alloc(&g->leaf, g->n_pivots + 1, err);
}

rb_status rb_leaves_group(rb_leaves *l, const float *rows, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = l->points->n, d = l->points->d;
    groups g = { .n_pivots = n_pivots(n) };
    int64_t *offsets = NULL;
    rb_alloc(&offsets, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, allocate(&g, n, d, ctx, err));
    choose_pivots(&g, rows, n, d);
    for (int k = 0; k <= ctx->n_ranks; k++)
        offsets[k] = n / ctx->n_ranks * k + n % ctx->n_ranks * k / ctx->n_ranks;
    join_pivots(&g, rows, d, offsets[ctx->rank], offsets[ctx->rank + 1], ctx);
    for (int k = 0; k <= ctx->n_ranks; k++)
        offsets[k] *= (int64_t)sizeof *g.group;
    rb_allgather_bytes(ctx, g.group, (char *)g.group + offsets[ctx->rank], offsets);
    lay_out(&g, l);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t k = 0; k < g.n_pivots; k++)
        if (g.leaf[k] < g.leaf[k + 1])
            cut(l, rows, g.box + omp_get_thread_num() * 2 * d, g.begin[k], g.begin[k + 1], g.leaf[k],
                g.leaf[k + 1] - g.leaf[k]);
done:
    rb_free(g.pivot);
    rb_free(g.half);
    rb_free(g.products);
    rb_free(g.box);
    rb_free(g.group);
    rb_free(g.begin);
    rb_free(g.leaf);
    rb_free(offsets);
    return err->status;
}
