#include "eval/rerank.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

const rb_param rb_rerank_params[] = {
    RB_CHOICE(rb_rerank_config, method, RB_RERANK_MMR, "mmr|xquad",
              "mmr: unlike what the list holds; xquad: covers the user's aspects"),
    RB_DOUBLE(rb_rerank_config, lambda, 0.7, 0.0, 1.0, "",
              "weight of the scores, 1 - lambda of diversity; 1: the order of the scores"),
    RB_INT(rb_rerank_config, candidates, 100, 1, 10000, "items",
           "best items of a user that are re-ranked; behind them a list goes on by score"),
    RB_SPACE(rb_rerank_config, space, "genre",
             "mmr: whose cosine is the likeness; xquad: whose columns are the aspects (genre, counts, tfidf)"),
    RB_MODEL(rb_rerank_config, clusters, "in place of space: the clusters of the entry of this `as` name"),
    RB_PARAM_END,
};

/* ---- rows ---- */

static double dense_at(const rb_points *p, int64_t i, int64_t column)
{
    return p->dense[i * p->d + column];
}

static int64_t count_values(const rb_points *points, const int32_t *labels, int64_t n_items)
{
    int64_t n = 0;
    if (points && points->sparse)
        return points->sparse->row_begin[n_items];
    for (int64_t i = 0; i < n_items; i++)
        if (points)
            for (int64_t c = 0; c < points->d; c++)
                n += dense_at(points, i, c) != 0;
        else
            n += labels[i] >= 0;
    return n;
}

static void add(rb_csr *x, int64_t row, int64_t column, double value)
{
    if (value == 0)
        return;
    x->col[x->row_begin[row + 1]] = (int32_t)column;
    x->value[x->row_begin[row + 1]++] = value;
}

static void copy_row(rb_csr *x, const rb_points *points, const int32_t *labels, int64_t i)
{
    if (!points) {
        if (labels[i] >= 0)
            add(x, i, labels[i], 1.0);
        return;
    }
    const rb_csr *sparse = points->sparse;
    for (int64_t c = 0; !sparse && c < points->d; c++)
        add(x, i, c, dense_at(points, i, c));
    for (int64_t e = sparse ? sparse->row_begin[i] : 0; sparse && e < sparse->row_begin[i + 1]; e++)
        add(x, i, sparse->col[e], sparse->value[e]);
}

/* To length 1, or to sum 1. */
static void scale_row(const rb_csr *x, int64_t row, rb_rerank_method method)
{
    double sum = 0;
    for (int64_t e = x->row_begin[row]; e < x->row_begin[row + 1]; e++)
        sum += method == RB_RERANK_MMR ? x->value[e] * x->value[e] : x->value[e];
    sum = method == RB_RERANK_MMR ? sqrt(sum) : sum;
    for (int64_t e = x->row_begin[row]; e < x->row_begin[row + 1]; e++)
        x->value[e] /= sum;
}

static rb_status check_aspects(const rb_csr *x, const rb_points *points, rb_error *err)
{
    for (int64_t e = 0; e < x->row_begin[x->n_rows]; e++)
        if (x->value[e] < 0)
            return RB_FAIL(err, RB_BAD_INPUT,
                           "xquad takes the columns of a space for aspects, and those of %s have negative values",
                           points->name ? points->name : "this one");
    return RB_OK;
}

rb_status rb_reranker_init(rb_reranker *r, const rb_rerank_config *config, const rb_points *points,
                           const int32_t *labels, int64_t n_items, rb_error *err)
{
    int64_t n_aspects = points ? points->d : 0;
    *r = (rb_reranker){ .method = (rb_rerank_method)config->method,
                        .lambda = config->lambda,
                        .n_candidates = (int32_t)config->candidates };
    for (int64_t i = 0; !points && i < n_items; i++)
        n_aspects = labels[i] >= n_aspects ? labels[i] + 1 : n_aspects;
    RB_TRY(rb_csr_init(&r->rows, n_items, n_aspects, count_values(points, labels, n_items), err));
    for (int64_t i = 0; i < n_items; i++) {
        r->rows.row_begin[i + 1] = r->rows.row_begin[i];
        copy_row(&r->rows, points, labels, i);
    }
    if (r->method == RB_RERANK_XQUAD)
        RB_TRY(check_aspects(&r->rows, points, err));
    for (int64_t i = 0; i < n_items; i++)
        scale_row(&r->rows, i, r->method);
done:
    if (err->status != RB_OK)
        rb_reranker_fini(r);
    return err->status;
}

void rb_reranker_fini(rb_reranker *r)
{
    rb_csr_fini(&r->rows);
    memset(r, 0, sizeof *r);
}

/* ---- one user ---- */

rb_status rb_rerank_scratch_init(rb_rerank_scratch *s, const rb_reranker *r, int64_t n_candidates, rb_error *err)
{
    RB_TRY(rb_alloc(&s->relevance, n_candidates, err));
    RB_TRY(rb_alloc(&s->redundance, n_candidates, err));
    RB_TRY(rb_alloc(&s->taken, n_candidates, err));
    RB_TRY(rb_alloc(&s->order, n_candidates, err));
    RB_TRY(rb_alloc(&s->wanted, r->rows.n_cols, err));
done:
    return err->status;
}

void rb_rerank_scratch_fini(rb_rerank_scratch *s)
{
    rb_free(s->relevance);
    rb_free(s->redundance);
    rb_free(s->taken);
    rb_free(s->order);
    rb_free(s->wanted);
    memset(s, 0, sizeof *s);
}

static void scale_scores(double *relevance, const rb_topk_entry *candidate, int32_t n)
{
    double low = n > 0 ? candidate[n - 1].score : 0, range = n > 0 ? candidate[0].score - low : 0;
    for (int32_t c = 0; c < n; c++)
        relevance[c] = range > 0 ? (candidate[c].score - low) / range : 0.0;
}

/* P(a | u); the same for all aspects where no training item of the user has any. */
static void find_wishes(double *wanted, const rb_csr *rows, const int32_t *history, int64_t n_history)
{
    double total = 0;
    memset(wanted, 0, (size_t)rows->n_cols * sizeof *wanted);
    for (int64_t h = 0; h < n_history; h++)
        for (int64_t e = rows->row_begin[history[h]]; e < rows->row_begin[history[h] + 1]; e++)
            wanted[rows->col[e]] += rows->value[e];
    for (int64_t a = 0; a < rows->n_cols; a++)
        total += wanted[a];
    for (int64_t a = 0; a < rows->n_cols; a++)
        wanted[a] = total > 0 ? wanted[a] / total : 1.0 / (double)rows->n_cols;
}

static double coverage(const double *wanted, const rb_csr *rows, int32_t item)
{
    double sum = 0;
    for (int64_t e = rows->row_begin[item]; e < rows->row_begin[item + 1]; e++)
        sum += wanted[rows->col[e]] * rows->value[e];
    return sum;
}

/* The list has taken a candidate as its place number `place`. */
static void note_taken(rb_rerank_scratch *s, const rb_reranker *r, const rb_topk_entry *candidate, int32_t n,
                       int32_t taken, int32_t place)
{
    const rb_csr *rows = &r->rows;
    const int32_t item = candidate[taken].item;
    s->taken[taken] = true;
    s->order[place] = taken;
    if (r->method == RB_RERANK_XQUAD) {
        for (int64_t e = rows->row_begin[item]; e < rows->row_begin[item + 1]; e++)
            s->wanted[rows->col[e]] *= 1.0 - rows->value[e];
        return;
    }
    for (int32_t c = 0; c < n; c++) {
        if (s->taken[c])
            continue;
        double cosine = rb_csr_dot(rows, candidate[c].item, item);
        s->redundance[c] = place == 0 ? cosine : fmax(s->redundance[c], cosine);
    }
}

/* Never more candidates than were asked for, however long the list: a shorter list begins a longer one. */
void rb_rerank(rb_rerank_scratch *s, const rb_reranker *r, const rb_topk_entry *candidate, int32_t n, int32_t k,
               const int32_t *history, int64_t n_history)
{
    const int32_t m = n < r->n_candidates ? n : r->n_candidates;
    scale_scores(s->relevance, candidate, m);
    for (int32_t c = 0; c < m; c++) {
        s->redundance[c] = 0;
        s->taken[c] = false;
    }
    if (r->method == RB_RERANK_XQUAD)
        find_wishes(s->wanted, &r->rows, history, n_history);
    for (int32_t place = 0; place < k && place < m; place++) {
        int32_t best = -1;
        double most = 0;
        for (int32_t c = 0; c < m; c++) {
            if (s->taken[c])
                continue;
            double gain =
                r->method == RB_RERANK_MMR ? -s->redundance[c] : coverage(s->wanted, &r->rows, candidate[c].item);
            double value = r->lambda * s->relevance[c] + (1.0 - r->lambda) * gain;
            if (best < 0 || value > most) {
                best = c;
                most = value;
            }
        }
        note_taken(s, r, candidate, m, best, place);
    }
    for (int32_t place = m; place < k && place < n; place++)
        s->order[place] = place;
}
