#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/topk.h"
#include "recommend/core/rating_knn.h"

/* What two rows x (the one at hand) and v share, side by side, so that one pair of ratings is one step of vectors. */
typedef double sums __attribute__((vector_size(64)));
enum { COUNT, SUM_X, SUM_V, SQUARE_X, SQUARE_V, PRODUCT };

#define WORD_BITS 64

struct rb_rating_scratch {
    sums *shared;        /* [n_rows] 0 between two rows */
    uint64_t *reached;   /* [n_rows / WORD_BITS + 1] bit v: shared[v] is not 0 */
    int32_t *id;         /* [n_rows] */
    double *similarity;  /* [n_rows] */
    rb_topk_entry *best; /* [candidates] */
    int64_t n_words, n_best;
};

void rb_rating_scratch_free(rb_rating_scratch *s)
{
    if (!s)
        return;
    rb_free(s->shared);
    rb_free(s->reached);
    rb_free(s->id);
    rb_free(s->similarity);
    rb_free(s->best);
    rb_free(s);
}

rb_status rb_rating_scratch_new(rb_rating_scratch **out, int64_t n_rows, const rb_rating_knn_config *config,
                                rb_error *err)
{
    rb_rating_scratch *s = NULL;
    RB_TRY(rb_alloc(&s, 1, err));
    s->n_words = n_rows / WORD_BITS + 1;
    s->n_best = config->candidates < n_rows ? config->candidates : n_rows;
    RB_TRY(rb_alloc(&s->shared, n_rows, err));
    RB_TRY(rb_alloc(&s->reached, s->n_words, err));
    RB_TRY(rb_alloc(&s->id, n_rows, err));
    RB_TRY(rb_alloc(&s->similarity, n_rows, err));
    RB_TRY(rb_alloc(&s->best, s->n_best, err));
done:
    if (err->status != RB_OK) {
        rb_rating_scratch_free(s);
        s = NULL;
    }
    *out = s;
    return err->status;
}

/* ---- one row ---- */

static double value_at(const rb_rating_rows *rows, float rating, int64_t col, double bias)
{
    return rows->col_bias ? (double)rating - (rows->mean + rows->col_bias[col] + bias) : (double)rating;
}

/*
 * A column's rows v with values b beside x's value a: adds { 1, a, b, a^2, b^2, a b }, as three constant vectors times
 * 1, b and b^2, since a vector of constants is loaded once a column and b is one broadcast. Products with 0 and 1 are
 * exact, so that each sum has the bits of its own loop.
 */
static void add_column(rb_rating_scratch *s, const rb_rating_rows *rows, int64_t col, double a)
{
    const sums constant = { 1, a, 0, a * a, 0, 0, 0, 0 }, linear = { 0, 0, 1, 0, 0, a, 0, 0 };
    const sums square = { 0, 0, 0, 0, 1, 0, 0, 0 };
    for (int64_t e = rows->col_begin[col]; e < rows->col_begin[col + 1]; e++) {
        const int32_t v = rows->col_row[e];
        const double b = value_at(rows, rows->col_rating[e], col, rows->row_bias ? rows->row_bias[v] : 0);
        s->shared[v] += constant + linear * b + square * (b * b);
        s->reached[v / WORD_BITS] |= (uint64_t)1 << (v % WORD_BITS);
    }
}

static double cosine(const sums *t)
{
    double below = sqrt((*t)[SQUARE_X] * (*t)[SQUARE_V]);
    return below > 0 ? (*t)[PRODUCT] / below : 0;
}

/* A constant row has variance 0, or what rounding leaves of ratings that are not multiples of 1/2. */
static double pearson(const sums *t)
{
    const double n = (*t)[COUNT], noise = 1e-13 * n;
    const double x = n * (*t)[SQUARE_X] - (*t)[SUM_X] * (*t)[SUM_X], v = n * (*t)[SQUARE_V] - (*t)[SUM_V] * (*t)[SUM_V];
    return x > noise * (*t)[SQUARE_X] && v > noise * (*t)[SQUARE_V]
               ? (n * (*t)[PRODUCT] - (*t)[SUM_X] * (*t)[SUM_V]) / sqrt(x * v)
               : 0;
}

static double similarity_of(const sums *t, const rb_rating_knn_config *c)
{
    double n = (*t)[COUNT];
    if (n < (double)c->min_support)
        return 0;
    switch (c->similarity) {
    case RB_RATING_MSD:
        return 1 / (fmax((*t)[SQUARE_X] + (*t)[SQUARE_V] - 2 * (*t)[PRODUCT], 0) / n + 1);
    case RB_RATING_COSINE:
        return cosine(t);
    case RB_RATING_PEARSON:
        return pearson(t);
    default:
        return n < 2 ? 0 : (n - 1) / (n - 1 + c->shrinkage) * cosine(t);
    }
}

/* The most similar of n rows, which stay in ascending order. */
static int64_t keep_best(rb_rating_scratch *s, int64_t n)
{
    rb_topk best = { .entry = s->best, .k = (int32_t)s->n_best };
    for (int64_t i = 0; i < n; i++)
        rb_topk_offer(&best, s->similarity[i], 0, s->id[i]);
    const rb_topk_entry worst = best.entry[0]; /* the root of the heap */
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        const rb_topk_entry x = { .score = s->similarity[i], .item = s->id[i] };
        if (rb_topk_before(&worst, &x))
            continue;
        s->id[kept] = x.item;
        s->similarity[kept++] = x.score;
    }
    return kept;
}

rb_knn_list rb_rating_compare(rb_rating_scratch *s, const rb_rating_rows *rows, const int32_t *col, const float *rating,
                              int64_t n, double bias, int32_t itself, const rb_rating_knn_config *config)
{
    int64_t found = 0;
    for (int64_t e = 0; e < n; e++)
        add_column(s, rows, col[e], value_at(rows, rating[e], col[e], bias));
    for (int64_t w = 0; w < s->n_words; w++)
        for (uint64_t bits = s->reached[w]; bits; bits &= bits - 1) {
            const int32_t v = (int32_t)(w * WORD_BITS + __builtin_ctzll(bits));
            const double similarity = v == itself ? 0 : similarity_of(&s->shared[v], config);
            s->shared[v] = (sums){ 0 };
            s->id[found] = v;
            s->similarity[found] = similarity;
            found += similarity > 0;
        }
    memset(s->reached, 0, (size_t)s->n_words * sizeof *s->reached);
    if (config->candidates > 0 && found > s->n_best)
        found = keep_best(s, found);
    return (rb_knn_list){ s->id, s->similarity, found };
}

/* ---- all rows ---- */

typedef struct {
    rb_rating_scratch **thread; /* [n_threads] */
    rb_error *failure;          /* [n_threads] */
    rb_knn_list *own;           /* [n_own] */
    int64_t n_own;
    int n_threads;
} work;

static rb_status begin(work *w, int64_t n_rows, const rb_rating_knn_config *config, rb_error *err)
{
    RB_TRY(rb_alloc(&w->thread, w->n_threads, err));
    RB_TRY(rb_alloc(&w->failure, w->n_threads, err));
    RB_TRY(rb_alloc(&w->own, w->n_own, err));
    for (int t = 0; t < w->n_threads; t++)
        RB_TRY(rb_rating_scratch_new(&w->thread[t], n_rows, config, err));
done:
    return err->status;
}

static void work_fini(work *w)
{
    for (int64_t r = 0; w->own && r < w->n_own; r++) {
        rb_free(w->own[r].id);
        rb_free(w->own[r].weight);
    }
    for (int t = 0; w->thread && t < w->n_threads; t++)
        rb_rating_scratch_free(w->thread[t]);
    rb_free(w->thread);
    rb_free(w->failure);
    rb_free(w->own);
}

static rb_status copy_list(rb_knn_list *out, const rb_knn_list *found, rb_error *err)
{
    if (found->n == 0)
        return RB_OK;
    RB_TRY(rb_alloc(&out->id, found->n, err));
    RB_TRY(rb_alloc(&out->weight, found->n, err));
    memcpy(out->id, found->id, (size_t)found->n * sizeof *out->id);
    memcpy(out->weight, found->weight, (size_t)found->n * sizeof *out->weight);
    out->n = found->n;
done:
    return err->status;
}

static rb_status find_rows(work *w, const rb_rating_rows *rows, int64_t first, const rb_rating_knn_config *config,
                           rb_error *err)
{
#pragma omp parallel for num_threads(w->n_threads) schedule(dynamic, 16)
    for (int64_t own = 0; own < w->n_own; own++) {
        const int t = omp_get_thread_num();
        const int64_t r = first + own, from = rows->row_begin[r];
        if (w->failure[t].status != RB_OK)
            continue;
        rb_knn_list found = rb_rating_compare(w->thread[t], rows, rows->row_col + from, rows->row_rating + from,
                                              rows->row_begin[r + 1] - from, rows->row_bias ? rows->row_bias[r] : 0,
                                              (int32_t)r, config);
        copy_list(&w->own[own], &found, &w->failure[t]);
    }
    for (int t = 0; t < w->n_threads && err->status == RB_OK; t++)
        *err = w->failure[t];
    return err->status;
}

rb_status rb_rating_find(rb_knn_lists *out, const rb_rating_rows *rows, const rb_blocks *blocks,
                         const rb_rating_knn_config *config, const rb_ctx *ctx, rb_error *err)
{
    int64_t *range = NULL; /* [n_ranks + 1] first row of each rank */
    work w = { .n_threads = ctx->n_threads };
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    rb_blocks_offsets(range, blocks, ctx);
    w.n_own = range[ctx->rank + 1] - range[ctx->rank];
    RB_TRY_ALL(ctx, begin(&w, rows->n_rows, config, err));
    RB_TRY_ALL(ctx, find_rows(&w, rows, range[ctx->rank], config, err));
    RB_TRY(rb_knn_gather(out, w.own, range, rows->n_rows, ctx, err));
done:
    work_fini(&w);
    rb_free(range);
    return err->status;
}
