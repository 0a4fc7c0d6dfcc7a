#include "recommend/core/knn_fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/topk.h"

rb_status rb_knn_fold_keep(rb_knn_fold *f, const rb_ratings *train, const rb_knn_config *config, const rb_ctx *ctx,
                           rb_error *err)
{
    const rb_knn_rows rows = rb_knn_users(train);
    f->n_rows = train->n_users;
    f->n_cols = train->n_items;
    RB_TRY(rb_history_keep_items(&f->columns, train, false, ctx, err));
    f->mean_length = (double)train->n / (double)(rows.n_filled > 0 ? rows.n_filled : 1);
    RB_TRY_ALL(ctx, rb_knn_weigh(&f->weights, &rows, config, err));
done:
    return err->status;
}

rb_cost rb_knn_fold_cost(const rb_shape *shape)
{
    return (rb_cost){ .bytes_per_rank = 16 * (double)shape->n_users + 8 * (double)shape->n_items,
                      .bytes_per_node = rb_history_bytes(shape->n_items, shape->n_positives, false) + 8,
                      .flops = 4 * (double)shape->n_positives };
}

static int ascending(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Ascending, each once: sums go over columns in this order. */
static rb_status sort_columns(int32_t **sorted, int64_t *n_sorted, const int32_t *cols, int64_t n, rb_error *err)
{
    RB_TRY(rb_alloc(sorted, n, err));
    if (n > 0)
        memcpy(*sorted, cols, (size_t)n * sizeof *cols);
    if (n > 1)
        qsort(*sorted, (size_t)n, sizeof **sorted, ascending);
    for (int64_t e = 0; e < n; e++)
        if (e == 0 || (*sorted)[e] != (*sorted)[*n_sorted - 1])
            (*sorted)[(*n_sorted)++] = (*sorted)[e];
done:
    return err->status;
}

/* What each training row shares with the new one, 0 of the others; returns the size of the new one. */
static double share_columns(double *shared, const rb_knn_fold *f, const int32_t *cols, int64_t n)
{
    double size = 0;
    for (int64_t e = 0; e < n; e++) {
        const int32_t c = cols[e];
        const double weight = f->weights.col ? f->weights.col[c] : 1;
        size += weight;
        for (int64_t k = f->columns.begin[c]; k < f->columns.begin[c + 1]; k++)
            shared[f->columns.item[k]] += weight;
    }
    return size;
}

static int by_row(const void *a, const void *b)
{
    const rb_topk_entry *x = a, *y = b;
    return (x->item > y->item) - (x->item < y->item);
}

rb_status rb_knn_fold_find(rb_knn_list *out, const rb_knn_fold *f, const int32_t *cols, int64_t n,
                           const rb_knn_config *config, rb_error *err)
{
    rb_topk best = { .k = (int32_t)(config->k < f->n_rows ? config->k : f->n_rows) };
    double *shared = NULL;
    int32_t *sorted = NULL;
    int64_t n_sorted = 0;
    *out = (rb_knn_list){ 0 };
    RB_TRY(sort_columns(&sorted, &n_sorted, cols, n, err));
    RB_TRY(rb_alloc(&shared, f->n_rows, err));
    RB_TRY(rb_alloc(&best.entry, best.k, err));
    RB_TRY(rb_alloc(&out->id, best.k, err));
    RB_TRY(rb_alloc(&out->weight, best.k, err));
    const double factor = f->weights.factor ? rb_knn_length_factor((double)n_sorted, f->mean_length) : 1;
    const double size = share_columns(shared, f, sorted, n_sorted) * (factor * factor);
    for (int32_t r = 0; r < f->n_rows; r++) {
        const double both = f->weights.factor ? shared[r] * (factor * f->weights.factor[r]) : shared[r];
        const double similarity = rb_knn_similarity(both, size, f->weights.size[r], config);
        if (similarity > 0)
            rb_topk_offer(&best, similarity, 0, r);
    }
    if (best.n > 1)
        qsort(best.entry, (size_t)best.n, sizeof *best.entry, by_row);
    for (; out->n < best.n; out->n++) {
        out->id[out->n] = best.entry[out->n].item;
        out->weight[out->n] = best.entry[out->n].score;
    }
done:
    rb_free(best.entry);
    rb_free(sorted);
    rb_free(shared);
    return err->status;
}

void rb_knn_fold_visit(rb_knn_fold *f, rb_visitor *v)
{
    static const char *const names[] = { "fold_begin", "fold_row", NULL };
    int64_t one = 1, n_col = f->weights.col ? f->n_cols : 0, n_factor = f->weights.factor ? f->n_rows : 0;
    rb_history_visit_as(&f->columns, names, v);
    v->array(v, "fold_col", RB_FLOAT64, (void **)&f->weights.col, &n_col, &one, NULL);
    v->array(v, "fold_factor", RB_FLOAT64, (void **)&f->weights.factor, &n_factor, &one, NULL);
    v->array(v, "fold_size", RB_FLOAT64, (void **)&f->weights.size, &f->n_rows, &one, NULL);
    v->scalar(v, "fold_mean_length", RB_FLOAT64, &f->mean_length);
    f->n_cols = f->columns.n_users;
    if (n_col == 0) /* loading gives arrays of no length an address, too */
        rb_free(f->weights.col);
    if (n_factor == 0)
        rb_free(f->weights.factor);
    f->weights.col = n_col > 0 ? f->weights.col : NULL;
    f->weights.factor = n_factor > 0 ? f->weights.factor : NULL;
}

void rb_knn_fold_fini(rb_knn_fold *f)
{
    rb_history_fini(&f->columns);
    rb_knn_weights_fini(&f->weights);
    *f = (rb_knn_fold){ 0 };
}
