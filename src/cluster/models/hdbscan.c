/*
 * HDBSCAN: the clusters that last longest as the density at which points connect grows.
 *
 * core_p is the distance of p to its min_samples-th neighbour, p itself not counted (as in hdbscan; scikit-learn counts
 * it: ours + 1). Points merge by the mutual reachability max(core_p, core_q, d(p, q)); edges of equal length merge as
 * one node, so the result does not depend on the order of the points. Branches of fewer than min_cluster_size points
 * are not clusters; what is chosen of the rest, and GLOSH outlier scores: core/condensed.h. Clusters are numbered by
 * their lowest points, -1 is noise. Of a single chosen root (allow_single_cluster) those points are no noise that stay
 * to its end, or to the distance cluster_selection_epsilon where it is set.
 *
 *     probability  min(lambda_p, L) / L, lambda_p where p leaves its last cluster, L where the chosen one ends
 *
 * New points (assign) are predicted as hdbscan.approximate_predict does, but with the core distances of the fit (there
 * they count the point itself): of the 2 min_samples nearest points the one
 * that is nearest by mutual reachability, 1 / lambda away (the nearer one, then that of lower index, among equals); its
 * cluster, or the one above that holds at lambda.
 *
 * Campello, Moulavi, Sander (2013), doi:10.1007/978-3-642-37456-2_14; Campello et al. (2015), doi:10.1145/2733381;
 * McInnes, Healy (2017), doi:10.1109/ICDMW.2017.12 for the condensed tree.
 *
 * Points take products with those in all leaves of a k-d tree (algorithm dense; sparse points always) or in those whose
 * balls are in reach (tree): both give the same bits. A ball costs as much as one of its points, at most 128, so auto
 * takes the tree from 1,024 dense points on, in any dimension: on one thread 20,000 points of lsa-d took 1.35 s by all
 * and .28 s by the tree at d = 2, 1.5 and .31 at 10, 2.4 and .45 at 20, 4.1 and 1.5 at 50, 8.8 and 6.1 at 100. Trials
 * of one space, metric and algorithm share the lists of neighbours, of the largest min_samples, and one spanning tree
 * for each min_samples.
 *
 * Time: at worst 2 n^2 d flops for the lists and for each of log2 n rounds; O(n log n) for the trees, on every rank.
 * Bits: the same for any ranks and threads.
 */
#include "cluster/cluster.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "cluster/core/condensed.h"
#include "cluster/core/distinct.h"
#include "cluster/core/kept_points.h"
#include "cluster/core/nearest.h"

#define LIST 16 /* neighbours of a list at least: they decide most edges */

enum { METRIC_EUCLIDEAN, METRIC_COSINE };
enum { ALGORITHM_AUTO, ALGORITHM_DENSE, ALGORITHM_TREE };

typedef struct {
    const char *space;
    int64_t min_cluster_size, min_samples;
    double cluster_selection_epsilon;
    int metric, cluster_selection_method, algorithm;
    bool allow_single_cluster;
} config;

typedef struct {
    int64_t n, min_samples, n_labels, n_merges, n_nodes;
    int32_t *label;         /* [n] */
    double *probability;    /* [n] */
    double *outlier;        /* [n] */
    double *core_distance;  /* [n] */
    int32_t *cluster_label; /* [n_clusters] -1: not in a chosen one */
    double *cluster_end;    /* [n_clusters] lambda where the chosen one ends */
    rb_condensed condensed;
    int32_t *node_parent; /* [n_nodes] of the merge tree */
    double *height;       /* [n_merges] */
    rb_kept_points points;
} state;

/* What trials share. */
typedef struct {
    int64_t n;
    int n_sets;
    int64_t *min_samples; /* [n_sets] ascending */
    rb_merge_tree *tree;  /* [n_sets] */
    double *core;         /* [n_sets x n] core distances by point */
} shared;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-100", "the points"),
    RB_INT(config, min_cluster_size, 5, 2, 2147483647, "points", "smallest group that is a cluster"),
    RB_INT(config, min_samples, 0, 0, 2147483647, "points",
           "neighbours that make a core distance, the point not counted; 0: min_cluster_size"),
    RB_CHOICE(config, metric, METRIC_EUCLIDEAN, "euclidean|cosine", "distance; cosine: 1 - cos",
              .flags = RB_PARAM_PREPARES),
    RB_CHOICE(config, cluster_selection_method, RB_EXCESS_OF_MASS, "eom|leaf",
              "clusters chosen: excess of mass, or leaves of the tree"),
    RB_DOUBLE(config, cluster_selection_epsilon, 0, 0, 1e150, "",
              "distance below which chosen clusters give way to those above them"),
    RB_BOOL(config, allow_single_cluster, false, "whether all points may be one cluster"),
    RB_CHOICE(config, algorithm, ALGORITHM_AUTO, "auto|dense|tree", "pairs that are looked at; the same bits",
              .flags = RB_PARAM_PREPARES),
    RB_PARAM_END,
};

static int64_t samples_of(const config *c, int64_t n)
{
    int64_t samples = c->min_samples > 0 ? c->min_samples : c->min_cluster_size;
    return samples < n - 1 ? samples : n - 1;
}

static int64_t list_of(int64_t min_samples, int64_t n)
{
    int64_t k = min_samples > LIST ? min_samples : LIST;
    return k < n - 1 ? k : n - 1;
}

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (shape && shape->n_points > INT32_MAX / 2)
        return RB_FAIL(err, RB_BAD_INPUT, "hdbscan takes at most %d points, but there are %lld", INT32_MAX / 2,
                       (long long)shape->n_points);
    if (shape && shape->n_points_nnz > 0 && c->algorithm == ALGORITHM_TREE)
        return RB_FAIL(err, RB_BAD_INPUT, "'hdbscan.algorithm' tree needs dense points, but the space is sparse");
    return RB_OK;
}

/* Points that one takes products with, in lists and in rounds: those of about twelve leaves of 128 in few dimensions,
 * of more as distances grow alike, and the balls of all leaves. As times on one thread have it (see above). */
static double reach(double n, double d)
{
    return fmin(n, 12 * 128 * (1 + d / 40) * (1 + d / 40) + n / 40);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double n = (double)shape->n_points, d = (double)shape->n_dims, nnz = (double)shape->n_points_nnz;
    double entries = nnz > 0 ? nnz : n * d;
    int64_t k = list_of(samples_of(c, shape->n_points), shape->n_points);
    const bool by_tree =
        c->algorithm == ALGORITHM_AUTO ? nnz == 0 && n >= RB_NEIGHBOURS_FROM_BALLS : c->algorithm == ALGORITHM_TREE;
    rb_cost out = { .bytes_per_rank = rb_neighbour_lists_bytes(n, d, nnz, k, shape->n_threads) + rb_spanning_bytes(n) +
                                      16 * n /* edges */ + 28 * n + 24 * n /* merge tree, and while it grows */ +
                                      8 * n /* core */ + (4 + 24 + 12 + 40 + 16) * n,
                    .bytes_per_node = 12 * (double)k * n + rb_spanning_node_bytes(n) + 8 * entries,
                    .flops = 4 * entries * (by_tree ? reach(n, d) : n) };
    out.prepare_flops = out.flops;
    if (nnz > 0)
        out.bytes_per_rank += 4 * nnz + 8 * (n + 1);
    else
        out.bytes_per_node += 8 * entries;
    return out;
}

static rb_status check_points(const config *c, const rb_points *points, rb_error *err)
{
    if (points->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "hdbscan needs points, but the space is empty");
    return check(c, &(rb_shape){ .n_points = points->n, .n_points_nnz = points->sparse != NULL }, err);
}

/* ---- what trials share ---- */

static void unprepare(void *prepared)
{
    shared *s = prepared;
    for (int i = 0; s && s->tree && i < s->n_sets; i++)
        rb_merge_tree_fini(&s->tree[i]);
    if (s) {
        rb_free(s->min_samples);
        rb_free(s->tree);
        rb_free(s->core);
    }
    rb_free(s);
}

static rb_status allocate_shared(shared **out, const config *const *configs, int n_configs, int64_t n, rb_error *err)
{
    RB_TRY(rb_alloc(out, 1, err));
    shared *s = *out;
    s->n = n;
    RB_TRY(rb_alloc(&s->min_samples, n_configs, err));
    for (int i = 0; i < n_configs; i++)
        s->min_samples[i] = samples_of(configs[i], n);
    s->n_sets = rb_distinct_int64(s->min_samples, n_configs);
    rb_alloc(&s->tree, s->n_sets, err);
    rb_alloc(&s->core, s->n_sets * n, err);
done:
    return err->status;
}

static rb_status grow_trees(shared *s, const rb_neighbour_lists *near, bool by_tree, const rb_ctx *ctx, rb_error *err)
{
    const rb_neighbours *nb = &near->lists;
    const int32_t *order = near->leaves.order;
    const bool is_cosine = near->metric.is_cosine;
    rb_spanning_edge *edges = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&edges, s->n - 1, err));
    for (int i = 0; i < s->n_sets; i++) {
        double *core = s->core + i * s->n;
        RB_TRY(rb_spanning_tree(edges, &near->leaves, by_tree ? &near->balls : NULL, nb, s->min_samples[i], ctx, err));
        RB_TRY_ALL(ctx, rb_merge_tree_init(&s->tree[i], edges, s->n, err));
        for (int64_t p = 0; p < s->n; p++)
            core[order[p]] = rb_spanning_length(nb->distance[p * nb->k + s->min_samples[i] - 1], is_cosine);
    }
done:
    rb_free(edges);
    return err->status;
}

static bool takes_tree(const config *c, const rb_points *points)
{
    if (c->algorithm == ALGORITHM_AUTO)
        return rb_neighbour_lists_by_balls(points);
    return c->algorithm == ALGORITHM_TREE;
}

static rb_status prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n_configs,
                         rb_ctx *ctx, rb_error *err)
{
    const config *const *all = (const config *const *)configs;
    const rb_points *points = view->space;
    const int64_t n = points->n;
    shared *s = NULL;
    const bool by_tree = takes_tree(all[0], points);
    rb_neighbour_lists near = { 0 };
    *prepared = NULL;
    RB_TRY_ALL(ctx, check_points(all[0], points, err));
    RB_TRY_ALL(ctx, allocate_shared(&s, all, n_configs, n, err));
    RB_TRY(rb_neighbour_lists_init(&near, points, all[0]->metric == METRIC_COSINE,
                                   list_of(s->min_samples[s->n_sets - 1], n), by_tree, ctx, err));
    if (n > 1)
        RB_TRY(grow_trees(s, &near, by_tree, ctx, err));
    *prepared = s;
done:
    if (!*prepared)
        unprepare(s);
    rb_neighbour_lists_fini(&near);
    return err->status;
}

/* ---- one clustering ---- */

/* Of the root alone only points of its end, or of distances up to epsilon, are members. */
static bool is_member(const state *s, const config *c, int32_t chosen, int64_t p)
{
    if (chosen != 0)
        return true;
    double lambda = s->condensed.point_lambda[p];
    return c->cluster_selection_epsilon > 0 ? lambda >= 1 / c->cluster_selection_epsilon
                                            : lambda >= s->condensed.death[0];
}

static double probability_of(double lambda, double end)
{
    if (!(end > 0) || isinf(lambda))
        return 1;
    return (lambda < end ? lambda : end) / end;
}

/* Numbers clusters by their lowest points. */
static rb_status label_points(state *s, const config *c, const int32_t *chosen, rb_error *err)
{
    const rb_condensed *t = &s->condensed;
    int32_t *number = NULL;
    RB_TRY(rb_alloc(&number, t->n_clusters, err));
    for (int64_t k = 0; k < t->n_clusters; k++)
        number[k] = -1;
    for (int64_t p = 0; p < s->n; p++) {
        int32_t cluster = chosen[t->point_cluster[p]];
        s->label[p] = -1;
        if (cluster < 0 || s->n < c->min_cluster_size || !is_member(s, c, cluster, p))
            continue;
        if (number[cluster] < 0)
            number[cluster] = (int32_t)s->n_labels++;
        s->label[p] = number[cluster];
        s->probability[p] = probability_of(t->point_lambda[p], t->death[cluster]);
    }
    for (int64_t k = 0; k < t->n_clusters; k++) {
        s->cluster_label[k] = chosen[k] < 0 ? -1 : number[chosen[k]];
        s->cluster_end[k] = chosen[k] < 0 ? 0 : t->death[chosen[k]];
    }
done:
    rb_free(number);
    return err->status;
}

static rb_status choose(state *s, const config *c, const rb_merge_tree *tree, const double *core, rb_error *err)
{
    int32_t *chosen = NULL;
    RB_TRY(rb_condensed_init(&s->condensed, tree, c->min_cluster_size, err));
    const int64_t n_clusters = s->condensed.n_clusters;
    s->n_nodes = tree->n_nodes;
    s->n_merges = tree->n_nodes - tree->n;
    rb_alloc(&chosen, n_clusters, err);
    rb_alloc(&s->cluster_label, n_clusters, err);
    rb_alloc(&s->cluster_end, n_clusters, err);
    rb_alloc(&s->label, s->n, err);
    rb_alloc(&s->probability, s->n, err);
    rb_alloc(&s->outlier, s->n, err);
    rb_alloc(&s->core_distance, s->n, err);
    rb_alloc(&s->node_parent, s->n_nodes, err);
    RB_TRY(rb_alloc(&s->height, s->n_merges, err));
    memcpy(s->core_distance, core, (size_t)s->n * sizeof *core);
    memcpy(s->node_parent, tree->parent, (size_t)s->n_nodes * sizeof *tree->parent);
    if (s->n_merges > 0)
        memcpy(s->height, tree->height, (size_t)s->n_merges * sizeof *tree->height);
    RB_TRY(rb_condensed_choose(chosen, &s->condensed, (rb_condensed_method)c->cluster_selection_method,
                               c->cluster_selection_epsilon, c->allow_single_cluster, err));
    RB_TRY(label_points(s, c, chosen, err));
    RB_TRY(rb_condensed_outliers(s->outlier, &s->condensed, err));
done:
    rb_free(chosen);
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *s = self;
    const config *c = cfg;
    const shared *all = prepared;
    int set = 0;
    s->n = view->space->n;
    s->min_samples = samples_of(c, s->n);
    while (all->min_samples[set] != s->min_samples)
        set++;
    rb_merge_tree lone = { .n = 1, .n_nodes = 1, .parent = &(int32_t){ -1 } };
    RB_TRY_ALL(ctx, choose(s, c, s->n > 1 ? &all->tree[set] : &lone, all->core + set * s->n, err));
    RB_TRY(rb_kept_points_init(&s->points, view->space, NULL, ctx, err));
done:
    return err->status;
}

static const int32_t *labels(const void *self, int64_t *n)
{
    const state *s = self;
    *n = s->n;
    return s->label;
}

static const char *distance(const void *cfg)
{
    return ((const config *)cfg)->metric == METRIC_COSINE ? "cosine" : "euclidean";
}

/* ---- new points ---- */

/* Neighbours and their distances, ascending. */
static int32_t predict(const state *s, const int32_t *nearest, const double *away, int64_t k, bool is_cosine)
{
    const rb_condensed *t = &s->condensed;
    const double core = rb_spanning_length(away[s->min_samples < k ? s->min_samples : k - 1], is_cosine);
    double least = INFINITY;
    int32_t p = -1;
    for (int64_t i = 0; i < k; i++) {
        double reach = fmax(fmax(core, s->core_distance[nearest[i]]), rb_spanning_length(away[i], is_cosine));
        if (reach < least) {
            least = reach;
            p = nearest[i];
        }
    }
    const double lambda = least > 0 ? 1 / least : DBL_MAX;
    int32_t cluster = t->point_cluster[p];
    if (t->point_lambda[p] > lambda)
        while (cluster > 0 && t->birth[cluster] >= lambda)
            cluster = t->parent[cluster];
    return s->cluster_label[cluster];
}

static rb_status assign(int32_t *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const state *s = self;
    const bool is_cosine = ((const config *)cfg)->metric == METRIC_COSINE;
    const int64_t wanted = 2 * s->min_samples, k = wanted < 1 ? 1 : wanted < s->n ? wanted : s->n;
    rb_csr rows;
    rb_points fitted;
    int32_t *nearest = NULL;
    double *away = NULL;
    rb_kept_points_view(&fitted, &rows, &s->points, s->n);
    RB_TRY(rb_kept_points_match(&s->points, points, "the fitted points", err));
    rb_alloc(&nearest, points->n * k, err);
    RB_TRY_ALL(ctx, rb_alloc(&away, points->n * k, err));
    RB_TRY(rb_nearest_several(nearest, away, k, points, &fitted, is_cosine, ctx, err));
    for (int64_t i = 0; i < points->n; i++)
        out[i] = predict(s, nearest + i * k, away + i * k, k, is_cosine);
done:
    rb_free(nearest);
    rb_free(away);
    return err->status;
}

/* ---- the state ---- */

static void arrays(void *self, rb_visitor *v)
{
    state *s = self;
    rb_condensed *t = &s->condensed;
    int64_t one = 1;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, NULL);
    v->array(v, "probabilities", RB_FLOAT64, (void **)&s->probability, &s->n, &one, NULL);
    v->array(v, "outlier_scores", RB_FLOAT64, (void **)&s->outlier, &s->n, &one, NULL);
    v->array(v, "core_distances", RB_FLOAT64, (void **)&s->core_distance, &s->n, &one, NULL);
    v->array(v, "point_clusters", RB_INT32, (void **)&t->point_cluster, &s->n, &one, NULL);
    v->array(v, "point_lambdas", RB_FLOAT64, (void **)&t->point_lambda, &s->n, &one, NULL);
    v->array(v, "cluster_parents", RB_INT32, (void **)&t->parent, &t->n_clusters, &one, NULL);
    v->array(v, "cluster_sizes", RB_INT32, (void **)&t->size, &t->n_clusters, &one, NULL);
    v->array(v, "cluster_births", RB_FLOAT64, (void **)&t->birth, &t->n_clusters, &one, NULL);
    v->array(v, "cluster_deaths", RB_FLOAT64, (void **)&t->death, &t->n_clusters, &one, NULL);
    v->array(v, "cluster_stabilities", RB_FLOAT64, (void **)&t->stability, &t->n_clusters, &one, NULL);
    v->array(v, "cluster_labels", RB_INT32, (void **)&s->cluster_label, &t->n_clusters, &one, NULL);
    v->array(v, "cluster_ends", RB_FLOAT64, (void **)&s->cluster_end, &t->n_clusters, &one, NULL);
    v->array(v, "node_parents", RB_INT32, (void **)&s->node_parent, &s->n_nodes, &one, NULL);
    v->array(v, "merge_distances", RB_FLOAT64, (void **)&s->height, &s->n_merges, &one, NULL);
    rb_kept_points_arrays(&s->points, v, (const char *const[]){ "point_values", "point_begin", "point_columns" });
    v->scalar(v, "min_samples", RB_INT64, &s->min_samples);
    v->scalar(v, "clusters", RB_INT64, &s->n_labels);
}

static void fini(void *self)
{
    state *s = self;
    rb_free(s->label);
    rb_free(s->probability);
    rb_free(s->outlier);
    rb_free(s->core_distance);
    rb_free(s->cluster_label);
    rb_free(s->cluster_end);
    rb_free(s->node_parent);
    rb_free(s->height);
    rb_condensed_fini(&s->condensed);
    rb_kept_points_fini(&s->points);
    memset(s, 0, sizeof *s);
}

const rb_clusterer rb_hdbscan = {
    .name = "hdbscan",
    .summary = "clusters that last longest as density grows, the rest is noise",
    .reference = "Campello et al. 2013, doi:10.1007/978-3-642-37456-2_14; 2015, doi:10.1145/2733381",
    .needs = RB_NEEDS_SPACE,
    .can = RB_CAN_ASSIGN,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .prepare = prepare,
    .unprepare = unprepare,
    .fit = fit,
    .distance = distance,
    .labels = labels,
    .assign = assign,
    .arrays = arrays,
    .fini = fini,
};
