#include <math.h>
#include <stdlib.h>

#include "cluster/core/linkage.h"

/* Sets of points, each named by a root. */
static int32_t root_of(int32_t *parent, int32_t x)
{
    while (parent[x] != x) {
        parent[x] = parent[parent[x]];
        x = parent[x];
    }
    return x;
}

typedef struct {
    rb_linkage_merge merge;
    int64_t place;
} placed;

static int by_height(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    if (x->merge.height != y->merge.height)
        return x->merge.height < y->merge.height ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

static rb_status sort_merges(rb_linkage_merge *merges, int64_t n, rb_error *err)
{
    placed *all = NULL;
    RB_TRY(rb_alloc(&all, n, err));
    for (int64_t t = 0; t < n; t++)
        all[t] = (placed){ merges[t], t };
    qsort(all, (size_t)n, sizeof *all, by_height);
    for (int64_t t = 0; t < n; t++)
        merges[t] = all[t].merge;
done:
    rb_free(all);
    return err->status;
}

rb_status rb_linkage_tree(double *tree, rb_linkage_merge *merges, int64_t n, bool sorts, rb_error *err)
{
    int32_t *parent = NULL;
    if (sorts)
        RB_TRY(sort_merges(merges, n - 1, err));
    RB_TRY(rb_alloc(&parent, 2 * n, err));
    for (int64_t i = 0; i < 2 * n; i++)
        parent[i] = (int32_t)i;
    for (int64_t t = 0; t < n - 1; t++) {
        double *row = tree + 4 * t;
        int32_t a = root_of(parent, merges[t].a), b = root_of(parent, merges[t].b);
        row[0] = a < b ? a : b;
        row[1] = a < b ? b : a;
        row[2] = merges[t].height;
        row[3] = (a < n ? 1 : tree[4 * (a - n) + 3]) + (b < n ? 1 : tree[4 * (b - n) + 3]);
        parent[a] = parent[b] = (int32_t)(n + t);
    }
done:
    rb_free(parent);
    return err->status;
}

/* Labels of the clusters that the merges made whose top is at most `top`; [n - 1]. */
static rb_status cut(int32_t *labels, const double *tree, int64_t n, const double *top, double at_most, rb_error *err)
{
    int32_t *parent = NULL, *name = NULL, k = 0;
    rb_alloc(&parent, 2 * n, err);
    RB_TRY(rb_alloc(&name, 2 * n, err));
    for (int64_t i = 0; i < 2 * n; i++) {
        parent[i] = (int32_t)i;
        name[i] = -1;
    }
    for (int64_t t = 0; t < n - 1; t++)
        if (top[t] <= at_most)
            for (int side = 0; side < 2; side++)
                parent[(int64_t)tree[4 * t + side]] = (int32_t)(n + t);
    for (int64_t i = 0; i < n; i++) {
        int32_t root = root_of(parent, (int32_t)i);
        if (name[root] < 0)
            name[root] = k++;
        labels[i] = name[root];
    }
done:
    rb_free(parent);
    rb_free(name);
    return err->status;
}

rb_status rb_linkage_cut_count(int32_t *labels, const double *tree, int64_t n, int64_t k, rb_error *err)
{
    double *top = NULL;
    RB_TRY(rb_alloc(&top, n, err));
    for (int64_t t = 0; t < n - 1; t++)
        top[t] = (double)t;
    RB_TRY(cut(labels, tree, n, top, (double)(n - k - 1), err));
done:
    rb_free(top);
    return err->status;
}

rb_status rb_linkage_cut_height(int32_t *labels, const double *tree, int64_t n, double height, rb_error *err)
{
    double *top = NULL;
    RB_TRY(rb_alloc(&top, n, err));
    for (int64_t t = 0; t < n - 1; t++) {
        top[t] = tree[4 * t + 2];
        for (int side = 0; side < 2; side++) {
            int64_t id = (int64_t)tree[4 * t + side];
            if (id >= n)
                top[t] = fmax(top[t], top[id - n]);
        }
    }
    RB_TRY(cut(labels, tree, n, top, height, err));
done:
    rb_free(top);
    return err->status;
}
