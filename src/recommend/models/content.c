/*
 * Content: titles whose words are those of the user's titles.
 *
 *     s_uj = p_u . x_j / |p_u|,  p_u = sum over the user's titles i of w_ui x_i
 *
 * x_i: TF-IDF of the text of title i, of length 1, by field weights (core/content.h); w_ui 1, or with `profile: rating`
 * the rating. Titles without interactions are scored like all others; a user without any scores 0 everywhere.
 *
 * Pazzani, Billsus (2007), doi:10.1007/978-3-540-72079-9_10; Lops, de Gemmis, Semeraro (2011),
 * doi:10.1007/978-0-387-85820-3_3. Trials that differ in the profile alone share the vectors. Time O(text) to fit; to
 * score a user, the titles of the words of the profile. Memory 24 bytes a word of a title a rank. Bits: the same for
 * any ranks and threads.
 */
#include <string.h>

#include "base/alloc.h"
#include "recommend/core/content.h"
#include "recommend/core/history.h"
#include "recommend/core/knn.h"
#include "recommend/recommend.h"

enum { PROFILE_EQUAL, PROFILE_RATING };

typedef struct {
    rb_content_vectors vectors;
    rb_history history;
    int32_t by_rating;
} state;

/* Text is unknown before it is read: 100 words a title, half of all words different. */
static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    (void)cfg;
    const double n_words = 100 * (double)shape->n_items;
    return (rb_cost){ .bytes_per_rank = 2 * 24 * n_words + 16 * n_words + 32 * (double)shape->n_items,
                      .bytes_per_node = rb_history_bytes(shape->n_users, shape->n_positives, true) + 8,
                      .flops = 10 * n_words };
}

static void unprepare(void *prepared)
{
    if (prepared)
        rb_content_fini(prepared);
    rb_free(prepared);
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n, rb_ctx *ctx,
                         rb_error *err)
{
    rb_content_vectors *v = NULL;
    (void)n;
    RB_TRY_ALL(ctx, rb_alloc(&v, 1, err));
    RB_TRY(rb_content_fit(v, view->items, configs[0], ctx, err));
done:
    if (err->status == RB_OK)
        *prepared = v;
    else
        unprepare(v);
    return err->status;
}

static rb_status copy(rb_csr *out, const rb_csr *x, rb_error *err)
{
    const int64_t nnz = x->row_begin[x->n_rows];
    RB_TRY(rb_csr_init(out, x->n_rows, x->n_cols, nnz, err));
    memcpy(out->row_begin, x->row_begin, (size_t)(x->n_rows + 1) * sizeof *x->row_begin);
    memcpy(out->col, x->col, (size_t)nnz * sizeof *x->col);
    memcpy(out->value, x->value, (size_t)nnz * sizeof *x->value);
done:
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const rb_content_config *c = cfg;
    const rb_content_vectors *v = prepared;
    m->by_rating = c->profile == PROFILE_RATING;
    (void)copy(&m->vectors.by_item, &v->by_item, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? copy(&m->vectors.by_term, &v->by_term, err) : err->status);
    RB_TRY(rb_history_keep(&m->history, view->positives, NULL, true, ctx, err));
done:
    return err->status;
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    (void)prepared, (void)cfg;
    return rb_history_keep(&m->history, view->positives, view->revealed_positives, true, ctx, err);
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    const rb_history *h = &m->history;
    for (int32_t u = 0; u < n_users; u++) {
        const int64_t from = h->begin[users[u]];
        rb_content_score((double *)tile->data + u * tile->ld, &m->vectors, h->item + from,
                         m->by_rating ? h->rating + from : NULL, h->begin[users[u] + 1] - from, item_begin, item_end);
    }
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    (void)cfg;
    rb_content_score(scores, &m->vectors, items, m->by_rating ? ratings : NULL, n, 0,
                     (int32_t)m->vectors.by_item.n_rows);
    return err->status;
}

static void similar(double *out, const void *self, int32_t item)
{
    rb_content_similar(out, &((const state *)self)->vectors, item);
}

/* A user's profile, for the contributions to it. */
typedef struct {
    const state *m;
    double length;
    int32_t user;
} of_user;

static double weight_at(const void *model, int64_t from, int64_t to)
{
    const of_user *p = model;
    const rb_history *h = &p->m->history;
    double weight = 1;
    if (p->m->by_rating) {
        const int64_t first = h->begin[p->user];
        weight = (double)h->rating[first + rb_knn_lower(h->item + first, h->begin[p->user + 1] - first, (int32_t)from)];
    }
    return p->length > 0 ? weight * rb_csr_dot(&p->m->vectors.by_item, from, to) / p->length : 0;
}

static int explain(int32_t *items, double *weights, int n, const void *self, int32_t user, int32_t item)
{
    const state *m = self;
    const int64_t from = m->history.begin[user];
    of_user p = { .m = m, .user = user };
    p.length = rb_content_length(&m->vectors, m->history.item + from, m->by_rating ? m->history.rating + from : NULL,
                                 m->history.begin[user + 1] - from);
    return rb_history_contributions(items, weights, n, &m->history, user, weight_at, &p, item);
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    v->scalar(v, "by_rating", RB_INT32, &m->by_rating);
    rb_content_visit(&m->vectors, v);
    rb_history_visit(&m->history, true, v);
}

static void fini(void *self)
{
    state *m = self;
    rb_content_fini(&m->vectors);
    rb_history_fini(&m->history);
}

const rb_recommender rb_content = {
    .name = "content",
    .summary = "titles with the words of the user's titles, also those without interactions",
    .reference = "Lops, de Gemmis, Semeraro 2011, doi:10.1007/978-0-387-85820-3_3",
    .needs = RB_NEEDS_ITEMS | RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER | RB_CAN_COLD_ITEM | RB_CAN_EXPLAIN,
    .config_size = sizeof(rb_content_config),
    .state_size = sizeof(state),
    .params = rb_content_params,
    .cost = cost,
    .prepare = prepare,
    .unprepare = unprepare,
    .fit = fit,
    .reveal = reveal,
    .score = score,
    .fold_in = fold_in,
    .similar = similar,
    .explain = explain,
    .arrays = arrays,
    .fini = fini,
};
