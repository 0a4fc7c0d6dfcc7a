/*
 * Single linkage: the edges of a shortest spanning tree by ascending length are the merges (Gower, Ross 1969,
 * doi:10.2307/2346439). With one neighbour a core distance is that of the nearest point, which is at most any other of
 * the point, so the mutual reachability of core/spanning.h is the distance itself.
 *
 * Which edges of equal length a spanning tree holds is open, what they connect is not. Where more than two sets meet at
 * one height, the one with the lowest point grows by one of the others at a time, out from the points that joined
 * first.
 */
#include "cluster/core/forest.h"
#include "cluster/core/linkage.h"
#include "cluster/core/merge_tree.h"

#define LIST 16 /* neighbours of a list: they decide most edges */

double rb_linkage_single_bytes(double n, double d, double nnz, int n_threads)
{
    return rb_neighbour_lists_bytes(n, d, nnz, LIST, n_threads) + rb_spanning_bytes(n) + 16 * n + 28 * n + 48 * n;
}

double rb_linkage_single_node_bytes(double n, double d, double nnz)
{
    return 12.0 * LIST * n + rb_spanning_node_bytes(n) + (nnz > 0 ? 0 : 8 * n * d);
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

rb_status rb_linkage_single(rb_linkage_merge *merges, const rb_points *points, bool is_cosine, const rb_ctx *ctx,
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
