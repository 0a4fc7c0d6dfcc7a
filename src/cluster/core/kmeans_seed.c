/*
 * First centres: k-means++ (Arthur and Vassilvitskii 2007), greedy where it draws more than one candidate a step, and
 * k-means|| (Bahmani et al. 2012, doi:10.14778/2180912.2180915).
 *
 * A point is drawn with probability w_i / sum w, w_i the squared distance to the nearest seed. Sums of w are kept by
 * block; a draw finds the block, then the point, so that it depends on the blocks alone. Of the candidates of a step
 * that one becomes a seed which lowers sum w the most,
 *
 *     gain(y) = sum_i max(w_i - d2(x_i, y), 0),
 *
 * inside a block one chain over rows, then over blocks ascending. Rows that are left out have a gain of exactly 0, so
 * pruning changes no bit. Where a step has one candidate, rows are told apart from it by a sketch of a byte a
 * coordinate (kmeans_sketch.h); for several, their distances side by side cost less than the sketch would.
 */
#include <math.h>
#include <string.h>

#include "cluster/core/kmeans_seed.h"

#define CHUNK 512 /* rows whose distances are computed in one call */

int64_t rb_kmeans_local_trials(int64_t k)
{
    return 2 + (int64_t)log((double)k);
}

static rb_status seeding_init(rb_kmeans_seeding_state *s, rb_error *err)
{
    const rb_kmeans_data *data = s->data;
    int64_t own = data->end - data->begin, together = data->kernels->together;
    int64_t width = s->local_trials > 1 ? together : 1, trials = s->local_trials > 1 ? s->local_trials : 0;
    double *y = NULL; /* wide enough for both precisions */
    rb_alloc(&s->weight, own, err);
    rb_alloc(&s->nearest, own, err);
    rb_alloc(&s->block_sum, data->blocks.n_blocks, err);
    rb_alloc(&s->between, (s->local_trials + together - 1) / together * data->k, err);
    rb_alloc(&s->apart, data->k * width, err);
    rb_alloc(&s->trial, own * trials, err);
    rb_alloc(&s->gain, data->blocks.n_blocks * trials, err);
    rb_alloc(&s->candidate, s->local_trials, err);
    rb_alloc(&s->offsets, s->ctx->n_ranks + 1, err);
    rb_alloc(&y, data->d * width, err);
    s->table.y = y;
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
    rb_free(s->apart);
    rb_free(s->trial);
    rb_free(s->gain);
    rb_free(s->candidate);
    rb_free(s->offsets);
    rb_free(s->table.y);
    rb_kmeans_sketch_fini(&s->sketch);
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

/* A table of points and its least distance to each of the n seeds. */
static void open_table(rb_kmeans_seeding_state *s, double *between, const int64_t *points, int n_points,
                       const int64_t *seeds, int32_t n)
{
    const rb_kmeans_kernels *kernels = s->data->kernels;
    kernels->tabulate(&s->table, s->data, points, n_points);
    if (!kernels->is_metric)
        return;
    kernels->distances(s->apart, s->data, seeds, n, &s->table);
    for (int32_t j = 0; j < n; j++) {
        between[j] = s->apart[(int64_t)j * n_points];
        for (int c = 1; c < n_points; c++)
            between[j] = fmin(between[j], s->apart[(int64_t)j * n_points + c]);
    }
}

/*
 * No point of the table can be nearer to x than x's own seed where d(point, own) >= 2 d(x, own), so x is not read.
 * Squared, and with room for the rounding of both. Sparse distances are differences of products, for which a relative
 * bound does not hold: their points are all read, which costs one product with the non-zeros.
 */
static double shrink(const rb_kmeans_data *data)
{
    return data->kernels->is_metric ? 0.25 * (1 - 4 * data->unit) : -1;
}

static bool can_skip(const rb_kmeans_seeding_state *s, const double *between, int64_t own, double shrunk)
{
    double w = s->weight[own];
    return (w == 0) | (between[s->nearest[own]] * shrunk >= w + s->data->tiny);
}

/* The next up to CHUNK rows from *row that cannot be skipped. */
static int next_rows(int64_t rows[CHUNK], int64_t *row, int64_t end, const rb_kmeans_seeding_state *s,
                     const double *between)
{
    const double shrunk = shrink(s->data);
    int n = 0;
    int64_t i = *row;
    for (; i < end && n < CHUNK; i++) {
        rows[n] = i; /* without a branch: what is skipped has no pattern */
        n += !can_skip(s, between, i - s->data->begin, shrunk);
    }
    *row = i;
    return rb_kmeans_sketch_keep(rows, n, &s->sketch);
}

static void sum_block(rb_kmeans_seeding_state *s, int32_t block)
{
    int64_t begin = s->data->blocks.begin[block], end = s->data->blocks.begin[block + 1];
    s->block_sum[block] = rb_kmeans_weight_sum(s->weight + begin - s->data->begin, end - begin);
}

static void lower(rb_kmeans_seeding_state *s, int64_t row, double distance, int32_t seed)
{
    int64_t own = row - s->data->begin;
    if (distance < s->weight[own]) {
        s->weight[own] = distance;
        s->nearest[own] = seed;
        rb_kmeans_sketch_limit(&s->sketch, own, distance);
    }
}

static void add_to_block(rb_kmeans_seeding_state *s, int32_t block, int32_t seed)
{
    const rb_kmeans_data *data = s->data;
    int64_t rows[CHUNK], row = data->blocks.begin[block], end = data->blocks.begin[block + 1];
    double distance[CHUNK];
    while (row < end) {
        int n = next_rows(rows, &row, end, s, s->between);
        data->kernels->distances(distance, data, rows, n, &s->table);
        for (int l = 0; l < n; l++)
            lower(s, rows[l], distance[l], seed);
    }
    sum_block(s, block);
}

void rb_kmeans_seeding_add(rb_kmeans_seeding_state *s, const int64_t *seeds, int32_t n)
{
    const rb_kmeans_data *data = s->data;
    open_table(s, s->between, seeds + n, 1, seeds, n);
    rb_kmeans_sketch_aim(&s->sketch, seeds[n]);
#pragma omp parallel for num_threads(s->ctx->n_threads) schedule(dynamic)
    for (int32_t b = data->block_begin; b < data->block_end; b++)
        add_to_block(s, b, n);
}

/* Distances and gains of candidates [first, first + table.n) over the rows of a block. */
static void try_in_block(rb_kmeans_seeding_state *s, int32_t block, int64_t first, const double *between)
{
    const rb_kmeans_data *data = s->data;
    const int m = s->table.n;
    int64_t rows[CHUNK], row = data->blocks.begin[block], end = data->blocks.begin[block + 1];
    double distance[CHUNK * RB_KMEANS_TOGETHER], gain[RB_KMEANS_TOGETHER] = { 0 };
    while (row < end) {
        int n = next_rows(rows, &row, end, s, between);
        data->kernels->distances(distance, data, rows, n, &s->table);
        for (int l = 0; l < n; l++) {
            int64_t own = rows[l] - data->begin;
            const double w = s->weight[own], *near = distance + l * m;
            double *trial = s->trial + own * s->local_trials + first;
            for (int c = 0; c < m; c++) {
                trial[c] = near[c];
                gain[c] += near[c] < w ? w - near[c] : 0;
            }
        }
    }
    memcpy(s->gain + block * s->local_trials + first, gain, (size_t)m * sizeof *gain);
}

/* The winner's distances join the weights. */
static void take_in_block(rb_kmeans_seeding_state *s, int32_t block, int64_t winner, const double *between,
                          int32_t seed)
{
    const rb_kmeans_data *data = s->data;
    int64_t rows[CHUNK], row = data->blocks.begin[block], end = data->blocks.begin[block + 1];
    while (row < end) {
        int n = next_rows(rows, &row, end, s, between);
        for (int l = 0; l < n; l++)
            lower(s, rows[l], s->trial[(rows[l] - data->begin) * s->local_trials + winner], seed);
    }
    sum_block(s, block);
}

/* Brings the pieces of all ranks together, `width` values a block. Collective. */
static void gather_blocks(double *values, int64_t width, rb_kmeans_seeding_state *s)
{
    for (int r = 0; r <= s->ctx->n_ranks; r++)
        s->offsets[r] = rb_blocks_of(&s->data->blocks, r, s->ctx->n_ranks) * width * (int64_t)sizeof *values;
    rb_allgather_bytes(s->ctx, values, (char *)values + s->offsets[s->ctx->rank], s->offsets);
}

/* The candidate with the largest gain, of equals the lowest point. Collective. */
static int64_t best_candidate(rb_kmeans_seeding_state *s)
{
    int64_t best = 0;
    double most = -1;
    gather_blocks(s->gain, s->local_trials, s);
    for (int64_t c = 0; c < s->local_trials; c++) {
        double gain = 0;
        for (int32_t b = 0; b < s->data->blocks.n_blocks; b++)
            gain += s->gain[b * s->local_trials + c];
        if (gain > most || (gain == most && s->candidate[c] < s->candidate[best])) {
            most = gain;
            best = c;
        }
    }
    return best;
}

/* Of the candidates that one which lowers the weights the most becomes seed n. Collective. */
static void add_best(int64_t *seeds, rb_kmeans_seeding_state *s, int32_t n)
{
    const rb_kmeans_data *data = s->data;
    const int64_t together = data->kernels->together;
    for (int64_t first = 0; first < s->local_trials; first += together) {
        double *between = s->between + first / together * data->k;
        int64_t left = s->local_trials - first;
        open_table(s, between, s->candidate + first, (int)(left < together ? left : together), seeds, n);
#pragma omp parallel for num_threads(s->ctx->n_threads) schedule(dynamic)
        for (int32_t b = data->block_begin; b < data->block_end; b++)
            try_in_block(s, b, first, between);
    }
    int64_t winner = best_candidate(s);
    seeds[n] = s->candidate[winner];
    if (n + 1 == data->k)
        return;
#pragma omp parallel for num_threads(s->ctx->n_threads) schedule(dynamic)
    for (int32_t b = data->block_begin; b < data->block_end; b++)
        take_in_block(s, b, winner, s->between + winner / together * data->k, n);
}

double rb_kmeans_seeding_total(rb_kmeans_seeding_state *s)
{
    double total = 0;
    gather_blocks(s->block_sum, 1, s);
    for (int32_t b = 0; b < s->data->blocks.n_blocks; b++)
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

double rb_kmeans_seeding_draw(const rb_kmeans_seeding_state *s, const char *stream, int64_t entity, int64_t draw)
{
    rb_rng rng = { s->ctx->seed, rb_stream(stream), (uint32_t)s->restart, (uint64_t)entity };
    return rb_rng_uniform(&rng, (uint32_t)draw);
}

void rb_kmeans_plus_plus(int64_t *seeds, rb_kmeans_seeding_state *s, int64_t have)
{
    const int64_t k = s->data->k;
    for (; have < k; have++) {
        double total = rb_kmeans_seeding_total(s);
        for (int64_t c = 0; total > 0 && c < s->local_trials; c++)
            s->candidate[c] = point_at(s, rb_kmeans_seeding_draw(s, "kmeans plus_plus", have, c) * total);
        rb_max_int64(s->ctx, s->candidate, s->local_trials);
        if (total > 0 && s->local_trials > 1) {
            add_best(seeds, s, (int32_t)have);
            continue;
        }
        seeds[have] = total > 0 ? s->candidate[0] : first_unused(seeds, have);
        if (have + 1 < k)
            rb_kmeans_seeding_add(s, seeds, (int32_t)have);
    }
}

rb_status rb_kmeans_seeds(int64_t *points, const rb_kmeans_data *data, rb_kmeans_seeding kind, int64_t local_trials,
                          int64_t restart, const rb_ctx *ctx, rb_error *err)
{
    rb_kmeans_seeding_state s = { .data = data, .ctx = ctx, .local_trials = local_trials, .restart = restart };
    RB_TRY_ALL(ctx, seeding_init(&s, err));
    if (kind == RB_KMEANS_PLUS_PLUS && local_trials == 1)
        RB_TRY_ALL(ctx, rb_kmeans_sketch_init(&s.sketch, data, ctx, err));
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
