#include "toy_graph.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* ---- toy_embedding ---- */

typedef struct {
    const char *space;
    int64_t dims;
    int fault;
} embedding_config;

typedef struct {
    double *y, *w;
    int64_t n, d, dims;
} embedding;

enum { FAULT_NONE, FAULT_FIT, FAULT_NAN };

static const rb_param embedding_params[] = {
    RB_SPACE(embedding_config, space, "genre", "points"),
    RB_INT(embedding_config, dims, 3, 1, 1000, "", "dimensions of what is made"),
    RB_CHOICE(embedding_config, fault, FAULT_NONE, "none|fit|nan", "what goes wrong"),
    RB_PARAM_END,
};

static rb_cost embedding_cost(const void *config, const rb_shape *shape)
{
    double dims = (double)((const embedding_config *)config)->dims;
    return (rb_cost){ .bytes_per_rank = 8 * dims * (double)(shape->n_points + shape->n_dims), .flops = 1 };
}

static void project(double *y, const embedding *m, const rb_points *x)
{
    for (int64_t p = 0; p < x->n; p++)
        for (int64_t k = 0; k < m->dims; k++) {
            double sum = 0;
            for (int64_t f = 0; x->dense && f < x->d; f++)
                sum += x->dense[p * x->d + f] * m->w[f * m->dims + k];
            for (int64_t e = x->dense ? 0 : x->sparse->row_begin[p]; !x->dense && e < x->sparse->row_begin[p + 1]; e++)
                sum += x->sparse->value[e] * m->w[x->sparse->col[e] * m->dims + k];
            y[p * m->dims + k] = sum;
        }
}

static rb_status embedding_fit(void *self, const rb_train_view *view, const void *prepared, const void *config,
                               rb_ctx *ctx, rb_error *err)
{
    embedding *m = self;
    const embedding_config *c = config;
    (void)prepared;
    if (c->fault == FAULT_FIT)
        RB_FAIL(err, RB_FAILED, "toy_embedding was told to fail");
    RB_TRY_ALL(ctx, err->status);
    m->n = view->space->n;
    m->d = view->space->d;
    m->dims = c->dims;
    rb_alloc(&m->y, m->n * m->dims, err);
    RB_TRY_ALL(ctx, rb_alloc(&m->w, m->d * m->dims, err));
    rb_rng rng = { .key = ctx->seed };
    for (int64_t i = 0; i < m->d * m->dims; i++)
        m->w[i] = 2 * rb_rng_uniform(&rng, (uint32_t)i) - 1;
    project(m->y, m, view->space);
    if (c->fault == FAULT_NAN)
        m->y[m->dims] = NAN;
done:
    return err->status;
}

static const double *embedding_embed(const void *self, int64_t *n, int64_t *d)
{
    const embedding *m = self;
    *n = m->n;
    *d = m->dims;
    return m->y;
}

static void embedding_shape(const void *config, const rb_shape *shape, int64_t *n, int64_t *d)
{
    (void)shape, (void)n; /* one a point */
    *d = ((const embedding_config *)config)->dims;
}

static rb_status embedding_new(double *out, const void *self, const rb_points *points, const void *config, rb_ctx *ctx,
                               rb_error *err)
{
    (void)config, (void)ctx;
    project(out, self, points);
    return err->status;
}

static void embedding_arrays(void *self, rb_visitor *v)
{
    embedding *m = self;
    v->array(v, "y", RB_FLOAT64, (void **)&m->y, &m->n, &m->dims, NULL);
    v->array(v, "w", RB_FLOAT64, (void **)&m->w, &m->d, &m->dims, NULL);
}

static void embedding_fini(void *self)
{
    embedding *m = self;
    rb_free(m->y);
    rb_free(m->w);
    memset(m, 0, sizeof *m);
}

#define EMBEDDING                                                                                       \
    .needs = RB_NEEDS_SPACE, .config_size = sizeof(embedding_config), .state_size = sizeof(embedding),  \
    .params = embedding_params, .cost = embedding_cost, .fit = embedding_fit, .embed = embedding_embed, \
    .embed_shape = embedding_shape, .arrays = embedding_arrays, .fini = embedding_fini

const rb_algorithm rb_toy_embedding = { .name = "toy_embedding", EMBEDDING, .embed_new = embedding_new };
const rb_algorithm rb_toy_forgetful = { .name = "toy_forgetful", EMBEDDING };

/* ---- toy_popular_of ---- */

typedef struct {
    rb_model_ref clusters;
} popular_config;

typedef struct {
    double *item;
    int64_t n_items, one;
} popular;

static const rb_param popular_params[] = {
    RB_MODEL(popular_config, clusters, "a clustering of the items"),
    RB_PARAM_END,
};

static rb_cost popular_cost(const void *config, const rb_shape *shape)
{
    (void)config;
    return (rb_cost){ .bytes_per_rank = 8 * (double)shape->n_items, .flops = 1 };
}

static rb_status popular_fit(void *self, const rb_train_view *view, const void *prepared, const void *config,
                             rb_ctx *ctx, rb_error *err)
{
    popular *m = self;
    (void)prepared, (void)config;
    m->n_items = view->positives->n_items;
    m->one = 1;
    RB_TRY_ALL(ctx, rb_alloc(&m->item, m->n_items, err));
    for (int32_t i = 0; i < m->n_items; i++)
        for (int64_t e = 0; e < view->positives->n; e++)
            m->item[i] += view->labels[i] >= 0 && view->labels[view->positives->user_item[e]] == view->labels[i];
done:
    return err->status;
}

static void popular_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                          int32_t item_end)
{
    (void)users;
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = item_begin; i < item_end; i++)
            ((double *)tile->data)[u * tile->ld + i - item_begin] = ((const popular *)self)->item[i];
}

static void popular_arrays(void *self, rb_visitor *v)
{
    popular *m = self;
    v->array(v, "item", RB_FLOAT64, (void **)&m->item, &m->n_items, &m->one, NULL);
}

static void popular_fini(void *self)
{
    rb_free(((popular *)self)->item);
    memset(self, 0, sizeof(popular));
}

const rb_algorithm rb_toy_popular_of = { .name = "toy_popular_of",
                                         .needs = RB_NEEDS_POSITIVES | RB_NEEDS_LABELS,
                                         .can = RB_CAN_RANK,
                                         .config_size = sizeof(popular_config),
                                         .state_size = sizeof(popular),
                                         .params = popular_params,
                                         .cost = popular_cost,
                                         .fit = popular_fit,
                                         .score = popular_score,
                                         .arrays = popular_arrays,
                                         .fini = popular_fini };

/* ---- toy_ensemble ---- */

typedef struct {
    rb_model_ref first, second;
    double weight;
    int64_t iterations;
} ensemble_config;

typedef struct {
    double *weight;
    int64_t one;
    rb_model_view of[2]; /* borrowed */
} ensemble;

static const rb_param ensemble_params[] = {
    RB_MODEL(ensemble_config, first, "a model"),
    RB_MODEL(ensemble_config, second, "another"),
    RB_DOUBLE(ensemble_config, weight, 0.5, 0, 1, "", "of the first"),
    RB_INT(ensemble_config, iterations, 1, 1, 100, "", "each halves the weight"),
    RB_PARAM_END,
};

static rb_cost ensemble_cost(const void *config, const rb_shape *shape)
{
    (void)config, (void)shape;
    return (rb_cost){ .bytes_per_rank = 8, .flops = 1 };
}

static rb_status ensemble_attach(void *self, const rb_train_view *view, const void *config, rb_error *err)
{
    ensemble *m = self;
    const ensemble_config *c = config;
    m->of[0] = view->models[c->first.index];
    m->of[1] = view->models[c->second.index];
    return err->status;
}

static rb_status ensemble_begin(void *self, const rb_train_view *view, const void *prepared, const void *config,
                                rb_ctx *ctx, rb_error *err)
{
    ensemble *m = self;
    (void)prepared;
    m->one = 1;
    RB_TRY_ALL(ctx, rb_alloc(&m->weight, 1, err));
    m->weight[0] = ((const ensemble_config *)config)->weight;
    ensemble_attach(m, view, config, err);
done:
    return err->status;
}

static rb_status ensemble_iterate(void *self, int64_t iteration, double *objective, bool *done,
                                  const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx,
                                  rb_error *err)
{
    ensemble *m = self;
    (void)view, (void)prepared, (void)ctx;
    m->weight[0] *= iteration > 0 ? 0.5 : 1;
    *objective = m->weight[0];
    *done = iteration + 1 == ((const ensemble_config *)config)->iterations;
    return err->status;
}

/* A row at a time through a few numbers of its own: a score allocates nothing. */
static void ensemble_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                           int32_t item_end)
{
    const ensemble *m = self;
    double one[64];
    m->of[0].algorithm->score(tile, m->of[0].state, users, n_users, item_begin, item_end);
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t from = item_begin; from < item_end; from += 64) {
            int32_t to = from + 64 < item_end ? from + 64 : item_end;
            double *row = (double *)tile->data + u * tile->ld + (from - item_begin);
            m->of[1].algorithm->score(&(rb_tile){ one, 64 }, m->of[1].state, users + u, 1, from, to);
            for (int32_t i = 0; i < to - from; i++)
                row[i] = m->weight[0] * row[i] + (1 - m->weight[0]) * one[i];
        }
}

static void ensemble_arrays(void *self, rb_visitor *v)
{
    ensemble *m = self;
    v->array(v, "weight", RB_FLOAT64, (void **)&m->weight, &m->one, &m->one, NULL);
}

static void ensemble_fini(void *self)
{
    rb_free(((ensemble *)self)->weight);
    memset(self, 0, sizeof(ensemble));
}

const rb_algorithm rb_toy_ensemble = { .name = "toy_ensemble",
                                       .needs = RB_NEEDS_POSITIVES | RB_NEEDS_MODELS,
                                       .can = RB_CAN_RANK,
                                       .config_size = sizeof(ensemble_config),
                                       .state_size = sizeof(ensemble),
                                       .params = ensemble_params,
                                       .cost = ensemble_cost,
                                       .begin = ensemble_begin,
                                       .iterate = ensemble_iterate,
                                       .score = ensemble_score,
                                       .attach = ensemble_attach,
                                       .arrays = ensemble_arrays,
                                       .fini = ensemble_fini };

/* ---- toy_short ---- */

typedef struct {
    int32_t *labels;
    int64_t n, one;
} shorter;

static const rb_param short_params[] = { RB_PARAM_END };

static rb_cost short_cost(const void *config, const rb_shape *shape)
{
    (void)config;
    return (rb_cost){ .bytes_per_rank = 4 * (double)shape->n_items, .flops = 1 };
}

static rb_status short_fit(void *self, const rb_train_view *view, const void *prepared, const void *config, rb_ctx *ctx,
                           rb_error *err)
{
    shorter *m = self;
    (void)prepared, (void)config;
    m->n = view->items->n - 1;
    m->one = 1;
    RB_TRY_ALL(ctx, rb_alloc(&m->labels, m->n, err));
done:
    return err->status;
}

static const int32_t *short_labels(const void *self, int64_t *n)
{
    *n = ((const shorter *)self)->n;
    return ((const shorter *)self)->labels;
}

static void short_arrays(void *self, rb_visitor *v)
{
    shorter *m = self;
    v->array(v, "labels", RB_INT32, (void **)&m->labels, &m->n, &m->one, NULL);
}

static void short_fini(void *self)
{
    rb_free(((shorter *)self)->labels);
    memset(self, 0, sizeof(shorter));
}

const rb_algorithm rb_toy_short = { .name = "toy_short",
                                    .needs = RB_NEEDS_ITEMS,
                                    .can = RB_CAN_ASSIGN,
                                    .config_size = 1,
                                    .state_size = sizeof(shorter),
                                    .params = short_params,
                                    .cost = short_cost,
                                    .fit = short_fit,
                                    .labels = short_labels,
                                    .arrays = short_arrays,
                                    .fini = short_fini };
