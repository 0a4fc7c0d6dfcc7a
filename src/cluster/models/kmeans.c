/*
 * K-Means: k centres that minimise the sum of squared distances of the points to their nearest centre.
 *
 *     label_i = argmin_c |x_i - m_c|^2 (lowest index among equals),   m_c = mean of the points with label c
 *
 * spherical: rows and centres of length 1, 1 - x.m in place of the distance (Dhillon and Modha 2001). An empty cluster
 * takes the point that is farthest from its centre, the lowest index among equals, out of a cluster with more than one.
 * A restart ends when no label changes, when the squared way of all centres is at most `tolerance` times the mean
 * variance of the dimensions, or after `iterations`; labels are then taken once more from the final centres. The best
 * of `n_init` restarts is kept, the first among equals.
 *
 * algorithm: lloyd compares every point with every centre; hamerly leaves out the points whose bounds prove their
 * label (Hamerly 2010), for 16 bytes a point; yinyang keeps a bound for every ten centres (Ding et al. 2015) and elkan
 * one for each (Elkan 2003), for 8 bytes a bound and point, and leave out centres too. All give the same bits. auto is
 * hamerly: the others compare fewer pairs, but a product of all centres with a batch of points costs less a pair.
 *
 * init plus_plus is greedy: of `local_trials` candidates a step the one that lowers the potential the most becomes a
 * seed, as in scikit-learn.
 *
 * Points with equal rows get equal labels; fewer different points than k leave clusters empty in the end.
 *
 * Lloyd (1982), doi:10.1109/TIT.1982.1056489; Arthur and Vassilvitskii (2007).
 * Time 2 n k d flops an iteration, memory 24 + 8 local_trials bytes a point (with one candidate d + 12 more) and 8 k d
 * a block. Bits: the same for any ranks and threads.
 */
#include "cluster/cluster.h"

#include <math.h>

#include "cluster/core/kmeans_fit.h"
#include "cluster/core/kmeans_sketch.h"

enum { ALGORITHM_AUTO, ALGORITHM_LLOYD, ALGORITHM_HAMERLY, ALGORITHM_ELKAN, ALGORITHM_YINYANG };
enum { METRIC_EUCLIDEAN, METRIC_SPHERICAL };
enum { PRECISION_SINGLE, PRECISION_DOUBLE };

typedef struct {
    const char *space;
    int64_t k, n_init, local_trials, iterations;
    int init, algorithm, metric, precision;
    double tolerance;
    rb_array centres;
} config;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-100", "the points"),
    RB_INT(config, k, 8, 1, 1e6, "clusters", "number of clusters"),
    RB_CHOICE(config, init, RB_KMEANS_INIT_PLUS_PLUS, "plus_plus|parallel|given",
              "first centres: k-means++, k-means|| (few rounds, for large k), or the parameter centres"),
    RB_ARRAY(config, centres, "first centres, k rows of the space's dimensions, for init given"),
    RB_INT(config, n_init, 1, 1, 10000, "restarts", "restarts of which the best is kept; given centres start once"),
    RB_INT(config, local_trials, 0, 0, 1000, "candidates",
           "candidates of a step of k-means++, of which the best is taken; 0: 2 + ln k, 1: k-means++ as published"),
    RB_INT(config, iterations, 300, 1, 1e6, "", "most iterations of a restart"),
    RB_DOUBLE(config, tolerance, 1e-4, 0, 1e6, "", "way of the centres, in mean variances, that ends a restart"),
    RB_CHOICE(config, algorithm, ALGORITHM_AUTO, "auto|lloyd|hamerly|elkan|yinyang",
              "the same result, sooner or later"),
    RB_CHOICE(config, metric, METRIC_EUCLIDEAN, "euclidean|spherical", "distance; spherical: 1 - cosine"),
    RB_CHOICE(config, precision, PRECISION_DOUBLE, "single|double", "of points, centres and distances"),
    RB_PARAM_END,
};

/* Lower bounds of a point. Yinyang: groups of ten centres, as published. */
static int64_t n_groups(const config *c)
{
    switch (c->algorithm) {
    case ALGORITHM_LLOYD:
        return 0;
    case ALGORITHM_ELKAN:
        return c->k;
    case ALGORITHM_YINYANG:
        return (c->k + 9) / 10;
    default:
        return 1;
    }
}

static rb_kmeans_options options(const config *c)
{
    return (rb_kmeans_options){ .name = "kmeans",
                                .k = c->k,
                                .n_init = c->n_init,
                                .local_trials = c->local_trials,
                                .iterations = c->iterations,
                                .n_groups = n_groups(c),
                                .init = c->init,
                                .is_single = c->precision == PRECISION_SINGLE,
                                .is_spherical = c->metric == METRIC_SPHERICAL,
                                .tolerance = c->tolerance,
                                .centres = c->centres };
}

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    rb_kmeans_options o = options(cfg);
    return rb_kmeans_fit_check(&o, shape, err);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    rb_kmeans_options o = options(c);
    double n = (double)shape->n_points, d = (double)shape->n_dims, k = (double)c->k;
    double size = c->precision == PRECISION_SINGLE ? 4 : 8;
    bool is_sparse = shape->n_points_nnz > 0;
    double entries = is_sparse ? (double)shape->n_points_nnz : n * d;
    double sums = is_sparse ? 0 : fmin(n / fmax(128, 4 * k), 1024) * 8 * k * d / fmax(shape->n_ranks, 1);
    double trials = c->init == RB_KMEANS_INIT_PLUS_PLUS ? 8 * (double)rb_kmeans_candidates(&o) : 0;
    rb_cost out = { .bytes_per_rank =
                        (16 + 8 * (double)o.n_groups + trials) * n / fmax(shape->n_ranks, 1) + 16 * k * d + sums,
                    .bytes_per_node = 8 * n,
                    .flops = (double)rb_kmeans_restarts(&o) * (double)c->iterations * 2 * entries * k };
    if (!is_sparse && c->init == RB_KMEANS_INIT_PLUS_PLUS && c->local_trials == 1)
        out.bytes_per_rank += rb_kmeans_sketch_bytes(n / fmax(shape->n_ranks, 1), d);
    if (is_sparse)
        out.bytes_per_rank += 32 * entries;
    else if (c->precision == PRECISION_SINGLE || c->metric == METRIC_SPHERICAL)
        out.bytes_per_node += size * entries;
    return out;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    (void)prepared;
    rb_kmeans_options o = options(cfg);
    return rb_kmeans_fit_begin(self, view->space, &o, ctx, err);
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    (void)iteration, (void)view, (void)prepared;
    rb_kmeans_options o = options(cfg);
    return rb_kmeans_fit_iterate(self, objective, done, &o, ctx, err);
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    (void)view, (void)prepared, (void)cfg;
    return rb_kmeans_fit_end(self, ctx, err);
}

static const int32_t *labels(const void *self, int64_t *n)
{
    const rb_kmeans_state *s = self;
    *n = s->n;
    return s->label;
}

static rb_status assign(int32_t *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const rb_kmeans_state *s = self;
    const config *c = cfg;
    return rb_kmeans_assign_points(out, s->centres, s->k, s->d, points, c->precision == PRECISION_SINGLE,
                                   c->metric == METRIC_SPHERICAL, ctx, err);
}

static bool has_converged(const void *self)
{
    return ((const rb_kmeans_state *)self)->converged;
}

static void arrays(void *self, rb_visitor *v)
{
    rb_kmeans_state *s = self;
    int64_t one = 1;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, &s->label_memory);
    v->array(v, "centres", RB_FLOAT64, (void **)&s->centres, &s->k, &s->d, NULL);
    v->scalar(v, "inertia", RB_FLOAT64, &s->inertia);
    v->scalar(v, "restart", RB_INT64, &s->restart);
}

static void checkpoint(void *self, rb_visitor *v)
{
    rb_kmeans_fit_checkpoint(self, v);
}

static void fini(void *self)
{
    rb_kmeans_state_fini(self);
}

static const char *distance(const void *cfg)
{
    return ((const config *)cfg)->metric == METRIC_SPHERICAL ? "cosine" : "euclidean";
}

const rb_clusterer rb_kmeans = {
    .name = "kmeans",
    .summary = "centres that minimise the squared distances of the points to the nearest one",
    .reference = "Lloyd 1982, doi:10.1109/TIT.1982.1056489; Hamerly 2010, doi:10.1137/1.9781611972801.12",
    .needs = RB_NEEDS_SPACE,
    .can = RB_CAN_ASSIGN,
    .config_size = sizeof(config),
    .state_size = sizeof(rb_kmeans_state),
    .params = params,
    .check = check,
    .cost = cost,
    .begin = begin,
    .iterate = iterate,
    .end = end,
    .converged = has_converged,
    .distance = distance,
    .labels = labels,
    .assign = assign,
    .checkpoint = checkpoint,
    .arrays = arrays,
    .fini = fini,
};
