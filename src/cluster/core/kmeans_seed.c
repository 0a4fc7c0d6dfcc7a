/*
 * First centres: k-means++ (Arthur and Vassilvitskii 2007) and k-means|| (Bahmani et al. 2012,
 * doi:10.14778/2180912.2180915).
 *
 * A seed is drawn with probability w_i / sum w, w_i the squared distance to the nearest seed. Sums of w are kept by
 * block; a draw finds the block, then the point, so that it depends on the blocks alone.
 */
#include <math.h>
#include <string.h>

#include "cluster/core/kmeans_seed.h"

#define CHUNK 512 /* rows whose distances are computed in one call */

static rb_status seeding_init(rb_kmeans_seeding_state *s, rb_error *err)
{
    int64_t own = s->data->end - s->data->begin;
    double *y = NULL; /* wide enough for both precisions */
    rb_alloc(&s->weight, own, err);
    rb_alloc(&s->nearest, own, err);
    rb_alloc(&s->block_sum, s->data->blocks.n_blocks, err);
    rb_alloc(&s->between, s->data->k, err);
    rb_alloc(&s->offsets, s->ctx->n_ranks + 1, err);
    rb_alloc(&y, s->data->d, err);
    s->seed.y = y;
    for (int64_t i = 0; err->status == RB_OK && i < own; i++) {
        s->weight[i] = INFINITY;
        s->nearest[i] = 0;
    }
    return err->status;
}

static void seeding_fini(rb_kmeans_seeding_state *s)
{
    rb_free(s->weight);
    rb_free(s->nearest);
    rb_free(s->block_sum);
    rb_free(s->between);
    rb_free(s->offsets);
    rb_free(s->seed.y);
}

/* Eight chains, combined pairwise: the order is fixed by the block. */
double rb_kmeans_weight_sum(const double *weight, int64_t n)
{
    double lane[8] = { 0 };
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int l = 0; l < 8; l++)
            lane[l] += weight[i + l];
    for (; i < n; i++)
        lane[i % 8] += weight[i];
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/*
 * The new seed cannot be nearer to x than x's own seed where d(new, own) >= 2 d(x, own), so x is not read. Squared, and
 * with room for the rounding of both. Sparse distances are differences of products, for which a relative bound does not
 * hold: their points are all read, which costs one product with the non-zeros.
 */
static bool can_skip(const rb_kmeans_seeding_state *s, int64_t own, double shrunk)
{
    double w = s->weight[own];
    return (w == 0) | (s->between[s->nearest[own]] * shrunk >= w + s->data->tiny);
}

static void add_to_block(rb_kmeans_seeding_state *s, int32_t block, int32_t seed)
{
    const rb_kmeans_data *data = s->data;
    int64_t rows[CHUNK], begin = data->blocks.begin[block], end = data->blocks.begin[block + 1];
    double distance[CHUNK], shrunk = data->is_sparse ? -1 : 0.25 * (1 - 4 * data->unit);
    int n = 0;
    for (int64_t i = begin; i < end; i++) {
        rows[n] = i; /* without a branch: what is skipped has no pattern */
        n += !can_skip(s, i - data->begin, shrunk);
        if (n == CHUNK || (n > 0 && i + 1 == end)) {
            s->kernels->distances(distance, data, rows, n, &s->seed);
            for (int l = 0; l < n; l++)
                if (distance[l] < s->weight[rows[l] - data->begin]) {
                    s->weight[rows[l] - data->begin] = distance[l];
                    s->nearest[rows[l] - data->begin] = seed;
                }
            n = 0;
        }
    }
    s->block_sum[block] = rb_kmeans_weight_sum(s->weight + begin - data->begin, end - begin);
}

void rb_kmeans_seeding_add(rb_kmeans_seeding_state *s, const int64_t *seeds, int32_t n)
{
    const rb_kmeans_data *data = s->data;
    s->kernels->expand(&s->seed, data, seeds[n]);
    if (!data->is_sparse)
        s->kernels->distances(s->between, data, seeds, n, &s->seed);
#pragma omp parallel for num_threads(s->ctx->n_threads) schedule(dynamic)
    for (int32_t b = data->block_begin; b < data->block_end; b++)
        add_to_block(s, b, n);
}

double rb_kmeans_seeding_total(rb_kmeans_seeding_state *s)
{
    const rb_blocks *blocks = &s->data->blocks;
    for (int r = 0; r <= s->ctx->n_ranks; r++)
        s->offsets[r] = rb_blocks_of(blocks, r, s->ctx->n_ranks) * (int64_t)sizeof(double);
    rb_allgather_bytes(s->ctx, s->block_sum, (char *)s->block_sum + s->offsets[s->ctx->rank], s->offsets);
    double total = 0;
    for (int32_t b = 0; b < blocks->n_blocks; b++)
        total += s->block_sum[b];
    return total;
}

/* The first point, ascending, at which the running sum of weights passes target; -1 where it is not this rank's. */
static int64_t point_at(const rb_kmeans_seeding_state *s, double target)
{
    const rb_kmeans_data *data = s->data;
    int32_t block = -1;
    double before = 0, running = 0;
    for (int32_t b = 0; b < data->blocks.n_blocks && running <= target; b++)
        if (s->block_sum[b] > 0) {
            before = running;
            running += s->block_sum[b];
            block = b;
        }
    if (block < data->block_begin || block >= data->block_end)
        return -1;
    int64_t chosen = -1;
    running = before;
    for (int64_t i = data->blocks.begin[block]; i < data->blocks.begin[block + 1]; i++)
        if (s->weight[i - data->begin] > 0) {
            chosen = i; /* the last one, where rounding leaves the sum below the target */
            running += s->weight[i - data->begin];
            if (running > target)
                break;
        }
    return chosen;
}

/* Lowest index that is not a seed yet: for points fewer of which differ than seeds are wanted. */
static int64_t first_unused(const int64_t *seeds, int64_t n_seeds)
{
    for (int64_t i = 0;; i++) {
        bool used = false;
        for (int64_t s = 0; s < n_seeds && !used; s++)
            used = seeds[s] == i;
        if (!used)
            return i;
    }
}

double rb_kmeans_seeding_draw(const rb_kmeans_seeding_state *s, const char *stream, int64_t entity)
{
    rb_rng rng = { s->ctx->seed, rb_stream(stream), (uint32_t)s->restart, (uint64_t)entity };
    return rb_rng_uniform(&rng, 0);
}

void rb_kmeans_plus_plus(int64_t *seeds, rb_kmeans_seeding_state *s, int64_t have)
{
    const rb_kmeans_data *data = s->data;
    for (; have < data->k; have++) {
        double total = rb_kmeans_seeding_total(s);
        int64_t point = total > 0 ? point_at(s, rb_kmeans_seeding_draw(s, "kmeans plus_plus", have) * total)
                                  : first_unused(seeds, have);
        rb_max_int64(s->ctx, &point, 1);
        seeds[have] = point;
        if (have + 1 < data->k)
            rb_kmeans_seeding_add(s, seeds, (int32_t)have);
    }
}

rb_status rb_kmeans_seeds(int64_t *points, const rb_kmeans_data *data, rb_kmeans_seeding kind, int64_t restart,
                          const rb_ctx *ctx, rb_error *err)
{
    rb_kmeans_seeding_state s = { .data = data, .kernels = rb_kmeans_kernels_of(data), .ctx = ctx, .restart = restart };
    RB_TRY_ALL(ctx, seeding_init(&s, err));
    rb_rng first = { ctx->seed, rb_stream("kmeans first seed"), (uint32_t)restart, 0 };
    points[0] = rb_rng_below(&first, 0, data->n);
    rb_kmeans_seeding_add(&s, points, 0);
    if (kind == RB_KMEANS_PARALLEL)
        RB_TRY(rb_kmeans_parallel_seeds(points, &s, err));
    else
        rb_kmeans_plus_plus(points, &s, 1);
done:
    seeding_fini(&s);
    return err->status;
}
