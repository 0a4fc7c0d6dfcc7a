/*
 * Single linkage: the edges of a shortest spanning tree by ascending length are the merges (Gower, Ross 1969,
 * doi:10.2307/2346439). With one neighbour a core distance is that of the nearest point, which is at most any other of
 * the point, so the mutual reachability of core/spanning.h is the distance itself.
 *
 * Points with equal rows merge first, and one of each goes on: a spanning tree compares all of those in one place.
 *
 * Which edges of equal length a spanning tree holds is open, what they connect is not. Where more than two sets meet at
 * one height, the one with the lowest point grows by one of the others at a time, out from the points that joined
 * first.
 */
#include "cluster/core/linkage.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/core/forest.h"
#include "cluster/core/merge_tree.h"

#define LIST 16 /* neighbours of a list: they decide most edges */

double rb_linkage_single_bytes(double n, double d, double nnz, int n_threads)
{
    return rb_neighbour_lists_bytes(n, d, nnz, LIST, n_threads) + rb_spanning_bytes(n) + 16 * n + 28 * n + 48 * n +
           24 * n /* equal rows */ + (nnz > 0 ? 12 * nnz + 8 * n : 0) /* places */;
}

double rb_linkage_single_node_bytes(double n, double d, double nnz)
{
    return 12.0 * LIST * n + rb_spanning_node_bytes(n) + (nnz > 0 ? 0 : 16 * n * d) /* scaled rows, places */;
}

/* Sets of points, each named by its lowest. */
typedef struct {
    const rb_neighbour_lists *lists;
    const rb_merge_tree *tree;
    int32_t *lowest;         /* [n_nodes] point below a node */
    int32_t *top;            /* [n] last node of which a point is that */
    int64_t *begin;          /* [merges + 1] first of the sets that join the lowest one of a node */
    int32_t *joining;        /* [n - 1] ascending within a node */
    int32_t *forest;         /* [n] sets below the node */
    int32_t *node;           /* [n] of a set that waits to join: where; else -1 */
    int32_t *next;           /* [n] point of the same set, in the order in which they joined; -1: the last */
    int32_t *last;           /* [n] of a set */
    int32_t *position;       /* [n] of a point in the leaves */
    rb_linkage_merge *merge; /* where the next one goes */
} sets;

static rb_status sets_init(sets *s, rb_error *err)
{
    const int64_t n = s->tree->n, n_merges = s->tree->n_nodes - n;
    rb_alloc(&s->lowest, s->tree->n_nodes, err);
    rb_alloc(&s->top, n, err);
    rb_alloc(&s->begin, n_merges + 1, err);
    rb_alloc(&s->joining, n - 1, err);
    rb_alloc(&s->forest, n, err);
    rb_alloc(&s->node, n, err);
    rb_alloc(&s->next, n, err);
    rb_alloc(&s->last, n, err);
    RB_TRY(rb_alloc(&s->position, n, err));
    rb_forest_init(s->forest, n);
    for (int64_t i = 0; i < n; i++) {
        s->node[i] = s->next[i] = -1;
        s->last[i] = (int32_t)i;
        s->position[s->lists->leaves.order[i]] = (int32_t)i;
    }
done:
    return err->status;
}

static void sets_fini(sets *s)
{
    rb_free(s->lowest);
    rb_free(s->top);
    rb_free(s->begin);
    rb_free(s->joining);
    rb_free(s->forest);
    rb_free(s->node);
    rb_free(s->next);
    rb_free(s->last);
    rb_free(s->position);
}

/* A point joins a lower one once: where the largest set of which it is the lowest becomes part of another. */
static void find_joining(sets *s)
{
    const rb_merge_tree *t = s->tree;
    const int64_t n = t->n;
    for (int64_t v = 0; v < t->n_nodes; v++)
        s->lowest[v] = v < n ? (int32_t)v : INT32_MAX;
    for (int64_t v = 0; v < t->n_nodes; v++) {
        const int32_t p = t->parent[v];
        s->top[s->lowest[v]] = (int32_t)v;
        if (p >= 0 && s->lowest[v] < s->lowest[p])
            s->lowest[p] = s->lowest[v];
    }
    for (int64_t i = 1; i < n; i++)
        s->begin[t->parent[s->top[i]] - n]++;
    for (int64_t k = 0; k < t->n_nodes - n; k++)
        s->begin[k + 1] += s->begin[k];
    for (int64_t i = n - 1; i > 0; i--) /* the ends move down to the beginnings */
        s->joining[--s->begin[t->parent[s->top[i]] - n]] = (int32_t)i;
}

static void join(sets *s, int32_t set, int32_t other, double height)
{
    *s->merge++ = (rb_linkage_merge){ set, other, height };
    s->next[s->last[set]] = other;
    s->last[set] = s->last[other];
    s->node[other] = -1;
}

static bool is_at(const sets *s, int32_t x, int32_t y, double height)
{
    const rb_metric_points *points = &s->lists->metric;
    return rb_spanning_length(rb_metric_distance(points, x, points, y), points->is_cosine) == height;
}

/* Sets of a node that are at its height from a point join its own; returns how many. */
static int64_t join_around(sets *s, int32_t set, int32_t point, int32_t node, double height, const int32_t *joining,
                           int64_t n_joining)
{
    const rb_neighbours *nb = &s->lists->lists;
    const int64_t first = s->position[point] * nb->k;
    int64_t n = 0;
    if (rb_spanning_length(nb->distance[first + nb->k - 1], s->lists->metric.is_cosine) > height) {
        for (int64_t e = first; e < first + nb->k; e++) { /* all that are so near */
            const int32_t y = s->lists->leaves.order[nb->index[e]], other = rb_forest_root(s->forest, y);
            if (s->node[other] != node || !is_at(s, point, y, height))
                continue;
            join(s, set, other, height);
            n++;
        }
        return n;
    }
    for (int64_t k = 0; k < n_joining; k++) {
        const int32_t other = joining[k];
        int32_t y = s->node[other] == node ? other : -1;
        while (y >= 0 && !is_at(s, point, y, height))
            y = s->next[y];
        if (y < 0)
            continue;
        join(s, set, other, height);
        n++;
    }
    return n;
}

static void join_node(sets *s, int64_t k)
{
    const rb_merge_tree *t = s->tree;
    const double height = t->height[k];
    const int32_t node = (int32_t)(t->n + k), set = s->lowest[node], *joining = s->joining + s->begin[k];
    const int64_t n = s->begin[k + 1] - s->begin[k];
    if (n == 1 || height == 0) { /* points in one place are so to each other */
        for (int64_t i = 0; i < n; i++)
            join(s, set, joining[i], height);
    } else {
        int64_t left = n;
        for (int64_t i = 0; i < n; i++)
            s->node[joining[i]] = node;
        for (int32_t point = set; left > 0 && point >= 0; point = s->next[point])
            left -= join_around(s, set, point, node, height, joining, n);
    }
    for (int64_t i = 0; i < n; i++)
        rb_forest_unite(s->forest, set, joining[i]);
}

/* Merges of points in different places. Collective. */
static rb_status span(rb_linkage_merge *merges, const rb_points *points, bool is_cosine, const rb_ctx *ctx,
                      rb_error *err)
{
    const int64_t n = points->n;
    rb_neighbour_lists lists = { 0 };
    rb_merge_tree tree = { 0 };
    sets s = { .lists = &lists, .tree = &tree, .merge = merges };
    rb_spanning_edge *edges = NULL;
    if (n < 2)
        return RB_OK;
    RB_TRY_ALL(ctx, rb_alloc(&edges, n - 1, err));
    RB_TRY(rb_neighbour_lists_init(&lists, points, is_cosine, LIST < n - 1 ? LIST : n - 1,
                                   rb_neighbour_lists_by_balls(points), ctx, err));
    RB_TRY(rb_spanning_tree(edges, &lists.leaves, lists.balls.centre ? &lists.balls : NULL, &lists.lists, 1, ctx, err));
    RB_TRY_ALL(ctx, rb_merge_tree_init(&tree, edges, n, err));
    RB_TRY_ALL(ctx, sets_init(&s, err));
    find_joining(&s);
    for (int64_t k = 0; k < tree.n_nodes - n; k++)
        join_node(&s, k);
done:
    sets_fini(&s);
    rb_merge_tree_fini(&tree);
    rb_neighbour_lists_fini(&lists);
    rb_free(edges);
    return err->status;
}

/* ---- points in one place ---- */

/* Some order of rows, by their bytes; 0: equal. */
static int compare_rows(const rb_points *p, int64_t i, int64_t j)
{
    if (p->dense)
        return memcmp(p->dense + i * p->d, p->dense + j * p->d, (size_t)p->d * sizeof *p->dense);
    const rb_csr *s = p->sparse;
    const int64_t x = s->row_begin[i], y = s->row_begin[j];
    const int64_t n = s->row_begin[i + 1] - x, m = s->row_begin[j + 1] - y;
    if (n != m)
        return n < m ? -1 : 1;
    int order = memcmp(s->col + x, s->col + y, (size_t)n * sizeof *s->col);
    return order ? order : memcmp(s->value + x, s->value + y, (size_t)n * sizeof *s->value);
}

/* Equal rows stand together, the lowest point first. */
static int by_row(const void *a, const void *b, void *points)
{
    const int32_t i = *(const int32_t *)a, j = *(const int32_t *)b;
    int order = compare_rows(points, i, j);
    return order ? order : (i > j) - (i < j);
}

/* Points with the row of a lower one merge with the lowest such; `place` [n] gets the others, ascending. Local. */
static rb_status merge_equal(rb_linkage_merge *merges, int64_t *place, int64_t *n_places, const rb_points *points,
                             const rb_metric_points *metric, rb_error *err)
{
    const int64_t n = points->n;
    rb_points rows = *points;
    int32_t *order = NULL, *first = NULL;
    rb_alloc(&order, n, err);
    RB_TRY(rb_alloc(&first, n, err));
    for (int64_t i = 0; i < n; i++)
        order[i] = (int32_t)i;
    qsort_r(order, (size_t)n, sizeof *order, by_row, &rows);
    for (int64_t e = 0; e < n; e++) {
        const int32_t i = order[e], before = e > 0 ? order[e - 1] : i;
        const bool is_zero = metric->is_cosine && metric->inverse[i] == 0; /* at distance 1 from its like */
        first[i] = e > 0 && !is_zero && compare_rows(points, before, i) == 0 ? first[before] : i;
    }
    *n_places = 0;
    for (int64_t i = 0; i < n; i++)
        if (first[i] == i)
            place[(*n_places)++] = i;
        else
            *merges++ = (rb_linkage_merge){ first[i], (int32_t)i, 0 };
done:
    rb_free(order);
    rb_free(first);
    return err->status;
}

rb_status rb_linkage_single(rb_linkage_merge *merges, const rb_points *points, bool is_cosine, const rb_ctx *ctx,
                            rb_error *err)
{
    rb_metric_points metric = { 0 };
    rb_points places = { 0 };
    int64_t *place = NULL, n_places = points->n;
    const rb_points *apart = points;
    RB_TRY_ALL(ctx, rb_metric_points_init(&metric, points, is_cosine, ctx, err)); /* names points as they came */
    rb_alloc(&place, points->n, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? merge_equal(merges, place, &n_places, points, &metric, err) : err->status);
    if (n_places < points->n) {
        RB_TRY(rb_points_gather(&places, points, place, n_places, ctx, err));
        apart = &places;
    }
    merges += points->n - n_places;
    RB_TRY(span(merges, apart, is_cosine, ctx, err));
    for (int64_t t = 0; t < n_places - 1; t++) {
        merges[t].a = (int32_t)place[merges[t].a];
        merges[t].b = (int32_t)place[merges[t].b];
    }
done:
    rb_points_fini(&places);
    rb_metric_points_fini(&metric);
    rb_free(place);
    return err->status;
}
