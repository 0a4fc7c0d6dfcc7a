#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "cluster/core/prototypes.h"

int64_t rb_prototypes_take(rb_prototypes_pass *pass, const rb_ctx *ctx)
{
    int64_t changed = 0;
    for (int64_t i = pass->begin; i < pass->end; i++) {
        changed += pass->label[i] != pass->nearest[i - pass->begin];
        pass->label[i] = pass->nearest[i - pass->begin];
    }
    rb_sum_int64(ctx, &changed, 1);
    return changed;
}

rb_status rb_prototypes_share(rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    int64_t *offsets = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    rb_blocks_offsets(offsets, &pass->blocks, ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        offsets[r] *= (int64_t)sizeof *pass->label;
    rb_allgather_bytes(ctx, pass->label, pass->label + pass->begin, offsets);
done:
    rb_free(offsets);
    return err->status;
}

/* A row joins a block's sums and a thread's counts. */
static void count_row(double *sum, int64_t *size, int64_t *count, const rb_prototypes_pass *pass, int64_t row)
{
    const int64_t c = pass->label[row], n_categories = pass->first[pass->m];
    size[c]++;
    for (int64_t j = 0; j < pass->p; j++)
        sum[c * pass->p + j] += pass->x[row * pass->p + j];
    for (int64_t a = 0; a < pass->m; a++)
        count[c * n_categories + pass->first[a] + pass->code[row * pass->m + a]]++;
}

/* The threads' sizes and counts, then the ranks'. */
static void gather_counts(rb_prototypes_pass *pass, const rb_ctx *ctx)
{
    const int64_t n_counts = pass->k * pass->first[pass->m], width = pass->k + n_counts;
    memcpy(pass->size, pass->threaded, (size_t)pass->k * sizeof *pass->size);
    memcpy(pass->count, pass->threaded + pass->k, (size_t)n_counts * sizeof *pass->count);
    for (int t = 1; t < ctx->n_threads; t++) {
        const int64_t *of = pass->threaded + t * width;
        for (int64_t c = 0; c < pass->k; c++)
            pass->size[c] += of[c];
        for (int64_t j = 0; j < n_counts; j++)
            pass->count[j] += of[pass->k + j];
    }
    rb_sum_int64(ctx, pass->size, pass->k);
    rb_sum_int64(ctx, pass->count, n_counts);
}

rb_status rb_prototypes_count(rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n_sums = pass->k * pass->p, width = pass->k * (1 + pass->first[pass->m]);
    memset(pass->threaded, 0, (size_t)(ctx->n_threads * width) * sizeof *pass->threaded);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t b = pass->block_begin; b < pass->block_end; b++) {
        double *sum = pass->partial + (b - pass->block_begin) * n_sums;
        int64_t *size = pass->threaded + omp_get_thread_num() * width;
        memset(sum, 0, (size_t)n_sums * sizeof *sum);
        for (int64_t i = pass->blocks.begin[b]; i < pass->blocks.begin[b + 1]; i++)
            count_row(sum, size, size + pass->k, pass, i);
    }
    gather_counts(pass, ctx);
    if (n_sums > 0)
        RB_TRY(rb_blocks_sum(pass->sum, pass->partial, n_sums, &pass->blocks, ctx, err));
done:
    return err->status;
}

/* A number's bits ascend with it where it is not negative, so that ranks can compare distances as integers. */
static int64_t ordered_bits(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return x > 0 ? bits : 0;
}

/* The farthest own row of a cluster with several items; -1: none. */
static int64_t farthest_row(int64_t *distance, const rb_prototypes_pass *pass)
{
    int64_t at = -1;
    *distance = -1;
    for (int64_t i = pass->begin; i < pass->end; i++) {
        int64_t here = ordered_bits(pass->distance[i - pass->begin]);
        if (here > *distance && pass->size[pass->label[i]] > 1) {
            *distance = here;
            at = i;
        }
    }
    return at;
}

void rb_prototypes_fill(bool *filled, rb_prototypes_pass *pass, const rb_ctx *ctx)
{
    *filled = false;
    for (int32_t c = 0; c < pass->k; c++) {
        if (pass->size[c] > 0)
            continue;
        int64_t distance, at = farthest_row(&distance, pass), best = distance, from = -1;
        rb_max_int64(ctx, &best, 1);
        at = distance == best && at >= 0 ? at : INT64_MAX;
        rb_min_int64(ctx, &at, 1);
        if (at >= pass->begin && at < pass->end)
            from = pass->label[at];
        rb_max_int64(ctx, &from, 1);
        pass->size[from]--;
        pass->size[c]++;
        pass->label[at] = c;
        *filled = true;
    }
}

/* The most frequent category of a cluster's column, the lowest among equals. */
static int32_t mode_of(const rb_prototypes_pass *pass, int64_t c, int64_t a)
{
    const int64_t *count = pass->count + c * pass->first[pass->m] + pass->first[a];
    int32_t best = 0;
    for (int32_t v = 1; v < (int32_t)(pass->first[a + 1] - pass->first[a]); v++)
        best = count[v] > count[best] ? v : best;
    return best;
}

static void move_numbers(rb_prototypes_pass *pass, int64_t c)
{
    for (int64_t j = 0; j < pass->p; j++)
        pass->centre.number[j * pass->centre.stride + c] = pass->sum[c * pass->p + j] / (double)pass->size[c];
}

void rb_prototypes_move(rb_prototypes_pass *pass)
{
    for (int64_t c = 0; c < pass->k; c++) {
        if (pass->size[c] == 0)
            continue;
        move_numbers(pass, c);
        for (int64_t a = 0; a < pass->m; a++)
            pass->centre.mode[a * pass->centre.stride + c] = mode_of(pass, c, a);
    }
}

/* An item leaves a cluster for another; both prototypes follow. */
static void change(rb_prototypes_pass *pass, int64_t row, int64_t from, int64_t to)
{
    const int64_t stride = pass->centre.stride, n_categories = pass->first[pass->m];
    pass->label[row] = (int32_t)to;
    pass->size[from]--;
    pass->size[to]++;
    for (int64_t j = 0; j < pass->p; j++) {
        pass->sum[to * pass->p + j] += pass->x[row * pass->p + j];
        pass->sum[from * pass->p + j] -= pass->x[row * pass->p + j];
    }
    move_numbers(pass, to);
    if (pass->size[from] > 0)
        move_numbers(pass, from);
    for (int64_t a = 0; a < pass->m; a++) {
        const int32_t code = pass->code[row * pass->m + a];
        int64_t *count = pass->count + pass->first[a];
        int32_t *mode = pass->centre.mode + a * stride;
        count[to * n_categories + code]++;
        count[from * n_categories + code]--;
        if (mode[to] < 0 || count[to * n_categories + mode[to]] < count[to * n_categories + code])
            mode[to] = code;
        if (mode[from] == code && pass->size[from] > 0)
            mode[from] = mode_of(pass, from, a);
    }
}

int64_t rb_prototypes_one_by_one(rb_prototypes_pass *pass)
{
    int64_t changed = 0;
    for (int64_t i = 0; i < pass->n; i++) {
        double least;
        int32_t to = rb_prototypes_nearest_of(&least, pass, pass->scratch, i);
        if (to != pass->label[i]) {
            change(pass, i, pass->label[i], to);
            changed++;
        }
    }
    return changed;
}
