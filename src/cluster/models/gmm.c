/*
 * Gaussian mixture: k normal densities whose weighted sum makes the points most likely, by expectation maximisation.
 *
 *     maximise  (1/n) sum_i log sum_c w_c N(x_i; m_c, S_c),      label_i = argmax_c w_c N(x_i; m_c, S_c)
 *
 * The steps, and what `regularization` adds, stand in core/mixture.h. A restart begins with the maximisation for the
 * labels of K-Means (init kmeans), or for the nearest of given centres (lowest index among equals), and ends where the
 * mean log likelihood changes by less than `tolerance`, or after `iterations`. The best of `n_init` restarts is kept,
 * the first among equals. Labels are of the densities after the last maximisation. A component that loses its points
 * keeps a weight of about 0 and no label.
 *
 * Stored: weights, means, covariances (full: k d rows of d), labels, probabilities (of each point's own label).
 *
 * Dempster, Laird and Rubin (1977), doi:10.1111/j.2517-6161.1977.tb01600.x. As scikit-learn's GaussianMixture, but that
 * responsibilities below 1e-24 count as 0.
 * Cost: full 4 n k d^2 flops an iteration and 64 sums of k d^2 numbers; diagonal 6 n k d. n k responsibilities over the
 * ranks. Bits: the same for any ranks and threads.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "cluster/core/kmeans_fit.h"
#include "cluster/core/mixture.h"

enum { INIT_KMEANS, INIT_GIVEN };
enum { COVARIANCE_FULL, COVARIANCE_DIAGONAL };

typedef struct {
    const char *space;
    int64_t k, n_init, iterations;
    int covariance, init;
    double tolerance, regularization;
    rb_array centres;
} config;

/* What lives from begin to end. */
typedef struct {
    rb_mixture mixture; /* of this restart */
    rb_mixture_pass pass;
    int32_t *start; /* [n] labels to start from */
    double before;  /* mean log likelihood of the iteration before */
    int64_t restart, iteration;
} run;

typedef struct {
    int64_t n;
    rb_mixture best;
    int32_t is_full;
    double log_likelihood; /* mean over the points, of the best */
    int32_t has_result, converged;
    rb_shared label_memory, probability_memory;
    int32_t *label;      /* [n] */
    double *probability; /* [n] */
    run *run;            /* NULL outside begin ... end */
} state;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-50", "the points, dense"),
    RB_INT(config, k, 8, 1, 1e5, "components", "number of components"),
    RB_CHOICE(config, covariance, COVARIANCE_FULL, "full|diagonal", "of each component"),
    RB_CHOICE(config, init, INIT_KMEANS, "kmeans|given", "K-Means, or the parameter centres"),
    RB_ARRAY(config, centres, "first means, k rows of the space's dimensions, for init given"),
    RB_INT(config, n_init, 1, 1, 10000, "restarts", "restarts of which the best is kept; given centres start once"),
    RB_INT(config, iterations, 100, 1, 1e6, "", "most iterations of a restart"),
    RB_DOUBLE(config, tolerance, 1e-3, 0, 1e6, "nats", "change of the mean log likelihood that ends a restart"),
    RB_DOUBLE(config, regularization, 1e-6, 0, 1e6, "", "added to the diagonals of the covariances"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    RB_TRY(rb_kmeans_check_given(&c->centres, c->init == INIT_GIVEN, c->k, "gmm", err));
    if (!shape)
        return RB_OK;
    if (shape->n_points_nnz > 0)
        return RB_FAIL(err, RB_BAD_INPUT, "gmm takes dense points, but the space is sparse; lsa-N makes dense ones");
    if (shape->n_points > 0 && c->k > shape->n_points)
        return RB_FAIL(err, RB_BAD_INPUT, "'gmm.k' is %lld, but there are only %lld points", (long long)c->k,
                       (long long)shape->n_points);
done:
    return err->status;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    const bool is_full = c->covariance == COVARIANCE_FULL;
    double n = (double)shape->n_points, d = (double)shape->n_dims, k = (double)c->k, rows = n / fmax(shape->n_ranks, 1);
    double restarts = c->init == INIT_GIVEN ? 1 : (double)c->n_init;
    double mixture = 8 * k * (d + 2 + 2 * (is_full ? d * d : d));
    return (rb_cost){ .bytes_per_rank =
                          rb_mixture_pass_bytes(n, rows, k, d, is_full, shape->n_threads) + 2 * mixture + 4 * n,
                      .bytes_per_node = 12 * n,
                      .flops = restarts * (double)c->iterations * n * k * (is_full ? 4 * d * d : 6 * d) };
}

static rb_status check_points(const config *c, const rb_points *points, rb_error *err)
{
    const rb_shape shape = { .n_points = points->n, .n_points_nnz = points->sparse ? 1 : 0 };
    if (points->n < 1)
        return RB_FAIL(err, RB_BAD_INPUT, "gmm needs points, but the space is empty");
    RB_TRY(check(c, &shape, err));
    RB_TRY(rb_points_check(points, err));
    if (c->init == INIT_GIVEN)
        RB_TRY(rb_kmeans_check_given_values(&c->centres, points->d, "gmm", err));
done:
    return err->status;
}

static rb_status start_restart(run *r, const config *c, const rb_points *points, const rb_ctx *ctx, rb_error *err)
{
    rb_kmeans_state start = { 0 };
    rb_ctx own = *ctx;
    const rb_kmeans_options how = {
        .name = "gmm", .k = c->k, .n_init = 1, .iterations = 300, .n_groups = 1, .tolerance = 1e-4
    };

    if (c->init == INIT_GIVEN) {
        RB_TRY(rb_kmeans_assign_points(r->start, c->centres.value, c->k, points->d, points, false, false, ctx, err));
    } else {
        own.seed = rb_mix(ctx->seed, (uint64_t)r->restart);
        RB_TRY(rb_kmeans_fit(&start, points, &how, &own, err));
        memcpy(r->start, start.label, (size_t)points->n * sizeof *r->start);
    }
    rb_mixture_share_labels(&r->pass, &r->mixture, r->start);
    RB_TRY(rb_mixture_maximise(&r->mixture, &r->pass, points, c->regularization, ctx, err));
    r->before = -INFINITY;
    r->iteration = 0;
done:
    rb_kmeans_state_fini(&start);
    return err->status;
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
    s->is_full = c->covariance == COVARIANCE_FULL;
    rb_mixture_init(&s->best, c->k, points->d, s->is_full, err);
    RB_TRY_ALL(ctx, rb_alloc(&s->run, 1, err));
    run *r = s->run;
    rb_alloc(&r->start, s->n, err);
    rb_mixture_init(&r->mixture, c->k, points->d, s->is_full, err);
    RB_TRY_ALL(ctx, err->status ? err->status : rb_mixture_pass_init(&r->pass, &r->mixture, s->n, ctx, err));
    RB_TRY(rb_shared_alloc(&s->label_memory, s->n * (int64_t)sizeof *s->label, ctx, err));
    s->label = s->label_memory.data;
    RB_TRY(rb_shared_alloc(&s->probability_memory, s->n * (int64_t)sizeof *s->probability, ctx, err));
    s->probability = s->probability_memory.data;
    RB_TRY(start_restart(r, c, points, ctx, err));
done:
    return err->status;
}

static void copy_mixture(rb_mixture *to, const rb_mixture *from)
{
    memcpy(to->weight, from->weight, (size_t)from->k * sizeof *to->weight);
    memcpy(to->mean, from->mean, (size_t)(from->k * from->d) * sizeof *to->mean);
    memcpy(to->covariance, from->covariance, (size_t)(from->k * from->width) * sizeof *to->covariance);
}

static void keep_best(state *s, double log_likelihood, bool converged)
{
    if (s->has_result && !(log_likelihood > s->log_likelihood))
        return;
    s->has_result = 1;
    s->converged = converged;
    s->log_likelihood = log_likelihood;
    copy_mixture(&s->best, &s->run->mixture);
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    (void)iteration, (void)prepared;
    state *s = self;
    run *r = s->run;
    const config *c = cfg;
    const int64_t n_restarts = c->init == INIT_GIVEN ? 1 : c->n_init;
    double log_likelihood = 0;

    RB_TRY(rb_mixture_expect(&log_likelihood, &r->pass, &r->mixture, view->space, ctx, err));
    RB_TRY(rb_mixture_maximise(&r->mixture, &r->pass, view->space, c->regularization, ctx, err));
    r->iteration++;
    *objective = -log_likelihood;
    bool converged = fabs(log_likelihood - r->before) < c->tolerance;
    r->before = log_likelihood;
    *done = false;
    if (converged || r->iteration == c->iterations) {
        keep_best(s, log_likelihood, converged);
        *done = ++r->restart == n_restarts;
        if (!*done)
            RB_TRY(start_restart(r, c, view->space, ctx, err));
    }
done:
    return err->status;
}

/* Labels of rows [begin, end), cut among the threads. */
static rb_status label_rows(int32_t *label, double *probability, const rb_mixture *m, const double *x, int64_t begin,
                            int64_t end, const rb_ctx *ctx, rb_error *err)
{
    enum { ROWS = 1024 };
    const int64_t width = rb_mixture_label_scratch(m);
    double *scratch = NULL;

    RB_TRY_ALL(ctx, rb_alloc(&scratch, width * ctx->n_threads, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int64_t i = begin; i < end; i += ROWS)
        rb_mixture_label(label + i, probability ? probability + i : NULL, m, x + i * m->d,
                         end - i < ROWS ? end - i : ROWS, scratch + omp_get_thread_num() * width);
done:
    rb_free(scratch);
    return err->status;
}

static void end_run(state *s)
{
    if (!s->run)
        return;
    rb_mixture_fini(&s->run->mixture);
    rb_mixture_pass_fini(&s->run->pass);
    rb_free(s->run->start);
    rb_free(s->run);
    s->run = NULL;
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    (void)prepared, (void)cfg;
    state *s = self;
    int64_t *offsets = NULL;

    keep_best(s, s->run->before, false); /* a restart that was stopped from outside */
    RB_TRY(rb_mixture_factorise(&s->best, err));
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    rb_blocks_offsets(offsets, &s->run->pass.blocks, ctx);
    RB_TRY(label_rows(s->label, s->probability, &s->best, view->space->dense, s->run->pass.begin, s->run->pass.end, ctx,
                      err));
    rb_shared_publish(&s->label_memory, offsets, sizeof *s->label, ctx);
    rb_shared_publish(&s->probability_memory, offsets, sizeof *s->probability, ctx);
done:
    rb_free(offsets);
    end_run(s);
    return err->status;
}

static bool has_converged(const void *self)
{
    return ((const state *)self)->converged;
}

static const int32_t *labels(const void *self, int64_t *n)
{
    const state *s = self;
    *n = s->n;
    return s->label;
}

/* A stored model has no factors: they are made of its covariances. */
static rb_status assign(int32_t *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    (void)cfg;
    const state *s = self;
    rb_mixture m = { 0 };

    if (points->d != s->best.d)
        return RB_FAIL(err, RB_BAD_INPUT, "the points have %lld dimensions, but the means have %lld",
                       (long long)points->d, (long long)s->best.d);
    if (points->n > 0 && !points->dense)
        return RB_FAIL(err, RB_BAD_INPUT, "gmm takes dense points, but these are sparse");
    RB_TRY(rb_points_check(points, err));
    RB_TRY_ALL(ctx, rb_mixture_init(&m, s->best.k, s->best.d, s->is_full, err));
    copy_mixture(&m, &s->best);
    RB_TRY(rb_mixture_factorise(&m, err));
    RB_TRY(label_rows(out, NULL, &m, points->dense, 0, points->n, ctx, err));
done:
    rb_mixture_fini(&m);
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    state *s = self;
    int64_t one = 1;
    v->scalar(v, "full", RB_INT32, &s->is_full);
    v->scalar(v, "log_likelihood", RB_FLOAT64, &s->log_likelihood);
    v->array(v, "weights", RB_FLOAT64, (void **)&s->best.weight, &s->best.k, &one, NULL);
    v->array(v, "means", RB_FLOAT64, (void **)&s->best.mean, &s->best.k, &s->best.d, NULL);
    int64_t rows = s->is_full ? s->best.k * s->best.d : s->best.k;
    v->array(v, "covariances", RB_FLOAT64, (void **)&s->best.covariance, &rows, &s->best.d, NULL);
    s->best.is_full = s->is_full;
    s->best.width = s->is_full ? s->best.d * s->best.d : s->best.d;
    v->array(v, "labels", RB_INT32, (void **)&s->label, &s->n, &one, &s->label_memory);
    v->array(v, "probabilities", RB_FLOAT64, (void **)&s->probability, &s->n, &one, &s->probability_memory);
}

static void checkpoint(void *self, rb_visitor *v)
{
    state *s = self;
    run *r = s->run;
    rb_mixture_checkpoint(&s->best, "best_", v);
    v->scalar(v, "best_log_likelihood", RB_FLOAT64, &s->log_likelihood);
    v->scalar(v, "has_best", RB_INT32, &s->has_result);
    v->scalar(v, "best_converged", RB_INT32, &s->converged);
    rb_mixture_checkpoint(&r->mixture, "", v);
    v->scalar(v, "log_likelihood", RB_FLOAT64, &r->before);
    v->scalar(v, "restart", RB_INT64, &r->restart);
    v->scalar(v, "iteration", RB_INT64, &r->iteration);
}

static void fini(void *self)
{
    state *s = self;
    end_run(s);
    rb_mixture_fini(&s->best);
    rb_shared_fini(&s->label_memory);
    rb_shared_fini(&s->probability_memory);
    memset(s, 0, sizeof *s);
}

const rb_clusterer rb_gmm = {
    .name = "gmm",
    .summary = "mixture of normal densities, full or diagonal, by expectation maximisation",
    .reference = "Dempster, Laird and Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x",
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
