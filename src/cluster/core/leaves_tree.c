#include <math.h>

#include "cluster/core/leaves.h"

int64_t rb_leaves_count(int64_t n)
{
    int64_t n_leaves = 1;
    while (n_leaves * RB_LEAVES_MOST < n)
        n_leaves *= 2;
    return n_leaves;
}

/* Leaves are full (but one), as products are fastest on whole panels; where there are fewer than places, some places
 * stay empty, evenly spread. */
static int64_t leaf_begin(int64_t n, int64_t place, int64_t n_places)
{
    int64_t n_full = (n + RB_LEAVES_MOST - 1) / RB_LEAVES_MOST, begin = n_full * place / n_places * RB_LEAVES_MOST;
    return begin < n ? begin : n;
}

int64_t rb_leaves_cell_begin(const rb_leaves *l, int64_t cell)
{
    int64_t leaf = cell / RB_LEAVES_CELLS, at = cell % RB_LEAVES_CELLS;
    if (at == 0)
        return l->begin[leaf];
    int64_t begin = l->begin[leaf] + at * (RB_LEAVES_MOST / RB_LEAVES_CELLS), end = l->begin[leaf + 1];
    return begin < end ? begin : end;
}

void rb_leaves_bound(float *box, const float *rows, const int32_t *order, int64_t n, int64_t d)
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
void rb_leaves_halve(int32_t *order, int64_t n, int64_t middle, const float *column, int64_t d)
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

int64_t rb_leaves_widest(const float *box, int64_t d)
{
    int64_t best = 0;
    for (int64_t f = 1; f < d; f++)
        if (box[d + f] - box[f] > box[d + best] - box[best])
            best = f;
    return best;
}

void rb_leaves_plant(rb_leaves *l, const float *rows, const rb_ctx *ctx)
{
    const int64_t n = l->points->n, d = l->points->d;
    for (int64_t i = 0; i < n; i++)
        l->order[i] = (int32_t)i;
    for (int64_t a = 0; a <= l->n_leaves; a++)
        l->begin[a] = leaf_begin(n, a, l->n_leaves);
    const int64_t n_cells = l->n_leaves * RB_LEAVES_CELLS;
    for (int64_t parts = 1; parts <= n_cells; parts *= 2) {
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
        for (int64_t at = 0; at < parts; at++) {
            int64_t cells = n_cells / parts, begin = rb_leaves_cell_begin(l, at * cells),
                    end = rb_leaves_cell_begin(l, (at + 1) * cells);
            float *box = l->box + (parts + at) * 2 * d;
            rb_leaves_bound(box, rows, l->order + begin, end - begin, d);
            if (cells > 1 && d > 0)
                rb_leaves_halve(l->order + begin, end - begin, rb_leaves_cell_begin(l, at * cells + cells / 2) - begin,
                                rows + rb_leaves_widest(box, d), d);
        }
    }
}

#define CHAINS 16

/* Sums side by side: the order is of no matter to a bound. */
double rb_leaves_gap2(const rb_leaves *l, int64_t u, int64_t v)
{
    const int64_t d = l->points->d;
    const float *a = l->box + u * 2 * d, *b = l->box + v * 2 * d;
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
