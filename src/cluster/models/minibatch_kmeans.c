/*
 * Mini-batch K-Means: centres that follow small random batches of the points.
 *
 * Each iteration draws `batch_size` points with replacement and gives each to its nearest centre (the lowest index
 * among equals); then every centre moves by its own learning rate, one over the number of points it has had, so that it
 * is the mean of all of them (Sculley 2010):
 *
 *     m_c <- (v_c m_c + sum of the batch's points of c) / (v_c + n_c),   v_c <- v_c + n_c
 *
 * Reassignment, but after the last batch: once 10 k points were drawn since the last time, or where a centre has had
 * none, every centre with v_c < `reassignment` max v takes the place of a point of the batch, drawn by chance, of each
 * point once and of at most half of the batch; the lowest v among the other centres becomes its v. (scikit-learn's
 * rule.)
 *
 * It ends after `iterations` batches, or when the smoothed mean distance of the batches (weight 2 batch_size / (n + 1)
 * for the newest) has reached no new minimum for `patience` batches. All points are then labelled by the final centres.
 *
 * There is no `n_init`: each restart would cost a whole fit, with labels of all points to tell which is best. `repeats`
 * gives fits of other seeds, each with values of its own; kmeans is the one with restarts.
 *
 * First centres: k-means++ or k-means|| on a sample of `init_size` points.
 *
 * The points of a batch and the reassignments are counters of Philox. Labels are computed by the rank that owns a
 * point, and every rank moves all centres, points ascending. Bits: the same for any ranks and threads.
 *
 * Sculley (2010), doi:10.1145/1772690.1772862.
 * Time O(batch_size k d) an iteration and 2 n k d flops at the end; memory 24 bytes a point and a few k d.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "cluster/core/kmeans_batch.h"
#include "cluster/core/kmeans_model.h"

enum { INIT_PLUS_PLUS, INIT_PARALLEL, INIT_GIVEN };
enum { PRECISION_SINGLE, PRECISION_DOUBLE };

typedef struct {
    const char *space;
    int64_t k, batch_size, iterations, patience, init_size;
    int init, precision;
    double reassignment;
    rb_array centres;
} config;

/* What lives from begin to end. */
typedef struct {
    rb_kmeans_data data;
    rb_kmeans_centres centres;
    rb_kmeans_pass pass;
    int64_t *offsets; /* [n_ranks + 1] rows of the ranks */
    rb_kmeans_batch batch;
    double *sum;        /* [d] */
    int64_t *seed;      /* [k] */
    int64_t drawn;      /* points since the last reassignment */
    double mean, least; /* smoothed distance; its minimum */
    int64_t since;      /* batches since the minimum */
} run;

typedef struct {
    int64_t n, k, d;
    rb_shared label_memory;
    int32_t *label;  /* [n] */
    double *centres; /* [k x d] */
    int64_t *weight; /* [k] points that a centre has had */
    double inertia;
    bool converged;
    run *run; /* NULL outside begin ... end */
} state;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-100", "the points"),
    RB_INT(config, k, 8, 1, 1e6, "clusters", "number of clusters"),
    RB_INT(config, batch_size, 1024, 1, 1e8, "points", "points of a batch, drawn with replacement"),
    RB_INT(config, iterations, 1000, 1, 65535, "batches", "most batches"),
    RB_INT(config, patience, 10, 0, 1e6, "batches", "batches without a new minimum that end the fit; 0: never"),
    RB_DOUBLE(config, reassignment, 0.01, 0, 1, "",
              "centres that have had less than this share of the largest take a point of a batch; 0: never"),
    RB_CHOICE(config, init, INIT_PLUS_PLUS, "plus_plus|parallel|given",
              "first centres: k-means++ or k-means|| on a sample, or the parameter centres"),
    RB_INT(config, init_size, 0, 0, 1e9, "points", "sample for the first centres; 0: three batches, at least 3 k"),
    RB_ARRAY(config, centres, "first centres, k rows of the space's dimensions, for init given"),
    RB_CHOICE(config, precision, PRECISION_DOUBLE, "single|double", "of points and distances"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    if (shape && shape->n_points > 0 && c->k > shape->n_points)
        return RB_FAIL(err, RB_BAD_INPUT, "'minibatch_kmeans.k' is %lld, but there are only %lld points",
                       (long long)c->k, (long long)shape->n_points);
    return rb_kmeans_check_given(&c->centres, c->init == INIT_GIVEN, c->k, "minibatch_kmeans", err);
}

static int64_t sample_size(const config *c, int64_t n)
{
    int64_t wanted = c->init_size > 0 ? c->init_size : 3 * c->batch_size;
    wanted = wanted < 3 * c->k ? 3 * c->k : wanted;
    return wanted < n ? wanted : n;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    double n = (double)shape->n_points, d = (double)shape->n_dims, k = (double)c->k, b = (double)c->batch_size;
    bool is_sparse = shape->n_points_nnz > 0;
    double row = is_sparse ? (double)shape->n_points_nnz / fmax(n, 1) : d, s = (double)sample_size(c, shape->n_points);
    double ranks = fmax(shape->n_ranks, 1);
    rb_cost out = { .bytes_per_rank = 8 * n / ranks + 20 * b + 24 * k * d + 8 * k + s * (16 + 8 * (2 + log(k + 1))) +
                                      8 * n + 64 * shape->n_threads * (k + d),
                    .bytes_per_node = 4 * n + 8 * s * row,
                    .flops = 2 * k * row * ((double)c->iterations * b + n) };
    if (is_sparse)
        out.bytes_per_rank += 12 * (double)shape->n_points_nnz + 16 * s * row;
    else if (c->precision == PRECISION_SINGLE)
        out.bytes_per_node += 4 * n * d;
    return out;
}

/* ---- begin ---- */

/* k-means++ on a sample of the points. */
static rb_status start_drawn(state *s, const rb_points *points, const config *c, const rb_ctx *ctx, rb_error *err)
{
    const int64_t size = sample_size(c, s->n), trials = rb_kmeans_local_trials(c->k);
    int64_t *row = NULL;
    rb_points sample = { 0 };
    rb_kmeans_data data = { 0 };
    RB_TRY_ALL(ctx, rb_alloc(&row, size, err));
    RB_TRY(rb_kmeans_sample(row, size, s->n, ctx, err));
    RB_TRY(rb_points_gather(&sample, points, row, size, ctx, err));
    RB_TRY(rb_kmeans_data_init(&data, &sample, c->k, c->precision == PRECISION_SINGLE, false, false, ctx, err));
    RB_TRY(rb_kmeans_seeds(s->run->seed, &data, c->init == INIT_PARALLEL ? RB_KMEANS_PARALLEL : RB_KMEANS_PLUS_PLUS,
                           trials, 0, ctx, err));
    for (int64_t j = 0; j < c->k; j++)
        s->run->seed[j] = row[s->run->seed[j]];
    rb_kmeans_centres_set_points(&s->run->centres, &s->run->data, s->run->seed, ctx);
done:
    rb_kmeans_data_fini(&data);
    rb_points_fini(&sample);
    rb_free(row);
    return err->status;
}

static rb_status check_points(const config *c, const rb_points *points, rb_error *err)
{
    rb_shape shape = { .n_points = points->n };
    if (points->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "minibatch_kmeans needs points, but the space is empty");
    RB_TRY(check(c, &shape, err));
    if (c->init == INIT_GIVEN)
        RB_TRY(rb_kmeans_check_given_values(&c->centres, points->d, "minibatch_kmeans", err));
done:
    return err->status;
}

static rb_status alloc_run(run *r, const state *s, const config *c, const rb_ctx *ctx, rb_error *err)
{
    rb_alloc(&r->offsets, ctx->n_ranks + 1, err);
    rb_kmeans_batch_init(&r->batch, c->batch_size, ctx, err);
    rb_alloc(&r->sum, s->d, err);
    return rb_alloc(&r->seed, s->k, err);
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    (void)prepared;
    state *s = self;
    const config *c = cfg;
    const rb_points *points = view->space;

    RB_TRY_ALL(ctx, check_points(c, points, err));
    s->n = points->n;
    s->d = points->d;
    s->k = c->k;
    rb_alloc(&s->centres, s->k * s->d, err);
    rb_alloc(&s->weight, s->k, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->run, 1, err));
    run *r = s->run;
    RB_TRY_ALL(ctx, alloc_run(r, s, c, ctx, err));
    r->mean = r->least = INFINITY;
    RB_TRY(rb_shared_alloc(&s->label_memory, s->n * (int64_t)sizeof *s->label, ctx, err));
    s->label = s->label_memory.data;
    RB_TRY(rb_kmeans_data_init(&r->data, points, c->k, c->precision == PRECISION_SINGLE, false, false, ctx, err));
    RB_TRY(rb_kmeans_centres_init(&r->centres, &r->data, c->k, ctx, err));
    RB_TRY_ALL(ctx, rb_kmeans_pass_init(&r->pass, &r->data, &r->centres, s->label, false, 0, ctx, err));
    rb_blocks_offsets(r->offsets, &r->data.blocks, ctx);
    if (c->init == INIT_GIVEN)
        rb_kmeans_centres_set(&r->centres, &r->data, c->centres.value, ctx);
    else
        RB_TRY(start_drawn(s, points, c, ctx, err));
    rb_kmeans_centres_get(s->centres, &r->centres, &r->data);
done:
    return err->status;
}

/* ---- iterate ---- */

/* One centre: the mean of all points it has had. */
static void move_centre(state *s, int32_t c)
{
    run *r = s->run;
    double *centre = s->centres + c * s->d;
    int64_t n = 0;
    memset(r->sum, 0, (size_t)s->d * sizeof *r->sum);
    for (int64_t b = 0; b < r->batch.n_rows; b++)
        if (r->batch.label[b] == c) {
            rb_kmeans_add_row(r->sum, (double)r->batch.times[b], &r->data, r->batch.row[b]);
            n += r->batch.times[b];
        }
    if (n == 0)
        return;
    double before = (double)s->weight[c], now = before + (double)n;
    for (int64_t f = 0; f < s->d; f++)
        centre[f] = (centre[f] * before + r->sum[f]) / now;
    s->weight[c] += n;
}

/* A point of the batch that was not taken yet takes the centre's place. */
static void put_on_point(state *s, int32_t c, uint8_t *is_taken, const rb_rng *rng, uint32_t *draw)
{
    run *r = s->run;
    int64_t b = rb_rng_below(rng, (*draw)++, r->batch.n_rows);
    while (is_taken[b])
        b = rb_rng_below(rng, (*draw)++, r->batch.n_rows);
    is_taken[b] = 1;
    memset(s->centres + c * s->d, 0, (size_t)s->d * sizeof *s->centres);
    rb_kmeans_add_row(s->centres + c * s->d, 1, &r->data, r->batch.row[b]);
}

/* Centres that hardly get points are put elsewhere. Every rank does all of it. */
static rb_status reassign(state *s, int64_t iteration, const config *c, const rb_ctx *ctx, rb_error *err)
{
    int64_t most = 0, least = INT64_MAX, n_moved = 0;
    uint8_t *is_taken = NULL;
    uint32_t draw = 0;
    rb_rng rng = { ctx->seed, rb_stream("minibatch reassignment"), 0, (uint64_t)iteration };
    RB_TRY_ALL(ctx, rb_alloc(&is_taken, s->run->batch.n_rows, err));
    for (int64_t j = 0; j < s->k; j++)
        most = s->weight[j] > most ? s->weight[j] : most;
    const double limit = c->reassignment * (double)most;
    for (int64_t j = 0; j < s->k; j++)
        if ((double)s->weight[j] >= limit && s->weight[j] < least)
            least = s->weight[j];
    for (int32_t j = 0; j < s->k && n_moved < s->run->batch.n_rows / 2; j++)
        if ((double)s->weight[j] < limit) {
            put_on_point(s, j, is_taken, &rng, &draw);
            s->weight[j] = least;
            n_moved++;
        }
    s->run->drawn = 0;
done:
    rb_free(is_taken);
    return err->status;
}

/* Whether the smoothed distance has stopped to fall. */
static bool is_exhausted(run *r, double mean, const config *c)
{
    double weight = fmin(2 * (double)c->batch_size / ((double)r->data.n + 1), 1);
    r->mean = isinf(r->mean) ? mean : r->mean * (1 - weight) + mean * weight;
    r->since = r->mean < r->least ? 0 : r->since + 1;
    r->least = fmin(r->least, r->mean);
    return c->patience > 0 && r->since >= c->patience;
}

static bool one_is_unused(const state *s)
{
    for (int64_t j = 0; j < s->k; j++)
        if (s->weight[j] == 0)
            return true;
    return false;
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    (void)view, (void)prepared;
    state *s = self;
    run *r = s->run;
    const config *c = cfg;
    double total = 0;
    rb_kmeans_batch_draw(&r->batch, iteration, s->n, ctx);
    rb_kmeans_batch_label(&r->batch, &r->pass, r->offsets, ctx);
    for (int64_t b = 0; b < r->batch.n_rows; b++)
        total += (double)r->batch.times[b] * r->batch.distance[b];
    for (int32_t j = 0; j < s->k; j++)
        move_centre(s, j);
    r->drawn += c->batch_size;
    if (c->reassignment > 0 && iteration + 1 < c->iterations && (r->drawn >= 10 * s->k || one_is_unused(s)))
        RB_TRY(reassign(s, iteration, c, ctx, err));
    rb_kmeans_centres_set(&r->centres, &r->data, s->centres, ctx);
    rb_kmeans_centres_get(s->centres, &r->centres, &r->data);
    *objective = total / (double)c->batch_size;
    s->converged = is_exhausted(r, *objective, c);
    *done = s->converged || iteration + 1 == c->iterations;
done:
    return err->status;
}

/* ---- end ---- */

/* Collective: the run holds shared memory. */
static void end_run(state *s)
{
    run *r = s->run;
    if (!r)
        return;
    rb_kmeans_pass_fini(&r->pass);
    rb_kmeans_centres_fini(&r->centres);
    rb_kmeans_data_fini(&r->data);
    rb_free(r->offsets);
    rb_kmeans_batch_fini(&r->batch);
    rb_free(r->sum);
    rb_free(r->seed);
    rb_free(r);
    s->run = NULL;
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    (void)view, (void)prepared, (void)cfg;
    state *s = self;
    rb_kmeans_assign(&s->run->pass, ctx);
    RB_TRY(rb_kmeans_cost(&s->inertia, &s->run->pass, ctx, err));
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
    bool is_single = ((const config *)cfg)->precision == PRECISION_SINGLE;
    return rb_kmeans_assign_points(out, s->centres, s->k, s->d, points, is_single, false, ctx, err);
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
    v->array(v, "weights", RB_INT64, (void **)&s->weight, &s->k, &one, NULL);
    v->scalar(v, "inertia", RB_FLOAT64, &s->inertia);
}

static void checkpoint(void *self, rb_visitor *v)
{
    state *s = self;
    run *r = s->run;
    arrays(s, v);
    rb_kmeans_centres_checkpoint(&r->centres, &r->data, v);
    v->scalar(v, "drawn", RB_INT64, &r->drawn);
    v->scalar(v, "mean", RB_FLOAT64, &r->mean);
    v->scalar(v, "least", RB_FLOAT64, &r->least);
    v->scalar(v, "since", RB_INT64, &r->since);
}

static void fini(void *self)
{
    state *s = self;
    end_run(s);
    rb_shared_fini(&s->label_memory);
    rb_free(s->centres);
    rb_free(s->weight);
    memset(s, 0, sizeof *s);
}

const rb_clusterer rb_minibatch_kmeans = {
    .name = "minibatch_kmeans",
    .summary = "K-Means whose centres follow small random batches of the points",
    .reference = "Sculley 2010, doi:10.1145/1772690.1772862",
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
    .labels = labels,
    .assign = assign,
    .checkpoint = checkpoint,
    .arrays = arrays,
    .fini = fini,
};
