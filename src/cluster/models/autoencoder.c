/*
 * Autoencoder: a network that gives its input back through a narrow code, which is a space for other trials.
 *
 *     min mean_i |x_i - f(g(x_i))|^2 / d
 *
 * g: dense layers of the widths in `layers`, relu but for the last, whose output is the code; f: the same back. Adam
 * over batches in an order drawn for each epoch. Hinton and Salakhutdinov (2006), doi:10.1126/science.1127647.
 *
 * The objective of an epoch is its mean loss. embed: the codes of the points; embed_new: of new points of the space.
 * Arrays: code [n x width], widths [layers + 1], parameters (W [out x in] and b [out] of a layer after the other).
 *
 * Points of the space as they are: bring them to a common scale before (lsa-N is). Sparse points are written out dense
 * row by row. Time 6 n parameters flops an epoch; memory 5 copies of the parameters a rank, and one for each
 * micro-batch (batch_size / 32) that it owns. Bits: the same for any ranks and threads.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#include "cluster/core/codes.h"

typedef struct {
    const char *space;
    RB_CODES_CONFIG;
    int64_t iterations;
} config;

typedef struct {
    rb_codes codes;
} state;

static const rb_param params[] = {
    RB_SPACE(config, space, "lsa-100", "the points"),
    RB_CODES_PARAMS(config),
    RB_INT(config, iterations, 50, 1, 65000, "epochs", "passes over the points"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    (void)shape;
    return rb_codes_check(c->layers, "autoencoder", err);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    return rb_codes_cost(c->layers, c->batch_size, c->iterations, 0, shape);
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    state *s = self;
    (void)prepared;
    RB_TRY_ALL(ctx, rb_points_check(view->space, err));
    RB_TRY(rb_codes_begin(&s->codes, view->space, ((const config *)cfg)->layers, 0, ctx, err));
done:
    return err->status;
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    state *s = self;
    const config *c = cfg;
    (void)prepared;
    *done = iteration + 1 >= c->iterations;
    return rb_mlp_epoch(objective, &s->codes.net, view->space, iteration, c->batch_size, c->learning_rate,
                        &(rb_mlp_task){ .reconstruction = 1 }, ctx, err);
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *s = self;
    (void)prepared, (void)cfg;
    return rb_codes_encode(&s->codes, view->space, ctx, err);
}

static const double *embed(const void *self, int64_t *n, int64_t *d)
{
    const state *s = self;
    *n = s->codes.n;
    *d = s->codes.d;
    return s->codes.code;
}

static void embed_shape(const void *cfg, const rb_shape *shape, int64_t *n, int64_t *d)
{
    int64_t width[RB_MLP_MOST_LAYERS / 2];
    int n_widths = rb_mlp_parse(width, ((const config *)cfg)->layers);
    (void)shape, (void)n;
    if (n_widths > 0)
        *d = width[n_widths - 1];
}

static rb_status embed_new(double *out, const void *self, const rb_points *points, const void *cfg, rb_ctx *ctx,
                           rb_error *err)
{
    const state *s = self;
    (void)cfg;
    return rb_codes_of(out, &s->codes, points, ctx, err);
}

static void arrays(void *self, rb_visitor *v)
{
    rb_codes_arrays(&((state *)self)->codes, v);
}

static void checkpoint(void *self, rb_visitor *v)
{
    rb_codes_checkpoint(&((state *)self)->codes, v);
}

static void fini(void *self)
{
    rb_codes_fini(&((state *)self)->codes);
}

const rb_clusterer rb_autoencoder = {
    .name = "autoencoder",
    .summary = "a network's narrow code of the points, as a space for other trials",
    .reference = "Hinton, Salakhutdinov 2006, doi:10.1126/science.1127647",
    .needs = RB_NEEDS_SPACE,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .begin = begin,
    .iterate = iterate,
    .end = end,
    .embed = embed,
    .embed_shape = embed_shape,
    .embed_new = embed_new,
    .checkpoint = checkpoint,
    .arrays = arrays,
    .fini = fini,
};
