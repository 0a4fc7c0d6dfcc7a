#include "cluster/core/radius.h"

#include <string.h>

static int64_t scratch_bytes(int64_t n, bool is_sparse)
{
    int64_t tile = is_sparse ? n : (int64_t)RB_LEAVES_MOST * RB_LEAVES_MOST;
    int64_t bytes = RB_RADIUS_BUFFER * RB_RADIUS_PAIR_BYTES + tile * (int64_t)sizeof(float);
    return (bytes + 63) / 64 * 64;
}

int64_t rb_radius_room(int64_t n, int n_ranks)
{
    return RB_RADIUS_KEPT * (n / n_ranks + 1) + RB_RADIUS_BUFFER;
}

double rb_radius_bytes(double n, double d, double nnz, int n_ranks, int n_threads)
{
    bool is_sparse = nnz > 0;
    double leaves = is_sparse ? n / RB_LEAVES_SPARSE_ROWS + 1 : 2 * n / RB_LEAVES_MOST + 1;
    return rb_leaves_bytes(n, d, nnz) + (8 + 4.0 * RB_RADIUS_LEVELS) * leaves +
           8 * (double)rb_radius_room((int64_t)n, n_ranks) + (double)scratch_bytes((int64_t)n, is_sparse) * n_threads;
}

/* All limits, or as many of them, evenly spread, as there are levels; the largest always. */
static void choose_levels(rb_radius *r, const double *limits, int64_t n)
{
    r->n_levels = n < RB_RADIUS_LEVELS ? (int)n : RB_RADIUS_LEVELS;
    for (int v = 0; v < r->n_levels; v++)
        r->level[v] = limits[(v + 1) * n / r->n_levels - 1];
}

rb_status rb_radius_init(rb_radius *r, const rb_metric_points *points, const double *limits, int64_t n_limits,
                         int64_t room, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = points->n;
    *r = (rb_radius){ .n_room = room, .scratch_bytes = scratch_bytes(n, points->sparse != NULL) };
    choose_levels(r, limits, n_limits);
    RB_TRY(rb_leaves_init(&r->leaves, points, RB_LEAVES_TREE, ctx, err));
    const int64_t n_leaves = r->leaves.n_leaves;
    rb_alloc(&r->kept, r->n_room, err);
    rb_alloc(&r->kept_at, n_leaves, err);
    rb_alloc(&r->kept_count, n_leaves * r->n_levels, err);
    RB_TRY_ALL(ctx, rb_alloc(&r->scratch, r->scratch_bytes * ctx->n_threads, err));
    for (int64_t a = 0; a < n_leaves; a++)
        r->kept_at[a] = RB_RADIUS_NEW;
done:
    return err->status;
}

void rb_radius_fini(rb_radius *r)
{
    rb_leaves_fini(&r->leaves);
    rb_free(r->kept);
    rb_free(r->kept_at);
    rb_free(r->kept_count);
    rb_free(r->scratch);
    memset(r, 0, sizeof *r);
}
