#include "cluster/core/condensed.h"

#include <math.h>
#include <string.h>

/* ---- the tree ---- */

/* Branches of a merge that are large enough. */
typedef struct {
    int32_t n;    /* how many */
    int32_t size; /* points of the last of them */
} branches;

static rb_status allocate(rb_condensed *c, int64_t n_clusters, rb_error *err)
{
    rb_alloc(&c->point_cluster, c->n, err);
    rb_alloc(&c->point_lambda, c->n, err);
    rb_alloc(&c->parent, n_clusters, err);
    rb_alloc(&c->size, n_clusters, err);
    rb_alloc(&c->birth, n_clusters, err);
    rb_alloc(&c->death, n_clusters, err);
    return rb_alloc(&c->stability, n_clusters, err);
}

static int32_t begin_cluster(rb_condensed *c, int32_t parent, int32_t size, double birth)
{
    int32_t cluster = (int32_t)c->n_clusters++;
    c->parent[cluster] = parent;
    c->size[cluster] = size;
    c->birth[cluster] = birth;
    return cluster;
}

/* From the root on: what a merge knows of its parent decides about it. `lambda` is where the small branches of a merge
 * leave: its own, or for a merge inside a branch that has left, where that left. */
static void descend(rb_condensed *c, const rb_merge_tree *t, const branches *large, int64_t least, int32_t *cluster,
                    double *lambda)
{
    const int64_t n = t->n, root = t->n_nodes - 1;
    for (int64_t v = root; v >= n; v--) {
        int64_t u = t->parent[v];
        if (v == root) {
            cluster[v - n] = begin_cluster(c, -1, t->size[v], 0);
        } else if (t->size[v] < least) {
            cluster[v - n] = cluster[u - n];
            lambda[v - n] = lambda[u - n];
            continue;
        } else {
            cluster[v - n] =
                large[u - n].n > 1 ? begin_cluster(c, cluster[u - n], t->size[v], lambda[u - n]) : cluster[u - n];
        }
        int32_t own = cluster[v - n];
        int32_t leaving = t->size[v] - (large[v - n].n == 1 ? large[v - n].size : 0);
        lambda[v - n] = rb_merge_tree_lambda(t, v);
        c->stability[own] += (double)leaving * (lambda[v - n] - c->birth[own]);
        c->death[own] = lambda[v - n];
    }
}

rb_status rb_condensed_init(rb_condensed *c, const rb_merge_tree *t, int64_t min_cluster_size, rb_error *err)
{
    const int64_t n = t->n, n_merges = t->n_nodes - n;
    branches *large = NULL;
    int32_t *cluster = NULL;
    double *lambda = NULL;
    int64_t n_clusters = 1;
    *c = (rb_condensed){ .n = n };
    rb_alloc(&large, n_merges, err);
    rb_alloc(&cluster, n_merges, err);
    RB_TRY(rb_alloc(&lambda, n_merges, err));
    for (int64_t v = n; v < t->n_nodes - 1; v++)
        if (t->size[v] >= min_cluster_size) {
            branches *above = &large[t->parent[v] - n];
            above->n++;
            above->size = t->size[v];
        }
    for (int64_t m = 0; m < n_merges; m++)
        n_clusters += large[m].n > 1 ? large[m].n : 0;
    RB_TRY(allocate(c, n_clusters, err));
    if (n_merges == 0)
        begin_cluster(c, -1, (int32_t)n, 0);
    else
        descend(c, t, large, min_cluster_size, cluster, lambda);
    for (int64_t p = 0; p < n && n_merges > 0; p++) {
        c->point_cluster[p] = cluster[t->parent[p] - n];
        c->point_lambda[p] = lambda[t->parent[p] - n];
    }
done:
    rb_free(large);
    rb_free(cluster);
    rb_free(lambda);
    return err->status;
}

void rb_condensed_fini(rb_condensed *c)
{
    rb_free(c->point_cluster);
    rb_free(c->point_lambda);
    rb_free(c->parent);
    rb_free(c->size);
    rb_free(c->birth);
    rb_free(c->death);
    rb_free(c->stability);
    memset(c, 0, sizeof *c);
}

/* ---- the choice ---- */

static bool may_be_chosen(int64_t cluster, bool allow_single)
{
    return cluster > 0 || allow_single;
}

/* Sums of three numbers depend on their order: the children of a cluster are kept in ascending order of value. */
static void insert_ascending(double *values, int32_t n, double value)
{
    for (; n > 0 && values[n - 1] > value; n--)
        values[n] = values[n - 1];
    values[n] = value;
}

static rb_status weigh(int32_t *is_chosen, const rb_condensed *c, bool allow_single, rb_error *err)
{
    int32_t *begin = NULL, *count = NULL;
    double *below = NULL;
    rb_alloc(&begin, c->n_clusters + 1, err);
    rb_alloc(&count, c->n_clusters, err);
    RB_TRY(rb_alloc(&below, c->n_clusters, err));
    for (int64_t k = 1; k < c->n_clusters; k++)
        begin[c->parent[k] + 1]++;
    for (int64_t k = 0; k < c->n_clusters; k++)
        begin[k + 1] += begin[k];
    for (int64_t k = c->n_clusters - 1; k >= 0; k--) {
        double sum = 0, value = c->stability[k];
        for (int32_t i = 0; i < count[k]; i++)
            sum += below[begin[k] + i];
        is_chosen[k] = may_be_chosen(k, allow_single) && !(sum > value);
        value = sum > value ? sum : value;
        if (k > 0)
            insert_ascending(below + begin[c->parent[k]], count[c->parent[k]]++, value);
    }
done:
    rb_free(begin);
    rb_free(count);
    rb_free(below);
    return err->status;
}

static void take_leaves(int32_t *is_chosen, const rb_condensed *c, bool allow_single)
{
    for (int64_t k = c->n_clusters - 1; k >= 0; k--)
        is_chosen[k] = may_be_chosen(k, allow_single);
    for (int64_t k = 1; k < c->n_clusters; k++)
        is_chosen[c->parent[k]] = 0;
}

/* What is chosen of a path is its highest cluster. */
static void keep_highest(int32_t *chosen, const rb_condensed *c, const int32_t *is_chosen)
{
    for (int64_t k = 0; k < c->n_clusters; k++) {
        int32_t above = k > 0 ? chosen[c->parent[k]] : -1;
        chosen[k] = above >= 0 ? above : is_chosen[k] ? (int32_t)k : -1;
    }
}

/* Distances are compared: lambda 0 is the root's. */
static int32_t beyond(const rb_condensed *c, int32_t cluster, double epsilon, bool allow_single)
{
    if (cluster == 0 || !(1 / c->birth[cluster] < epsilon))
        return cluster;
    do {
        int32_t above = c->parent[cluster];
        if (above == 0)
            return allow_single ? 0 : cluster;
        cluster = above;
    } while (!(1 / c->birth[cluster] > epsilon));
    return cluster;
}

rb_status rb_condensed_choose(int32_t *chosen, const rb_condensed *c, rb_condensed_method method, double epsilon,
                              bool allow_single, rb_error *err)
{
    int32_t *is_chosen = NULL;
    RB_TRY(rb_alloc(&is_chosen, c->n_clusters, err));
    if (method == RB_LEAF)
        take_leaves(is_chosen, c, allow_single);
    else
        RB_TRY(weigh(is_chosen, c, allow_single, err));
    keep_highest(chosen, c, is_chosen);
    if (epsilon > 0) {
        memset(is_chosen, 0, (size_t)c->n_clusters * sizeof *is_chosen);
        for (int32_t k = 0; k < c->n_clusters; k++)
            if (chosen[k] == k)
                is_chosen[beyond(c, k, epsilon, allow_single)] = 1;
        keep_highest(chosen, c, is_chosen);
    }
done:
    rb_free(is_chosen);
    return err->status;
}

rb_status rb_condensed_outliers(double *score, const rb_condensed *c, rb_error *err)
{
    double *most = NULL;
    RB_TRY(rb_alloc(&most, c->n_clusters, err));
    memcpy(most, c->death, (size_t)c->n_clusters * sizeof *most);
    for (int64_t k = c->n_clusters - 1; k > 0; k--)
        most[c->parent[k]] = fmax(most[c->parent[k]], most[k]);
    for (int64_t p = 0; p < c->n; p++) {
        double own = c->point_lambda[p], largest = most[c->point_cluster[p]];
        if (isinf(own) || !(largest > 0))
            score[p] = 0;
        else
            score[p] = isinf(largest) ? 1 : (largest - own) / largest;
    }
done:
    rb_free(most);
    return err->status;
}
