/*
 * Recommending by clusters: places of a list go to the clusters that a user prefers and, at a given rate, to clusters
 * beside them, in proportion to their shares.
 *
 *     prefer(c | u) = n_uc / n_u   over the `preferred` clusters with most of the user's positives n_uc
 *     beside(c | u) ~ sum over preferred p of prefer(p | u) A_pc / sqrt(A_pp A_cc)   over clusters that are not
 *                     preferred and among the `adjacent` nearest of p; A_pc: users with positives in both
 *     share(c | u)  = (1 - diversification) prefer(c | u) + diversification beside(c | u)
 *     s_ui          = share(c(i) | u) / (2 q_ui + 1)
 *
 * q_ui counts the items of the cluster that are more popular than i (ties: the lower item first) and that the user has
 * not met in training. s is the quotient of Sainte-Lague: the best K items are an election of K seats, so every cluster
 * gets its share of any K to within rounding (PM-2 without its quality term: Dang, Croft 2012,
 * doi:10.1145/2348283.2348296). Items of other clusters, and noise, follow by popularity, below all these. A user
 * without positives has every cluster, with its share of all positives. Where no cluster lies beside, the preferred
 * ones share all places.
 *
 * Of one who is revealed or folded in only the positives are known: n_u and q_ui are of these.
 *
 * Arrays: `cluster`, `place` [item], the item's own and its place in `member`; `nearest`, `nearness` [cluster,
 * adjacent]; `member` [clustered items] by cluster, most popular first, cut at `member_begin`; `user_cluster`,
 * `user_share` [user, clusters], -1 where there are fewer; `seen` the user's places in `member`, ascending, cut at
 * `seen_begin`; `all_share` [cluster]; `rest` [item] scores of what is in none of the user's clusters. Time
 * O(nnz log nnz + clusters^2), memory 8 clusters^2 bytes a rank while fitting. Bits: counts are whole numbers, sums go
 * over clusters ascending; the same for any ranks and threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "recommend/core/cluster_shares.h"
#include "recommend/core/knn.h"
#include "recommend/recommend.h"

typedef struct {
    rb_model_ref clusters;
    double diversification;
    int64_t preferred, adjacent;
} config;

typedef struct {
    rb_cluster_map map;
    int64_t n_users, n_items, n_members, n_seen, width;
    int32_t *member;       /* [n_members] items */
    int32_t *place;        /* [n_items] in member; -1 */
    int64_t *member_begin; /* [n_clusters + 1] */
    double *all_share;     /* [n_clusters] */
    double *rest;          /* [n_items] */
    int64_t *seen_begin;   /* [n_users + 1] */
    int32_t *seen;         /* [n_seen] */
    int32_t *user_cluster; /* [n_users x width] */
    double *user_share;    /* [n_users x width] */
    rb_shared seen_memory, cluster_memory, share_memory;
} state;

static const rb_param params[] = {
    RB_MODEL(config, clusters, "the clustering of the items, by its `as` name"),
    RB_DOUBLE(config, diversification, 0.2, 0.0, 1.0, "", "share of a list's places for clusters beside the preferred"),
    RB_INT(config, preferred, 3, 1, 1000, "clusters", "clusters with most of a user's positives"),
    RB_INT(config, adjacent, 2, 1, 1000, "clusters", "nearest clusters of each of them"),
    RB_PARAM_END,
};

static int64_t width_of(const config *c)
{
    return c->preferred * (1 + c->adjacent);
}

/* How many clusters there will be is not known: as many as the root of the items is taken for the scratch. */
static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    double users = (double)shape->n_users, items = (double)shape->n_items, nnz = (double)shape->nnz;
    return (rb_cost){ .bytes_per_rank =
                          72 * items + 12 * (double)((const config *)cfg)->adjacent * sqrt(items) + 8 * users + 64,
                      .bytes_per_node = 4 * nnz + users * (double)width_of(cfg) * 12,
                      .flops = nnz * 20 + users * (double)width_of(cfg) * 10 };
}

/* ---- clusters ---- */

typedef struct {
    int64_t cluster, count;
    int32_t item;
} ranked;

static int by_cluster_and_popularity(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->cluster != y->cluster)
        return x->cluster < y->cluster ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

static int64_t count_of(const rb_ratings *positives, int32_t item)
{
    return positives->item_begin[item + 1] - positives->item_begin[item];
}

/* Members of each cluster, the most popular first, and what is left to all other items. */
static rb_status rank_members(state *m, const rb_ratings *positives, rb_error *err)
{
    ranked *all = NULL;
    int64_t total = 0;
    RB_TRY(rb_alloc(&all, m->n_items, err));
    for (int32_t i = 0; i < m->n_items; i++)
        if (m->map.cluster[i] >= 0)
            all[m->n_members++] = (ranked){ m->map.cluster[i], count_of(positives, i), i };
    if (m->n_members > 1)
        qsort(all, (size_t)m->n_members, sizeof *all, by_cluster_and_popularity);
    RB_TRY(rb_alloc(&m->member, m->n_members, err));
    RB_TRY(rb_alloc(&m->member_begin, m->map.n_clusters + 1, err));
    RB_TRY(rb_alloc(&m->all_share, m->map.n_clusters, err));
    RB_TRY(rb_alloc(&m->rest, m->n_items, err));
    RB_TRY(rb_alloc(&m->place, m->n_items, err));
    for (int32_t i = 0; i < m->n_items; i++) {
        m->place[i] = -1;
        m->rest[i] = -1.0 / (1.0 + (double)count_of(positives, i));
    }
    for (int64_t p = 0; p < m->n_members; p++) {
        m->member[p] = all[p].item;
        m->member_begin[all[p].cluster + 1] = p + 1;
        m->all_share[all[p].cluster] += (double)all[p].count;
        m->place[all[p].item] = (int32_t)p;
        total += all[p].count;
    }
    for (int64_t c = 0; c < m->map.n_clusters && total > 0; c++)
        m->all_share[c] /= (double)total;
done:
    rb_free(all);
    return err->status;
}

/* ---- users ---- */

static int by_place(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Places of the clustered ones among items, ascending, each once; returns how many. */
static int64_t note_seen(int32_t *seen, const state *m, const int32_t *items, int64_t n_items)
{
    int64_t n = 0, n_kept = 0;
    for (int64_t e = 0; e < n_items; e++)
        if (m->place[items[e]] >= 0)
            seen[n++] = m->place[items[e]];
    if (n > 1)
        qsort(seen, (size_t)n, sizeof *seen, by_place);
    for (int64_t k = 0; k < n; k++)
        if (k == 0 || seen[k] != seen[n_kept - 1])
            seen[n_kept++] = seen[k];
    return n_kept;
}

/* What a user did: in training, or where that is nothing, what is revealed of it. */
typedef struct {
    const int32_t *item;
    int64_t n;
} row;

static row row_of(const rb_ratings *train, const rb_ratings *revealed, int64_t user)
{
    const int64_t from = train->user_begin[user], n = train->user_begin[user + 1] - from;
    return n > 0 || !revealed ? (row){ train->user_item + from, n } : row_of(revealed, NULL, user);
}

static rb_status count_seen(state *m, const rb_ratings *train, const rb_ratings *revealed, rb_error *err)
{
    if (!m->seen_begin)
        RB_TRY(rb_alloc(&m->seen_begin, m->n_users + 1, err));
    for (int64_t u = 0; u < m->n_users; u++) {
        const row met = row_of(train, revealed, u);
        m->seen_begin[u + 1] = m->seen_begin[u];
        for (int64_t e = 0; e < met.n; e++)
            m->seen_begin[u + 1] += m->place[met.item[e]] >= 0;
    }
    m->n_seen = m->seen_begin[m->n_users];
done:
    return err->status;
}

/* ---- fit ---- */

static void forget_users(state *m)
{
    rb_shared_fini(&m->seen_memory);
    rb_shared_fini(&m->cluster_memory);
    rb_shared_fini(&m->share_memory);
}

static rb_status reserve_users(state *m, const rb_ctx *ctx, rb_error *err)
{
    const int64_t cells = m->n_users * m->width;
    forget_users(m);
    RB_TRY(rb_shared_alloc(&m->seen_memory, m->n_seen * (int64_t)sizeof *m->seen, ctx, err));
    RB_TRY(rb_shared_alloc(&m->cluster_memory, cells * (int64_t)sizeof *m->user_cluster, ctx, err));
    RB_TRY(rb_shared_alloc(&m->share_memory, cells * (int64_t)sizeof *m->user_share, ctx, err));
    m->seen = m->seen_memory.data;
    m->user_cluster = m->cluster_memory.data;
    m->user_share = m->share_memory.data;
done:
    return err->status;
}

/* All users by what they did, those without training by what is revealed of them (NULL: nothing). */
static rb_status describe_users(state *m, rb_cluster_scratch *s, const rb_train_view *view, const rb_ratings *revealed,
                                const config *c, int64_t *begin, rb_ctx *ctx, rb_error *err)
{
    RB_TRY_ALL(ctx, count_seen(m, view->ratings, revealed, err));
    RB_TRY(reserve_users(m, ctx, err));
    for (int64_t u = begin[ctx->rank]; u < begin[ctx->rank + 1]; u++) {
        const row met = row_of(view->ratings, revealed, u);
        const row liked = row_of(view->positives, met.n > 0 ? revealed : NULL, u);
        rb_cluster_shares(m->user_cluster + u * m->width, m->user_share + u * m->width, &m->map, s, liked.item, liked.n,
                          c->preferred, c->diversification);
        note_seen(m->seen + m->seen_begin[u], m, met.item, met.n);
    }
    rb_shared_publish(&m->cluster_memory, begin, m->width * (int64_t)sizeof *m->user_cluster, ctx);
    rb_shared_publish(&m->share_memory, begin, m->width * (int64_t)sizeof *m->user_share, ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = m->seen_begin[begin[r]];
    rb_shared_publish(&m->seen_memory, begin, sizeof *m->seen, ctx);
done:
    return err->status;
}

/* Users by ranks, and what their shares need. */
static rb_status share_users(int64_t **begin, rb_cluster_scratch *s, const state *m, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_cluster_scratch_alloc(s, &m->map, err));
    RB_TRY(rb_alloc(begin, ctx->n_ranks + 1, err));
    for (int r = 0; r <= ctx->n_ranks; r++)
        (*begin)[r] = m->n_users * r / ctx->n_ranks;
done:
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    rb_cluster_scratch s = { 0 };
    int64_t *begin = NULL;
    (void)prepared;
    m->n_users = view->positives->n_users;
    m->n_items = view->positives->n_items;
    m->width = width_of(c);
    RB_TRY_ALL(ctx, rb_cluster_map_number(&m->map, view->labels, m->n_items, err));
    RB_TRY_ALL(ctx, rank_members(m, view->positives, err));
    RB_TRY_ALL(ctx, share_users(&begin, &s, m, ctx, err));
    RB_TRY(rb_cluster_map_relate(&m->map, &s, view->positives, c->adjacent, begin, ctx, err));
    RB_TRY(describe_users(m, &s, view, NULL, c, begin, ctx, err));
done:
    rb_free(begin);
    rb_cluster_scratch_free(&s);
    return err->status;
}

/* The clusters stay as they are; users of training are described as before. */
static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    rb_cluster_scratch s = { 0 };
    int64_t *begin = NULL;
    (void)prepared;
    RB_TRY_ALL(ctx, share_users(&begin, &s, m, ctx, err));
    RB_TRY(describe_users(m, &s, view, view->revealed_positives, cfg, begin, ctx, err));
done:
    rb_free(begin);
    rb_cluster_scratch_free(&s);
    return err->status;
}

/* ---- score ---- */

/* Whom items are scored for. */
typedef struct {
    const int32_t *cluster; /* [width] */
    const double *share;    /* [width] */
    const int32_t *seen;    /* [n_seen] */
    int64_t n_seen;
} person;

/* Quotients of one cluster's members; those that the user has met are not counted. */
static void score_cluster(double *out, const state *m, const person *who, int64_t cluster, double share,
                          int32_t item_begin, int32_t item_end)
{
    const int64_t first = m->member_begin[cluster];
    int64_t at = rb_knn_lower(who->seen, who->n_seen, (int32_t)first), unseen = 0;
    for (int64_t p = first; p < m->member_begin[cluster + 1]; p++) {
        const bool met = at < who->n_seen && who->seen[at] == p;
        const int32_t i = m->member[p];
        if (i >= item_begin && i < item_end)
            out[i - item_begin] = share / (2 * (double)unseen + 1);
        at += met;
        unseen += !met;
    }
}

static void score_items(double *out, const state *m, const person *who, int32_t item_begin, int32_t item_end)
{
    memcpy(out, m->rest + item_begin, (size_t)(item_end - item_begin) * sizeof *out);
    for (int64_t w = 0; w < m->width && who->cluster[w] >= 0; w++)
        if (who->share[w] > 0)
            score_cluster(out, m, who, who->cluster[w], who->share[w], item_begin, item_end);
    for (int64_t c = 0; c < m->map.n_clusters && who->cluster[0] < 0; c++)
        if (m->all_share[c] > 0)
            score_cluster(out, m, who, c, m->all_share[c], item_begin, item_end);
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    for (int32_t k = 0; k < n_users; k++) {
        const int64_t u = users[k];
        const person who = { m->user_cluster + u * m->width, m->user_share + u * m->width, m->seen + m->seen_begin[u],
                             m->seen_begin[u + 1] - m->seen_begin[u] };
        score_items((double *)tile->data + k * tile->ld, m, &who, item_begin, item_end);
    }
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    const config *c = cfg;
    rb_cluster_scratch s = { 0 };
    int32_t *cluster = NULL, *seen = NULL;
    double *share = NULL;
    (void)ratings;
    RB_TRY(rb_cluster_scratch_alloc(&s, &m->map, err));
    RB_TRY(rb_alloc(&cluster, m->width, err));
    RB_TRY(rb_alloc(&share, m->width, err));
    RB_TRY(rb_alloc(&seen, n, err));
    rb_cluster_shares(cluster, share, &m->map, &s, items, n, c->preferred, c->diversification);
    const person who = { cluster, share, seen, note_seen(seen, m, items, n) };
    score_items(scores, m, &who, 0, (int32_t)m->n_items);
done:
    rb_cluster_scratch_free(&s);
    rb_free(cluster);
    rb_free(share);
    rb_free(seen);
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    int64_t one = 1, n_place = m->place ? m->n_items : 0, n_begin = m->member_begin ? m->map.n_clusters + 1 : 0,
            n_seen = m->seen_begin ? m->n_users + 1 : 0;
    rb_cluster_map_visit(&m->map, v);
    v->array(v, "place", RB_INT32, (void **)&m->place, &n_place, &one, NULL);
    v->array(v, "member", RB_INT32, (void **)&m->member, &m->n_members, &one, NULL);
    v->array(v, "member_begin", RB_INT64, (void **)&m->member_begin, &n_begin, &one, NULL);
    v->array(v, "all_share", RB_FLOAT64, (void **)&m->all_share, &m->map.n_clusters, &one, NULL);
    v->array(v, "rest", RB_FLOAT64, (void **)&m->rest, &m->n_items, &one, NULL);
    v->array(v, "seen_begin", RB_INT64, (void **)&m->seen_begin, &n_seen, &one, NULL);
    v->array(v, "seen", RB_INT32, (void **)&m->seen, &m->n_seen, &one, &m->seen_memory);
    v->array(v, "user_cluster", RB_INT32, (void **)&m->user_cluster, &m->n_users, &m->width, &m->cluster_memory);
    v->array(v, "user_share", RB_FLOAT64, (void **)&m->user_share, &m->n_users, &m->width, &m->share_memory);
}

static void fini(void *self)
{
    state *m = self;
    rb_cluster_map_fini(&m->map);
    rb_free(m->place);
    rb_free(m->member);
    rb_free(m->member_begin);
    rb_free(m->all_share);
    rb_free(m->rest);
    rb_free(m->seen_begin);
    forget_users(m);
    *m = (state){ 0 };
}

const rb_recommender rb_cluster_aware = {
    .name = "cluster_aware",
    .summary = "popular items of the user's clusters and, at a given rate, of clusters beside them",
    .reference = "Dang, Croft 2012, doi:10.1145/2348283.2348296",
    .needs = RB_NEEDS_RATINGS | RB_NEEDS_POSITIVES | RB_NEEDS_LABELS,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER | RB_CAN_COLD_ITEM,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .cost = cost,
    .fit = fit,
    .reveal = reveal,
    .score = score,
    .fold_in = fold_in,
    .arrays = arrays,
    .fini = fini,
};
