/*
 * k-means||: a few rounds, each of which draws about OVERSAMPLING k points at once, point i with probability
 * min(1, OVERSAMPLING k w_i / sum w). The candidates, weighted by the points that are nearest to them, are then
 * reduced to k by weighted k-means++, which every rank computes alike.
 *
 * Bahmani et al. (2012), doi:10.14778/2180912.2180915.
 */
#include <math.h>

#include "cluster/core/kmeans_seed.h"

#define ROUNDS 5
#define OVERSAMPLING 2

typedef struct {
    int64_t *point; /* [n] candidates of all ranks, by round, then ascending */
    int64_t n, capacity;
    int64_t *mine; /* this round's of this rank */
    int64_t n_mine, mine_capacity;
} candidates;

/* This round's candidates among the rank's rows. */
static rb_status sample(candidates *c, const rb_kmeans_seeding_state *s, int round, double total, rb_error *err)
{
    const rb_kmeans_data *data = s->data;
    double factor = OVERSAMPLING * (double)data->k / total;
    rb_rng rng = { s->ctx->seed, rb_stream("kmeans parallel"), (uint32_t)s->restart, 0 };
    c->n_mine = 0;
    for (int64_t i = data->begin; i < data->end; i++) {
        double w = s->weight[i - data->begin];
        rng.entity = (uint64_t)i;
        if (w > 0 && rb_rng_uniform(&rng, (uint32_t)round) < factor * w) {
            RB_TRY(rb_grow(&c->mine, &c->mine_capacity, c->n_mine + 1, err));
            c->mine[c->n_mine++] = i;
        }
    }
done:
    return err->status;
}

/* Appends the candidates of all ranks, in rank order: ascending points. Collective. */
static rb_status share(candidates *c, const rb_kmeans_seeding_state *s, rb_error *err)
{
    const rb_ctx *ctx = s->ctx;
    int64_t *begin = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    begin[ctx->rank + 1] = c->n_mine * (int64_t)sizeof *c->mine;
    rb_sum_int64(ctx, begin, ctx->n_ranks + 1);
    for (int r = 0; r < ctx->n_ranks; r++)
        begin[r + 1] += begin[r];
    int64_t n = begin[ctx->n_ranks] / (int64_t)sizeof *c->mine;
    RB_TRY_ALL(ctx, rb_grow(&c->point, &c->capacity, c->n + n, err));
    rb_allgather_bytes(ctx, c->point + c->n, c->mine, begin);
    c->n += n;
done:
    rb_free(begin);
    return err->status;
}

/* Candidates [first, c->n) join the seeds together: one assignment against all of them. Collective. */
static rb_status add_batch(rb_kmeans_seeding_state *s, const candidates *c, int64_t first, rb_error *err)
{
    const rb_kmeans_data *data = s->data;
    const rb_ctx *ctx = s->ctx;
    rb_kmeans_centres centres = { 0 };
    rb_kmeans_pass pass = { 0 };
    int32_t *label = NULL;
    if (c->n == first)
        return RB_OK;
    RB_TRY(rb_kmeans_centres_init(&centres, data, c->n - first, ctx, err));
    rb_alloc(&label, data->n, err);
    RB_TRY_ALL(ctx, rb_kmeans_pass_init(&pass, data, &centres, label, false, 0, ctx, err));
    rb_kmeans_centres_set_points(&centres, data, c->point + first, ctx);
    rb_kmeans_assign(&pass, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = data->block_begin; b < data->block_end; b++) {
        int64_t begin = data->blocks.begin[b], end = data->blocks.begin[b + 1];
        for (int64_t i = begin; i < end; i++) {
            double distance = data->kernels->own_distance(data, &centres, i, label[i]);
            distance = data->is_spherical ? 2 * fmax(distance, 0) : distance; /* the squared chord */
            if (distance < s->weight[i - data->begin]) {
                s->weight[i - data->begin] = distance;
                s->nearest[i - data->begin] = (int32_t)first + label[i];
            }
        }
        s->block_sum[b] = rb_kmeans_weight_sum(s->weight + begin - data->begin, end - begin);
    }
    rb_barrier(ctx); /* the table of centres is read until here */
done:
    rb_kmeans_pass_fini(&pass);
    rb_kmeans_centres_fini(&centres);
    rb_free(label);
    return err->status;
}

/* Index at which the running sum of mass passes target: the last with any mass where rounding hides it, -1 without. */
static int64_t draw_mass(const double *mass, int64_t n, double target)
{
    int64_t chosen = -1;
    double running = 0;
    for (int64_t i = 0; i < n && running <= target; i++)
        if (mass[i] > 0) {
            chosen = i;
            running += mass[i];
        }
    return chosen;
}

/* k of the candidates by k-means++ in which candidate i stands for count[i] points. The same on every rank. */
static rb_status reduce(int64_t *seeds, rb_kmeans_seeding_state *s, const candidates *c, const int64_t *count,
                        rb_error *err)
{
    double *mass = NULL, *least = NULL, *distance = NULL;
    bool *taken = NULL;
    rb_alloc(&mass, c->n, err);
    rb_alloc(&least, c->n, err);
    rb_alloc(&taken, c->n, err);
    RB_TRY_ALL(s->ctx, rb_alloc(&distance, c->n, err));
    for (int64_t i = 0; i < c->n; i++)
        least[i] = 1;
    for (int64_t j = 0; j < s->data->k; j++) {
        double total = 0;
        for (int64_t i = 0; i < c->n; i++)
            total += mass[i] = taken[i] ? 0 : least[i] * (double)count[i];
        int64_t chosen = draw_mass(mass, c->n, rb_kmeans_seeding_draw(s, "kmeans reduce", j, 0) * total);
        for (int64_t i = 0; i < c->n && chosen < 0; i++)
            chosen = taken[i] ? -1 : i;
        taken[chosen] = true;
        seeds[j] = c->point[chosen];
        s->data->kernels->tabulate(&s->table, s->data, seeds + j, 1);
        s->data->kernels->distances(distance, s->data, c->point, c->n, &s->table);
        for (int64_t i = 0; i < c->n; i++)
            least[i] = j == 0 || distance[i] < least[i] ? distance[i] : least[i];
    }
done:
    rb_free(mass);
    rb_free(least);
    rb_free(distance);
    rb_free(taken);
    return err->status;
}

rb_status rb_kmeans_parallel_seeds(int64_t *seeds, rb_kmeans_seeding_state *s, rb_error *err)
{
    const rb_kmeans_data *data = s->data;
    candidates c = { 0 };
    int64_t *count = NULL;
    RB_TRY_ALL(s->ctx, rb_grow(&c.point, &c.capacity, 1, err));
    c.point[c.n++] = seeds[0];
    for (int round = 0; round < ROUNDS; round++) {
        double total = rb_kmeans_seeding_total(s);
        if (!(total > 0))
            break;
        RB_TRY_ALL(s->ctx, sample(&c, s, round, total, err));
        int64_t first = c.n;
        RB_TRY(share(&c, s, err));
        RB_TRY(add_batch(s, &c, first, err));
    }
    if (c.n < data->k) { /* too few, in small data: all of them, and the rest one by one */
        for (int64_t i = 0; i < c.n; i++)
            seeds[i] = c.point[i];
        rb_kmeans_plus_plus(seeds, s, c.n);
        goto done;
    }
    RB_TRY_ALL(s->ctx, rb_alloc(&count, c.n, err));
    for (int64_t i = 0; i < data->end - data->begin; i++)
        count[s->nearest[i]]++;
    rb_sum_int64(s->ctx, count, c.n);
    RB_TRY(reduce(seeds, s, &c, count, err));
done:
    rb_free(count);
    rb_free(c.point);
    rb_free(c.mine);
    return err->status;
}
