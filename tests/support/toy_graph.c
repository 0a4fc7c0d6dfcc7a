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
