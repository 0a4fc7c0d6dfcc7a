#include "recommend/core/cluster_shares.h"

#include <math.h>

#include "base/alloc.h"

rb_status rb_cluster_map_number(rb_cluster_map *m, const int32_t *labels, int64_t n_items, rb_error *err)
{
    int32_t *number = NULL, most = -1;
    m->n_items = n_items;
    for (int64_t i = 0; i < n_items; i++)
        most = labels[i] > most ? labels[i] : most;
    RB_TRY(rb_alloc(&number, (int64_t)most + 1, err));
    RB_TRY(rb_alloc(&m->cluster, n_items, err));
    for (int64_t i = 0; i < n_items; i++)
        if (labels[i] >= 0)
            number[labels[i]] = 1;
    for (int64_t l = 0; l <= most; l++)
        number[l] = number[l] ? (int32_t)m->n_clusters++ : -1;
    for (int64_t i = 0; i < n_items; i++)
        m->cluster[i] = labels[i] >= 0 ? number[labels[i]] : -1;
done:
    rb_free(number);
    return err->status;
}

/* Clusters of a user into touched, ascending, their positives into count; returns how many. */
static int64_t count_clusters(rb_cluster_scratch *s, const rb_cluster_map *m, const int32_t *items, int64_t n_own)
{
    int64_t n = 0;
    for (int64_t e = 0; e < n_own; e++) {
        const int32_t c = m->cluster[items[e]];
        if (c >= 0)
            s->count[c]++;
    }
    for (int32_t c = 0; c < m->n_clusters; c++)
        if (s->count[c] > 0)
            s->touched[n++] = c;
    return n;
}

static void forget(rb_cluster_scratch *s, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        s->count[s->touched[k]] = 0;
}

static double nearness(const int64_t *common, int64_t a, int64_t b, int64_t n)
{
    const double both = (double)common[a * n + b];
    return both > 0 ? both / sqrt((double)common[a * n + a] * (double)common[b * n + b]) : 0;
}

/* The nearest cluster of a that is not among the first k found. */
static int32_t next_nearest(const rb_cluster_map *m, const int64_t *common, int64_t a, int64_t k)
{
    const int64_t n = m->n_clusters;
    int32_t best = -1;
    for (int32_t b = 0; b < n; b++) {
        bool taken = b == a || nearness(common, a, b, n) == 0;
        for (int64_t t = 0; t < k && !taken; t++)
            taken = m->nearest[a * m->adjacent + t] == b;
        if (!taken && (best < 0 || nearness(common, a, b, n) > nearness(common, a, best, n)))
            best = b;
    }
    return best;
}

rb_status rb_cluster_map_relate(rb_cluster_map *m, rb_cluster_scratch *s, const rb_ratings *positives, int64_t adjacent,
                                const int64_t *begin, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = m->n_clusters;
    int64_t *common = NULL; /* [n x n] users with positives in both */
    m->adjacent = adjacent;
    (void)rb_alloc(&common, n * n, err);
    (void)rb_alloc(&m->nearest, n * adjacent, err);
    RB_TRY_ALL(ctx, rb_alloc(&m->nearness, n * adjacent, err));
    for (int64_t u = begin[ctx->rank]; u < begin[ctx->rank + 1]; u++) {
        const int64_t from = positives->user_begin[u];
        const int64_t n_own = count_clusters(s, m, positives->user_item + from, positives->user_begin[u + 1] - from);
        for (int64_t a = 0; a < n_own; a++)
            for (int64_t b = 0; b < n_own; b++)
                common[s->touched[a] * n + s->touched[b]]++;
        forget(s, n_own);
    }
    rb_sum_int64(ctx, common, n * n);
    for (int64_t a = 0; a < n; a++)
        for (int64_t k = 0; k < adjacent; k++) {
            const int32_t best = next_nearest(m, common, a, k);
            m->nearest[a * adjacent + k] = best;
            m->nearness[a * adjacent + k] = best >= 0 ? nearness(common, a, best, n) : 0;
        }
done:
    rb_free(common);
    return err->status;
}

/* The clusters with most positives to the front of touched, ties by the lower one; returns how many are preferred. */
static int64_t choose_preferred(rb_cluster_scratch *s, int64_t n, int64_t most)
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

/* What lies beside the preferred clusters, added up in s->beside. */
static void weigh_beside(rb_cluster_scratch *s, const rb_cluster_map *m, int64_t n_preferred, double own)
{
    for (int64_t k = 0; k < n_preferred; k++)
        for (int64_t t = 0; t < m->adjacent; t++) {
            const int64_t at = s->touched[k] * m->adjacent + t;
            bool is_preferred = m->nearest[at] < 0;
            for (int64_t o = 0; o < n_preferred; o++)
                is_preferred = is_preferred || s->touched[o] == m->nearest[at];
            if (!is_preferred)
                s->beside[m->nearest[at]] += (double)s->count[s->touched[k]] / own * m->nearness[at];
        }
}

void rb_cluster_shares(int32_t *cluster, double *share, const rb_cluster_map *m, rb_cluster_scratch *s,
                       const int32_t *items, int64_t n, int64_t preferred, double diversification)
{
    const int64_t n_own = count_clusters(s, m, items, n);
    const int64_t n_preferred = choose_preferred(s, n_own, preferred);
    int64_t used = 0;
    double own = 0, others = 0;
    for (int64_t w = 0; w < preferred * (1 + m->adjacent); w++)
        cluster[w] = -1;
    for (int64_t k = 0; k < n_preferred; k++)
        own += (double)s->count[s->touched[k]];
    weigh_beside(s, m, n_preferred, own);
    for (int64_t b = 0; b < m->n_clusters; b++)
        others += s->beside[b];
    const double rate = others > 0 ? diversification : 0;
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
    forget(s, n_own);
}

rb_status rb_cluster_scratch_alloc(rb_cluster_scratch *s, const rb_cluster_map *m, rb_error *err)
{
    RB_TRY(rb_alloc(&s->count, m->n_clusters, err));
    RB_TRY(rb_alloc(&s->touched, m->n_clusters, err));
    RB_TRY(rb_alloc(&s->beside, m->n_clusters, err));
done:
    return err->status;
}

void rb_cluster_scratch_free(rb_cluster_scratch *s)
{
    rb_free(s->count);
    rb_free(s->touched);
    rb_free(s->beside);
}

void rb_cluster_map_visit(rb_cluster_map *m, rb_visitor *v)
{
    int64_t one = 1;
    v->array(v, "cluster", RB_INT32, (void **)&m->cluster, &m->n_items, &one, NULL);
    v->array(v, "nearest", RB_INT32, (void **)&m->nearest, &m->n_clusters, &m->adjacent, NULL);
    v->array(v, "nearness", RB_FLOAT64, (void **)&m->nearness, &m->n_clusters, &m->adjacent, NULL);
}

void rb_cluster_map_fini(rb_cluster_map *m)
{
    rb_free(m->cluster);
    rb_free(m->nearest);
    rb_free(m->nearness);
    *m = (rb_cluster_map){ 0 };
}
