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
 * Arrays: `member` [clustered items] by cluster, most popular first, cut at `member_begin`; `user_cluster`,
 * `user_share` [user, clusters], -1 where there are fewer; `seen` the user's places in `member`, ascending, cut at
 * `seen_begin`; `all_share` [cluster]; `rest` [item] scores of what is in none of the user's clusters. Time
 * O(nnz log nnz + clusters^2), memory 8 clusters^2 bytes a rank while fitting. Bits: counts are whole numbers, sums go
 * over clusters ascending; the same for any ranks and threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "recommend/recommend.h"

typedef struct {
    rb_model_ref clusters;
    double diversification;
    int64_t preferred, adjacent;
} config;

typedef struct {
    int64_t n_users, n_items, n_clusters, n_members, n_seen, width;
    int32_t *member;       /* [n_members] items */
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
    return (rb_cost){ .bytes_per_rank = 64 * items + 8 * users + 64,
                      .bytes_per_node = 4 * nnz + users * (double)width_of(cfg) * 12,
                      .flops = nnz * 20 + users * (double)width_of(cfg) * 10 };
}

/* ---- clusters ---- */

typedef struct {
    int32_t *cluster;          /* [n_items] 0 .. n_clusters - 1 without gaps, ascending as the labels; -1 noise */
    int32_t *place;            /* [n_items] in member; -1 */
    int64_t *common;           /* [n_clusters x n_clusters] users with positives in both */
    int32_t *nearest;          /* [n_clusters x adjacent], -1 where there are fewer */
    double *nearness;          /* the same */
    int64_t *count;            /* [n_clusters] of one user, zero between users */
    int32_t *touched;          /* [n_clusters] clusters of one user */
    double *beside;            /* [n_clusters] zero between users */
    const int64_t *popularity; /* item_begin of the positives */
} scratch;

static int64_t count_of(const scratch *s, int32_t item)
{
    return s->popularity[item + 1] - s->popularity[item];
}

/* Labels without gaps. */
static rb_status number_clusters(state *m, scratch *s, const int32_t *labels, rb_error *err)
{
    int32_t *number = NULL, most = -1;
    for (int64_t i = 0; i < m->n_items; i++)
        most = labels[i] > most ? labels[i] : most;
    RB_TRY(rb_alloc(&number, (int64_t)most + 1, err));
    RB_TRY(rb_alloc(&s->cluster, m->n_items, err));
    for (int64_t i = 0; i < m->n_items; i++)
        if (labels[i] >= 0)
            number[labels[i]] = 1;
    for (int64_t l = 0; l <= most; l++)
        number[l] = number[l] ? (int32_t)m->n_clusters++ : -1;
    for (int64_t i = 0; i < m->n_items; i++)
        s->cluster[i] = labels[i] >= 0 ? number[labels[i]] : -1;
done:
    rb_free(number);
    return err->status;
}

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

/* Members of each cluster, the most popular first, and what is left to all other items. */
static rb_status rank_members(state *m, scratch *s, rb_error *err)
{
    ranked *all = NULL;
    int64_t total = 0;
    RB_TRY(rb_alloc(&all, m->n_items, err));
    for (int32_t i = 0; i < m->n_items; i++)
        if (s->cluster[i] >= 0)
            all[m->n_members++] = (ranked){ s->cluster[i], count_of(s, i), i };
    if (m->n_members > 1)
        qsort(all, (size_t)m->n_members, sizeof *all, by_cluster_and_popularity);
    RB_TRY(rb_alloc(&m->member, m->n_members, err));
    RB_TRY(rb_alloc(&m->member_begin, m->n_clusters + 1, err));
    RB_TRY(rb_alloc(&m->all_share, m->n_clusters, err));
    RB_TRY(rb_alloc(&m->rest, m->n_items, err));
    RB_TRY(rb_alloc(&s->place, m->n_items, err));
    for (int32_t i = 0; i < m->n_items; i++) {
        s->place[i] = -1;
        m->rest[i] = -1.0 / (1.0 + (double)count_of(s, i));
    }
    for (int64_t p = 0; p < m->n_members; p++) {
        m->member[p] = all[p].item;
        m->member_begin[all[p].cluster + 1] = p + 1;
        m->all_share[all[p].cluster] += (double)all[p].count;
        s->place[all[p].item] = (int32_t)p;
        total += all[p].count;
    }
    for (int64_t c = 0; c < m->n_clusters && total > 0; c++)
        m->all_share[c] /= (double)total;
done:
    rb_free(all);
    return err->status;
}

/* ---- what lies beside what ---- */

/* Clusters of a user into touched, ascending, their positives into count; returns how many. */
static int64_t count_clusters(scratch *s, const rb_ratings *positives, int64_t user, int64_t n_clusters)
{
    int64_t n = 0;
    for (int64_t e = positives->user_begin[user]; e < positives->user_begin[user + 1]; e++) {
        int32_t c = s->cluster[positives->user_item[e]];
        if (c >= 0)
            s->count[c]++;
    }
    for (int32_t c = 0; c < n_clusters; c++)
        if (s->count[c] > 0)
            s->touched[n++] = c;
    return n;
}

static void forget(scratch *s, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        s->count[s->touched[k]] = 0;
}

static double nearness(const scratch *s, int64_t a, int64_t b, int64_t n)
{
    double both = (double)s->common[a * n + b];
    return both > 0 ? both / sqrt((double)s->common[a * n + a] * (double)s->common[b * n + b]) : 0;
}

/* The nearest of each cluster, ties by the lower one; counts are added over ranks. */
static rb_status find_adjacent(state *m, scratch *s, const rb_ratings *positives, const config *c, const int64_t *begin,
                               rb_ctx *ctx, rb_error *err)
{
    int64_t n = m->n_clusters;
    rb_alloc(&s->common, n * n, err);
    rb_alloc(&s->nearest, n * c->adjacent, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->nearness, n * c->adjacent, err));
    for (int64_t u = begin[ctx->rank]; u < begin[ctx->rank + 1]; u++) {
        int64_t n_own = count_clusters(s, positives, u, n);
        for (int64_t a = 0; a < n_own; a++)
            for (int64_t b = 0; b < n_own; b++)
                s->common[s->touched[a] * n + s->touched[b]]++;
        forget(s, n_own);
    }
    rb_sum_int64(ctx, s->common, n * n);
    for (int64_t a = 0; a < n; a++)
        for (int64_t k = 0; k < c->adjacent; k++) {
            int32_t best = -1;
            for (int32_t b = 0; b < n; b++) {
                bool taken = b == a || nearness(s, a, b, n) == 0;
                for (int64_t t = 0; t < k && !taken; t++)
                    taken = s->nearest[a * c->adjacent + t] == b;
                if (!taken && (best < 0 || nearness(s, a, b, n) > nearness(s, a, best, n)))
                    best = b;
            }
            s->nearest[a * c->adjacent + k] = best;
            s->nearness[a * c->adjacent + k] = best >= 0 ? nearness(s, a, best, n) : 0;
        }
done:
    return err->status;
}

/* ---- shares of a user ---- */

/* The clusters with most positives to the front of touched, ties by the lower one; returns how many are preferred. */
static int64_t choose_preferred(scratch *s, int64_t n, int64_t most)
{
    int64_t n_preferred = n < most ? n : most;
    for (int64_t k = 0; k < n_preferred; k++) {
        int64_t best = k;
        for (int64_t t = k + 1; t < n; t++)
            if (s->count[s->touched[t]] > s->count[s->touched[best]] ||
                (s->count[s->touched[t]] == s->count[s->touched[best]] && s->touched[t] < s->touched[best]))
                best = t;
        int32_t swap = s->touched[k];
        s->touched[k] = s->touched[best];
        s->touched[best] = swap;
    }
    return n_preferred;
}

static void share_places(int32_t *cluster, double *share, const state *m, scratch *s, const config *c, int64_t n)
{
    int64_t n_preferred = choose_preferred(s, n, c->preferred), used = 0;
    double own = 0, others = 0;
    for (int64_t w = 0; w < m->width; w++)
        cluster[w] = -1;
    for (int64_t k = 0; k < n_preferred; k++)
        own += (double)s->count[s->touched[k]];
    for (int64_t k = 0; k < n_preferred; k++)
        for (int64_t t = 0; t < c->adjacent; t++) {
            int64_t at = s->touched[k] * c->adjacent + t;
            bool is_preferred = s->nearest[at] < 0;
            for (int64_t o = 0; o < n_preferred; o++)
                is_preferred = is_preferred || s->touched[o] == s->nearest[at];
            if (!is_preferred)
                s->beside[s->nearest[at]] += (double)s->count[s->touched[k]] / own * s->nearness[at];
        }
    for (int64_t b = 0; b < m->n_clusters; b++)
        others += s->beside[b];
    double rate = others > 0 ? c->diversification : 0;
    for (int64_t k = 0; k < n_preferred; k++, used++) {
        cluster[used] = s->touched[k];
        share[used] = (1 - rate) * (double)s->count[s->touched[k]] / own;
    }
    for (int32_t b = 0; b < m->n_clusters; b++) {
        if (s->beside[b] > 0) {
            cluster[used] = b;
            share[used++] = rate * s->beside[b] / others;
        }
        s->beside[b] = 0;
    }
}

static int by_place(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Places of the clustered items that a user has met. */
static void note_seen(state *m, const scratch *s, const rb_ratings *train, int64_t user)
{
    int64_t n = 0;
    int32_t *seen = m->seen + m->seen_begin[user];
    for (int64_t e = train->user_begin[user]; e < train->user_begin[user + 1]; e++)
        if (s->place[train->user_item[e]] >= 0)
            seen[n++] = s->place[train->user_item[e]];
    if (n > 1)
        qsort(seen, (size_t)n, sizeof *seen, by_place);
}

static rb_status count_seen(state *m, const scratch *s, const rb_ratings *train, rb_error *err)
{
    RB_TRY(rb_alloc(&m->seen_begin, m->n_users + 1, err));
    for (int64_t u = 0; u < m->n_users; u++) {
        m->seen_begin[u + 1] = m->seen_begin[u];
        for (int64_t e = train->user_begin[u]; e < train->user_begin[u + 1]; e++)
            m->seen_begin[u + 1] += s->place[train->user_item[e]] >= 0;
    }
    m->n_seen = m->seen_begin[m->n_users];
done:
    return err->status;
}

/* ---- fit ---- */

static rb_status describe_users(state *m, scratch *s, const rb_train_view *view, const config *c, int64_t *begin,
                                rb_ctx *ctx, rb_error *err)
{
    const rb_ratings *positives = view->positives;
    int64_t cells = m->n_users * m->width;
    RB_TRY(rb_shared_alloc(&m->seen_memory, m->n_seen * (int64_t)sizeof *m->seen, ctx, err));
    m->seen = m->seen_memory.data;
    RB_TRY(rb_shared_alloc(&m->cluster_memory, cells * (int64_t)sizeof *m->user_cluster, ctx, err));
    m->user_cluster = m->cluster_memory.data;
    RB_TRY(rb_shared_alloc(&m->share_memory, cells * (int64_t)sizeof *m->user_share, ctx, err));
    m->user_share = m->share_memory.data;
    for (int64_t u = begin[ctx->rank]; u < begin[ctx->rank + 1]; u++) {
        int64_t n = count_clusters(s, positives, u, m->n_clusters);
        share_places(m->user_cluster + u * m->width, m->user_share + u * m->width, m, s, c, n);
        forget(s, n);
        note_seen(m, s, view->ratings, u);
    }
    rb_shared_publish(&m->cluster_memory, begin, m->width * (int64_t)sizeof *m->user_cluster, ctx);
    rb_shared_publish(&m->share_memory, begin, m->width * (int64_t)sizeof *m->user_share, ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = m->seen_begin[begin[r]];
    rb_shared_publish(&m->seen_memory, begin, sizeof *m->seen, ctx);
done:
    return err->status;
}

static void release(scratch *s)
{
    rb_free(s->cluster);
    rb_free(s->place);
    rb_free(s->common);
    rb_free(s->nearest);
    rb_free(s->nearness);
    rb_free(s->count);
    rb_free(s->touched);
    rb_free(s->beside);
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    scratch s = { .popularity = view->positives->item_begin };
    int64_t *begin = NULL;
    (void)prepared;
    m->n_users = view->positives->n_users;
    m->n_items = view->positives->n_items;
    m->width = width_of(c);
    RB_TRY_ALL(ctx, number_clusters(m, &s, view->labels, err));
    RB_TRY_ALL(ctx, rank_members(m, &s, err));
    RB_TRY_ALL(ctx, count_seen(m, &s, view->ratings, err));
    rb_alloc(&s.count, m->n_clusters, err);
    rb_alloc(&s.touched, m->n_clusters, err);
    rb_alloc(&s.beside, m->n_clusters, err);
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = m->n_users * r / ctx->n_ranks;
    RB_TRY(find_adjacent(m, &s, view->positives, c, begin, ctx, err));
    RB_TRY(describe_users(m, &s, view, c, begin, ctx, err));
done:
    rb_free(begin);
    release(&s);
    return err->status;
}

/* ---- score ---- */

/* The first of the user's seen places that is not below `place`. */
static int64_t first_seen(const state *m, int32_t user, int64_t place)
{
    int64_t low = m->seen_begin[user], high = m->seen_begin[user + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (m->seen[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Quotients of one cluster's members; those that the user has met are not counted. */
static void score_cluster(double *row, const state *m, int32_t user, int64_t cluster, double share, int32_t item_begin,
                          int32_t item_end)
{
    int64_t at = first_seen(m, user, m->member_begin[cluster]), unseen = 0;
    for (int64_t p = m->member_begin[cluster]; p < m->member_begin[cluster + 1]; p++) {
        bool met = at < m->seen_begin[user + 1] && m->seen[at] == p;
        int32_t i = m->member[p];
        if (i >= item_begin && i < item_end)
            row[i - item_begin] = share / (2 * (double)unseen + 1);
        at += met;
        unseen += !met;
    }
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    for (int32_t u = 0; u < n_users; u++) {
        double *row = (double *)tile->data + u * tile->ld;
        const int32_t *cluster = m->user_cluster + users[u] * m->width;
        const double *share = m->user_share + users[u] * m->width;
        memcpy(row, m->rest + item_begin, (size_t)(item_end - item_begin) * sizeof *row);
        for (int64_t w = 0; w < m->width && cluster[w] >= 0; w++)
            if (share[w] > 0)
                score_cluster(row, m, users[u], cluster[w], share[w], item_begin, item_end);
        for (int64_t c = 0; c < m->n_clusters && cluster[0] < 0; c++)
            if (m->all_share[c] > 0)
                score_cluster(row, m, users[u], c, m->all_share[c], item_begin, item_end);
    }
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    int64_t one = 1, n_begin = m->member_begin ? m->n_clusters + 1 : 0, n_seen = m->seen_begin ? m->n_users + 1 : 0;
    v->array(v, "member", RB_INT32, (void **)&m->member, &m->n_members, &one, NULL);
    v->array(v, "member_begin", RB_INT64, (void **)&m->member_begin, &n_begin, &one, NULL);
    v->array(v, "all_share", RB_FLOAT64, (void **)&m->all_share, &m->n_clusters, &one, NULL);
    v->array(v, "rest", RB_FLOAT64, (void **)&m->rest, &m->n_items, &one, NULL);
    v->array(v, "seen_begin", RB_INT64, (void **)&m->seen_begin, &n_seen, &one, NULL);
    v->array(v, "seen", RB_INT32, (void **)&m->seen, &m->n_seen, &one, &m->seen_memory);
    v->array(v, "user_cluster", RB_INT32, (void **)&m->user_cluster, &m->n_users, &m->width, &m->cluster_memory);
    v->array(v, "user_share", RB_FLOAT64, (void **)&m->user_share, &m->n_users, &m->width, &m->share_memory);
}

static void fini(void *self)
{
    state *m = self;
    rb_free(m->member);
    rb_free(m->member_begin);
    rb_free(m->all_share);
    rb_free(m->rest);
    rb_free(m->seen_begin);
    rb_shared_fini(&m->seen_memory);
    rb_shared_fini(&m->cluster_memory);
    rb_shared_fini(&m->share_memory);
    *m = (state){ 0 };
}

const rb_recommender rb_cluster_aware = {
    .name = "cluster_aware",
    .summary = "popular items of the user's clusters and, at a given rate, of clusters beside them",
    .reference = "Dang, Croft 2012, doi:10.1145/2348283.2348296",
    .needs = RB_NEEDS_RATINGS | RB_NEEDS_POSITIVES | RB_NEEDS_LABELS,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .cost = cost,
    .fit = fit,
    .score = score,
    .arrays = arrays,
    .fini = fini,
};
