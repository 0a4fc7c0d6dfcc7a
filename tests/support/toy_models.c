#include "toy_models.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"

/* ---- toy_turning ---- */

typedef struct {
    int64_t turn, iterations;
} turning_config;

typedef struct {
    rb_shared memory;
    double *item;  /* [n_items] what every user is said to give */
    double *fault; /* [1] */
    int64_t n_items, one;
    double mean;
    int64_t at, ended;
} turning;

static const rb_param turning_params[] = {
    RB_INT(turning_config, turn, 3, 0, 1000, "", "best iteration"),
    RB_INT(turning_config, iterations, 10, 1, 1000, "", "all iterations"),
    RB_PARAM_END,
};

static rb_cost turning_cost(const void *config, const rb_shape *shape)
{
    (void)config;
    return (rb_cost){ .bytes_per_rank = sizeof(double), .bytes_per_node = 8.0 * (double)shape->n_items, .flops = 1 };
}

static rb_status turning_begin(void *self, const rb_train_view *view, const void *prepared, const void *config,
                               rb_ctx *ctx, rb_error *err)
{
    turning *m = self;
    (void)prepared, (void)config;
    m->n_items = view->ratings->n_items;
    m->one = 1;
    for (int64_t e = 0; e < view->ratings->n; e++)
        m->mean += (double)view->ratings->user_rating[e] / (double)view->ratings->n;
    RB_TRY_ALL(ctx, rb_alloc(&m->fault, 1, err));
    RB_TRY(rb_shared_alloc(&m->memory, m->n_items * (int64_t)sizeof(double), ctx, err));
    m->item = m->memory.data;
done:
    return err->status;
}

/* Each rank writes every n-th item of its node's copy. */
static rb_status turning_iterate(void *self, int64_t iteration, double *objective, bool *done,
                                 const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx,
                                 rb_error *err)
{
    turning *m = self;
    const turning_config *c = config;
    (void)view, (void)prepared;
    m->at = iteration;
    m->fault[0] = 0.25 * fabs((double)(iteration - c->turn));
    rb_barrier(ctx);
    for (int64_t i = ctx->node_rank; i < m->n_items; i += ctx->n_node_ranks)
        m->item[i] = m->mean + m->fault[0];
    rb_shared_sync(&m->memory, ctx);
    *objective = m->fault[0];
    *done = iteration + 1 == c->iterations;
    return err->status;
}

static rb_status turning_end(void *self, const rb_train_view *view, const void *prepared, const void *config,
                             rb_ctx *ctx, rb_error *err)
{
    turning *m = self;
    (void)view, (void)prepared, (void)config, (void)ctx;
    m->ended = m->at;
    return err->status;
}

static void turning_predict(double *out, const void *self, const rb_pairs *pairs)
{
    const turning *m = self;
    for (int64_t p = 0; p < pairs->n; p++)
        out[p] = m->item[pairs->item[p]];
}

static void turning_arrays(void *self, rb_visitor *v)
{
    turning *m = self;
    v->array(v, "item", RB_FLOAT64, (void **)&m->item, &m->n_items, &m->one, &m->memory);
    v->array(v, "fault", RB_FLOAT64, (void **)&m->fault, &m->one, &m->one, NULL);
    v->scalar(v, "at", RB_INT64, &m->at);
    v->scalar(v, "ended", RB_INT64, &m->ended);
}

static void turning_fini(void *self)
{
    turning *m = self;
    rb_shared_fini(&m->memory);
    rb_free(m->fault);
    memset(m, 0, sizeof *m);
}

const rb_algorithm rb_toy_turning = { .name = "toy_turning",
                                      .needs = RB_NEEDS_RATINGS,
                                      .can = RB_CAN_PREDICT,
                                      .config_size = sizeof(turning_config),
                                      .state_size = sizeof(turning),
                                      .params = turning_params,
                                      .cost = turning_cost,
                                      .begin = turning_begin,
                                      .iterate = turning_iterate,
                                      .end = turning_end,
                                      .predict = turning_predict,
                                      .arrays = turning_arrays,
                                      .fini = turning_fini };

/* ---- toy_echo ---- */

typedef struct {
    rb_model_ref of;
} echo_config;

typedef struct {
    double *item; /* [n_items] */
    int64_t n_items, one;
} echo;

static const rb_param echo_params[] = {
    RB_MODEL(echo_config, of, "what is repeated"),
    RB_PARAM_END,
};

static rb_cost echo_cost(const void *config, const rb_shape *shape)
{
    (void)config;
    return (rb_cost){ .bytes_per_rank = 8.0 * (double)shape->n_items, .flops = 1 };
}

static rb_status echo_fit(void *self, const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx,
                          rb_error *err)
{
    echo *m = self;
    const rb_model_ref of = ((const echo_config *)config)->of;
    (void)prepared;
    if (of.index < 0 || of.index >= view->n_models)
        RB_FAIL(err, RB_FAILED, "the model to repeat is not in the view");
    RB_TRY_ALL(ctx, err->status);
    m->n_items = view->ratings->n_items;
    m->one = 1;
    RB_TRY_ALL(ctx, rb_alloc(&m->item, m->n_items, err));
    for (int32_t i = 0, user = 0; i < m->n_items; i++)
        view->models[of.index].algorithm->predict(&m->item[i], view->models[of.index].state,
                                                  &(rb_pairs){ 1, &user, &i });
done:
    return err->status;
}

static void echo_predict(double *out, const void *self, const rb_pairs *pairs)
{
    for (int64_t p = 0; p < pairs->n; p++)
        out[p] = ((const echo *)self)->item[pairs->item[p]];
}

static void echo_arrays(void *self, rb_visitor *v)
{
    echo *m = self;
    v->array(v, "item", RB_FLOAT64, (void **)&m->item, &m->n_items, &m->one, NULL);
}

static void echo_fini(void *self)
{
    rb_free(((echo *)self)->item);
    memset(self, 0, sizeof(echo));
}

const rb_algorithm rb_toy_echo = { .name = "toy_echo",
                                   .needs = RB_NEEDS_RATINGS | RB_NEEDS_MODELS,
                                   .can = RB_CAN_PREDICT,
                                   .config_size = sizeof(echo_config),
                                   .state_size = sizeof(echo),
                                   .params = echo_params,
                                   .cost = echo_cost,
                                   .fit = echo_fit,
                                   .predict = echo_predict,
                                   .arrays = echo_arrays,
                                   .fini = echo_fini };

/* ---- toy_shared ---- */

typedef struct {
    int64_t k, base;
    bool greedy;
} shared_config;

typedef struct {
    rb_shared memory;
    int64_t n;
} list;

typedef struct {
    double *item; /* [1] what everybody gives to everything */
    int64_t one;
} sum;

rb_toy_log rb_toy_shared_log;

static const rb_param shared_params[] = {
    RB_INT(shared_config, k, 1, 1, 1000, "", "numbers of the list that count"),
    RB_INT(shared_config, base, 0, 0, 1000, "", "which list", .flags = RB_PARAM_PREPARES),
    RB_BOOL(shared_config, greedy, false, "whether preparing fails"),
    RB_PARAM_END,
};

static rb_cost shared_cost(const void *config, const rb_shape *shape)
{
    (void)shape;
    return (rb_cost){ .bytes_per_node = 8.0 * (double)((const shared_config *)config)->k, .flops = 1e9 };
}

static void shared_unprepare(void *prepared)
{
    list *l = prepared;
    rb_toy_shared_log.unprepared++;
    rb_shared_fini(&l->memory);
    rb_free(l);
}

static rb_status shared_prepare(void **prepared, const rb_train_view *view, const void *const *configs, int n,
                                rb_ctx *ctx, rb_error *err)
{
    const shared_config *const *c = (const shared_config *const *)configs;
    list *l = NULL;
    (void)view;
    rb_toy_shared_log.prepared++;
    rb_toy_shared_log.n_configs = n;
    RB_TRY_ALL(ctx, rb_alloc(&l, 1, err));
    for (int i = 0; i < n; i++) {
        l->n = c[i]->k > l->n ? c[i]->k : l->n;
        if (c[i]->greedy)
            RB_FAIL(err, RB_FAILED, "toy_shared cannot prepare for k = %lld", (long long)c[i]->k);
    }
    rb_toy_shared_log.longest = l->n;
    RB_TRY_ALL(ctx, err->status);
    RB_TRY(rb_shared_alloc(&l->memory, l->n * (int64_t)sizeof(double), ctx, err));
    rb_rng rng = { ctx->seed, 1, 0, (uint64_t)c[0]->base };
    for (int64_t i = ctx->node_rank; i < l->n; i += ctx->n_node_ranks)
        ((double *)l->memory.data)[i] = rb_rng_uniform(&rng, (uint32_t)i);
    rb_shared_sync(&l->memory, ctx);
done:
    if (err->status == RB_OK)
        *prepared = l;
    else
        rb_free(l);
    return err->status;
}

static rb_status shared_fit(void *self, const rb_train_view *view, const void *prepared, const void *config,
                            rb_ctx *ctx, rb_error *err)
{
    sum *m = self;
    const list *l = prepared;
    const shared_config *c = config;
    rb_rng rng = { ctx->seed, 2, 0, 0 };
    (void)view;
    m->one = 1;
    rb_toy_shared_log.fitted++;
    RB_TRY_ALL(ctx, rb_alloc(&m->item, 1, err));
    if (c->k > l->n)
        RB_FAIL(err, RB_FAILED, "the list has %lld numbers, expected %lld", (long long)l->n, (long long)c->k);
    RB_TRY_ALL(ctx, err->status);
    m->item[0] = rb_rng_uniform(&rng, 0);
    for (int64_t i = 0; i < c->k; i++)
        m->item[0] += ((const double *)l->memory.data)[i];
done:
    return err->status;
}

static void shared_predict(double *out, const void *self, const rb_pairs *pairs)
{
    for (int64_t p = 0; p < pairs->n; p++)
        out[p] = ((const sum *)self)->item[0];
}

static void shared_arrays(void *self, rb_visitor *v)
{
    sum *m = self;
    v->array(v, "item", RB_FLOAT64, (void **)&m->item, &m->one, &m->one, NULL);
}

static void shared_fini(void *self)
{
    rb_free(((sum *)self)->item);
    memset(self, 0, sizeof(sum));
}

const rb_algorithm rb_toy_shared = { .name = "toy_shared",
                                     .needs = RB_NEEDS_RATINGS,
                                     .can = RB_CAN_PREDICT,
                                     .config_size = sizeof(shared_config),
                                     .state_size = sizeof(sum),
                                     .params = shared_params,
                                     .cost = shared_cost,
                                     .prepare = shared_prepare,
                                     .unprepare = shared_unprepare,
                                     .fit = shared_fit,
                                     .predict = shared_predict,
                                     .arrays = shared_arrays,
                                     .fini = shared_fini };

/* ---- toy_shaped ---- */

static rb_shape told; /* the last */

static const rb_param no_params[] = { RB_PARAM_END };

static rb_status shaped_check(const void *config, const rb_shape *shape, rb_error *err)
{
    (void)config, (void)err;
    if (shape) /* not before the data are read */
        told = *shape;
    return RB_OK;
}

static rb_cost shaped_cost(const void *config, const rb_shape *shape)
{
    (void)config, (void)shape;
    return (rb_cost){ .flops = 1 };
}

static rb_status shaped_fit(void *self, const rb_train_view *view, const void *prepared, const void *config,
                            rb_ctx *ctx, rb_error *err)
{
    (void)self, (void)prepared, (void)config;
    if (told.nnz != view->ratings->n || told.n_positives < view->positives->n)
        RB_FAIL(err, RB_FAILED, "told of %lld ratings, given %lld", (long long)told.nnz, (long long)view->ratings->n);
    if (view->sessions && (told.n_sessions < view->sessions->n || told.n_events < view->sessions->n_events))
        RB_FAIL(err, RB_FAILED, "told of %lld events, given %lld", (long long)told.n_events,
                (long long)view->sessions->n_events); /* pruned: at most */
    return rb_agree(ctx, err->status, err);
}

static void shaped_predict(double *out, const void *self, const rb_pairs *pairs)
{
    (void)self;
    memset(out, 0, (size_t)pairs->n * sizeof *out);
}

static void shaped_arrays(void *self, rb_visitor *v)
{
    v->scalar(v, "nothing", RB_UINT8, self);
}

static void shaped_fini(void *self)
{
    (void)self;
}

const rb_algorithm rb_toy_shaped = { .name = "toy_shaped",
                                     .needs = RB_NEEDS_RATINGS,
                                     .can = RB_CAN_PREDICT,
                                     .config_size = 1,
                                     .state_size = 1,
                                     .params = no_params,
                                     .check = shaped_check,
                                     .cost = shaped_cost,
                                     .fit = shaped_fit,
                                     .predict = shaped_predict,
                                     .arrays = shaped_arrays,
                                     .fini = shaped_fini };

/* ---- toy_waiting ---- */

typedef struct {
    int64_t number, behind;
} waiting_config;

const char *rb_toy_waiting_file;

static const rb_param waiting_params[] = {
    RB_INT(waiting_config, number, 0, 0, 1000, "", "tells trials apart"),
    RB_INT(waiting_config, behind, 0, 0, 1000, "", "fits that must have ended"),
    RB_PARAM_END,
};

static int64_t ended_fits(void)
{
    struct stat about;
    return stat(rb_toy_waiting_file, &about) == 0 ? (int64_t)about.st_size : 0;
}

static rb_status waiting_fit(void *self, const rb_train_view *view, const void *prepared, const void *config,
                             rb_ctx *ctx, rb_error *err)
{
    const int64_t behind = ((const waiting_config *)config)->behind;
    const struct timespec pause = { .tv_nsec = 2000000 };
    (void)self, (void)view, (void)prepared;
    if (ctx->rank == 0) {
        for (int i = 0; i < 15000 && ended_fits() < behind; i++)
            nanosleep(&pause, NULL);
        if (ended_fits() < behind)
            RB_FAIL(err, RB_FAILED, "%lld fits have ended, expected %lld", (long long)ended_fits(), (long long)behind);
        FILE *f = fopen(rb_toy_waiting_file, "ae");
        if (!f || fputc('x', f) == EOF || fclose(f) != 0)
            RB_FAIL(err, RB_FAILED, "%s cannot be written", rb_toy_waiting_file);
    }
    return rb_agree(ctx, err->status, err);
}

const rb_algorithm rb_toy_waiting = { .name = "toy_waiting",
                                      .needs = RB_NEEDS_RATINGS,
                                      .can = RB_CAN_PREDICT,
                                      .config_size = sizeof(waiting_config),
                                      .state_size = 1,
                                      .params = waiting_params,
                                      .cost = shaped_cost,
                                      .fit = waiting_fit,
                                      .predict = shaped_predict,
                                      .arrays = shaped_arrays,
                                      .fini = shaped_fini };

/* ---- toy_measured ---- */

typedef struct {
    const char *space;
    int64_t k;
} measured_config;

typedef struct {
    int32_t *label; /* [n] */
    int64_t n, one;
} measured;

int64_t rb_toy_measured_fits;
volatile sig_atomic_t rb_toy_measured_stop;

static const rb_param measured_params[] = {
    RB_SPACE(measured_config, space, "genre", "points"),
    RB_INT(measured_config, k, 2, 1, 1000, "", "clusters"),
    RB_PARAM_END,
};

static rb_cost measured_cost(const void *config, const rb_shape *shape)
{
    (void)config;
    return (rb_cost){ .bytes_per_rank = 4.0 * (double)shape->n_points, .flops = 1 };
}

static rb_status measured_fit(void *self, const rb_train_view *view, const void *prepared, const void *config,
                              rb_ctx *ctx, rb_error *err)
{
    measured *m = self;
    (void)prepared;
    rb_toy_measured_fits++;
    rb_toy_measured_stop = 1;
    m->n = view->space->n;
    m->one = 1;
    RB_TRY_ALL(ctx, rb_alloc(&m->label, m->n, err));
    for (int64_t p = 0; p < m->n; p++)
        m->label[p] = (int32_t)(p % ((const measured_config *)config)->k);
done:
    return err->status;
}

static const int32_t *measured_labels(const void *self, int64_t *n)
{
    *n = ((const measured *)self)->n;
    return ((const measured *)self)->label;
}

static const char *const measured_measures[] = { "cost", "cophenetic", "coherence", NULL };

static void measured_measure(double *values, const void *self, const void *config)
{
    const int64_t k = ((const measured_config *)config)->k;
    (void)self;
    values[0] = 100.0 / (double)k;
    values[1] = NAN;
    values[2] = k % 2 ? 1.0 / (double)k : NAN;
}

static void measured_arrays(void *self, rb_visitor *v)
{
    measured *m = self;
    v->array(v, "label", RB_INT32, (void **)&m->label, &m->n, &m->one, NULL);
}

static void measured_fini(void *self)
{
    rb_free(((measured *)self)->label);
    memset(self, 0, sizeof(measured));
}

const rb_algorithm rb_toy_measured = { .name = "toy_measured",
                                       .needs = RB_NEEDS_SPACE,
                                       .can = RB_CAN_ASSIGN,
                                       .config_size = sizeof(measured_config),
                                       .state_size = sizeof(measured),
                                       .params = measured_params,
                                       .cost = measured_cost,
                                       .fit = measured_fit,
                                       .labels = measured_labels,
                                       .measures = measured_measures,
                                       .measure = measured_measure,
                                       .arrays = measured_arrays,
                                       .fini = measured_fini };
