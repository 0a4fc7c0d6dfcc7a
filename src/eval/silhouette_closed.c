/*
 * Cosine without pairs: sum_{y in C} (1 - x.y) = n_C - x.S_C with S_C the sum of the cluster's rows of length 1.
 *
 * Dense: x against the sums of all clusters is one product. Sparse: the sums stand by column, so that a non-zero of x
 * meets the values of all clusters side by side; a stripe of eight clusters (a cache line) is made by one thread.
 */
#include <omp.h>
#include <string.h>

#include "eval/clustering_sums.h"
#include "eval/silhouette_work.h"
#include "linalg/gemm.h"

#define TILE 64
#define STRIPE 8

typedef struct {
    const rb_silhouette_work *work;
    const rb_silhouette_labelling *labelling;
    int index; /* of the labelling */
    int64_t k, stride;
    rb_shared sums;  /* dense: [k x d] */
    double *table;   /* sparse: [d x stride] the same by column */
    double *product; /* [n_threads x TILE x stride] */
} job;

/* Sums by column, on every rank alike. Local. */
static rb_status make_table(job *j, const rb_ctx *ctx, rb_error *err)
{
    const rb_csr *x = j->work->points->sparse;
    rb_members members = { 0 };
    RB_TRY(rb_alloc(&j->table, x->n_cols * j->stride, err));
    RB_TRY(rb_members_init(&members, &j->labelling->labels, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t c = 0; c < j->stride; c += STRIPE)
        for (int64_t own = c; own < c + STRIPE && own < j->k; own++)
            for (int64_t m = members.begin[own]; m < members.begin[own + 1]; m++) {
                int64_t i = members.member[m];
                for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++)
                    j->table[x->col[e] * j->stride + own] += j->work->scale[i] * x->value[e];
            }
done:
    rb_members_fini(&members);
    return err->status;
}

static void products(double *out, const job *j, int64_t begin, int64_t end)
{
    const rb_points *p = j->work->points;
    if (!p->sparse) {
        rb_gemm_nt_f64(out, j->stride, p->dense + begin * p->d, p->d, end - begin, j->sums.data, p->d, j->k, p->d);
        return;
    }
    const rb_csr *x = p->sparse;
    memset(out, 0, (size_t)((end - begin) * j->stride) * sizeof *out);
    for (int64_t i = begin; i < end; i++) {
        double *restrict sum = out + (i - begin) * j->stride;
        for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++) {
            const double *restrict row = j->table + x->col[e] * j->stride;
            double value = x->value[e];
            for (int64_t c = 0; c < j->stride; c++)
                sum[c] = __builtin_fma(value, row[c], sum[c]);
        }
    }
}

/* Scores of rows [begin, end). */
static void score_rows(double *product, const job *j, int64_t begin, int64_t end)
{
    const rb_silhouette_work *w = j->work;
    const rb_compact_labels *labels = &j->labelling->labels;
    double *scores = w->scores.data;
    products(product, j, begin, end);
    for (int64_t i = begin; i < end; i++) {
        double *sum = product + (i - begin) * j->stride, scale = w->scale[i];
        int32_t own = labels->label[i];
        if (own < 0)
            continue;
        for (int64_t c = 0; c < j->k; c++)
            sum[c] = (double)labels->size[c] - sum[c] * scale;
        double self = 1 - w->norm2[i] * scale * scale; /* 1 - x.x: 0 but for zero rows */
        scores[i * w->n_labellings + j->index] = rb_silhouette_score(j->labelling, own, sum, 1, INFINITY, self, true);
    }
}

static rb_status one_labelling(job *j, const rb_blocks *blocks, const rb_ctx *ctx, rb_error *err)
{
    const rb_points *p = j->work->points;
    if (p->sparse)
        make_table(j, ctx, err);
    else
        rb_cluster_sums(&j->sums, p, &j->labelling->labels, j->work->scale, ctx, err);
    RB_TRY_ALL(ctx, rb_alloc(&j->product, ctx->n_threads * TILE * j->stride, err));
    int32_t first = rb_blocks_of(blocks, ctx->rank, ctx->n_ranks),
            last = rb_blocks_of(blocks, ctx->rank + 1, ctx->n_ranks);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = first; b < last; b++)
        for (int64_t begin = blocks->begin[b]; begin < blocks->begin[b + 1]; begin += TILE) {
            int64_t end = begin + TILE < blocks->begin[b + 1] ? begin + TILE : blocks->begin[b + 1];
            score_rows(j->product + omp_get_thread_num() * TILE * j->stride, j, begin, end);
        }
    rb_barrier(ctx); /* the sums are read until here */
done:
    rb_shared_fini(&j->sums);
    rb_free(j->table);
    rb_free(j->product);
    return err->status;
}

rb_status rb_silhouette_closed(rb_silhouette_work *work, const rb_ctx *ctx, rb_error *err)
{
    rb_blocks blocks = { 0 };
    int64_t *offsets = NULL;

    rb_alloc(&offsets, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_blocks_init(&blocks, work->points->n, NULL, TILE, err));
    for (int l = 0; l < work->n_labellings; l++) {
        const rb_silhouette_labelling *labelling = &work->labelling[l];
        if (!labelling->applies || labelling->by_pairs)
            continue;
        int64_t k = labelling->labels.k;
        job j = {
            .work = work, .labelling = labelling, .index = l, .k = k, .stride = (k + STRIPE - 1) / STRIPE * STRIPE
        };
        RB_TRY(one_labelling(&j, &blocks, ctx, err));
    }
    rb_blocks_offsets(offsets, &blocks, ctx);
    rb_shared_publish(&work->scores, offsets, work->n_labellings * (int64_t)sizeof(double), ctx);
done:
    rb_blocks_fini(&blocks);
    rb_free(offsets);
    return err->status;
}
