#include <string.h>

#include "base/alloc.h"
#include "recommend/core/knn.h"

rb_status rb_knn_reserve(rb_knn_lists *lists, int64_t n_rows, int64_t n, const rb_ctx *ctx, rb_error *err)
{
    lists->n_rows = n_rows;
    lists->n = n;
    RB_TRY(rb_shared_alloc(&lists->begin_memory, (n_rows + 1) * (int64_t)sizeof *lists->begin, ctx, err));
    RB_TRY(rb_shared_alloc(&lists->id_memory, n * (int64_t)sizeof *lists->id, ctx, err));
    RB_TRY(rb_shared_alloc(&lists->weight_memory, n * (int64_t)sizeof *lists->weight, ctx, err));
    lists->begin = lists->begin_memory.data;
    lists->id = lists->id_memory.data;
    lists->weight = lists->weight_memory.data;
done:
    return err->status;
}

void rb_knn_publish(rb_knn_lists *lists, int64_t *range, const rb_ctx *ctx)
{
    if (ctx->node_rank == 0) /* behind the last row: nobody's block, each node for itself */
        lists->begin[lists->n_rows] = lists->n;
    rb_shared_publish(&lists->begin_memory, range, sizeof *lists->begin, ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        range[r] = range[r] < lists->n_rows ? lists->begin[range[r]] : lists->n;
    rb_shared_publish(&lists->id_memory, range, sizeof *lists->id, ctx);
    rb_shared_publish(&lists->weight_memory, range, sizeof *lists->weight, ctx);
}

rb_status rb_knn_gather(rb_knn_lists *out, const rb_knn_list *own, int64_t *range, int64_t n_rows, const rb_ctx *ctx,
                        rb_error *err)
{
    int64_t first = range[ctx->rank], last = range[ctx->rank + 1], n_own = 0, total;
    for (int64_t r = 0; r < last - first; r++)
        n_own += own[r].n;
    int64_t at = rb_scan_int64(ctx, n_own, &total);
    RB_TRY(rb_knn_reserve(out, n_rows, total, ctx, err));
    for (int64_t r = first; r < last; r++) {
        const rb_knn_list *from = &own[r - first];
        out->begin[r] = at;
        if (from->n == 0) /* then without arrays, maybe */
            continue;
        memcpy(out->id + at, from->id, (size_t)from->n * sizeof *out->id);
        memcpy(out->weight + at, from->weight, (size_t)from->n * sizeof *out->weight);
        at += from->n;
    }
    rb_knn_publish(out, range, ctx);
done:
    return err->status;
}

/* First row of each rank where all rows count the same. */
static void cut_rows(int64_t *range, int64_t n_rows, const rb_ctx *ctx)
{
    for (int r = 0; r <= ctx->n_ranks; r++)
        range[r] = n_rows * r / ctx->n_ranks;
}

static int64_t kept(const rb_knn_lists *lists, int64_t row, int64_t k)
{
    int64_t n = lists->begin[row + 1] - lists->begin[row];
    return n < k ? n : k;
}

/* Insert into the ascending id[0 .. n), n + 1 places. */
static void insert(int32_t *id, double *weight, int64_t n, int32_t new_id, double new_weight)
{
    int64_t at = rb_knn_lower(id, n, new_id);
    memmove(id + at + 1, id + at, (size_t)(n - at) * sizeof *id);
    memmove(weight + at + 1, weight + at, (size_t)(n - at) * sizeof *weight);
    id[at] = new_id;
    weight[at] = new_weight;
}

rb_status rb_knn_first(rb_knn_lists *out, const rb_knn_lists *lists, const rb_knn_lists *others, int64_t k,
                       const rb_ctx *ctx, rb_error *err)
{
    int64_t total = 0, at = 0;
    int64_t *range = NULL; /* [n_ranks + 1] first row of each rank */
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    cut_rows(range, lists->n_rows, ctx);
    int64_t first = range[ctx->rank], last = range[ctx->rank + 1];
    for (int64_t r = 0; r < lists->n_rows; r++) {
        at = r == first ? total : at;
        total += kept(lists, r, k) + (others ? kept(others, r, k) : 0);
    }
    RB_TRY(rb_knn_reserve(out, lists->n_rows, total, ctx, err));
    for (int64_t r = first; r < last; r++) {
        const rb_knn_lists *from = others && kept(others, r, k) > 0 ? others : lists;
        int64_t n = kept(from, r, k);
        out->begin[r] = at;
        for (int64_t e = 0; e < n; e++)
            insert(out->id + at, out->weight + at, e, from->id[from->begin[r] + e], from->weight[from->begin[r] + e]);
        at += n;
    }
    rb_knn_publish(out, range, ctx);
done:
    rb_free(range);
    return err->status;
}

rb_status rb_knn_transpose(rb_knn_lists *out, const rb_knn_lists *lists, int64_t k, const rb_ctx *ctx, rb_error *err)
{
    int64_t *range = NULL; /* [n_ranks + 1] first row of each rank */
    int64_t *next = NULL;  /* [n_rows + 1] where the next entry of each row goes */
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    RB_TRY_ALL(ctx, rb_alloc(&next, lists->n_rows + 1, err));
    cut_rows(range, lists->n_rows, ctx);
    int64_t first = range[ctx->rank], last = range[ctx->rank + 1];
    for (int64_t r = 0; r < lists->n_rows; r++)
        for (int64_t e = lists->begin[r]; e < lists->begin[r] + kept(lists, r, k); e++)
            next[lists->id[e] + 1]++;
    for (int64_t r = 0; r < lists->n_rows; r++)
        next[r + 1] += next[r];
    RB_TRY(rb_knn_reserve(out, lists->n_rows, next[lists->n_rows], ctx, err));
    memcpy(out->begin + first, next + first, (size_t)(last - first) * sizeof *next);
    for (int64_t r = 0; r < lists->n_rows; r++)
        for (int64_t e = lists->begin[r]; e < lists->begin[r] + kept(lists, r, k); e++) {
            int32_t to = lists->id[e];
            if (to < first || to >= last)
                continue;
            out->id[next[to]] = (int32_t)r;
            out->weight[next[to]++] = lists->weight[e];
        }
    rb_knn_publish(out, range, ctx);
done:
    rb_free(next);
    rb_free(range);
    return err->status;
}

int64_t rb_knn_lower(const int32_t *id, int64_t n, int32_t least)
{
    int64_t low = 0;
    while (n > 0) {
        int64_t half = n / 2;
        if (id[low + half] < least) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

void rb_knn_add(double *out, const rb_knn_lists *lists, int64_t row, double factor, int32_t begin, int32_t end)
{
    int64_t from = lists->begin[row], to = lists->begin[row + 1];
    for (int64_t e = from + rb_knn_lower(lists->id + from, to - from, begin); e < to && lists->id[e] < end; e++)
        out[lists->id[e] - begin] += factor * lists->weight[e];
}

double rb_knn_at(const rb_knn_lists *lists, int64_t row, int64_t id)
{
    int64_t from = lists->begin[row], n = lists->begin[row + 1] - from;
    int64_t at = rb_knn_lower(lists->id + from, n, (int32_t)id);
    return at < n && lists->id[from + at] == id ? lists->weight[from + at] : 0;
}

void rb_knn_visit(rb_knn_lists *lists, const char *const names[3], rb_visitor *v)
{
    int64_t n_begin = lists->begin ? lists->n_rows + 1 : 0, n_cols = 1;
    void *begin = lists->begin, *id = lists->id, *weight = lists->weight;
    v->array(v, names[0], RB_INT64, &begin, &n_begin, &n_cols, &lists->begin_memory);
    v->array(v, names[1], RB_INT32, &id, &lists->n, &n_cols, &lists->id_memory);
    v->array(v, names[2], RB_FLOAT64, &weight, &lists->n, &n_cols, &lists->weight_memory);
    lists->begin = begin;
    lists->id = id;
    lists->weight = weight;
    lists->n_rows = n_begin > 0 ? n_begin - 1 : 0;
}

void rb_knn_fini(rb_knn_lists *lists)
{
    rb_shared_fini(&lists->begin_memory);
    rb_shared_fini(&lists->id_memory);
    rb_shared_fini(&lists->weight_memory);
    *lists = (rb_knn_lists){ 0 };
}
