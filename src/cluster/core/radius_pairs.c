#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "cluster/core/radius.h"
#include "linalg/gemm.h"

/* A thread's search for the pairs of one leaf. */
typedef struct {
    rb_radius *r;
    rb_radius_visit visit;
    void *self;
    int thread;
    rb_radius_pair *pair; /* [RB_RADIUS_BUFFER] */
    int64_t n;
    bool overflowed;
    float *tile;
    float surely, maybe; /* half squared distances below the one are within, above the other are not */
} search;

static void hand_over(search *s)
{
    s->visit(s->self, s->thread, s->pair, s->n);
    s->n = 0;
}

/* What lies within this of the limit is decided by the definition. */
static double margin_of(const rb_radius *r, double half_a, double half_b)
{
    return r->unit * 2 * (half_a + half_b) + r->tiny;
}

static void set_limits(search *s, double half_a, double half_b)
{
    double margin = margin_of(s->r, half_a, half_b);
    double low = fmin(fmax(s->r->limit_half - margin, -FLT_MAX), FLT_MAX);
    double high = fmin(s->r->limit_half + margin, FLT_MAX);
    s->surely = nextafterf((float)low, -INFINITY);
    s->maybe = nextafterf((float)high, INFINITY);
}

/* The point at position p with those at [q, q + n), given their products. */
static void take_row(search *s, int64_t p, int64_t q, int64_t n, const float *product)
{
    rb_radius *r = s->r;
    const float *half = r->half + q, own = r->half[p], most = s->maybe;
    int32_t n_maybe = 0;
    for (int64_t l = 0; l < n; l++)
        n_maybe += own + half[l] - product[l] <= most;
    for (int64_t l = 0; n_maybe > 0; l++) {
        float h = own + half[l] - product[l];
        if (!(h <= most))
            continue;
        n_maybe--;
        int32_t a = r->order[p], b = r->order[q + l];
        if (!(h < s->surely) && !(rb_metric_distance(r->points, a, r->points, b) <= r->limit))
            continue;
        s->pair[s->n++] = (rb_radius_pair){ a, b };
        if (s->n == RB_RADIUS_BUFFER) {
            s->overflowed = true;
            hand_over(s);
        }
    }
}

/* ---- dense ---- */

/* First and end of the cells of leaf a within reach of leaf b, as positions. */
static void trim(int64_t *begin, int64_t *end, const rb_radius *r, int64_t a, int64_t b, double most)
{
    int64_t first = a * RB_RADIUS_CELLS, last = first + RB_RADIUS_CELLS - 1, n_cells = r->n_leaves * RB_RADIUS_CELLS;
    while (first < last && rb_radius_gap2(r, n_cells + first, r->n_leaves + b) / 2 > most)
        first++;
    while (first < last && rb_radius_gap2(r, n_cells + last, r->n_leaves + b) / 2 > most)
        last--;
    *begin = rb_radius_cell_begin(r, first);
    *end = rb_radius_cell_begin(r, last + 1);
}

/* Pairs of the rows [p, p_end) of one leaf with the rows [q, q_end) of another. */
static void take_rows(search *s, int64_t p, int64_t p_end, int64_t q, int64_t q_end)
{
    const int64_t d = s->r->points->d;
    const float *rows = s->r->rows.data;
    rb_gemm_nt_f32(s->tile, RB_RADIUS_LEAF, rows + p * d, d, p_end - p, rows + q * d, d, q_end - q, d);
    for (int64_t i = p; i < p_end; i++)
        take_row(s, i, q, q_end - q, s->tile + (i - p) * RB_RADIUS_LEAF);
}

static void take_leaf(search *s, int64_t a)
{
    const rb_radius *r = s->r;
    const int64_t d = r->points->d, p = r->begin[a], n = r->begin[a + 1] - p;
    const float *rows = (const float *)r->rows.data + p * d;
    set_limits(s, (double)r->leaf_half[a], (double)r->leaf_half[a]);
    rb_gemm_nt_f32(s->tile, RB_RADIUS_LEAF, rows, d, n, rows, d, n, d);
    for (int64_t i = 0; i + 1 < n; i++)
        take_row(s, p + i, p + i + 1, n - i - 1, s->tile + i * RB_RADIUS_LEAF + i + 1);
}

/* Cells that are too far from all of the other leaf are left out; those of b at its ends alone, to keep it one piece.
 */
static void take_leaves(search *s, int64_t a, int64_t b, double most)
{
    const rb_radius *r = s->r;
    const int64_t n_cells = r->n_leaves * RB_RADIUS_CELLS;
    int64_t q, q_end;
    if (r->begin[b] == r->begin[b + 1])
        return;
    trim(&q, &q_end, r, b, a, most);
    set_limits(s, (double)r->leaf_half[a], (double)r->leaf_half[b]);
    for (int64_t cell = a * RB_RADIUS_CELLS, end; cell < (a + 1) * RB_RADIUS_CELLS; cell = end + 1) {
        for (end = cell; end < (a + 1) * RB_RADIUS_CELLS; end++)
            if (rb_radius_gap2(r, n_cells + end, r->n_leaves + b) / 2 > most)
                break;
        if (end > cell)
            take_rows(s, rb_radius_cell_begin(r, cell), rb_radius_cell_begin(r, end), q, q_end);
    }
}

/* Of two leaves one looks for the pairs, each about as often as the others. */
static bool looks_for(int64_t a, int64_t b)
{
    return ((a + b) % 2 == 1) == (a < b);
}

static void search_dense(search *s, int64_t a)
{
    rb_radius *r = s->r;
    int64_t stack[64], n = 1;
    stack[0] = 1;
    double most = r->limit_half + margin_of(r, r->most_half, r->most_half);
    while (n > 0 && r->begin[a] < r->begin[a + 1]) {
        int64_t v = stack[--n];
        if (rb_radius_gap2(r, r->n_leaves + a, v) / 2 > most)
            continue;
        if (v < r->n_leaves) {
            stack[n++] = 2 * v;
            stack[n++] = 2 * v + 1;
        } else if (v == r->n_leaves + a) {
            take_leaf(s, a);
        } else if (looks_for(a, v - r->n_leaves)) {
            take_leaves(s, a, v - r->n_leaves, most);
        }
    }
}

/* ---- sparse ---- */

static int64_t first_after(const rb_csr *x, int64_t row, int32_t col)
{
    int64_t low = x->row_begin[row], high = x->row_begin[row + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (x->col[middle] <= col)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void search_sparse(search *s, int64_t a)
{
    rb_radius *r = s->r;
    const rb_csr *x = r->points->sparse, *y = &r->by_column;
    const int64_t n = r->points->n;
    const double *inverse = r->points->inverse;
    for (int64_t i = r->begin[a]; i < r->begin[a + 1]; i++) {
        double by = (inverse ? inverse[i] : 1) * r->scale;
        memset(s->tile + i, 0, (size_t)(n - i) * sizeof *s->tile);
        for (int64_t e = x->row_begin[i]; e < x->row_begin[i + 1]; e++) {
            float value = (float)(x->value[e] * by);
            for (int64_t at = first_after(y, x->col[e], (int32_t)i); at < y->row_begin[x->col[e] + 1]; at++)
                s->tile[y->col[at]] += value * r->column_value[at];
        }
        set_limits(s, (double)r->half[i], r->most_half);
        take_row(s, i, i + 1, n - i - 1, s->tile + i + 1);
    }
}

/* ---- all ---- */

/* Claims room for the pairs of a leaf, where there is some. */
static void keep(search *s, int64_t a)
{
    rb_radius *r = s->r;
    int64_t at;
#pragma omp atomic capture
    {
        at = r->n_kept;
        r->n_kept += s->n;
    }
    if (at + s->n > r->n_room)
        return;
    memcpy(r->kept + at, s->pair, (size_t)s->n * sizeof *s->pair);
    r->kept_at[a] = at;
    r->kept_count[a] = s->n;
}

static void search_leaf(search *s, int64_t a)
{
    s->n = 0;
    s->overflowed = false;
    if (s->r->points->sparse)
        search_sparse(s, a);
    else
        search_dense(s, a);
    if (!s->overflowed)
        keep(s, a);
    hand_over(s);
}

void rb_radius_each_pair(rb_radius *r, rb_radius_visit visit, void *self, const rb_ctx *ctx)
{
    r->n_kept = r->n_kept < r->n_room ? r->n_kept : r->n_room;
#pragma omp parallel num_threads(ctx->n_threads)
    {
        int thread = omp_get_thread_num();
        rb_radius_pair *pair = (rb_radius_pair *)(r->scratch + thread * r->scratch_bytes);
        search s = { .r = r,
                     .visit = visit,
                     .self = self,
                     .thread = thread,
                     .pair = pair,
                     .tile = (float *)(pair + RB_RADIUS_BUFFER) };
#pragma omp for schedule(dynamic)
        for (int64_t a = ctx->rank; a < r->n_leaves; a += ctx->n_ranks)
            if (r->kept_count[a] >= 0)
                visit(self, thread, r->kept + r->kept_at[a], r->kept_count[a]);
            else
                search_leaf(&s, a);
    }
}
