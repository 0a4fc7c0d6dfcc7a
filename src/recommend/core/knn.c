#include "recommend/core/knn.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/topk.h"

#define K1 1.2
#define B 0.75

const rb_param rb_knn_params[] = {
    RB_INT(rb_knn_config, k, 100, 1, 1000000000, "neighbours", "most neighbours of a row"),
    RB_CHOICE(rb_knn_config, similarity, RB_KNN_COSINE, "cosine|jaccard|dice|tversky|asymmetric_cosine|dot",
              "of two rows, from what they share", .flags = RB_PARAM_PREPARES),
    RB_CHOICE(rb_knn_config, weighting, RB_KNN_EQUAL, "none|tf_idf|bm25", "how much a shared column counts",
              .flags = RB_PARAM_PREPARES),
    RB_DOUBLE(rb_knn_config, shrink, 0.0, 0.0, 1e9, "", "added to the denominator: pulls small overlaps to 0",
              .flags = RB_PARAM_PREPARES),
    RB_DOUBLE(rb_knn_config, alpha, 0.5, 0.0, 1e3, "",
              "weight of what only the row has (tversky), its exponent "
              "(asymmetric_cosine, up to 1)",
              .flags = RB_PARAM_PREPARES),
    RB_DOUBLE(rb_knn_config, beta, 0.5, 0.0, 1e3, "", "weight of what only the other row has, tversky only",
              .flags = RB_PARAM_PREPARES),
    RB_PARAM_END,
};

static int64_t filled(const int64_t *begin, int64_t n)
{
    int64_t count = 0;
    for (int64_t r = 0; r < n; r++)
        count += begin[r + 1] > begin[r];
    return count;
}

rb_knn_rows rb_knn_users(const rb_ratings *train)
{
    return (rb_knn_rows){ .n_rows = train->n_users,
                          .n_cols = train->n_items,
                          .n_filled = filled(train->user_begin, train->n_users),
                          .row_begin = train->user_begin,
                          .col_begin = train->item_begin,
                          .row_col = train->user_item,
                          .col_row = train->item_user,
                          .blocks = &train->users };
}

rb_knn_rows rb_knn_items(const rb_ratings *train)
{
    return (rb_knn_rows){ .n_rows = train->n_items,
                          .n_cols = train->n_users,
                          .n_filled = filled(train->item_begin, train->n_items),
                          .row_begin = train->item_begin,
                          .col_begin = train->user_begin,
                          .row_col = train->item_user,
                          .col_row = train->user_item,
                          .blocks = &train->items };
}

rb_status rb_knn_check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const rb_knn_config *c = cfg;
    (void)shape;
    if (c->similarity == RB_KNN_ASYMMETRIC_COSINE && c->alpha > 1)
        return RB_FAIL(err, RB_BAD_INPUT, "'alpha' is %g, expected at most 1: it is an exponent of asymmetric_cosine",
                       c->alpha);
    return RB_OK;
}

/* ---- similarity ---- */

double rb_knn_similarity(double shared, double size_i, double size_j, const rb_knn_config *config)
{
    const double c = shared, shrink = config->shrink;
    double below = 1;
    if (!(c > 0))
        return 0;
    switch (config->similarity) {
    case RB_KNN_COSINE:
        below = sqrt(size_i * size_j);
        break;
    case RB_KNN_JACCARD:
        below = size_i + size_j - c;
        break;
    case RB_KNN_DICE:
        return 2 * c / (size_i + size_j + shrink);
    case RB_KNN_TVERSKY:
        below = c + config->alpha * (size_i - c) + config->beta * (size_j - c);
        break;
    case RB_KNN_ASYMMETRIC_COSINE:
        below = pow(size_i, config->alpha) * pow(size_j, 1 - config->alpha);
        break;
    case RB_KNN_WALK:
        below = pow(size_i, config->alpha) * pow(size_j, config->beta);
        break;
    default:
        break;
    }
    return c / (below + shrink);
}

static rb_status weigh_columns(rb_knn_weights *w, const rb_knn_rows *rows, const rb_knn_config *config, rb_error *err)
{
    RB_TRY(rb_alloc(&w->col, rows->n_cols, err));
    for (int64_t c = 0; c < rows->n_cols; c++) {
        double n = (double)(rows->col_begin[c + 1] - rows->col_begin[c]), idf = log((double)rows->n_filled / (1 + n));
        w->col[c] = config->weighting == RB_KNN_STEPS ? pow(n > 0 ? n : 1, -config->alpha) : idf * idf;
    }
done:
    return err->status;
}

double rb_knn_length_factor(double length, double mean)
{
    return (K1 + 1) / (K1 * (1 - B + B * length / mean) + 1);
}

static rb_status weigh_rows(rb_knn_weights *w, const rb_knn_rows *rows, rb_error *err)
{
    double mean = (double)rows->col_begin[rows->n_cols] / (double)(rows->n_filled > 0 ? rows->n_filled : 1);
    RB_TRY(rb_alloc(&w->factor, rows->n_rows, err));
    for (int64_t r = 0; r < rows->n_rows; r++) {
        w->factor[r] = rb_knn_length_factor((double)(rows->row_begin[r + 1] - rows->row_begin[r]), mean);
    }
done:
    return err->status;
}

rb_status rb_knn_weigh(rb_knn_weights *w, const rb_knn_rows *rows, const rb_knn_config *config, rb_error *err)
{
    if (config->weighting != RB_KNN_EQUAL)
        RB_TRY(weigh_columns(w, rows, config, err));
    if (config->weighting == RB_KNN_BM25)
        RB_TRY(weigh_rows(w, rows, err));
    RB_TRY(rb_alloc(&w->size, rows->n_rows, err));
    for (int64_t r = 0; r < rows->n_rows; r++) {
        double factor = w->factor ? w->factor[r] * w->factor[r] : 1;
        for (int64_t e = rows->row_begin[r]; e < rows->row_begin[r + 1]; e++)
            w->size[r] += w->col && config->weighting != RB_KNN_STEPS ? w->col[rows->row_col[e]] : 1;
        w->size[r] *= factor;
    }
done:
    return err->status;
}

void rb_knn_weights_fini(rb_knn_weights *w)
{
    rb_free(w->col);
    rb_free(w->factor);
    rb_free(w->size);
    *w = (rb_knn_weights){ 0 };
}

/* ---- neighbours of one row ---- */

/* What a thread needs: sums over all rows, 0 between two rows, and the rows that were reached. */
typedef struct {
    int32_t *count;      /* [n_rows] without weights */
    double *sum;         /* [n_rows] with weights */
    int32_t *reached;    /* [n_rows + 1]; the last place takes what is not kept */
    rb_topk_entry *best; /* [k] */
} scratch;

typedef struct {
    const rb_knn_rows *rows;
    const rb_knn_config *config; /* [n_configs], which differ in k and, of walks, in beta alone */
    int n_configs;
    rb_knn_weights weights;
    double *power;   /* [n_configs x n_rows] n_j^beta of walks, as rb_knn_similarity has it; else NULL */
    scratch *thread; /* [n_threads] */
    int n_threads;
    int64_t k;           /* the longest, at most n_rows */
    int64_t first, last; /* own rows */
    int64_t *slot;       /* [last - first + 1] where the neighbours of each own row may lie, by their greatest number */
    rb_knn_list *found;  /* [n_configs x (last - first)] what lies there */
    int32_t *id;         /* [n_configs x slot's last] */
    double *weight;
} work;

/* The rows that share a column with row r, and how much. Returns their number. */
static int64_t add_counts(scratch *s, const rb_knn_rows *rows, int64_t r)
{
    int64_t n = 0;
    for (int64_t e = rows->row_begin[r]; e < rows->row_begin[r + 1]; e++) {
        int64_t c = rows->row_col[e];
        for (int64_t f = rows->col_begin[c]; f < rows->col_begin[c + 1]; f++) {
            int32_t other = rows->col_row[f];
            s->reached[n] = other;
            n += s->count[other]++ == 0;
        }
    }
    return n;
}

static int64_t add_weights(scratch *s, const rb_knn_rows *rows, const double *col, int64_t r)
{
    int64_t n = 0;
    for (int64_t e = rows->row_begin[r]; e < rows->row_begin[r + 1]; e++) {
        int64_t c = rows->row_col[e];
        for (int64_t f = rows->col_begin[c]; f < rows->col_begin[c + 1]; f++) {
            int32_t other = rows->col_row[f];
            s->reached[n] = other;
            n += s->count[other] == 0;
            s->count[other] = 1;
            s->sum[other] += col[c];
        }
    }
    return n;
}

/* What configuration c found in row r. */
static void keep_found(work *w, int c, int64_t r, rb_topk *best)
{
    const int64_t n_own = w->last - w->first, at = c * w->slot[n_own] + w->slot[r - w->first];
    rb_topk_finish(best);
    for (int32_t i = 0; i < best->n; i++) {
        w->id[at + i] = best->entry[i].item;
        w->weight[at + i] = best->entry[i].score;
    }
    w->found[c * n_own + r - w->first] = (rb_knn_list){ w->id + at, w->weight + at, best->n };
}

/* The nearest of those that row r reached, by configuration c; the last one leaves the sums at 0. */
static void choose(work *w, scratch *s, int c, int64_t r, int64_t n)
{
    const rb_knn_weights *weights = &w->weights;
    const rb_knn_config *config = &w->config[c];
    const double *power = w->power ? w->power + c * w->rows->n_rows : NULL;
    const bool clears = c == w->n_configs - 1;
    const double own = power ? pow(weights->size[r], config->alpha) : 1;
    rb_topk best = { .entry = s->best, .k = (int32_t)w->k };
    for (int64_t i = 0; i < n; i++) {
        const int32_t other = s->reached[i];
        double shared = weights->col ? s->sum[other] : s->count[other];
        if (clears) {
            s->count[other] = 0;
            if (weights->col)
                s->sum[other] = 0;
        }
        if (weights->factor)
            shared *= weights->factor[r] * weights->factor[other];
        double similarity = power ? shared / (own * power[other])
                                  : rb_knn_similarity(shared, weights->size[r], weights->size[other], config);
        if (other != r && similarity > 0)
            rb_topk_offer(&best, similarity, 0, other);
    }
    keep_found(w, c, r, &best);
}

static void find_row(work *w, scratch *s, int64_t r)
{
    const double *col = w->weights.col;
    const int64_t n = col ? add_weights(s, w->rows, col, r) : add_counts(s, w->rows, r);
    for (int c = 0; c < w->n_configs; c++)
        choose(w, s, c, r, n);
}

/* ---- all rows ---- */

static void work_fini(work *w)
{
    for (int t = 0; w->thread && t < w->n_threads; t++) {
        rb_free(w->thread[t].count);
        rb_free(w->thread[t].sum);
        rb_free(w->thread[t].reached);
        rb_free(w->thread[t].best);
    }
    rb_free(w->thread);
    rb_free(w->power);
    rb_free(w->slot);
    rb_free(w->found);
    rb_free(w->id);
    rb_free(w->weight);
    rb_knn_weights_fini(&w->weights);
}

/* A row has at most as many neighbours as its columns have rows; itself need not be one of them (rows->done). */
static rb_status reserve_slots(work *w, rb_error *err)
{
    const rb_knn_rows *rows = w->rows;
    int64_t n_own = w->last - w->first;
    RB_TRY(rb_alloc(&w->slot, n_own + 1, err));
    RB_TRY(rb_alloc(&w->found, w->n_configs * n_own, err));
    for (int64_t r = w->first; r < w->last; r++) {
        int64_t most = 0;
        for (int64_t e = rows->row_begin[r]; e < rows->row_begin[r + 1] && most < w->k; e++)
            most += rows->col_begin[rows->row_col[e] + 1] - rows->col_begin[rows->row_col[e]];
        w->slot[r - w->first + 1] = w->slot[r - w->first] + (most < w->k ? most : w->k);
    }
    RB_TRY(rb_alloc(&w->id, w->n_configs * w->slot[n_own], err));
    RB_TRY(rb_alloc(&w->weight, w->n_configs * w->slot[n_own], err));
done:
    return err->status;
}

/* Once a row and beta: a pair would spend most of its time on it. */
static rb_status raise_sizes(work *w, rb_error *err)
{
    const int64_t n_rows = w->rows->n_rows;
    RB_TRY(rb_alloc(&w->power, w->n_configs * n_rows, err));
    for (int c = 0; c < w->n_configs; c++)
        for (int64_t r = 0; r < n_rows; r++)
            w->power[c * n_rows + r] = pow(w->weights.size[r], w->config[c].beta);
done:
    return err->status;
}

static rb_status begin(work *w, rb_error *err)
{
    int64_t n_rows = w->rows->n_rows;
    RB_TRY(rb_alloc(&w->thread, w->n_threads, err));
    RB_TRY(rb_knn_weigh(&w->weights, w->rows, w->config, err));
    if (w->config->similarity == RB_KNN_WALK)
        RB_TRY(raise_sizes(w, err));
    RB_TRY(reserve_slots(w, err));
    for (int t = 0; t < w->n_threads; t++) {
        RB_TRY(rb_alloc(&w->thread[t].count, n_rows, err));
        RB_TRY(rb_alloc(&w->thread[t].reached, n_rows + 1, err));
        RB_TRY(rb_alloc(&w->thread[t].best, w->k, err));
        if (w->weights.col)
            RB_TRY(rb_alloc(&w->thread[t].sum, n_rows, err));
    }
done:
    return err->status;
}

rb_status rb_knn_find_each(rb_knn_lists *out, const rb_knn_rows *rows, const rb_knn_config *configs, int n,
                           const rb_ctx *ctx, rb_error *err)
{
    int64_t *range = NULL, *again = NULL; /* [n_ranks + 1] first row of each rank */
    work w = { .rows = rows, .config = configs, .n_configs = n, .n_threads = ctx->n_threads };
    for (int c = 0; c < n; c++)
        w.k = configs[c].k > w.k ? configs[c].k : w.k;
    w.k = w.k < rows->n_rows ? w.k : rows->n_rows;
    rb_alloc(&again, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&range, ctx->n_ranks + 1, err));
    rb_blocks_offsets(range, rows->blocks, ctx);
    w.first = range[ctx->rank];
    w.last = range[ctx->rank + 1];
    RB_TRY_ALL(ctx, begin(&w, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t r = w.first; r < w.last; r++)
        if (!rows->done || rows->done[r + 1] == rows->done[r])
            find_row(&w, &w.thread[omp_get_thread_num()], r);
    for (int c = 0; c < n; c++) {
        memcpy(again, range, ((size_t)ctx->n_ranks + 1) * sizeof *range);
        RB_TRY(rb_knn_gather(&out[c], w.found + c * (w.last - w.first), again, rows->n_rows, ctx, err));
    }
done:
    work_fini(&w);
    rb_free(range);
    rb_free(again);
    return err->status;
}

rb_status rb_knn_find(rb_knn_lists *out, const rb_knn_rows *rows, const rb_knn_config *config, const rb_ctx *ctx,
                      rb_error *err)
{
    return rb_knn_find_each(out, rows, config, 1, ctx, err);
}

rb_status rb_knn_prepare(void **prepared, const rb_knn_rows *rows, const void *const *configs, int n, const rb_ctx *ctx,
                         rb_error *err)
{
    rb_knn_lists *lists = NULL;
    rb_knn_config longest = *(const rb_knn_config *)configs[0];
    for (int c = 1; c < n; c++)
        if (((const rb_knn_config *)configs[c])->k > longest.k)
            longest.k = ((const rb_knn_config *)configs[c])->k;
    RB_TRY_ALL(ctx, rb_alloc(&lists, 1, err));
    RB_TRY(rb_knn_find(lists, rows, &longest, ctx, err));
done:
    if (err->status == RB_OK)
        *prepared = lists;
    else
        rb_knn_unprepare(lists);
    return err->status;
}

void rb_knn_unprepare(void *prepared)
{
    if (prepared)
        rb_knn_fini(prepared);
    rb_free(prepared);
}

rb_cost rb_knn_cost(const rb_knn_config *config, const rb_shape *shape, bool by_user)
{
    double nnz = (double)shape->n_positives;
    double n_rows = (double)(by_user ? shape->n_users : shape->n_items);
    double n_cols = (double)(by_user ? shape->n_items : shape->n_users);
    double k = (double)config->k < n_rows ? (double)config->k : n_rows;
    double own = 12 * n_rows * k / shape->n_ranks;
    return (rb_cost){ .bytes_per_rank = own + 20 * n_rows * shape->n_threads + 16 * (n_rows + n_cols),
                      .bytes_per_node = 24 * n_rows * k + 16 * n_rows + 4 * nnz + 8 * (double)shape->n_users,
                      .flops = 2 * nnz * nnz / (n_cols + 1) };
}
