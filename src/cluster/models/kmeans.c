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
 * Time 2 n k d flops an iteration, memory 24 + 8 local_trials bytes a point and 8 k d a block. Bits: the same for any
 * ranks and threads.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#include "cluster/core/kmeans_model.h"

enum { INIT_PLUS_PLUS, INIT_PARALLEL, INIT_GIVEN };
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

/* What lives from begin to end. */
typedef struct {
    rb_kmeans_data data;
    rb_kmeans_centres centres;
    rb_kmeans_pass pass;
    rb_shared label_memory;
    int32_t *label;   /* [n] of this restart */
    int64_t *count;   /* [k] */
    int64_t *seed;    /* [k] */
    int64_t *offsets; /* [n_ranks + 1] rows of the ranks */
    double *drift;    /* [k] */
    double least_shift2;
    int64_t restart, iteration;
    bool is_open; /* this restart has iterated and is not finished */
} run;

typedef struct {
    int64_t n, k, d;
    rb_shared label_memory;
    int32_t *label;  /* [n] */
    double *centres; /* [k x d] */
    double inertia;
    int64_t restart;            /* that gave the best */
    bool has_result, converged; /* of the best */
    run *run;                   /* NULL outside begin ... end */
} state;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-100", "the points"),
    RB_INT(config, k, 8, 1, 1e6, "clusters", "number of clusters"),
    RB_CHOICE(config, init, INIT_PLUS_PLUS, "plus_plus|parallel|given",
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

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (shape && shape->n_points > 0 && c->k > shape->n_points)
        return RB_FAIL(err, RB_BAD_INPUT, "'kmeans.k' is %lld, but there are only %lld points", (long long)c->k,
                       (long long)shape->n_points);
    return rb_kmeans_check_given(&c->centres, c->init == INIT_GIVEN, c->k, "kmeans", err);
}

static int64_t n_restarts(const config *c)
{
    return c->init == INIT_GIVEN ? 1 : c->n_init;
}

static int64_t n_candidates(const config *c)
{
    return c->local_trials > 0 ? c->local_trials : rb_kmeans_local_trials(c->k);
}

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

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double n = (double)shape->n_points, d = (double)shape->n_dims, k = (double)c->k;
    double size = c->precision == PRECISION_SINGLE ? 4 : 8;
    bool is_sparse = shape->n_points_nnz > 0;
    double entries = is_sparse ? (double)shape->n_points_nnz : n * d;
    double sums = is_sparse ? 0 : fmin(n / fmax(128, 4 * k), 1024) * 8 * k * d / fmax(shape->n_ranks, 1);
    double trials = c->init == INIT_PLUS_PLUS ? 8 * (double)n_candidates(c) : 0;
    rb_cost out = { .bytes_per_rank =
                        (16 + 8 * (double)n_groups(c) + trials) * n / fmax(shape->n_ranks, 1) + 16 * k * d + sums,
                    .bytes_per_node = 8 * n,
                    .flops = (double)n_restarts(c) * (double)c->iterations * 2 * entries * k };
    if (is_sparse)
        out.bytes_per_rank += 32 * entries;
    else if (c->precision == PRECISION_SINGLE || c->metric == METRIC_SPHERICAL)
        out.bytes_per_node += size * entries;
    return out;
}

/* Given centres; spherical: their directions. */
static rb_status start_given(run *r, const rb_array *given, const rb_ctx *ctx, rb_error *err)
{
    const int64_t k = given->n_rows, d = given->n_cols;
    double *values = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&values, k * d, err));
    for (int64_t c = 0; c < k; c++) {
        double length2 = 0;
        for (int64_t f = 0; f < d; f++)
            length2 = fma(given->value[c * d + f], given->value[c * d + f], length2);
        double scale = r->data.is_spherical && length2 > 0 ? 1 / sqrt(length2) : 1;
        for (int64_t f = 0; f < d; f++)
            values[c * d + f] = given->value[c * d + f] * scale;
    }
    rb_kmeans_centres_set(&r->centres, &r->data, values, ctx);
done:
    rb_free(values);
    return err->status;
}

static rb_status start_restart(run *r, const config *c, const rb_ctx *ctx, rb_error *err)
{
    if (c->init == INIT_GIVEN) {
        RB_TRY(start_given(r, &c->centres, ctx, err));
    } else {
        rb_kmeans_seeding seeding = c->init == INIT_PARALLEL ? RB_KMEANS_PARALLEL : RB_KMEANS_PLUS_PLUS;
        RB_TRY(rb_kmeans_seeds(r->seed, &r->data, seeding, n_candidates(c), r->restart, ctx, err));
        rb_kmeans_centres_set_points(&r->centres, &r->data, r->seed, ctx);
    }
    rb_kmeans_pass_reset(&r->pass);
    r->iteration = 0;
    r->is_open = false;
done:
    return err->status;
}

static rb_status check_points(const config *c, const rb_points *points, rb_error *err)
{
    rb_shape shape = { .n_points = points->n };
    if (points->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "kmeans needs points, but the space is empty");
    RB_TRY(check(c, &shape, err));
    if (c->init == INIT_GIVEN)
        RB_TRY(rb_kmeans_check_given_values(&c->centres, points->d, "kmeans", err));
done:
    return err->status;
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    (void)prepared;
    state *s = self;
    const config *c = cfg;
    const rb_points *points = view->space;
    double variance = 0;

    RB_TRY_ALL(ctx, check_points(c, points, err));
    s->n = points->n;
    s->d = points->d;
    s->k = c->k;
    rb_alloc(&s->centres, s->k * s->d, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->run, 1, err));
    run *r = s->run;
    rb_alloc(&r->count, s->k, err);
    rb_alloc(&r->seed, s->k, err);
    rb_alloc(&r->drift, s->k, err);
    RB_TRY_ALL(ctx, rb_alloc(&r->offsets, ctx->n_ranks + 1, err));
    RB_TRY(rb_shared_alloc(&s->label_memory, s->n * (int64_t)sizeof *s->label, ctx, err));
    s->label = s->label_memory.data;
    RB_TRY(rb_shared_alloc(&r->label_memory, s->n * (int64_t)sizeof *r->label, ctx, err));
    r->label = r->label_memory.data;
    RB_TRY(rb_kmeans_data_init(&r->data, points, c->k, c->precision == PRECISION_SINGLE, c->metric == METRIC_SPHERICAL,
                               true, ctx, err));
    RB_TRY(rb_kmeans_centres_init(&r->centres, &r->data, c->k, ctx, err));
    RB_TRY_ALL(ctx, rb_kmeans_pass_init(&r->pass, &r->data, &r->centres, r->label, true, n_groups(c), ctx, err));
    rb_blocks_offsets(r->offsets, &r->data.blocks, ctx);
    if (c->tolerance > 0)
        RB_TRY(rb_kmeans_mean_variance(&variance, &r->data, ctx, err));
    r->least_shift2 = c->tolerance * variance;
    RB_TRY(start_restart(r, c, ctx, err));
done:
    return err->status;
}

/* The labels of the final centres and their inertia; kept where they are the best so far. */
static rb_status finish_restart(state *s, bool labels_are_final, bool converged, const rb_ctx *ctx, rb_error *err)
{
    run *r = s->run;
    rb_kmeans_pass last = r->pass;
    double inertia = 0;
    last.partial = NULL;
    if (!labels_are_final)
        rb_kmeans_assign(&last, ctx);
    RB_TRY(rb_kmeans_cost(&inertia, &last, ctx, err));
    if (!s->has_result || inertia < s->inertia) {
        s->has_result = true;
        s->converged = converged;
        s->inertia = inertia;
        s->restart = r->restart;
        memcpy(s->label + r->data.begin, r->label + r->data.begin,
               (size_t)(r->data.end - r->data.begin) * sizeof *s->label);
        rb_kmeans_centres_get(s->centres, &r->centres, &r->data);
    }
    r->is_open = false;
done:
    return err->status;
}

/* Moves points into empty clusters. */
static rb_status fill_empty(bool *filled, run *r, const rb_ctx *ctx, rb_error *err)
{
    *filled = false;
    for (int64_t c = 0; c < r->data.k && !*filled; c++)
        *filled = r->count[c] == 0;
    if (!*filled)
        return RB_OK;
    RB_TRY(rb_kmeans_reseed(r->count, &r->pass, ctx, err));
    if (r->data.is_sparse)
        rb_shared_publish(&r->label_memory, r->offsets, sizeof *r->label, ctx);
    else
        rb_kmeans_accumulate(&r->pass, ctx);
done:
    return err->status;
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    (void)iteration, (void)view, (void)prepared;
    state *s = self;
    run *r = s->run;
    const config *c = cfg;
    rb_kmeans_update update = { .drift = r->drift };
    bool filled = false;

    int64_t changed = rb_kmeans_assign(&r->pass, ctx);
    if (r->data.is_sparse)
        rb_shared_publish(&r->label_memory, r->offsets, sizeof *r->label, ctx);
    rb_kmeans_count(r->count, &r->pass, ctx);
    RB_TRY(fill_empty(&filled, r, ctx, err));
    RB_TRY(rb_kmeans_move(&update, &r->centres, &r->pass, r->count, ctx, err));
    *objective = update.cost;
    r->is_open = true;
    r->iteration++;

    bool is_settled = changed == 0 && !filled;
    *done = false;
    bool converged = is_settled || update.shift2 <= r->least_shift2;
    if (converged || r->iteration == c->iterations) {
        RB_TRY(finish_restart(s, is_settled, converged, ctx, err));
        r->restart++;
        *done = r->restart == n_restarts(c);
        if (!*done)
            RB_TRY(start_restart(r, c, ctx, err));
    }
done:
    return err->status;
}

/* Collective: the run holds shared memory. */
static void end_run(state *s)
{
    run *r = s->run;
    if (!r)
        return;
    rb_kmeans_pass_fini(&r->pass);
    rb_kmeans_centres_fini(&r->centres);
    rb_kmeans_data_fini(&r->data);
    rb_shared_fini(&r->label_memory);
    rb_free(r->count);
    rb_free(r->seed);
    rb_free(r->drift);
    rb_free(r->offsets);
    rb_free(r);
    s->run = NULL;
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    (void)view, (void)prepared, (void)cfg;
    state *s = self;
    if (s->run->is_open) /* stopped from outside */
        RB_TRY(finish_restart(s, false, false, ctx, err));
    rb_shared_publish(&s->label_memory, s->run->offsets, sizeof *s->label, ctx);
done:
    end_run(s);
    return err->status;
}

static const int32_t *labels(const void *self, int64_t *n)
{
    const state *s = self;
    *n = s->n;
    return s->label;
}

static rb_status assign(int32_t *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    const state *s = self;
    const config *c = cfg;
    return rb_kmeans_assign_points(out, s->centres, s->k, s->d, points, c->precision == PRECISION_SINGLE,
                                   c->metric == METRIC_SPHERICAL, ctx, err);
}

static bool has_converged(const void *self)
{
    return ((const state *)self)->converged;
}

static void arrays(void *self, rb_visitor *v)
{
    state *s = self;
    int64_t one = 1;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, &s->label_memory);
    v->array(v, "centres", RB_FLOAT64, (void **)&s->centres, &s->k, &s->d, NULL);
    v->scalar(v, "inertia", RB_FLOAT64, &s->inertia);
    v->scalar(v, "restart", RB_INT64, &s->restart);
}

static void fini(void *self)
{
    state *s = self;
    end_run(s);
    rb_shared_fini(&s->label_memory);
    rb_free(s->centres);
    memset(s, 0, sizeof *s);
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
    .state_size = sizeof(state),
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
    .arrays = arrays,
    .fini = fini,
};
