#include "cluster/core/merge_tree.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/core/forest.h"

static int by_length(const void *a, const void *b)
{
    const rb_spanning_edge *x = a, *y = b;
    return (x->length > y->length) - (x->length < y->length);
}

static int by_value(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* What grows a tree. */
typedef struct {
    rb_merge_tree *tree;
    int32_t *forest;  /* [n] */
    int32_t *node;    /* [n] at a root: the node of its set */
    int32_t *touched; /* [2 (n - 1)] sets that the edges of one length connect, by their lowest points */
} growth;

/* Sets come in the order of their lowest points, and the set that they become has the first of them. */
static void merge(growth *g, const rb_spanning_edge *edges, int64_t n_edges)
{
    rb_merge_tree *t = g->tree;
    int64_t n = 0, n_sets = 0;
    for (int64_t e = 0; e < n_edges; e++) {
        g->touched[n++] = rb_forest_root(g->forest, edges[e].a);
        g->touched[n++] = rb_forest_root(g->forest, edges[e].b);
    }
    qsort(g->touched, (size_t)n, sizeof *g->touched, by_value);
    for (int64_t e = 0; e < n_edges; e++)
        rb_forest_unite(g->forest, edges[e].a, edges[e].b);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || g->touched[i] != g->touched[i - 1])
            g->touched[n_sets++] = g->touched[i];
    for (int64_t i = 0; i < n_sets; i++) {
        int32_t set = g->touched[i], root = rb_forest_root(g->forest, set), child = g->node[set];
        if (root == set) {
            g->node[set] = (int32_t)t->n_nodes++;
            t->height[g->node[set] - t->n] = edges[0].length;
        }
        t->parent[child] = g->node[root];
        t->size[g->node[root]] += t->size[child];
    }
}

rb_status rb_merge_tree_init(rb_merge_tree *t, rb_spanning_edge *edges, int64_t n, rb_error *err)
{
    growth g = { .tree = t };
    *t = (rb_merge_tree){ .n = n, .n_nodes = n };
    rb_alloc(&t->parent, 2 * n - 1, err);
    rb_alloc(&t->size, 2 * n - 1, err);
    rb_alloc(&t->height, n - 1, err);
    rb_alloc(&g.forest, n, err);
    rb_alloc(&g.node, n, err);
    RB_TRY(rb_alloc(&g.touched, 2 * (n - 1), err));
    rb_forest_init(g.forest, n);
    for (int64_t i = 0; i < n; i++) {
        g.node[i] = (int32_t)i;
        t->size[i] = 1;
    }
    qsort(edges, (size_t)(n - 1), sizeof *edges, by_length);
    for (int64_t begin = 0, end; begin < n - 1; begin = end) {
        for (end = begin + 1; end < n - 1 && edges[end].length == edges[begin].length; end++)
            ;
        merge(&g, edges + begin, end - begin);
    }
    t->parent[t->n_nodes - 1] = -1;
done:
    rb_free(g.forest);
    rb_free(g.node);
    rb_free(g.touched);
    return err->status;
}

void rb_merge_tree_fini(rb_merge_tree *t)
{
    rb_free(t->parent);
    rb_free(t->size);
    rb_free(t->height);
    memset(t, 0, sizeof *t);
}

double rb_merge_tree_lambda(const rb_merge_tree *t, int64_t node)
{
    double height = t->height[node - t->n];
    return height > 0 ? fmin(1 / height, DBL_MAX) : INFINITY;
}
