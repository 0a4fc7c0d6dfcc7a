/*
 * Titles linked by common users: degrees, PageRank, clustering. The link of i and j weighs the number of users who have
 * both; a walk from i goes to a user u with weight |I(u)| - 1 and from there to another of its titles, so that
 *
 *     p_j = (1 - a) / m + a (sum over u in U(j) of (S_u - q_j) + D / m),  q_i = p_i / W_i,  S_u = sum over I(u) of q_i
 *
 * with W_i the weight of all links of i, D the rank of titles without links, m titles.
 */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "data/features_work.h"

#define DAMPING 0.85
#define MOST_ITERATIONS 100
#define CONVERGED 1e-12
#define MOST_CLUSTERED 32768 /* titles: a bit for every pair */

static int32_t item_at(const rb_feature_work *w, int64_t e)
{
    return w->x->item[w->by_user.at[e]];
}

static int32_t user_at(const rb_feature_work *w, int64_t e)
{
    return w->x->user[w->by_title.at[e]];
}

/* ---- PageRank ---- */

typedef struct {
    double *weight; /* [n_titles] W */
    double *q;      /* [n_titles] */
    double *sum;    /* [n_users] S */
    double *next;   /* [n_titles] */
} walk;

static rb_status walk_init(walk *k, const rb_feature_work *w, rb_error *err)
{
    RB_TRY(rb_alloc(&k->weight, w->n_titles, err));
    RB_TRY(rb_alloc(&k->q, w->n_titles, err));
    RB_TRY(rb_alloc(&k->sum, w->n_users, err));
    RB_TRY(rb_alloc(&k->next, w->n_titles, err));
    for (int32_t i = 0; i < w->n_titles; i++)
        for (int64_t e = w->by_title.begin[i]; e < w->by_title.begin[i + 1]; e++)
            k->weight[i] += (double)(rb_group_size(&w->by_user, user_at(w, e)) - 1);
done:
    return err->status;
}

static void walk_fini(walk *k)
{
    rb_free(k->weight);
    rb_free(k->q);
    rb_free(k->sum);
    rb_free(k->next);
}

/* One step; returns by how much the rank moved. Every sum goes in ascending order. */
static double step(double *p, walk *k, const rb_feature_work *w, const rb_ctx *ctx)
{
    double dangling = 0, moved = 0;
    const double m = w->n_titles;
    for (int32_t i = 0; i < w->n_titles; i++) {
        k->q[i] = k->weight[i] > 0 ? p[i] / k->weight[i] : 0;
        dangling += k->weight[i] > 0 ? 0 : p[i];
    }
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 256)
    for (int32_t u = 0; u < w->n_users; u++) {
        double sum = 0;
        for (int64_t e = w->by_user.begin[u]; e < w->by_user.begin[u + 1]; e++)
            sum += k->q[item_at(w, e)];
        k->sum[u] = sum;
    }
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 64)
    for (int32_t j = 0; j < w->n_titles; j++) {
        double sum = 0;
        for (int64_t e = w->by_title.begin[j]; e < w->by_title.begin[j + 1]; e++)
            sum += k->sum[user_at(w, e)] - k->q[j];
        k->next[j] = (1 - DAMPING) / m + DAMPING * (sum + dangling / m);
    }
    for (int32_t j = 0; j < w->n_titles; j++) {
        moved += fabs(k->next[j] - p[j]);
        p[j] = k->next[j];
    }
    return moved;
}

static rb_status rank_titles(double *p, const rb_feature_work *w, const rb_ctx *ctx, rb_error *err)
{
    walk k = { 0 };
    RB_TRY(walk_init(&k, w, err));
    for (int32_t i = 0; i < w->n_titles; i++)
        p[i] = 1.0 / w->n_titles;
    for (int t = 0; t < MOST_ITERATIONS; t++)
        if (step(p, &k, w, ctx) <= CONVERGED)
            break;
done:
    walk_fini(&k);
    return err->status;
}

/* ---- links ---- */

/* Bits of the titles that share a user with title i. */
static void mark_links(uint64_t *row, const rb_feature_work *w, int64_t i)
{
    for (int64_t e = w->by_title.begin[i]; e < w->by_title.begin[i + 1]; e++) {
        int32_t user = user_at(w, e);
        for (int64_t f = w->by_user.begin[user]; f < w->by_user.begin[user + 1]; f++) {
            int32_t j = item_at(w, f);
            row[j / 64] |= 1ull << (j % 64);
        }
    }
    row[i / 64] &= ~(1ull << (i % 64));
}

static int64_t count_bits(const uint64_t *row, int64_t n_words)
{
    int64_t n = 0;
    for (int64_t k = 0; k < n_words; k++)
        n += __builtin_popcountll(row[k]);
    return n;
}

static int64_t count_common(const uint64_t *a, const uint64_t *b, int64_t n_words)
{
    int64_t n = 0;
    for (int64_t k = 0; k < n_words; k++)
        n += __builtin_popcountll(a[k] & b[k]);
    return n;
}

/* Twice the links among the neighbours of i, over the pairs of them taken twice; 0 below two neighbours. */
static double clustering_of(const uint64_t *links, int64_t i, int64_t n_titles, int64_t n_words, int64_t degree)
{
    const uint64_t *own = links + i * n_words;
    int64_t twice = 0;
    for (int64_t j = 0; j < n_titles; j++)
        if (own[j / 64] >> (j % 64) & 1)
            twice += count_common(own, links + j * n_words, n_words);
    return degree > 1 ? (double)twice / ((double)degree * (double)(degree - 1)) : 0;
}

static rb_status link_titles(double *out, const rb_feature_work *w, int64_t first, int64_t last, const rb_ctx *ctx,
                             rb_error *err)
{
    const int64_t n_words = (w->n_titles + 63) / 64;
    const bool whole = w->n_titles <= MOST_CLUSTERED;
    uint64_t *links = NULL; /* [n_titles x n_words]; above the limit one row a thread */
    RB_TRY(rb_alloc(&links, (whole ? w->n_titles : ctx->n_threads) * n_words, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t i = 0; i < (whole ? w->n_titles : 0); i++)
        mark_links(links + i * n_words, w, i);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t i = first; i < last; i++) {
        uint64_t *row = links + (whole ? i : omp_get_thread_num()) * n_words;
        double *own = out + i * RB_N_TITLE_FEATURES;
        if (!whole) {
            memset(row, 0, (size_t)n_words * sizeof *row);
            mark_links(row, w, i);
        }
        int64_t degree = count_bits(row, n_words), weight = 0;
        for (int64_t e = w->by_title.begin[i]; e < w->by_title.begin[i + 1]; e++)
            weight += rb_group_size(&w->by_user, user_at(w, e)) - 1;
        own[RB_TITLE_DEGREE] = (double)degree;
        own[RB_TITLE_WEIGHT] = (double)weight;
        own[RB_TITLE_CLUSTERING] = whole ? clustering_of(links, i, w->n_titles, n_words, degree) : NAN;
    }
done:
    rb_free(links);
    return err->status;
}

rb_status rb_features_of_graph(double *out, double *pagerank, const rb_feature_work *w, int64_t first, int64_t last,
                               const rb_ctx *ctx, rb_error *err)
{
    if (!w->d->has_interactions)
        return RB_OK;
    RB_TRY(rank_titles(pagerank, w, ctx, err));
    RB_TRY(link_titles(out, w, first, last, ctx, err));
    for (int64_t i = first; i < last; i++)
        out[i * RB_N_TITLE_FEATURES + RB_TITLE_PAGERANK] = pagerank[i];
done:
    return err->status;
}
