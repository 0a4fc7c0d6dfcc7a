/*
 * The matrix of distances: tiles of ROWS rows, each a unit of work of a rank and thread. Both halves are computed: the
 * upper costs less than to wait for the lower and copy it across the ranks.
 *
 * Dense: RB_DISTANCE_TOGETHER_F64 columns side by side in a table against the rows of the tile, so that what comes out
 * is a piece of each row. Sparse: the non-zeros of every point against the row, laid out as a dense vector.
 */
#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "cluster/core/linkage_rows.h"
#include "linalg/distance.h"

#define ROWS 64
#define TOGETHER RB_DISTANCE_TOGETHER_F64
/* Squared distances below this share of the squared lengths are computed by the definition. */
#define CANCELLED 1e-6

typedef struct {
    rb_linkage_matrix *m;
    const rb_points *points;
    bool is_cosine;
    double *scaled;      /* cosine: values of rows of length 1, where the points are not */
    const double *value; /* dense [n x d], or of the non-zeros */
    double *norm2;       /* [n] squared lengths */
    double *scratch;     /* [n_threads x per_thread] */
    int64_t per_thread;
    double most; /* largest distance that leaves room for the updates */
    int is_over; /* a distance is larger */
} job;

static int64_t stride_of(int64_t n)
{
    return (n + RB_LINKAGE_LANES - 1) / RB_LINKAGE_LANES * RB_LINKAGE_LANES;
}

bool rb_linkage_squares(rb_linkage linkage)
{
    return linkage == RB_LINKAGE_WARD || linkage == RB_LINKAGE_CENTROID || linkage == RB_LINKAGE_MEDIAN;
}

double rb_linkage_matrix_bytes(int64_t n, bool is_single)
{
    return (double)n * (double)stride_of(n) * (is_single ? sizeof(float) : sizeof(double));
}

static void row_of(int64_t *first, int64_t *n, const rb_points *p, int64_t i)
{
    *first = p->sparse ? p->sparse->row_begin[i] : i * p->d;
    *n = p->sparse ? p->sparse->row_begin[i + 1] - *first : p->d;
}

static double norm2_of(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t f = 0; f < n; f++)
        sum = fma(x[f], x[f], sum);
    return sum;
}

static rb_status take_points(job *j, const rb_ctx *ctx, rb_error *err)
{
    const rb_points *p = j->points;
    int64_t first, n;
    RB_TRY(rb_points_check(p, err));
    j->value = p->sparse ? p->sparse->value : p->dense;
    j->per_thread = p->sparse ? p->d : TOGETHER * (p->d + ROWS);
    rb_alloc(&j->norm2, p->n, err);
    RB_TRY(rb_alloc(&j->scratch, ctx->n_threads * j->per_thread, err));
    if (j->is_cosine)
        RB_TRY(rb_alloc(&j->scaled, p->sparse ? p->sparse->row_begin[p->n] : p->n * p->d, err));
    for (int64_t i = 0; i < p->n; i++) {
        row_of(&first, &n, p, i);
        j->norm2[i] = norm2_of(j->value + first, n);
        if (!j->is_cosine)
            continue;
        double length = sqrt(j->norm2[i]);
        for (int64_t e = first; e < first + n; e++)
            j->scaled[e] = length > 0 ? j->value[e] / length : 0;
        j->norm2[i] = norm2_of(j->scaled + first, n);
    }
    if (j->is_cosine)
        j->value = j->scaled;
done:
    return err->status;
}

/* A squared distance becomes an element; returns whether it fits. */
static bool put(const job *j, int64_t row, int64_t column, double squared)
{
    rb_linkage_matrix *m = j->m;
    double v = m->is_squared ? squared : sqrt(squared);
    if (j->is_cosine)
        v = j->norm2[row] > 0 && j->norm2[column] > 0 ? squared / 2 : 1;
    bool fits = v <= j->most;
    if (row == column)
        v = INFINITY;
    if (m->is_single)
        ((float *)m->value)[row * m->stride + column] = (float)v;
    else
        ((double *)m->value)[row * m->stride + column] = v;
    return fits;
}

static bool dense_tile(const job *j, int64_t begin, int64_t end, double *scratch)
{
    const int64_t n = j->points->n, d = j->points->d;
    double *table = scratch, *out = scratch + TOGETHER * d;
    const double *rows[ROWS];
    bool fits = true;
    for (int64_t i = begin; i < end; i++)
        rows[i - begin] = j->value + i * d;
    for (int64_t from = 0; from < n; from += TOGETHER) {
        int64_t width = n - from < TOGETHER ? n - from : TOGETHER;
        for (int64_t c = 0; c < width; c++)
            for (int64_t f = 0; f < d; f++)
                table[f * TOGETHER + c] = j->value[(from + c) * d + f];
        rb_distance2_together_f64(out, rows, end - begin, table, d);
        for (int64_t i = begin; i < end; i++)
            for (int64_t c = 0; c < width; c++)
                fits &= put(j, i, from + c, out[(i - begin) * TOGETHER + c]);
    }
    return fits;
}

static double sparse_definition(const job *j, int64_t x, int64_t y)
{
    const rb_csr *s = j->points->sparse;
    int64_t a = s->row_begin[x], a_end = s->row_begin[x + 1], b = s->row_begin[y], b_end = s->row_begin[y + 1];
    double sum = 0;
    while (a < a_end || b < b_end) {
        int32_t ca = a < a_end ? s->col[a] : INT32_MAX, cb = b < b_end ? s->col[b] : INT32_MAX;
        double t = (ca <= cb ? j->value[a] : 0) - (cb <= ca ? j->value[b] : 0);
        a += ca <= cb;
        b += cb <= ca;
        sum = fma(t, t, sum);
    }
    return sum;
}

static bool sparse_row(const job *j, int64_t i, double *dense)
{
    const rb_csr *s = j->points->sparse;
    bool fits = true;
    for (int64_t e = s->row_begin[i]; e < s->row_begin[i + 1]; e++)
        dense[s->col[e]] = j->value[e];
    for (int64_t k = 0; k < s->n_rows; k++) {
        double product = 0, both = j->norm2[i] + j->norm2[k];
        for (int64_t e = s->row_begin[k]; e < s->row_begin[k + 1]; e++)
            product = fma(j->value[e], dense[s->col[e]], product);
        double squared = fma(-2, product, both);
        fits &= put(j, i, k, squared <= both * CANCELLED ? sparse_definition(j, i, k) : squared);
    }
    for (int64_t e = s->row_begin[i]; e < s->row_begin[i + 1]; e++)
        dense[s->col[e]] = 0;
    return fits;
}

static void fill_rows(job *j, int64_t begin, int64_t end, const rb_ctx *ctx)
{
    int n_over = 0;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic) reduction(+ : n_over)
    for (int64_t from = begin; from < end; from += ROWS) {
        int64_t to = from + ROWS < end ? from + ROWS : end;
        double *scratch = j->scratch + omp_get_thread_num() * j->per_thread;
        bool fits = true;
        if (j->points->sparse)
            for (int64_t i = from; i < to; i++)
                fits &= sparse_row(j, i, scratch);
        else
            fits = dense_tile(j, from, to, scratch);
        n_over += !fits;
    }
    j->is_over = n_over > 0;
}

static rb_status check_size(const job *j, rb_error *err)
{
    if (j->is_over)
        return RB_FAIL(err, RB_BAD_INPUT, "a distance between points is too large for %s precision",
                       j->m->is_single ? "single" : "double");
    return RB_OK;
}

rb_status rb_linkage_matrix_init(rb_linkage_matrix *m, const rb_points *points, bool is_cosine, bool is_squared,
                                 bool is_single, const rb_ctx *ctx, rb_error *err)
{
    job j = { .m = m, .points = points, .is_cosine = is_cosine };
    rb_blocks blocks = { 0 };
    int64_t *offsets = NULL;
    const int64_t n = points->n, size = is_single ? sizeof(float) : sizeof(double);

    *m = (rb_linkage_matrix){ .n = n, .stride = stride_of(n), .is_single = is_single, .is_squared = is_squared };
    j.most = (is_single ? (double)FLT_MAX : DBL_MAX) / (4 * (double)n);
    rb_blocks_init(&blocks, n, NULL, ROWS, err);
    rb_alloc(&offsets, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? take_points(&j, ctx, err) : err->status);
    RB_TRY(rb_shared_alloc(&m->memory, n * m->stride * size, ctx, err));
    m->value = m->memory.data;
    rb_blocks_offsets(offsets, &blocks, ctx);
    fill_rows(&j, offsets[ctx->rank], offsets[ctx->rank + 1], ctx);
    RB_TRY_ALL(ctx, check_size(&j, err));
    rb_shared_publish(&m->memory, offsets, m->stride * size, ctx);
done:
    rb_blocks_fini(&blocks);
    rb_free(offsets);
    rb_free(j.norm2);
    rb_free(j.scaled);
    rb_free(j.scratch);
    return err->status;
}

void rb_linkage_matrix_fini(rb_linkage_matrix *m)
{
    rb_shared_fini(&m->memory);
    memset(m, 0, sizeof *m);
}
