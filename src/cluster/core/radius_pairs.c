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
    double limit;         /* of the pass */
    double found, half;   /* limit of what is looked for, at least that of the pass; the same for half distances */
    rb_radius_pair *pair; /* [RB_RADIUS_BUFFER] */
    int64_t n;
    bool overflowed;
    float *tile;
    float surely, maybe; /* half squared distances below the one are within, above the other are not */
} search;

static double distance_of(const search *s, rb_radius_pair p)
{
    const rb_metric_points *points = s->r->leaves.points;
    return rb_metric_distance(points, p.a, points, p.b);
}

/* Of pairs that are found within a larger limit those of the pass. */
static void hand_over(search *s)
{
    int64_t n = 0;
    for (int64_t p = 0; s->found > s->limit && p < s->n; p++) {
        s->pair[n] = s->pair[p];
        n += distance_of(s, s->pair[p]) <= s->limit;
    }
    s->visit(s->self, s->thread, s->pair, s->found > s->limit ? n : s->n);
    s->n = 0;
}

static void set_limits(search *s, double half_a, double half_b)
{
    double margin = rb_leaves_margin(&s->r->leaves, half_a, half_b);
    double low = fmin(fmax(s->half - margin, -FLT_MAX), FLT_MAX);
    double high = fmin(s->half + margin, FLT_MAX);
    s->surely = nextafterf((float)low, -INFINITY);
    s->maybe = nextafterf((float)high, INFINITY);
}

/* The point at position p with those at [q, q + n), given their products. */
static void take_row(search *s, int64_t p, int64_t q, int64_t n, const float *product)
{
    const rb_leaves *l = &s->r->leaves;
    const float *half = l->half + q, own = l->half[p], most = s->maybe;
    int32_t n_maybe = 0;
    for (int64_t o = 0; o < n; o++)
        n_maybe += own + half[o] - product[o] <= most;
    for (int64_t o = 0; n_maybe > 0; o++) {
        float h = own + half[o] - product[o];
        if (!(h <= most))
            continue;
        n_maybe--;
        int32_t a = l->order[p], b = l->order[q + o];
        if (!(h < s->surely) && !(rb_metric_distance(l->points, a, l->points, b) <= s->found))
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
static void trim(int64_t *begin, int64_t *end, const rb_leaves *l, int64_t a, int64_t b, double most)
{
    int64_t first = a * RB_LEAVES_CELLS, last = first + RB_LEAVES_CELLS - 1, n_cells = l->n_leaves * RB_LEAVES_CELLS;
    while (first < last && rb_leaves_gap2(l, n_cells + first, l->n_leaves + b) / 2 > most)
        first++;
    while (first < last && rb_leaves_gap2(l, n_cells + last, l->n_leaves + b) / 2 > most)
        last--;
    *begin = rb_leaves_cell_begin(l, first);
    *end = rb_leaves_cell_begin(l, last + 1);
}

/* Pairs of the rows [p, p_end) of one leaf with the rows [q, q_end) of another. */
static void take_rows(search *s, int64_t p, int64_t p_end, int64_t q, int64_t q_end)
{
    const int64_t d = s->r->leaves.points->d;
    const float *rows = s->r->leaves.rows.data;
    rb_gemm_nt_f32(s->tile, RB_LEAVES_MOST, rows + p * d, d, p_end - p, rows + q * d, d, q_end - q, d);
    for (int64_t i = p; i < p_end; i++)
        take_row(s, i, q, q_end - q, s->tile + (i - p) * RB_LEAVES_MOST);
}

static void take_leaf(search *s, int64_t a)
{
    const rb_leaves *l = &s->r->leaves;
    const int64_t d = l->points->d, p = l->begin[a], n = l->begin[a + 1] - p;
    const float *rows = (const float *)l->rows.data + p * d;
    set_limits(s, (double)l->leaf_half[a], (double)l->leaf_half[a]);
    rb_gemm_nt_f32(s->tile, RB_LEAVES_MOST, rows, d, n, rows, d, n, d);
    for (int64_t i = 0; i + 1 < n; i++)
        take_row(s, p + i, p + i + 1, n - i - 1, s->tile + i * RB_LEAVES_MOST + i + 1);
}

/* Cells that are too far from all of the other leaf are left out; those of b at its ends alone, to keep it one piece.
 */
static void take_leaves(search *s, int64_t a, int64_t b, double most)
{
    const rb_leaves *l = &s->r->leaves;
    const int64_t n_cells = l->n_leaves * RB_LEAVES_CELLS;
    int64_t q, q_end;
    if (l->begin[b] == l->begin[b + 1])
        return;
    trim(&q, &q_end, l, b, a, most);
    set_limits(s, (double)l->leaf_half[a], (double)l->leaf_half[b]);
    for (int64_t cell = a * RB_LEAVES_CELLS, end; cell < (a + 1) * RB_LEAVES_CELLS; cell = end + 1) {
        for (end = cell; end < (a + 1) * RB_LEAVES_CELLS; end++)
            if (rb_leaves_gap2(l, n_cells + end, l->n_leaves + b) / 2 > most)
                break;
        if (end > cell)
            take_rows(s, rb_leaves_cell_begin(l, cell), rb_leaves_cell_begin(l, end), q, q_end);
    }
}

/* Of two leaves one looks for the pairs, each about as often as the others. */
static bool looks_for(int64_t a, int64_t b)
{
    return ((a + b) % 2 == 1) == (a < b);
}

static void search_dense(search *s, int64_t a)
{
    const rb_leaves *l = &s->r->leaves;
    int64_t stack[64], n = 1;
    stack[0] = 1;
    double most = s->half + rb_leaves_margin(l, l->most_half, l->most_half);
    while (n > 0 && l->begin[a] < l->begin[a + 1]) {
        int64_t v = stack[--n];
        if (rb_leaves_gap2(l, l->n_leaves + a, v) / 2 > most)
            continue;
        if (v < l->n_leaves) {
            stack[n++] = 2 * v;
            stack[n++] = 2 * v + 1;
        } else if (v == l->n_leaves + a) {
            take_leaf(s, a);
        } else if (looks_for(a, v - l->n_leaves)) {
            take_leaves(s, a, v - l->n_leaves, most);
        }
    }
}

/* ---- sparse ---- */

static void search_sparse(search *s, int64_t a)
{
    const rb_leaves *l = &s->r->leaves;
    const int64_t n = l->points->n;
    for (int64_t i = l->begin[a]; i < l->begin[a + 1]; i++) {
        rb_leaves_products(s->tile, l, i, i);
        set_limits(s, (double)l->half[i], l->most_half);
        take_row(s, i, i + 1, n - i - 1, s->tile + i + 1);
    }
}

/* ---- all ---- */

/* Puts the pairs of a leaf there by their levels. */
static void sort_pairs(search *s, rb_radius_pair *out, int32_t *count)
{
    const rb_radius *r = s->r;
    uint8_t *level = (uint8_t *)(s->pair + RB_RADIUS_BUFFER);
    int64_t next[RB_RADIUS_LEVELS] = { 0 };
    for (int64_t p = 0; p < s->n; p++) {
        const double distance = distance_of(s, s->pair[p]);
        for (level[p] = 0; distance > r->level[level[p]];)
            level[p]++;
        count[level[p]]++;
    }
    for (int v = 1; v < r->n_levels; v++) {
        next[v] = count[v - 1];
        count[v] += count[v - 1];
    }
    for (int64_t p = 0; p < s->n; p++)
        out[next[level[p]]++] = s->pair[p];
}

/* Claims room for the pairs of a leaf, where there is some. */
static bool keep(search *s, int64_t a)
{
    rb_radius *r = s->r;
    int64_t at;
#pragma omp atomic capture
    {
        at = r->n_kept;
        r->n_kept += s->n;
    }
    if (at + s->n > r->n_room)
        return false;
    if (r->n_levels == 1) {
        memcpy(r->kept + at, s->pair, (size_t)s->n * sizeof *s->pair);
        r->kept_count[a] = (int32_t)s->n;
    } else {
        sort_pairs(s, r->kept + at, r->kept_count + a * r->n_levels);
    }
    r->kept_at[a] = at;
    return true;
}

static void look_within(search *s, double limit)
{
    s->found = limit;
    s->half = rb_leaves_half(&s->r->leaves, limit);
    s->n = 0;
    s->overflowed = false;
}

static void hand_over_kept(search *s, int64_t a)
{
    rb_radius *r = s->r;
    int level = 0;
    while (r->level[level] < s->limit)
        level++;
    const int32_t count = r->kept_count[a * r->n_levels + level];
    if (r->level[level] == s->limit) {
        s->visit(s->self, s->thread, r->kept + r->kept_at[a], count);
        return;
    }
    look_within(s, r->level[level]);
    memcpy(s->pair, r->kept + r->kept_at[a], (size_t)count * sizeof *s->pair);
    s->n = count;
    hand_over(s);
}

/* The first pass looks for all that any pass may want; what it could not keep the others find for themselves. */
static void search_leaf(search *s, int64_t a)
{
    rb_radius *r = s->r;
    const bool is_first = r->kept_at[a] == RB_RADIUS_NEW;
    look_within(s, is_first ? r->level[r->n_levels - 1] : s->limit);
    if (r->leaves.points->sparse)
        search_sparse(s, a);
    else
        search_dense(s, a);
    if (is_first) {
        r->kept_at[a] = RB_RADIUS_LOST;
        if (!s->overflowed && keep(s, a)) {
            hand_over_kept(s, a);
            return;
        }
    }
    hand_over(s);
}

void rb_radius_each_pair(rb_radius *r, double limit, rb_radius_visit visit, void *self, const rb_ctx *ctx)
{
#pragma omp parallel num_threads(ctx->n_threads)
    {
        int thread = omp_get_thread_num();
        char *scratch = r->scratch + thread * r->scratch_bytes;
        search s = { .r = r,
                     .visit = visit,
                     .self = self,
                     .thread = thread,
                     .limit = limit,
                     .pair = (rb_radius_pair *)scratch,
                     .tile = (float *)(scratch + RB_RADIUS_BUFFER * RB_RADIUS_PAIR_BYTES) };
#pragma omp for schedule(dynamic)
        for (int64_t a = ctx->rank; a < r->leaves.n_leaves; a += ctx->n_ranks)
            if (r->kept_at[a] >= 0)
                hand_over_kept(&s, a);
            else
                search_leaf(&s, a);
    }
}
