#include "recommend/core/item_lists.h"

#include <string.h>

rb_status rb_item_lists_fit(rb_item_lists *m, const rb_train_view *view, const rb_knn_config *config, const rb_ctx *ctx,
                            rb_error *err)
{
    const rb_knn_rows rows = rb_knn_items(view->positives);
    rb_knn_lists nearest = { 0 };
    RB_TRY(rb_knn_find(&nearest, &rows, config, ctx, err));
    RB_TRY(rb_knn_first(&m->targets, &nearest, NULL, config->k, ctx, err));
    RB_TRY(rb_history_keep(&m->history, view->positives, NULL, false, ctx, err));
done:
    rb_knn_fini(&nearest);
    return err->status;
}

rb_status rb_item_lists_reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg,
                               rb_ctx *ctx, rb_error *err)
{
    rb_item_lists *m = self;
    (void)prepared, (void)cfg;
    return rb_history_keep(&m->history, view->positives, view->revealed_positives, false, ctx, err);
}

void rb_item_lists_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                         int32_t item_end)
{
    const rb_item_lists *m = self;
    for (int64_t u = 0; u < n_users; u++) {
        double *out = (double *)tile->data + u * tile->ld;
        memset(out, 0, (size_t)(item_end - item_begin) * sizeof *out);
        for (int64_t e = m->history.begin[users[u]]; e < m->history.begin[users[u] + 1]; e++)
            rb_knn_add(out, &m->targets, m->history.item[e], 1, item_begin, item_end);
    }
}

rb_status rb_item_lists_fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                                const void *cfg, rb_error *err)
{
    const rb_item_lists *m = self;
    (void)ratings, (void)cfg;
    memset(scores, 0, (size_t)m->targets.n_rows * sizeof *scores);
    for (int64_t e = 0; e < n; e++)
        rb_knn_add(scores, &m->targets, items[e], 1, 0, (int32_t)m->targets.n_rows);
    return err->status;
}

static double weight_at(const void *targets, int64_t from, int64_t to)
{
    return rb_knn_at(targets, from, to);
}

int rb_item_lists_explain(int32_t *items, double *weights, int n, const void *self, int32_t user, int32_t item)
{
    const rb_item_lists *m = self;
    return rb_history_contributions(items, weights, n, &m->history, user, weight_at, &m->targets, item);
}

void rb_item_lists_arrays(void *self, rb_visitor *v)
{
    static const char *const names[] = { "target_begin", "target_item", "target_similarity" };
    rb_item_lists *m = self;
    rb_knn_visit(&m->targets, names, v);
    rb_history_visit(&m->history, false, v);
}

void rb_item_lists_fini(void *self)
{
    rb_item_lists *m = self;
    rb_knn_fini(&m->targets);
    rb_history_fini(&m->history);
}
