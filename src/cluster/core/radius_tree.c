#include <math.h>

#include "cluster/core/radius.h"

int64_t rb_radius_n_leaves(int64_t n)
{
    int64_t n_leaves = 1;
    while (n_leaves * RB_RADIUS_LEAF < n)
        n_leaves *= 2;
    return n_leaves;
}

/* Leaves are full (but one), as products are fastest on whole panels; where there are fewer than places, some places
 * stay empty, evenly spread. */
static int64_t leaf_begin(int64_t n, int64_t place, int64_t n_places)
{
    int64_t n_full = (n + RB_RADIUS_LEAF - 1) / RB_RADIUS_LEAF, begin = n_full * place / n_places * RB_RADIUS_LEAF;
    return begin < n ? begin : n;
}

int64_t rb_radius_cell_begin(const rb_radius *r, int64_t cell)
{
    int64_t leaf = cell / RB_RADIUS_CELLS, at = cell % RB_RADIUS_CELLS;
    if (at == 0)
        return r->begin[leaf];
    int64_t begin = r->begin[leaf] + at * (RB_RADIUS_LEAF / RB_RADIUS_CELLS), end = r->begin[leaf + 1];
    return begin < end ? begin : end;
}

static void bound(float *box, const float *rows, const int32_t *order, int64_t n, int64_t d)
{
    float *restrict low = box, *restrict high = box + d;
    for (int64_t f = 0; f < d; f++) {
        low[f] = n > 0 ? INFINITY : 0;
        high[f] = n > 0 ? -INFINITY : 0;
    }
    for (int64_t p = 0; p < n; p++) {
        const float *x = rows + order[p] * d;
        for (int64_t f = 0; f < d; f++) {
            low[f] = x[f] < low[f] ? x[f] : low[f];
            high[f] = x[f] > high[f] ? x[f] : high[f];
        }
    }
}

static bool precedes(const float *column, int64_t d, int32_t a, int32_t b)
{
    float x = column[a * d], y = column[b * d];
    return x < y || (x == y && a < b);
}

/* Hoare's selection: positions below `middle` take the points that precede the others. The order has no equals. */
static void halve(int32_t *order, int64_t n, int64_t middle, const float *column, int64_t d)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        int32_t pivot = order[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (precedes(column, d, order[i], pivot))
                i++;
            while (precedes(column, d, pivot, order[j]))
                j--;
            if (i <= j) {
                int32_t moved = order[i];
                order[i++] = order[j];
                order[j--] = moved;
            }
        }
        if (middle <= j)
            high = j;
        else if (middle >= i)
            low = i;
        else
            return;
    }
}

static int64_t widest(const float *box, int64_t d)
{
    int64_t best = 0;
    for (int64_t f = 1; f < d; f++)
        if (box[d + f] - box[f] > box[d + best] - box[best])
            best = f;
    return best;
}

void rb_radius_plant(rb_radius *r, const float *rows, const rb_ctx *ctx)
{
    const int64_t n = r->points->n, d = r->points->d;
    for (int64_t i = 0; i < n; i++)
        r->order[i] = (int32_t)i;
    for (int64_t l = 0; l <= r->n_leaves; l++)
        r->begin[l] = leaf_begin(n, l, r->n_leaves);
    const int64_t n_cells = r->n_leaves * RB_RADIUS_CELLS;
    for (int64_t parts = 1; parts <= n_cells; parts *= 2) {
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
        for (int64_t at = 0; at < parts; at++) {
            int64_t cells = n_cells / parts, begin = rb_radius_cell_begin(r, at * cells),
                    end = rb_radius_cell_begin(r, (at + 1) * cells);
            float *box = r->box + (parts + at) * 2 * d;
            bound(box, rows, r->order + begin, end - begin, d);
            if (cells > 1 && d > 0)
                halve(r->order + begin, end - begin, rb_radius_cell_begin(r, at * cells + cells / 2) - begin,
                      rows + widest(box, d), d);
        }
    }
}

#define CHAINS 16

/* Sums side by side: the order is of no matter to a bound. */
double rb_radius_gap2(const rb_radius *r, int64_t u, int64_t v)
{
    const int64_t d = r->points->d;
    const float *a = r->box + u * 2 * d, *b = r->box + v * 2 * d;
    float sum[CHAINS] = { 0 }, all = 0;
    for (int64_t first = 0; first < d; first += CHAINS)
        for (int64_t f = first; f < d && f < first + CHAINS; f++) {
            float up = b[f] - a[d + f], down = a[f] - b[d + f], t = up > down ? up : down;
            t = t > 0 ? t : 0;
            sum[f - first] += t * t;
        }
    for (int c = 0; c < CHAINS; c++)
        all += sum[c];
    return (double)all;
}
