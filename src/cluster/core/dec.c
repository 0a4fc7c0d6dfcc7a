#include "cluster/core/dec.h"

#include <math.h>
#include <string.h>

#include "cluster/core/kmeans.h"

#define MOST_ITERATIONS 300

double *rb_dec_centres(const rb_mlp *net)
{
    return net->parameter + net->offset[net->n_layers];
}

rb_status rb_dec_begin(rb_dec_state *dec, const rb_points *x, int64_t k, double weight, const rb_ctx *ctx,
                       rb_error *err)
{
    *dec = (rb_dec_state){ .k = k, .weight = weight };
    int32_t own =
        rb_blocks_of(&x->blocks, ctx->rank + 1, ctx->n_ranks) - rb_blocks_of(&x->blocks, ctx->rank, ctx->n_ranks);
    rb_alloc(&dec->partial, own * k, err);
    rb_alloc(&dec->frequency, k, err);
    RB_TRY_ALL(ctx, rb_alloc(&dec->begin, ctx->n_ranks + 1, err));
    rb_blocks_offsets(dec->begin, &x->blocks, ctx);
    RB_TRY(rb_shared_alloc(&dec->target_memory, x->n * k * (int64_t)sizeof(double), ctx, err));
    RB_TRY(rb_shared_alloc(&dec->label_memory, x->n * (int64_t)sizeof(int32_t), ctx, err));
    dec->target = dec->target_memory.data;
    dec->label = dec->label_memory.data;
done:
    return err->status;
}

void rb_dec_fini(rb_dec_state *dec)
{
    rb_shared_fini(&dec->target_memory);
    rb_shared_fini(&dec->label_memory);
    rb_free(dec->partial);
    rb_free(dec->frequency);
    rb_free(dec->begin);
    memset(dec, 0, sizeof *dec);
}

/* ---- centres ---- */

/* One start of K-Means to its end. */
static rb_status run_kmeans(double *cost, rb_kmeans_pass *pass, rb_kmeans_centres *centres, int64_t *count,
                            double *drift, const rb_ctx *ctx, rb_error *err)
{
    rb_kmeans_pass last = *pass;
    rb_kmeans_pass_reset(pass);
    for (int i = 0; i < MOST_ITERATIONS; i++) {
        rb_kmeans_update update = { .drift = drift };
        bool filled = true;
        int64_t changed = rb_kmeans_assign(pass, ctx);
        rb_kmeans_count(count, pass, ctx);
        for (int64_t c = 0; c < pass->data->k; c++)
            filled = filled && count[c] > 0;
        if (!filled) {
            RB_TRY(rb_kmeans_reseed(count, pass, ctx, err));
            rb_kmeans_accumulate(pass, ctx);
        }
        RB_TRY(rb_kmeans_move(&update, centres, pass, count, ctx, err));
        if (changed == 0 && filled)
            break;
    }
    last.partial = NULL;
    rb_kmeans_assign(&last, ctx);
    RB_TRY(rb_kmeans_cost(cost, &last, ctx, err));
done:
    return err->status;
}

rb_status rb_dec_start(rb_codes *codes, const rb_points *x, int64_t k, int64_t n_init, const rb_ctx *ctx, rb_error *err)
{
    rb_points points = { .n = codes->n, .d = codes->d, .dense = codes->code, .blocks = x->blocks };
    rb_kmeans_data data = { 0 };
    rb_kmeans_centres centres = { 0 };
    rb_kmeans_pass pass = { 0 };
    rb_shared labels = { 0 };
    int64_t *seed = NULL, *count = NULL;
    double *drift = NULL, best = INFINITY;
    rb_alloc(&seed, k, err);
    rb_alloc(&count, k, err);
    RB_TRY_ALL(ctx, rb_alloc(&drift, k, err));
    RB_TRY(rb_shared_alloc(&labels, codes->n * (int64_t)sizeof(int32_t), ctx, err));
    RB_TRY(rb_kmeans_data_init(&data, &points, k, false, false, true, ctx, err));
    RB_TRY(rb_kmeans_centres_init(&centres, &data, k, ctx, err));
    RB_TRY_ALL(ctx, rb_kmeans_pass_init(&pass, &data, &centres, labels.data, true, 1, ctx, err));
    for (int64_t restart = 0; restart < n_init; restart++) {
        double cost = 0;
        RB_TRY(rb_kmeans_seeds(seed, &data, RB_KMEANS_PLUS_PLUS, rb_kmeans_local_trials(k), restart, ctx, err));
        rb_kmeans_centres_set_points(&centres, &data, seed, ctx);
        RB_TRY(run_kmeans(&cost, &pass, &centres, count, drift, ctx, err));
        if (cost < best) {
            best = cost;
            rb_kmeans_centres_get(rb_dec_centres(&codes->net), &centres, &data);
        }
    }
done:
    rb_kmeans_pass_fini(&pass);
    rb_kmeans_centres_fini(&centres);
    rb_kmeans_data_fini(&data);
    rb_shared_fini(&labels);
    rb_free(drift);
    rb_free(count);
    rb_free(seed);
    return err->status;
}

/* ---- soft assignments ---- */

/* t_j of a code; returns their sum. */
static double similarities(double *t, const double *z, const double *centres, int64_t k, int64_t d)
{
    double sum = 0;
    for (int64_t j = 0; j < k; j++) {
        double distance = 0;
        for (int64_t f = 0; f < d; f++)
            distance += (z[f] - centres[j * d + f]) * (z[f] - centres[j * d + f]);
        t[j] = 1 / (1 + distance);
        sum += t[j];
    }
    return sum;
}

void rb_dec_labels(int32_t *label, const double *code, int64_t n, const double *centres, int64_t k, int64_t d)
{
    double t[RB_DEC_MOST_CLUSTERS];
    for (int64_t i = 0; i < n; i++) {
        similarities(t, code + i * d, centres, k, d);
        label[i] = 0;
        for (int32_t j = 1; j < k; j++)
            if (t[j] > t[label[i]])
                label[i] = j;
    }
}

/* q of the rows of a block in the place of p, their sums, and the labels; returns how many labels changed. */
static int64_t soften(rb_dec_state *dec, double *sum, const rb_codes *codes, int64_t first, int64_t last)
{
    const double *centres = rb_dec_centres(&codes->net);
    int64_t n_changed = 0, k = dec->k;
    for (int64_t i = first; i < last; i++) {
        const double *z = codes->code + i * codes->d;
        double *q = dec->target + i * k, all = similarities(q, z, centres, k, codes->d);
        int32_t before = dec->label[i];
        rb_dec_labels(&dec->label[i], z, 1, centres, k, codes->d);
        n_changed += dec->label[i] != before;
        for (int64_t j = 0; j < k; j++) {
            q[j] /= all;
            sum[j] += q[j];
        }
    }
    return n_changed;
}

/* p of a row from its q. */
static void sharpen(double *p, const double *frequency, int64_t k)
{
    double all = 0;
    for (int64_t j = 0; j < k; j++) {
        p[j] = frequency[j] > 0 ? p[j] * p[j] / frequency[j] : 0;
        all += p[j];
    }
    for (int64_t j = 0; j < k; j++)
        p[j] /= all;
}

rb_status rb_dec_aim(rb_dec_state *dec, int64_t *n_changed, const rb_codes *codes, const rb_points *x,
                     const rb_ctx *ctx, rb_error *err)
{
    const rb_blocks *blocks = &x->blocks;
    int32_t first = rb_blocks_of(blocks, ctx->rank, ctx->n_ranks),
            last = rb_blocks_of(blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t changed = 0, k = dec->k;
    memset(dec->partial, 0, (size_t)((last - first) * k) * sizeof *dec->partial);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic) reduction(+ : changed)
    for (int32_t b = first; b < last; b++)
        changed += soften(dec, dec->partial + (b - first) * k, codes, blocks->begin[b], blocks->begin[b + 1]);
    RB_TRY(rb_blocks_sum(dec->frequency, dec->partial, k, blocks, ctx, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = dec->begin[ctx->rank]; i < dec->begin[ctx->rank + 1]; i++)
        sharpen(dec->target + i * k, dec->frequency, k);
    rb_shared_publish(&dec->target_memory, dec->begin, k * (int64_t)sizeof(double), ctx);
    rb_shared_publish(&dec->label_memory, dec->begin, sizeof(int32_t), ctx);
    rb_sum_int64(ctx, &changed, 1);
    *n_changed = changed;
done:
    return err->status;
}

/* dL/dz = 2 sum_j t_j (p_j - q_j) (z - mu_j); dL/dmu_j is a row's part of it with the other sign. */
double rb_dec_loss(double *delta, double *extra, const double *z, const int64_t *row, int64_t m, double scale,
                   const rb_mlp *net, const void *self)
{
    const rb_dec_state *dec = self;
    const double *centres = rb_dec_centres(net);
    int64_t d = net->width[net->code], k = dec->k;
    double t[RB_DEC_MOST_CLUSTERS], loss = 0;
    for (int64_t i = 0; i < m; i++) {
        const double *p = dec->target + row[i] * k;
        double all = similarities(t, z + i * d, centres, k, d);
        for (int64_t j = 0; j < k; j++) {
            double pull = 2 * dec->weight * scale * t[j] * (p[j] - t[j] / all);
            loss += p[j] > 0 ? p[j] * log(p[j] * all / t[j]) : 0;
            for (int64_t f = 0; f < d; f++) {
                double part = pull * (z[i * d + f] - centres[j * d + f]);
                delta[i * d + f] += part;
                extra[j * d + f] -= part;
            }
        }
    }
    return dec->weight * scale * loss;
}
