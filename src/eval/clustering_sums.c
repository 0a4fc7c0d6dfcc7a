#include "eval/clustering_sums.h"

#include <string.h>

rb_status rb_members_init(rb_members *m, const rb_compact_labels *labels, rb_error *err)
{
    *m = (rb_members){ 0 };
    rb_alloc(&m->begin, labels->k + 2, err);
    RB_TRY(rb_alloc(&m->member, labels->n_kept, err));
    for (int64_t c = 0; c < labels->k; c++)
        m->begin[c + 2] = m->begin[c + 1] + labels->size[c];
    for (int64_t i = 0; i < labels->n; i++)
        if (labels->label[i] >= 0)
            m->member[m->begin[labels->label[i] + 1]++] = i;
done:
    return err->status;
}

void rb_members_fini(rb_members *m)
{
    rb_free(m->begin);
    rb_free(m->member);
    memset(m, 0, sizeof *m);
}

static void add_row(double *restrict sum, const rb_points *p, int64_t i, double scale)
{
    if (p->sparse) {
        for (int64_t e = p->sparse->row_begin[i]; e < p->sparse->row_begin[i + 1]; e++)
            sum[p->sparse->col[e]] += scale * p->sparse->value[e];
        return;
    }
    const double *restrict x = p->dense + i * p->d;
    for (int64_t f = 0; f < p->d; f++)
        sum[f] += scale * x[f];
}

rb_status rb_cluster_sums(rb_shared *sums, const rb_points *points, const rb_compact_labels *labels,
                          const double *scale, const rb_ctx *ctx, rb_error *err)
{
    rb_members members = { 0 };
    rb_blocks blocks = { 0 };
    int64_t *offsets = NULL;

    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    RB_TRY_ALL(ctx, rb_members_init(&members, labels, err));
    RB_TRY_ALL(ctx, rb_blocks_init(&blocks, labels->k, members.begin, 1, err));
    RB_TRY(rb_shared_alloc(sums, labels->k * points->d * (int64_t)sizeof(double), ctx, err));
    rb_blocks_offsets(offsets, &blocks, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t c = offsets[ctx->rank]; c < offsets[ctx->rank + 1]; c++)
        for (int64_t m = members.begin[c]; m < members.begin[c + 1]; m++)
            add_row((double *)sums->data + c * points->d, points, members.member[m],
                    scale ? scale[members.member[m]] : 1);
    rb_shared_publish(sums, offsets, points->d * (int64_t)sizeof(double), ctx);
done:
    rb_members_fini(&members);
    rb_blocks_fini(&blocks);
    rb_free(offsets);
    return err->status;
}
