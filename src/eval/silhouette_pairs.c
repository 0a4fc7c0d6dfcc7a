/*
 * All pairs: groups of LANES rows against all points, a tile of TILE points at a time.
 *
 * A group's products with a point are LANES neighbouring numbers, so distances and sums are vectors over rows of the
 * group: adding a distance to the sum of a point's cluster is one vector of memory for every labelling. The sums of a
 * row run over all points ascending, whatever rank or thread has the group. Rows LANES of 32: four vectors hide the
 * latency of the square root and of the additions; a group's packed rows (dense, 256 d bytes) stay in the cache.
 *
 * Dense products: linalg/gemm.h. Sparse: the group's rows stand in a small table over the columns that occur in them;
 * a point's non-zeros pick their rows of it, row 0 (zeros) for columns that the group lacks.
 */
#include <omp.h>
#include <string.h>

#include "eval/silhouette_work.h"
#include "linalg/distance.h"
#include "linalg/gemm.h"
#include "linalg/gemm_simd.h"

#define LANES 32
#define VECTORS (LANES / RB_LANES_F64)
#define TILE 128
/* Squared distances below this share of the squared lengths are computed anew by the definition. */
#define CANCELLED 1e-6

typedef struct {
    rb_silhouette_work *work;
    rb_blocks groups;
    int *labelling; /* [n] those that need pairs */
    int n;
    int32_t *target; /* [points x n] stretch of sums that takes the distance; negative: of minima; 0: none */
    int64_t n_targets;
    int64_t most_columns; /* sparse: columns of the fullest group, at most */
} job;

/* What a thread works with; sums of stretch t at sum + t * LANES. */
typedef struct {
    double *sum;     /* [n_targets x LANES] */
    double *product; /* [TILE x LANES] */
    double *table;   /* sparse: [most_columns + 1][LANES] */
    int32_t *place;  /* sparse: [d] row of the table, 0: none */
    double norm2[LANES], scale[LANES];
    int64_t first; /* row of the group */
    int rows;
} bench;

static int64_t first_target(const job *j, int l)
{
    int64_t t = 1;
    for (int before = 0; before < l; before++)
        t += j->work->labelling[j->labelling[before]].k_summed + 1;
    return t;
}

static rb_status job_init(job *j, rb_silhouette_work *work, rb_error *err)
{
    const rb_points *p = work->points;
    j->work = work;
    RB_TRY(rb_blocks_init(&j->groups, (p->n + LANES - 1) / LANES, NULL, 1, err));
    RB_TRY(rb_alloc(&j->labelling, work->n_labellings, err));
    for (int l = 0; l < work->n_labellings; l++)
        if (work->labelling[l].by_pairs)
            j->labelling[j->n++] = l;
    RB_TRY(rb_alloc(&j->target, p->n * j->n, err));
    for (int l = 0; l < j->n; l++) {
        const rb_silhouette_labelling *labelling = &work->labelling[j->labelling[l]];
        int64_t base = first_target(j, l), minima = base + labelling->k_summed;
        for (int64_t i = 0; i < p->n; i++) {
            int64_t c = labelling->labels.label[i];
            j->target[i * j->n + l] = (int32_t)(c < 0 ? 0 : c < labelling->k_summed ? base + c : -minima);
        }
    }
    j->n_targets = first_target(j, j->n);
    for (int64_t i = 0; p->sparse && i < p->n; i += LANES) {
        int64_t last = i + LANES < p->n ? i + LANES : p->n, n = p->sparse->row_begin[last] - p->sparse->row_begin[i];
        j->most_columns = n > j->most_columns ? n : j->most_columns;
    }
done:
    return err->status;
}

static void job_fini(job *j)
{
    rb_blocks_fini(&j->groups);
    rb_free(j->labelling);
    rb_free(j->target);
}

static rb_status bench_init(bench *b, const job *j, const rb_points *p, rb_error *err)
{
    RB_TRY(rb_alloc(&b->sum, j->n_targets * LANES, err));
    RB_TRY(rb_alloc(&b->product, TILE * LANES, err));
    if (p->sparse) {
        RB_TRY(rb_alloc(&b->table, (j->most_columns + 1) * LANES, err));
        RB_TRY(rb_alloc(&b->place, p->d, err));
    }
done:
    return err->status;
}

static rb_status benches_init(bench **out, const job *j, const rb_points *p, int n_threads, rb_error *err)
{
    bench *all = NULL;
    RB_TRY(rb_alloc(&all, n_threads, err));
    *out = all;
    for (int t = 0; t < n_threads; t++)
        RB_TRY(bench_init(&all[t], j, p, err));
done:
    return err->status;
}

static void bench_fini(bench *b)
{
    rb_free(b->sum);
    rb_free(b->product);
    rb_free(b->table);
    rb_free(b->place);
}

/* Fills or clears the table of a sparse group. */
static void lay_table(bench *b, const rb_csr *x, bool fill)
{
    int32_t n = 0;
    for (int r = 0; r < b->rows; r++)
        for (int64_t e = x->row_begin[b->first + r]; e < x->row_begin[b->first + r + 1]; e++) {
            int32_t *place = &b->place[x->col[e]];
            if (!fill) {
                memset(b->table + (int64_t)*place * LANES, 0, LANES * sizeof(double));
                *place = 0;
                continue;
            }
            if (*place == 0)
                *place = ++n;
            b->table[(int64_t)*place * LANES + r] = x->value[e];
        }
}

static void sparse_products(const bench *b, const rb_csr *x, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        rb_vf64 sum[VECTORS];
        memset(sum, 0, sizeof sum);
        for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++) {
            const double *row = b->table + (int64_t)b->place[x->col[e]] * LANES;
            rb_vf64 value = rb_splat_f64(x->value[e]);
#pragma GCC unroll 16
            for (int v = 0; v < VECTORS; v++)
                sum[v] = rb_fma_f64(value, rb_load_f64(row + v * RB_LANES_F64), sum[v]);
        }
        for (int v = 0; v < VECTORS; v++)
            rb_store_f64(b->product + (i - begin) * LANES + v * RB_LANES_F64, sum[v]);
    }
}

static double exact_distance2(const rb_points *p, int64_t i, int64_t j)
{
    if (p->dense)
        return rb_distance2_f64(p->dense + i * p->d, p->dense + j * p->d, p->d);
    const rb_csr *x = p->sparse;
    int64_t a = x->row_begin[i], a_end = x->row_begin[i + 1], b = x->row_begin[j], b_end = x->row_begin[j + 1];
    double sum = 0;
    while (a < a_end || b < b_end) {
        int32_t ca = a < a_end ? x->col[a] : INT32_MAX, cb = b < b_end ? x->col[b] : INT32_MAX;
        double t = (ca <= cb ? x->value[a] : 0) - (cb <= ca ? x->value[b] : 0);
        a += ca <= cb;
        b += cb <= ca;
        sum = fma(t, t, sum);
    }
    return sum;
}

/* Distances of the group to point i, in place of the products. */
static void euclidean(bench *b, const rb_silhouette_work *w, double *product, int64_t i)
{
    rb_vf64 own = rb_splat_f64(w->norm2[i]), squared[VECTORS];
    rb_vi64 small = { 0 };
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) {
        rb_vf64 both = rb_load_f64(b->norm2 + v * RB_LANES_F64) + own;
        squared[v] = rb_fma_f64(rb_splat_f64(-2), rb_load_f64(product + v * RB_LANES_F64), both);
        small |= squared[v] <= both * CANCELLED;
        rb_store_f64(product + v * RB_LANES_F64, rb_sqrt_f64(squared[v]));
    }
    int64_t any = 0;
    for (int l = 0; l < RB_LANES_F64; l++)
        any |= small[l];
    for (int r = 0; any && r < b->rows; r++)
        if (squared[r / RB_LANES_F64][r % RB_LANES_F64] <= (b->norm2[r] + w->norm2[i]) * CANCELLED)
            product[r] = sqrt(exact_distance2(w->points, b->first + r, i));
}

static void cosine(const bench *b, const rb_silhouette_work *w, double *product, int64_t i)
{
    for (int r = 0; r < LANES; r++) {
        double distance = 1 - product[r] * b->scale[r] * w->scale[i];
        product[r] = b->first + r == i || distance < RB_SILHOUETTE_ZERO ? 0 : distance;
    }
}

/* Adds a point's distances to the sums of its cluster in every labelling. */
static void distribute(const bench *b, const int32_t *target, int n, const double *distance)
{
    rb_vf64 d[VECTORS];
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++)
        d[v] = rb_load_f64(distance + v * RB_LANES_F64);
    for (int l = 0; l < n; l++) {
        if (target[l] < 0) {
            double *least = b->sum - (int64_t)target[l] * LANES;
            for (int r = 0; r < LANES; r++)
                least[r] = distance[r] < least[r] ? distance[r] : least[r];
            continue;
        }
        double *sum = b->sum + (int64_t)target[l] * LANES;
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++)
            rb_store_f64(sum + v * RB_LANES_F64, rb_load_f64(sum + v * RB_LANES_F64) + d[v]);
    }
}

static void begin_group(bench *b, const job *j, int64_t group)
{
    const rb_silhouette_work *w = j->work;
    b->first = group * LANES;
    b->rows = w->points->n - b->first < LANES ? (int)(w->points->n - b->first) : LANES;
    for (int r = 0; r < LANES; r++) {
        b->norm2[r] = r < b->rows ? w->norm2[b->first + r] : 0;
        b->scale[r] = r < b->rows && w->scale ? w->scale[b->first + r] : 0;
    }
    memset(b->sum, 0, (size_t)j->n_targets * LANES * sizeof *b->sum);
    for (int l = 0; l < j->n; l++) {
        double *least = b->sum + (first_target(j, l) + w->labelling[j->labelling[l]].k_summed) * LANES;
        for (int r = 0; r < LANES; r++)
            least[r] = INFINITY;
    }
}

static void score_group(const bench *b, const job *j)
{
    const rb_silhouette_work *w = j->work;
    double *scores = w->scores.data;
    for (int l = 0; l < j->n; l++) {
        const rb_silhouette_labelling *labelling = &w->labelling[j->labelling[l]];
        const double *sum = b->sum + first_target(j, l) * LANES;
        for (int r = 0; r < b->rows; r++) {
            int32_t own = labelling->labels.label[b->first + r];
            if (own >= 0)
                scores[(b->first + r) * w->n_labellings + j->labelling[l]] =
                    rb_silhouette_score(labelling, own, sum + r, LANES, sum[labelling->k_summed * LANES + r], 0,
                                        w->distance == RB_SILHOUETTE_COSINE);
        }
    }
}

static void do_group(bench *b, const job *j, int64_t group)
{
    const rb_points *p = j->work->points;
    begin_group(b, j, group);
    if (p->sparse)
        lay_table(b, p->sparse, true);
    for (int64_t begin = 0; begin < p->n; begin += TILE) {
        int64_t end = begin + TILE < p->n ? begin + TILE : p->n;
        if (p->sparse)
            sparse_products(b, p->sparse, begin, end);
        else
            rb_gemm_nt_f64(b->product, LANES, p->dense + begin * p->d, p->d, end - begin, p->dense + b->first * p->d,
                           p->d, b->rows, p->d);
        for (int64_t i = begin; i < end; i++) {
            double *product = b->product + (i - begin) * LANES;
            if (j->work->distance == RB_SILHOUETTE_COSINE)
                cosine(b, j->work, product, i);
            else
                euclidean(b, j->work, product, i);
            distribute(b, j->target + i * j->n, j->n, product);
        }
    }
    if (p->sparse)
        lay_table(b, p->sparse, false);
    score_group(b, j);
}

rb_status rb_silhouette_pairs(rb_silhouette_work *work, const rb_ctx *ctx, rb_error *err)
{
    job j = { 0 };
    bench *benches = NULL;
    int64_t *offsets = NULL;

    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    RB_TRY_ALL(ctx, job_init(&j, work, err));
    RB_TRY_ALL(ctx, benches_init(&benches, &j, work->points, ctx->n_threads, err));
    rb_blocks_offsets(offsets, &j.groups, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t g = offsets[ctx->rank]; g < offsets[ctx->rank + 1]; g++)
        do_group(&benches[omp_get_thread_num()], &j, g);
    for (int r = 0; r <= ctx->n_ranks; r++)
        offsets[r] = offsets[r] * LANES < work->points->n ? offsets[r] * LANES : work->points->n;
    rb_shared_publish(&work->scores, offsets, work->n_labellings * (int64_t)sizeof(double), ctx);
done:
    for (int t = 0; benches && t < ctx->n_threads; t++)
        bench_fini(&benches[t]);
    rb_free(benches);
    rb_free(offsets);
    job_fini(&j);
    return err->status;
}
