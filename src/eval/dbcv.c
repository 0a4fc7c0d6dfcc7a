#include "eval/dbcv.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "linalg/distance.h"

#define TOGETHER 256 /* distances of one call */

typedef struct {
    const rb_points *points;
    rb_compact_labels labels;
    int64_t *begin;      /* [k + 1] members of a cluster */
    int32_t *member;     /* [n_kept] by cluster, ascending */
    double *length2;     /* [n] sparse */
    double *core, *away; /* [n_kept] by place among the members, as is_inner: a(x); least m to another cluster */
    double *sparseness;  /* [k] DSC */
    uint8_t *is_inner;   /* [n_kept] */
    double *row;         /* [n_threads x d] sparse: a row as a dense one */
    rb_shared core_memory, away_memory;
} work;

/* ---- distances ---- */

static double sparse_distance2(const work *w, const double *row, int64_t i, int64_t j)
{
    const rb_csr *x = w->points->sparse;
    double dot = 0;
    for (int64_t e = x->row_begin[j]; e < x->row_begin[j + 1]; e++)
        dot += x->value[e] * row[x->col[e]];
    double d2 = w->length2[i] + w->length2[j] - 2 * dot;
    return d2 > 0 && i != j ? d2 : 0;
}

static void scatter(const work *w, int64_t i, bool clears)
{
    const rb_csr *x = w->points->sparse;
    double *row = w->row + omp_get_thread_num() * w->points->d;
    for (int64_t e = x ? x->row_begin[i] : 0; x && e < x->row_begin[i + 1]; e++)
        row[x->col[e]] = clears ? 0 : x->value[e];
}

/* Distances of a scattered point to the members [first, first + n), n at most TOGETHER. */
static void distances(double *out, const work *w, int64_t i, int64_t first, int64_t n)
{
    const int64_t d = w->points->d;
    const double *rows[TOGETHER];
    if (w->points->sparse) {
        for (int64_t j = 0; j < n; j++)
            out[j] = sparse_distance2(w, w->row + omp_get_thread_num() * d, i, w->member[first + j]);
    } else {
        for (int64_t j = 0; j < n; j++)
            rows[j] = w->points->dense + w->member[first + j] * d;
        rb_distance2_rows_f64(out, rows, n, w->points->dense + i * d, d);
    }
    for (int64_t j = 0; j < n; j++)
        out[j] = sqrt(out[j]);
}

/* ---- inside a cluster ---- */

/* Powers of ratios to the least distance neither overflow nor vanish. */
static double core_distance(const work *w, int64_t place, int64_t begin, int64_t end)
{
    const double d = (double)w->points->d;
    double least = INFINITY, sum = 0, distance[TOGETHER];
    scatter(w, w->member[place], false);
    for (int pass = 0; pass < 2 && least > 0; pass++)
        for (int64_t first = begin; first < end; first += TOGETHER) {
            int64_t n = end - first < TOGETHER ? end - first : TOGETHER;
            distances(distance, w, w->member[place], first, n);
            for (int64_t j = 0; j < n; j++) {
                if (first + j == place)
                    continue;
                if (pass == 0)
                    least = distance[j] < least ? distance[j] : least;
                else
                    sum += pow(least / distance[j], d);
            }
        }
    scatter(w, w->member[place], true);
    return least > 0 ? least * pow(sum / (double)(end - begin - 1), -1 / d) : 0;
}

static double longest(double a, double b, double c)
{
    double most = a > b ? a : b;
    return most > c ? most : c;
}

/* Prim's tree of the cluster's n members: of equal edges those of the lowest points. */
static void grow_tree(double *least, int32_t *from, int32_t *degree, const work *w, int64_t begin, int64_t n)
{
    double distance[TOGETHER];
    int64_t at = 0;
    for (int64_t j = 0; j < n; j++) {
        least[j] = INFINITY;
        from[j] = -1;
    }
    for (int64_t step = 1; step < n; step++) {
        int64_t next = -1;
        from[at] = from[at] < 0 ? -2 - (int32_t)at : -2 - from[at]; /* joined: -2 - the point it joined by */
        scatter(w, w->member[begin + at], false);
        for (int64_t first = 0; first < n; first += TOGETHER) {
            int64_t m = n - first < TOGETHER ? n - first : TOGETHER;
            distances(distance, w, w->member[begin + at], begin + first, m);
            for (int64_t j = 0; j < m; j++) {
                int64_t to = first + j;
                if (from[to] <= -2)
                    continue;
                double length = longest(w->core[begin + at], w->core[begin + to], distance[j]);
                if (length < least[to] || (length == least[to] && at < from[to])) {
                    least[to] = length;
                    from[to] = (int32_t)at;
                }
                next = next < 0 || least[to] < least[next] ? to : next;
            }
        }
        scatter(w, w->member[begin + at], true);
        degree[next]++;
        degree[from[next]]++;
        at = next;
    }
    from[at] = -2 - from[at];
}

static rb_status weigh_cluster(work *w, int64_t cluster, rb_error *err)
{
    const int64_t begin = w->begin[cluster], n = w->begin[cluster + 1] - begin;
    double *least = NULL, most = 0, most_inner = -1;
    int32_t *from = NULL, *degree = NULL;
    int64_t n_inner = 0;
    rb_alloc(&least, n, err);
    rb_alloc(&from, n, err);
    RB_TRY(rb_alloc(&degree, n, err));
    grow_tree(least, from, degree, w, begin, n);
    for (int64_t j = 1; j < n; j++) {
        most = least[j] > most ? least[j] : most;
        if (degree[j] > 1 && degree[-2 - from[j]] > 1)
            most_inner = least[j] > most_inner ? least[j] : most_inner;
    }
    for (int64_t j = 0; j < n; j++)
        n_inner += degree[j] > 1;
    for (int64_t j = 0; j < n; j++)
        w->is_inner[begin + j] = n_inner == 0 || degree[j] > 1;
    w->sparseness[cluster] = most_inner >= 0 ? most_inner : most;
done:
    rb_free(least);
    rb_free(from);
    rb_free(degree);
    return err->status;
}

/* ---- between clusters ---- */

static double least_away(const work *w, int64_t place, int64_t begin, int64_t end)
{
    double least = INFINITY, distance[TOGETHER];
    const int64_t n = w->begin[w->labels.k];
    scatter(w, w->member[place], false);
    for (int64_t first = 0; first < n; first += TOGETHER) {
        int64_t m = n - first < TOGETHER ? n - first : TOGETHER;
        distances(distance, w, w->member[place], first, m);
        for (int64_t j = 0; j < m; j++) {
            int64_t to = first + j;
            if ((to >= begin && to < end) || !w->is_inner[to])
                continue;
            double length = longest(w->core[place], w->core[to], distance[j]);
            least = length < least ? length : least;
        }
    }
    scatter(w, w->member[place], true);
    return least;
}

static int64_t cluster_of(const work *w, int64_t place)
{
    return w->labels.label[w->member[place]];
}

/* Both passes over points: a rank has an even share of the places. */
static void measure_points(work *w, const int64_t *offsets, bool between, const rb_ctx *ctx)
{
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 16)
    for (int64_t p = offsets[ctx->rank]; p < offsets[ctx->rank + 1]; p++) {
        int64_t c = cluster_of(w, p);
        if (!between)
            w->core[p] = core_distance(w, p, w->begin[c], w->begin[c + 1]);
        else
            w->away[p] = w->is_inner[p] ? least_away(w, p, w->begin[c], w->begin[c + 1]) : INFINITY;
    }
    rb_shared_publish(between ? &w->away_memory : &w->core_memory, offsets, (int64_t)sizeof(double), ctx);
}

/* ---- all ---- */

/* Members of clusters of two points or more; the others have no place. */
static void place_members(work *w, int64_t *n_skipped)
{
    const rb_compact_labels *l = &w->labels;
    *n_skipped = 0;
    for (int64_t c = 0; c < l->k; c++) {
        w->begin[c + 1] = w->begin[c] + (l->size[c] > 1 ? l->size[c] : 0);
        *n_skipped += l->size[c] == 1;
    }
    for (int64_t i = l->n - 1; i >= 0; i--)
        if (l->label[i] >= 0 && l->size[l->label[i]] > 1)
            w->member[--w->begin[l->label[i] + 1]] = (int32_t)i;
    for (int64_t c = 0; c < l->k; c++)
        w->begin[c] = w->begin[c + 1];
    int64_t n = l->n_kept - *n_skipped;
    w->begin[l->k] = n;
}

static rb_metric_value sum_up(const work *w)
{
    const int64_t n = w->begin[w->labels.k];
    double sum = 0;
    for (int64_t c = 0; c < w->labels.k; c++) {
        double away = INFINITY, size = (double)(w->begin[c + 1] - w->begin[c]);
        for (int64_t p = w->begin[c]; p < w->begin[c + 1]; p++)
            away = w->away[p] < away ? w->away[p] : away;
        double most = away > w->sparseness[c] ? away : w->sparseness[c];
        if (size > 0 && most > 0)
            sum += size / (double)n * (away - w->sparseness[c]) / most;
    }
    return rb_metric_finite(sum * w->labels.scale);
}

static rb_status weigh_clusters(work *w, const rb_ctx *ctx, rb_error *err)
{
    rb_status failed = RB_OK;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t c = ctx->rank; c < w->labels.k; c += ctx->n_ranks) {
        rb_error own = { 0 };
        if (w->begin[c] < w->begin[c + 1] && weigh_cluster(w, c, &own) != RB_OK) {
#pragma omp critical(rb_dbcv_failed)
            {
                failed = own.status;
                *err = own;
            }
        }
    }
    return failed;
}

static rb_status allocate(work *w, const rb_ctx *ctx, rb_error *err)
{
    const rb_csr *x = w->points->sparse;
    const int64_t n = w->points->n;
    rb_alloc(&w->begin, w->labels.k + 1, err);
    rb_alloc(&w->member, n, err);
    rb_alloc(&w->row, x ? ctx->n_threads * w->points->d : 0, err);
    RB_TRY_ALL(ctx, rb_alloc(&w->length2, x ? n : 0, err));
    RB_TRY(rb_shared_alloc(&w->core_memory, n * (int64_t)sizeof(double), ctx, err));
    RB_TRY(rb_shared_alloc(&w->away_memory, n * (int64_t)sizeof(double), ctx, err));
    w->core = w->core_memory.data;
    w->away = w->away_memory.data;
    rb_alloc(&w->is_inner, n, err);
    RB_TRY_ALL(ctx, rb_alloc(&w->sparseness, w->labels.k, err));
    for (int64_t i = 0; x && i < n; i++)
        for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++)
            w->length2[i] += x->value[e] * x->value[e];
done:
    return err->status;
}

/* Clusters are dealt to the ranks: what each knows of its own comes together as whole numbers and bits. */
static void exchange_clusters(work *w, const rb_ctx *ctx)
{
    for (int64_t c = 0; c < w->labels.k; c++) {
        int owner = (int)(c % ctx->n_ranks);
        rb_bcast(ctx, &w->sparseness[c], (int64_t)sizeof(double), owner);
        rb_bcast(ctx, w->is_inner + w->begin[c], w->begin[c + 1] - w->begin[c], owner);
    }
}

static void work_fini(work *w)
{
    rb_shared_fini(&w->core_memory);
    rb_shared_fini(&w->away_memory);
    rb_compact_labels_fini(&w->labels);
    rb_free(w->begin);
    rb_free(w->member);
    rb_free(w->row);
    rb_free(w->length2);
    rb_free(w->is_inner);
    rb_free(w->sparseness);
}

rb_status rb_dbcv(rb_metric_value *value, int64_t *n_skipped, const rb_points *points, const rb_labelling *labelling,
                  const rb_ctx *ctx, rb_error *err)
{
    work w = { .points = points };
    int64_t *offsets = NULL, n_clusters = 0;
    *value = (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
    RB_TRY_ALL(ctx, rb_compact_labels_init(&w.labels, labelling, points->n, err));
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    RB_TRY(allocate(&w, ctx, err));
    place_members(&w, n_skipped);
    for (int64_t c = 0; c < w.labels.k; c++)
        n_clusters += w.begin[c] < w.begin[c + 1];
    if (n_clusters < 2)
        goto done;
    const int64_t n = w.begin[w.labels.k];
    for (int k = 0; k <= ctx->n_ranks; k++)
        offsets[k] = n / ctx->n_ranks * k + n % ctx->n_ranks * k / ctx->n_ranks;
    measure_points(&w, offsets, false, ctx);
    RB_TRY_ALL(ctx, weigh_clusters(&w, ctx, err));
    exchange_clusters(&w, ctx);
    measure_points(&w, offsets, true, ctx);
    *value = sum_up(&w);
done:
    work_fini(&w);
    rb_free(offsets);
    return err->status;
}

double rb_dbcv_flops(int64_t n, int64_t d, int64_t nnz)
{
    const double of_a_pair = nnz > 0 ? 2 * (double)nnz / (double)(n > 0 ? n : 1) : (double)d;
    return 10 * (double)n * (double)n * of_a_pair;
}
